"""Fixtures that many tests share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings
from torch import Tensor
from torch.nn import functional

from napari_fresco.runtime import denoisers
from napari_fresco.types import Denoiser

# The same examples in every run: a red run can be repeated, and a green one stays green.
settings.register_profile('repeatable', derandomize=True, deadline=None)
settings.load_profile('repeatable')


def shrink(x: Tensor, sigma: float | Tensor) -> Tensor:
    """Pull every pixel towards its 3 x 3 mean, the more the larger sigma is."""
    padded = functional.pad(x, (1, 1, 1, 1), mode='replicate')
    mean = functional.avg_pool2d(padded, 3, stride=1)
    weight = torch.as_tensor(sigma, dtype=x.dtype) / (torch.as_tensor(sigma, dtype=x.dtype) + 0.05)
    return x + weight * (mean - x)


@pytest.fixture
def full_searches() -> Iterator[list[int]]:
    """How many objects each full search for garbage goes through."""
    found: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == 'start' and info['generation'] == 2:
            found.append(len(gc.get_objects()))

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


@pytest.fixture(autouse=True)
def box_denoiser() -> None:
    """Make ``model='box'`` a denoiser without weights."""

    def factory(channels: int, device: torch.device) -> Denoiser:
        return denoisers.FunctionDenoiser(shrink, 'box')

    denoisers.register('box', factory)
