"""DPIR of volumes: light that explains what is left of the image without its noise.

Photon noise is known exactly where the light was counted, and not behind a blur that lets little
through; a blurred volume is smooth, and a denoiser errs least on it. So the first step is that of
the prior: the planes are stabilised and denoised, to u. Then follow steps for the data, which
maximise the likelihood of u by light x >= 0 in a finite window::

    x <- x / w  H' [u / (H x + b)],     w = H' 1

accelerated as in :mod:`.richardson_lucy`, and after each tenth one a step of the prior on x, in
planes across another axis each time::

    z = D(x, sigma),                    x <- z, with the light of x

where D acts on 2 sqrt(x), sigma is that of counted light there, 1, and no voxel changes by more
than one and a half of it: networks take more than noise off thin bright structures. Planes across Y
and X leave no jumps between slices.

References
----------
K. Zhang et al., IEEE TPAMI 44(10), 2022 (DPIR). S. Majee et al., "Multi-Slice Fusion for
Sparse-View and Limited-Angle 4D CT Reconstruction", IEEE TCI 7, 2021 (planes across all axes).
M. Bertero, P. Boccacci, A&A 437, 2005 (window).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..image.anscombe import Anscombe
from ..image.layout import Floats
from ..image.light import with_light_of
from ..physics.boundary import crop
from ..physics.dihedral import MODES
from ..physics.problem import Problem
from ..types import Denoiser, Step
from .periodic_ensemble import denoise_dihedral
from .photons import Photons
from .richardson_lucy import likelier

if TYPE_CHECKING:
    from ..declare.parameters import PnPParameters

ITERATIONS = 120
"""Data steps. With 80 volumes lose 0.1 to 0.7 dB."""
EVERY = 10
"""Data steps between two steps of the prior."""
USUAL = 0.23
"""Lambda of DPIR, at which the prior is told the noise of the image."""
AXES = (3, 4, 2)
"""Across which planes are denoised, in turn: Y, X and Z."""
MOST_PIXELS, MOST_OF_CPU = 1 << 20, 1 << 18
"""Denoised at once: memory does not grow with the volume, and no run is cancelled within."""
MOST_CHANGE = 1.5
"""By which a step of the prior changes a voxel, in standard deviations of the noise."""
MOST_SIGMA = 0.19
"""Noise, of the range of what is denoised, that denoisers were trained for."""


def restore_volume(problem: Problem, params: PnPParameters, denoiser: Denoiser) -> Iterator[Step]:
    """Restore one volume, without its noise and blur.

    `problem`: a volume ``(1, C, D, H, W)`` and its blur.
    `params`: what the user asked for; `regularization` scales the strength of the prior.
    `denoiser`: of planes.
    """
    seen, prior = Photons.of(problem), _Prior(problem, denoiser)
    total = params.iterations or ITERATIONS
    strength = math.sqrt(params.regularization / USUAL)
    # Between the planes of a step of the prior the last estimate is shown again, so that whoever
    # watches may end the run.
    now = problem.y.mean().expand(problem.degradation.shape_of(problem.y.shape)).clone()
    crop(now, problem.y.shape).copy_(problem.y)
    denoised = yield from _shown(prior.without_noise(seen), Step(1, total, now, trial=True))
    steps = likelier(denoised, problem.degradation, background=seen.background)
    found = next(steps)
    for k in range(1, total + 1):
        x = found.x
        step = Step(k, total, seen.working(x), trial=True)
        done, left = divmod(k, EVERY)
        if not left:
            turn = done % MODES if params.augment else 0
            smoothed = prior.smoothed(x, strength, AXES[(done - 1) % len(AXES)], turn)
            x = yield from _shown(smoothed, step)
            step = replace(step, x=seen.working(x))
        residual = (seen.working(found.predicted) - problem.y).square().mean().sqrt()
        yield replace(step, residual=residual, trial=False)
        if k < total:
            found = next(steps) if left else steps.send(x)


_Made = Generator[None, None, Tensor]
"""Something that is made plane by plane."""


def _shown(made: _Made, step: Step) -> Generator[Step, None, Tensor]:
    """Yield `step` between the planes of what is made, and return that."""
    while True:
        try:
            next(made)
        except StopIteration as end:
            result: Tensor = end.value
            return result
        yield step


class _Prior:
    """Denoises volumes plane by plane.

    `problem`: tells the noise.
    `denoiser`: of planes.
    """

    def __init__(self, problem: Problem, denoiser: Denoiser) -> None:
        self._problem, self._denoiser = problem, denoiser

    def without_noise(self, seen: Photons) -> _Made:
        """Make what was seen without its noise, as :attr:`Photons.y` has it."""
        y, counting = self._problem.y, self._problem.counting
        if counting is None:
            return (yield from self._planes(y, self._problem.sigma, 2, 0)).clamp_min(0)
        camera = Anscombe(counting.gain, counting.dark, counting.read_noise)
        stable = torch.from_numpy(camera.forward(y.double().cpu().numpy())).to(y)
        clean = yield from self._planes(stable, counting.excess, 2, 0)
        mean = camera.inverse(clean.double().cpu().numpy())
        del stable, clean
        for plane, z in ((c, z) for c in range(y.shape[1]) for z in range(y.shape[2])):
            mean[0, plane, z] = self._with_light(y[0, plane, z], mean[0, plane, z])
        light = torch.from_numpy(mean).to(y)
        return ((light - seen.dark) / seen.gain + seen.background).clamp_min(0)

    def _with_light(self, plane: Tensor, clean: Floats) -> Floats:
        """Return a denoised plane with the local means of the plane, both in working units."""
        gain, dark, read_noise, excess = self._problem.counting or (1.0, 0.0, 0.0, 1.0)
        noise = excess * np.sqrt(gain * (clean - dark).clip(0) + read_noise**2)
        return with_light_of(plane.double().cpu().numpy(), clean, noise, dark=dark)

    def smoothed(self, x: Tensor, strength: float, axis: int, turn: int) -> _Made:
        """Make light that is denoised where it was seen, and as much of it."""
        counting, shape = self._problem.counting, self._problem.y.shape
        inside = crop(x, shape)
        told: float | Tensor
        if counting is not None:
            roots, told = 2 * inside.sqrt(), strength * counting.excess
            clean = _near(roots, (yield from self._planes(roots, told, axis, turn)), told)
            clean = clean.clamp_min(0).square() / 4
        else:
            told = strength * self._problem.sigma
            clean = yield from self._planes(inside, told, axis, turn)
            clean = _near(inside, clean, told).clamp_min(0)
        every = list(range(2, x.ndim))
        clean = clean * (inside.sum(every, True) / clean.sum(every, True).clamp_min(1e-12))
        x = x.clone()
        crop(x, shape).copy_(clean)
        return x

    def _planes(self, x: Tensor, sigma: float | Tensor, axis: int, turn: int) -> _Made:
        """Denoise the planes of ``(1, C, D, H, W)`` across `axis`, turned by mode `turn`."""
        level = float(sigma.amax()) if isinstance(sigma, Tensor) else sigma
        if level <= 0:
            return x
        span = max(float(x.abs().amax()), level / MOST_SIGMA)
        stack = _across(x, axis)
        maps = _across(sigma.expand_as(x), axis) if isinstance(sigma, Tensor) else None
        most = MOST_OF_CPU if x.device.type == 'cpu' else MOST_PIXELS
        count = max(1, most // (stack.shape[-2] * stack.shape[-1]))
        parts = []
        for first in range(0, len(stack), count):
            here = slice(first, first + count)
            told = level / span if maps is None else maps[here] / span
            parts.append(span * denoise_dihedral(self._denoiser, stack[here] / span, told, turn))
            yield
        clean = torch.cat(parts).reshape(x.movedim(axis, 0).shape).movedim(0, axis)
        # Networks err by about as much as the least noise that they know; less was not there.
        change = clean - x
        explained = level**2 / float(change.square().mean().clamp_min(1e-30))
        return clean if explained >= 1 else x + explained * change


def _near(x: Tensor, clean: Tensor, sigma: float | Tensor) -> Tensor:
    """Return `clean`, no farther from `x` than noise can be."""
    most = MOST_CHANGE * sigma
    return torch.minimum(torch.maximum(clean, x - most), x + most)


def _across(x: Tensor, axis: int) -> Tensor:
    """Return the planes of ``(1, C, D, H, W)`` across `axis` as ``(N, 1, h, w)``."""
    return x.movedim(axis, 0).flatten(0, 2)[:, None]
