"""The command line: files in, files out, one line and status 2 when something is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from skimage import io

from napari_fresco.cli import cli
from napari_fresco.declare.fields import flag
from napari_fresco.declare.methods import METHODS
from napari_fresco.restoration.session import Session
from napari_fresco.runtime import denoisers

from .command_line import call


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / 'wall.png'
    image = np.random.default_rng(0).integers(90, 160, (24, 20, 3), dtype=np.uint8)
    io.imsave(path, image, check_contrast=False)
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    path = tmp_path / 'mask.png'
    damage = np.zeros((24, 20), np.uint8)
    damage[5:8, 4:12] = 255
    io.imsave(path, damage, check_contrast=False)
    return path


def test_restore_writes_image_kernel_and_provenance(picture, tmp_path, capsys) -> None:
    kernel = tmp_path / 'k.npy'
    np.save(kernel, np.ones((3, 3)))
    out, record = tmp_path / 'out.png', tmp_path / 'record.json'
    status = call(
        'restore', picture, '-o', out, '-m', 'dpir', '-t', 'deblur', '--kernel', kernel,
        '--sigma', 2, '--model', 'box', '--iterations', 2, '--no-augment',
        '--save-kernel', tmp_path / 'used.tif', '--save-provenance', record,
    )  # fmt: skip
    assert status == 0
    assert io.imread(out).shape == (24, 20, 3)
    np.testing.assert_allclose(tifffile.imread(tmp_path / 'used.tif'), 1 / 9, rtol=1e-6)
    parameters = json.loads(record.read_text())['parameters']
    assert (parameters['iterations'], parameters['augment']) == (2, False)
    assert 'DPIR deblur' in capsys.readouterr().out


def test_inpainting_keeps_known_pixels(picture, mask, tmp_path) -> None:
    out = tmp_path / 'out.tif'
    assert call('restore', picture, '-o', out, '-m', 'dpir', '-t', 'inpaint', '--mask', mask,
                '--model', 'box', '--iterations', 2, '-q') == 0  # fmt: skip
    changed = (tifffile.imread(out) != io.imread(picture)).any(axis=-1)
    assert changed.any()
    assert not changed[io.imread(mask) == 0].any()


def test_scale_and_units_of_a_tiff_are_kept(tmp_path) -> None:
    source, out = tmp_path / 'cells.tif', tmp_path / 'out.tif'
    stack = np.random.default_rng(0).integers(100, 900, (3, 16, 18)).astype(np.uint16)
    tifffile.imwrite(
        source,
        stack,
        imagej=True,
        resolution=(5, 5),
        metadata={'axes': 'ZYX', 'unit': 'um', 'spacing': 0.5},
    )
    assert call('restore', source, '-o', out, '-m', 'dpir', '-t', 'super_resolve', '--scale', 2,
                '--sigma', 5, '--model', 'box', '--iterations', 1, '-q') == 0  # fmt: skip
    with tifffile.TiffFile(out) as file:
        assert file.asarray().shape == (3, 32, 36)
        assert file.asarray().dtype == np.uint16
        numerator, denominator = file.pages[0].tags['XResolution'].value
        assert numerator / denominator == pytest.approx(10)
        assert file.imagej_metadata['spacing'] == pytest.approx(0.5)


def test_an_existing_file_is_kept_unless_overwriting(picture, tmp_path, capsys) -> None:
    out = tmp_path / 'out.png'
    out.write_bytes(b'precious')
    arguments = ('restore', picture, '-o', out, '-m', 'dpir', '-t', 'denoise', '--model', 'box')
    assert call(*arguments) == 2
    assert out.read_bytes() == b'precious'
    assert 'exists' in capsys.readouterr().err
    assert call(*arguments, '--overwrite') == 0
    assert io.imread(out).shape == (24, 20, 3)


def test_batch_goes_on_after_a_bad_file(picture, tmp_path, capsys) -> None:
    folder, out = tmp_path / 'in', tmp_path / 'out'
    folder.mkdir()
    for name in ('a.png', 'c.png'):
        (folder / name).write_bytes(picture.read_bytes())
    (folder / 'b.png').write_text('not an image')
    assert call('batch', folder, '-o', out, '-m', 'dpir', '-t', 'denoise', '--model', 'box') == 2
    assert sorted(p.name for p in out.iterdir()) == ['a.png', 'c.png']
    errors = capsys.readouterr().err.strip().splitlines()
    checks = [line for line in errors if line.startswith('check: ')]
    assert all('a.png' in line or 'c.png' in line for line in checks)
    errors = [line for line in errors if line not in checks]
    assert 'b.png' in errors[0]
    assert errors[-1].startswith('error: 1 of 3 images failed')


def folder_of(picture: Path, *names: str) -> Path:
    folder = picture.parent / 'in'
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(picture.read_bytes())
    return folder


def test_a_batch_goes_on_where_it_was_interrupted(picture, tmp_path, capsys) -> None:
    folder, out = folder_of(picture, 'a.png', 'b.png', 'c.png'), tmp_path / 'out'
    command = ('batch', folder, '-o', out, '-m', 'dpir', '--model', 'box', '--save-provenance')
    assert call(*command) == 0
    times = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    for name in ('b.png', 'b.json', 'c.json'):
        (out / name).unlink()
    capsys.readouterr()
    assert call(*command) == 0
    said = capsys.readouterr()
    assert 'a.png: exists, passed over' in said.out
    assert 'b.png: DPIR' in said.out
    assert 'c.png: DPIR' in said.out, 'a part of its result is missing'
    assert sorted(path.name for path in out.iterdir()) == sorted(times)
    assert (out / 'a.png').stat().st_mtime_ns == times['a.png']
    assert call(*command, '--overwrite') == 0
    assert (out / 'a.png').stat().st_mtime_ns > times['a.png']


def test_a_cancelled_image_of_a_batch_is_made_whole_next_time(
    picture, mask, tmp_path, monkeypatch
) -> None:
    calls = []

    def interrupted(self, x, sigma):
        calls.append(x)
        if len(calls) == 1:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)  # this is not the thread that hears it
        return x

    folder, out = folder_of(picture, 'a.png'), tmp_path / 'out'
    command = ('batch', folder, '-o', out, '-m', 'dpir', '-t', 'inpaint', '--mask', mask,
               '--model', 'box', '--iterations', 3, '--save-provenance')  # fmt: skip
    with monkeypatch.context() as patched:
        patched.setattr(denoisers.FunctionDenoiser, '__call__', interrupted)
        assert call(*command) == 130
    assert not list(out.iterdir())
    assert call(*command) == 0
    assert json.loads((out / 'a.json').read_text())['finish'] == 'completed'


@pytest.mark.parametrize('shadow', ['._a.png', '.a.png', 'Thumbs.db', '.DS_Store'])
def test_shadow_files_are_no_images(picture, tmp_path, shadow) -> None:
    folder, out = folder_of(picture, 'a.png', 'b.png'), tmp_path / 'out'
    (folder / shadow).write_bytes(b'no image')
    masks = tmp_path / 'masks'
    masks.mkdir()
    damage = np.zeros((24, 20), np.uint8)
    damage[5:8, 4:12] = 255
    for name in ('a.png', 'b.png'):
        io.imsave(masks / name, damage, check_contrast=False)
    (masks / shadow).write_bytes(b'no mask')
    assert call('batch', folder, '-o', out, '-m', 'dpir', '-t', 'inpaint', '--mask', masks,
                '--model', 'box', '--iterations', 1) == 0  # fmt: skip
    assert sorted(path.name for path in out.iterdir()) == ['a.png', 'b.png']


def test_what_is_not_used_is_said(picture, tmp_path, capsys) -> None:
    out = tmp_path / 'out.png'
    common = ('restore', picture, '-o', out, '-m', 'dpir', '--model', 'box', '--overwrite')
    assert call(*common, '--iterations', 3) == 0
    assert f'warning: {picture}: iterations is not used' in capsys.readouterr().err
    assert call(*common, '--quality', 20) == 2
    assert 'deblock' in capsys.readouterr().err


@pytest.mark.parametrize('kind', ['variance', 'uncertainty', 'spread', 'latent'])
def test_what_a_method_does_not_give_is_refused_with_the_way_to_it(
    kind, picture, tmp_path, capsys
) -> None:
    out = tmp_path / 'out.png'
    ways = {
        'variance': '--sigma virnet',
        'uncertainty': '--uncertainty',
        'spread': '--latent sample',
        'latent': '--show-l',
    }
    method = 'ffdnet' if kind in ('variance', 'uncertainty') else 'vdir'
    assert call('restore', picture, '-o', out, '-m', method, f'--save-{kind}',
                tmp_path / 'map.tif') == 2  # fmt: skip
    assert ways[kind] in capsys.readouterr().err


@pytest.mark.parametrize('text', ['0.3um', 'Z=', 'Z=um', 'Z=1um,', 'ZY=1um'])
def test_bad_spacing_is_one_line(text, picture, tmp_path, capsys) -> None:
    assert call('restore', picture, '-o', tmp_path / 'o.png', '-m', 'dpir', '--spacing', text) == 2
    assert 'Z=0.3um' in capsys.readouterr().err


def test_batch_takes_patterns_and_keeps_records(picture, tmp_path) -> None:
    folder, out = tmp_path / 'in', tmp_path / 'out'
    folder.mkdir()
    for name in ('a.png', 'b.png', 'other.png'):
        (folder / name).write_bytes(picture.read_bytes())
    assert call('batch', folder / '[ab].png', '-o', out, '-m', 'dpir', '-t', 'denoise', '--suffix',
                '.tif', '--save-provenance', '--model', 'box', '-q') == 0  # fmt: skip
    assert sorted(p.name for p in out.iterdir()) == ['a.json', 'a.tif', 'b.json', 'b.tif']


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['in', '-o', 'in'], 'over an original'),
        (['in', '-o', 'out', '--suffix', '.gif'], '.gif'),
        (['in', 'more', '-o', 'out'], 'another result'),
        (['nothing', '-o', 'out'], 'no file or folder nothing'),
        (['in/*.bmp', '-o', 'out'], 'no image'),
        (['in', '-o', 'in/a.png/out'], 'cannot be made'),
        (['in', '-o', 'out', '--iterations', '0'], 'from 1 to 1000'),
        (['in', '-o', 'out', '--kernel', 'in/missing.npy'], 'missing.npy'),
        ([], 'IMAGES'),
    ],
)
def test_bad_batches_are_one_line(
    picture, tmp_path, monkeypatch, capsys, arguments, message
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ('in', 'more'):
        Path(folder).mkdir()
        (Path(folder) / 'a.png').write_bytes(picture.read_bytes())
    assert call('batch', *arguments, '-m', 'dpir', '-t', 'denoise', '--model', 'box') == 2
    error = capsys.readouterr().err
    assert error.startswith('error: ')
    assert error.count('\n') == 1
    assert message in error
    assert not Path('out').exists()


def test_batch_takes_masks_by_name(picture, mask, tmp_path) -> None:
    folder, masks, out = (tmp_path / name for name in ('in', 'masks', 'out'))
    for path, content in ((folder / 'a.png', picture), (masks / 'a.png', mask)):
        path.parent.mkdir()
        path.write_bytes(content.read_bytes())
    assert call('batch', folder, '-o', out, '--mask', masks, '-m', 'dpir', '-t', 'inpaint',
                '--model', 'box', '--iterations', 1) == 0  # fmt: skip
    assert (out / 'a.png').exists()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['-m', 'dpri'], "did you mean 'dpir'"),
        (['-m', 'dpir', '-t', 'colourise'], 'does not offer'),
        (['-m', 'dpir', '-t', 'inpaint'], 'needs a mask'),
        (['-m', 'dpir', '-t', 'deblur'], 'needs a kernel'),
        (['-m', 'dpir', '-t', 'denoise', '--sigma', '0'], 'above 0'),
        (['-m', 'dpir', '-t', 'denoise', '--sigma', 'lots'], '--sigma'),
        (['-m', 'dpir', '-t', 'super_resolve', '--scale', '0'], 'from 2 to 8'),
        (['-m', 'dpir', '-t', 'denoise', '--model', 'no.pth'], 'no.pth'),
        (['-m', 'dncnn', '--model', 'dncnn_25'], 'dncnn_25'),
        (['-m', 'dpir', '--window', '5'], 'no parameter of dpir'),
        (['-m', 'dpir', '--iterations', 'x'], 'whole number'),
        (['-m', 'dpir', '--mask', 'nowhere.png', '-t', 'inpaint'], 'nowhere.png'),
        (['-m', 'dpir', '--params', 'nowhere.json'], 'nowhere.json'),
        (['-m', 'dpir', '--device', 'abacus'], 'abacus'),
        (['-m', 'dpir', '--nonsense'], 'nonsense'),
        ([], 'method'),
    ],
)
def test_bad_requests_are_one_line_and_write_nothing(
    picture, tmp_path, monkeypatch, capsys, arguments, message
) -> None:
    monkeypatch.setenv('NAPARI_FRESCO_WEIGHTS', str(tmp_path))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    out = tmp_path / 'out.png'
    assert call('restore', picture, '-o', out, *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith('error: ')
    assert error.count('\n') == 1
    assert message in error
    assert not out.exists()


def test_ctrl_c_keeps_the_best_estimate(picture, mask, tmp_path, monkeypatch, capsys) -> None:
    inner = denoisers.FunctionDenoiser.__call__
    calls = []

    def interrupted(self, x, sigma):
        calls.append(1)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return inner(self, x, sigma)

    monkeypatch.setattr(denoisers.FunctionDenoiser, '__call__', interrupted)
    out, record = tmp_path / 'out.png', tmp_path / 'out.json'
    handler = signal.getsignal(signal.SIGINT)
    assert call('restore', picture, '-o', out, '-m', 'dpir', '-t', 'inpaint', '--mask', mask,
                '--model', 'box', '--iterations', 50,
                '--save-provenance', record) == 130  # fmt: skip
    assert io.imread(out).shape == (24, 20, 3)
    assert json.loads(record.read_text())['finish'] == 'cancelled'
    assert len(calls) < 10
    assert 'best estimate so far' in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize('name', ['out.png', 'out.ome.zarr'])
def test_ctrl_c_before_anything_is_restored_writes_nothing(
    picture, tmp_path, monkeypatch, capsys, name
) -> None:
    begun = Session.iterate

    def interrupted(self, *args, **options):
        signal.raise_signal(signal.SIGINT)
        return begun(self, *args, **options)

    monkeypatch.setattr(Session, 'iterate', interrupted)
    command = ('restore', picture, '-o', tmp_path / name, '-m', 'ffdnet', '--sigma', 5)
    assert call(*command, '--save-provenance', tmp_path / 'out.json') == 130
    assert 'nothing was written' in capsys.readouterr().out
    assert not list(tmp_path.glob('out*'))


def test_ctrl_c_ends_a_batch(picture, tmp_path, monkeypatch) -> None:
    def interrupted(self, x, sigma):
        signal.raise_signal(signal.SIGINT)
        return x

    monkeypatch.setattr(denoisers.FunctionDenoiser, '__call__', interrupted)
    folder = tmp_path / 'in'
    folder.mkdir()
    for name in ('a.png', 'b.png'):
        (folder / name).write_bytes(picture.read_bytes())
    assert call('batch', folder, '-o', tmp_path / 'out', '-m', 'dpir', '--model', 'box') == 130
    assert not (tmp_path / 'out/b.png').exists()


def test_axes_and_colours_of_arrays_without_names(tmp_path) -> None:
    source = tmp_path / 'a.npy'
    np.save(source, np.random.default_rng(0).integers(0, 255, (12, 14, 3), dtype=np.uint8))
    shared = ('-m', 'dpir', '-t', 'denoise', '--sigma', 20, '--model', 'box', '-q')
    assert call('restore', source, '-o', tmp_path / 'rgb.png', *shared) == 0
    assert io.imread(tmp_path / 'rgb.png').shape == (12, 14, 3)
    assert call('restore', source, '-o', tmp_path / 'gray.tif', '--axes', 'zyx', *shared) == 0
    with tifffile.TiffFile(tmp_path / 'gray.tif') as file:
        assert file.series[0].axes == 'ZYX'
    assert call('restore', source, '-o', tmp_path / 'gray.png', '--no-rgb', *shared) == 2


def test_a_mosaic_becomes_a_colour_picture(tmp_path) -> None:
    raw = np.random.default_rng(0).integers(0, 255, (16, 18), dtype=np.uint8)
    io.imsave(tmp_path / 'raw.png', raw, check_contrast=False)
    assert call('restore', tmp_path / 'raw.png', '-o', tmp_path / 'out.png', '-m', 'dpir', '-t',
                'demosaic', '--model', 'box', '--iterations', 1, '-q') == 0  # fmt: skip
    assert io.imread(tmp_path / 'out.png').shape == (16, 18, 3)


def test_a_kernel_is_picked_from_several(picture, tmp_path, capsys) -> None:
    path = tmp_path / 'kernels.npy'
    np.save(path, np.ones((2, 3, 3)))
    arguments = ('restore', picture, '-o', tmp_path / 'out.png', '-m', 'dpir', '-t', 'deblur',
                 '--kernel', path, '--model', 'box', '--iterations', 1)  # fmt: skip
    assert call(*arguments) == 2
    assert call(*arguments, '--kernel-index', 2) == 2
    assert call(*arguments, '--kernel-index', 1) == 0
    assert (
        call('restore', picture, '-o', tmp_path / 'x.png', '-m', 'dpir', '--kernel-index', 1) == 2
    )


def test_a_noise_map_from_a_file(picture, tmp_path) -> None:
    np.save(tmp_path / 'sigma.npy', np.full((24, 20), 12.0))
    assert call('restore', picture, '-o', tmp_path / 'out.png', '-m', 'dpir', '-t', 'denoise',
                '--sigma', tmp_path / 'sigma.npy', '--model', 'box') == 0  # fmt: skip


@pytest.mark.parametrize(
    ('source', 'arguments', 'message'),
    [
        ('f.tif', ['-o', 'out.png'], 'write .tif or .npy'),
        ('s.tif', ['-o', 'out.png'], 'one plane'),
        ('wall.png', ['-o', 'out.png', '--save-provenance', 'out.txt'], '.json'),
        ('wall.png', ['-o', 'out.tif', '--save-kernel', 'k.png'], 'k.png'),
        ('wall.png', ['-o', 'out.tif', '--save-kernel', 'k.tif'], 'gives no kernel'),
        ('wall.png', ['-o', 'out.tif', '--save-variance', 'v.tif'], 'gives no variance'),
        ('wall.png', ['-o', 'out.tif', '--axes', 'YX'], 'axes'),
        ('wall.png', ['-o', 'out.tif', '--data-range', '3', '1'], 'data_range'),
    ],
)
def test_what_cannot_be_written_is_said_before_any_work(
    picture, tmp_path, monkeypatch, capsys, source, arguments, message
) -> None:
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite('f.tif', np.zeros((12, 12), np.float32))
    tifffile.imwrite('s.tif', np.zeros((5, 12, 12), np.uint8), metadata={'axes': 'ZYX'})
    before = sorted(tmp_path.iterdir())
    assert call('restore', source, *arguments, '-m', 'dpir', '-t', 'denoise', '--model', 'box') == 2
    error = capsys.readouterr().err
    assert error.count('\n') == 1
    assert message in error
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize('arguments', [[], ['weights'], ['bench']])
def test_help_is_shown_without_a_command(arguments, capsys) -> None:
    call(*arguments)
    shown = capsys.readouterr()
    assert (shown.out + shown.err).startswith('Usage: ')


def test_bad_requests_of_other_commands(tmp_path, capsys) -> None:
    (tmp_path / 'file').write_text('')
    for arguments in (
        ['nonsense'],
        ['methods', 'dpri'],
        ['weights', 'add', 'nothing', tmp_path / 'file'],
        ['weights', 'check', 'nothing'],
        ['train', 'nothing', '--data', tmp_path],
        ['train', 'ffdnet_gray', '--data', tmp_path / 'nowhere', '-o', tmp_path / 'run'],
        ['train', 'ffdnet_gray', '--data', tmp_path, '-o', tmp_path / 'file'],
        ['demo', '--no-viewer', '-o', tmp_path / 'file'],
    ):
        assert call(*arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith('error: ')
        assert error.count('\n') == 1


@pytest.mark.parametrize(
    ('image', 'output', 'message'),
    [
        ('missing.png', 'out.png', 'does not exist'),
        ('text.png', 'out.png', ''),
        ('wall.png', 'nowhere/out.png', 'no folder'),
        ('wall.png', 'out.gif', 'out.gif'),
        ('wall.png', '.', ''),
    ],
)
def test_bad_files(picture, tmp_path, capsys, image, output, message) -> None:
    (tmp_path / 'text.png').write_text('hello')
    status = call(
        'restore', tmp_path / image, '-o', tmp_path / output, '-m', 'dpir', '-t', 'denoise'
    )
    error = capsys.readouterr().err
    assert status == 2
    assert error.count('\n') == 1
    assert message in error


NAMES = sorted({p.name for m in METHODS.values() for p in m.parameters if p.type is not bool})


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from(NAMES), value=st.text(max_size=6))
def test_random_values_never_make_a_traceback(name, value) -> None:
    # The image is missing, so that nothing runs; whatever is wrong first is said in one line.
    result = call('restore', 'missing.png', '-o', 'out.png', '-m', 'dpir', flag(name), value)
    assert result == 2


FREE = (
    '--sigma',
    '--scale',
    '--tile',
    '--seed',
    '--axes',
    '--device',
    '--task',
    '--kernel',
    '--mask',
)
VALUES = st.one_of(
    st.text(st.characters(codec='utf-8', exclude_characters='\0'), max_size=4),
    st.integers(-3, 70).map(str),
    st.floats().map(str),
    st.sampled_from(['auto', 'denoise', 'yx', 'cpu', 'x' * 400]),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from(FREE), value=VALUES)
def test_random_options_work_or_are_one_line(name, value, tmp_path, capsys) -> None:
    source, out = tmp_path / 'a.npy', tmp_path / 'out.npy'
    np.save(source, np.arange(63, dtype=np.uint8).reshape(7, 9))
    out.unlink(missing_ok=True)
    status = call('restore', source, '-o', out, '-m', 'dpir', '-q', '--model', 'box', name, value)
    error = capsys.readouterr().err
    assert status in (0, 2)
    assert out.exists() == (status == 0)
    assert error.count('\n') == (status == 2), error


def test_methods_and_weights_are_listed(capsys) -> None:
    assert call('methods') == 0
    assert call('methods', 'deepred') == 0
    assert call('weights', 'list') == 0
    text = capsys.readouterr().out
    for word in ('dpir', '--learning-rate', 'ffdnet_gray'):
        assert word in text


def test_the_list_of_commands_imports_none_of_them() -> None:
    code = (
        'import sys; from napari_fresco.cli import main\n'
        'try: main(["--help"])\n'
        'except SystemExit: pass\n'
        'assert "numpy" not in sys.modules'
    )
    command = [sys.executable, '-c', code]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    context = click.Context(cli)
    listed = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    assert all(found is not None and found.help for found in listed.values())
    assert [line.split()[0] for line in said.partition('Commands:')[2].strip().splitlines()] == [
        *listed
    ]
    assert '...' not in said.replace('[ARGS]...', '')


def test_help_imports_no_torch() -> None:
    code = (
        'import sys; from napari_fresco.cli import main\n'
        'try: main(["restore", "--help"])\n'
        'except SystemExit: pass\n'
        'assert "torch" not in sys.modules'
    )
    subprocess.run([sys.executable, '-c', code], check=True, capture_output=True)


def test_what_to_choose_is_said_as_it_is_typed(
    picture: Path, mask: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ('-m', 'dpir', '--mask', mask)
    assert call('restore', picture, '-o', picture.with_name('b.png'), *given) == 2
    assert 'choose --task inpaint' in capsys.readouterr().err


@pytest.mark.parametrize('word', ['restor', 'denoise'])
def test_a_command_that_is_none_is_answered_by_what_is_meant(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(word, 'a.tif') == 2
    assert f"unknown command '{word}'; did you mean 'restore'?" in capsys.readouterr().err


def test_the_package_is_the_command_line_too() -> None:
    command = [sys.executable, '-m', 'napari_fresco']
    said = subprocess.run([*command, '--version'], check=True, capture_output=True, text=True)
    assert said.stdout.startswith('napari-fresco, version ')
    wrong = subprocess.run([*command, 'restor'], check=False, capture_output=True, text=True)
    assert wrong.returncode == 2
    assert len(wrong.stderr.splitlines()) == 1
