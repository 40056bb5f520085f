"""Named degradations of any image: types, axes, units, records."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from napari_fresco import restore
from napari_fresco.degrade import DEGRADATIONS, apply
from napari_fresco.degrade.named import FUNCTIONS
from napari_fresco.degrade.random_kernels import virnet_test
from napari_fresco.errors import FrescoError, ImageError, MethodError, ParameterError
from napari_fresco.image.model import Image

from .arrays import blur

_NOISE = np.random.default_rng(0).normal(0, 1, (40, 48, 3))
RGB = np.rint(255 * np.clip(0.5 + ndimage.gaussian_filter(_NOISE, (2, 2, 0)), 0, 1)).astype(
    np.uint8
)
GRAY = RGB[..., 1]
PLAIN = [name for name in DEGRADATIONS if name != 'mosaic']
SMALL = ('classical', 'virnet', 'bicubic', 'bsrgan', 'bsrgan_plus')


def images() -> dict[str, np.ndarray]:
    return {
        'bytes': GRAY,
        'rgb': RGB,
        'rgba': np.dstack([RGB, np.full(GRAY.shape, 200, np.uint8)]),
        'uint16': GRAY.astype(np.uint16) * 12 + 100,
        'unit': (GRAY / 255).astype(np.float32),
        'beyond': GRAY.astype(np.float64) * 3 - 200,
        'stack': np.stack([GRAY, GRAY]),
        'rgb stack': np.stack([RGB, RGB[::-1]]),
    }


@pytest.mark.parametrize('kind', images())
@pytest.mark.parametrize('name', PLAIN)
def test_type_axes_and_units_stay(name: str, kind: str) -> None:
    image = images()[kind]
    made = apply(image, name, seed=1)
    colour = image.ndim > 2 and image.shape[-1] in (3, 4)
    rows = -3 if colour else -2
    assert made.image.dtype == made.truth.dtype == image.dtype
    assert made.truth.shape == image.shape
    expected = list(image.shape)
    expected[rows] //= made.scale
    expected[rows + 1] //= made.scale
    assert made.image.shape == tuple(expected)
    assert made.scale > 1 if name in SMALL else made.scale == 1
    assert np.isfinite(made.image).all()
    assert made.scale > 1 or np.any(made.image != image)
    assert abs(made.image.mean() - image.mean()) < 0.3 * np.ptp(image)


@pytest.mark.parametrize('name', [n for n in PLAIN if n not in ('scunet', 'bsrgan_plus')])
def test_the_truth_is_the_original_bit_for_bit(name: str) -> None:
    for image in images().values():
        if np.issubdtype(image.dtype, np.floating) and DEGRADATIONS[name].clips:
            continue
        made = apply(image, name, seed=1)
        np.testing.assert_array_equal(made.truth, image)


@pytest.mark.parametrize('name', DEGRADATIONS)
def test_the_same_seed_gives_the_same_result(name: str) -> None:
    first, again, other = (apply(RGB, name, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.image, again.image)
    fixed = name in ('classical', 'bicubic', 'jpeg', 'lines', 'grid', 'mosaic')
    assert np.array_equal(first.image, other.image) == fixed
    assert first.record == again.record


@pytest.mark.parametrize('name', DEGRADATIONS)
def test_what_is_declared_is_given_and_recorded(name: str) -> None:
    simulation = DEGRADATIONS[name]
    made = apply(np.stack([RGB, RGB]), name, seed=2)
    given = {key for key in ('kernel', 'mask', 'noise_map') if getattr(made, key) is not None}
    assert given == set(simulation.outputs)
    if made.mask is not None:
        assert made.mask.dtype == bool
        assert made.mask.shape == (2, *GRAY.shape)
        changed = np.any(made.image != made.truth, axis=-1)
        assert not changed[~made.mask].any()
    if made.noise_map is not None:
        assert made.noise_map.shape == (2, *GRAY.shape)
        assert made.noise_map.min() >= 0
    if made.kernel is not None:
        assert made.kernel.sum() == pytest.approx(1)
    record = json.loads(json.dumps(made.record))
    assert record['simulation'] == name
    assert record['seed'] == 2
    assert record['parameters'] == simulation.parameters_class().to_dict()
    assert simulation.title
    assert simulation.help.endswith('.')
    assert all(p.help for p in simulation.parameters)


def test_a_stack_shares_its_scene_but_not_its_noise() -> None:
    stack = np.stack([GRAY] * 3)
    for name in ('noise_map', 'craquelure', 'flakes', 'text'):
        made = apply(stack, name)
        shared = made.mask if made.noise_map is None else made.noise_map
        np.testing.assert_array_equal(shared[0], shared[1])
    noisy = apply(stack, 'gaussian_noise').image
    assert np.any(noisy[0] != noisy[1])
    blurred = apply(stack, 'virnet', {'sigma': 0}).image
    np.testing.assert_array_equal(blurred[0], blurred[2])


def test_axes_may_lie_in_any_order() -> None:
    stack = np.stack([RGB, RGB])
    made = apply(stack, 'classical', {'scale': 4}, axes='ZYXS')
    turned = apply(np.moveaxis(stack, -1, 0), 'classical', {'scale': 4}, axes='SZYX')
    np.testing.assert_array_equal(turned.image, np.moveaxis(made.image, -1, 0))
    np.testing.assert_array_equal(turned.truth, np.moveaxis(made.truth, -1, 0))
    rows_first = apply(GRAY.T, 'gaussian_noise', axes='XY')
    np.testing.assert_array_equal(rows_first.image, apply(GRAY, 'gaussian_noise').image.T)
    cut = apply(np.moveaxis(stack, -1, 0), 'mosaic', axes='SZYX')
    np.testing.assert_array_equal(cut.image, apply(stack, 'mosaic').image)


def test_an_image_gives_an_image_with_its_spacing() -> None:
    spacing = {'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.2, 'um')}
    image = Image(np.stack([RGB, RGB]), 'ZYXS', spacing, metadata={'said': 1})
    made = apply(image, 'classical', {'scale': 2})
    plain = apply(image.data, 'classical', {'scale': 2})
    assert (made.image.axes, made.truth.axes) == ('ZYXS', 'ZYXS')
    np.testing.assert_array_equal(made.image.data, plain.image)
    np.testing.assert_array_equal(made.truth.data, plain.truth)
    assert made.image.spacing == {'Z': (0.3, 'um'), 'Y': (0.2, 'um'), 'X': (0.4, 'um')}
    assert made.truth.spacing == image.spacing
    assert made.image.metadata == {'said': 1}
    assert apply(image, 'mosaic').image.axes == 'ZYX'
    turned = Image(np.moveaxis(RGB, -1, 0), 'SYX')
    assert apply(turned, 'jpeg').image.axes == 'SYX'


def test_sigma_is_in_image_units() -> None:
    flat = np.full((128, 128), 1000, np.uint16)
    for image, range_ in ((flat, (0, 4000)), (flat / 4000, (0, 1)), (flat * 3.0, (0, 12000))):
        sigma = 0.02 * range_[1]
        for name in ('gaussian_noise', 'classical', 'virnet', 'bicubic'):
            made = apply(image, name, {'sigma': sigma}, data_range=range_)
            assert made.image.std() == pytest.approx(sigma, rel=0.06), name
            assert made.record['sigma'] == pytest.approx(sigma)
    tenth = apply(flat, 'gaussian_noise', data_range=(0, 4000))
    assert tenth.image.std() == pytest.approx(400, rel=0.05)
    assert tenth.record['sigma'] == pytest.approx(400)


def test_camera_noise_tells_gain_and_offset_in_image_units() -> None:
    light = np.repeat(np.array([[200, 1000, 3000]], np.uint16), 20_000, axis=0)
    made = apply(light, 'camera_noise', {'photons': 100, 'read_noise': 3}, data_range=(100, 4100))
    record = made.record
    assert record['gain'] == pytest.approx(40)
    assert record['offset'] == pytest.approx(100)
    assert record['read_noise'] == pytest.approx(120)
    expected = 40 * (light[0] - 100.0) + 120**2
    np.testing.assert_allclose(made.noise_map[0] ** 2, expected, rtol=1e-9)
    free = apply(light.astype(np.float64), 'camera_noise', {'photons': 100, 'read_noise': 3},
                 data_range=(100, 4100))  # fmt: skip
    np.testing.assert_allclose(free.image.var(axis=0), expected, rtol=0.04)
    np.testing.assert_allclose(free.image.mean(axis=0), light[0], rtol=0.01)


def test_clipping_is_counted() -> None:
    white = np.full((50, 50), 255, np.uint8)
    made = apply(white, 'gaussian_noise', {'sigma': 20})
    assert re.fullmatch(r'1\d\d\d values were clipped to fit uint8', made.record['warnings'][0])
    hot = np.full((16, 16), 0.5)
    hot[:2] = 3.0
    blocked = apply(hot, 'jpeg', data_range=(0, 1))
    assert '32 values beyond the data range' in blocked.record['warnings'][0]
    assert apply(hot, 'gaussian_noise', data_range=(0, 1)).record['warnings'] == []
    assert apply(hot, 'gaussian_noise', data_range=(0, 1)).image.max() > 2


def test_the_kernel_is_the_one_that_was_used() -> None:
    small = apply(GRAY / 255, 'classical', {'scale': 2, 'kernel': 'mzsr'}, seed=7)
    blurred = blur(GRAY / 255, small.kernel)[::2, ::2]
    np.testing.assert_allclose(small.image, blurred, atol=1e-12)
    assert small.record['kernel']['position'] == 'shifted'
    assert small.record['geometry'] == {'scale': 0.5, 'offset': [0.5, 0.5]}
    centred = apply(GRAY, 'classical', {'scale': 3, 'kernel_position': 'centred'})
    assert centred.record['geometry']['offset'] == [0, 0]
    assert centred.truth.shape == (39, 48)
    drawn = apply(GRAY, 'classical', {'scale': 3, 'kernel': 'usrnet'})
    assert drawn.record['kernel']['position'] == 'drawn'
    test = apply(GRAY / 255, 'virnet', {'kernel': 'test 7', 'convention': 'authors'})
    np.testing.assert_array_equal(test.kernel, virnet_test(2)[0][6, 0])
    assert test.record['kernel']['downsampling'] == 'bicubic'


def test_what_was_simulated_can_be_restored() -> None:
    blurred = apply(GRAY, 'classical', {'scale': 1, 'width': 1.2, 'sigma': 2.0})
    result = restore(
        blurred.image, method='dpir', task='deblur', kernel=blurred.kernel, sigma=2.0,
        params={'model': 'box', 'iterations': 2, 'augment': False},
    )  # fmt: skip
    assert result.image.shape == GRAY.shape
    cracked = apply(RGB, 'craquelure')
    result = restore(
        cracked.image, method='dpir', task='inpaint', mask=cracked.mask,
        params={'model': 'box', 'iterations': 2, 'augment': False},
    )  # fmt: skip
    np.testing.assert_array_equal(result.image[~cracked.mask], RGB[~cracked.mask])


@pytest.mark.parametrize('name', PLAIN)
def test_tiny_images_do_not_crash(name: str) -> None:
    scaled = any(p.name == 'scale' for p in DEGRADATIONS[name].parameters)
    for rows, cols in ((1, 1), (1, 8), (3, 2), (8, 8)):
        for image in (GRAY[:rows, :cols], RGB[:rows, :cols], GRAY[:rows, :cols] / 255):
            made = apply(image, name, {'scale': 1} if scaled else None)
            assert made.image.shape == image.shape


def test_parameters_may_be_an_object_or_names_and_values() -> None:
    chosen = DEGRADATIONS['jpeg'].parameters_class.create({'quality': 30})
    np.testing.assert_array_equal(
        apply(GRAY, 'jpeg', chosen).image, apply(GRAY, 'jpeg', {'quality': 30}).image
    )


@pytest.mark.parametrize(
    ('call', 'error', 'words'),
    [
        (lambda: apply(GRAY, 'gausian_noise'), MethodError, "did you mean 'gaussian_noise'"),
        (lambda: apply(GRAY, 'jpeg', {'qualty': 3}), ParameterError, "did you mean 'quality'"),
        (lambda: apply(GRAY, 'jpeg', {'quality': 0}), ParameterError, 'from 1 to 100'),
        (lambda: apply(GRAY, 'jpeg', seed=-1), ParameterError, 'at least 0'),
        (lambda: apply(GRAY, 'mosaic'), ImageError, 'RGB'),
        (lambda: apply(GRAY, 'gaussian_noise', {'sigma': -1}), ParameterError, 'sigma'),
        (lambda: apply(GRAY, 'camera_noise', {'photons': 0}), ParameterError, 'photons'),
        (lambda: apply(GRAY[:3], 'bsrgan'), ImageError, '4-fold'),
        (lambda: apply(GRAY[0], 'jpeg'), ImageError, 'row'),
        (lambda: apply(np.full((4, 4), np.nan), 'jpeg'), ImageError, '16 NaN'),
        (lambda: apply(GRAY, 'jpeg', axes='ZYX'), ImageError, 'axes'),
        (lambda: apply(GRAY, 'jpeg', data_range=(1, 0)), ParameterError, 'data_range'),
    ],
)
def test_bad_input_is_refused(
    call: Callable[[], object], error: type[FrescoError], words: str
) -> None:
    with pytest.raises(error, match=words):
        call()


def test_what_panels_show_needs_no_torch() -> None:
    code = (
        'import sys; from napari_fresco import degrade; assert degrade.DEGRADATIONS; '
        'sys.exit("torch" in sys.modules)'
    )
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0


def test_every_degradation_has_a_function() -> None:
    assert list(FUNCTIONS) == list(DEGRADATIONS)


def test_the_guide_names_every_degradation() -> None:
    guide = Path(__file__).parent.parent / 'docs/pages/guides/simulate.md'
    text = guide.read_text(encoding='utf-8')
    assert all(f'`{name}`' in text for name in DEGRADATIONS)
