"""Wide losses: texture from elsewhere in the picture where a denoiser would leave them smooth.

A denoiser knows what a picture looks like within some tens of pixels; far from the rim of a hole a
smooth membrane is as good to it as anything. Two estimates are therefore made: one from the rim,
and one from patches of the same picture (:mod:`napari_fresco.physics.exemplar`), which the
denoiser then makes agree with the surroundings. What is between them errs less than either, for
they err differently: patches tell more of fine detail, the rim more of the colours of a whole loss,
unless it is wide. Beyond some width, where both are gray, the fill is given the grain of the
patches that fit best, as much as makes it about as lively as its surroundings.

Noise is no grain: patches are compared without it. Where the noise of the rest is kept, a fill with
grain gets that of its patches as well, as strong as it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from ..declare.recommendations import NARROW
from ..image.hole_width import widest
from ..physics.exemplar import ExemplarFill, exemplar, wider
from ..physics.fill import harmonic
from ..physics.problem import Problem
from ..types import Step
from .annealing import DEFAULTS, FEW, FEW_NARROW, in_few_steps

if TYPE_CHECKING:
    from ..declare.parameters import PnPParameters

WIDE = 20
"""Width of a loss in pixels up to which its fill is left without grain."""

_START, _ITERATIONS = 15.0, 6  # of the denoiser, on the patches
_HYPOTHESES = 2  # fills that are averaged
_SHARES = {NARROW: (0.15, 0.5), 12: (0.15, 0.4), WIDE: (0.25, 0.4)}
"""Parts of the estimate that began with patches in losses wider than so many pixels: in what varies
slowly, and in the detail."""
_DETAIL = 2.0  # px: what is finer is detail

_GRAIN = 1.5  # px: detail finer than this is grain
_CALM = 3.0  # medians of grain beyond which it is drawing
_AS_LIVELY, _AMPLIFIED = 0.82, 2.0
"""Part of the slope of its surroundings that a loss is given, and how much grain is amplified for
that at most."""
_AROUND, _HERE = 8.0, 4.0  # px over which slopes are averaged, around a loss and in it

Floats = NDArray[Any]
Iterate = Callable[[Problem, 'PnPParameters'], Iterator[Step]]


def known_pixels(keep: Tensor) -> NDArray[np.bool_]:
    """Return where ``(H, W)`` all channels of ``(1, C, H, W)`` were observed, in part at least."""
    known: NDArray[np.bool_] = (keep[0] > 0).all(dim=0).cpu().numpy()
    return known


def with_texture(
    problem: Problem,
    params: PnPParameters,
    iterate: Iterate,
    seed: int,
    few: Mapping[str, Any] = FEW,
) -> Iterator[Step]:
    """Fill losses of every width.

    `iterate`: fills from the rim, or from the start that a problem brings along.
    `seed`: of the search for patches; others give other fills of wide losses.
    `few`: parameters to fill wide losses from the rim, where `params` leaves them open.
    """
    known = known_pixels(problem.degradation.forward(torch.ones_like(problem.y)))
    if widest(~known) <= NARROW:
        yield from iterate(problem, in_few_steps(params, FEW_NARROW))
        return
    from_rim = in_few_steps(params, few)
    if not params.exemplars or not known.any():
        yield from iterate(problem, from_rim)
        return
    coarse, detail = _shares(known)
    settled = detail[..., 0] == 0  # known, or in a loss that its rim alone fills
    wide = wider(known, WIDE)[..., None]
    steps = min(_ITERATIONS, params.iterations or _ITERATIONS)
    smooth: Tensor = problem.y
    for step in iterate(problem, from_rim):
        before, smooth = step.total, step.x
        yield replace(step, total=before + steps)
    seen, noise = _without_noise(problem, smooth, known)
    fills = _hypotheses(seen, settled, seed)
    start = np.mean([fill.mean for fill in fills], axis=0)
    begun = replace(problem, start=_tensor(start, problem.y))
    again = replace(params, iterations=steps, sigma_start=min(_START, params.sigma_start or _START))
    for step in iterate(begun, again):
        x = step.x
        if step.index == step.total:
            change = np.where(settled[..., None], 0, _picture(x) - _picture(smooth))
            slow = ndimage.gaussian_filter(change, (_DETAIL, _DETAIL, 0))
            mixed = _picture(smooth) + coarse * slow + detail * (change - slow)
            if wide.any():
                grain = _grain(fills[0].best, wide, mixed, seen, known)
                mixed += np.where(wide, grain + noise[tuple(fills[0].source)], 0)
            x = torch.where(_tensor(known[..., None], x) > 0, x, _tensor(mixed, x))
        yield replace(step, index=before + step.index, total=before + steps, x=x)


def _hypotheses(seen: Floats, settled: NDArray[np.bool_], seed: int) -> list[ExemplarFill]:
    """Return fills with patches, found beside each other where there are threads for that."""
    with ThreadPoolExecutor(min(_HYPOTHESES, torch.get_num_threads())) as threads:
        seeds = range(seed, seed + _HYPOTHESES)
        return list(threads.map(lambda one: exemplar(seen, settled, seed=one), seeds))


def _shares(known: NDArray[np.bool_]) -> Floats:
    """Return the parts that patches have in each pixel, ``(2, H, W, 1)``; none in narrow losses.

    The first is of what varies slowly, the second of detail.
    """
    shares = np.zeros((2, *known.shape, 1))
    for width, both in _SHARES.items():
        shares[:, wider(known, width), 0] = np.array(both)[:, None]
    return shares


def _grain(
    best: Floats, wide: NDArray[np.bool_], mean: Floats, seen: Floats, known: NDArray[np.bool_]
) -> Floats:
    """Return the grain of patches, as strong as it takes to be about as lively as what is around.

    It is gray, ``(H, W, 1)``: nobody sees the detail of colours. Pieces of drawing that came along
    with the patches are left out. Both are wrong where they came to lie, and cost more than the
    grain that they bring.

    `mean`: what is given grain.
    `seen`: the picture around.
    """
    gray = best.mean(axis=-1, keepdims=True)
    fine = gray - ndimage.gaussian_filter(gray, (_GRAIN, _GRAIN, 0))
    most = np.maximum(_CALM * np.median(np.abs(fine[wide[..., 0]]), axis=0), 1e-12)
    grain = most * np.tanh(fine / most)
    weight = ndimage.gaussian_filter(known.astype(float), _AROUND)
    around = ndimage.gaussian_filter(_slope(seen) * known, _AROUND) / np.maximum(weight, 1e-9)
    wanted = _AS_LIVELY * harmonic(around, known)
    has, brings = (ndimage.gaussian_filter(_slope(p), _HERE) for p in (mean, grain))
    lacks = np.sqrt(np.maximum(wanted**2 - has**2, 0))  # what is independent adds up in squares
    strength = np.minimum(lacks / np.maximum(brings, 1e-12), _AMPLIFIED)
    return np.asarray(strength[..., None] * grain)


def _slope(picture: Floats) -> Floats:
    return np.asarray(np.hypot(*np.gradient(picture.mean(axis=-1))))


def _without_noise(
    problem: Problem, estimate: Tensor, known: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return the picture that patches are taken from, and the noise that fills are given.

    A denoiser takes texture along with the noise. Where the rest is kept as it is, as much of that
    is given back as the noise does not explain (Wiener's gain); what is left is the noise. Only
    what exceeds the least strength of the denoiser counts: below, it takes texture all the same.
    """
    clean = _picture(estimate)
    if not problem.kept:
        return clean, np.zeros_like(clean)
    taken = np.where(known[..., None], _picture(problem.y) - clean, 0)
    told = torch.as_tensor(problem.sigma).double().square().expand(1, 1, *known.shape)
    noise = told[0, 0].cpu().numpy()[known].mean() - DEFAULTS[problem.task].least_sigma ** 2
    explained = max(noise, 0) / max(np.square(taken[known]).mean(), 1e-12)
    texture = max(1 - explained, 0)
    return clean + texture * taken, (1 - texture) * taken


def _picture(x: Tensor) -> NDArray[Any]:
    return np.moveaxis(x[0].cpu().double().numpy(), 0, -1)


def _tensor(picture: NDArray[Any], like: Tensor) -> Tensor:
    planes = np.ascontiguousarray(np.moveaxis(picture, -1, 0))
    return torch.from_numpy(planes)[None].to(like)
