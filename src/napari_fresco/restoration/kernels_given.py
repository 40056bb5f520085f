"""The kernels that are given with an image, one for all of its channels or for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..declare.call import Call
from ..declare.methods import ESTIMATES, METHODS
from ..declare.tasks import TASKS
from ..errors import KernelError
from ..image.by_channel import of_channels
from ..image.layout import Layout
from ..image.model import Image
from ..physics.kernels import Kernel
from ..physics.kernels.kernel_light import doubts_of_light
from ..physics.kernels.kernel_shape import fitted
from ..physics.kernels.plausibility import doubt_of_assumed


def given_kernels(call: Call, image: Image) -> tuple[Kernel, ...]:
    """Return the kernel of a call, or one for each channel; none where it is to be estimated.

    One plane of a volume, ``(1, h, w)``, is the kernel of planes.
    """
    value = call.options.kernel
    if value is None or (isinstance(value, str) and value in ESTIMATES):
        return ()
    own = of_channels(value, image, 'kernel', KernelError)
    several = tuple(_kernel(each, call, apart=isinstance(value, Mapping)) for each in own)
    if len({kernel.ndim for kernel in several}) > 1:
        shapes = ', '.join(str(kernel.shape) for kernel in several)
        raise KernelError(
            f'the kernels of the channels have two and three axes ({shapes}); give all of them '
            'two, or all three'
        )
    return several


def _kernel(value: Any, call: Call, *, apart: bool) -> Kernel:
    """Return one kernel of a call, with two or three axes; it may be that of a channel `apart`."""
    if value is None or (apart and isinstance(value, str) and value in ESTIMATES):
        said = (
            f'kernel has {value!r} for a channel; give a kernel for each, or restore the channels '
            'of which none is known alone, '
        )
        raise KernelError(f'{said}image.channel(...)', in_shell=f'{said}--channel')
    if isinstance(value, str | Path):
        named = str(value)
        raise KernelError(
            f'kernel = {named!r}; give an array, a Kernel or an Image, or '
            f'{" or ".join(map(repr, ESTIMATES))} to estimate it; of a file, '
            f'fresco.kernels.read({named!r})'
        )
    # Resampling filters such as the bicubic one have negative lobes; optics have none.
    return Kernel.of(value, ndim=None, signed=call.options.scale > 1).thin()


def dims_of(call: Call, image: Image) -> int:
    """Return the number of axes restored together: those of the kernel.

    Raises KernelError when the image has no Z, or the method or task takes no volumes.
    """
    kernel = next(iter(given_kernels(call, image)), None)
    if kernel is None or kernel.ndim == 2:
        return 2
    if 'Z' not in image.axes or image.length('Z') == 1:
        raise KernelError(
            f'the kernel has three axes, {kernel.shape}, but the image, with axes {image.axes} and '
            f'shape {image.shape}, has no Z; name its axes, such as axes="ZYX", or give one plane '
            'of the kernel, such as kernel[len(kernel) // 2]'
        )
    able = [m.name for m in METHODS.values() if m.volumes]
    if not call.method.volumes or TASKS[call.task].changes_size:
        raise KernelError(
            f'the kernel has three axes, {kernel.shape}, but {call.method.name} does not '
            f'{call.task} volumes as one; give one plane of the kernel, or choose '
            f'task="deblur" with method={" or ".join(map(repr, able))}'
        )
    return 3


def flat_in_depth(kernel: Kernel | None, image: Image) -> tuple[str, ...]:
    """Doubt a kernel of planes for a volume."""
    if kernel is None or kernel.ndim == 3 or 'Z' not in image.axes or image.length('Z') == 1:
        return ()
    return (
        'the kernel has two axes: each plane along Z is restored alone, and light that came from '
        'other planes stays; give a kernel of three axes, such as one of kernels.microscope with '
        'z_step, unless the planes have nothing of each other',
    )


def check_kernel(
    given: Kernel, image: Image, layout: Layout, scale: int, position: str, channel: int | None
) -> Kernel:
    """Return a kernel as it fits the image, with all doubts; `channel`: the one that it is for."""
    sizes = image.pixel_sizes
    if given.ndim == 3 and given.spacing and 'X' in sizes and 'Z' not in sizes:
        raise KernelError(
            'the kernel tells its distance of planes, and the image tells that of its pixels, but '
            'not of its planes; give it, such as spacing="Z=0.3um,Y=0.1um,X=0.1um"'
        )
    given.check_spacing(sizes, scale)
    fit = fitted(given, [n * scale for n in layout.plane_shape], scale, position)
    assumed = doubt_of_assumed(given.metadata, given.ndim == 3)
    said = [*fit.warnings, *filter(None, [assumed])]
    if channel is not None:
        said = [f'channel {image.channel_names[channel]}: {doubt}' for doubt in said]
    said += doubts_of_light(given, image, channel)
    return replace(fit, warnings=tuple(dict.fromkeys(said)))
