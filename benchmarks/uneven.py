"""Noise that is stronger in some places, where a blur is undone; and noise told to Wiener wrongly.

    python benchmarks/uneven.py --data DATA

The camera of scikit-image and photographs of BSD68, 256 x 256, behind a Gaussian blur of 1.6. The
first table has their errors (root mean squares of 255) with noise of 2 at the left to 18 at the
right, as it is found and as its map is told; the second has those of Wiener with white noise of 10
that is told too low, right and too high.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from common import arguments, read, show
from scipy import ndimage
from skimage import data

import napari_fresco as fresco

METHODS = ('dpir', 'ircnn', 'usrnet', 'richardson_lucy', 'wiener')
BLUR, SIDE = 1.6, 256
TOLD = (0.9, 0.95, 1.0, 1.05, 1.1)


def main() -> None:
    options = arguments(__doc__).parse_args()
    warnings.simplefilter('ignore', fresco.errors.FrescoWarning)
    paths = sorted((options.data / 'natural' / 'bsd68').iterdir())[::14]
    scenes = [data.camera()[100:356, 100:356], *(read(path)[:SIDE, :SIDE] for path in paths)]
    scenes = [scene.astype(float) for scene in scenes]
    show(['method', 'image', 'noise found', 'its map told'], _uneven(scenes))
    show(['told', 'Wiener, mean', 'worst'], _told(scenes))


def _uneven(scenes: Sequence[Any]) -> Iterator[list[Any]]:
    noise = np.broadcast_to(np.linspace(2, 18, SIDE), (SIDE, SIDE))
    for method in METHODS:
        rows = [
            [_error(image, truth), *(_deblurred(image, truth, method, s) for s in (None, noise))]
            for truth, image in _seen(scenes, noise)
        ]
        yield [method, *(float(x) for x in np.mean(rows, axis=0))]


def _told(scenes: Sequence[Any]) -> Iterator[list[Any]]:
    seen = list(_seen(scenes, np.full((SIDE, SIDE), 10.0)))
    for factor in TOLD:
        errors = [_deblurred(image, truth, 'wiener', 10 * factor) for truth, image in seen]
        yield [f'{10 * factor:g}', float(np.mean(errors)), max(errors)]


def _seen(scenes: Sequence[Any], noise: Any) -> Iterator[tuple[Any, Any]]:
    """Yield truths and their blurred and noisy images."""
    random = np.random.default_rng(0)
    for truth in scenes:
        blurred = ndimage.gaussian_filter(truth, BLUR)
        rows, columns = truth.shape
        level = noise[:rows, :columns]
        yield truth, blurred + random.normal(0, 1, truth.shape) * level


def _deblurred(image: Any, truth: Any, method: str, sigma: Any) -> float:
    """Return the error of an image that is deblurred with its kernel."""
    told = {} if sigma is None else {'sigma': np.asarray(sigma)[()]}
    if sigma is not None and np.ndim(sigma):
        told = {'sigma': np.array(sigma[: image.shape[0], : image.shape[1]])}
    kernel = fresco.kernels.gaussian(BLUR)
    found = fresco.restore(image, method=method, task='deblur', kernel=kernel, **told)
    return _error(found.image, truth)


def _error(image: Any, truth: Any) -> float:
    return float(np.sqrt(np.square(image - truth).mean()))


if __name__ == '__main__':
    main()
