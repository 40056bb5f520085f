"""``napari-fresco simulate``: files in, files out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from skimage import io

from napari_fresco.degrade import DEGRADATIONS, apply
from napari_fresco.io.mask_files import read_mask

from .command_line import call


def simulate(*arguments: object) -> int:
    return call('simulate', *arguments)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / 'wall.png'
    image = np.random.default_rng(0).integers(90, 160, (24, 20, 3), dtype=np.uint8)
    io.imsave(path, image, check_contrast=False)
    return path


def test_everything_is_written_as_in_python(picture, tmp_path, capsys) -> None:
    out, truth, kernel, record = (tmp_path / n for n in ('o.png', 't.png', 'k.tif', 'r.json'))
    assert simulate(
        picture, '-o', out, '-d', 'classical', '--scale', 3, '--sigma', 4, '--kernel', 'mzsr',
        '--seed', 5, '--save-truth', truth, '--save-kernel', kernel, '--save-record', record,
    ) == 0  # fmt: skip
    made = apply(
        io.imread(picture), 'classical', {'scale': 3, 'sigma': 4, 'kernel': 'mzsr'}, seed=5
    )
    np.testing.assert_array_equal(io.imread(out), made.image)
    np.testing.assert_array_equal(io.imread(truth), made.truth)
    np.testing.assert_allclose(tifffile.imread(kernel), made.kernel, atol=1e-7)
    assert json.loads(record.read_text()) == made.record
    assert 'Blur, decimation and noise, seed 5' in capsys.readouterr().out


def test_masks_and_maps_of_a_stack(tmp_path) -> None:
    stack = np.random.default_rng(0).integers(100, 900, (3, 16, 18)).astype(np.uint16)
    source, out = tmp_path / 'cells.tif', tmp_path / 'out.tif'
    tifffile.imwrite(source, stack, imagej=True, resolution=(5, 5),
                     metadata={'axes': 'ZYX', 'unit': 'um'})  # fmt: skip
    mask, levels = tmp_path / 'mask.tif', tmp_path / 'map.npy'
    assert simulate(source, '-o', out, '-d', 'flakes', '--size', 5, '--save-mask', mask, '-q') == 0
    made = apply(stack, 'flakes', {'size': 5})
    np.testing.assert_array_equal(tifffile.imread(out), made.image)
    np.testing.assert_array_equal(read_mask(mask).data, made.mask)
    assert simulate(source, '-o', out, '-d', 'noise_map', '--save-map', levels, '--overwrite') == 0
    assert np.load(levels).shape == stack.shape


def test_pixels_of_a_smaller_image_are_larger(tmp_path) -> None:
    source, out = tmp_path / 'cells.tif', tmp_path / 'out.tif'
    tifffile.imwrite(source, np.zeros((16, 18), np.uint16), imagej=True, resolution=(5, 5),
                     metadata={'axes': 'YX', 'unit': 'um'})  # fmt: skip
    assert simulate(source, '-o', out, '-d', 'bicubic', '--scale', 2, '-q') == 0
    with tifffile.TiffFile(out) as file:
        numerator, denominator = file.pages[0].tags['XResolution'].value
        assert numerator / denominator == pytest.approx(2.5)


def test_a_mosaic_loses_its_colours(picture, tmp_path) -> None:
    out = tmp_path / 'raw.png'
    assert simulate(picture, '-o', out, '-d', 'mosaic', '--pattern', 'BGGR', '-q') == 0
    assert io.imread(out).shape == (24, 20)


def test_warnings_are_reported(picture, tmp_path, capsys) -> None:
    out = tmp_path / 'o.png'
    assert simulate(picture, '-o', out, '-d', 'gaussian_noise', '--sigma', 200) == 0
    assert 'values were clipped to fit uint8' in capsys.readouterr().err


@pytest.mark.parametrize('name', [n for n in DEGRADATIONS if n != 'bsrgan_plus'])
def test_every_degradation_runs(name: str, picture, tmp_path) -> None:
    assert simulate(picture, '-o', tmp_path / 'o.png', '-d', name, '-q') == 0


def test_help_lists_degradations_and_parameters(capsys) -> None:
    assert simulate('--help') == 0
    text = ' '.join(capsys.readouterr().out.split())
    assert all(name in text for name in DEGRADATIONS)
    assert '--kernel-position' in text
    assert '--no-sharpen' in text


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (('-d', 'blur'), "unknown degradation 'blur'"),
        (('-d', 'lines', '--photons', '3'), 'camera_noise'),
        (('-d', 'lines', '--width', '2.5'), 'whole number'),
        (('-d', 'lines', '--width', 'two'), 'not a whole number'),
        (('-d', 'lines', '--fill', 'pink'), "'white'"),
        (('-d', 'lines', '--save-kernel', 'k.tif'), 'gives no kernel'),
        (('-d', 'lines', '--save-map', 'm.tif'), 'gives no map'),
        (('-d', 'classical', '--save-kernel', 'k.png'), 'suffix'),
        (('-d', 'lines', '--save-mask', 'out.png'), 'two results'),
        (('-d', 'lines', '--seed', '-2'), 'at least 0'),
        (('-d', 'bsrgan', '--scale', '9'), 'from 1 to 8'),
    ],
)
def test_errors_are_one_line(arguments, words, picture, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert simulate(picture, '-o', 'out.png', *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith('error: ')
    assert error.count('\n') == 1
    assert words in error
    assert not Path('out.png').exists()


def test_an_existing_file_is_kept(picture, tmp_path, capsys) -> None:
    out = tmp_path / 'o.png'
    out.write_bytes(b'precious')
    assert simulate(picture, '-o', out, '-d', 'lines') == 2
    assert out.read_bytes() == b'precious'
    assert 'exists' in capsys.readouterr().err
