"""Editing masks: planes of labels to planes of labels, without touching other classes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import MaskError, ParameterError
from ..image.hole_width import widths_of
from ..image.one_plane import PlaneLike, pixels_of

Labels = NDArray[Any]
Which = int | Collection[int] | None

_CORNERS = np.ones((3, 3))  # pieces hold together by corners, too


def grow(mask: PlaneLike, pixels: float, which: Which = None) -> Labels:
    """Widen marked regions, over unmarked pixels.

    Parameters
    ----------
    mask : array_like or Image, ``(H, W)``
        Labels, or True where marked; 0 is not marked.
    pixels : float
        Distance up to which pixels are added, 0 or more.
    which : int or collection of int, optional
        Labels that are widened; by default all but 0. Others stay as they are.

    Returns
    -------
    ndarray, ``(H, W)``
        A new mask of the same type; an added pixel has the label that is nearest to it.

    Raises
    ------
    MaskError
        If `mask` is no plane of labels.
    ParameterError
        If `pixels` is negative.
    """
    labels, chosen = _chosen(mask, which)
    if _checked(pixels) == 0 or not chosen.any():
        return labels
    box = _around(chosen, pixels)
    found: Any = ndimage.distance_transform_edt(~chosen[box], return_indices=True)
    added = (found[0] <= pixels) & (labels[box] == 0)
    nearest = labels[box][tuple(found[1])]
    labels[box][added] = nearest[added]
    return labels


def shrink(mask: PlaneLike, pixels: float, which: Which = None) -> Labels:
    """Remove the rim of marked regions, where it borders on unmarked pixels.

    Parameters
    ----------
    mask, pixels, which
        As :func:`grow` takes them; `pixels` is the depth of the rim.

    Returns
    -------
    ndarray, ``(H, W)``
        A new mask of the same type.

    Notes
    -----
    The border of the image is no rim: damage may go on beyond it. After :func:`grow` by the same
    number this is a closing, the other way round an opening.
    """
    labels, chosen = _chosen(mask, which)
    if _checked(pixels) == 0 or (labels != 0).all() or not chosen.any():
        return labels
    box = _around(chosen, 1)
    if (labels[box] != 0).all():
        return labels
    depth: Any = ndimage.distance_transform_edt(labels[box] != 0)
    labels[box][chosen[box] & (depth <= pixels)] = 0
    return labels


def fill_holes(mask: PlaneLike, which: Which = None, largest: float | None = None) -> Labels:
    """Mark pixels that are not marked and lie enclosed by a class.

    Parameters
    ----------
    mask, which
        As :func:`grow` takes them.
    largest : float, optional
        Pixels of the largest hole that is filled; by default all are.

    Returns
    -------
    ndarray, ``(H, W)``
        A new mask of the same type, in which holes have the label around them.
    """
    labels, chosen = _chosen(mask, which)
    for value in np.unique(labels[chosen]):
        own = labels == value
        holes = holes_of(own)
        if largest is not None:
            holes &= ~_larger(holes, largest, corners=False)
        labels[holes & (labels == 0)] = value
    return labels


def holes_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels that `mask` encloses."""
    open_space, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
    enclosed = np.arange(count + 1) > 0
    enclosed[open_space[0, 0]] = False
    return np.asarray(enclosed[open_space[1:-1, 1:-1]])


def remove_small(mask: PlaneLike, smallest: float, which: Which = None) -> Labels:
    """Remove pieces of fewer than `smallest` pixels.

    Parameters
    ----------
    mask, which
        As :func:`grow` takes them.
    smallest : float
        Pixels of the smallest piece that stays; a piece is what holds together, by corners too,
        whatever its labels.

    Returns
    -------
    ndarray, ``(H, W)``
        A new mask of the same type.
    """
    labels, chosen = _chosen(mask, which)
    labels[chosen & ~_larger(chosen, _checked(smallest) - 0.5)] = 0
    return labels


def separate(
    mask: PlaneLike,
    limit: float,
    into: int,
    which: Which = None,
    by: Literal['area', 'width'] = 'area',
) -> Labels:
    """Give large pieces a class of their own.

    Parameters
    ----------
    mask, which
        As :func:`grow` takes them.
    limit : float
        Pieces above it get the label `into`: in pixels.
    into : int
        The label.
    by : {'area', 'width'}
        What is compared: pixels of a piece, or its width at the widest place.

    Returns
    -------
    ndarray, ``(H, W)``
        A new mask of the same type, with the same pixels marked.
    """
    if by not in ('area', 'width'):
        raise ParameterError(f"by = {by!r}; choose 'area' or 'width'")
    labels, chosen = _chosen(mask, which)
    if by == 'area':
        labels[_larger(chosen, _checked(limit))] = into
        return labels
    pieces, count = ndimage.label(chosen, _CORNERS)
    wide = np.append(False, widths_of(chosen, pieces, count) > _checked(limit))
    labels[wide[pieces]] = into
    return labels


def merge(mask: PlaneLike, into: int, which: Which = None) -> Labels:
    """Give all marked pixels one label.

    Parameters
    ----------
    mask, which
        As :func:`grow` takes them.
    into : int
        The label.

    Returns
    -------
    ndarray, ``(H, W)``
        A new mask of the same type.
    """
    labels, chosen = _chosen(mask, which)
    labels[chosen] = into
    return labels


def clear(mask: PlaneLike, which: Which = None) -> Labels:
    """Unmark pixels; parameters and result as those of :func:`grow`."""
    return merge(mask, 0, which)


def invert(mask: PlaneLike, label: int = 1) -> Labels:
    """Mark unmarked pixels, and unmark marked ones.

    Parameters
    ----------
    mask : array_like or Image, ``(H, W)``
        Labels, or True where marked.
    label : int
        Label that changes places with 0; others stay as they are.

    Returns
    -------
    ndarray, ``(H, W)``
        A new mask of the same type.
    """
    labels, chosen = _chosen(mask, label)
    free = labels == 0
    labels[chosen], labels[free] = 0, label
    return labels


def _chosen(mask: PlaneLike, which: Which) -> tuple[Labels, NDArray[np.bool_]]:
    """Return a copy of a mask, and where it has the labels that are meant."""
    labels = np.array(pixels_of(mask, 'mask', MaskError))
    if labels.ndim != 2 or labels.dtype.kind not in 'bui':
        raise MaskError(
            f'the mask has shape {labels.shape} and type {labels.dtype}; give a plane (H, W) of '
            'whole numbers or of True and False'
        )
    if which is None:
        return labels, labels != 0
    return labels, np.isin(labels, [which] if isinstance(which, int) else list(which))


def _checked(number: float) -> float:
    if not number >= 0:
        raise ParameterError(f'{number!r} pixels are not allowed; give 0 or more')
    return number


def _around(chosen: NDArray[np.bool_], margin: float) -> tuple[slice, slice]:
    """Return the box around the chosen pixels, so that the rest of a large image costs nothing."""
    box = []
    for axis in (1, 0):
        places = np.nonzero(chosen.any(axis=axis))[0]
        reach = int(np.ceil(margin))
        box.append(slice(max(int(places[0]) - reach, 0), int(places[-1]) + reach + 1))
    return box[0], box[1]


def _larger(chosen: NDArray[np.bool_], limit: float, corners: bool = True) -> NDArray[np.bool_]:
    """Return the pieces of more than `limit` pixels."""
    pieces, _ = ndimage.label(chosen, _CORNERS if corners else None)
    large = np.bincount(pieces.ravel()) > limit
    large[0] = False
    return np.asarray(large[pieces])
