"""Checkpoints: reading every format, refusing everything else, and the registry."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

import napari_fresco as fresco
from napari_fresco import networks, weights
from napari_fresco.declare.methods import METHODS
from napari_fresco.errors import DeviceError, WeightsError
from napari_fresco.weights.cards import card
from napari_fresco.weights.detection import outline
from napari_fresco.weights.loading import tensors_sha256
from napari_fresco.weights.registry import BUNDLED, SUFFIXES, file_sha256

from .checkpoints import FFDNET, network, save


def _same(loaded: nn.Module, saved: nn.Module) -> None:
    torch.testing.assert_close(loaded.state_dict(), saved.state_dict(), rtol=0, atol=0)


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
    saved = network(architecture, **config)
    with tempfile.TemporaryDirectory() as folder:
        path = save(saved, Path(folder) / f'some{suffix}')
        loaded = weights.load(path)
        assert loaded.weights_sha256 == file_sha256(path)
    assert loaded.weights_name == f'some{suffix}'
    assert loaded.facts.architecture == architecture
    assert loaded.facts.channels == config['out_nc']
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())
    _same(loaded, saved)


def test_nested_banks_and_old_pickles(tmp_path: Path) -> None:
    bank = network('ircnn_bank', nc=2)
    nested = {str(j): bank.get_submodule(str(j)).state_dict() for j in range(25)}
    torch.save(nested, tmp_path / 'ircnn.pth', _use_new_zipfile_serialization=False)
    _same(weights.load(tmp_path / 'ircnn.pth'), bank)


def test_half_precision_is_read_as_float32(tmp_path: Path) -> None:
    saved = network('ffdnet', **FFDNET)
    path = save(saved.half(), tmp_path / 'half.safetensors')
    _same(weights.load(path), saved.float())


def test_what_the_file_says_of_itself_is_used_and_verified(tmp_path: Path) -> None:
    saved = network('ircnn', nc=2)
    facts = {'architecture': 'ircnn', 'config': json.dumps({'nc': 2})}
    loaded = weights.load(save(saved, tmp_path / 'a.safetensors', facts))
    assert isinstance(loaded, networks.IRCNN)
    facts['config'] = json.dumps({'nc': 3})
    path = save(saved, tmp_path / 'b.safetensors', facts)
    _refused(path, r'does not fit ircnn: ill-shaped: model.0.weight is \(2, 1, 3, 3\)')
    facts['config'] = json.dumps({'nc': -1})
    _refused(save(saved, tmp_path / 'c.safetensors', facts), 'describes an impossible network')
    facts['architecture'] = 'skip'
    _refused(save(saved, tmp_path / 'e.safetensors', facts), 'describes an impossible network')
    facts['config'] = '[1]'
    _refused(save(saved, tmp_path / 'd.safetensors', facts), 'cannot be understood')


def test_npz_meta_names_the_network(tmp_path: Path) -> None:
    saved = network('ircnn', nc=2)
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
    saved = network(architecture, **config)
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

    saved = network(architecture, **config)
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
    _refused(tmp_path / 'kernel.mat', 'cut short, corrupt or not a .mat file of weights')
    savemat(tmp_path / 'net.mat', {'net': {'layers': np.empty((1, 0), object)}})
    _refused(tmp_path / 'net.mat', 'no MatConvNet network')


# --- refusing files --------------------------------------------------------------


class _Hostile:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


PROGRAM = r'would run a program when opened \({}\), so it is not opened; give the state_dict'


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('way', ['zip', 'legacy', 'bare'])
def test_a_pickle_that_runs_code_is_refused_by_what_it_runs(
    tmp_path: Path, way: str, protocol: int
) -> None:
    path, marker = tmp_path / 'hostile.pth', tmp_path / 'ran'
    content = {'model.0.weight': _Hostile(marker)}
    if way == 'bare':
        path.write_bytes(pickle.dumps(content, protocol))
    else:
        as_zip = way == 'zip'
        torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=as_zip)
    with warnings.catch_warnings(record=True) as caught:
        _refused(path, PROGRAM.format(rf'{os.mkdir.__module__}\.mkdir'))
    assert not marker.exists()
    assert caught == []


def test_other_ways_to_run_code(tmp_path: Path) -> None:
    whole = network('ffdnet', **FFDNET)
    torch.save(whole, tmp_path / 'whole.pth')
    _refused(tmp_path / 'whole.pth', PROGRAM.format(r'napari_fresco\S+FFDNet'))
    (tmp_path / 'eval.pth').write_bytes(b"c__builtin__\neval\n(S'1'\ntR.")
    _refused(tmp_path / 'eval.pth', PROGRAM.format(r'\S*eval'))
    (tmp_path / 'instance.pth').write_bytes(b'(iposix\nuname\n.')
    _refused(tmp_path / 'instance.pth', PROGRAM.format(r'posix\.uname'))
    torch.jit.save(torch.jit.trace(nn.ReLU(), torch.zeros(1)), tmp_path / 'traced.pt')
    _refused(tmp_path / 'traced.pt', PROGRAM.format('TorchScript'))
    marker = tmp_path / 'ran'
    hostile = np.array([_Hostile(marker)], dtype=object)
    np.savez(tmp_path / 'hostile.npz', **{'model.0.weight': hostile})
    _refused(tmp_path / 'hostile.npz', PROGRAM.format('pickled objects'))
    (tmp_path / 'hostile.npz').write_bytes(pickle.dumps(_Hostile(marker)))
    _refused(tmp_path / 'hostile.npz', PROGRAM.format(rf'{os.mkdir.__module__}\.mkdir'))
    assert not marker.exists()


@pytest.mark.parametrize('suffix', SUFFIXES)
@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'is empty; fetch or copy it again'),
        (b'\n <!DOCTYPE html>\n<title>Log in</title>', 'is a web page, such as a log-in'),
        (b'<HTML><body>404</body></HTML>', 'is a web page'),
        (b'<?xml version="1.0"?><Error>AccessDenied</Error>', 'is a web page, .* or an error'),
        (b'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', 'note that Git LFS leaves'),
    ],
)
def test_what_is_fetched_by_mistake_is_called_by_its_name(
    tmp_path: Path, suffix: str, content: bytes, message: str
) -> None:
    path = tmp_path / f'file{suffix}'
    path.write_bytes(content)
    _refused(path, message)


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=1, max_size=300), st.sampled_from(SUFFIXES))
def test_arbitrary_bytes_are_refused(content: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f'noise{suffix}'
        path.write_bytes(content)
        _refused(path, 'is cut short, corrupt or not a|is cut short: it has|is a web page')


KINDS = ['.pth', 'legacy', '.safetensors', '.npz']


@cache
def _whole(kind: str) -> bytes:
    """Return a file of weights of that suffix; 'legacy' is what PyTorch 1.5 wrote."""
    saved = network('ffdnet', **FFDNET)
    with tempfile.TemporaryDirectory() as folder:
        if kind != 'legacy':
            return save(saved, Path(folder) / f'a{kind}').read_bytes()
        path = Path(folder) / 'a.pth'
        torch.save(saved.state_dict(), path, _use_new_zipfile_serialization=False)
        return path.read_bytes()


@settings(max_examples=60)
@example('legacy', 0.08203125)  # in the middle of a name
@example('legacy', 0.080078125)  # and of its module
@given(st.sampled_from(KINDS), st.floats(0, 1, exclude_max=True))
def test_no_beginning_of_a_file_is_taken_for_the_whole(kind: str, part: float) -> None:
    whole = _whole(kind)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ('a.pth' if kind == 'legacy' else f'a{kind}')
        path.write_bytes(whole[: int(part * len(whole))])
        _refused(path, f'is cut short, corrupt or not a {path.suffix} file of weights|is empty')


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
    state = network('drunet', nc=[2, 2, 2, 2], nb=1).state_dict()
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
    _refused('ffdnet_grey', "unknown weights 'ffdnet_grey'; did you mean 'ffdnet_gray'")
    _refused('', 'is a folder')
    with pytest.raises(WeightsError, match='neither a registry name nor a path'):
        weights.load(3)  # type: ignore[arg-type]


def test_an_absent_device(tmp_path: Path) -> None:
    path = save(network('ffdnet', **FFDNET), tmp_path / 'a.pth')
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
        assert (known.size is None) != (known.megabytes is None)
        assert (known.quality is None) == known.bundled
        assert known.scales == tuple(sorted(known.scales))
        assert (known.task == 'super_resolve') == (known.scales != (1,))
        if facts.scale != 1:
            assert known.scales == (facts.scale,)


def test_every_role_has_one_bundled_and_one_other_checkpoint_of_a_kind_at_most() -> None:
    parts = Counter(
        (known.role, known.task, known.channels, scale, known.bundled, known.generative)
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
        *('usrnet', 'usrgan', 'usrnet_tiny_authors', 'usrgan_tiny_authors'),
        *('virnet_denoising_syn', 'virnet_denoising_real'),
        *('virnet_sisr_x2', 'virnet_sisr_x3', 'virnet_sisr_x4', 'vdir_awgn', 'vdir_real'),
        *('virnet_denoising_syn_2022', 'virnet_denoising_real_2022', 'virnet_sisr_x4_2022'),
        *('scunet_color_real_psnr', 'scunet_color_real_gan'),
        *(f'scunet_{kind}_{sigma}' for kind in ('gray', 'color') for sigma in (15, 25, 50)),
        *('bsrgan', 'bsrgan_x2', 'bsrnet'),
    }


def test_what_was_trained_against_a_critic_is_called_generative() -> None:
    generative = {name for name, known in weights.registry().items() if known.generative}
    assert generative >= {'usrgan', 'usrgan_tiny_authors', 'scunet_color_real_gan', 'bsrgan'}
    assert generative >= {'usrgan_tiny', 'bsrgan_compact_x2', 'bsrgan_x2'}
    assert all('gan' in name for name in generative)


@pytest.mark.parametrize(
    ('role', 'channels', 'name'),
    [
        ('drunet', 1, 'drunet_compact_gray'),
        ('drunet', 3, 'drunet_compact_color'),
        ('ffdnet', 4, 'ffdnet_gray'),
        ('ircnn', 3, 'ircnn_gray'),
        ('dncnn', 1, 'dncnn_compact_gray'),
    ],
)
def test_defaults(role: str, channels: int, name: str) -> None:
    assert weights.default_for(role, channels) == name


def test_defaults_for_other_tasks() -> None:
    assert weights.default_for('drunet', 3, 'deblock') == 'drunet_deblocking_color'
    assert weights.default_for('usrgan', 1, 'super_resolve', 4) == 'usrgan_tiny'
    assert weights.default_for('virnet', 1, 'super_resolve', 2) == 'virnet_sr_x2_micrograph'
    assert weights.default_for('virnet', 2, 'super_resolve', 3) == 'virnet_sisr_x3'
    for task, scale in (('super_resolve', 3), ('super_resolve', 8), ('deblur', 1)):
        known = weights.entry(weights.default_for('usrnet', 1, task, scale))
        assert known.architecture == 'usrnet'
        assert known.serves(task, scale)


def test_weights_that_do_no_good_to_gray_images_say_what_does() -> None:
    doubtful = [known for known in weights.registry().values() if known.doubt(1)]
    assert {each.name for each in doubtful} >= {
        'vdir_denoise_color',
        'scunet_compact_color',
        'ffdnet_color',
    }
    for known in doubtful:
        assert not known.doubt(known.channels)
        assert known.instead if known.seen else 'weights for gray' in known.doubt(1)
        for other in known.instead:
            assert known.task in METHODS[other].tasks
            assert f"'{other}'" in known.doubt(1)


def test_priors_that_let_noise_grow_say_so_where_they_are_named() -> None:
    blurred, kernel = np.random.default_rng(0).normal(100, 9, (40, 40, 3)), np.ones((3, 3))

    def said(method: str, model: str, **how: Any) -> bool:
        result = fresco.restore(blurred, method=method, model=model, sigma=5, **how)
        return any('lets noise grow' in c.message for c in result.checks if c.name == 'training')

    deblur = {'task': 'deblur', 'kernel': kernel}
    assert said('dpir', 'ffdnet_color', **deblur)
    assert said('ircnn', 'ircnn_gray', **deblur)
    assert not said('dpir', 'auto', **deblur)
    assert not said('ircnn', 'auto', **deblur)  # which takes another prior
    assert not said('dpir', 'ffdnet_color')
    enlarge = {'task': 'super_resolve', 'scale': 2, 'kernel': kernel}
    assert said('ircnn', 'ffdnet_color', **enlarge)
    assert not said('ircnn', 'auto', **enlarge)


def test_detail_is_invented_only_where_it_is_asked_for() -> None:
    assert weights.entry('bsrgan_compact_x2').generative
    assert weights.default_for('bsrgan', 3, 'super_resolve', 2) == 'bsrnet_compact_x2'


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
    described = card(name)
    assert described is not None
    assert described.sha256 == known.sha256


def test_the_hash_over_tensors_does_not_depend_on_the_format() -> None:
    state = {'a.weight': torch.tensor([1.0, 2.0]), 'a.bias': torch.tensor([0.5])}
    content = b'a.weight' + np.array([1, 2], '<f4').tobytes()
    content += b'a.bias' + np.array([0.5], '<f4').tobytes()
    assert tensors_sha256(state) == hashlib.sha256(content).hexdigest()
