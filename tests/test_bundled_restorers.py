"""The restorers as they come: offline, with the bundled weights, better than nothing done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from scipy import ndimage
from skimage import data, io
from skimage.transform import resize

import napari_fresco as fresco
from napari_fresco.evidence.metrics import psnr, to_uint8

from .command_line import call


@pytest.fixture(scope='module')
def truth() -> np.ndarray:
    return data.astronaut()[20:148, 160:288]


def noisy(truth: np.ndarray, sigma: float) -> np.ndarray:
    return fresco.degrade.apply(truth, 'gaussian_noise', {'sigma': sigma}, seed=3).image


def bicubic(image: np.ndarray, scale: int) -> np.ndarray:
    shape = (image.shape[0] * scale, image.shape[1] * scale)
    return to_uint8(resize(image / 255, shape, order=3))


@pytest.mark.parametrize(
    ('method', 'gain'), [('virnet', 7), ('vdir', 7), ('scunet', 5)], ids=lambda v: str(v)
)
def test_blind_denoisers_remove_noise(truth, method, gain) -> None:
    image = noisy(truth, 25)
    restored = fresco.restore(image, method=method, device='cpu').image
    assert psnr(restored, truth, 255) > psnr(image, truth, 255) + gain


@pytest.mark.parametrize('grain', [0.0, 0.7, 2.0])
def test_a_blind_method_that_leaves_noise_with_a_grain_is_caught(truth, grain: float) -> None:
    random = np.random.default_rng(0)
    if grain == 2.0:  # every pixel was enlarged to four
        noise = np.kron(random.normal(size=(64, 64)), np.ones((2, 2)))
    else:
        noise = ndimage.gaussian_filter(random.normal(size=truth.shape[:2]), grain)
    clean = truth[..., 1]
    image = (clean + 15 * noise / noise.std()).clip(0, 255).astype(np.uint8)
    result = fresco.restore(image, method='virnet', device='cpu')
    ok = {check.name: check.ok for check in result.checks}
    won = psnr(result.image, clean, 255) - psnr(image, clean, 255)
    assert (won > 3) == ok['noise'] == (grain == 0)
    assert all(ok[name] for name in ('objects', 'worse', 'repainted'))


def test_the_noise_level_is_found(truth) -> None:
    columns = np.linspace(8, 40, truth.shape[1])
    random = np.random.default_rng(0)
    image = truth + columns[:, None] * random.normal(size=truth.shape)
    found = fresco.restore(image, method='virnet', data_range=(0, 255), estimate_only=True)
    level = np.sqrt(found.variance).mean(axis=0)
    assert np.corrcoef(level, columns)[0, 1] > 0.97
    assert np.abs(level / columns - 1).mean() < 0.25


@pytest.mark.parametrize('name', ['gray', 'colour'])
def test_a_noise_map_steers_another_method(truth, name) -> None:
    clean = truth if name == 'colour' else truth[..., 1]
    columns = np.linspace(4, 45, truth.shape[1])
    shaped = columns[:, None] if name == 'colour' else columns
    image = clean + shaped * np.random.default_rng(0).normal(size=clean.shape)
    asked = {'method': 'ffdnet', 'data_range': (0, 255), 'device': 'cpu'}
    steered = psnr(fresco.restore(image, sigma='virnet', **asked).image, clean, 255)
    levels = np.broadcast_to(columns, clean.shape[:2])
    told, one_number = (
        psnr(fresco.restore(image, sigma=sigma, **asked).image, clean, 255)
        for sigma in (levels, columns.mean())
    )
    assert steered > one_number
    assert steered > told - 0.3


@pytest.mark.parametrize('quality', [10, 40])
def test_jpeg_artefacts_are_removed(truth, quality) -> None:
    image = fresco.degrade.apply(truth, 'jpeg', {'quality': quality}).image
    restored = fresco.restore(image, method='vdir', task='deblock', device='cpu').image
    assert psnr(restored, truth, 255) > psnr(image, truth, 255) + 0.3


@pytest.mark.parametrize('scale', [2, 4])
def test_blind_enlarging_beats_bicubic(truth, scale) -> None:
    seen = fresco.degrade.apply(
        truth, 'virnet', {'scale': scale, 'sigma': 2.55, 'kernel': 'test 2'}, seed=1
    )
    result = fresco.restore(
        seen.image, method='virnet', task='super_resolve', scale=scale, device='cpu'
    )
    base = psnr(bicubic(seen.image, scale), seen.truth, 255, border=scale)
    assert psnr(result.image, seen.truth, 255, border=scale) > base + 0.3
    assert result.provenance['kernel']['scale'] == scale


@pytest.mark.parametrize('position', ['centred', 'shifted'])
def test_usrnet_agrees_with_the_kernel_wherever_it_looks(truth, position) -> None:
    asked = {'scale': 2, 'kernel': 'gaussian', 'width': 1.4, 'kernel_position': position}
    seen = fresco.degrade.apply(truth, 'classical', {**asked, 'border': 'wrap'}, seed=1)
    result = fresco.restore(
        seen.image, method='usrnet', scale=2, kernel=seen.kernel, sigma=1, device='cpu'
    )
    assert psnr(result.image, seen.truth, 255, border=4) > 29
    offset = result.provenance['geometry']['offset'][0]
    assert offset == (0 if position == 'centred' else -0.25)


def test_deblurring_with_usrnet(truth) -> None:
    kernel = fresco.kernels.gaussian(1.6)
    seen = fresco.degrade.apply(
        truth, 'classical', {'scale': 1, 'kernel': 'gaussian', 'width': 1.6, 'sigma': 2}
    )
    result = fresco.restore(
        seen.image, method='usrnet', task='deblur', kernel=kernel, sigma=2, device='cpu'
    )
    assert psnr(result.image, truth, 255) > psnr(seen.image, truth, 255) + 2


def test_the_command_line_estimates_and_keeps_maps(truth, tmp_path: Path, capsys: Any) -> None:
    source = tmp_path / 'photo.png'
    io.imsave(source, noisy(truth[:48, :56], 15), check_contrast=False)
    kept = {n: tmp_path / f'{n}.tif' for n in ('variance', 'kernel', 'spread')}
    record = tmp_path / 'record.json'
    arguments = ['restore', source, '-o', tmp_path / 'large.png', '-m', 'usrnet', '--scale', 2]
    arguments += ['--kernel', 'virnet', '--sigma', 'virnet', '--ensemble', '-q']
    arguments += [a for n, path in kept.items() for a in (f'--save-{n}', path)]
    assert call(*arguments, '--save-provenance', record) == 0
    assert io.imread(tmp_path / 'large.png').shape == (96, 112, 3)
    assert tifffile.imread(kept['variance']).shape == (96, 112)
    assert tifffile.imread(kept['spread']).shape == (96, 112, 3)
    assert tifffile.imread(kept['kernel']).sum() == pytest.approx(1, abs=1e-5)
    first = json.loads(record.read_text())['estimate']
    assert (first['task'], first['estimate']['task']) == ('super_resolve', 'denoise')


def test_the_command_line_keeps_the_latent(truth, tmp_path: Path, capsys: Any) -> None:
    source, latent = tmp_path / 'photo.png', tmp_path / 'latent.npy'
    io.imsave(source, truth[:40, :48], check_contrast=False)
    common = ['restore', source, '-o', tmp_path / 'clean.png', '-m', 'vdir', '-q', '--overwrite']
    for more, code in (([], 2), (['--show-latent'], 0)):
        assert call(*common, '--save-latent', latent, *more) == code
    assert 'show-latent' in capsys.readouterr().err
    assert np.load(latent).shape == (4, 10, 12)
