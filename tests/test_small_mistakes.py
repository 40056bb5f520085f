"""Small mistakes of those who call: each is answered by what is meant, and by nothing private."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray
from scipy import sparse

import napari_fresco as fresco
from napari_fresco.errors import FrescoError
from napari_fresco.image.layout import Layout

PLANE = np.random.default_rng(0).normal(100, 5, (24, 24)).astype(np.float32)
VOLUME = fresco.Image(np.stack([PLANE] * 3), 'ZYX')
CAMERA = fresco.Camera(2.0, 100.0, 3.0)


def optics(**more: Any) -> Any:
    return fresco.kernels.microscope(1.2, 0.52, 0.1, 1.333, z_step=0.3, **more)


def restored(image: Any = PLANE, **options: Any) -> Any:
    return fresco.restore(image, method='ffdnet', **options)


@pytest.mark.parametrize(
    ('call', 'said'),
    [
        (lambda: optics(zstep=0.3), "unknown parameter 'zstep'; did you mean 'z_step'"),
        (lambda: optics(planes=8), 'planes = 8 must be odd, so that one plane'),
        (lambda: restored(spacing=(0.3, 0.1)), 'name the axes, such as'),
        (
            lambda: fresco.Image(PLANE, 'YX', {'T': (2.0, 's')}),
            "spacing has an axis 'T' that axes YX lack",
        ),
        (lambda: restored(sigma=CAMERA), 'gain=2, offset=100, read_noise=3'),
        (lambda: restored(callback='print'), 'callback'),
        (
            lambda: fresco.restore(PLANE, method='wiener', task='deblur', kernel='psf.tif'),
            r"fresco.read\('psf.tif'\), with its spacing",
        ),
        (
            lambda: fresco.restore(
                VOLUME, method='wiener', task='deblur', kernel=np.ones((7, 25, 25))
            ),
            r'may have \(5, 24, 24\) at most',
        ),
        (
            lambda: fresco.Camera(-2.0, 100.0, 3.0).variance(PLANE),
            'gain and read noise not',
        ),
        (lambda: fresco.estimate_noise(PLANE.astype(np.float64) * 1e30), 'multiply it so that'),
        (lambda: fresco.evidence.frc(PLANE + 1j, PLANE), 'has type complex64; give real numbers'),
        (lambda: restored(xarray.Dataset({'a': (('y', 'x'), PLANE)})), 'Dataset of several'),
        (lambda: restored(sparse.csr_matrix(PLANE)), r'sparse matrix; give its .toarray\(\)'),
        (lambda: fresco.sweep(PLANE, {'sigma': 5}, method='ffdnet'), 'several values of sigma'),
        (
            lambda: fresco.batch.BatchRecipe.of({'method': 'ffdnet', 'offset': 100}),
            'below parameters, such as parameters: {offset: 100}',
        ),
    ],
)
def test_a_mistake_is_answered_by_what_is_meant(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(FrescoError, match=said):
        call()


def test_lengths_that_nobody_has_counted_are_refused() -> None:
    lazy = da.from_array(np.stack([PLANE] * 3), chunks=1)
    with pytest.raises(FrescoError, match='compute_chunk_sizes'):
        restored(lazy[lazy.sum((1, 2)) > 0])


def test_a_result_beyond_memory_is_answered_by_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*given: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(np, 'zeros', none_left)
    with pytest.raises(FrescoError, match=r"output='result\.ome\.zarr'"):
        Layout.of(VOLUME).empty(1, 0)
