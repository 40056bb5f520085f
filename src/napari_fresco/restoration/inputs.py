"""Checks of the inputs beside an image: mask, kernel, noise level, scale, seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..declare.call import Call
from ..declare.guides import Line, guide_lines
from ..declare.methods import ESTIMATORS, METHODS
from ..declare.tasks import TASKS
from ..errors import KernelError, MaskError, MethodError, ParameterError
from ..evidence.input_checks import mask_coverage
from ..image.alignment import aligned, refuse_idle_mask
from ..image.by_channel import each_entry
from ..image.label_classes import without_left
from ..image.layout import Layout
from ..image.marks import marked, said_of_soft_edges
from ..image.model import Image
from ..noise.camera import Camera
from ..physics.guided_bands import crosses
from ..physics.kernels import Kernel
from ..solvers.deblurring import Doubling
from ..weights.registry import Entry, chosen
from .kernels_given import check_kernel, flat_in_depth, given_kernels
from .noise_given import Level, check_camera, for_each_channel, levels_of

_NEARLY_ALL = 0.95  # part of the image that is damaged beyond which nothing can be restored


@dataclass(frozen=True, eq=False)
class OfChannel:
    """The inputs of one channel.

    `kernel`, `sigma`: as of all :class:`Inputs`.
    `camera`: parameters of the method that tell of its camera, by name.
    """

    kernel: Kernel | None
    sigma: Level
    camera: Mapping[str, float | None]


@dataclass(frozen=True, eq=False)
class Inputs:
    """All inputs beside the image, checked.

    `mask`: True where the image is damaged; broadcasts against leading axes and plane.
    `kernel`: blur kernel on the grid of the result.
    `sigma`: noise in image units, a number or a map on the plane; None means estimate it.
    `each`: what each channel has, where some of it is given by channel; then `kernel` is that of
        the first and `sigma` None. Only :meth:`.request.Request.of_channel` reads it.
    `whole_sigma`: of a block with a map, that of its plane.
    `doubling`: of a block, how much more noise is told than was found; None decides by the plane.
    `told_apart`: which of 'kernel', 'sigma', 'gain', 'offset', 'read_noise' are given by channel.
    `scale`: factor of super-resolution, 1 for all other tasks.
    `weights`: what is known of the weights that are used.
    `estimated`: which of 'sigma' and 'kernel' is to be estimated first, and by which method;
        'auto' has the kernel found in the spectrum of the image.
    `warnings`: what the user should know of the inputs.
    `dims`: axes that are restored together, 2 or 3.
    `guides`: lines that continue through damage, by the rows and columns of their corners.
    """

    mask: NDArray[np.bool_] | None
    kernel: Kernel | None
    sigma: Level
    scale: int
    weights: Entry | None = None
    estimated: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    dims: int = 2
    guides: tuple[Line, ...] = ()
    each: tuple[OfChannel, ...] = ()
    told_apart: tuple[str, ...] = ()
    whole_sigma: NDArray[np.float64] | None = None
    doubling: Doubling | None = None

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernel of each channel, where they have kernels of their own."""
        own = self.each if 'kernel' in self.told_apart else ()
        return tuple(each.kernel for each in own if each.kernel is not None)

    def with_found(self, **known: Any) -> Inputs:
        """Return them with what was found for all channels: 'sigma' and 'kernel'."""
        return replace(
            self, estimated={}, each=tuple(replace(own, **known) for own in self.each), **known
        )

    @property
    def tells_noise(self) -> bool:
        """Whether a noise level is given, of some channel at least."""
        return self.sigma is not None or any(own.sigma is not None for own in self.each)

    @property
    def every_kernel(self) -> tuple[Kernel, ...]:
        """The kernel of all channels, or of each."""
        return self.kernels or (() if self.kernel is None else (self.kernel,))

    @property
    def kernel_shape(self) -> tuple[int, ...] | None:
        """Size of the kernel; of several the largest along each axis."""
        shapes = [kernel.shape for kernel in self.every_kernel]
        return tuple(map(max, zip(*shapes, strict=True))) if shapes else None

    def plane_mask(self, index: tuple[int, ...]) -> NDArray[np.bool_] | None:
        """Return the damage of plane `index`."""
        return None if self.mask is None else plane_of(self.mask, index, self.dims)

    def plane_sigma(self, index: tuple[int, ...]) -> Level:
        """Return the noise of plane `index`; of a request for its channel."""
        if isinstance(self.sigma, np.ndarray):
            return plane_of(self.sigma, index, self.dims)
        return self.sigma


def check_inputs(call: Call, image: Image, layout: Layout) -> Inputs:
    """Check all inputs beside an image, and align them to its planes.

    Raises MaskError, KernelError, ParameterError, MethodError when an input does not fit the image
        or the method; the message says what was given, what is allowed and what to do.
    """
    mask, sigma, given = call.options.mask, call.options.sigma, given_kernels(call, image)
    factor = _check_scale(call)
    estimated = _estimated(call)
    position = call.parameters.kernel_position
    each = len(given) > 1
    check_camera(sigma, call.parameters, image)
    blurs = tuple(
        check_kernel(kernel, image, layout, factor, position, number if each else None)
        for number, kernel in enumerate(given)
    )
    damage, doubts = (None, ()) if mask is None else _check_mask(mask, image)
    guides = () if call.options.guides is None else guide_lines(call.options.guides)
    doubts += _astray(guides, damage, layout)
    doubts += flat_in_depth(next(iter(given), None), image)
    weights = _weights(call, layout)
    unseen = (
        ''
        if weights is None
        else weights.doubt(layout.channels, task_of_named(call.parameters, call.task))
    )
    levels = () if 'sigma' in estimated else levels_of(sigma, image, layout)
    own, told_apart = _of_each(call, image, blurs, levels)
    return Inputs(
        mask=None if damage is None else layout.in_planes(damage),
        kernel=next(iter(blurs), None),
        sigma=levels[0] if levels and 'sigma' not in told_apart else None,
        each=own,
        told_apart=told_apart,
        scale=factor,
        weights=weights,
        estimated=estimated,
        warnings=call.warnings
        + ((unseen,) if unseen else ())
        + doubts
        + tuple(dict.fromkeys(said for blur in blurs for said in blur.warnings)),
        dims=layout.dims,
        guides=guides,
    )


def _of_each(
    call: Call, image: Image, kernels: tuple[Kernel, ...], levels: tuple[Level, ...]
) -> tuple[tuple[OfChannel, ...], tuple[str, ...]]:
    """Return what each channel has, and which of it is given by channel; else nothing."""
    cameras = {name: getattr(call.parameters, name) for name in Camera._fields}
    every = {'kernel': call.options.kernel, 'sigma': call.options.sigma, **cameras}
    apart = tuple(name for name, value in every.items() if isinstance(value, Mapping))
    if not apart:
        return (), ()
    count = image.length('C')
    told = [for_each_channel(name, value, image) for name, value in cameras.items()]
    blurs, sigmas = _repeated(kernels, count), _repeated(levels, count)
    rows = zip(blurs, sigmas, *told, strict=True)
    each = (OfChannel(k, s, dict(zip(cameras, own, strict=True))) for k, s, *own in rows)
    return tuple(each), apart


def _repeated(given: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """Return what is given of each channel, or of all, for `count` of them; None of nothing."""
    return given if len(given) == count else (*given, None)[:1] * count


def task_of_named(params: Any, task: str) -> str | None:
    """Return the task where its weights were named; a method that chooses may choose others."""
    return None if getattr(params, 'model', 'auto') == 'auto' else task


def _weights(call: Call, layout: Layout) -> Entry | None:
    """Return the registry entry of the weights in use."""
    model = getattr(call.parameters, 'model', None)
    if model is None or TASKS[call.task].gains_colour:
        return None
    return chosen(call.method.name, model, layout.channels, call.task, call.options.scale)


def _estimated(call: Call) -> dict[str, str]:
    """Return which inputs are to be estimated first, and by which method."""
    method, task, scale = call.method, call.task, call.options.scale
    asked = {
        name: value
        for name in ('sigma', 'kernel')
        if isinstance(value := getattr(call.options, name), str) and value in ESTIMATORS
    }
    for name in ('sigma', 'kernel'):
        entries = [own for channel, own in each_entry(getattr(call.options, name)) if channel]
        if word := next((e for e in entries if isinstance(e, str) and e in ESTIMATORS), None):
            said = f'{name} has {word!r} for a channel, but {word} estimates for all of them: give '
            raise MethodError(
                f'{said}{name}={word!r}, or restore the channel alone, image.channel(...)',
                in_shell=f'{said}--{name} {word}, or restore the channel alone, --channel',
            )
    if asked and method.blind:
        raise MethodError(
            f'{method.name} estimates the degradation by itself; leave sigma and kernel out'
        )
    if 'kernel' in asked:
        scales = METHODS[asked['kernel']].scales
        if not TASKS[task].changes_size or scale not in scales:
            found = '' if TASKS[task].changes_size else ", or 'auto'"
            raise KernelError(
                f'{asked["kernel"]} estimates kernels for super-resolution by '
                f'{", ".join(map(str, scales))}, not for task {task!r} and scale {scale}; give the '
                f'kernel as an array{found}'
            )
    if isinstance(call.options.kernel, str) and call.options.kernel == 'auto':
        if TASKS[task].changes_size or 'kernel' not in method.estimable(task):
            raise KernelError(
                "kernel = 'auto' finds the blur of an image that is to be deblurred, not for task "
                f"{task!r}; give the kernel as an array, or 'virnet' to enlarge"
            )
        asked['kernel'] = 'auto'
    if 'sigma' in asked and 'sigma' not in method.estimable(task):
        raise MethodError(
            f"sigma = {asked['sigma']!r} cannot be found for task {task!r}; give a number or 'auto'"
        )
    return asked


def _check_scale(call: Call) -> int:
    method, scale = call.method, int(call.options.scale)
    if TASKS[call.task].changes_size and scale not in method.scales:
        low, high = method.scales[0], method.scales[-1]
        every = len(method.scales) == high - low + 1
        allowed = f'from {low} to {high}' if every else ' or '.join(map(str, method.scales))
        raise ParameterError(
            f'scale = {scale!r}; super-resolution by {method.name} takes a whole number, {allowed}'
        )
    return scale


def _check_mask(mask: Any, image: Image) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return the damage on the planes of `image`, and doubts about it in words."""
    array = aligned(mask, image, what='mask', error=MaskError)
    if array.dtype.kind not in 'buif':
        raise MaskError(f'mask has type {array.dtype}; give numbers, nonzero where damaged')
    damaged = without_left(marked(array, mask), array, mask)
    refuse_idle_mask(damaged)
    covered = float(damaged.mean())
    if covered > _NEARLY_ALL:
        raise MaskError(
            f'mask marks {100 * covered:.3g} % of the image as damaged, so next to nothing is '
            'known; is it inverted? Nonzero means damaged'
        )
    check = mask_coverage(covered)
    said = (said_of_soft_edges(array, mask), '' if check.ok else check.message)
    return damaged, tuple(filter(None, said))


def _astray(
    guides: tuple[Line, ...], damage: NDArray[np.bool_] | None, layout: Layout
) -> tuple[str, ...]:
    """Say which guides lie on no damage, so that they change nothing."""
    if damage is None or not guides:
        return ()
    planes = layout.in_planes(damage)
    lost = np.asarray(planes.reshape(-1, *planes.shape[-2:]).any(axis=0))
    number = sum(not crosses(guide, lost) for guide in guides)
    if not number:
        return ()
    return (f'{number} of {len(guides)} guides cross no damage, and change nothing',)


def damage_in(mask: Any, image: Image, layout: Layout) -> NDArray[np.bool_]:
    """Return a checked mask on the planes of `image`."""
    return layout.in_planes(_check_mask(mask, image)[0])


def plane_of(array: NDArray[Any], index: tuple[int, ...], dims: int = 2) -> NDArray[Any]:
    """Return the plane of a broadcastable `array` that goes with plane `index`."""
    leading = array.shape[:-dims]
    own = index[len(index) - len(leading) :]
    return np.asarray(array[tuple(0 if n == 1 else i for n, i in zip(leading, own, strict=True))])
