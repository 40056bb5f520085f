"""The kernel of a layer, made fit for a task, or the reason why it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ...declare.tasks import TASKS
from ...errors import KernelError
from ...image.letters import UNNAMED
from ...image.units import converted, unit_name
from ...physics import kernels
from ...physics.kernels.known_light import known_light
from ...types import Task
from ..images.layer_kinds import FILE, KERNEL, kernel_facts
from ..images.selection import Selection, full_resolution, select, spatial_axes
from ..images.space import unit_factors

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

AUTO, CENTRED, SHIFTED = 'auto', 'centred', 'shifted'


@dataclass(frozen=True, eq=False)
class ChosenKernel:
    """A kernel as a method gets it.

    `array`: the kernel; that of a volume is a Kernel with its spacing.
    `sampled`: scale for which it was turned from bicubic to direct sampling; None when it is used
        as it is.
    `position`: {'centred', 'shifted'} or None, Where it is known to look.
    """

    array: Any
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
    if array.ndim == 3:
        return ChosenKernel(_of_volume(layer, array, image, task))
    if not TASKS[task].changes_size:
        if made_for > 1 and not _same_pixels(layer, image):
            raise _too_fine(layer, made_for)
        if image is not None and (spacing := _spacing(layer)):
            kernels.Kernel(array, spacing).check_spacing(_spacing(image))
        return ChosenKernel(_with_source(array, facts, _spacing(layer)))
    if 'scale' in facts and made_for != scale:
        raise _other_scale(layer, made_for, scale)
    if facts.get('downsampling') != 'bicubic':
        known = facts.get('position')
        looks = known if known in (CENTRED, SHIFTED) else None
        return ChosenKernel(_with_source(array, facts), position=looks)
    if position == CENTRED:
        raise _not_centred(layer, scale)
    return ChosenKernel(kernels.direct_sampling(array, scale), scale, SHIFTED)


def _with_source(
    array: NDArray[Any],
    facts: Mapping[str, Any],
    spacing: Mapping[str, tuple[float, str]] = MappingProxyType({}),
) -> Any:
    """Return a kernel with the facts of its layer, if there are any."""
    if 'source' not in facts:
        return array
    known = facts.get('made_of', {})
    return kernels.Kernel(array, spacing or None, source=facts['source'], metadata=known)


def with_depth(part: Selection, kernel: Any) -> Selection:
    """Return a part of an image whose axis of depth has the letter Z, if `kernel` has that axis.

    A layer whose axes have no names has it before rows and columns. Of one slice it is the volume.
    """
    depth = depth_axis(part) if np.ndim(kernel) == 3 else None
    if depth is None:
        return part
    letters, index = [*part.axes[: len(part.index)]], [*part.index]
    letters[depth] = 'Z'
    if index[depth].stop - index[depth].start == 1:
        index[depth] = slice(0, part.grid[depth])
    return replace(part, letters=''.join(letters), index=tuple(index))


def depth_axis(part: Selection) -> int | None:
    """Return the axis called Z, else the last one without a name; None where there is none."""
    if 'Z' in part.axes:
        return part.axes.index('Z')
    unnamed = [axis for axis in part.leading if part.axes[axis] in UNNAMED]
    return unnamed[-1] if unnamed else None


def _of_volume(
    layer: napari.layers.Image, array: NDArray[Any], image: napari.layers.Image | None, task: Task
) -> kernels.Kernel:
    """Return the kernel of a volume with its spacing, if it suits the image and the task."""
    said = kernel_facts(layer).get('source', 'given')
    made_of = kernel_facts(layer).get('made_of', {})
    kernel = kernels.Kernel(array, _spacing(layer, 0) or None, source=said, metadata=made_of)
    if TASKS[task].changes_size:
        raise KernelError(
            f'kernel {layer.name!r} is that of a volume, and enlarging is done plane by plane; '
            'choose a kernel of one plane.'
        )
    if image is None:
        return kernel
    part = select(image)
    depth = depth_axis(part)
    if depth is None or part.grid[depth] == 1:
        raise KernelError(
            f'kernel {layer.name!r} is that of a volume, but {image.name!r} has no planes along '
            'z; choose a kernel of one plane.'
        )
    kernel.check_spacing(_spacing(image, depth))
    return kernel


def about_kernel(layer: napari.layers.Image) -> str:
    """Describe the kernel of `layer` in words; empty where nothing is known."""
    facts: Mapping[str, Any] = kernel_facts(layer)
    said = []
    if 'made_of' in facts:
        said.append(str(facts['source']))
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


def _spacing(layer: napari.layers.Image, depth: int | None = None) -> dict[str, tuple[float, str]]:
    """Return the pixel sizes that have a unit; along z too where its axis is said."""
    axes = [*([] if depth is None else [depth]), *spatial_axes(layer)]
    pairs = zip('ZYX'[-len(axes) :], axes, strict=True)
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


def known_of(kernel: kernels.Kernel) -> dict[str, Any]:
    """Return the facts that a kernel layer keeps: its numbers, and doubts in words."""
    said = {'warnings': list(kernel.warnings), 'notes': list(kernel.notes)}
    return {**kernel.facts(), **{name: words for name, words in said.items() if words}}


def layer_facts(kernel: kernels.Kernel) -> dict[str, Any]:
    """Return the attributes of the layer of a kernel: what is known of it, and its own spacing."""
    axes, told = 'ZYX'[-kernel.ndim :], kernel.spacing or {}
    facts: dict[str, Any] = {'metadata': {KERNEL: known_of(kernel)}}
    if set(axes) <= set(told):
        facts['scale'] = [told[axis][0] for axis in axes]
        facts['units'] = [told[axis][1] or 'pixel' for axis in axes]
        facts['axis_labels'] = tuple(axes.lower())
    return facts


def microscope_of(layer: napari.layers.Image | None) -> dict[str, float | None]:
    """Return voxel size, wavelengths and objective in µm, as far as a layer and its file say them.

    The distance of planes is None for a layer without any.
    """
    if layer is None:
        return {}
    part = select(layer)
    depth = depth_axis(part)
    known: dict[str, float | None] = {'z_step': None}
    axes = {'pixel_size': spatial_axes(layer)[1], 'z_step': depth}
    for name, axis in axes.items():
        if axis is not None and part.grid[axis] > 1:
            unit = unit_name(layer.units[axis])
            size = converted(abs(float(layer.scale[axis])), unit, 'um') if unit else None
            known |= {} if size is None else {name: size}
    said = layer.metadata.get(FILE, {})
    known |= known_light(part.image())
    objective = said.get('objective') or {}
    return known | {n: objective[n] for n in ('na', 'refractive_index') if n in objective}
