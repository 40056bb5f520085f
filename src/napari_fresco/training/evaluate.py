"""PSNR of a denoiser under the protocol of the denoising papers.

For every 8-bit image the random numbers start again from seed 0, Gaussian noise
is added without clipping, the output is clamped and rounded to 8 bits, and the
PSNR is taken over all channels without leaving out a border.
"""

from __future__ import annotations

import math
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
    """Mean PSNR of a set of images in one case.

    Attributes
    ----------
    dataset, images
        Name of the set and number of images.
    case : str
        What was done to them; noise levels are on the 0-255 scale.
    baseline, restored : float
        PSNR in dB before, or by the simple method, and by the network.
    finding : float
        Mean of what else was measured; nan for nothing.
    """

    dataset: str
    images: int
    case: str
    baseline: float
    restored: float
    finding: float = math.nan


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
        case = f'sigma {sigma:g}'
        scores.append(Score(folder.name, len(images), case, float(noisy), float(restored)))
    return scores


def table(scores: Sequence[Score], baseline: str = 'noisy', finding: str | None = None) -> str:
    """Return `scores` as a Markdown table; the names are those of its columns."""
    named = [f'{finding} |'] if finding else []
    rows = [
        ' '.join([f'| images | case | {baseline}, dB | restored, dB |', *named]),
        ' '.join(['| --- | --- | --- | --- |', *('--- |' for _ in named)]),
    ]
    for s in scores:
        row = f'| {s.dataset} ({s.images}) | {s.case} | {s.baseline:.2f} | {s.restored:.2f} |'
        rows.append(row + (f' {s.finding:.1f} |' if finding else ''))
    return '\n'.join(rows)


def _score(denoiser: Denoiser, image: np.ndarray, sigma: float) -> tuple[float, float]:
    noise = np.random.RandomState(0).normal(0, sigma / 255, image.shape)
    noisy = image / 255 + noise
    x = torch.from_numpy(noisy.astype(np.float32)).permute(2, 0, 1)[None]
    restored = denoiser(x, sigma / 255)[0].permute(1, 2, 0).float().cpu().numpy()
    return psnr(_to_uint8(noisy), image, 255), psnr(_to_uint8(restored), image, 255)


def _to_uint8(image: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(np.clip(image, 0, 1) * 255), np.uint8)
