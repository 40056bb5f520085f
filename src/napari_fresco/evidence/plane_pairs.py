"""An image beside its result, the truth and a second frame, read plane by plane."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from ..declare.tasks import find_task_facts
from ..errors import ImageError, KernelError
from ..image.by_channel import of_channels
from ..image.given import as_array
from ..image.layout import Layout
from ..image.model import Image, named
from ..types import Task
from . import plane_measures
from .channel_noise import Noise, Told, noise_of_each
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


class ComparedWith(TypedDict, total=False):
    """All that a result is compared with beside its image; see :func:`.evaluation.evaluate`."""

    truth: Any
    second: Any
    kernel: Any
    noise: Told
    task: Task | None


class Compared:
    """A result, its image and all else that it is compared with: :class:`ComparedWith`.

    Raises the errors of :func:`napari_fresco.evidence.evaluate`.
    """

    def __init__(
        self,
        result: Any,
        image: Any,
        *,
        truth: Any = None,
        second: Any = None,
        kernel: Any = None,
        noise: Told = None,
        task: Task | None = None,
    ) -> None:
        self.source = Image.of(image)
        if not isinstance(result, Image):
            as_array(result, 'result')
        self.result = _like(result, self.source)
        self.truth, self._second = (
            None if each is None else _like(each, self.source) for each in (truth, second)
        )
        self.facts = find_task_facts(task or ('denoise' if kernel is None else 'deblur'))
        self._noises, self._task = noise_of_each(noise, self.source), task
        mine, theirs = (Layout.of(each) for each in (self.source, self.result))
        self.enlarged = (mine.plane_shape, mine.channels) != (theirs.plane_shape, theirs.channels)
        _check_scale(mine.plane_shape, theirs.plane_shape)
        self._kernels = of_channels(kernel, self.source, 'kernel', KernelError)
        blurs = kernel is not None and not self.enlarged
        self._blurs = [Reblurring(each, self.result) for each in self._kernels] if blurs else []
        self.kernel_unknown = not self._blurs and 'kernel' in self.facts.needs

    def each_channel(self) -> Iterator[tuple[str, Compared]]:
        """Yield the name of each of several channels and it alone; of one itself, without."""
        names = self.source.channel_names
        if not names:
            yield '', self
        for number, name in enumerate(names):
            result, image, truth, second = (
                None if each is None else each.channel(number)
                for each in (self.result, self.source, self.truth, self._second)
            )
            yield (
                name,
                Compared(
                    result,
                    image,
                    truth=truth,
                    second=second,
                    kernel=self._kernels[number if len(self._kernels) > 1 else 0],
                    noise=self._noises[number],
                    task=self._task,
                ),
            )

    @property
    def blur(self) -> Reblurring | None:
        """The blur of an image of one channel."""
        return self._blurs[0] if self._blurs else None

    @property
    def noise(self) -> Noise:
        """The noise of an image of one channel."""
        (noise,) = self._noises
        return noise

    def noise_at(self, index: tuple[int, ...]) -> Noise:
        """Return the noise of the channel that plane `index` belongs to."""
        several = len(self._noises) > 1
        return self._noises[Layout.of(self.source).channel_of(index) if several else 0]

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

    def middle(self, channel: int = 0) -> Plane:
        """Return the middle plane of a channel."""
        return self.plane(middle_index(Layout.of(self.source), channel))

    def plane(self, index: tuple[int, ...]) -> Plane:
        """Return a plane of the image with what it is compared with."""
        own, restored = _read(self.source, index), _read(self.result, index)
        wanted, second = (
            None if each is None else _read(each, index) for each in (self.truth, self._second)
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
        elif self._blurs:
            channel = Layout.of(self.source).channel_of(index)
            blur = self._blurs[channel if len(self._blurs) > 1 else 0]
            predicted = blur.plane(index, restored, self.noise_at(index))
        return Plane(own, restored, wanted, second, predicted)


def middle_index(layout: Layout, channel: int = 0) -> tuple[int, ...]:
    """Return the index of the middle plane of a channel."""
    pairs = zip(layout.leading_axes, layout.leading, strict=True)
    return tuple(channel if axis == 'C' else n // 2 for axis, n in pairs)


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
    mine, theirs = (Layout.of(each) for each in (source, image))
    if mine.leading != theirs.leading:
        what = f'{image.shape} ({image.axes}) and {source.shape} ({source.axes})'
        said = f'{what} do not belong together; give a result, an input and a truth of one stack'
        if image.length('C') == source.length('C'):
            raise ImageError(said)
        one = source.channel_names[-1:] or image.channel_names[-1:]
        raise ImageError(
            f'{said}, of a channel alone image.channel({one[0]!r})',
            in_shell=f'{said}, of a channel alone --channel {one[0]}',
        )
    letters = dict(zip(theirs.leading_axes, mine.leading_axes, strict=True))
    same = ''.join(letters.get(axis, axis) for axis in image.axes)
    return image if same == image.axes else image.renamed(same)


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
