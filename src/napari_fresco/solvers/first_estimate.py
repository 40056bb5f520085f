"""The first estimate of plug-and-play iterations: a cheap one for each task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..declare.tasks import TASKS
from ..physics import demosaic, fill
from ..physics.dihedral import DihedralDegradation, turn, turn_back
from ..physics.operators import Degradation, Mask
from ..physics.problem import Problem
from ..physics.resample import pixel_shift, upsample_cubic

Array = np.ndarray[Any, np.dtype[Any]]


def first_estimate(problem: Problem, pattern: str = 'RGGB') -> Tensor:
    """Return a first estimate of x for `problem`.

    `problem`: its own start is taken if it has one. Otherwise super-resolution starts from the
        cubic enlargement in the phase of the kernel, inpainting from a smooth membrane over the
        holes, demosaicing from linear interpolation by Malvar, He and Cutler, the rest from y.
    `pattern`: colours of the mosaic.
    """
    if problem.start is not None:
        return problem.start
    if isinstance(problem.degradation, DihedralDegradation):
        return _dihedral_estimate(problem, problem.degradation, pattern)
    y = problem.y
    facts = TASKS[problem.task]
    if facts.changes_size:
        return enlarged(y, problem.degradation)
    if facts.gains_colour:
        return _through_numpy(y, lambda image: demosaic.malvar(image[..., 0], pattern))
    if isinstance(problem.degradation, Mask):
        return _filled(y, problem.degradation.keep)
    return y


def _dihedral_estimate(problem: Problem, seen: DihedralDegradation, pattern: str) -> Tensor:
    """Start from the upright problem, whose sampling starts in the upper left corner."""
    upright = replace(
        problem, y=turn_back(problem.y, seen.mode), degradation=seen.original, start=None
    )
    return turn(first_estimate(upright, pattern), seen.mode)


def enlarged(y: Tensor, degradation: Degradation) -> Tensor:
    """Return the cubic enlargement of `y`, each sample where the blur kernel looks.

    A kernel centred at ``size // 2`` makes sample i of y an average around
    pixel ``s i`` of x; one that is itself shifted to the centre of the cell,
    around ``s i + (s - 1) / 2``, which is where the enlargement puts it.
    """
    scale, kernel = degradation.scale, degradation.kernel
    x = upsample_cubic(y, scale)
    if scale == 1 or kernel is None:
        return x
    beyond_corner = -sum(_centroid(kernel)) / 2
    return pixel_shift(x, scale) if beyond_corner < (scale - 1) / 4 else x


def _centroid(kernel: Tensor) -> tuple[float, float]:
    """Return the centre of mass relative to ``size // 2``, rows and columns."""
    rows, columns = (torch.arange(n, dtype=kernel.dtype) - n // 2 for n in kernel.shape)
    mass = kernel.sum()
    return float(kernel.sum(1) @ rows / mass), float(kernel.sum(0) @ columns / mass)


def _filled(y: Tensor, keep: Tensor) -> Tensor:
    """Fill the holes, channel by channel if they differ."""
    known = np.moveaxis(keep[0].expand(y.shape[1], *y.shape[-2:]).cpu().numpy() > 0, 0, -1)
    if (known == known[..., :1]).all():
        return _through_numpy(y, lambda image: fill.harmonic(image, known[..., 0]))
    channels = range(y.shape[1])
    return _through_numpy(
        y,
        lambda image: np.stack(
            [fill.harmonic(image[..., c], known[..., c]) for c in channels], axis=-1
        ),
    )


def _through_numpy(y: Tensor, function: Callable[[Array], Array]) -> Tensor:
    """Apply a function of an ``(H, W, C)`` array to ``(1, C, H, W)``."""
    image = function(np.moveaxis(y[0].cpu().numpy(), 0, -1))
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(image, -1, 0)))[None].to(y)
