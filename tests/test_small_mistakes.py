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

NOTHING = np.full((32, 32), np.nan)
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
            r"of a file, fresco.kernels.read\('psf.tif'\)",
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
        (lambda: restored(sigma=True), "sigma = True; give a number in image units, a map, 'auto'"),
        (
            lambda: restored(sigma=np.ones((24, 24), bool)),
            'sigma = a map of yes and no, as masks are; give a number',
        ),
        (lambda: restored(sigma=None), "sigma = None; leave it out for 'auto', or give another"),
        (lambda: restored(seed=None), 'seed = None; leave it out for 0'),
        (lambda: restored(axes=3), "axes = 3; give a letter for each axis, such as axes='ZYX'"),
        (lambda: fresco.read(PLANE), r"a ndarray was given; call fresco.read\('cells.tif'\)"),
        (
            lambda: fresco.write(PLANE, 'a.tif'),
            r"fresco.write\('cells.tif', image\), the name first",
        ),
        (lambda: fresco.kernels.read(PLANE), r"call fresco.kernels.read\('psf.tif'\)"),
        (lambda: fresco.estimate_noise(NOTHING), 'none of its pixels has a value'),
        (lambda: fresco.estimate_noise(NOTHING, how='map'), 'none of its pixels has a value'),
        (lambda: np.asarray(restored()), 'a whole Result, not pixels; give its .image'),
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


def test_letters_of_axes_may_be_given_one_by_one() -> None:
    letters: Any = ('Z', 'Y', 'X')
    planes = np.stack([PLANE, PLANE])
    result = fresco.restore(planes, method='ffdnet', sigma=5, axes=letters)
    assert result.provenance['options']['axes'] == 'ZYX'
    assert fresco.Image(planes, letters).axes == fresco.Image.of(planes, axes=letters).axes == 'ZYX'


def test_functions_of_arrays_know_the_pixels_of_an_image() -> None:
    image = fresco.Image(PLANE, 'YX', {'Y': (0.1, 'um')})
    assert np.asarray(image) is PLANE
    assert np.mean(image) == PLANE.mean()
    assert np.asarray(image, np.float64).dtype == np.float64


def test_a_plane_without_values_hides_no_noise_of_the_others() -> None:
    noise = np.random.default_rng(0).normal(100, 5, (3, 64, 64))
    noise[1] = np.nan
    assert 4 < fresco.estimate_noise(noise) < 6


@pytest.mark.parametrize(
    'name', ['Result', 'Sweep', 'Sample', 'Kernel', 'Correlation', 'Condition']
)
def test_a_result_is_told_in_a_line(name: str) -> None:
    one = {
        'Result': lambda: restored(),
        'Sweep': lambda: fresco.sweep(PLANE, {'sigma': (4, 8)}, method='ffdnet'),
        'Sample': fresco.samples.mural,
        'Kernel': lambda: fresco.kernels.Kernel(np.ones((25, 25))),
        'Correlation': lambda: fresco.evidence.frc(PLANE, PLANE + 1),
        'Condition': lambda: fresco.intervention.condition(np.eye(64, dtype=np.uint8)),
    }[name]()
    assert repr(one).startswith(f'{name}(')
    assert len(repr(one)) < 400
    assert '\n' not in repr(one)
