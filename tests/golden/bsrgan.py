"""RRDBNet against the authors' code: small networks and the full configuration."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor

from napari_fresco import networks
from napari_fresco.networks.rrdbnet import config_from

from .base import Golden, close


def check_network(golden: Golden) -> None:
    _check_whole(golden, golden.state_dict())


def check_official(golden: Golden) -> None:
    network = networks.build('rrdbnet', **golden.meta['config'])
    seed = golden.meta['seed']
    drawn = {key: _drawn(key, tuple(p.shape), seed) for key, p in network.state_dict().items()}
    _check_whole(golden, drawn)


@torch.no_grad()
def _check_whole(golden: Golden, tensors: dict[str, Tensor]) -> None:
    meta = golden.meta
    network = networks.build('rrdbnet', **meta['config']).eval()
    network.load_state_dict(tensors, strict=True)
    assert sum(p.numel() for p in network.parameters()) == meta['num_parameters']
    assert config_from(tensors) == ('rrdbnet', meta['config'])
    for i, (n, height, width) in enumerate(meta['sizes']):
        x = golden.inputs[f'x{i}']
        assert x.shape == (n, meta['config']['in_nc'], height, width)
        close(network(torch.from_numpy(x)), golden.outputs[f'y{i}'], meta['atol_float32'])


def _drawn(key: str, shape: tuple[int, ...], seed: int) -> Tensor:
    random = np.random.RandomState(zlib.crc32(f'{seed}:{key}'.encode()) & 0xFFFFFFFF)
    a = random.standard_normal(shape)
    if key.endswith('bias'):
        return torch.from_numpy(0.05 * a).float()
    gain = 0.7 if 'conv5' in key else 0.02 if key == 'conv_last.weight' else 1.0
    return torch.from_numpy(a * gain / np.sqrt(shape[1] * 9)).float()


CASES = {'bsrgan/rrdbnet': check_network, 'bsrgan/official': check_official}
