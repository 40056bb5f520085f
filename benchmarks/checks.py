"""How often the checks of a result accuse good runs, and how many known failures they catch.

``python -m benchmarks.checks`` prints both, with the checks that spoke. Good runs: photographs with
white noise from 5 to 50 and photon frames, denoised with default settings, and one that was
deblurred with its kernel and its noise. Failures: wrong noise levels, a wrong kernel, masks that
lie upside down or are inverted, and bytes that cannot hold fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import ndimage
from skimage import data

import napari_fresco as fresco
from napari_fresco import kernels

Run = Callable[[], fresco.Result]
_METHODS = ('ffdnet', 'drunet')


def _pictures() -> Iterator[tuple[str, np.ndarray]]:
    for name in ('camera', 'coins', 'moon', 'brick'):
        yield name, getattr(data, name)()[100:228, 150:278].astype(float)


def good() -> Iterator[tuple[str, Run]]:
    """Yield runs with nothing to complain of."""
    rng = np.random.default_rng(0)
    for name, truth in _pictures():
        for sigma in (5, 15, 25, 50):
            noisy = (truth + rng.normal(0, sigma, truth.shape)).astype(np.float32)
            for m in _METHODS:
                yield f'{name} + {sigma}, {m}', lambda y=noisy, m=m: fresco.restore(y, method=m)
        for peak in (10, 100):
            frame = rng.poisson(truth / 255 * peak).astype(np.uint16)
            yield f'{name}, {peak} photons', lambda y=frame: fresco.restore(y, method='ffdnet')
        kernel = kernels.gaussian(1.5, size=13)
        blurred = ndimage.convolve(truth, kernel, mode='reflect')
        blurred = blurred + rng.normal(0, 3, truth.shape)
        yield (
            f'{name}, deblurred',
            lambda y=blurred, k=kernel: fresco.restore(
                y, method='dpir', task='deblur', kernel=k, sigma=3.0
            ),
        )


def failures() -> Iterator[tuple[str, Run]]:
    """Yield runs of which something is known to be wrong."""
    rng = np.random.default_rng(1)
    for name, truth in _pictures():
        noisy = (truth + rng.normal(0, 20, truth.shape)).astype(np.float32)
        for sigma in (4, 100):
            yield (
                f'{name}, sigma {sigma} for 20',
                lambda y=noisy, s=sigma: fresco.restore(y, method='ffdnet', sigma=s),
            )
        blurred = ndimage.gaussian_filter(truth, 1.5) + rng.normal(0, 3, truth.shape)
        wide, right = kernels.gaussian(3.0, size=21), kernels.gaussian(1.5, size=13)
        for what, kernel, sigma in (('kernel twice as wide', wide, 3.0), ('sigma 0.3', right, 0.3)):
            yield (
                f'{name}, {what}',
                lambda y=blurred, k=kernel, s=sigma: fresco.restore(
                    y, method='dpir', task='deblur', kernel=k, sigma=s
                ),
            )
        mask = np.zeros(truth.shape, bool)
        mask[12:18, 20:100] = mask[20:60, 90:94] = True
        damaged = np.where(mask, 255.0, truth)
        for what, wrong in (('mask upside down', mask[::-1]), ('mask inverted', ~mask)):
            yield (
                f'{name}, {what}',
                lambda y=damaged, m=wrong: fresco.restore(
                    y, method='dpir', task='inpaint', mask=m, iterations=2
                ),
            )


def main() -> None:
    """Print the share of good runs that are accused, and of failures that are caught."""
    for title, runs in (('good runs accused', good()), ('failures caught', failures())):
        count = spoke = 0
        for name, run in runs:
            try:
                failed = [check.name for check in run().checks if not check.ok]
            except fresco.FrescoError:
                failed = ['refused']
            count, spoke = count + 1, spoke + bool(failed)
            print(f'  {name}: {", ".join(failed) or "nothing"}', flush=True)
        print(f'{title}: {spoke} of {count}', flush=True)


if __name__ == '__main__':
    main()
