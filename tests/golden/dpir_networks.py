"""The authors' networks of the DPIR golden files, run as their programs run them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from napari_fresco import networks
from napari_fresco.evidence import metrics
from napari_fresco.types import Denoiser

from . import authors_dpir
from .base import Golden

# The authors keep strengths in float32, we in float64.
SCHEDULE_RTOL = 5e-7
F64_ATOL = 1e-6
FORWARD_ATOL = 1e-5
ITERATIONS_MODE = 'mode=2, refield=32, min_size=256, modulo=16'


class Bank:
    """An IRCNN bank as a denoiser."""

    name = 'ircnn'
    channels = None

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    @torch.no_grad()
    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        return self.network(x, sigma)


class Listed(Bank):
    """A bank told which model is next: rounding decides at even strengths."""

    def __init__(self, network: nn.Module, models: list[int]) -> None:
        super().__init__(network)
        self.models = iter(models)

    @torch.no_grad()
    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        return self.network.get_submodule(str(next(self.models)))(x)


def tensor(array: np.ndarray, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.from_numpy(np.array(array)).to(dtype)


def image(x: Tensor) -> np.ndarray:
    return x[0].permute(1, 2, 0).numpy()


def bytes_close(x: Tensor, expected: np.ndarray, atol: float = FORWARD_ATOL) -> None:
    """Assert equal bytes, apart from values that `atol` may carry over a rounding tie."""
    difference = metrics.to_uint8(image(x)).astype(int) - expected.astype(int)
    assert np.abs(difference).max() <= 1
    assert np.count_nonzero(difference) <= 2 + 4 * 255 * atol * difference.size


def drunet(golden: Golden, dtype: torch.dtype) -> nn.Module:
    config = {key: golden.meta[key] for key in ('in_nc', 'out_nc', 'nc', 'nb')}
    network = networks.build('drunet', **config)
    network.load_state_dict(golden.state_dict())
    return network.eval().to(dtype)


def authors_denoiser(golden: Golden, dtype: torch.dtype) -> Denoiser:
    meta = golden.meta
    if meta['denoiser'] == 'drunet':
        mode = wrapper_mode(meta.get('denoiser_wrapper', ITERATIONS_MODE))
        return authors_dpir.AuthorsDRUNet(drunet(golden, dtype), meta['out_nc'], mode)
    return Bank(bank(golden).to(dtype))


def bank(golden: Golden) -> nn.Module:
    channels = golden.params['0/model.0.weight'].shape[1]
    network = networks.build(
        'ircnn_bank', in_nc=channels, out_nc=channels, nc=golden.meta['nc'], authors_index=True
    )
    models = {key.replace('/', '.', 1): value for key, value in golden.state_dict().items()}
    network.load_state_dict(models)
    return network.eval()


def wrapper_mode(words: str) -> authors_dpir.TestMode:
    """Read the authors' wrapper, such as ``test_mode(mode=5, refield=64)``."""
    return authors_dpir.TestMode(
        **{key: int(value) for key, value in re.findall(r'(\w+)=(\d+)', words)}
    )


def same(actual: Any, expected: np.ndarray) -> None:
    np.testing.assert_allclose(actual, expected, rtol=SCHEDULE_RTOL)
