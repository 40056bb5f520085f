"""SCUNet against the authors' code: its block, whole networks, and the full configuration."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor, nn

from napari_fresco import networks
from napari_fresco.networks.scunet import SwinConvBlock, config_from
from napari_fresco.networks.window_attention import WindowAttention

from .base import Golden, close

DOUBLE_ATOL = 1e-9
UNSTORED = ('input_resolution', 'drop_path_rate')


def check_block(golden: Golden) -> None:
    meta, expected = golden.meta, golden.outputs
    block = SwinConvBlock(
        meta['conv_dim'],
        meta['trans_dim'],
        meta['head_dim'],
        meta['window_size'],
        shifted=meta['type'] == 'SW',
    ).eval()
    block.load_state_dict(golden.state_dict(), strict=True)
    atol = meta['atol_float32']
    tokens = torch.from_numpy(golden.inputs['tokens'])
    close(block.trans_block.msa(tokens), expected['attention'], atol)
    close(block.trans_block(tokens), expected['trans_block'], atol)
    _check_both_precisions(block, golden, '')


def check_network(golden: Golden) -> None:
    _check_whole(golden, golden.state_dict())


def check_official(golden: Golden) -> None:
    network = networks.build('scunet', **golden.meta['config'])
    _check_whole(golden, _recipe(network, golden.meta['seed']))


def _check_whole(golden: Golden, tensors: dict[str, Tensor]) -> None:
    meta = golden.meta
    network = networks.build('scunet', **meta['config']).eval()
    network.load_state_dict(tensors, strict=True)
    assert sum(p.numel() for p in network.parameters()) == meta['num_parameters']
    assert _attention_types(network) == meta['attention_types']
    stored = {name: value for name, value in meta['config'].items() if name not in UNSTORED}
    assert config_from(tensors) == ('scunet', stored)
    for i, (n, height, width) in enumerate(meta['sizes']):
        assert golden.inputs[f'x{i}'].shape == (n, meta['config']['in_nc'], height, width)
        _check_both_precisions(network, golden, str(i))


@torch.no_grad()
def _check_both_precisions(network: nn.Module, golden: Golden, i: str) -> None:
    x = torch.from_numpy(golden.inputs[f'x{i}'])
    close(network(x), golden.outputs[f'y{i}'], golden.meta['atol_float32'])
    exact = network.double()(x.double())
    close(exact, golden.outputs[f'y{i}_float64'], DOUBLE_ATOL)
    network.float()


def _attention_types(network: nn.Module) -> dict[str, str]:
    return {
        name: 'SW' if module.shift else 'W'
        for name, module in network.named_modules()
        if isinstance(module, WindowAttention)
    }


def _recipe(network: nn.Module, seed: int) -> dict[str, Tensor]:
    """Draw the parameters of the full-size golden file, which are too many to store."""
    return {key: _drawn(key, tuple(p.shape), seed) for key, p in network.state_dict().items()}


def _drawn(key: str, shape: tuple[int, ...], seed: int) -> Tensor:
    random = np.random.RandomState(zlib.crc32(f'{seed}:{key}'.encode()) & 0xFFFFFFFF)
    a = random.standard_normal(shape)
    return torch.from_numpy(_scaled(key, a)).float()


def _scaled(key: str, a: np.ndarray) -> np.ndarray:
    if key.endswith('relative_position_params'):
        return 0.5 * a
    if key.endswith(('ln1.weight', 'ln2.weight')):
        return 1 + 0.2 * a
    if key.endswith('bias'):
        return 0.1 * a
    if a.ndim == 2:
        return a / np.sqrt(a.shape[1])
    if key in ('m_up1.0.weight', 'm_up2.0.weight', 'm_up3.0.weight'):
        return a * 0.5 / np.sqrt(a.shape[0])
    gain = 0.02 if key == 'm_tail.0.weight' else 0.5 if 'conv1_2' in key else 1.0
    return a * gain / np.sqrt(np.prod(a.shape[1:]))


CASES = {
    'scunet/swin_conv_block': check_block,
    'scunet/scunet': check_network,
    'scunet/official': check_official,
}
