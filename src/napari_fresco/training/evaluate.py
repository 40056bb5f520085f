"""PSNR of a denoiser under the protocol of the denoising papers.

For every 8-bit image the random numbers start again from seed 0, Gaussian noise
is added without clipping, the output is clamped and rounded to 8 bits, and the
PSNR is taken over all channels without leaving out a border.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..metrics import psnr
from ..types import Denoiser
from .data import Corpus


@dataclass(frozen=True)
class Score:
    """Mean PSNR of a set of images at one noise level (0-255 scale)."""

    dataset: str
    images: int
    sigma: float
    noisy: float
    restored: float


def evaluate(
    denoiser: Denoiser,
    folder: Path,
    sigmas: Iterable[float],
    channels: int,
    limit: int | None = None,
) -> list[Score]:
    """Measure `denoiser` on the images below `folder` (the first `limit` by name)."""
    images = Corpus.read(folder, channels, smallest=8).images[:limit]
    scores = []
    for sigma in sigmas:
        pairs = np.array([_score(denoiser, image, sigma) for image in images])
        noisy, restored = pairs.mean(axis=0)
        scores.append(Score(folder.name, len(images), sigma, float(noisy), float(restored)))
    return scores


def table(scores: Sequence[Score]) -> str:
    """Return `scores` as a Markdown table."""
    rows = [
        '| images | sigma (0-255) | noisy, dB | restored, dB |',
        '| --- | --- | --- | --- |',
    ]
    for s in scores:
        name = f'{s.dataset} ({s.images})'
        rows.append(f'| {name} | {s.sigma:g} | {s.noisy:.2f} | {s.restored:.2f} |')
    return '\n'.join(rows)


def _score(denoiser: Denoiser, image: np.ndarray, sigma: float) -> tuple[float, float]:
    noise = np.random.RandomState(0).normal(0, sigma / 255, image.shape)
    noisy = image / 255 + noise
    x = torch.from_numpy(noisy.astype(np.float32)).permute(2, 0, 1)[None]
    restored = denoiser(x, sigma / 255)[0].permute(1, 2, 0).float().cpu().numpy()
    return psnr(_to_uint8(noisy), image, 255), psnr(_to_uint8(restored), image, 255)


def _to_uint8(image: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(np.clip(image, 0, 1) * 255), np.uint8)
