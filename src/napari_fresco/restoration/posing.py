"""The problem of a plane: its task as an operator H, in working units.

Borders are continued so that the periodic model of the Fourier data step holds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ..declare.common_parameters import ArithmeticParameters
from ..image.intensity import Affine, IntensityMap
from ..image.layout import Array
from ..image.units import converted
from ..physics import boundary
from ..physics.degradation import Unknown
from ..physics.kernels import Kernel, bicubic
from ..physics.kernels.assumed import assumed
from ..physics.operators import Blur, Downsample, Identity, Mask, Mosaic, WindowedBlur
from ..physics.problem import Counting, Problem
from ..physics.resample import LanczosDownsample
from ..solvers import on_torus
from .plane_noise import NoiseModel
from .plane_reader import Pixels
from .request import Request
from .unknown_pixels import joined


def values_of(r: Request, pixels: Pixels) -> Array:
    """Return the colours of a plane, with plausible values at unknown pixels."""
    fills = 'mask' in r.facts.takes
    return pixels.mean_filled if fills else pixels.continued(r.facts.gains_colour)


def highlights_of(values: Array, bright_limit: float) -> Array | None:
    """Return the light of the brightest objects above `bright_limit`; None without any."""
    above = float(values.max()) > bright_limit
    return np.maximum(values.astype(np.float64) - bright_limit, 0) if above else None


def posed(
    r: Request,
    pixels: Pixels,
    intensity: IntensityMap,
    bright_limit: float | None,
    level: float | Tensor,
) -> Problem:
    """State the problem of a plane in working units.

    `intensity`: the map to them.
    `bright_limit`: from which intensity on objects are much brighter than the rest.
    `level`: the noise level in working units, on the grid of the plane.
    """
    values = values_of(r, pixels)
    highlights = None if bright_limit is None else highlights_of(values, bright_limit)
    if highlights is not None:
        values = values - highlights
    y = as_tensor(intensity.to_working(values), pixels.dims)
    problem = _state(r, y.to(r.device), pixels, level)
    problem = replace(problem, spacing=_steps(r), size=tuple(y.shape[2:]))
    if r.dtype.kind in 'iu':
        lowest = float(intensity.to_working(np.array(np.iinfo(r.dtype).min)))
        problem = replace(problem, lowest=lowest)
    return problem


def as_tensor(array: NDArray[Any], dims: int) -> Tensor:
    """Lay out a plane or volume, which may have samples on a last axis, as ``(1, C, ...)``."""
    planes = np.moveaxis(array, -1, 0) if array.ndim > dims else array[None]
    return torch.from_numpy(np.ascontiguousarray(planes, dtype=np.float32))[None]


def _state(r: Request, y: Tensor, pixels: Pixels, sigma: float | Tensor) -> Problem:
    """State the problem of plane `y` in working units."""
    unknown = pixels.unknown
    if isinstance(sigma, Tensor):
        sigma = sigma.mean(dim=1, keepdim=True).to(y.device)
    if unknown is not None and 'mask' in r.facts.takes:
        keep = torch.from_numpy(~unknown)[None, None].to(y)
        problem = Problem(r.task, y * keep, Mask(keep), sigma, kept=r.keep_known)
        wanted = _wanted(r, pixels, keep)
        return replace(problem, wanted=wanted, guides=r.inputs.guides)
    if r.facts.gains_colour:
        mosaic = Mosaic(r.params.pattern, y.shape[-2:]).to(y.device, y.dtype)
        return Problem(r.task, y, mosaic, sigma)
    if r.method.downsampling == 'unknown':
        return Problem(r.task, y, Unknown(r.inputs.scale), sigma)
    if 'kernel' in r.method.takes(r.task):
        return _spectral(r, y, unknown, sigma)
    return Problem(r.task, y, Identity(), sigma)


def _wanted(r: Request, pixels: Pixels, keep: Tensor) -> Tensor | None:
    """Return which unknown pixels are filled, not only given back; None for all of them."""
    filled = joined(pixels.dims, pixels.mask, pixels.hot if r.options.repair else None)
    if filled is None or pixels.unknown is None:
        return None
    if r.core is None and not (pixels.unknown & ~filled).any():
        return None
    wanted = torch.zeros_like(keep, dtype=torch.bool)
    core = r.core or (slice(None), slice(None))
    wanted[0, 0][core] = torch.from_numpy(filled[core]).to(wanted.device)
    return wanted


def _spectral(
    r: Request, y: Tensor, unknown: NDArray[np.bool_] | None, sigma: float | Tensor
) -> Problem:
    """State a deblurring or super-resolution, on a grid that is rightly periodic."""
    scale = r.inputs.scale
    if r.inputs.kernel is None and r.method.downsampling == 'lanczos2':
        return Problem(r.task, y, LanczosDownsample(scale).to(y.device, y.dtype), sigma)
    kernel, sigma = _blur(r, sigma)
    if r.params.boundary == 'auto' and r.layout.dims in r.method.window:
        return Problem(r.task, y, WindowedBlur(kernel.values, y.shape[2:]), sigma)
    margin = tuple(-(-n // scale) for n in kernel.shape)
    seen = torch.ones(1, 1, *y.shape[2:])
    if unknown is not None:
        seen[0, 0] = torch.from_numpy(~unknown)
    if _extends(r.params.boundary, y, margin):
        least = (1,) * (len(margin) - 2) + (on_torus.LEAST,) * 2
        y = boundary.extend(y, tuple(map(max, margin, least)))
        seen = _grown(seen, y, 'constant')
        if isinstance(sigma, Tensor):
            sigma = _grown(sigma, y, 'replicate')
    grid = tuple(n * scale for n in y.shape[2:])
    degradation: Downsample = (
        Blur(kernel.values, grid) if scale == 1 else Downsample(kernel.values, scale, grid)
    )
    if isinstance(r.params, ArithmeticParameters) and not bool(seen.all()):
        # What a prior tells of the rest is worth more than what was made up.
        degradation = degradation.seen_in(seen.to(y))
    return Problem(r.task, y, degradation.to(y.device, y.dtype), sigma)


def _grown(values: Tensor, like: Tensor, mode: str) -> Tensor:
    """Return `values`, continued to the size of `like`."""
    grow = [n - m for n, m in zip(like.shape[2:], values.shape[2:], strict=True)]
    return F.pad(values, [side for n in reversed(grow) for side in (0, n)], mode=mode)


def counting(found: NoiseModel, range_: Affine) -> Counting | None:
    """Return the photon statistics of a plane, in working units."""
    if found.camera is None:
        return None
    gain, offset, read_noise = found.camera
    dark, span = (offset - range_.low) / range_.span, range_.span
    return Counting(gain / span, dark, read_noise / span, found.excess)


def _steps(r: Request) -> tuple[float, ...]:
    """Return the distance of pixels along each axis, in units of that along the last."""
    axes, known = 'ZYX'[-r.layout.dims :], r.image.pixel_sizes
    step, unit = known.get('X', (1.0, ''))
    sizes = [known.get(axis, (step, unit)) for axis in axes]
    return tuple((converted(size, u, unit) or size) / step for size, u in sizes)


def _blur(r: Request, sigma: float | Tensor) -> tuple[Kernel, float | Tensor]:
    """Return the kernel, given or assumed, and the noise that goes with it."""
    scale = r.inputs.scale
    if r.inputs.kernel is not None:
        return r.inputs.kernel, sigma
    if r.params.assume == 'bicubic':
        return Kernel(bicubic(scale)), sigma
    kernel, least = assumed(r.params.assume, scale)
    if r.inputs.sigma is None:
        sigma = max(sigma, least / 255) if isinstance(sigma, float) else sigma.clamp(least / 255)
    return Kernel(kernel).shifted(scale), sigma


def _extends(choice: str, y: Tensor, kernel_shape: tuple[int, ...]) -> bool:
    if choice != 'auto':
        return choice == 'extend'
    too_small = any(k > n for k, n in zip(kernel_shape, y.shape[2:], strict=True))
    return too_small or boundary.needs_extension(y, kernel_shape)
