"""Functions of batches, called with single images ``(H, W)`` or ``(H, W, C)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_fresco.degrade import blur as batches
from napari_fresco.degrade.planes import to_batch, to_plane
from napari_fresco.physics.demosaic import filter_array


def on_array(step: Callable[..., Tensor], image: Any, *args: Any, **options: Any) -> np.ndarray:
    """Return what a function of batches makes of an image."""
    made = to_plane(step(to_batch(image), *args, **options))
    return made[..., None] if made.ndim < np.ndim(image) else made


def kernel_batch(kernel: np.ndarray) -> Tensor:
    """Return a kernel as ``(1, 1, kh, kw)``."""
    return torch.from_numpy(np.array(kernel, dtype=np.float64))[None, None]


def blur(image: Any, kernel: np.ndarray, border: str = 'wrap') -> np.ndarray:
    """Convolve an image with a kernel."""
    return on_array(batches.blur, image, kernel_batch(kernel), border)


def mosaic(image: np.ndarray, pattern: str = 'RGGB') -> np.ndarray:
    """Keep one colour of an RGB image per pixel, in its own type."""
    index = filter_array(image.shape[:2], pattern)
    return np.take_along_axis(image, index[..., None], axis=2)[..., 0]


class Drawn:
    """A random source whose noise was drawn before, or is drawn by numpy for planes."""

    def __init__(self, random: Any) -> None:
        self.random, self.pixels = random, self

    def noise(self, like: Tensor) -> Tensor:
        """Draw white noise in the order of a plane ``(H, W, C)``."""
        drawn = self.random.normal(0, 1, to_plane(like).shape)
        return to_batch(drawn)
