"""An image beside its result, the truth and a second frame, read plane by plane."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..declare.tasks import find_task_facts
from ..errors import ImageError
from ..image.given import as_array
from ..image.layout import Layout
from ..image.model import Image, named
from ..noise.camera import Camera, estimate_camera
from ..noise.level import estimate_noise
from ..types import Task
from . import plane_measures
from .reblurring import Reblurring, finite_plane

Floats = NDArray[np.float64]

_PLANES = 8


class Plane(NamedTuple):
    """A plane ``(H, W)`` or ``(H, W, 3)`` of an image, its result, the truth, a second frame.

    `predicted`: what the result says the image should be; None where that is not known.
    """

    image: Floats
    result: Floats
    truth: Floats | None
    second: Floats | None
    predicted: Floats | None


class Compared:
    """An image and what it is compared with.

    Parameters are those of :func:`napari_fresco.evidence.evaluate`, which raises the same errors.
    """

    def __init__(
        self,
        result: Any,
        image: Any,
        *,
        truth: Any = None,
        second: Any = None,
        kernel: Any = None,
        noise: float | Camera | None = None,
        task: Task | None = None,
    ) -> None:
        self.source = Image.of(image)
        if not isinstance(result, Image):
            as_array(result, 'result')
        self.result = _like(result, self.source)
        self._truth, self._second = (
            None if each is None else _like(each, self.source) for each in (truth, second)
        )
        self.facts = find_task_facts(task or ('denoise' if kernel is None else 'deblur'))
        self.noise = _noise(self.source) if noise is None else noise
        mine, theirs = (Layout.of(each) for each in (self.source, self.result))
        self.enlarged = (mine.plane_shape, mine.channels) != (theirs.plane_shape, theirs.channels)
        _check_scale(mine.plane_shape, theirs.plane_shape)
        blurs = kernel is not None and not self.enlarged
        self.blur = Reblurring(kernel, self.result) if blurs else None
        self.kernel_unknown = self.blur is None and 'kernel' in self.facts.needs

    @property
    def reach(self) -> int:
        """Pixels from the border of planes that light from beyond it reaches."""
        return self.blur.reach if self.blur else 0

    @property
    def unjudged(self) -> str:
        """Why what the result leaves of the image says nothing; empty where it does."""
        if self.enlarged:
            return 'not measured: the result has another size or other colours than the image'
        if 'structure' not in self.facts.checks:
            return f'not measured: what task {self.facts.name!r} takes away is no noise'
        if self.kernel_unknown:
            return 'not measured: the kernel that the result was freed from is not known; give it'
        return ''

    def spread(self) -> tuple[list[Plane], int]:
        """Return planes spread over the stack, and their total number."""
        indices = list(Layout.of(self.source).planes())
        picked = indices[:: math.ceil(len(indices) / _PLANES)]
        return [self.plane(index) for index in picked], len(indices)

    def middle(self) -> Plane:
        """Return the middle plane."""
        return self.plane(self.middle_index)

    @property
    def middle_index(self) -> tuple[int, ...]:
        """The index of the middle plane."""
        layout = Layout.of(self.source)
        return list(layout.planes())[int(np.prod(layout.leading)) // 2]

    def plane(self, index: tuple[int, ...]) -> Plane:
        """Return a plane of the image with what it is compared with."""
        own, restored = _read(self.source, index), _read(self.result, index)
        wanted, second = (
            None if each is None else _read(each, index) for each in (self._truth, self._second)
        )
        if wanted is not None and wanted.shape != restored.shape:
            raise ImageError(f'the truth has planes of {wanted.shape}, the result {restored.shape}')
        if second is not None and second.shape != own.shape:
            raise ImageError(
                f'the second frame has planes of {second.shape}, the image {own.shape}'
            )
        predicted: Floats | None = restored
        if self.enlarged or self.kernel_unknown:
            predicted = None
        elif self.blur is not None:
            predicted = self.blur.plane(index, restored, self.noise)
        return Plane(own, restored, wanted, second, predicted)


def inner_of(plane: Floats, reach: int) -> Floats:
    """Return a plane without the border that light from beyond it reaches, at most half of it."""
    edge = min(reach, min(plane.shape[:2]) // 4)
    return plane[edge:-edge, edge:-edge] if edge else plane


def middle_of(plane: Floats) -> Floats:
    """Return the middle of a large plane."""
    return plane[plane_measures.middle_of(plane.shape)]


def colours_of(plane: Floats) -> Floats:
    """Return the colours of a plane one behind the other."""
    return plane[None] if plane.ndim == 2 else np.moveaxis(plane, -1, 0)


def _like(other: Any, source: Image) -> Image:
    """Return an image with the stack of `source`."""
    other = named(other)
    image = other if isinstance(other, Image) else Image.of(other, axes=_axes(other, source))
    mine, theirs = (Layout.of(each).leading for each in (source, image))
    if mine != theirs:
        raise ImageError(
            f'{image.shape} ({image.axes}) and {source.shape} ({source.axes}) do not belong '
            'together; give a result, an input and a truth of one stack'
        )
    return image


def _check_scale(mine: tuple[int, ...], theirs: tuple[int, ...]) -> None:
    """Refuse a result whose planes are neither those of the image nor whole times as large."""
    factor = max(1, theirs[0] // mine[0])
    if theirs != tuple(n * factor for n in mine):
        raise ImageError(
            f'the result has planes of {theirs}, the image of {mine}, which is no whole factor; '
            'give the image that the result was made of'
        )


def _axes(other: Any, source: Image) -> str | None:
    return source.axes if np.ndim(other) == source.ndim else None


def _read(image: Image, index: tuple[int, ...]) -> Floats:
    return finite_plane(Layout.of(image), image, index)


def _noise(source: Image) -> float | Camera:
    """Return the estimated noise of an image."""
    return estimate_camera(source) or float(estimate_noise(source))
