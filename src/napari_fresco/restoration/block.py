"""One plane on its way to a solver and back.

Image units become working units, the task becomes an operator H, and borders
are continued so that the periodic model of the Fourier data step holds. On the
way back everything is undone, and known pixels are returned bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ..declare.tasks import TASKS
from ..image.anscombe import Anscombe
from ..image.intensity import IntensityMap, Stabilised
from ..image.layout import Array
from ..image.output import to_dtype
from ..physics import boundary
from ..physics.degradation import Degradation, Unknown
from ..physics.kernels import Kernel, bicubic
from ..physics.kernels.assumed import assumed
from ..physics.operators import Blur, Downsample, Identity, Mask, Mosaic
from ..physics.resample import LanczosDownsample
from ..types import Problem
from .noise_model import Judge
from .request import Request


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane as it came, the problem made of it, and what undoes that.

    Attributes
    ----------
    index : tuple of int
        Position in the stack.
    data : ndarray
        ``(H, W)`` or ``(H, W, samples)`` in image units.
    mask : ndarray of bool or None
        Damage.
    damaged : bool
        False when there is nothing to restore here.
    intensity : IntensityMap
        Image units to working units.
    problem : Problem
        What the solver gets; its grid may reach beyond the plane.
    """

    index: tuple[int, ...]
    data: Array
    mask: NDArray[np.bool_] | None
    damaged: bool
    intensity: IntensityMap
    problem: Problem
    request: Request

    @classmethod
    def prepare(cls, request: Request, index: tuple[int, ...], judge: Judge) -> Plane:
        """Read plane `index` and state its problem on the device."""
        r = request
        data = r.layout.read(r.image, index)
        mask = r.inputs.plane_mask(index)
        found = judge.of(index)
        intensity: IntensityMap = r.range
        if found.camera is not None and TASKS[r.task].pointwise:
            intensity = Stabilised.of(Anscombe(*found.camera), r.range)
            level = found.excess * intensity.sigma(1.0)
        else:
            sigma = r.inputs.plane_sigma(index)
            level = intensity.sigma(judge.level(index, data, mask) if sigma is None else sigma)
        y = _tensor(intensity.to_working(r.layout.colours(data)))
        noise = level if isinstance(level, float) else _tensor(np.asarray(level))
        problem = _state(r, y.to(r.device), mask, noise)
        return cls(index, data, mask, mask is None or bool(mask.any()), intensity, problem, r)

    def to_image(self, x: Tensor) -> Array:
        """Return the estimate `x` as an array like the plane."""
        return self.finish(x)[0]

    def finish(self, x: Tensor) -> tuple[Array, int]:
        """Return the estimate as an array like the plane, and how many values were clipped."""
        values = self.intensity.to_image(self._cropped(x))
        image, clipped = to_dtype(values, self.data.dtype)
        if not TASKS[self.request.task].gains_colour:
            layout = self.request.layout
            image = layout.with_alpha(image, self._enlarged(layout.alpha(self.data)))
        if self.request.keep_known and self.mask is not None:
            damaged = self.mask if image.ndim == 2 else self.mask[..., None]
            image = np.where(damaged, image, self.data)
        return image, clipped

    def unrestored(self) -> Array:
        """Return the plane as it came, in the size and channels of a result."""
        image = self._enlarged(self.data)
        return np.stack([image] * 3, axis=-1) if TASKS[self.request.task].gains_colour else image

    def deviation(self, x: Tensor, deviation: Tensor) -> Array:
        """Return a standard deviation of the estimate `x` in image units."""
        centre, spread = self._cropped(x), self._cropped(deviation)
        if spread.ndim < centre.ndim:
            centre = centre.mean(axis=-1)
        # The slope of the map of intensities, which is no constant after stabilisation.
        high, low = (self.intensity.to_image(centre + side * spread) for side in (1, -1))
        return (high - low) / 2

    def facts(self) -> dict[str, Any]:
        """Return what the provenance says of this plane."""
        return {
            'index': list(self.index),
            'sigma': self._sigma() if self.request.reads_noise else None,
            'stabilised': isinstance(self.intensity, Stabilised),
            'damaged_fraction': None if self.mask is None else round(float(self.mask.mean()), 6),
        }

    def _sigma(self) -> float:
        """Return the root mean square of the noise level."""
        sigma = self.problem.sigma
        root = sigma if isinstance(sigma, float) else float(sigma.square().mean().sqrt())
        span = self.intensity.variance(np.array(1.0)) ** 0.5
        return round(root * float(span), 6)

    def _cropped(self, x: Tensor) -> NDArray[np.floating[Any]]:
        scale = self.request.inputs.scale
        rows, columns = (n * scale for n in self.data.shape[:2])
        inside = x.detach()[0, :, :rows, :columns].permute(1, 2, 0).double().cpu().numpy()
        return inside[..., 0] if inside.shape[-1] == 1 else inside

    def _enlarged(self, data: Array) -> Array:
        scale = self.request.inputs.scale
        return data.repeat(scale, axis=0).repeat(scale, axis=1) if scale > 1 else data


def _tensor(array: NDArray[Any]) -> Tensor:
    planes = array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)
    return torch.from_numpy(np.ascontiguousarray(planes, dtype=np.float32))[None]


def _state(r: Request, y: Tensor, mask: NDArray[np.bool_] | None, sigma: float | Tensor) -> Problem:
    """State the problem of plane `y` in working units."""
    if isinstance(sigma, Tensor):
        sigma = sigma.mean(dim=1, keepdim=True).to(y.device)
    if mask is not None:
        keep = torch.from_numpy(~mask)[None, None].to(y)
        return Problem(r.task, y * keep, Mask(keep), sigma)
    if TASKS[r.task].gains_colour:
        mosaic = Mosaic(r.params.pattern, y.shape[-2:]).to(y.device, y.dtype)
        return Problem(r.task, y, mosaic, sigma)
    if r.method.downsampling == 'unknown':
        return Problem(r.task, y, Unknown(r.inputs.scale), sigma)
    if 'kernel' in r.method.takes(r.task):
        return _spectral(r, y, sigma)
    return Problem(r.task, y, Identity(), sigma)


def _spectral(r: Request, y: Tensor, sigma: float | Tensor) -> Problem:
    """State a deblurring or super-resolution, on a grid that is rightly periodic."""
    scale = r.inputs.scale
    if r.inputs.kernel is None and r.method.downsampling == 'lanczos2':
        return Problem(r.task, y, LanczosDownsample(scale).to(y.device, y.dtype), sigma)
    kernel, sigma = _blur(r, sigma)
    margin = tuple(-(-n // scale) for n in kernel.shape)
    if _extends(r.params.boundary, y, margin):
        y = boundary.extend(y, margin)
        if isinstance(sigma, Tensor):
            grow = [n - m for n, m in zip(y.shape[-2:], sigma.shape[-2:], strict=True)]
            sigma = F.pad(sigma, (0, grow[1], 0, grow[0]), mode='replicate')
    grid = (y.shape[-2] * scale, y.shape[-1] * scale)
    degradation: Degradation = (
        Blur(kernel.values, grid) if scale == 1 else Downsample(kernel.values, scale, grid)
    )
    return Problem(r.task, y, degradation.to(y.device, y.dtype), sigma)


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
    too_small = any(k > n for k, n in zip(kernel_shape, y.shape[-2:], strict=True))
    return too_small or boundary.needs_extension(y, kernel_shape)
