"""Starting from the weights of another checkpoint: matching tensors are taken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from .. import networks, weights
from ..errors import WeightsError
from ..networks import facts_of
from ..weights.assembling import Loaded
from ..weights.detection import describe
from .regimes import REGIMES, Regime

_COLOURS = 3


def start(network: nn.Module, regime: Regime, given: str | None, folder: Path) -> int:
    """Copy the matching tensors of the checkpoint to start from, and return their number.

    `network`: to be trained; changed in place.
    `regime`: names the checkpoint where none is given.
    `given`: registry name or path of another one.
    `folder`: where the runs are, one of which may have made the checkpoint of the regime.
    Raises WeightsError when there is no such checkpoint, or nothing of it fits.
    """
    source = weights.load(given) if given is not None else _beside(regime, folder)
    taken = take(network, source.state_dict())
    if not taken:
        raise WeightsError(
            f'{source.weights_name} is {describe(source.facts, source)}; {regime.name} trains '
            f'{describe(facts_of(network))}, which none of its tensors fits: '
            'start from weights of the same network'
        )
    return taken


@torch.no_grad()
def take(network: nn.Module, tensors: Mapping[str, Tensor]) -> int:
    """Copy the tensors that `network` has too, and return how many.

    Every denoiser of a bank takes those of a single one. Where the first layer of
    `network` takes gray instead of RGB its weights are the sums over the colours,
    and where the last gives gray, the means.
    """
    taken = 0
    bank = isinstance(network, networks.IRCNNBank)
    for place, value in network.state_dict().items():
        name = place.partition('.')[2] if bank and place not in tensors else place
        if name in tensors:
            fitted = _fitted(tensors[name].to(value.dtype), value.shape)
            if fitted is not None:
                value.copy_(fitted)
                taken += 1
    return taken


def _beside(regime: Regime, folder: Path) -> Loaded:
    """Load the checkpoint that a regime starts from: of a run in `folder`, or of the list."""
    name = str(regime.initialise_from)
    run = folder / name / f'{name}.safetensors'
    if not run.exists() and name in REGIMES and name not in weights.registry():
        raise WeightsError(
            f'{regime.name} starts from {name}, which {run} does not hold: run "napari-fresco '
            f'train {name} --output {run.parent}" first, or give --start-from'
        )
    return weights.load(run if run.exists() else name)


def _fitted(tensor: Tensor, shape: torch.Size) -> Tensor | None:
    if tensor.shape == shape:
        return tensor
    if tensor.ndim != len(shape):
        return None
    if tensor.shape[0] == _COLOURS and shape[0] == 1:
        tensor = tensor.mean(0, keepdim=True)
    if tensor.ndim > 1 and tensor.shape[1] == shape[1] + _COLOURS - 1:
        gray = tensor[:, :_COLOURS].sum(1, keepdim=True)
        tensor = torch.cat((gray, tensor[:, _COLOURS:]), 1)
    return tensor if tensor.shape == shape else None
