"""How good the setting is that a sweep suggests without knowing the truth.

    python benchmarks/sweeps.py --data DATA

Windows of 96 x 96 of real micrographs, of which the noise is their own, Gaussian or of photons
on the clean image; and clean images blurred by a Gaussian of 1.5 pixels, under photon noise.
Each is restored with seven noise levels; shown is how many dB of PSNR the chosen one is below the
best one: that with the star, that whose residual is whitest, that whose residual has the power of
the noise, and the middle one of all by PSNR.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from common import arguments, show
from micrographs import fitted, read_pairs, windows
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.evidence.metrics import psnr
from napari_fresco.evidence.plane_measures import neighbour_correlation
from napari_fresco.restoration.held_out import HeldOut

LEVELS = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
BLUR, BORDER = 1.5, 12


class Case(NamedTuple):
    """An image, its truth, and how it is restored."""

    kind: str
    image: np.ndarray
    truth: np.ndarray
    asked: dict[str, Any]


def main() -> None:
    """Show a row for each kind of image."""
    options = arguments(__doc__).parse_args()
    with fresco.Session() as session:
        found: dict[str, list[list[float]]] = {}
        for case in _cases(options):
            found.setdefault(case.kind, []).append(_below_best(case, session))
    header = ['image', 'suggested', 'whitest residual', 'power of the residual', 'middle']
    show(header, ([k, *(f'{v:.2f}' for v in np.mean(rows, axis=0))] for k, rows in found.items()))


def _cases(options: Any) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    denoise: dict[str, Any] = {'method': 'ffdnet', 'task': 'denoise'}
    kernel = fresco.kernels.gaussian(BLUR)
    deblur: dict[str, Any] = {'method': 'dpir', 'task': 'deblur', 'kernel': kernel}
    for pairs in read_pairs(options.data / 'micro').values():
        for window in (windows(pair, 96)[0] for pair in pairs[:2]):
            given = window.noisy.astype(float)
            yield Case('own noise', given, fitted(window.truth.astype(float), given), denoise)
            truth = ndimage.gaussian_filter(window.truth.astype(float), 0.7)
            yield Case('Gaussian', truth + rng.normal(0, 15, truth.shape), truth, denoise)
            yield Case('photons', rng.poisson(truth * 0.12) / 0.12, truth, denoise)
            blurred = ndimage.gaussian_filter(truth, BLUR, mode='wrap')
            yield Case('blurred, photons', rng.poisson(blurred * 0.8) / 0.8, truth, deblur)


def _below_best(case: Case, session: fresco.Session) -> list[float]:
    held = HeldOut.of(case.image)
    assert held is not None
    level = float(np.sqrt(np.mean(held.sigma**2)))
    over = {'sigma': [level * each for each in LEVELS]}
    swept = fresco.sweep(case.image, over, session=session, **case.asked)
    inner = np.s_[BORDER:-BORDER, BORDER:-BORDER]
    quality = [psnr(cell.image[inner], case.truth[inner], 255) for cell in swept.cells]
    residuals = [_residual(case, cell.image, held)[inner] for cell in swept.cells]
    white = [abs(neighbour_correlation(z, None)) for z in residuals]
    power = [abs(np.mean(z**2) - 1) for z in residuals]
    assert swept.suggested is not None
    chosen = swept.cells.index(swept.suggested), int(np.argmin(white)), int(np.argmin(power))
    best = max(quality)
    return [*(best - quality[n] for n in chosen), best - float(np.median(quality))]


def _residual(case: Case, image: np.ndarray, held: HeldOut) -> np.ndarray:
    seen = ndimage.gaussian_filter(image, BLUR) if 'kernel' in case.asked else image
    least = 0.1 * float(np.sqrt(np.mean(held.sigma**2)))
    return (case.image - seen) / np.maximum(held.sigma, least)


if __name__ == '__main__':
    main()
