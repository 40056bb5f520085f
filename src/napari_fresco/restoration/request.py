"""A checked request: an image, a method and task, and all options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..declare.call import Call
from ..declare.method import Method
from ..declare.options import Options
from ..declare.tasks import TASKS, TaskFacts
from ..errors import FileError, ParameterError
from ..image.carriers import as_shown
from ..image.intensity import given_range
from ..image.layout import Layout
from ..image.letters import line_of
from ..image.model import Image
from ..io.files import check_holds, check_output
from ..io.zarr_store import SUFFIX
from ..networks import devices
from ..types import Task
from .context import Context
from .inputs import Inputs, check_inputs
from .kernels_given import dims_of


@dataclass(frozen=True, eq=False)
class Request:
    """All inputs of a restoration, checked.

    `image`: as given; planes are read from it one by one.
    `bare`: whether an array was given, so that an array is to be returned.
    `layout`: its axes.
    `method`, `task`, `params`: what to do, with checked parameters.
    `options`: what was asked for beside.
    `inputs`: mask, kernel, noise and scale, as they fit the image.
    `device`: where it is computed.
    `keep_known`: whether undamaged pixels come back bit for bit.
    `context`: what the image is a part of, if it is one.
    `output`: store into which the result is written as it grows, instead of into memory.
    `core`: rows and columns of which a result is wanted; what is around is there to be seen.
    """

    image: Image
    bare: bool
    layout: Layout
    method: Method
    task: Task
    params: Any
    options: Options
    inputs: Inputs
    device: torch.device
    keep_known: bool
    context: Context | None = None
    output: Path | None = None
    core: tuple[slice, slice] | None = None

    @classmethod
    def prepare(
        cls,
        image: Any,
        call: Call,
        *,
        context: Context | None = None,
        output: str | Path | None = None,
    ) -> Request:
        """Check everything; nothing is computed yet, and read only whether colours differ."""
        options = call.options
        if options.data_range is not None:
            given_range(options.data_range)
        source = Image.of(image, axes=options.axes, rgb=options.rgb, spacing=options.spacing)
        layout = Layout.of(source, dims_of(call, source))
        _check_mosaic(call.task, layout)
        layout = as_shown(layout, source if context is None else context.whole)
        _check_neighbours(options, _stack(source, context))
        inputs = check_inputs(call, source, layout)
        keep_known = options.keep_known
        if keep_known is None:
            keep_known = 'keep_known' in TASKS[call.task].takes and not inputs.tells_noise
        if output is not None:
            _check_store(output, call, source, layout)
        request = cls(
            image=source,
            bare=not isinstance(image, Image),
            layout=layout,
            method=call.method,
            task=call.task,
            params=call.parameters,
            options=options,
            inputs=inputs,
            device=devices.pick(options.device),
            keep_known=keep_known,
            context=context,
            output=None if output is None else Path(output),
        )
        return request.of_channel(0) if len(inputs.each) == 1 else request

    @classmethod
    def asked(
        cls,
        image: Any,
        *,
        method: str,
        task: str,
        context: Any = None,
        context_index: tuple[int, ...] | None = None,
        context_origin: tuple[int, ...] | None = None,
        **options: Any,
    ) -> Request:
        """Check the keywords of :meth:`~napari_fresco.restoration.session.Session.iterate`.

        Raises FrescoError when something given does not fit.
        """
        call = Call.of(method, task, None, options)
        return cls.prepare(image, call, context=Context.of(context, context_index, context_origin))

    @property
    def reads_noise(self) -> bool:
        """Whether the result hangs on the noise level."""
        return self.method.reads_noise(self.task)

    @property
    def around_losses(self) -> bool:
        """Whether nothing but damage changes, so that only its surroundings are worked on."""
        kept = self.keep_known and self.inputs.mask is not None and self.layout.dims == 2
        in_place = self.output is None and self.dtype == self.layout.dtype
        return kept and in_place and self.method.local and not self.params.ensemble

    @property
    def line(self) -> str:
        """Axis along which planes help each other; none where they do not."""
        used = self.options.neighbours and not getattr(self.params, 'estimate_only', False)
        stack = _stack(self.image, self.context)
        return line_of(stack.axes, stack.shape, self.options.along) if used else ''

    def of_channel(self, channel: int) -> Request:
        """Return the request as it holds for a channel: with its own kernel, noise and camera."""
        if not self.inputs.each:
            return self
        own = self.inputs.each[channel]
        inputs = replace(self.inputs, kernel=own.kernel, sigma=own.sigma, each=(), told_apart=())
        return replace(self, inputs=inputs, params=replace(self.params, **own.camera))

    def of_plane(self, index: tuple[int, ...]) -> Request:
        """Return the request as it holds for the channel of plane `index`."""
        return self.of_channel(self.layout.channel_of(index))

    def in_context(self, index: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return which plane of the context plane `index` is a part of; None where unknown."""
        if self.context is None:
            return None
        if not self.context.origin:
            return self.context.index
        begin = self.context.begin(self.image)
        return tuple(
            begin[axis] + i for axis, i in zip(self.layout.leading_axes, index, strict=True)
        )

    @property
    def facts(self) -> TaskFacts:
        """The facts of the task."""
        return TASKS[self.task]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the result."""
        return np.dtype(self.options.dtype or self.layout.dtype)


def _stack(image: Image, context: Context | None) -> Image:
    """Return the stack whose planes help each other: the whole, if the place in it is known."""
    return image if context is None or not context.origin else context.whole


def _check_mosaic(task: Task, layout: Layout) -> None:
    """Refuse colours where the task makes them."""
    if TASKS[task].gains_colour and layout.channels == 3:
        raise ParameterError(
            f'demosaicing takes a raw one-channel mosaic, not RGB of shape {layout.shape}; '
            'pass rgb=False if the last axis is not colour'
        )


def _check_store(output: str | Path, call: Call, source: Image, layout: Layout) -> None:
    """Refuse a store that cannot be written, or cannot hold the result."""
    gained = 'S' * (TASKS[call.task].gains_colour and 'S' not in source.axes)
    dtype = np.dtype(call.options.dtype or layout.dtype)
    if Path(output).exists():
        raise FileError(f'{output} exists; choose another name, or remove it first')
    check_output(output, suffixes=(SUFFIX,))
    check_holds(output, dtype, layout.shape + (3,) * len(gained), source.axes + gained)


def _check_neighbours(options: Options, image: Image) -> None:
    """Refuse neighbours where there are none."""
    if options.neighbours and not line_of(image.axes, image.shape, options.along):
        wanted = 'Z or T' if options.along == 'auto' else options.along
        raise ParameterError(
            f'neighbours = {options.neighbours}, but the image, with axes {image.axes} and shape '
            f'{image.shape}, has no planes along {wanted}; name its axes, such as axes="ZYX" or '
            'axes="TYX", or leave neighbours out'
        )
