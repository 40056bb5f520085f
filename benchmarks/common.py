"""What the benchmark scripts share: reading images and printing tables."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage import io

import napari_fresco as fresco
from napari_fresco.degrade.blur import authors_truncated
from napari_fresco.evidence.metrics import psnr, ssim, to_uint8


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows where the images are."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--data', type=Path, required=True, help='folder of the evaluation data')
    parser.add_argument('--precision', default='auto')
    parser.add_argument('--device', default='auto')
    return parser


def denoising_arguments(
    description: str | None, methods: Iterable[str], side: str
) -> argparse.ArgumentParser:
    """Return a parser of what both benchmarks of noisy and clean pairs can be told."""
    parser = arguments(description)
    names = tuple(methods)
    parser.add_argument('--models', nargs='+', choices=names, default=names)
    parser.add_argument('--ffdnet', help='weights of FFDNet to compare with')
    parser.add_argument('--side', type=int, default=256, help=side)
    parser.add_argument('--bm3d', action='store_true', help='BM3D too, which takes minutes')
    return parser


def seen_blurred(image: np.ndarray, kernel: np.ndarray, noise: float, scale: int = 1) -> np.ndarray:
    """Return an 8-bit image in [0, 1], blurred, reduced and noisy as in the authors' scripts.

    Blur is circular and truncated to 8 bits; `noise` is of 255, and of seed 0.
    """
    small = authors_truncated(image, kernel)[::scale, ::scale] / 255
    return small + np.random.RandomState(0).normal(0, noise / 255, small.shape)


def deblurred(
    session: fresco.Session,
    degraded: np.ndarray,
    kernel: np.ndarray,
    noise: float,
    options: argparse.Namespace,
    **told: Any,
) -> np.ndarray:
    """Return an image of :func:`seen_blurred` deblurred with its kernel and noise."""
    result = session.restore(
        degraded,
        task='deblur',
        kernel=kernel,
        sigma=noise / 255,
        data_range=(0, 1),
        model=options.model,
        precision=options.precision,
        boundary='circular',
        **told,
    )
    return result.image


def jpeg(picture: Image.Image, size: int) -> bytes:
    """Return a file of at most about `size` bytes."""
    for quality in range(92, 28, -4):
        file = BytesIO()
        picture.save(file, format='JPEG', quality=quality, optimize=True)
        if file.tell() <= size:
            break
    return file.getvalue()


def read(path: Path, size: int | None = None) -> np.ndarray:
    """Read an 8-bit image, cut to its central `size` x `size` pixels when given."""
    image = io.imread(path)
    if size is None:
        return image
    top, left = ((n - size) // 2 for n in image.shape[:2])
    return image[top : top + size, left : left + size]


def psnr8(image: np.ndarray, truth: np.ndarray) -> float:
    """PSNR of an image in [0, 1] after rounding to 8 bits, over all channels."""
    return psnr(to_uint8(image), truth, 255)


def mean_psnr(images: Sequence[np.ndarray], truths: Sequence[np.ndarray], border: int = 0) -> float:
    """Mean PSNR after rounding to 8 bits, over all channels."""
    both = zip(images, truths, strict=True)
    return float(np.mean([psnr(to_uint8(x), truth, 255, border) for x, truth in both]))


def mean_quality(
    images: Sequence[np.ndarray], truths: Sequence[np.ndarray], border: int = 0
) -> tuple[float, float]:
    """Mean PSNR and SSIM after rounding to 8 bits, over all channels."""
    both = zip(images, truths, strict=True)
    similar = [ssim(to_uint8(x), truth, 255, border) for x, truth in both]
    return mean_psnr(images, truths, border), float(np.mean(similar))


def show(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a Markdown table row by row, as the numbers come in."""
    print('| ' + ' | '.join(header) + ' |')
    print('|' + ' --- |' * len(header))
    for row in rows:
        cells = (f'{c:.2f}' if isinstance(c, float) else str(c) for c in row)
        print('| ' + ' | '.join(cells) + ' |', flush=True)


def denoised(image: Any, model: str, method: str, options: Any, **told: Any) -> Any:
    """Denoise an image as a user would: by a method with weights, all else by default."""
    result = fresco.restore(
        image,
        method=method,
        task='denoise',
        model=model,
        device=options.device,
        precision=options.precision,
        **told,
    )
    return result.image
