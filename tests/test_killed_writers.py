"""Writers that are killed: nothing of theirs is taken for a file, and nothing stays for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco.errors import FileError
from napari_fresco.io import atomic
from napari_fresco.io.zarr_writing import GrowingImage

_KILLED = """
import os, signal, sys
from pathlib import Path
from napari_fresco.io.atomic import atomic_path
with atomic_path(Path(sys.argv[1])) as part:
    part.write_bytes(b'half')
    print('writing', flush=True)
    if sys.argv[2] == 'dies':
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""


def writer(target: Path, fate: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, '-c', _KILLED, str(target), fate]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b'writing'
    return process


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, '_BEGINNING', -1)


@pytest.mark.skipif(os.name == 'nt', reason='no SIGKILL')
@pytest.mark.parametrize('name', ['a.tif', 'a.ome.tif', 'a.png', 'a.ome.zarr', 'a[1].npy'])
def test_the_next_writer_clears_away_what_a_killed_one_has_left(name: str, tmp_path: Path) -> None:
    target = tmp_path / name
    with writer(target, 'dies') as process:
        assert process.wait() == -signal.SIGKILL
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 1
    fresco.write(target, fresco.Image(np.arange(256, dtype='u1').reshape(16, 16), 'YX'))
    assert list(tmp_path.iterdir()) == [target]
    assert np.asarray(fresco.read(target).data).max() == 255


def test_a_store_that_was_whole_is_moved_to_its_place(tmp_path: Path) -> None:
    target, image = tmp_path / 'a.ome.zarr', fresco.Image(np.full((8, 8), 7, 'u1'), 'YX')
    with atomic.atomic_path(target) as part:
        fresco.write(target, image)
        target.rename(part)
        part.with_name('.former').mkdir()
        part.with_name('.writing').touch()
        part.parent.rename(tmp_path / '.part-a.ome.zarr-killed')
    with atomic.atomic_path(target):
        assert np.asarray(fresco.read(target).data).max() == 7
    assert list(tmp_path.iterdir()) == [target]


def test_nobody_takes_away_what_another_is_writing(tmp_path: Path) -> None:
    target = tmp_path / 'a.tif'
    with writer(target, 'lives') as process:
        fresco.write(target, fresco.Image(np.zeros((8, 8), 'u1'), 'YX'))
        assert len(list(tmp_path.glob('.part-*'))) == 1
        process.communicate()
    assert not list(tmp_path.glob('.part-*'))


def test_an_interrupt_leaves_the_former_file_alone(tmp_path: Path) -> None:
    target = tmp_path / 'a.tif'
    target.write_bytes(b'former')

    def half(part: Path) -> None:
        part.write_bytes(b'ne')
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic.write_atomically(target, half)
    assert target.read_bytes() == b'former'
    assert list(tmp_path.iterdir()) == [target]


def test_a_store_whose_writing_broke_off_says_so(tmp_path: Path) -> None:
    target = tmp_path / 'a.ome.zarr'
    image = fresco.Image(np.ones((2, 16, 16), 'u1'), 'ZYX')
    GrowingImage(target, image)[0, :, :] = np.asarray(image.data)[0]
    assert 'not complete' in fresco.read(target).metadata['warnings'][0]
    with pytest.raises(FileError, match='broke off; choose another name, or add overwrite=True'):
        fresco.write(target, image)
    fresco.write(target, image, overwrite=True)
    assert not fresco.read(target).metadata.get('warnings')
    assert list(tmp_path.iterdir()) == [target]
