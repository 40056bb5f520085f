"""The same work done by deepinv, for comparison; imported only when it is installed."""

from __future__ import annotations

from typing import Any

import torch
from deepinv.models import DRUNet
from deepinv.optim import DPIR
from deepinv.physics import BlurFFT
from torch import Tensor

from .report import Work


def denoising(x: Tensor, sigma: float) -> Work:
    """Return the work of denoising `x` by DRUNet."""
    network = _drunet(x.device)
    return torch.no_grad()(lambda: network(x, sigma))


def deblurring(y: Tensor, kernel: Tensor, sigma: float) -> Work:
    """Return the work of deblurring `y` by DPIR with eight iterations."""
    physics = BlurFFT(tuple(y.shape[1:]), filter=kernel[None, None], device=y.device)
    model = DPIR(sigma=sigma, denoiser=_drunet(y.device), device=y.device)
    return torch.no_grad()(lambda: model(y, physics))


def _drunet(device: torch.device) -> Any:
    torch.manual_seed(0)
    return DRUNet(in_channels=3, out_channels=3, pretrained=None, device=device).eval()
