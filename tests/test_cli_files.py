"""The command line on files as they come: several images, scanners, other formats out than in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

import napari_fresco as fresco
from napari_fresco.batch import side_files
from napari_fresco.io.files import read

from .command_line import call, printed

Run = Callable[..., 'Done']


class Done(NamedTuple):
    """How the program ended."""

    exit_code: int
    stderr: str
    output: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Run:
    monkeypatch.chdir(tmp_path)

    def restored(*arguments: str) -> Done:
        status = call(*arguments, '-m', 'ffdnet', '--sigma', 5)
        said = capsys.readouterr()
        return Done(status, said.err, said.out + said.err)

    return restored


def positions(path: Path) -> None:
    with tifffile.TiffWriter(path) as file:
        for i in range(3):
            named = {'axes': 'YX', 'Name': f'position {i}'}
            file.write(np.full((32, 32), 1000 * (i + 1), np.uint16), metadata=named)


def test_all_images_of_a_file_are_restored_into_one(run: Run) -> None:
    positions(Path('a.ome.tif'))
    done = run('restore', 'a.ome.tif', '-o', 'b.ome.tif', '--save-provenance', 'b.json')
    assert done.exit_code == 0, done.output
    assert 'holds 3 images' in done.stderr
    for i in range(3):
        restored = read('b.ome.tif', series=f'position {i}')
        assert abs(np.mean(restored.data) - 1000 * (i + 1)) < 20
    assert Path('b.json').read_text().count('input_sha256') == 3


def test_one_image_of_a_file_is_restored(run: Run) -> None:
    positions(Path('a.ome.tif'))
    done = run('restore', 'a.ome.tif', '-o', 'b.tif', '--series', 'position 1')
    assert done.exit_code == 0, done.output
    assert abs(np.mean(read('b.tif').data) - 2000) < 20
    done = run('restore', 'a.ome.tif', '-o', 'c.tif', '--series', '7')
    assert done.exit_code == 2
    assert 'no series' in done.output


def test_one_image_of_a_file_is_evaluated(run: Run, capsys: Any) -> None:
    random = np.random.default_rng(0)
    scenes = [500 * (i + 1) + 40 * np.indices((48, 48))[0] for i in range(2)]
    for name, noise in (('a', 5), ('truth', 0)):
        with tifffile.TiffWriter(f'{name}.ome.tif') as file:
            for i, scene in enumerate(scenes):
                data = (scene + random.normal(0, noise, scene.shape)).astype(np.uint16)
                file.write(data, metadata={'axes': 'YX', 'Name': f'position {i}'})
    kept = ['--save-provenance', 'b.json']
    assert run('restore', 'a.ome.tif', '-o', 'b.ome.tif', *kept).exit_code == 0
    asked = ['evaluate', 'b.ome.tif', '-i', 'a.ome.tif', '--truth', 'truth.ome.tif']
    said = printed(capsys, *asked, code=2)
    assert 'holds 2 images; choose one by --series: 0: position 0' in said
    written = ['--json', 'c.json', '--report', 'c.html']
    said = printed(capsys, *asked, '--series', 'position 1', *written)
    assert 'not used' not in said
    numbers = json.loads(Path('c.json').read_text())
    assert numbers['truth']['input_rmse'] == pytest.approx(5, rel=0.1)
    assert numbers['truth']['rmse'] < 0.95 * numbers['truth']['input_rmse']
    assert '--series 1' in Path('c.html').read_text()
    assert run('restore', 'a.ome.tif', '-o', 'd.tif', '--series', '1').exit_code == 0
    asked[1] = 'd.tif'
    assert 'rmse' in printed(capsys, *asked, '--series', '1').lower()
    assert 'no series' in printed(capsys, *asked, '--series', '4', code=2)
    assert printed(capsys, 'cite', 'b.ome.tif') == printed(capsys, 'cite', 'b.json')


def test_several_pictures_are_numbered(run: Run) -> None:
    one, other = (Pillow.fromarray(np.full((32, 32), i, np.uint8)) for i in (50, 150))
    one.save('a.jpg', 'MPO', save_all=True, append_images=[other])
    done = run('restore', 'a.jpg', '-o', 'b.png')
    assert done.exit_code == 0, done.output
    assert 'written as b_1.png, b_2.png' in done.output
    means = [np.mean(read(f'b_{i}.png').data) for i in (1, 2)]
    assert means == pytest.approx([50, 150], abs=3)
    done = run('restore', 'a.jpg', '-o', 'b.png')
    assert (done.exit_code, 'b_1.png exists' in done.output) == (2, True)


@pytest.mark.parametrize(('name', 'said'), [('b.jpg', True), ('b.png', False)])
def test_a_jpeg_of_a_fill_is_said_to_change_what_was_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, name: str, said: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    fresco.write('a.png', np.full((32, 32), 100, np.uint8))
    fresco.write('m.png', np.eye(32) > 0)
    fill = ('-m', 'dpir', '-t', 'inpaint', '--mask', 'm.png', '--iterations', 1)
    assert call('restore', 'a.png', '-o', name, *fill) == 0
    assert ('b.jpg: a JPEG changes' in capsys.readouterr().err) == said


def test_what_became_of_an_image_is_said_and_kept(run: Run) -> None:
    tag = (274, 'H', 1, 6, True)
    tifffile.imwrite('a.tif', np.full((32, 48), 100, np.uint8), extratags=[tag])
    done = run('restore', 'a.tif', '-o', 'b.tif')
    assert done.stderr.count('turned upright') == 1
    assert read('b.tif').shape == (48, 32)
    result = fresco.restore(read('a.tif'), method='ffdnet', sigma=5)
    assert 'turned upright' in result.provenance['warnings'][0]


def test_samples_that_are_no_colours_stay_samples(run: Run) -> None:
    bands = np.random.default_rng(0).integers(0, 200, (32, 48, 5), np.uint8)
    tifffile.imwrite('a.tif', bands, photometric='minisblack', planarconfig='contig', metadata=None)
    assert run('restore', 'a.tif', '-o', 'b.tif').exit_code == 0
    with tifffile.TiffFile('b.tif') as file:
        assert (len(file.pages), file.pages[0].shape) == (1, bands.shape)
    done = run('restore', 'a.tif', '-o', 'b.png')
    assert (done.exit_code, 'one plane' in done.output) == (2, True)


def test_maps_are_written_with_their_own_axes(run: Run) -> None:
    micro = {'Y': (0.1, 'um'), 'X': (0.1, 'um'), 'T': (2.0, 's')}
    stack = np.random.default_rng(0).integers(0, 200, (32, 32, 2), np.uint8)
    fresco.write('a.tif', fresco.Image(stack, 'YXT', micro))
    done = run('restore', 'a.tif', '-o', 'b.tif', '--ensemble', '--save-spread', 'u.tif')
    assert done.exit_code == 0, done.output
    for name in ('b.tif', 'u.tif'):
        assert (read(name).axes, read(name).spacing) == ('TYX', micro)


def test_stores_go_in_and_out_like_files(run: Run) -> None:
    spacing = {'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')}
    data = np.random.default_rng(0).integers(80, 120, (2, 2, 32, 32)).astype('u2')
    fresco.write('a.ome.zarr', fresco.Image(data, 'CZYX', spacing, channels=('a', 'b')))
    assert run('restore', 'a.ome.zarr', '-o', 'b.ome.zarr').exit_code == 0
    back = read('b.ome.zarr')
    assert (back.axes, back.channels, back.dtype) == ('CZYX', ('a', 'b'), np.uint16)
    assert back.spacing == spacing
    assert back.metadata['provenance']['method'] == 'ffdnet'
    assert run('batch', 'a.ome.zarr', '-o', 'out', '--suffix', '.tif').exit_code == 0
    np.testing.assert_array_equal(read('out/a.ome.tif').data, back.data)
    assert run('restore', 'a.ome.zarr', '-o', 'b.ome.zarr').exit_code == 2
    assert run('restore', 'a.ome.zarr', '-o', 'b.ome.zarr', '--overwrite').exit_code == 0
    np.testing.assert_array_equal(read('b.ome.zarr').data, back.data)
    assert run('batch', 'a.ome.zarr', '-o', 'out').exit_code == 0
    np.testing.assert_array_equal(read('out/a.ome.zarr').data, back.data)


def test_nothing_that_is_read_is_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    image = np.random.default_rng(0).integers(80, 120, (32, 32)).astype('u2')
    for name in ('a.tif', 'a.ome.zarr'):
        fresco.write(name, image)
    fresco.write('mask.tif', (image > 118).astype('u1'))
    fill = ('-m', 'dpir', '-t', 'inpaint', '--iterations', 1, '--mask', 'mask.tif')
    for given in (
        ('restore', 'a.tif', '-o', './a.tif', '-m', 'ffdnet'),
        ('restore', 'a.tif', '-o', 'b.tif', '--save-variance', 'a.tif', '-m', 'virnet'),
        ('restore', 'a.ome.zarr', '-o', 'a.ome.zarr', '-m', 'ffdnet'),
        ('restore', 'a.tif', '-o', 'mask.tif', *fill),
        ('simulate', 'a.tif', '-d', 'gaussian_noise', '-o', 'a.tif'),
    ):
        assert call(*given, '--overwrite') == 2
        assert 'give another name' in capsys.readouterr().err
    for name in ('a.tif', 'a.ome.zarr'):
        np.testing.assert_array_equal(read(name).data, image)


def test_a_kernel_of_a_volume_is_taken_as_it_is(tmp_path: Path) -> None:
    psf = np.ones((3, 5, 5), np.float32)
    spacing = {'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')}
    fresco.write(tmp_path / 'psf.ome.tif', fresco.Image(psf, 'ZYX', spacing))
    kernel = side_files._kernel(str(tmp_path / 'psf.ome.tif'), None)
    assert fresco.kernels.Kernel.of(kernel, ndim=3).spacing == spacing
    np.save(tmp_path / 'psf.npy', psf)
    assert side_files._kernel(str(tmp_path / 'psf.npy'), None).shape == (3, 5, 5)
    plane = side_files._kernel(str(tmp_path / 'psf.ome.tif'), 1)
    assert plane.shape == (5, 5)
    assert plane.spacing == {axis: spacing[axis] for axis in 'YX'}
