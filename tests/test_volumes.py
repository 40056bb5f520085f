"""Volumes restored as one: laws of the boundary, of light and of units, and what is refused."""

from __future__ import annotations

import threading
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.errors import FrescoError, KernelError
from napari_fresco.generators import Returning, result_of
from napari_fresco.image.layout import Layout
from napari_fresco.image.model import Image
from napari_fresco.noise.flat_planes import flat_planes
from napari_fresco.physics.operators import Identity
from napari_fresco.physics.problem import Counting, Problem
from napari_fresco.solvers.pnp_volumes import _Prior

Array = np.ndarray[Any, Any]


def gaussian(*widths: float) -> Array:
    half = [round(3 * w) for w in widths]
    grid = np.meshgrid(*(np.arange(-h, h + 1) for h in half), indexing='ij')
    kernel = np.exp(-sum(g**2 / (2 * w**2) for g, w in zip(grid, widths, strict=True)))
    return np.asarray(kernel / kernel.sum())


KERNEL = gaussian(1.2, 1.0, 1.0)
CAMERA = {'gain': 2.0, 'offset': 100.0, 'read_noise': 3.0}


def volume(*shape: int, seed: int = 0) -> Array:
    """Return blurred spots on a dim ground, as a camera reads them out."""
    random = np.random.default_rng(seed)
    truth = np.full(shape, 5.0)
    low, high = [n // 3 for n in shape], [n - n // 3 for n in shape]
    spots = random.integers(low, high, (int(np.prod(shape)) // 400, 3))
    truth[tuple(spots.T)] += random.uniform(2000, 8000, len(spots))
    blurred = ndimage.convolve(truth, KERNEL, mode='reflect')
    noisy = 2 * random.poisson(blurred) + 100 + random.normal(0, 3, shape)
    return noisy.astype(np.float32)


def restored(image: Any, method: str = 'dpir', **told: Any) -> Any:
    options = {'kernel': KERNEL, 'axes': 'ZYX', 'device': 'cpu', 'model': 'ffdnet', **told}
    if method != 'dpir':
        del options['model']
    return fresco.restore(image, method=method, task='deblur', **options)


@pytest.mark.parametrize('method', ['dpir', 'richardson_lucy'])
def test_a_bead_at_one_end_leaves_nothing_at_the_other(method: str) -> None:
    truth = np.zeros((16, 24, 24))
    truth[1, 12, 12] = 1e5
    image = ndimage.convolve(truth, KERNEL, mode='constant')
    light = restored(image.astype(np.float32), method, sigma=1.0).image.clip(0)
    assert light[-4:].sum() < 1e-3 * light.sum()
    assert light[:4].sum() > 0.9 * light.sum()


def test_light_stays() -> None:
    image = volume(14, 32, 32)
    result = restored(image, model='auto', **CAMERA)
    assert (result.image - 100).sum() == pytest.approx((image - 100).sum(), rel=0.01)
    assert result.image.min() >= 100 - 1e-3
    assert result.image.max() > 1.5 * image.max()


@pytest.mark.parametrize('counting', [Counting(1.0, 0.0, 0.0), None])
def test_a_step_of_the_prior_takes_no_more_than_noise_off_a_voxel(counting: Any) -> None:
    light = torch.full((1, 1, 8, 32, 32), 4.0)
    light[0, 0, 4, 16, 16] = 900.0
    problem = Problem('deblur', light, Identity(), 2.0, counting=counting)
    prior = _Prior(problem, lambda x, sigma: x.clamp_max(x.median()))
    after = result_of(prior.smoothed(light, 1.0, 2, 0))
    assert float(after.sum()) == pytest.approx(float(light.sum()), rel=1e-5)
    lost = 2 * (light.sqrt() - after.sqrt()) if counting else (light - after) / 2.0
    assert 1.2 < float(lost.max()) < 1.6


def test_results_follow_a_change_of_units() -> None:
    image = volume(10, 24, 24)
    one = restored(image, iterations=20, **CAMERA).image
    camera = {'gain': 6.0, 'offset': 340.0, 'read_noise': 9.0}
    other = restored(3 * image + 40, iterations=20, **camera).image
    np.testing.assert_allclose(other, 3 * one + 40, atol=2e-3 * np.ptp(one))


def test_a_kernel_of_one_plane_restores_planes_and_says_so() -> None:
    image = volume(3, 24, 24)
    flat = KERNEL[len(KERNEL) // 2]
    result = restored(image, kernel=flat, sigma=10.0)
    planes = result.image
    assert any('the kernel has two axes' in each for each in result.provenance['warnings'])
    np.testing.assert_array_equal(restored(image, kernel=flat[None], sigma=10.0).image, planes)


@pytest.mark.parametrize('axes', ['CZYX', 'ZCYX', 'YXZC'])
def test_stacks_of_volumes_in_any_order(axes: str) -> None:
    both = np.stack([volume(9, 16, 20, seed=n) for n in range(2)])
    order = ['CZYX'.index(axis) for axis in axes]
    result = restored(both.transpose(order), 'richardson_lucy', axes=axes, sigma=10.0)
    assert result.restored == 2
    for n in range(2):
        alone = restored(both[n], 'richardson_lucy', sigma=10.0).image
        np.testing.assert_array_equal(result.image.transpose(np.argsort(order))[n], alone)


def test_a_lazy_volume_is_read_once() -> None:
    image, reads = volume(9, 16, 20), []

    def block(chunk: Array, block_info: Any = None) -> Array:
        if block_info:
            reads.append(tuple(block_info[0]['chunk-location']))
        return chunk

    lazy = da.from_array(image, chunks=(2, 16, 20))
    lazy = lazy.map_blocks(block, dtype=image.dtype, meta=image[:0])
    del reads[:]
    result = restored(lazy, 'wiener', sigma=10.0)
    assert sorted(reads) == [(z, 0, 0) for z in range(5)]
    np.testing.assert_array_equal(result.image, restored(image, 'wiener', sigma=10.0).image)


def test_missing_voxels_touch_nothing_but_themselves() -> None:
    image = volume(10, 24, 24)
    image[3, 10:12, 10:12] = np.nan
    result = restored(image, 'richardson_lucy', sigma=10.0).image
    assert np.isnan(result[3, 10:12, 10:12]).all()
    assert np.isfinite(np.delete(result.ravel(), np.flatnonzero(np.isnan(image)))).all()


@pytest.mark.parametrize('method', ['dpir', 'richardson_lucy', 'wiener'])
def test_planes_that_no_light_made_spoil_nothing(method: str) -> None:
    """Lost, dark and overflown frames; one lost at the end, too."""
    told = {**CAMERA, 'iterations': 20} if method != 'wiener' else CAMERA
    image = volume(12, 32, 32)
    whole = restored(image, method, **told).image
    for plane, value in ((5, 0.0), (5, 65535.0), (5, np.nan), (0, 0.0)):
        bad = image.copy()
        bad[plane] = value
        result = restored(bad, method, **told)
        np.testing.assert_array_equal(result.image[plane], bad[plane])
        known = np.arange(12) != plane
        apart = result.image[known] - whole[known]
        assert np.sqrt(np.square(apart).mean()) < 0.5 * (whole - image).std()
        said = ' '.join(result.provenance['warnings'])
        assert (f'ran over): {plane};' in said) == np.isfinite(value)


def test_planes_that_light_may_have_made_are_no_lost_ones() -> None:
    random = np.random.default_rng(0)
    light = random.poisson(50, (6, 32, 32)).astype(float)
    assert flat_planes(light) == []
    dark = light.copy()
    dark[2], dark[4] = 0, 50  # the mean of the others, which lie on both sides
    assert flat_planes(dark) == [2]
    few = random.poisson(0.05, (6, 32, 32)).astype(float)
    few[3] = 0
    assert flat_planes(few) == []
    assert flat_planes(few + 100 * (np.arange(6) != 3).reshape(-1, 1, 1)) == [3]
    drawn = np.zeros((6, 32, 32))
    drawn[2:4, 8:] = 200
    assert flat_planes(drawn) == []
    assert flat_planes(np.ones((4, 8, 8))) == []


@pytest.mark.parametrize('method', ['richardson_lucy', 'wiener'])
@pytest.mark.parametrize('flat', [False, True])
def test_few_bright_objects_in_the_dark_are_not_drowned_in_their_noise(
    method: str, flat: bool
) -> None:
    """Beside them hardly a photon is predicted, and some are there."""
    random = np.random.default_rng(4)
    truth = np.full((1 if flat else 10, 64, 64), 0.02)
    truth[truth.shape[0] // 2, 24:36, 24:36] = 60
    kernel = KERNEL.sum(0, keepdims=flat) if flat else KERNEL
    blurred = ndimage.convolve(truth, kernel / kernel.sum(), mode='reflect')
    seen = (2 * random.poisson(blurred) + 100 + random.normal(0, 0.4, truth.shape)).round()
    image, axes = (seen[0], 'YX') if flat else (seen, 'ZYX')
    told = {'gain': 2.0, 'offset': 100.0, 'read_noise': 0.4, 'axes': axes, 'dtype': 'float32'}
    stopping = {'stopping': 'discrepancy'} if method == 'richardson_lucy' else {}
    result = restored(
        image.astype(np.uint16), method, kernel=kernel[0] if flat else kernel, **told, **stopping
    )
    wanted = 100 + 2 * (truth[0] if flat else truth)
    before, after = (np.sqrt(np.square(each - wanted).mean()) for each in (image, result.image))
    assert after < 0.97 * before


def test_a_sigma_map_follows_its_volume() -> None:
    image = volume(9, 20, 20)
    level = np.full((20, 20), 10.0)
    one = restored(image, 'richardson_lucy', sigma=10.0).image
    np.testing.assert_allclose(restored(image, 'richardson_lucy', sigma=level).image, one)


def test_a_run_can_be_cancelled_between_steps() -> None:
    cancel = threading.Event()
    steps = Returning(
        fresco.Session().iterate(
            volume(9, 20, 20),
            method='dpir',
            task='deblur',
            kernel=KERNEL,
            axes='ZYX',
            cancel=cancel,
            model='ffdnet',
            device='cpu',
        )
    )
    seen = 0
    for step in steps:
        seen += 1
        assert step.image.shape == (9, 20, 20)
        if seen == 3:
            cancel.set()
    result = steps.result
    assert (seen, result.finish, result.restored) == (3, 'cancelled', 1)


@pytest.mark.parametrize('dtype', ['uint8', 'uint16', 'int32', 'float64'])
def test_types_come_back(dtype: str) -> None:
    image = volume(9, 20, 20).clip(0, 255).astype(dtype)
    assert restored(image, 'richardson_lucy').image.dtype == dtype


SPACED = fresco.kernels.Kernel(KERNEL, {'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')})
FLAT = {'Y': (0.1, 'um'), 'X': (0.1, 'um')}
REFUSED = {
    'plane': ({'image': np.ones((24, 24)), 'axes': 'YX'}, 'has no Z'),
    'unnamed': ({'axes': None}, 'has no Z'),
    'one slice': ({'image': np.ones((1, 24, 24))}, 'has no Z'),
    'method': ({'method': 'usrnet'}, "'dpir' or"),
    'task': ({'task': 'super_resolve', 'scale': 2}, 'task="deblur"'),
    'too wide': ({'kernel': gaussian(1.0, 4.0, 1.0)}, 'larger than the image'),
    'too high': ({'kernel': gaussian(4.0, 1.0, 1.0)}, 'larger than the image'),
    'spacing': ({'kernel': SPACED, 'spacing': {**FLAT, 'Z': (0.5, 'um')}}, 'axis Z'),
    'z step': ({'kernel': SPACED, 'spacing': FLAT}, 'distance of planes'),
}


@pytest.mark.parametrize('case', REFUSED)
def test_what_does_not_fit_is_refused_in_a_sentence(case: str) -> None:
    told, said = REFUSED[case]
    options = {
        'image': volume(10, 24, 24),
        'method': 'dpir',
        'task': 'deblur',
        'axes': 'ZYX',
        'kernel': KERNEL,
        **told,
    }
    with pytest.raises(FrescoError, match=said) as raised:
        fresco.restore(options.pop('image'), **options)
    assert '\n' not in str(raised.value)
    assert isinstance(raised.value, KernelError)


@pytest.mark.parametrize('method', ['dpir', 'richardson_lucy', 'wiener'])
def test_a_kernel_may_have_more_planes_than_the_volume(method: str) -> None:
    kernel = gaussian(2.0, 1.0, 1.0)
    flat = np.full((8, 24, 24), 300.0, np.float32)
    result = restored(flat, method, kernel=kernel, sigma=1.0).image
    np.testing.assert_allclose(result, 300, rtol=1e-2)


def test_a_layout_of_volumes() -> None:
    layout = Layout.of(Image.of(np.zeros((4, 2, 5, 6)), axes='ZCYX'), 3)
    assert (layout.leading, layout.leading_axes, layout.plane_shape) == ((2,), 'C', (4, 5, 6))
    array, view = layout.empty(1, 0)
    assert (array.shape, view.shape) == ((4, 2, 5, 6), (2, 4, 5, 6))
    shifts = np.arange(4)[:, None, None, None] * np.ones((1, 2, 5, 6))
    assert (layout.in_planes(shifts) == np.arange(4)[:, None, None]).all()
    assert (layout.in_own_order(np.asarray(view)) == array).all()
