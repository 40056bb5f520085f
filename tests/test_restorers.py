"""Every trained restorer through the public functions, with random weights in a file."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

import napari_fresco as fresco
from napari_fresco import kernels, networks
from napari_fresco.errors import FrescoError, KernelError, ParameterError, WeightsError
from napari_fresco.runtime import tiled_network

from .untrained import drawn

_UNET = {'n_feat': [4, 6], 'dep_S': 3, 'n_resblocks': 1, 'extra_mode': 'Input'}
_VIRNET = {'im_chn': 3, 'sigma_chn': 1, **_UNET, 'noise_avg': False}
_VIRNET_SR = {**_VIRNET, 'dep_K': 1, 'noise_avg': True, 'noise_prior': 'variance'}
_VDIR = {'channels': 3, 'width': 4, 'latent': 4, 'groups': 1, 'blocks': 1}
_USRNET = {'n_iter': 2, 'h_nc': 4, 'in_nc': 4, 'out_nc': 3, 'nc': [4, 4, 4, 4], 'nb': 1}
_SCUNET = {'in_nc': 3, 'config': [1] * 7, 'dim': 8, 'head_dim': 4}

CASES: dict[str, tuple[str, dict[str, Any], list[int] | None, dict[str, Any]]] = {
    'usrnet x2': ('usrnet', _USRNET, None, {'method': 'usrnet', 'scale': 2}),
    'usrnet x3': ('usrnet', _USRNET, None, {'method': 'usrnet', 'scale': 3, 'assume': 'bicubic'}),
    'usrnet deblur': (
        'usrnet',
        _USRNET,
        None,
        {'method': 'usrnet', 'task': 'deblur', 'kernel': np.ones((1, 1))},
    ),
    'usrgan x4': ('usrnet', _USRNET, None, {'method': 'usrgan', 'scale': 4}),
    'virnet denoise': ('virnet', _VIRNET, None, {'method': 'virnet'}),
    'virnet x2': (
        'virnet_sr',
        _VIRNET_SR,
        [2],
        {'method': 'virnet', 'task': 'super_resolve', 'scale': 2},
    ),
    'vdir denoise': ('vdir', _VDIR, None, {'method': 'vdir', 'show_latent': True}),
    'vdir sample': ('vdir', _VDIR, None, {'method': 'vdir', 'latent': 'sample', 'samples': 2}),
    'vdir deblock': ('vdir', _VDIR, None, {'method': 'vdir', 'task': 'deblock'}),
    'vdir x2': (
        'vdir',
        {**_VDIR, 'scale': 2},
        [2],
        {'method': 'vdir', 'task': 'super_resolve', 'scale': 2},
    ),
    'scunet': ('scunet', _SCUNET, None, {'method': 'scunet', 'strength': 0.5}),
    'bsrgan x2': (
        'rrdbnet',
        {'in_nc': 3, 'out_nc': 3, 'nf': 4, 'nb': 1, 'gc': 2, 'sf': 2},
        [2],
        {'method': 'bsrgan', 'scale': 2},
    ),
}


@pytest.fixture(scope='module')
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write a file of random weights for every case."""
    folder = tmp_path_factory.mktemp('weights')
    written = {}
    for name, (architecture, config, scales, _) in CASES.items():
        metadata = {'architecture': architecture, 'config': json.dumps(config)}
        if scales:
            metadata['scales'] = json.dumps(scales)
        written[name] = folder / f'{name.replace(" ", "_")}.safetensors'
        tensors = drawn(networks.build(architecture, **config)).state_dict()
        save_file({k: v.contiguous() for k, v in tensors.items()}, written[name], metadata)
    return written


def restore(files: dict[str, Path], case: str, image: Any, **more: Any) -> fresco.Result:
    asked = {**CASES[case][3], 'model': str(files[case]), 'device': 'cpu', **more}
    return fresco.restore(image, **asked)


def image_of(*shape: int, dtype: Any = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 200, shape).astype(dtype)


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('shape', [(1, 1), (1, 9, 3), (9, 1), (5, 7), (17, 30, 4), (2, 9, 11)])
def test_any_image_comes_back_in_kind(files, case, shape) -> None:
    image = image_of(*shape, dtype=np.uint16)
    result = restore(files, case, image)
    scale = CASES[case][3].get('scale', 1)
    rows = -3 if shape[-1] in (3, 4) and len(shape) == 3 else -2
    expected = list(shape)
    expected[rows] *= scale
    expected[rows + 1] *= scale
    assert result.image.shape == tuple(expected)
    assert result.image.dtype == np.uint16
    assert json.loads(json.dumps(result.provenance)) == result.provenance
    weights = result.provenance['weights']
    assert [w['name'] for w in weights] == [files[case].name]
    assert result.provenance['weights'][0]['sha256']


@pytest.mark.parametrize('case', CASES)
@settings(max_examples=8)
@given(data=st.data())
def test_missing_numbers_are_given_back_and_extremes_survive(files, case, data) -> None:
    image = image_of(9, 10).astype(np.float32)
    value = data.draw(st.sampled_from([np.nan, np.inf, -1e6, 1e6, 0.0]))
    image[data.draw(st.integers(0, 8)), data.draw(st.integers(0, 9))] = value
    scale = CASES[case][3].get('scale', 1)
    finite = np.isfinite(image).repeat(scale, 0).repeat(scale, 1)
    result = restore(files, case, image)
    np.testing.assert_array_equal(np.isfinite(result.image), finite)
    assert result.finish == 'completed'


@pytest.mark.parametrize('case', CASES)
def test_the_same_twice_and_from_a_constant_image(files, case) -> None:
    image = image_of(12, 14, 3)
    first, second = (restore(files, case, image).image for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert np.isfinite(restore(files, case, np.full((9, 9), 7.0)).image).all()


@pytest.mark.parametrize('case', [c for c in CASES if c != 'scunet'])
def test_tiles_do_not_show(files, case) -> None:
    image = image_of(70, 100, dtype=np.float32) / 200
    whole = restore(files, case, image, precision='float32').image
    tiled = restore(files, case, image, precision='float32', tile=64).image
    np.testing.assert_allclose(tiled, whole, atol=1e-4 * np.abs(whole).max())


@pytest.mark.parametrize('case', CASES)
def test_every_method_maps_its_spread(files, case) -> None:
    result = restore(files, case, image_of(9, 12, 3), ensemble=True)
    assert result.spread.shape == result.image.shape
    assert (result.spread >= 0).all()
    assert result.spread.max() > 0


def test_what_each_method_gives_beside_the_image(files) -> None:
    image = image_of(20, 24, dtype=np.float64)
    denoised = restore(files, 'virnet denoise', image)
    assert denoised.variance.shape == image.shape
    twice = restore(files, 'virnet denoise', 2 * image)
    np.testing.assert_allclose(twice.variance, 4 * denoised.variance, rtol=1e-3)
    enlarged = restore(files, 'virnet x2', image)
    assert enlarged.variance.shape == (40, 48)
    assert enlarged.kernel.shape == (21, 21)
    assert enlarged.kernel.sum() == pytest.approx(1)
    facts = enlarged.provenance['kernel']
    assert facts['downsampling'] == 'bicubic'
    assert facts['fwhm'][0] >= facts['fwhm'][1]
    assert restore(files, 'vdir denoise', image).latent.shape == (4, 5, 6)
    assert restore(files, 'vdir sample', image).spread.shape == image.shape
    assert restore(files, 'usrnet x2', image).kernel.sum() == pytest.approx(1)


def test_samples_follow_the_seed(files) -> None:
    image = image_of(12, 12, 3)
    first, same, other = (restore(files, 'vdir sample', image, seed=s).image for s in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def test_strength_zero_gives_the_image_back(files) -> None:
    image = image_of(20, 24, 3)
    np.testing.assert_array_equal(restore(files, 'scunet', image, strength=0).image, image)


def test_estimating_alone_leaves_the_image(files) -> None:
    image = image_of(20, 24)
    result = restore(files, 'virnet denoise', image, estimate_only=True)
    np.testing.assert_array_equal(result.image, image)
    assert result.variance.shape == image.shape


@pytest.mark.parametrize(
    ('case', 'wrong', 'more', 'error', 'match'),
    [
        ('scunet', 'vdir denoise', {}, WeightsError, 'looks like a VDIR.*takes an? SCUNet'),
        ('usrnet x2', 'bsrgan x2', {}, WeightsError, 'takes an? USRNet'),
        ('virnet denoise', 'virnet x2', {}, WeightsError, 'takes an? VIRNet'),
        ('bsrgan x2', 'bsrgan x2', {'scale': 4}, WeightsError, 'x2, not for x4'),
        ('virnet x2', 'virnet x2', {'scale': 3}, WeightsError, 'x2, not for x3'),
        ('vdir x2', 'vdir denoise', {}, WeightsError, 'x1|not for x2'),
        ('bsrgan x2', 'bsrgan x2', {'scale': 3}, ParameterError, '2 or 4'),
        ('usrnet x2', 'usrnet x2', {'kernel': np.ones((99, 99))}, KernelError, 'larger than'),
        ('usrnet x2', 'usrnet x2', {'kernel': 'mine'}, KernelError, "'virnet'"),
        ('usrnet x2', 'usrnet x2', {'scale': 9}, ParameterError, 'from 2 to 8'),
        ('usrnet x2', 'usrnet x2', {'assume': 'photo'}, ParameterError, 'clean photo'),
        ('scunet', 'scunet', {'strength': 1.5}, ParameterError, 'at most|from 0'),
        ('vdir denoise', 'vdir denoise', {'sigma': np.ones((3, 3))}, ParameterError, 'match'),
    ],
)
def test_what_does_not_fit_is_said(files, case, wrong, more, error, match) -> None:
    with pytest.raises(error, match=match) as raised:
        restore(files, case, image_of(12, 12, 3), model=str(files[wrong]), **more)
    assert isinstance(raised.value, FrescoError)


def test_a_denoiser_that_is_none_is_refused_as_a_prior(files) -> None:
    with pytest.raises(WeightsError, match='looks like a USRNet'):
        fresco.restore(image_of(12, 12), method='dpir', model=str(files['usrnet x2']))
    result = fresco.restore(image_of(12, 12), method='dpir', model=str(files['scunet']))
    assert result.image.shape == (12, 12)


def test_a_cancelled_run_frees_the_network(files, monkeypatch) -> None:
    networks_made: list[weakref.ref[Any]] = []
    made = tiled_network.TiledNetwork.__init__

    def remembering(self: Any, network: Any, **options: Any) -> None:
        made(self, network, **options)
        networks_made.append(weakref.ref(network))

    monkeypatch.setattr(tiled_network.TiledNetwork, '__init__', remembering)
    steps = fresco.iterate(
        image_of(24, 24),
        method='usrnet',
        scale=2,
        kernel=kernels.gaussian(1.0),
        model=str(files['usrnet x2']),
        device='cpu',
    )
    next(steps)
    steps.close()
    gc.collect()
    assert len(networks_made) == 1
    assert networks_made[0]() is None
