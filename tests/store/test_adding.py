"""Files of weights that a user or a maintainer puts in their place."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from napari_fresco import networks, weights
from napari_fresco.errors import WeightsError
from napari_fresco.weights import store
from napari_fresco.weights.registry import file_sha256

from ..checkpoints import FFDNET, network, save
from .tiny_registry import ENLARGER, HALF, cached, registry_module

PIN = runpy.run_path(str(Path(__file__).parents[2] / 'tools' / 'pin_weights.py'))['pin']


@pytest.mark.parametrize('suffix', ['.pth', '.npz', '.safetensors'])
def test_add_recognises_the_weights_in_any_format(
    published: Path, tmp_path: Path, suffix: str
) -> None:
    given = save(network('ffdnet', **FFDNET), tmp_path / f'downloaded{suffix}')
    added = weights.add('tiny', given)
    assert added.parent == tmp_path / 'cache'
    assert weights.load('tiny').weights_sha256 == file_sha256(given)
    again = weights.add('tiny', published)
    assert cached(tmp_path) == [again.name]


def test_add_refuses_other_weights(published: Path, tmp_path: Path) -> None:
    other = save(network('ffdnet', seed=2, **FFDNET), tmp_path / 'other.pth')
    with pytest.raises(WeightsError, match='is not tiny: its sha256 is'):
        weights.add('tiny', other)
    with pytest.raises(WeightsError, match='comes with napari-fresco'):
        weights.add('ours', other)
    with pytest.raises(WeightsError, match='unknown weights'):
        weights.add('theirs', other)
    assert cached(tmp_path) == []


def test_a_renamed_file_is_called_by_its_name(published: Path, tmp_path: Path) -> None:
    renamed = (tmp_path / 'twin.pth').rename(tmp_path / 'tiny.pth')
    with pytest.raises(WeightsError, match=r'tiny.pth is twin and not tiny: its sha256 is'):
        weights.add('tiny', renamed)


def test_an_offline_folder(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(tmp_path))
    assert weights.status()[0] == weights.Status(weights.entry('tiny'), 'folder', published)
    assert weights.load('tiny').weights_name == 'tiny'
    content = published.read_bytes()
    save(network('ffdnet', seed=2, **FFDNET), published)
    with pytest.raises(WeightsError, match='is not tiny'):
        weights.check('tiny')
    published.write_bytes(content[:50])
    with pytest.raises(WeightsError, match=HALF):
        weights.check('tiny')


def test_files_without_a_licence_are_added_by_hand(published: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r'no licence, .* from https://example.org/model, then'):
        weights.get('unlicensed')
    weights.add('unlicensed', tmp_path / 'sisr.pth')
    loaded = weights.load('unlicensed')
    assert (loaded.scales, loaded.generative) == ((2,), True)
    assert isinstance(loaded, networks.VIRNetSR)
    assert loaded.noise_prior == 'deviation'
    other = save(network('virnet_sr', seed=1, **ENLARGER), tmp_path / 'other.pth')
    with pytest.raises(WeightsError, match='is not unlicensed: git calls it'):
        weights.add('unlicensed', other)
    other.replace(tmp_path / 'cache' / 'sisr.pth')
    with pytest.raises(WeightsError, match='is not unlicensed: git calls it'):
        weights.get('unlicensed')


def test_published_files_are_known_by_hash_or_name(published: Path, tmp_path: Path) -> None:
    loaded = weights.load(published)
    assert (loaded.weights_name, loaded.facts.sigma_range) == ('published.pth', (0, 0.2))
    by_name = weights.load(tmp_path / 'sisr.pth')
    assert (by_name.scales, by_name.generative) == ((2,), True)
    with pytest.raises(WeightsError, match=r'sisr.pth is made for x2, not for x4'):
        weights.expect(by_name, 'virnet_sr', scale=4)
    renamed = (tmp_path / 'sisr.pth').rename(tmp_path / 'mine.pth')
    assert weights.load(renamed).scales is None
    another = save(network('virnet_sr', **ENLARGER | {'dep_K': 2}), tmp_path / 'sisr.pth')
    assert weights.load(another).scales is None


def test_maintainers_can_pin_the_bundled_files(published: Path) -> None:
    table = registry_module.TABLE
    before = table.read_text()
    PIN()
    assert table.read_text() == before
    file = save(network('ffdnet', **FFDNET), registry_module.BUNDLED / 'ours.safetensors')
    PIN()
    PIN()
    known = weights.entry('ours')
    assert (known.sha256, known.size) == (file_sha256(file), file.stat().st_size)
    assert weights.load('ours').weights_name == 'ours'
    assert 'ours.safetensors (0.0 MB, sha256' in known.describe_file()
    assert weights.entry('twin').megabytes == 0.3
    file.write_bytes(b'')
    with pytest.raises(WeightsError, match='is empty'):
        weights.load('ours')
    save(network('ffdnet', seed=1, **FFDNET), file)
    with pytest.raises(WeightsError, match=r'is not ours: .*; install napari-fresco again'):
        weights.load('ours')
