"""Facts about an image that a recommendation depends on. No torch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..declare.recommendations import ImageFacts, Recommendation, recommended
from ..errors import KernelError, MaskError, ParameterError
from ..evidence.plane_pairs import middle_index
from ..evidence.storage_checks import channels_doubt
from ..image.alignment import refuse_idle_mask
from ..image.carriers import as_shown
from ..image.hole_width import widest_in_strips
from ..image.layout import Layout
from ..image.model import Image, in_memory, values_of
from ..noise.camera import assess_planes
from ..noise.central_part import central_box
from ..noise.grain import GRAIN, grain_ratio
from ..noise.jpeg_blocks import has_blocks
from ..noise.quiet_borders import silent_pixels
from ..types import Task

_SIDE = 1024  # pixels of the middle of a plane that are looked at
_LEAST, _BLOCKS = 16, 128  # pixels: of a smaller plane nothing is told, and no blocks

Bools = NDArray[np.bool_]


def recommend(
    image: Any,
    *,
    task: Task | None = None,
    mask: Any = None,
    kernel: Any = None,
    scale: int = 1,
    axes: str | None = None,
    rgb: bool | None = None,
    goal: Task | None = None,
) -> Recommendation:
    """Recommend a method for an image, with the reason.

    The noise of the middle plane is looked at, of several channels that of the noisiest, the
    widest loss of the mask, and whether there is a kernel; nothing is restored.

    Parameters
    ----------
    image : Image or array-like
        As for :func:`napari_fresco.restore`.
    task : Task, optional
        What is to be done: 'denoise', 'deblur', 'inpaint', 'super_resolve', 'demosaic' or
        'deblock'. By default what the other arguments ask for, else to remove the noise, or the
        blocks where the image is a JPEG.
    mask : Image or array-like, optional
        Damage, nonzero, ``(H, W)`` or with leading axes.
    kernel : Kernel or array-like, optional
        Blur kernel of two or three axes.
    scale : int
        Enlargement.
    axes : str, optional
        A letter for each axis, such as ``'ZYX'``.
    rgb : bool, optional
        Whether the image is RGB(A).
    goal : Task, optional
        Former name of `task`.

    Returns
    -------
    Recommendation
        With ``method``, ``reason``, ``caution``, ``task`` and ``options``, for
        ``restore(image, method=..., task=..., **options)``.

    Raises
    ------
    FrescoError
        When the task is unknown or named twice, the image has no two axes, or the mask marks
        nothing or all.

    Examples
    --------
    >>> import numpy as np, napari_fresco as fresco
    >>> wall = np.zeros((96, 96, 3), np.uint8)
    >>> crack = np.zeros((96, 96), bool)
    >>> crack[40:43, 10:80] = True
    >>> said = fresco.recommend(wall, mask=crack)
    >>> said.task, said.method
    ('inpaint', 'dpir')
    >>> said.reason
    'no loss is wider than about 3 px, so that its rim tells enough; IRCNN is as good'
    """
    if None not in (task, goal) and task != goal:
        raise ParameterError(f'goal = {goal!r} is the former name of task = {task!r}; give task')
    if mask is not None:
        refuse_idle_mask(_damage(mask))
    facts = facts_of(image, mask=mask, kernel=kernel, scale=scale, axes=axes, rgb=rgb)
    said = recommended(task or goal or _asked_by(facts), facts)
    if said.options.get('kernel') != 'auto':
        return said
    return _if_found(said, image, {'mask': mask, 'axes': axes, 'rgb': rgb})


def _if_found(said: Recommendation, image: Any, given: dict[str, Any]) -> Recommendation:
    """Return a recommendation that has the blur found, without it where that would be refused."""
    from .api import estimate_kernel

    try:
        estimate_kernel(image, 1, **given)
    except KernelError as refused:
        advice = f'the blur must be given as kernel=, for it is not found in this image: {refused}'
        return replace(said, caution=advice, options={})
    return said


def facts_of(
    image: Any,
    *,
    mask: Any = None,
    kernel: Any = None,
    scale: int = 1,
    axes: str | None = None,
    rgb: bool | None = None,
) -> ImageFacts:
    """Return the facts of an image; the parameters are those of :func:`recommend`."""
    whole = Image.of(image, axes=axes, rgb=rgb)
    layout = as_shown(Layout.of(whole), whole)
    damage = None if mask is None else _damage(mask)
    planes = [_middle(whole, layout, n) for n in range(len(whole.channel_names) or 1)]
    plane = planes[0]
    lost = _middle_of(damage, layout)
    return ImageFacts(
        pixels=int(np.prod((*layout.leading, *layout.plane_shape))),
        channels=layout.channels,
        kernel=0 if kernel is None else np.ndim(getattr(kernel, 'values', kernel)),
        widest=None if damage is None or not damage.any() else widest_loss(damage),
        scale=scale,
        no_photograph=channels_doubt(plane, _known(plane)),
        **max((_noise(each, lost) for each in planes), key=lambda told: told.get('noise', 0.0)),
    )


def widest_loss(mask: Bools) -> float:
    """Return the diameter in pixels of the largest disc of damage; measured up to 192.

    `mask`: ``(..., H, W)``.
    """
    planes = mask.reshape(-1, *mask.shape[-2:])
    return max((widest_in_strips(plane) for plane in planes if plane.any()), default=0.0)


def _asked_by(facts: ImageFacts) -> Task:
    if facts.widest is not None:
        return 'inpaint'
    if facts.scale > 1:
        return 'super_resolve'
    if facts.kernel:
        return 'deblur'
    return 'deblock' if facts.jpeg else 'denoise'


def _noise(plane: NDArray[np.float64], lost: Bools | None) -> dict[str, Any]:
    """Return the noise of a plane: part of the range, whether photons, a grain, blocks."""
    if min(plane.shape[:2]) < _LEAST:
        return {}
    known = _known(plane)
    known = known if lost is None else known & ~lost
    if not known.any():
        return {}
    low, high = np.percentile(plane[known], (0.5, 99.5))
    if high <= low:
        return {}
    plane = np.where(np.isfinite(plane), plane, low)
    unknown = silent_pixels(plane, None if known.all() else np.logical_not(known))
    camera, levels, _ = assess_planes([(plane, unknown)])
    gray = plane if plane.ndim == 2 else plane.mean(axis=-1)
    grain = levels[0] > 0 and grain_ratio(plane, levels[0], unknown) >= GRAIN
    blocks = min(gray.shape) >= _BLOCKS and has_blocks(gray)
    return {
        'noise': levels[0] / (high - low),
        'photon_noise': camera is not None and not blocks,
        'grain': bool(grain),
        'jpeg': blocks,
    }


def _known(plane: NDArray[np.float64]) -> Bools:
    return np.asarray(np.isfinite(plane).reshape(*plane.shape[:2], -1).all(axis=-1))


def _middle(image: Image, layout: Layout, channel: int) -> NDArray[np.float64]:
    """Return the middle of the middle plane of a channel, colours behind."""
    plane = layout.colours(layout.read(image.data, middle_index(layout, channel)))
    values: NDArray[np.float64] = in_memory(plane[central_box(plane.shape, _SIDE)]).astype(
        np.float64
    )
    return values


def _middle_of(damage: Bools | None, layout: Layout) -> Bools | None:
    if damage is None or damage.shape[-2:] != layout.plane_shape:
        return None
    planes = damage.reshape(-1, *damage.shape[-2:])
    middle = planes[len(planes) // 2]
    lost: Bools = middle[central_box(middle.shape, _SIDE)]
    return None if lost.all() else lost


def _damage(mask: Any) -> Bools:
    values = values_of(mask, 'mask', MaskError)
    if values.ndim < 2:
        raise MaskError(f'mask has {values.ndim} axes; give one with rows and columns')
    damage: Bools = values != 0
    return damage
