"""The untrained hourglass against the authors': outputs, gradients and statistics."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_fresco import networks

from .base import Golden, close


def skip_forward_backward(golden: Golden) -> None:
    _check_single(golden)
    _check_double(golden)


def _network(golden: Golden, dtype: torch.dtype) -> tuple[torch.nn.Module, Tensor, Tensor]:
    network = networks.build('skip', **golden.meta['config']).to(dtype)
    network.load_state_dict(golden.state_dict(), strict=True)
    z, target = (torch.from_numpy(golden.inputs[name]).to(dtype) for name in ('z', 'target'))
    return network, z, target


def _check_single(golden: Golden) -> None:
    network, z, target = _network(golden, torch.float32)
    atol = golden.meta['suggested_atol_out']
    out = network(z)
    close(out, golden.outputs['out'], atol)
    close(F.mse_loss(out, target), golden.outputs['loss'], atol)
    for name, buffer in network.named_buffers():
        close(buffer, golden.outputs[f'buffer/{name}'], atol)


def _check_double(golden: Golden) -> None:
    network, z, target = _network(golden, torch.float64)
    atol = golden.meta['suggested_atol_float64']
    out = network(z)
    loss = F.mse_loss(out, target)
    loss.backward()
    close(out, golden.outputs['out_float64'], atol)
    close(loss, golden.outputs['loss_float64'], atol)
    gradients = {name: p.grad for name, p in network.named_parameters()}
    expected = {
        name.removeprefix('grad_float64/'): value
        for name, value in golden.outputs.items()
        if name.startswith('grad_float64/')
    }
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        assert gradient is not None
        close(gradient, expected[name], golden.meta['suggested_atol_grad_float64'])
    with torch.no_grad():
        evaluated = network.eval()(z)
    close(evaluated, golden.outputs['out_eval_after_one_update_float64'], atol)
    assert np.isfinite(evaluated.numpy()).all()


CASES = {'dip/skip_forward_backward': skip_forward_backward}
