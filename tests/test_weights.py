"""Checkpoints: reading every format, refusing everything else, fetching and adding."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from napari_fresco import networks, weights
from napari_fresco.cli import weighing
from napari_fresco.errors import DeviceError, WeightsError
from napari_fresco.weights import store
from napari_fresco.weights.detection import outline
from napari_fresco.weights.loading import tensors_sha256
from napari_fresco.weights.registry import BUNDLED, SUFFIXES, file_sha256, pin

# The package offers the function of the same name.
registry_module = import_module('napari_fresco.weights.registry')

FFDNET = {'in_nc': 1, 'out_nc': 1, 'nc': 4, 'nb': 3}


def _network(architecture: str, seed: int = 0, **config: Any) -> nn.Module:
    torch.manual_seed(seed)
    return networks.build(architecture, **config)


def _save(network: nn.Module, path: Path, metadata: dict[str, str] | None = None) -> Path:
    """Write the parameters of `network` in the format that the suffix names."""
    state = network.state_dict()
    if path.suffix == '.safetensors':
        save_file(state, path, metadata)
    elif path.suffix == '.npz':
        np.savez(path, **{k: v.numpy() for k, v in state.items()})
    else:
        torch.save(state, path)
    return path


def _same(network: nn.Module, other: nn.Module) -> None:
    torch.testing.assert_close(network.state_dict(), other.state_dict(), rtol=0, atol=0)


def _refused(path: Path | str, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        weights.load(path)


# --- reading files -------------------------------------------------------------


@st.composite
def configurations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    channels, width = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    architecture = draw(st.sampled_from(['drunet', 'ffdnet', 'dncnn', 'ircnn_bank']))
    if architecture == 'drunet':
        inputs = channels + draw(st.integers(0, 1))
        widths = draw(st.lists(st.integers(1, 4), min_size=4, max_size=4))
        blocks = draw(st.integers(1, 3))
        return architecture, {'in_nc': inputs, 'out_nc': channels, 'nc': widths, 'nb': blocks}
    config: dict[str, Any] = {'in_nc': channels, 'out_nc': channels, 'nc': width}
    if architecture != 'ircnn_bank':
        config['nb'] = draw(st.integers(2, 8))
        if config['nb'] > 2:
            config['act_mode'] = draw(st.sampled_from(['R', 'BR']))
    return architecture, config


@settings(max_examples=25, deadline=None)
@given(configurations(), st.sampled_from(['.pth', '.safetensors', '.npz']))
def test_the_configuration_is_read_off_the_tensors(
    case: tuple[str, dict[str, Any]], suffix: str
) -> None:
    architecture, config = case
    saved = _network(architecture, **config)
    with tempfile.TemporaryDirectory() as folder:
        path = _save(saved, Path(folder) / f'some{suffix}')
        loaded = weights.load(path)
        assert loaded.weights_sha256 == file_sha256(path)
    assert loaded.weights_name == f'some{suffix}'
    assert loaded.facts.architecture == architecture
    assert loaded.facts.channels == config['out_nc']
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())
    _same(loaded, saved)


def test_nested_banks_and_old_pickles(tmp_path: Path) -> None:
    bank = _network('ircnn_bank', nc=2)
    nested = {str(j): bank.get_submodule(str(j)).state_dict() for j in range(25)}
    torch.save(nested, tmp_path / 'ircnn.pth', _use_new_zipfile_serialization=False)
    _same(weights.load(tmp_path / 'ircnn.pth'), bank)


def test_half_precision_is_read_as_float32(tmp_path: Path) -> None:
    saved = _network('ffdnet', **FFDNET)
    path = _save(saved.half(), tmp_path / 'half.safetensors')
    _same(weights.load(path), saved.float())


def test_what_the_file_says_of_itself_is_used_and_verified(tmp_path: Path) -> None:
    saved = _network('ircnn', nc=2)
    facts = {'architecture': 'ircnn', 'config': json.dumps({'nc': 2})}
    loaded = weights.load(_save(saved, tmp_path / 'a.safetensors', facts))
    assert isinstance(loaded, networks.IRCNN)
    facts['config'] = json.dumps({'nc': 3})
    path = _save(saved, tmp_path / 'b.safetensors', facts)
    _refused(path, r'does not fit ircnn: ill-shaped: model.0.weight is \(2, 1, 3, 3\)')
    facts['config'] = json.dumps({'nc': -1})
    _refused(_save(saved, tmp_path / 'c.safetensors', facts), 'describes an impossible network')
    facts['architecture'] = 'skip'
    _refused(_save(saved, tmp_path / 'e.safetensors', facts), 'describes an impossible network')
    facts['config'] = '[1]'
    _refused(_save(saved, tmp_path / 'd.safetensors', facts), 'cannot be understood')


def test_npz_meta_names_the_network(tmp_path: Path) -> None:
    saved = _network('ircnn', nc=2)
    meta = json.dumps({'config': {'arch': 'IRCNN', 'nc': 2}})
    arrays = {k: v.numpy().astype('>f4') for k, v in saved.state_dict().items()}
    np.savez(tmp_path / 'a.npz', meta=meta, **arrays)
    loaded = weights.load(tmp_path / 'a.npz')
    assert isinstance(loaded, networks.IRCNN)
    _same(loaded, saved)


def _matlab_layers(network: nn.Module) -> list[tuple[np.ndarray, np.ndarray]]:
    """Filters ``(height, width, in, out)`` and biases as FFDNet's authors store them."""
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    layers = [(m.weight.detach().numpy(), m.bias.detach().numpy()) for m in convolutions]
    if isinstance(network, networks.FFDNet):
        # Sub-images (0,0), (1,0), (0,1), (1,1) instead of (0,0), (0,1), (1,0), (1,1).
        channels = layers[-1][0].shape[0] // 4
        order = [4 * c + k for c in range(channels) for k in (0, 2, 1, 3)]
        layers[0] = (layers[0][0][:, [*order, 4 * channels]], layers[0][1])
        layers[-1] = (layers[-1][0][order], layers[-1][1][order])
    return [(np.asfortranarray(w.transpose(2, 3, 1, 0)), b[:, None]) for w, b in layers]


def _squeezed(weight: np.ndarray) -> np.ndarray:
    """Drop the trailing 1 of a single output, as MATLAB does."""
    return weight[..., 0] if weight.shape[-1] == 1 else weight


MATLAB = [('ffdnet', {**FFDNET, 'in_nc': 3, 'out_nc': 3}), ('dncnn', {'nc': 3, 'nb': 3})]


@pytest.mark.parametrize(('architecture', 'config'), MATLAB)
def test_matlab_73_files(tmp_path: Path, architecture: str, config: dict[str, Any]) -> None:
    h5py = pytest.importorskip('h5py')
    saved = _network(architecture, **config)
    path = tmp_path / 'net.mat'
    with h5py.File(path, 'w', userblock_size=512) as file:
        pool, references = file.create_group('#refs#'), []

        def store_cell(value: Any) -> Any:
            name = str(len(pool))
            pool[name] = value
            return pool[name].ref

        def codes(text: str) -> np.ndarray:
            return np.array([[ord(c)] for c in text], np.uint16)

        for weight, bias in _matlab_layers(saved):
            for kind in ('conv', 'relu'):
                group = pool.create_group(f'layer{len(references)}')
                group['type'] = codes(kind)
                if kind == 'conv':
                    cells = [[store_cell(_squeezed(weight).T)], [store_cell(bias.T)]]
                    group['weights'] = np.array(cells, dtype=h5py.ref_dtype)
                references.append([group.ref])
        file['net/layers'] = np.array(references, dtype=h5py.ref_dtype)
    _same(weights.load(path), saved)


@pytest.mark.parametrize(('architecture', 'config'), MATLAB)
def test_older_matlab_files(tmp_path: Path, architecture: str, config: dict[str, Any]) -> None:
    from scipy.io import savemat

    saved = _network(architecture, **config)
    layers: list[dict[str, Any]] = []
    for weight, bias in _matlab_layers(saved):
        pair = np.empty((1, 2), object)
        pair[0, 0], pair[0, 1] = _squeezed(weight), bias
        layers += [{'type': 'conv', 'weights': pair}, {'type': 'relu'}]
    cells = np.empty((1, len(layers)), object)
    cells[0, :] = layers
    savemat(tmp_path / 'net.mat', {'net': {'layers': cells}})
    _same(weights.load(tmp_path / 'net.mat'), saved)


def test_matlab_73_files_without_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'h5py', None)
    path = tmp_path / 'net.mat'
    path.write_bytes(b'MATLAB 7.3'.ljust(512) + b'\x89HDF\r\n\x1a\n')
    _refused(path, r'needs h5py; install napari-fresco\[mat\]')


def test_matlab_files_of_something_else(tmp_path: Path) -> None:
    from scipy.io import savemat

    savemat(tmp_path / 'kernel.mat', {'kernel': np.eye(3)})
    _refused(tmp_path / 'kernel.mat', 'corrupt or not a .mat file of weights')
    savemat(tmp_path / 'net.mat', {'net': {'layers': np.empty((1, 0), object)}})
    _refused(tmp_path / 'net.mat', 'no MatConvNet network')


# --- refusing files --------------------------------------------------------------


class _Hostile:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    marker = tmp_path / 'ran'
    for legacy in (False, True):
        path = tmp_path / f'hostile{legacy}.pth'
        content = {'model.0.weight': _Hostile(marker)}
        torch.save(content, path, _use_new_zipfile_serialization=not legacy)
        _refused(path, 'corrupt or not a .pth file')
    arrays = np.array([_Hostile(marker)], dtype=object)
    np.savez(tmp_path / 'hostile.npz', **{'model.0.weight': arrays})
    _refused(tmp_path / 'hostile.npz', 'corrupt or not a .npz file')
    assert not marker.exists()


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(SUFFIXES))
def test_arbitrary_bytes_are_refused(content: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f'noise{suffix}'
        path.write_bytes(content)
        _refused(path, 'is cut short' if '.data' in suffix else 'corrupt or not a')


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors', '.npz'])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = _save(_network('ffdnet', **FFDNET), tmp_path / f'a{suffix}')
    path.write_bytes(path.read_bytes()[:-200])
    _refused(path, f'corrupt or not a {suffix} file of weights')


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([torch.zeros(3)], 'holds a list, not tensors by name'),
        ({'step': 3, 'network': {}}, 'holds step, which is a int and no tensor'),
        ({}, 'holds no tensors'),
        ({'conv.weight': torch.zeros(1)}, 'unknown architecture .*conv.weight'),
        ({'m_head.weight': torch.zeros(8, 4, 3, 3)}, "lacks 'm_tail.weight'"),
        ({'model.0.weight': torch.zeros(3)}, 'incomplete'),
        ({'model.0.weight': torch.full((2, 1, 3, 3), float('nan'))}, 'NaN or inf in model.0'),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, content: Any, message: str) -> None:
    torch.save(content, tmp_path / 'a.pth')
    _refused(tmp_path / 'a.pth', message)


def test_wrong_tensors_are_named(tmp_path: Path) -> None:
    state = _network('drunet', nc=[2, 2, 2, 2], nb=1).state_dict()
    del state['m_up1.0.weight']
    state['m_extra.weight'] = torch.zeros(1)
    state['m_body.res.0.weight'] = torch.zeros(3, 2, 3, 3)
    torch.save(state, tmp_path / 'a.pth')
    _refused(
        tmp_path / 'a.pth',
        r'missing: m_up1.0.weight; unexpected: m_extra.weight; '
        r'ill-shaped: m_body.res.0.weight is \(3, 2, 3, 3\), not \(2, 2, 3, 3\)',
    )


def test_files_that_are_none(tmp_path: Path) -> None:
    _refused(tmp_path, 'is a folder')
    _refused(tmp_path / 'absent.pth', 'there is no file')
    (tmp_path / 'notes.txt').write_text('weights')
    _refused(tmp_path / 'notes.txt', 'must be one of .safetensors')
    _refused('ffdnet_grey', "unknown weights 'ffdnet_grey'. Did you mean 'ffdnet_gray'")
    _refused('', 'is a folder')
    with pytest.raises(WeightsError, match='neither a registry name nor a path'):
        weights.load(3)  # type: ignore[arg-type]


def test_an_absent_device(tmp_path: Path) -> None:
    path = _save(_network('ffdnet', **FFDNET), tmp_path / 'a.pth')
    with pytest.raises(DeviceError):
        weights.load(path, device='cuda:77')


# --- the registry ------------------------------------------------------------------


def test_every_entry_describes_a_network() -> None:
    for name, known in weights.registry().items():
        facts = networks.facts_of(outline(known.architecture, known.config))
        assert (known.name, known.channels) == (name, facts.channels)
        assert known.licence
        assert 'doi:' in known.citation or 'arXiv:' in known.citation
        assert known.bundled == known.file.endswith('.safetensors')
        assert all(url.startswith('https://') and url.endswith(known.file) for url in known.urls)
        assert known.scales == tuple(sorted(known.scales))
        assert (known.task == 'super_resolve') == (known.scales != (1,))
        if facts.scale != 1:
            assert known.scales == (facts.scale,)


def test_every_role_has_one_bundled_and_one_other_checkpoint_at_most() -> None:
    parts = Counter(
        (known.role, known.task, known.channels, scale, known.bundled)
        for known in weights.registry().values()
        for scale in known.scales
        if known.role
    )
    assert [part for part, count in parts.items() if count > 1] == []


def test_names_promised_to_users() -> None:
    assert set(weights.registry()) >= {
        *('ffdnet_gray', 'ffdnet_color', 'drunet_compact_gray', 'drunet_compact_color'),
        *('drunet_gray', 'drunet_color', 'drunet_deblocking_color', 'drunet_deblocking_gray'),
        *(
            'ircnn_gray',
            'ircnn_gray_authors',
            'ircnn_color',
            'ffdnet_gray_authors',
            'ffdnet_color_authors',
        ),
        *('ffdnet_gray_clip', 'ffdnet_color_clip', 'dncnn_15', 'dncnn_25', 'dncnn_50'),
        *('dncnn_gray_blind', 'dncnn_color_blind', 'dncnn3'),
        *('usrnet', 'usrgan', 'usrnet_tiny_authors', 'usrgan_tiny'),
        *('virnet_denoising_syn', 'virnet_denoising_real'),
        *('virnet_sisr_x2', 'virnet_sisr_x3', 'virnet_sisr_x4', 'vdir_awgn', 'vdir_real'),
        *('scunet_color_real_psnr', 'scunet_color_real_gan'),
        *(f'scunet_{kind}_{sigma}' for kind in ('gray', 'color') for sigma in (15, 25, 50)),
        *('bsrgan', 'bsrgan_x2', 'bsrnet'),
    }


def test_what_was_trained_against_a_critic_is_called_generative() -> None:
    generative = {name for name, known in weights.registry().items() if known.generative}
    assert generative >= {'usrgan', 'usrgan_tiny', 'scunet_color_real_gan', 'bsrgan', 'bsrgan_x2'}
    assert all('gan' in name for name in generative)


@pytest.mark.parametrize(
    ('role', 'channels', 'name'),
    [
        ('drunet', 1, 'drunet_compact_gray'),
        ('drunet', 3, 'drunet_compact_color'),
        ('ffdnet', 4, 'ffdnet_gray'),
        ('ircnn', 3, 'ircnn_gray'),
        ('dncnn', 1, 'dncnn_gray_blind'),
    ],
)
def test_defaults(role: str, channels: int, name: str) -> None:
    assert weights.default_for(role, channels) == name


def test_defaults_for_other_tasks() -> None:
    assert weights.default_for('drunet', 3, 'deblock') == 'drunet_deblocking_color'
    assert weights.default_for('usrgan', 1, 'super_resolve', 4) == 'usrgan'
    assert weights.default_for('virnet', 2, 'super_resolve', 3) == 'virnet_sisr_x3'
    for task, scale in (('super_resolve', 3), ('super_resolve', 8), ('deblur', 1)):
        known = weights.entry(weights.default_for('usrnet', 1, task, scale))
        assert known.architecture == 'usrnet'
        assert known.serves(task, scale)


def test_what_has_no_weights_is_refused_with_what_has() -> None:
    with pytest.raises(WeightsError, match=r"no weights of 'unet' for 'denoise'; .* bsrgan, dncnn"):
        weights.default_for('unet', 1)
    with pytest.raises(WeightsError, match=r"'virnet' for 'super_resolve x5'; .*x2, x3, x4\."):
        weights.default_for('virnet', 3, 'super_resolve', 5)
    with pytest.raises(WeightsError, match=r"'drunet' for 'super_resolve x2'; .*denoise; deblock"):
        weights.default_for('drunet', 3, 'super_resolve', 2)


@pytest.mark.parametrize(
    ('scales', 'words'), [((1,), ''), ((2,), 'x2'), ((2, 4), 'x2, x4'), ((1, 2, 3), 'x1-3')]
)
def test_scales_in_words(scales: tuple[int, ...], words: str) -> None:
    known = replace(weights.entry('bsrgan'), scales=scales)
    assert known.describe_scales() == words


def test_the_registry_does_not_import_torch() -> None:
    code = (
        'import sys, napari_fresco.weights as w; w.registry(); w.status(); '
        'assert "torch" not in sys.modules'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


BUNDLED_NAMES = [name for name, known in weights.registry().items() if known.bundled]


@pytest.mark.parametrize('name', BUNDLED_NAMES)
def test_bundled_files_agree_with_the_registry(name: str) -> None:
    known = weights.entry(name)
    file = BUNDLED / known.file
    assert file.is_file()
    assert (file.stat().st_size, file_sha256(file)) == (known.size, known.sha256)
    assert weights.load(name).facts.channels == known.channels


# --- the store ---------------------------------------------------------------------

TABLE = """
[sources]
here = "{url}/{{file}}"

[citations]
us = "Somebody, doi:10.0/0"

[weights.tiny]
architecture = "ffdnet"
config = {{ in_nc = 1, out_nc = 1, nc = 4, nb = 3 }}
task = "denoise"
channels = 1
sigma = [0, 51]
licence = "MIT"
citation = "us"
quality = "none"
file = "published.pth"
source = "here"
size = 2000000
sha256 = "{sha256}"
tensors_sha256 = "{tensors}"

[weights.ours]
architecture = "ffdnet"
config = {{ in_nc = 1, out_nc = 1, nc = 4, nb = 3 }}
task = "denoise"
channels = 1
role = "ffdnet"
licence = "BSD-3-Clause"
citation = "us"
quality = "none"
file = "ours.safetensors"
sha256 = "old"

[weights.unlicensed]
architecture = "virnet_sr"
config = {{ n_feat = [8, 8], dep_S = 3, dep_K = 1, n_resblocks = 1, noise_prior = "deviation" }}
task = "super_resolve"
scales = [2]
channels = 3
generative = true
licence = "none stated"
citation = "us"
quality = "none"
file = "sisr.pth"
page = "https://example.org/model"
git_sha1 = "{git}"
"""

ENLARGER = {'n_feat': [8, 8], 'dep_S': 3, 'dep_K': 1, 'n_resblocks': 1}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which this computer serves it."""
    folder = tmp_path / 'site'
    folder.mkdir()
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield folder, f'http://127.0.0.1:{server.server_port}'
        server.shutdown()
        thread.join()


@pytest.fixture
def published(
    tmp_path: Path, site: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A registry of three tiny networks; the file of the first, as it is published."""
    folder, url = site
    network = _network('ffdnet', **FFDNET)
    file = _save(network, folder / 'published.pth')
    table = tmp_path / 'registry.toml'
    unlicensed = _save(_network('virnet_sr', **ENLARGER), tmp_path / 'sisr.pth').read_bytes()
    hashes = {
        'sha256': file_sha256(file),
        'tensors': tensors_sha256(network.state_dict()),
        'git': hashlib.sha1(f'blob {len(unlicensed)}\0'.encode() + unlicensed).hexdigest(),
    }
    table.write_text(TABLE.format(url=url, **hashes))
    bundled = tmp_path / 'bundled'
    bundled.mkdir()
    monkeypatch.setattr(registry_module, '_TABLE', table)
    for module in (registry_module, store):
        monkeypatch.setattr(module, 'BUNDLED', bundled)
    monkeypatch.setattr(store, 'cache_folder', lambda: tmp_path / 'cache')
    monkeypatch.delenv(store.FOLDER_VARIABLE, raising=False)
    weights.registry.cache_clear()
    yield file
    weights.registry.cache_clear()


def test_a_missing_file_is_not_fetched_but_explained(published: Path) -> None:
    assert [s.place for s in weights.status()] == ['missing'] * 3
    with pytest.raises(WeightsError) as caught:
        weights.load('tiny')
    message = str(caught.value)
    for part in ('weights get tiny', 'published.pth (2.0 MB, sha256', 'http', 'cache'):
        assert part in message
    with pytest.raises(WeightsError, match='install napari-fresco again'):
        weights.load('ours')
    with pytest.raises(WeightsError, match='install napari-fresco again'):
        weights.get('ours')


@pytest.mark.parametrize('progress', [True, False])
def test_get_fetches_once(
    published: Path, progress: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    path = weights.get('tiny', progress=progress)
    assert ('100%' in capfd.readouterr().err) == progress
    published.unlink()
    assert weights.get('tiny') == path == weights.check('tiny') == weights.path('tiny')
    network = weights.load('tiny')
    assert network.weights_name == 'tiny'
    assert network.facts.sigma_range == (0, 0.2)
    assert [s.place for s in weights.status()] == ['cache', 'missing', 'missing']


def test_another_file_than_expected_is_not_kept(published: Path) -> None:
    _save(_network('ffdnet', seed=1, **FFDNET), published)
    with pytest.raises(WeightsError, match=r'cannot be fetched .* does not match'):
        weights.get('tiny', progress=False)
    assert [s.place for s in weights.status()] == ['missing'] * 3


def test_a_fetched_file_of_another_network_is_not_kept(published: Path) -> None:
    table = registry_module._TABLE
    lines = [line for line in table.read_text().splitlines() if 'sha256' not in line]
    table.write_text('\n'.join(lines))
    weights.registry.cache_clear()
    _save(_network('dncnn', nc=2, nb=3), published)
    with pytest.raises(WeightsError, match=r'looks like a DnCNN .*; tiny takes an FFDNet'):
        weights.get('tiny', progress=False)
    assert weights.status()[0].place == 'missing'


def test_without_a_network_get_says_what_to_put_where(published: Path) -> None:
    table = registry_module._TABLE
    table.write_text(table.read_text().replace('http://127', 'http://0.0.0.0:1/127'))
    weights.registry.cache_clear()
    with pytest.raises(WeightsError, match=r'cannot be fetched .* without a network put published'):
        weights.get('tiny', progress=False)


@pytest.mark.parametrize('suffix', ['.pth', '.npz', '.safetensors'])
def test_add_recognises_the_weights_in_any_format(
    published: Path, tmp_path: Path, suffix: str
) -> None:
    given = _save(_network('ffdnet', **FFDNET), tmp_path / f'downloaded{suffix}')
    added = weights.add('tiny', given)
    assert added.parent == tmp_path / 'cache'
    assert weights.load('tiny').weights_sha256 == file_sha256(given)
    again = weights.add('tiny', published)
    assert [p.name for p in (tmp_path / 'cache').iterdir()] == [again.name]


def test_add_refuses_other_weights(published: Path, tmp_path: Path) -> None:
    other = _save(_network('ffdnet', seed=1, **FFDNET), tmp_path / 'other.pth')
    with pytest.raises(WeightsError, match='is not tiny: its sha256 is'):
        weights.add('tiny', other)
    with pytest.raises(WeightsError, match='comes with napari-fresco'):
        weights.add('ours', other)
    with pytest.raises(WeightsError, match='unknown weights'):
        weights.add('theirs', other)
    assert not (tmp_path / 'cache').exists()


def test_add_says_when_the_cache_cannot_be_written(published: Path, tmp_path: Path) -> None:
    (tmp_path / 'cache').write_text('in the way')
    with pytest.raises(WeightsError, match='cannot be copied'):
        weights.add('tiny', published)


def test_an_offline_folder(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(published.parent))
    assert weights.status()[0] == weights.Status(weights.entry('tiny'), 'folder', published)
    assert weights.load('tiny').weights_name == 'tiny'
    content = bytearray(published.read_bytes())
    _save(_network('ffdnet', seed=1, **FFDNET), published)
    with pytest.raises(WeightsError, match='is not tiny'):
        weights.check('tiny')
    published.write_bytes(content[:50])
    with pytest.raises(WeightsError, match='corrupt'):
        weights.check('tiny')


def test_files_without_a_licence_are_added_by_hand(published: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r'no licence, .* from https://example.org/model, then'):
        weights.get('unlicensed')
    weights.add('unlicensed', tmp_path / 'sisr.pth')
    network = weights.load('unlicensed')
    assert (network.scales, network.generative) == ((2,), True)
    assert isinstance(network, networks.VIRNetSR)
    assert network.noise_prior == 'deviation'
    other = _save(_network('virnet_sr', seed=1, **ENLARGER), tmp_path / 'other.pth')
    with pytest.raises(WeightsError, match='is not unlicensed: git calls it'):
        weights.add('unlicensed', other)


def test_published_files_are_known_by_hash_or_name(published: Path, tmp_path: Path) -> None:
    network = weights.load(published)
    assert (network.weights_name, network.facts.sigma_range) == ('published.pth', (0, 0.2))
    by_name = weights.load(tmp_path / 'sisr.pth')
    assert (by_name.scales, by_name.generative) == ((2,), True)
    with pytest.raises(WeightsError, match=r'sisr.pth is made for x2, not for x4'):
        weights.expect(by_name, 'virnet_sr', scale=4)
    renamed = (tmp_path / 'sisr.pth').rename(tmp_path / 'mine.pth')
    assert weights.load(renamed).scales is None
    another = _save(_network('virnet_sr', **ENLARGER | {'dep_K': 2}), tmp_path / 'sisr.pth')
    assert weights.load(another).scales is None


def test_a_copy_that_breaks_off_leaves_nothing(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        target.write_bytes(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(store.shutil, 'copyfile', full)
    with pytest.raises(WeightsError, match=r'cannot be copied .*: No space left'):
        weights.add('tiny', published)
    assert list((tmp_path / 'cache').iterdir()) == []


def test_the_command_line_lists_what_the_weights_are_for(published: Path) -> None:
    lines = CliRunner().invoke(weighing.weights, 'list').output.splitlines()
    assert [line.split() for line in lines] == [
        ['name', 'task', 'image', 'scale', 'kind', 'file', 'size', 'licence'],
        ['tiny', 'denoise', 'gray', 'absent', '2.0', 'MB', 'MIT'],
        ['ours', 'denoise', 'gray', 'absent', 'BSD-3-Clause'],
        ['unlicensed', 'super_resolve', 'colour', 'x2', 'generative', 'absent', 'none', 'stated'],
    ]


def test_maintainers_can_pin_the_bundled_files(published: Path) -> None:
    table = registry_module._TABLE
    before = table.read_text()
    pin()
    assert table.read_text() == before
    file = _save(_network('ffdnet', **FFDNET), registry_module.BUNDLED / 'ours.safetensors')
    pin()
    pin()
    known = weights.entry('ours')
    assert (known.sha256, known.size) == (file_sha256(file), file.stat().st_size)
    assert weights.load('ours').weights_name == 'ours'
    assert 'ours.safetensors (0.0 MB, sha256' in known.describe_file()
    assert weights.entry('tiny').size == 2_000_000


def test_the_hash_over_tensors_does_not_depend_on_the_format() -> None:
    state = {'a.weight': torch.tensor([1.0, 2.0]), 'a.bias': torch.tensor([0.5])}
    content = b'a.weight' + np.array([1, 2], '<f4').tobytes()
    content += b'a.bias' + np.array([0.5], '<f4').tobytes()
    assert tensors_sha256(state) == hashlib.sha256(content).hexdigest()
