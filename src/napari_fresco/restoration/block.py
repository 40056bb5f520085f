"""One plane on its way to a solver and back.

Image units become working units, and the task an operator H. On the way back everything is
undone, and known pixels are returned bit for bit.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..image.anscombe import Anscombe
from ..image.intensity import Affine, IntensityMap, Stabilised
from ..image.layout import Array
from ..image.light import with_light_of
from ..image.output import to_dtype
from ..noise.camera import Camera
from ..physics.degradation import Unknown
from ..physics.problem import NoiseOfWhole, Problem
from ..types import Step
from .giving_back import with_given_back, without_unmeasured
from .moderation import moderated
from .plane_noise import PlaneNoise
from .plane_reader import Pixels
from .posing import as_tensor, counting, highlights_of, posed, values_of
from .request import Request
from .scene import Scene

_MOST_NOISE = 1e6  # times the range: all of the image is noise; float32 holds no more of them


@dataclass(frozen=True, eq=False)
class Block:
    """A plane as it came, the problem made of it, and the way back.

    Attributes
    ----------
    index : tuple of int
        Position in the stack.
    pixels : Pixels
        What was read, in image units.
    intensity : IntensityMap
        Image units to working units.
    range : Affine
        The intensities that are black and white in it.
    camera : Camera or None
        Its photon and read noise; None where the noise counts as white.
    problem : Problem
        What the solver gets; its grid may reach beyond the plane.
    scene : Scene
        What it was judged by.
    level : float or Tensor
        The noise level in working units, on the grid of the plane.
    bright_limit : float or None
        From which intensity on objects are much brighter than the rest.
    """

    index: tuple[int, ...]
    pixels: Pixels
    intensity: IntensityMap
    range: Affine
    camera: Camera | None
    problem: Problem
    request: Request
    scene: Scene
    level: float | Tensor
    bright_limit: float | None = None

    @classmethod
    def prepare(
        cls, request: Request, index: tuple[int, ...], pixels: Pixels, scene: Scene
    ) -> Self:
        """State the problem of plane `index` on the device."""
        found, range_ = scene.model(index), scene.range(index, pixels)
        intensity, level = _working_units(request, index, pixels, scene, range_)
        limit = scene.bright_limit(index, pixels)
        problem = posed(request, pixels, intensity, limit, level)
        whole = _noise_of_whole(request, index, pixels, scene, range_, level)
        problem = replace(
            problem,
            counting=counting(found, range_),
            noise_of_whole=whole,
            jpeg_quality=scene.jpeg_quality(index, pixels),
        )
        return cls(
            index=index,
            pixels=pixels,
            intensity=intensity,
            range=range_,
            camera=found.camera,
            problem=problem,
            request=request,
            scene=scene,
            level=level,
            bright_limit=limit,
        )

    def with_plane(self, plane: Array) -> Self:
        """Return the same for another `plane` of the same scene, in image units."""
        pixels = replace(self.pixels, data=plane, colours=plane)
        problem = posed(self.request, pixels, self.intensity, self.bright_limit, self.level)
        known = self.problem
        problem = replace(
            problem,
            counting=known.counting,
            noise_of_whole=known.noise_of_whole,
            jpeg_quality=known.jpeg_quality,
        )
        return replace(self, pixels=pixels, problem=problem)

    @cached_property
    def highlights(self) -> Array | None:
        """The light of objects much brighter than the rest, which is kept away from the solver."""
        limit = self.bright_limit
        return None if limit is None else highlights_of(values_of(self.request, self.pixels), limit)

    def to_image(self, x: Tensor) -> Array:
        """Return the estimate `x` as an array like the plane."""
        return self.finish(x)[0]

    def painted(self, step: Step) -> NDArray[np.bool_]:
        """Return where ``(H, W)`` losses have a value of their own: all but in a run at work."""
        lost = self.pixels.filled
        if step.filled is None:
            return lost
        rows, columns = lost.shape
        painted: NDArray[np.bool_] = lost & step.filled[:rows, :columns].cpu().numpy()
        return painted

    def restored(self, x: Tensor) -> Array:
        """Return the estimate `x` in image units, as exactly as it is known.

        Of a finished run it is found once; see :meth:`end`.
        """
        restored: Array = (
            self._ended[1] if self._ended and self._ended[0] is x else self._restored(x)
        )
        return restored

    def end(self, x: Tensor) -> None:
        """Take note that `x` is the result, and stays as it is."""
        self._ended[:] = [x, self._restored(x)]

    @cached_property
    def _ended(self) -> list[Any]:
        return []

    def estimate(self, x: Tensor) -> Array:
        """Return the estimate `x` in image units as the method left it."""
        image = self.intensity.to_image(self._cropped(x))
        return image if self.highlights is None else image + self.highlights

    def working(self, image: Array) -> Tensor:
        """Return an estimate in image units as :meth:`estimate` was given it."""
        dim = image if self.highlights is None else image - self.highlights
        return as_tensor(self.intensity.mean_to_working(dim), self.pixels.dims)

    def _restored(self, x: Tensor) -> Array:
        if self.pixels.constant is not None:  # nothing is there that a network could not spoil
            return np.full_like(self.estimate(x), self.pixels.constant)
        if not self._denoises:
            return self.estimate(x)
        image = self.estimate(self._blended(x))
        noise = self._noise_of(image)
        if noise is None or not np.any(noise):
            return image
        if isinstance(noise, np.ndarray) and noise.ndim > image.ndim:
            noise = noise[..., 0]
        camera, unknown = self.apparent.camera, self.pixels.unknown
        dark = None if camera is None else camera.offset
        known = None if unknown is None else ~unknown
        return with_light_of(self.pixels.colours, image, noise, known, dark)

    def _noise_of(self, image: Array) -> Array | float | None:
        """Return the noise of the plane where its light is `image`, in image units."""
        camera, excess, _ = self.apparent
        if camera is not None:
            noise: Array = excess * np.sqrt(camera.variance(image))
            return noise
        known = self.apparent.known_level
        return self.told_noise() if known is None else known

    @cached_property
    def apparent(self) -> PlaneNoise:
        """Its noise, in image units, as measured in the plane where none is given."""
        if self._denoises:
            return self.scene.apparent(self.index, self.pixels)
        return PlaneNoise(self.camera)

    @property
    def _denoises(self) -> bool:
        """Whether the result is the plane without its noise."""
        return 'noise' in self.request.facts.checks

    def _blended(self, x: Tensor) -> Tensor:
        """Return the estimate with as much of the plane in it as little noise asks for."""
        method = self.request.method
        if method.least_noise <= 0 or x.shape != self.problem.y.shape:
            return x
        noise = self._working_noise(x)
        shown = self._shown if method.blind else None
        return moderated(self.problem.y, x, noise, method.least_noise / 255, shown)

    def _shown(self, level: float) -> float:
        """Return the noise that the plane shows where its pixels show `level`, in working units."""
        span = self.range.span
        return self.scene.level_with_grain(self.index, self.pixels, level * span, span) / span

    def _working_noise(self, x: Tensor) -> Tensor:
        """Return the noise of the plane where its light is `x`, in working units."""
        told = torch.as_tensor(self.problem.sigma).to(x)
        camera, _, level = self.apparent
        read = camera is None and told.any() and not self.request.method.blind
        if read or isinstance(self.intensity, Stabilised):
            return told
        noise = np.asarray(level if camera is None else self._noise_of(self.estimate(x)))
        return as_tensor(noise / self.range.span, self.pixels.dims).to(x)

    def predicted(self, x: Tensor) -> Array:
        """Return ``H x`` in image units: the plane that the estimate `x` predicts."""
        degradation = self.problem.degradation
        if isinstance(degradation, Unknown):
            return _reduced(self.restored(x), degradation.scale)
        if degradation.pointwise and not self.request.facts.gains_colour:
            return self.restored(x)
        return self.intensity.to_image(self._cropped(degradation.forward(x), 1))

    def finish(self, x: Tensor, painted: NDArray[np.bool_] | None = None) -> tuple[Array, int]:
        """Return the estimate as an array like the plane, and the number of clipped values.

        `painted`: damage that is filled; by default all, else the rest is given back as it is.
        """
        r = self.request
        dark = None if self.apparent.camera is None else self.apparent.camera.offset
        # A plane of a stack is rounded as it would be alone, and unlike the others.
        own = 0 if dark is None else zlib.crc32(np.ascontiguousarray(self.pixels.colours).data)
        image, clipped = to_dtype(self.restored(x), r.dtype, dark=dark, seed=(r.options.seed, own))
        return with_given_back(image, r, self.pixels, painted), clipped

    def deviation(self, x: Tensor, deviation: Tensor) -> Array:
        """Return a standard deviation of the estimate `x` in image units, NaN where no value is."""
        centre, spread = self._cropped(x), self._cropped(deviation)
        if spread.ndim < centre.ndim:
            centre = centre.mean(axis=-1)
        # The slope of the map of intensities, which is no constant after stabilisation.
        high, low = (self.intensity.to_image(centre + side * spread) for side in (1, -1))
        found = (high - low) / 2
        return without_unmeasured(found, self.request, self.pixels)

    def maps(self, step: Step) -> dict[str, Array]:
        """Return the maps that a step brings beside the image, in image units, by name."""
        found = {}
        if step.variance is not None:
            found['variance'] = self.deviation(step.x, step.variance.sqrt()) ** 2
        if step.spread is not None:
            found['spread'] = self.deviation(step.x, step.spread)
        if step.latent is not None:
            found['latent'] = step.latent.detach()[0].double().cpu().numpy()
        return found

    def told_noise(self) -> NDArray[np.floating[Any]] | float | None:
        """Return the noise given to the solver, in image units; None after stabilising."""
        sigma, span = self.problem.sigma, self.range.span
        if isinstance(self.intensity, Stabilised):
            return None
        return sigma * span if isinstance(sigma, float) else self._cropped(sigma, 1) * span

    def told_level(self) -> float:
        """Return the root mean square of the noise level that the solver was told."""
        sigma = self.problem.sigma
        root = sigma if isinstance(sigma, float) else float(sigma.square().mean().sqrt())
        span = self.intensity.variance(np.array(1.0)) ** 0.5
        return float(f'{root * float(span):.9g}')

    def _cropped(self, x: Tensor, scale: int | None = None) -> NDArray[np.floating[Any]]:
        scale = scale or self.request.inputs.scale
        spatial = x.ndim - 2
        shape = self.pixels.colours.shape[:spatial]
        inside: Any = (0, slice(None), *(slice(n * scale) for n in shape))
        values = x.detach()[inside].movedim(0, -1).double().cpu().numpy()
        return values[..., 0] if values.shape[-1] == 1 else values


def _working_units(
    r: Request, index: tuple[int, ...], pixels: Pixels, scene: Scene, range_: Affine
) -> tuple[IntensityMap, float | Tensor]:
    """Return the map to working units, in which photon noise may be white, and its level there."""
    found, level = scene.model(index), r.inputs.plane_sigma(index)
    if found.camera is not None and r.facts.pointwise:
        stabilised = Stabilised.of(Anscombe(*found.camera), range_)
        return stabilised, found.excess * stabilised.sigma
    if level is None:
        level = scene.level(index, pixels, range_.span)
    working = np.minimum(range_.sigma(level), _MOST_NOISE)
    if working.ndim == 0:
        return range_, float(working)
    return range_, as_tensor(np.asarray(working), pixels.dims)


def _noise_of_whole(
    r: Request, index: tuple[int, ...], pixels: Pixels, scene: Scene, range_: Affine, told: Any
) -> NoiseOfWhole | None:
    """Return the noise of the whole that a plane belongs to, where that of the part is a map."""
    if pixels.dims == 3 or not isinstance(told, Tensor):
        return None
    level: Any = r.inputs.whole_sigma
    if r.inputs.sigma is None:
        level = scene.level_of_whole(index, pixels, range_.span)
    working = np.moveaxis(told[0].double().cpu().numpy(), 0, -1)
    if level is not None:
        working = np.minimum(range_.sigma(np.asarray(level, np.float64)), _MOST_NOISE)
    variance = np.square(working.mean(axis=-1) if working.ndim > 2 else working)
    counts = float(np.sqrt((variance**2).sum() / variance.sum()))
    return NoiseOfWhole(counts, float(np.sqrt(variance.min())))


def _reduced(data: Array, scale: int) -> Array:
    """Return the means of ``scale x scale`` pixels."""
    rows, columns = (n // scale for n in data.shape[:2])
    means = data.reshape(rows, scale, columns, scale, *data.shape[2:]).mean(axis=(1, 3))
    return np.asarray(means)
