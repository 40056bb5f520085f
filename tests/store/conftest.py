"""Fixtures of the tests of the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_fresco import weights
from napari_fresco.weights import cache, fetching, store
from napari_fresco.weights.loading import tensors_sha256
from napari_fresco.weights.registry import file_sha256

from ..checkpoints import FFDNET, Site, network, save
from .tiny_registry import DENOISER, ENLARGER, TABLE, registry_module


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    monkeypatch.setattr(fetching, 'TIMEOUT', 0.2)
    with Site() as site:
        yield site


@pytest.fixture
def published(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A registry of five tiny networks; the file of the first, as it is on the server."""
    file = save(network('ffdnet', **FFDNET), tmp_path / 'published.pth')
    twin = save(network('ffdnet', seed=1, **FFDNET), tmp_path / 'twin.pth')
    unlicensed = save(network('virnet_sr', **ENLARGER), tmp_path / 'sisr.pth').read_bytes()
    site.files = {
        '/published.pth': file.read_bytes(),
        '/twin.pth': twin.read_bytes(),
        '/unsigned.pth': file.read_bytes(),
    }
    facts = {
        'size': file.stat().st_size,
        'sha256': file_sha256(file),
        'tensors': tensors_sha256(network('ffdnet', **FFDNET).state_dict()),
        'twin': file_sha256(twin),
        'git': hashlib.sha1(f'blob {len(unlicensed)}\0'.encode() + unlicensed).hexdigest(),
    }
    table = tmp_path / 'registry.toml'
    table.write_text(TABLE.format(url=site.url, denoiser=DENOISER, **facts))
    bundled = tmp_path / 'bundled'
    bundled.mkdir()
    monkeypatch.setattr(registry_module, 'TABLE', table)
    for module in (registry_module, store):
        monkeypatch.setattr(module, 'BUNDLED', bundled)
    for module in (cache, store):
        monkeypatch.setattr(module, 'cache_folder', lambda: tmp_path / 'cache')
    monkeypatch.delenv(store.FOLDER_VARIABLE, raising=False)
    weights.registry.cache_clear()
    yield file
    weights.registry.cache_clear()
