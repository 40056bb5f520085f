"""The authors' USRNet, whole and in parts."""

from __future__ import annotations

import re
import zlib

import numpy as np
import torch
from torch import Tensor, nn

from napari_fresco import networks
from napari_fresco.networks import usrnet

from .base import Golden, close

# What the authors' configurations also state.
FIXED = ('act_mode', 'downsample_mode', 'upsample_mode')


@torch.no_grad()
def data_module(golden: Golden) -> None:
    for dtype, suffix in both():
        atol = golden.meta[f'atol_{dtype_name(dtype)}']
        x, y, k, alpha = (tensor(golden.inputs[n], dtype) for n in ('x', 'y', 'k', 'alpha'))
        grid = (x.shape[-2], x.shape[-1])
        operator = usrnet.transfer(k, golden.meta['sf'], grid)
        z = usrnet.data_step(x, y, operator, alpha)
        close(z, golden.outputs[f'z{suffix}'], atol)
    spectrum = golden.outputs['FB_real'] + 1j * golden.outputs['FB_imag']
    centred = torch.fft.irfft2(operator.otf, s=grid)
    close(centred.to(torch.complex128), np.fft.ifft2(spectrum), atol)


@torch.no_grad()
def hyper_parameters(golden: Golden) -> None:
    meta = golden.meta
    network = usrnet.HyPaNet(meta['in_nc'], meta['out_nc'], meta['channel'])
    network.load_state_dict(golden.state_dict())
    for dtype, suffix in both():
        ab = network.to(dtype)(tensor(golden.inputs['x'], dtype))
        close(ab, golden.outputs[f'ab{suffix}'], meta[f'atol_{dtype_name(dtype)}'])


@torch.no_grad()
def prior(golden: Golden) -> None:
    meta = golden.meta
    network = usrnet.ResUNet(meta['in_nc'], meta['out_nc'], meta['nc'], meta['nb'])
    network.load_state_dict(golden.state_dict())
    for name, x in golden.inputs.items():
        close(network(tensor(x)), golden.outputs[name.replace('x', 'y')], meta['atol_float32'])


@torch.no_grad()
def whole(golden: Golden) -> None:
    network = build(golden)
    network.load_state_dict(golden.state_dict())
    forward(golden, network)
    atol = golden.meta['atol_float32']
    y, k, sigma = (tensor(golden.inputs[name]) for name in ('y', 'k', 'sigma'))
    network = network.float()
    ab = torch.cat(network.strengths(sigma, golden.meta['sf']), 1)
    close(ab, golden.outputs['ab'], atol)
    z, x = next(network.iterate(y, k, golden.meta['sf'], sigma))
    close(z, golden.outputs['z_first'], atol)
    close(x, golden.outputs['x_first'], atol)


@torch.no_grad()
def official(golden: Golden) -> None:
    network = build(golden)
    state = {k: seeded(golden.meta['seed'], k, v.shape) for k, v in network.state_dict().items()}
    for name, sums in golden.meta['weights_checksum_first_keys_sum_and_abssum'].items():
        weight = state[name].double()
        np.testing.assert_allclose([weight.sum(), weight.abs().sum()], sums, rtol=1e-6)
    network.load_state_dict(state)
    assert sum(p.numel() for p in network.parameters()) == golden.meta['num_parameters']
    forward(golden, network)


def forward(golden: Golden, network: nn.Module) -> None:
    """Compare the result in both precisions."""
    atol = golden.meta['atol_float32']
    # The authors' float32 loses digits that ours keeps; float64 agrees to the rounding of both.
    for dtype, suffix, bound in ((torch.float32, '', atol), (torch.float64, '_float64', 1e-9)):
        y, k, sigma = (tensor(golden.inputs[name], dtype) for name in ('y', 'k', 'sigma'))
        x = network.to(dtype)(y, k, golden.meta['sf'], sigma)
        close(x, golden.outputs[f'x{suffix}'], bound)


def build(golden: Golden) -> nn.Module:
    config = {k: v for k, v in golden.meta['config'].items() if k not in FIXED}
    return networks.build('usrnet', **config).eval()


def seeded(seed: int, key: str, shape: torch.Size) -> Tensor:
    """Return the weights that the authors' network was given, after ``weights_recipe``."""
    random = np.random.RandomState(zlib.crc32(f'{seed}:{key}'.encode()) & 0xFFFFFFFF)
    a = random.standard_normal(tuple(shape))
    if key == 'h.mlp.4.bias':
        a = -2 + 0.5 * a
    elif key.endswith('bias'):
        a = 0.1 * a
    else:
        transposed = re.fullmatch(r'p\.m_up[123]\.0\.weight', key)
        a = a * 0.7 / np.sqrt(shape[0] if transposed else np.prod(shape[1:]))
    return torch.from_numpy(a.astype(np.float32))


def tensor(array: np.ndarray, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.from_numpy(np.array(array)).to(dtype)


def both() -> tuple[tuple[torch.dtype, str], ...]:
    return (torch.float32, ''), (torch.float64, '_float64')


def dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix('torch.')


CASES = {
    'usrnet/datanet': data_module,
    'usrnet/hypanet': hyper_parameters,
    'usrnet/resunet': prior,
    'usrnet/usrnet': whole,
    'usrnet/official': official,
}
