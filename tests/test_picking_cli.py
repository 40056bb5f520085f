"""``--series``, ``--channel`` and ``--axes``: the same in all commands that read images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.cli import main

from .command_line import printed

PICKING = ('--series', '--channel', '--axes')


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hold a file of two images, noisy counts and white noise, and one of two such channels."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    field = ndimage.gaussian_filter(random.normal(size=(128, 128)), 8)
    light = 20 + 180 * (field - field.min()) / np.ptp(field)
    counts = np.float32(2.0 * random.poisson(light) + 100 + random.normal(0, 3, light.shape))
    white = np.float32(light + random.normal(0, 10, light.shape))
    with tifffile.TiffWriter('two.tif') as file:
        file.write(white, metadata={'axes': 'YX'})
        file.write(counts, metadata={'axes': 'YX'})
    fresco.write('channels.tif', fresco.Image(np.stack([white, counts]), 'CYX'))
    np.save('stack.npy', np.stack([counts] * 5))
    return tmp_path


@pytest.mark.parametrize('command', ['camera', 'recommend', 'simulate', 'restore', 'evaluate'])
def test_commands_that_read_images_pick_one(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, '--help'])
    said = capsys.readouterr().out
    assert all(option in said for option in PICKING)


def test_camera_of_a_series_and_of_a_channel(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for asked in (('two.tif', '--series', 1), ('channels.tif', '--channel', 1)):
        assert 'photo-electron' in printed(capsys, 'camera', *asked)
    for asked in (('two.tif', '--series', 0), ('channels.tif', '--channel', 0)):
        assert 'no photon noise' in printed(capsys, 'camera', *asked)
    assert printed(capsys, 'camera', 'stack.npy', '--axes', 'TYX').count('gain') == 1


def test_stacks_of_a_series_calibrate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    for name, level in (('dark', 0), ('low', 50), ('high', 400)):
        frames = 2.0 * random.poisson(level, (10, 32, 32)) + random.normal(100, 3, (10, 32, 32))
        with tifffile.TiffWriter(f'{name}.tif') as file:
            file.write(np.zeros((4, 32, 32), np.uint16), metadata={'axes': 'TYX'})
            file.write(np.rint(frames).astype(np.uint16), metadata={'axes': 'TYX'})
    flats = ('--flat', 'low.tif', '--flat', 'high.tif')
    out = printed(capsys, 'camera', '--dark', 'dark.tif', *flats, '--series', 1)
    assert '30 frames, 2 levels' in out


def test_simulated_is_the_series_that_was_picked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ('-d', 'gaussian-noise', '--sigma', 5, '-o', 'made.tif', '--save-truth', 'truth.tif')
    printed(capsys, 'simulate', 'two.tif', '--series', 1, *asked)
    assert np.array_equal(fresco.read('truth.tif').data, tifffile.imread('two.tif', series=1))


def test_the_command_that_is_recommended_picks_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = printed(capsys, 'recommend', 'channels.tif', '--channel', 1)
    assert '--channel 1' in out.splitlines()[-1]
