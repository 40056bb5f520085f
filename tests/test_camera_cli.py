"""``camera``: from one image, from stacks, and on to a restoration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco

from .command_line import printed


def shot(light: np.ndarray, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (2.0 * random.poisson(light) + 100 + random.normal(0, 3, light.shape)).astype(np.float32)


def scene(side: int = 128) -> np.ndarray:
    field = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(side, side)), 8)
    return np.asarray(20 + 180 * (field - field.min()) / np.ptp(field))


def test_one_image_tells_its_camera(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / 'a.npy', shot(scene()))
    out = printed(capsys, 'camera', tmp_path / 'a.npy', '-o', tmp_path / 'camera.json')
    assert 'image units per photo-electron' in out
    assert 'assumed to be the dark level' in out
    preset = json.loads((tmp_path / 'camera.json').read_text())
    assert preset['gain'] == pytest.approx(2, rel=0.2)
    out = printed(capsys, 'camera', tmp_path / 'a.npy', '--offset', 100)
    assert 'assumed' not in out


def test_white_noise_is_no_camera(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noisy = scene() + np.random.default_rng(0).normal(0, 10, (128, 128))
    fresco.write(tmp_path / 'a.tif', fresco.Image(np.float32([noisy, noisy]), 'CYX'))
    out = printed(capsys, 'camera', tmp_path / 'a.tif', '-o', tmp_path / 'camera.json')
    assert out.count('no photon noise') == 2
    assert not (tmp_path / 'camera.json').exists()


def test_stacks_make_a_preset_that_restores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stack(name: str, light: float) -> Path:
        path = tmp_path / name
        frames = [shot(np.full((32, 32), light), seed) for seed in range(10)]
        fresco.write(path, fresco.Image(np.rint(frames).astype(np.uint16), 'TYX'))
        return path

    flats = [
        part for i, x in enumerate((20, 100, 500)) for part in ('--flat', stack(f'{i}.tif', x))
    ]
    dark, preset = stack('dark.tif', 0), tmp_path / 'camera.json'
    out = printed(capsys, 'camera', '--dark', dark, *flats, '-o', preset, '--name', 'left')
    assert '40 frames, 3 levels' in out
    kept = json.loads(preset.read_text())
    assert kept['name'] == 'left'
    assert kept['gain'] == pytest.approx(2, rel=0.05)
    assert kept['offset'] == pytest.approx(100, abs=0.3)
    result = fresco.restore(shot(scene(48)), method='ffdnet', params=preset)
    noise = result.provenance['noise'][0]
    assert noise['found'] == 'given'
    assert (noise['gain'], noise['offset']) == (kept['gain'], kept['offset'])


def test_what_is_to_be_measured_must_be_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / 'a.npy', shot(scene(32)))
    for given in ((), ('--dark', tmp_path / 'a.npy'), (tmp_path / 'a.npy', '--flat', 'b.tif')):
        assert 'give an image, or --dark and --flat' in printed(capsys, 'camera', *given, code=2)
