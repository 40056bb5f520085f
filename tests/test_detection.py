"""Checkpoints of every architecture: recognised, unwrapped, or refused by name."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from napari_fresco import networks, weights
from napari_fresco.errors import WeightsError
from napari_fresco.weights.assembling import assemble
from napari_fresco.weights.detection import detect, outline

SOMEWHERE = Path('some.pth')

USRNET = {'n_iter': 2, 'h_nc': 3, 'in_nc': 4, 'out_nc': 3, 'nc': [2, 3, 4, 5], 'nb': 1}
VIRNET = {'im_chn': 3, 'sigma_chn': 1, 'n_feat': [8, 16], 'dep_S': 3, 'n_resblocks': 1}
VDIR = {'channels': 3, 'width': 2, 'latent': 2, 'groups': 1, 'blocks': 1}
SCUNET = {'in_nc': 3, 'config': [1] * 7, 'dim': 4, 'head_dim': 2, 'window_size': 4}
RRDBNET = {'in_nc': 3, 'out_nc': 3, 'nf': 2, 'nb': 1, 'gc': 2}

TINY: Mapping[str, tuple[str, dict[str, Any]]] = {
    'USRNet': ('usrnet', USRNET),
    'VIRNet': ('virnet', VIRNET),
    'VIRNet for super-resolution': ('virnet_sr', VIRNET | {'dep_K': 1}),
    'VDIR': ('vdir', VDIR),
    'SCUNet': ('scunet', SCUNET),
    'RRDBNet': ('rrdbnet', RRDBNET | {'sf': 2}),
    'DRUNet': ('drunet', {'in_nc': 4, 'out_nc': 3, 'nc': [2, 2, 2, 2], 'nb': 1}),
    'FFDNet': ('ffdnet', {'in_nc': 3, 'out_nc': 3, 'nc': 2, 'nb': 3}),
    'DnCNN': ('dncnn', {'in_nc': 3, 'out_nc': 3, 'nc': 2, 'nb': 3}),
    'bank of IRCNN denoisers': ('ircnn_bank', {'in_nc': 3, 'out_nc': 3, 'nc': 2}),
}


def _built(title: str) -> nn.Module:
    torch.manual_seed(0)
    architecture, config = TINY[title]
    return networks.build(architecture, **config)


def _saved(content: Any, path: Path) -> Path:
    torch.save(content, path)
    return path


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(t.shape) for name, t in tensors.items()}


def _detected(architecture: str, config: Mapping[str, Any]) -> networks.NetworkFacts:
    """Facts of the network that detection makes of a configuration; it has the same tensors."""
    state = outline(architecture, config).state_dict()
    found = outline(*detect(state, SOMEWHERE))
    assert _shapes(found.state_dict()) == _shapes(state)
    return networks.facts_of(found)


# --- every architecture ----------------------------------------------------------


@st.composite
def unfoldings(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    channels, counts = draw(st.integers(1, 4)), st.integers(1, 5)
    widths = draw(st.lists(counts, min_size=4, max_size=4))
    config = {'n_iter': draw(counts), 'h_nc': draw(counts), 'nc': widths, 'nb': draw(counts)}
    return 'usrnet', {**config, 'in_nc': channels + 1, 'out_nc': channels}


@st.composite
def variational(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    channels = draw(st.sampled_from([1, 3]))
    config: dict[str, Any] = {
        'im_chn': channels,
        'sigma_chn': draw(st.sampled_from([1, channels])),
        'n_feat': draw(st.lists(st.integers(8, 12), min_size=2, max_size=4)),
        'dep_S': draw(st.integers(2, 5)),
        'n_resblocks': draw(st.integers(1, 3)),
        'extra_mode': draw(st.sampled_from(['Input', 'Both', 'Down'])),
    }
    if draw(st.booleans()):
        return 'virnet', config
    return 'virnet_sr', {**config, 'dep_K': draw(st.integers(1, 3))}


@st.composite
def latent(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    counts = st.integers(1, 4)
    names = ('channels', 'width', 'latent', 'groups', 'blocks')
    return 'vdir', {
        **{name: draw(counts) for name in names},
        'scale': draw(st.sampled_from([1, 2, 4])),
    }


@st.composite
def swin(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    head_dim = draw(st.sampled_from([2, 4]))
    return 'scunet', {
        'in_nc': draw(st.integers(1, 4)),
        'config': draw(st.lists(st.integers(1, 3), min_size=7, max_size=7)),
        'dim': 2 * head_dim * draw(st.integers(1, 2)),
        'head_dim': head_dim,
        'window_size': draw(st.sampled_from([4, 8])),
    }


@st.composite
def dense(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    channels, counts = draw(st.integers(1, 4)), st.integers(1, 4)
    widths = {name: draw(counts) for name in ('nf', 'nb', 'gc')}
    sf = draw(st.sampled_from([2, 4]))
    return 'rrdbnet', {**widths, 'in_nc': channels, 'out_nc': channels, 'sf': sf}


@settings(max_examples=20, deadline=None)
@given(st.one_of(unfoldings(), variational(), latent(), swin(), dense()))
def test_the_configuration_is_read_off_the_tensors(case: tuple[str, dict[str, Any]]) -> None:
    architecture, config = case
    wanted = networks.facts_of(outline(architecture, config))
    assert _detected(architecture, config) == wanted


PUBLISHED = {
    'usrnet': (17_016_016, 42),
    'usrnet_tiny_authors': (590_332, 42),
    'virnet_denoising_syn': (10_539_332, 82),
    'virnet_denoising_real': (15_403_974, 116),
    'virnet_sisr_x4': (5_903_063, 225),
    'vdir_awgn': (2_227_915, 130),
    'scunet_color_real_psnr': (17_946_072, 540),
    'scunet_gray_25': (17_943_768, 540),
    'bsrgan': (16_697_987, 702),
    'bsrgan_x2': (16_661_059, 700),
}


@pytest.mark.parametrize('name', PUBLISHED)
def test_the_published_networks_have_the_tensors_that_their_authors_count(name: str) -> None:
    entry = weights.entry(name)
    state = outline(entry.architecture, entry.config).state_dict()
    assert (sum(t.numel() for t in state.values()), len(state)) == PUBLISHED[name]
    assert _detected(entry.architecture, entry.config).architecture == entry.architecture


def test_the_variant_of_virnet_told_the_noise_at_the_input_alone() -> None:
    config = dict(weights.entry('virnet_sisr_x4').config) | {'extra_mode': 'Input'}
    state = outline('virnet_sr', config).state_dict()
    assert sum(t.numel() for t in state.values()) == 5_716_935
    found = outline(*detect(state, SOMEWHERE))
    assert _shapes(found.state_dict()) == _shapes(state)


# --- how training programs store them ---------------------------------------------


@pytest.mark.parametrize('title', TINY)
def test_files_of_every_architecture_are_loaded(title: str, tmp_path: Path) -> None:
    saved = _built(title)
    loaded = weights.load(_saved(saved.state_dict(), tmp_path / 'a.pth'))
    assert loaded.facts.architecture == TINY[title][0]
    assert not loaded.generative
    torch.testing.assert_close(loaded.state_dict(), saved.state_dict(), rtol=0, atol=0)
    assert not any(p.requires_grad for p in loaded.parameters())


@pytest.mark.parametrize(
    'wrap',
    [
        lambda s: {'epoch': 3, 'step': 9, 'step_img': {'train': 2}, 'model_state_dict': s},
        lambda s: {'params': s},
        lambda s: {'params': {n: t + 1 for n, t in s.items()}, 'params_ema': s, 'iter': 4},
        lambda s: {'state_dict': s, 'optimizer': {'param_groups': [{'lr': 0.1}]}},
        lambda s: {f'module.{n}': t for n, t in s.items()},
        lambda s: {'model_state_dict': {f'module.{n}': t for n, t in s.items()}},
    ],
)
def test_wrappers_are_taken_off(wrap: Any, tmp_path: Path) -> None:
    saved = _built('VIRNet')
    loaded = weights.load(_saved(wrap(saved.state_dict()), tmp_path / 'a.pth'))
    torch.testing.assert_close(loaded.state_dict(), saved.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ({'params': torch.zeros(2)}, 'unknown architecture'),
        ({'params': [torch.zeros(2)]}, 'holds params, which is a list and no tensor'),
        ({'model_state_dict': {'a': {'b': torch.zeros(2)}}}, 'unknown architecture'),
        ({'model_state_dict': {'a': 'text'}}, 'holds a, which is a str and no tensor'),
        ({'state_dict': {}}, 'holds no tensors'),
    ],
)
def test_wrappers_around_something_else(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=message):
        weights.load(_saved(content, tmp_path / 'a.pth'))


def test_what_only_training_needs_is_left_out(tmp_path: Path) -> None:
    saved = _built('VDIR')
    beside = {
        'decoder.conv_in.weight': torch.zeros(2, 2, 3, 3),
        'estimator.conv1.bias': torch.zeros(2),
        'discriminator.conv1_1.u': torch.zeros(1, 2),
    }
    loaded = weights.load(_saved(saved.state_dict() | beside, tmp_path / 'a.pth'))
    torch.testing.assert_close(loaded.state_dict(), saved.state_dict(), rtol=0, atol=0)


def test_a_file_says_for_which_scale_it_was_made_and_whether_it_is_generative(
    tmp_path: Path,
) -> None:
    architecture, config = TINY['VIRNet for super-resolution']
    state = _built('VIRNet for super-resolution').state_dict()
    told = {'architecture': architecture, 'config': json.dumps(config)}
    save_file(state, tmp_path / 'a.safetensors', told | {'scales': '[3]', 'generative': 'true'})
    loaded = weights.load(tmp_path / 'a.safetensors')
    assert (loaded.scales, loaded.generative) == ((3,), True)
    save_file(state, tmp_path / 'b.safetensors', told)
    assert weights.load(tmp_path / 'b.safetensors').scales is None
    for wrong in ({'scales': '3'}, {'scales': '[]'}, {'scales': '["3"]'}, {'generative': '1'}):
        save_file(state, tmp_path / 'c.safetensors', told | wrong)
        with pytest.raises(WeightsError, match='cannot be understood'):
            weights.load(tmp_path / 'c.safetensors')


# --- another network than was asked for -------------------------------------------


@pytest.mark.parametrize('title', TINY)
def test_a_network_of_another_architecture_is_called_by_its_name(
    title: str, tmp_path: Path
) -> None:
    network = weights.load(_saved(_built(title).state_dict(), tmp_path / 'a.pth'))
    architecture = TINY[title][0]
    weights.expect(network, architecture)
    weights.expect(network, ('skip', architecture), channels=(1, 3))
    weights.expect(network, architecture, channels=3)
    with pytest.raises(WeightsError, match=rf'a.pth looks like an? {title} \(3 channels'):
        weights.expect(network, ['skip'])
    with pytest.raises(WeightsError, match='takes one with 1: choose other weights, or "auto"'):
        weights.expect(network, architecture, channels=1)


@pytest.mark.parametrize(
    ('title', 'scale', 'made_for'),
    [('RRDBNet', 4, 'x2'), ('SCUNet', 2, 'x1'), ('VDIR', 2, 'x1')],
)
def test_a_network_of_another_scale(title: str, scale: int, made_for: str, tmp_path: Path) -> None:
    network = weights.load(_saved(_built(title).state_dict(), tmp_path / 'a.pth'))
    with pytest.raises(WeightsError, match=f'a.pth is made for {made_for}, not for x{scale}'):
        weights.expect(network, TINY[title][0], scale=scale)


@pytest.mark.parametrize('title', ['USRNet', 'VIRNet for super-resolution'])
def test_networks_that_are_told_the_scale_take_any(title: str, tmp_path: Path) -> None:
    network = weights.load(_saved(_built(title).state_dict(), tmp_path / 'a.pth'))
    weights.expect(network, TINY[title][0], scale=7)


def test_the_file_of_an_entry_is_another_network(tmp_path: Path) -> None:
    for title, message in {
        'SCUNet': r'looks like a SCUNet \(3 channels\); vdir_awgn takes a VDIR \(3 channels\)',
        'FFDNet': 'looks like an FFDNet .*; vdir_awgn takes a VDIR',
        'VDIR': 'does not fit vdir: missing: encoder',
    }.items():
        config = dict(TINY[title][1])
        state = networks.build(TINY[title][0], **config).state_dict()
        if title == 'VDIR':
            del state['encoder.conv1.weight']
        with pytest.raises(WeightsError, match=message):
            weights.add('vdir_awgn', _saved(state, tmp_path / 'a.pth'))
    gray = networks.build('scunet', **(SCUNET | {'in_nc': 1})).state_dict()
    with pytest.raises(WeightsError, match=r'\(1 channel\); scunet_color_15 takes a SCUNet \(3 ch'):
        weights.add('scunet_color_15', _saved(gray, tmp_path / 'a.pth'))
    with pytest.raises(WeightsError, match=r'\(3 channels, x2\); bsrgan takes an RRDBNet .* x4'):
        weights.add('bsrgan', _saved(_built('RRDBNet').state_dict(), tmp_path / 'a.pth'))


# --- damaged and hostile files ------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(TINY)), st.data())
def test_damaged_checkpoints_are_refused(title: str, data: st.DataObject) -> None:
    """Whatever is missing, added or ill-shaped: an error of ours, and nothing half loaded."""
    state = dict(_built(title).state_dict())
    name = data.draw(st.sampled_from(list(state)))
    harm = data.draw(st.sampled_from(['drop', 'add', 'reshape', 'scalar', 'integers', 'nan']))
    if harm == 'drop':
        del state[name]
    elif harm == 'add':
        state['another.weight'] = torch.zeros(1)
    elif harm == 'reshape':
        state[name] = torch.zeros(*state[name].shape, 2)
    elif harm == 'scalar':
        state[name] = torch.tensor(0.5)
    elif harm == 'integers':
        state[name] = torch.zeros(state[name].shape, dtype=torch.int64)
    else:
        state[name] = torch.full(state[name].shape, torch.nan)
    with tempfile.TemporaryDirectory() as folder:
        path = _saved(state, Path(folder) / 'a.pth')
        with pytest.raises(WeightsError, match=r'a\.pth'):
            weights.load(path)


def test_tensors_larger_than_their_file_are_refused(tmp_path: Path) -> None:
    huge = torch.zeros(1).expand(10**9, 10**9)
    with pytest.raises(WeightsError, match='corrupt or not a'):
        weights.load(_saved({'model.0.weight': huge}, tmp_path / 'a.pth'))


@pytest.mark.parametrize(
    ('architecture', 'config'),
    [
        ('scunet', {'config': 'seven'}),
        ('usrnet', {'nc': [2, 2]}),
        ('virnet', {'n_feat': []}),
        ('rrdbnet', {'sf': 3}),
        ('vdir', {'scale': 0}),
        ('scunet', {'dim': 6, 'head_dim': 4}),
        ('skip', {}),
        ('nothing', {}),
        ('usrnet', {'forward': 1}),
    ],
)
def test_impossible_networks_are_refused(architecture: str, config: dict[str, Any]) -> None:
    with pytest.raises(WeightsError, match='describes an impossible network'):
        assemble(architecture, config, {'a': torch.zeros(1)}, SOMEWHERE)
