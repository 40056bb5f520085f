"""The first task of a panel: the one that the layers beside the image were made for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Labels, Shapes

from ...declare.tasks import TASKS
from ...layers.images.layer_kinds import DAMAGE, KERNEL, kernel_facts, may_be_mask
from ...layers.images.selection import full_resolution, select
from ...layers.images.space import Space
from ...types import Task
from .offer import Offer

if TYPE_CHECKING:
    import napari

LARGEST_KERNEL = 255  # pixels of its longest side
_KERNEL_WORDS = 'psf', 'kernel', 'point spread'
Fits = Callable[['napari.layers.Image', 'napari.layers.Layer'], bool]


def suggested_task(
    offer: Offer, image: napari.layers.Image | None, layers: Iterable[napari.layers.Layer]
) -> Task:
    """Return the task to start with.

    Of those that there are weights for, it is the one whose mask or kernel lies ready,
    made for this very image; else the first that needs nothing more. Labels and outlines
    that may be anything count as a mask where filling is what a method is for.

    `offer`: the tasks there are to choose from.
    `image`: the chosen image.
    `layers`: all layers of the viewer.
    """
    found = () if image is None else list(layers)
    tasks = [task for task in offer.tasks if offer.is_served(task)] or list(offer.tasks)
    for need, fits in _READY.items():
        if any(fits(image, layer) for layer in found):
            for task in tasks:
                if need in TASKS[task].needs:
                    return task
    if 'mask' in TASKS[tasks[0]].needs and any(covers(image, each) for each in found):
        return tasks[0]
    return next((task for task in tasks if not TASKS[task].needs), tasks[0])


def is_mask_of(image: napari.layers.Image, layer: napari.layers.Layer) -> bool:
    """Say whether `layer` was made to mark the damage of `image`; any labels might be cells."""
    return DAMAGE in layer.metadata and covers(image, layer) and _has_pixels_of(image, layer)


def covers(image: napari.layers.Image, layer: napari.layers.Layer) -> bool:
    """Say whether `layer` could be a mask of `image`: outlines, or labels on its grid."""
    if isinstance(layer, Shapes):
        return True
    if not isinstance(layer, Labels) or not may_be_mask(layer) or image.ndim < 2:
        return False
    part = select(image)
    grid = tuple(along.stop for along in part.index)
    return tuple(full_resolution(layer).shape) in (grid, tuple(grid[i] for i in part.spatial))


def is_blur_of(image: napari.layers.Image, layer: napari.layers.Layer) -> bool:
    """Say whether `layer` is a kernel on the pixels of `image`, such as its PSF."""
    if not isinstance(layer, Image) or KERNEL not in layer.metadata or image.ndim < 2:
        return False
    return kernel_facts(layer).get('scale', 1) == 1 and _has_pixels_of(image, layer)


def seems_kernel(layer: napari.layers.Image) -> bool:
    """Say whether an image that nobody marked is like a kernel: small, named so or of sum 1."""
    data = full_resolution(layer)
    if layer.rgb or layer.ndim not in (2, 3) or max(data.shape) > LARGEST_KERNEL:
        return False
    if any(word in layer.name.lower() for word in _KERNEL_WORDS):
        return True
    here = isinstance(data, np.ndarray) and data.dtype.kind == 'f'  # and need not be fetched
    return bool(here and np.isclose(data.sum(), 1, rtol=0.01))


def _has_pixels_of(image: napari.layers.Image, layer: napari.layers.Layer) -> bool:
    axes = range(image.ndim) if layer.ndim == image.ndim else select(image).spatial
    space = Space.of(image).along(axes)
    return space.units == tuple(layer.units) and np.allclose(space.scale, layer.scale)


_READY: Mapping[str, Fits] = {'mask': is_mask_of, 'kernel': is_blur_of}
