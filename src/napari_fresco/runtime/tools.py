"""The interface between solvers and the runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch

from ..physics.problem import Problem
from ..types import Denoiser, Step
from .tiled_network import TiledNetwork


class Tools(Protocol):
    """The tools that the runner lends to a solver; a solver asks for nothing else."""

    @property
    def device(self) -> torch.device:
        """The device of all tensors."""

    @property
    def generator(self) -> torch.Generator:
        """Random numbers on :attr:`device`."""

    def denoiser(self, name: str, channels: int) -> Denoiser:
        """The denoiser `name` ('auto' picks by `channels`), tiled and in fast precision."""

    def network(self, name: str) -> TiledNetwork:
        """The network of the weights `name` (registry name or file), ready to be run in tiles."""

    def autocast(self) -> AbstractContextManager[object]:
        """Fast-precision context for networks that a solver trains itself."""


Solver = Callable[[Problem, Any, Tools], Iterator[Step]]
