"""The kernel of a layer, made fit for a task, or the reason why it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..declare.tasks import TASKS
from ..errors import KernelError
from ..image.units import unit_name
from ..physics import kernels
from ..types import Task
from .layer_kinds import kernel_facts
from .selection import full_resolution, spatial_axes
from .space import unit_factors

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

AUTO, CENTRED, SHIFTED = 'auto', 'centred', 'shifted'


@dataclass(frozen=True, eq=False)
class ChosenKernel:
    """A kernel as a method gets it.

    `array`: the kernel.
    `sampled`: scale for which it was turned from bicubic to direct sampling; None when it is used
        as it is.
    `position`: {'centred', 'shifted'} or None, Where it is known to look.
    """

    array: NDArray[Any]
    sampled: int | None = None
    position: str | None = None


def chosen_kernel(
    layer: napari.layers.Image,
    image: napari.layers.Image | None,
    task: Task,
    *,
    scale: int,
    position: str = AUTO,
) -> ChosenKernel:
    """Return the kernel of `layer` for `task`.

    An estimated kernel blurs before bicubic reduction, whereas the methods that take a
    kernel keep one pixel of each cell, so it is replaced by its equivalent for those.

    `layer`: holds the kernel.
    `image`: what is to be restored.
    `task`: 'deblur' or 'super_resolve'.
    `scale`: factor of super-resolution.
    `position`: {'auto', 'centred', 'shifted'}, what is said of where the kernel looks.
    Raises KernelError when the kernel does not fit; the message says why, and what to do.
    """
    facts = kernel_facts(layer)
    made_for = int(facts.get('scale', 1))
    array = np.array(full_resolution(layer))
    if not TASKS[task].changes_size:
        if made_for > 1 and not _same_pixels(layer, image):
            raise _too_fine(layer, made_for)
        if image is not None and (spacing := _spacing(layer)):
            kernels.Kernel(array, spacing).check_spacing(_spacing(image))
        return ChosenKernel(array)
    if facts and made_for != scale:
        raise _other_scale(layer, made_for, scale)
    if facts.get('downsampling') != 'bicubic':
        known = facts.get('position')
        return ChosenKernel(array, position=known if known in (CENTRED, SHIFTED) else None)
    if position == CENTRED:
        raise _not_centred(layer, scale)
    return ChosenKernel(kernels.direct_sampling(array, scale), scale, SHIFTED)


def about_kernel(layer: napari.layers.Image) -> str:
    """Say what is known of the kernel of `layer`, or nothing."""
    facts: Mapping[str, Any] = kernel_facts(layer)
    said = []
    if 'fwhm' in facts:
        major, minor = facts['fwhm']
        said.append(f'FWHM {major:.1f} × {minor:.1f} px at {facts.get("angle", 0):.0f}°')
    if facts.get('scale', 1) > 1:
        said.append(f'for × {facts["scale"]}')
    if facts.get('downsampling') == 'bicubic':
        said.append('taken with bicubic reduction, and converted')
    return ', '.join(said)


def _same_pixels(layer: napari.layers.Image, image: napari.layers.Image | None) -> bool:
    if image is None:
        return False
    own, its = list(spatial_axes(layer)), list(spatial_axes(image))
    factors = unit_factors([layer.units[i] for i in own], [image.units[i] for i in its])
    return bool(np.allclose(layer.scale[own] * factors, image.scale[its], rtol=1e-3))


def _spacing(layer: napari.layers.Image) -> dict[str, tuple[float, str]]:
    """Return the pixel sizes that have a unit."""
    pairs = zip('YX', spatial_axes(layer), strict=True)
    known = {a: (abs(float(layer.scale[i])), unit_name(layer.units[i])) for a, i in pairs}
    return {axis: pair for axis, pair in known.items() if pair[1]}


def _too_fine(layer: napari.layers.Image, made_for: int) -> KernelError:
    return KernelError(
        f'kernel {layer.name!r} belongs to the image enlarged × {made_for}, and its pixels are '
        'smaller than those of this one; deblur the enlarged image, or choose another kernel.'
    )


def _other_scale(layer: napari.layers.Image, made_for: int, scale: int) -> KernelError:
    return KernelError(
        f'kernel {layer.name!r} was made for × {made_for}, but × {scale} is asked; '
        f'set "Enlarge" to {made_for}, or choose a kernel for × {scale}.'
    )


def _not_centred(layer: napari.layers.Image, scale: int) -> KernelError:
    return KernelError(
        f'kernel {layer.name!r} goes with bicubic reduction; its equivalent is shifted to the '
        f'upper left by {(scale - 1) / 2:g} pixels: set "Kernel position" to "auto".'
    )
