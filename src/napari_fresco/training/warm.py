"""Starting from the weights of another checkpoint: what fits is taken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from .. import networks, weights

_COLOURS = 3


def starting_tensors(name: str, folder: Path) -> dict[str, Tensor]:
    """Return the tensors of checkpoint `name`, from a run in `folder` or the registry."""
    run = folder / name / f'{name}.safetensors'
    if run.exists():
        return load_file(run)
    return weights.load(name).state_dict()


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
