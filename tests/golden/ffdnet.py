"""FFDNet and DnCNN against the authors' code, with random and with the authors' weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_fresco import networks, weights

from .base import Golden, close
from .red import CASES as RED

DOUBLE_ATOL = 1e-10


def random_forward(golden: Golden) -> None:
    network = networks.build(golden.meta['arch'], **golden.meta['config'])
    network.load_state_dict(golden.state_dict(), strict=True)
    _check_both_precisions(network.eval(), golden)


def official_weights_forward(golden: Golden) -> None:
    network = weights.load(golden.weights_path())
    facts = network.facts
    assert facts.architecture == golden.meta['arch'].lower()
    assert facts.channels == golden.meta['config']['in_nc']
    _check_both_precisions(network, golden)


def pixel_unshuffle(golden: Golden) -> None:
    """The order of the sub-images and the place of the noise map, as the network sees them."""
    x = torch.from_numpy(golden.inputs['x'])
    expected = golden.outputs['y']
    factor = golden.meta['factor']
    close(F.pixel_unshuffle(x, factor), expected, 0)
    if factor != 2:  # of no use to FFDNet
        return
    network = networks.FFDNet(in_nc=x.shape[1], out_nc=x.shape[1], nc=expected.shape[1], nb=2)
    seen: list[Tensor] = []
    network.model[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(x, 0.5)
    close(seen[0][:, :-1], expected, 0)
    close(seen[0][:, -1:], torch.full_like(seen[0][:, -1:], 0.5).numpy(), 0)


@torch.no_grad()
def _check_both_precisions(network: nn.Module, golden: Golden) -> None:
    inputs = [torch.from_numpy(golden.inputs[n]) for n in ('x', 'sigma') if n in golden.inputs]
    close(network(*inputs), golden.outputs['y'], golden.meta['suggested_atol'])
    exact = network.double()(*(tensor.double() for tensor in inputs))
    close(exact, golden.outputs['y_float64'], DOUBLE_ATOL)


CASES = {
    'ffdnet/random_forward': random_forward,
    'ffdnet/official_weights_forward': official_weights_forward,
    'ffdnet/pixel_unshuffle': pixel_unshuffle,
    **RED,
}
