"""Inpainting of noisy images: DIP, DeepRED with NLM, DIP + RED with FFDNet, and DPIR.

    python benchmarks/inpainting.py --data DATA --images butterfly_GT.bmp --masks text line grid

Degradation as in the mixed-degradation paper: y = clip(mask x + noise, 0, 1),
noise of seed 0. The text mask is the public one; line and grid masks are drawn
here because the paper's are not published. Two readings: what our stopping rule
returns, and the best PSNR over all iterations, which needs the truth and is
what the paper prints. PSNR is over RGB, 8 bits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from common import arguments, psnr8, read, show
from skimage.transform import resize

import napari_fresco as fresco
from napari_fresco.degrade import damage_masks
from napari_fresco.generators import Returning

METHODS: dict[str, dict[str, Any]] = {
    'DIP': {'method': 'deepred', 'schedule': 'plain', 'prior': 'none'},
    'DeepRED-NLM': {
        'method': 'deepred',
        'schedule': 'plain',
        'prior': 'nlm',
        'denoise_every': 10,
    },
    'DIP+RED-FFDNet': {'method': 'deepred', 'schedule': 'plain', 'prior': 'auto'},
    'DIP+RED-FFDNet, fast': {'method': 'deepred', 'prior': 'auto'},
    'DPIR': {'method': 'dpir'},
}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--images', nargs='+', default=['butterfly_GT.bmp'])
    parser.add_argument('--size', type=int, help='cut to the central pixels')
    parser.add_argument('--masks', nargs='+', default=['text', 'line', 'grid'])
    parser.add_argument('--sigmas', nargs='+', type=float, default=[15, 25, 50])
    parser.add_argument('--methods', nargs='+', default=list(METHODS))
    parser.add_argument('--iterations', type=int, default=None)
    options = parser.parse_args()

    def rows() -> Iterator[list[Any]]:
        for image_name in options.images:
            truth = read(options.data / 'natural/set5' / image_name, options.size)
            for mask_name in options.masks:
                mask = _mask(mask_name, truth.shape[:2], options)
                for sigma in options.sigmas:
                    for name in options.methods:
                        scores = _scores(truth, mask, sigma, METHODS[name], options)
                        yield [image_name, mask_name, sigma, name, *scores]

    header = [
        'image',
        'mask',
        'sigma',
        'method',
        'degraded',
        'our stop',
        'best',
        'steps',
        'seconds',
    ]
    show(header, rows())


def _mask(name: str, shape: tuple[int, ...], options: Any) -> np.ndarray:
    """Return True where the image is lost."""
    if name == 'line':
        return damage_masks.lines(shape)
    if name == 'grid':
        return damage_masks.grid(shape)
    keep = read(options.data / 'masks/dip/kate_mask.png')
    keep = keep if keep.ndim == 2 else keep[..., 0]
    return resize(keep > 127, shape, order=0, preserve_range=True) < 0.5


def _scores(
    truth: np.ndarray, mask: np.ndarray, sigma: float, how: dict[str, Any], options: Any
) -> list[Any]:
    noise = np.random.RandomState(0).normal(0, sigma / 255, truth.shape)
    y = np.clip(truth / 255 * ~mask[..., None] + noise, 0, 1)
    started, best, count = time.perf_counter(), 0.0, 0
    limit = (
        {}
        if options.iterations is None or how['method'] != 'deepred'
        else {'iterations': options.iterations}
    )
    steps = Returning(
        fresco.iterate(
            y,
            task='inpaint',
            mask=mask,
            sigma=sigma / 255,
            data_range=(0, 1),
            precision=options.precision,
            device=options.device,
            **how,
            **limit,
        )
    )
    for step in steps:
        count = step.index
        if count % 5 == 0 or count < 100:
            best = max(best, psnr8(step.image, truth))
    ours = psnr8(steps.result.image, truth)
    return [psnr8(y, truth), ours, max(best, ours), count, round(time.perf_counter() - started)]


if __name__ == '__main__':
    main()
