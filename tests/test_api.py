"""The public functions: whatever comes in is restored in kind."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import threading
import warnings
import weakref

import dask.array as da
import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage import data

import napari_fresco as fresco
from napari_fresco.errors import DeviceError, ImageError, KernelError, MethodError, ParameterError
from napari_fresco.evidence.metrics import psnr
from napari_fresco.generators import Returning
from napari_fresco.types import Step

BOX = {'method': 'dpir', 'task': 'denoise', 'model': 'box', 'device': 'cpu'}


@pytest.fixture(scope='module')
def photograph() -> np.ndarray:
    return data.camera()[100:164, 200:272]


@pytest.fixture(scope='module')
def noisy(photograph) -> np.ndarray:
    return photograph + np.random.default_rng(0).normal(0, 20, photograph.shape)


@pytest.fixture(scope='module')
def hole() -> np.ndarray:
    mask = np.zeros((64, 72), bool)
    mask[20:24, 10:60] = True
    return mask


def test_denoising_improves(photograph, noisy) -> None:
    result = fresco.restore(noisy, sigma=20, data_range=(0, 255), **BOX)
    assert psnr(result.image, photograph, 255) > psnr(noisy, photograph, 255) + 2
    assert result.finish == 'completed'


@pytest.mark.parametrize(
    'dtype', [np.uint8, np.int16, np.uint16, np.int32, np.float16, np.float32, np.float64]
)
@pytest.mark.parametrize('shape', [(9, 11), (9, 11, 3), (9, 11, 4), (2, 9, 11), (2, 9, 11, 3)])
def test_type_and_axes_are_kept(shape, dtype) -> None:
    image = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    result = fresco.restore(image, sigma=10, **BOX)
    assert (result.image.shape, result.image.dtype) == (shape, np.dtype(dtype))


def test_sums_of_half_precision_do_not_overflow(noisy) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        result = fresco.restore(noisy[:64, :64].astype(np.float16), method='ffdnet')
    assert result.image.dtype == np.float16


@pytest.mark.parametrize('shape', [(1, 1), (1, 9), (9, 1), (1, 9, 3), (5, 7), (33, 64)])
@pytest.mark.parametrize('task', ['denoise', 'deblur', 'inpaint', 'super_resolve'])
def test_small_and_odd_images(shape, task) -> None:
    if task == 'inpaint' and shape == (1, 1):
        pytest.skip('a single pixel is either known or lost')
    image = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    extra = {
        'denoise': {},
        'deblur': {'kernel': np.ones((1, 1))},
        'inpaint': {'mask': np.arange(shape[0] * shape[1]).reshape(shape[:2]) % 3 == 1},
        'super_resolve': {'scale': 2},
    }[task]
    settings = {**BOX, 'task': task, 'iterations': 2} if task != 'denoise' else BOX
    result = fresco.restore(image, sigma=5, **settings, **extra)
    factor = 2 if task == 'super_resolve' else 1
    assert result.image.shape == (shape[0] * factor, shape[1] * factor, *shape[2:])


@pytest.mark.parametrize('task', ['denoise', 'deblur', 'super_resolve'])
def test_a_constant_image_stays_constant(task) -> None:
    image = np.full((12, 14), 300, np.uint16)
    extra = {
        'denoise': {},
        'deblur': {'kernel': np.ones((3, 3))},
        'super_resolve': {'scale': 3},
    }[task]
    result = fresco.restore(image, method='dpir', task=task, model='box', **extra)
    assert np.unique(result.image).tolist() == [300]


def test_a_stack_is_restored_plane_by_plane(noisy) -> None:
    stack = np.stack([noisy, noisy[::-1]])
    whole = fresco.restore(stack, sigma=20, data_range=(0, 255), **BOX).image
    for plane, restored in zip(stack, whole, strict=True):
        single = fresco.restore(plane, sigma=20, data_range=(0, 255), **BOX).image
        np.testing.assert_array_equal(single, restored)


def test_dask_and_torch_arrays(noisy) -> None:
    expected = fresco.restore(noisy, sigma=20, **BOX).image
    for image in (da.from_array(noisy, chunks=32), torch.from_numpy(noisy)):
        np.testing.assert_array_equal(fresco.restore(image, sigma=20, **BOX).image, expected)


@pytest.mark.parametrize('dtype', ['float32', 'float64', np.float32])
@pytest.mark.parametrize('task', ['denoise', 'inpaint', 'super_resolve', 'demosaic'])
def test_a_floating_point_result_keeps_fractions(task, dtype, hole, photograph) -> None:
    extra = {'inpaint': {'mask': hole}, 'super_resolve': {'scale': 2}}.get(task, {})
    steps = {} if task == 'denoise' else {'iterations': 1}
    given = {**BOX, 'task': task, 'sigma': 5.0, 'dtype': dtype, **extra, **steps}
    image = fresco.restore(photograph, **given).image
    assert (photograph.dtype, image.dtype) == (np.uint8, np.dtype(dtype))
    assert (image % 1 != 0).mean() > 0.5
    whole = fresco.restore(photograph, **{**given, 'dtype': None}).image
    np.testing.assert_allclose(whole, image.clip(0, 255), atol=0.51)


def test_spacing_replaces_that_of_the_image(photograph) -> None:
    image = fresco.Image(photograph, 'YX', spacing={'Y': (1, 'um'), 'X': (2, 'um')})
    result = fresco.restore(image, sigma=5, spacing={'X': (0.3, 'mm')}, **BOX).image
    assert result.spacing == {'Y': (1, 'um'), 'X': (0.3, 'mm')}
    with pytest.raises(ImageError, match='spacing'):
        fresco.restore(image, sigma=5, spacing={'Z': (1, 'um')}, **BOX)


def test_the_input_is_left_alone(noisy) -> None:
    before = noisy.copy()
    before.flags.writeable = noisy.flags.writeable = False
    fresco.restore(noisy, sigma=20, **BOX)
    np.testing.assert_array_equal(noisy, before)


def test_known_pixels_come_back_bit_for_bit(photograph, hole) -> None:
    damaged = np.where(hole, 255, photograph).astype(np.uint8)
    result = fresco.restore(damaged, method='dpir', task='inpaint', mask=hole, model='box')
    np.testing.assert_array_equal(result.image[~hole], photograph[~hole])
    error = np.abs(result.image[hole].astype(float) - photograph[hole]).mean()
    assert error < 20 < np.abs(damaged[hole].astype(float) - photograph[hole]).mean()


def test_a_given_sigma_asks_for_known_pixels_to_be_denoised(photograph, hole) -> None:
    given_sigma = {'method': 'dpir', 'task': 'inpaint', 'mask': hole, 'model': 'box', 'sigma': 20.0}
    free = fresco.restore(photograph, **given_sigma).image
    kept = fresco.restore(photograph, keep_known=True, **given_sigma).image
    assert (free[~hole] != photograph[~hole]).mean() > 0.5
    np.testing.assert_array_equal(kept[~hole], photograph[~hole])


def test_undamaged_planes_are_returned_as_they_are(photograph, hole) -> None:
    stack = np.stack([photograph, photograph])
    masks = np.stack([hole, np.zeros_like(hole)])
    result = fresco.restore(stack, method='dpir', task='inpaint', mask=masks, sigma=20, model='box')
    np.testing.assert_array_equal(result.image[1], photograph)
    assert (result.image[0] != photograph).any()


def test_intensities_are_affine_invariant(noisy) -> None:
    plain = fresco.restore(noisy, sigma=20, data_range=(0, 255), **BOX).image
    moved = fresco.restore(noisy * 16 + 500, sigma=320, data_range=(500, 4580), **BOX).image
    np.testing.assert_allclose((moved - 500) / 16, plain, atol=1e-3)


def test_a_constant_sigma_map_equals_the_number(noisy) -> None:
    number = fresco.restore(noisy, sigma=20, **BOX).image
    by_map = fresco.restore(noisy, sigma=np.full(noisy.shape, 20.0), **BOX).image
    np.testing.assert_allclose(by_map, number, atol=1e-4)


def test_photon_noise_is_stabilised_without_bias() -> None:
    truth = np.linspace(2, 60, 128)[None].repeat(256, axis=0)
    counts = 2.0 * np.random.default_rng(0).poisson(truth) + 100
    camera = {'noise': 'poisson-gaussian', 'gain': 2.0, 'offset': 100.0, 'read_noise': 0.0}
    image = fresco.restore(counts, **BOX, **camera).image
    expected = 2 * truth + 100
    assert image.std(axis=0).mean() < 0.6 * counts.std(axis=0).mean()
    assert abs((image - expected)[:, 5:20].mean()) < 0.3
    assert abs((image - expected)[:, 100:120].mean()) < 0.6


def test_super_resolution_keeps_the_field_of_view(photograph) -> None:
    result = fresco.restore(
        photograph, method='dpir', task='super_resolve', scale=2, sigma=2, model='box'
    )
    assert result.image.shape == (128, 144)
    assert result.provenance['geometry'] == {'scale': 2, 'offset': [-0.25, -0.25]}
    blocks = result.image.reshape(64, 2, 72, 2).mean(axis=(1, 3))
    assert psnr(blocks, photograph, 255) > 28


def test_demosaicing_gives_colour() -> None:
    truth = data.astronaut()[100:140, 200:240]
    mosaic = np.empty(truth.shape[:2], np.uint8)
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[row::2, column::2] = truth[row::2, column::2, channel]
    result = fresco.restore(
        mosaic, method='dpir', task='demosaic', sigma=1, model='box', iterations=5
    )
    assert result.image.shape == truth.shape
    assert psnr(result.image, truth, 255) > 25


def test_deblurring_a_photograph_leaves_no_ringing_at_the_border(photograph) -> None:
    kernel = fresco.kernels.gaussian(2.0)
    whole = data.camera()[90:174, 190:282].astype(float)
    blurred = ndimage.convolve(whole, kernel, mode='nearest')[10:-10, 10:-10]
    settings = {'method': 'dpir', 'task': 'deblur', 'kernel': kernel, 'sigma': 1.0, 'model': 'box'}

    def rim_error(boundary: str) -> float:
        image = fresco.restore(blurred, boundary=boundary, **settings).image
        error = (image - photograph) ** 2
        error[6:-6, 6:-6] = 0
        return float(error.sum())

    assert rim_error('extend') < 0.5 * rim_error('circular')
    assert rim_error('auto') == rim_error('extend')


def test_provenance_is_json_and_says_what_was_done(noisy) -> None:
    record = fresco.restore(noisy, sigma=20, **BOX).provenance
    assert json.loads(json.dumps(record)) == record
    assert record['method'] == 'dpir'
    assert record['parameters']['model'] == 'box'
    assert record['weights'] == [{'name': 'box', 'sha256': None, 'citation': None}]
    assert record['planes'][0]['sigma'] == pytest.approx(20, rel=1e-3)
    assert len(record['input_sha256']) == 64


def test_provenance_tells_maps_of_the_noise_apart(noisy) -> None:
    def told(level):
        sigma = np.full(np.shape(noisy)[:2], level, np.float32)
        return fresco.restore(noisy, sigma=sigma, **BOX).provenance['sigma_map']

    first, second = told(20), told(21)
    assert first['range'] == [20, 20]
    assert first['sha256'] != second['sha256']
    assert first == told(20)
    assert fresco.restore(noisy, sigma=20, **BOX).provenance['sigma_map'] is None


@pytest.mark.parametrize('method', ['dpir', 'wiener'])
def test_noise_beyond_all_numbers_is_doubted_and_no_failure(noisy, method) -> None:
    given = BOX if method == 'dpir' else {'method': 'wiener', 'kernel': np.ones((3, 3))}
    result = fresco.restore(noisy, sigma=1e300, **given)
    assert any('check its unit' in check.message for check in result.checks)
    assert np.isfinite(result.image).all()


def test_presets_are_overridden_by_what_is_given(noisy, tmp_path) -> None:
    preset = tmp_path / 'preset.json'
    preset.write_text('{"model": "box", "sigma_start": 30}')
    result = fresco.restore(noisy, method='dpir', sigma=20, params=preset, sigma_start=40)
    assert result.provenance['parameters']['sigma_start'] == 40
    again = fresco.restore(noisy, method='dpir', sigma=20, params=result.provenance['parameters'])
    np.testing.assert_array_equal(again.image, result.image)


def test_steps_can_be_looked_at_and_cancelled(photograph, hole) -> None:
    cancel = threading.Event()
    seen: list[Step] = []
    asked = {'method': 'dpir', 'task': 'inpaint', 'mask': hole, 'model': 'box'}
    steps = Returning(fresco.iterate(photograph, cancel=cancel, **asked))
    for step in steps:
        seen.append(step)
        assert step.image.shape == photograph.shape
        if step.index == 3:
            cancel.set()
    result = steps.result
    assert [step.index for step in seen] == [1, 2, 3]
    assert result.finish == 'cancelled'
    np.testing.assert_array_equal(result.image, seen[-1].image)


def test_a_cancelled_stack_keeps_finished_planes_and_the_rest_as_it_was(noisy) -> None:
    stack = np.stack([noisy] * 3)
    result = fresco.restore(stack, sigma=20, callback=lambda step: False, **BOX)
    assert result.finish == 'cancelled'
    assert (result.image[0] != noisy).any()
    np.testing.assert_array_equal(result.image[2], noisy)


def test_steps_of_a_stack_count_through(noisy) -> None:
    seen: list[Step] = []
    fresco.restore(np.stack([noisy] * 3), sigma=20, callback=seen.append, **BOX)
    assert [(s.index, s.total, s.plane) for s in seen] == [
        (1, 3, (0,)),
        (2, 3, (1,)),
        (3, 3, (2,)),
    ]


def test_closing_the_iteration_frees_the_memory(photograph, hole) -> None:
    steps = fresco.iterate(photograph, method='dpir', task='inpaint', mask=hole, model='box')
    tensor = weakref.ref(next(steps).x)
    steps.close()
    gc.collect()
    assert tensor() is None


def test_the_same_seed_gives_the_same_result(noisy) -> None:
    settings = {
        'method': 'deepred',
        'task': 'denoise',
        'sigma': 20.0,
        'prior': 'none',
        'iterations': 3,
    }
    settings |= {'network': 'small', 'device': 'cpu'}
    small = noisy[:40, :40]
    first, same, other = [], [], []
    results = [
        fresco.restore(small, seed=seed, callback=lambda s, seen=seen: seen.append(s.x), **settings)
        for seed, seen in ((4, first), (4, same), (5, other))
    ]
    np.testing.assert_array_equal(results[0].image, results[1].image)
    assert len(first) == len(same) == len(other) == 3
    assert all(torch.equal(*pair) for pair in zip(first, same, strict=True))
    assert not any(torch.equal(*pair) for pair in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ('given_arguments', 'error', 'match'),
    [
        ({'method': 'dipr'}, MethodError, "did you mean .*'dpir'"),
        ({'method': 'drunet', 'task': 'deblur'}, MethodError, 'does not offer'),
        ({'method': 'dpir', 'iteratons': 3}, ParameterError, "did you mean 'iterations'"),
        ({'method': 'dpir', 'iterations': 0}, ParameterError, 'at least|from 1'),
        ({'method': 'dpir', 'iterations': 'many'}, ParameterError, 'whole number'),
        ({'method': 'dpir', 'precision': 'int4'}, ParameterError, "'float32'"),
        ({'method': 'dpir', 'device': 'tpu'}, DeviceError, 'cpu'),
        ({'method': 'dpir', 'params': 'missing.json'}, ParameterError, r'missing\.json'),
        ({'method': 'dpir', 'params': 5}, ParameterError, 'params'),
        ({'method': 'dpir', 'keep_known': True}, ParameterError, 'inpaint'),
        ({'method': 'dpir', 'axes': 'ZYX'}, ImageError, 'axes'),
    ],
)
def test_bad_requests(noisy, given_arguments, error, match) -> None:
    with pytest.raises(error, match=match):
        fresco.restore(noisy, **given_arguments)


def test_importing_and_describing_needs_no_torch_napari_or_qt() -> None:
    code = (
        'import sys, napari_fresco as f\n'
        'f.methods()["dpir"].parameters; f.samples; f.kernels; f.restore\n'
        'found = {"torch", "napari", "qtpy", "PyQt6", "magicgui"} & set(sys.modules)\n'
        'assert not found, found'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


def test_every_public_name_is_there() -> None:
    for name in fresco.__all__:
        assert getattr(fresco, name) is not None
    with pytest.raises(AttributeError, match='nothing'):
        _ = fresco.nothing
    assert set(fresco.methods()) >= {'dpir', 'ircnn', 'deepred', 'ffdnet', 'drunet', 'dncnn'}
    import napari_fresco.declare.methods

    assert callable(fresco.methods), 'a submodule hides fresco.methods()'
    assert napari_fresco.declare.methods.METHODS['dpir'].title == 'DPIR'


def blurred_photograph(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a photograph in counts, and what the blur and a little noise make of it."""
    truth = 1000 + 10 * data.camera()[200:264, 200:264].astype(float)
    seen = ndimage.convolve(truth, kernel, mode='reflect')
    noise = np.random.default_rng(0).normal(0, 30, truth.shape)
    return truth, np.rint(seen + noise).astype(np.uint16)


def test_a_point_spread_function_on_a_camera_offset_is_mended_and_said() -> None:
    kernel = fresco.kernels.gaussian(1.5, size=13)
    truth, y = blurred_photograph(kernel)
    bead = np.full((65, 65), 100.0)
    bead[26:39, 26:39] += 3000 * kernel / kernel.max()
    bead = np.rint(bead + np.random.default_rng(1).normal(0, 5, bead.shape)).astype(np.uint16)
    options = {'method': 'dpir', 'task': 'deblur', 'sigma': 30, 'iterations': 2}
    clean, mended = (fresco.restore(y, kernel=k, **options) for k in (kernel, bead))
    assert not clean.provenance['warnings']
    assert any('background' in text for text in mended.provenance['warnings'])
    inner = np.s_[12:-12, 12:-12]
    errors = [np.std(r.image[inner] - truth[inner]) for r in (clean, mended)]
    assert errors[1] < 1.1 * errors[0]
    off = fresco.restore(y, kernel=bead[2:, 2:], **options)
    assert any('off its middle' in text for text in off.provenance['warnings'])


def test_a_kernel_object_is_taken_where_its_origin_lies() -> None:
    values = fresco.kernels.gaussian(1.5, size=13)
    _, y = blurred_photograph(values)
    options = {'method': 'dpir', 'task': 'deblur', 'sigma': 30, 'iterations': 2}
    plain = fresco.restore(y, kernel=values, **options)
    moved = fresco.kernels.Kernel(np.pad(values, ((2, 0), (0, 4))), origin=(8, 6), source='bead')
    other = fresco.restore(y, kernel=moved, **options)
    inner = np.s_[22:-22, 22:-22]  # the larger kernel continues the border further
    np.testing.assert_allclose(other.image[inner].astype(float), plain.image[inner], atol=3)
    assert other.provenance['kernel']['source'] == 'bead'
    assert isinstance(other.kernel, np.ndarray)


def test_volumes_and_foreign_pixels_are_refused_as_kernels() -> None:
    values = fresco.kernels.gaussian(1.5, size=13)
    image = fresco.Image(np.full((32, 32), 100.0), 'YX', spacing={'Y': (0.2, 'um')})
    options = {'method': 'dpir', 'task': 'deblur', 'sigma': 3, 'iterations': 1}
    with pytest.raises(KernelError, match='has no Z'):
        fresco.restore(image, kernel=np.stack([values] * 3), **options)
    foreign = fresco.kernels.Kernel(values, spacing={'Y': (0.1, 'um')})
    with pytest.raises(KernelError, match='spacing'):
        fresco.restore(image, kernel=foreign, **options)
