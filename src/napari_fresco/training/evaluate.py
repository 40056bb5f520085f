"""PSNR and SSIM of a denoiser under the protocol of the denoising papers.

For every 8-bit image the random numbers start again from seed 0, Gaussian noise
is added without clipping, the output is clamped and rounded to 8 bits, and PSNR and
SSIM are taken over all channels without leaving out a border.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from ..evidence.metrics import psnr, ssim, to_uint8
from ..types import Denoiser
from ..weights.cards import Score
from .data import Corpus

_SMALLEST = 11  # pixels, of the window of SSIM


def evaluate(
    denoiser: Denoiser,
    folder: Path,
    sigmas: Iterable[float],
    channels: int,
    limit: int | None = None,
) -> list[Score]:
    """Measure `denoiser` on the images below `folder` (the first `limit` by name)."""
    images = Corpus.read(folder, channels, smallest=_SMALLEST).images[:limit]
    scores = []
    for sigma in sigmas:
        rows = np.array([_score(denoiser, image, sigma) for image in images])
        scores.append(Score(folder.name, len(images), f'sigma {sigma:g}', *rows.mean(0).tolist()))
    return scores


def _score(denoiser: Denoiser, image: np.ndarray, sigma: float) -> tuple[float, float, float]:
    """Return PSNR before and after denoising, and SSIM after it."""
    noisy = image / 255 + np.random.RandomState(0).normal(0, sigma / 255, image.shape)
    x = torch.from_numpy(noisy.astype(np.float32)).permute(2, 0, 1)[None]
    restored = to_uint8(denoiser(x, sigma / 255)[0].permute(1, 2, 0).float().cpu().numpy())
    return psnr(to_uint8(noisy), image, 255), psnr(restored, image, 255), ssim(restored, image, 255)
