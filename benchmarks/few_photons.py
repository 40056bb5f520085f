"""Counts of few photons, denoised into whole numbers or into fractions.

    python benchmarks/few_photons.py --data DATA

Clean micrographs, four of each set, 128 x 128 pixels, become means of a Poisson distribution
whose brightest pixel has so many photons; PSNR of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from common import arguments, show
from micrographs import read_pairs, windows

import napari_fresco as fresco
from napari_fresco.evidence.metrics import psnr

PHOTONS = (4, 20, 200)
SETTINGS: dict[str, dict[str, Any]] = {
    'whole numbers': {},
    'fractions': {'dtype': 'float32'},
    'fractions, camera told': {
        'dtype': 'float32', 'gain': 1.0, 'offset': 0.0, 'read_noise': 0.0,
    },
}  # fmt: skip


def main() -> None:
    """Show a row for each setting."""
    options = arguments(__doc__).parse_args()
    pairs = read_pairs(options.data / 'micro').values()
    truths = [w.truth / 255 for each in pairs for p in each[:4] for w in windows(p, 128)]
    show(['drunet', *map(str, PHOTONS)], _rows(truths))


def _rows(truths: list[np.ndarray]) -> Iterator[list[str]]:
    rng = np.random.default_rng(0)
    counts = {n: [rng.poisson(t * n).astype(np.uint16) for t in truths] for n in PHOTONS}
    with fresco.Session() as session:
        for name, told in SETTINGS.items():
            cells = []
            for photons, images in counts.items():
                made = [session.restore(x, method='drunet', **told).image for x in images]
                both = zip(made, truths, strict=True)
                cells.append(np.mean([psnr(x, t * photons, photons) for x, t in both]))
            yield [name, *(f'{cell:.2f}' for cell in cells)]


if __name__ == '__main__':
    main()
