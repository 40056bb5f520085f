"""The first file that comes is the one to be trusted, where no hash of it is published."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from napari_fresco import weights
from napari_fresco.errors import WeightsError
from napari_fresco.weights import cache, loading, store
from napari_fresco.weights.registry import file_sha256

from ..checkpoints import Site
from .tiny_registry import cached


@pytest.mark.parametrize('way', ['get', 'add'])
def test_the_hash_of_the_first_file_is_pinned_where_none_is_published(
    published: Path, site: Site, tmp_path: Path, way: str
) -> None:
    known, first = weights.entry('unsigned'), file_sha256(published)
    other = tmp_path / 'twin.pth'
    assert cache.pinned(known) is None
    if way == 'get':
        path = weights.get('unsigned', progress=False)
    else:
        path = weights.add('unsigned', published)
    assert cache.pinned(known) == first
    assert cache.pin_file(known).read_text() == f'{first}  unsigned.pth\n'
    assert weights.load('unsigned').weights_sha256 == first

    message = rf'is not the file that first came as unsigned: its sha256 is .*, not {first}; .*'
    message += rf'delete {re.escape(str(cache.pin_file(known)))} if this is the one you trust'
    with pytest.raises(WeightsError, match=message):
        weights.add('unsigned', other)
    path.unlink()
    site.files['/unsigned.pth'] = other.read_bytes()
    with pytest.raises(WeightsError, match=message):
        weights.get('unsigned', progress=False)
    assert cached(tmp_path) == ['unsigned.sha256']
    path.write_bytes(other.read_bytes())
    for refused in (weights.load, weights.check):
        with pytest.raises(WeightsError, match=message):
            refused('unsigned')

    cache.pin_file(known).unlink()
    assert weights.check('unsigned') == path


def test_the_pin_counts_in_every_folder(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights.get('unsigned', progress=False).unlink()
    folder = tmp_path / 'folder'
    folder.mkdir()
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(folder))
    copy = folder / 'unsigned.pth'
    copy.write_bytes(published.read_bytes())
    assert weights.check('unsigned') == copy
    copy.write_bytes((tmp_path / 'twin.pth').read_bytes())
    with pytest.raises(WeightsError, match='first came as unsigned'):
        weights.check('unsigned')


def test_a_damaged_pin_lets_nothing_through(published: Path) -> None:
    weights.get('unsigned', progress=False)
    pin_file = cache.pin_file(weights.entry('unsigned'))
    for damaged in (b'', b'\xff', b'abc  unsigned.pth'):
        pin_file.write_bytes(damaged)
        with pytest.raises(WeightsError, match='first came as unsigned'):
            weights.load('unsigned')


def test_what_has_a_published_hash_is_not_pinned(published: Path, tmp_path: Path) -> None:
    weights.get('tiny', progress=False)
    weights.add('unlicensed', tmp_path / 'sisr.pth')
    assert cached(tmp_path) == ['published.pth', 'sisr.pth']


def test_loading_reads_a_file_once_to_hash_it(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('tiny', 'unsigned'):
        weights.get(name, progress=False)
    read: list[Path] = []
    for module, function in ((loading, 'file_sha256'), (loading, 'read')):
        original = getattr(module, function)

        def noted(path: Path, *rest: object, original: object = original) -> object:
            read.append(path)
            return original(path, *rest)  # type: ignore[operator]

        monkeypatch.setattr(module, function, noted)
    for name in ('tiny', 'unsigned'):
        read.clear()
        weights.load(name)
        assert read == [weights.path(name)] * 2
