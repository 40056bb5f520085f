"""Training images, random crops and noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from skimage import io
from torch import Tensor

from ..errors import FileError

SUFFIXES = ('.png', '.jpg', '.jpeg', '.tif', '.tiff', '.bmp')
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, what the gray test sets were made with


@dataclass(frozen=True, eq=False)
class Corpus:
    """8-bit images ``(H, W, C)`` and the folders that they came from."""

    images: tuple[NDArray[np.uint8], ...]
    folders: tuple[tuple[str, int], ...]

    @classmethod
    def read(cls, folder: Path, channels: int, smallest: int) -> Corpus:
        """Read every image below `folder` whose sides are at least `smallest`.

        Gray images are left out of a colour corpus; colour images are reduced
        to luminance for a gray one.

        Raises
        ------
        FileError
            When nothing usable is found.
        """
        images: list[NDArray[np.uint8]] = []
        counts: dict[str, int] = {}
        for path in sorted(p for p in folder.rglob('*') if p.suffix.lower() in SUFFIXES):
            image = _with_channels(io.imread(path), channels)
            if image is None or min(image.shape[:2]) < smallest:
                continue
            images.append(image)
            counts[path.parent.name] = counts.get(path.parent.name, 0) + 1
        if not images:
            raise FileError(
                f'{folder} holds no 8-bit image of at least {smallest} x {smallest} pixels with '
                f'{channels} channel(s); give a folder of PNG, JPEG or TIFF photographs'
            )
        return cls(tuple(images), tuple(counts.items()))

    def batch(self, size: int, patch: int, rng: np.random.Generator) -> Tensor:
        """Return `size` crops ``(N, C, patch, patch)`` in [0, 1], turned and flipped at random.

        Images are drawn with a probability proportional to the square root of
        their area, so that large ones are seen more without dominating.
        """
        weights = np.sqrt([image.shape[0] * image.shape[1] for image in self.images])
        chosen = rng.choice(len(self.images), size=size, p=weights / weights.sum())
        crops = np.stack([_crop(self.images[i], patch, rng) for i in chosen])
        return torch.from_numpy(crops).permute(0, 3, 1, 2).float().div_(255)


def noisy(
    clean: Tensor, sigma_max: float, seed: Sequence[int], power: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Return `clean` with Gaussian noise, and the sigmas ``(N, 1, 1, 1)`` in [0, sigma_max]."""
    mixed = int(np.random.SeedSequence(seed).generate_state(1)[0])
    generator = torch.Generator(clean.device).manual_seed(mixed)
    size = (clean.shape[0], 1, 1, 1)
    sigma = torch.rand(size, generator=generator, device=clean.device) ** power * sigma_max
    noise = torch.randn(clean.shape, generator=generator, device=clean.device)
    return clean + sigma * noise, sigma


def _with_channels(image: NDArray[np.generic], channels: int) -> NDArray[np.uint8] | None:
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        return None
    if image.ndim == 2:
        return image[..., None].astype(np.uint8) if channels == 1 else None
    color = image[..., :3].astype(np.uint8)
    if color.shape[-1] != 3:
        return None
    if channels == 3:
        return color
    return np.asarray(np.rint(color @ _LUMA)[..., None], np.uint8)


def _crop(image: NDArray[np.uint8], patch: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    top = int(rng.integers(image.shape[0] - patch + 1))
    left = int(rng.integers(image.shape[1] - patch + 1))
    crop = np.rot90(image[top : top + patch, left : left + patch], int(rng.integers(4)))
    return np.asarray(crop[:, ::-1] if rng.integers(2) else crop)
