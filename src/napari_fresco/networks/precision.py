"""Keeping the two ends of a network in full precision under autocast."""

from __future__ import annotations

import torch
from torch import Tensor


def full_precision(x: Tensor) -> torch.autocast:
    """Return a context that switches autocast off on the device of `x`."""
    return torch.autocast(x.device.type, enabled=False)


def to_autocast(x: Tensor) -> Tensor:
    """Return `x` in the dtype that autocast computes in, or unchanged without autocast."""
    if not torch.is_autocast_enabled(x.device.type):
        return x
    return x.to(torch.get_autocast_dtype(x.device.type))
