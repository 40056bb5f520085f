"""Alignment of arrays that come with an image, such as masks and noise maps, to its planes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import FrescoError, MaskError
from .letters import UNNAMED, leading_first
from .model import COLOURS, Array, Image, in_memory, named, values_of
from .units import converted

_AGREEMENT = 0.01  # how much two spacings may differ, relatively


def refuse_idle_mask(damaged: Array) -> None:
    """Raise MaskError where nothing is marked, or everything."""
    if not damaged.any():
        raise MaskError(
            'mask is empty: nothing is marked as damaged; nonzero means damaged: paint damage in '
            'white on black, or in any one colour on a transparent ground'
        )
    if damaged.all():
        raise MaskError(
            'mask is full: every pixel is marked as damaged, so nothing is known; is it inverted?'
        )


def nonzero(values: Array, what: str = 'mask') -> Array:
    """Return where a mask is nonzero.

    `what`: its name in messages.
    Raises MaskError where it holds NaN, which says neither that a pixel is damaged nor that it is
        intact.
    """
    unclear = int(np.isnan(values).sum()) if values.dtype.kind == 'f' else 0
    if unclear:
        raise MaskError(f'{what} holds {unclear} NaN; give 0 where intact, 1 where damaged')
    return np.asarray(values != 0)


def strength(samples: Array) -> Array:
    """Return one value for each pixel of a mask in colours: zero where nothing is marked.

    That is the brightest colour, of what is not transparent. Where all of that is black, alpha
    alone tells what was painted, and is returned. Alpha that is zero, or is not, in all pixels
    tells nothing.

    `samples`: of gray or RGB on the last axis, with or without alpha.
    """
    colours = samples[..., : 3 if samples.shape[-1] > 2 else 1]
    highest = colours.max(axis=-1)
    brightest = np.where(highest != 0, highest, colours.min(axis=-1))
    if samples.shape[-1] not in (2, 4):
        return np.asarray(brightest)
    alpha = samples[..., -1]
    opaque = alpha != 0
    if opaque.all() or not opaque.any():
        return np.asarray(brightest)
    visible = np.where(opaque, brightest, np.zeros_like(brightest))
    return np.asarray(visible if visible.any() else alpha)


def aligned(
    other: Any,
    image: Image,
    *,
    what: str,
    error: type[FrescoError],
    colours: Callable[[Array], Array] = strength,
) -> Array:
    """Return a mask or map on the planes of an image.

    `other`: an Image or xarray is aligned by the names of its axes, where these are known. An
        array with as many axes as the image, with or without S, has the axes of the image in their
        order; one with fewer axes has the last ones of the order stack axes, Y, X.
    `image`: what it belongs to.
    `what`: its name in messages, such as ``'mask'``.
    `error`: raised when it does not fit.
    `colours`: turns samples on the last axis into one value.
    Returns: with the axes stack axes, Y, X of the image; of length 1 where it is the same for all
        planes.
    Raises FrescoError: `error`, with both shapes and orders, when sizes, axes or spacings differ.
    """
    planes, other = leading_first(image.axes.replace('S', '')), named(other)
    if isinstance(other, Image) and _named(other, image):
        _check_spacing(other, image, what, error)
        array, axes = in_memory(other.data), other.axes
    else:
        array = values_of(other, what, error)
        axes = _positional(array, image, planes, what, error)
    given = (array.shape, axes)
    surplus = [i for i, axis in enumerate(axes) if axis not in f'{planes}S' and array.shape[i] == 1]
    array = np.squeeze(array, tuple(surplus))
    axes = ''.join(axis for i, axis in enumerate(axes) if i not in surplus)
    if 'S' in axes:
        array, axes = colours(np.moveaxis(array, axes.index('S'), -1)), axes.replace('S', '')
    if not set(axes) <= set(planes):
        raise _misfit(*given, image, planes, what, error)
    array = array.transpose([axes.index(axis) for axis in planes if axis in axes])
    array = array.reshape([array.shape[_rank(planes, axes, a)] if a in axes else 1 for a in planes])
    for axis, length in zip(planes, array.shape, strict=True):
        if length != image.length(axis) and (length != 1 or axis in 'YX'):
            raise _misfit(*given, image, planes, what, error)
    return array


def _rank(planes: str, axes: str, axis: str) -> int:
    return [letter for letter in planes if letter in axes].index(axis)


def _named(other: Image, image: Image) -> bool:
    """Whether the axes of `other` can be told by name from those of `image`."""
    strange = [axis for axis in other.axes if axis not in f'{image.axes}S']
    strange = [axis for axis in strange if other.length(axis) > 1]
    lacking = [axis for axis in image.axes if axis not in other.axes]
    return not strange or not (
        set(strange) <= set(UNNAMED) or any(axis in UNNAMED for axis in lacking)
    )


def _positional(
    array: Array, image: Image, planes: str, what: str, error: type[FrescoError]
) -> str:
    """Return the letters of an array whose axes have no names."""
    own = image.axes.replace('S', '')
    if array.ndim == image.ndim and 'S' in image.axes:
        ends_alike = array.shape[image.axes.index('S')] in COLOURS
        if ends_alike or array.ndim > len(own) + 1:
            return image.axes
    if array.ndim == len(own):
        return own
    if array.ndim < len(own):
        if array.ndim < 2:
            raise _misfit(array.shape, '', image, planes, what, error)
        return planes[-array.ndim :]
    surplus = array.ndim - image.ndim
    if surplus > 0 and set(array.shape[:surplus]) == {1}:
        letters = [axis for axis in UNNAMED if axis not in image.axes][:surplus]
        return ''.join(letters) + image.axes
    raise _misfit(array.shape, '', image, planes, what, error)


def _check_spacing(other: Image, image: Image, what: str, error: type[FrescoError]) -> None:
    sizes, others = image.pixel_sizes, other.pixel_sizes
    for axis in image.axes:
        if axis not in others or axis not in sizes:
            continue
        (own, unit), (step, its) = sizes[axis], others[axis]
        same = converted(step, its, unit) if unit and its else own
        if same is None or abs(same - own) > _AGREEMENT * own:
            raise error(
                f'{what} has a spacing of {step:g} {its} on axis {axis}, the image of {own:g} '
                f'{unit}; resample the {what} onto the grid of the image'
            )


def _misfit(
    shape: tuple[int, ...],
    axes: str,
    image: Image,
    planes: str,
    what: str,
    error: type[FrescoError],
) -> FrescoError:
    order = f' with axes {axes}' if axes else ''
    lengths = tuple(image.length(axis) for axis in planes)
    own = f'; its planes are {lengths} in the order {planes}' if planes != image.axes else ''
    said = f'{what} {shape}{order} does not match image {image.shape} with axes {image.axes}{own}'
    plane = image.length('Y'), image.length('X')
    turned = tuple(shape[:2]) == plane[::-1] != plane
    if turned and len(shape) in (2, 3):
        return error(
            f'{said}; it would fit turned by 90°: a photograph is turned upright as its '
            f'orientation tag says, so turn the {what}, too, or draw it on the image as it is shown'
        )
    return error(f'{said}; draw it on the same image, or give a {what} of {plane} for every plane')
