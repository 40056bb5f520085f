"""Letters of axes: their order, those that are free, those of arrays that name none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import ImageError, ParameterError

UNNAMED = 'QPRUVWIABDEFGHJKLMNO'
"""Letters of stack axes whose meaning is not known, in the order of use."""

_MOST_CHANNELS, _STRIP = 16, 4  # of a last axis that may be one of channels; how narrow it is


def letters_of(axes: Any) -> str:
    """Return the letters of axes that are given as text, or one by one: ``('Y', 'X')``.

    Raises ParameterError when they are no letters.
    """
    if isinstance(axes, list | tuple) and all(isinstance(a, str) and len(a) == 1 for a in axes):
        return ''.join(axes)
    if not isinstance(axes, str):
        raise ParameterError(f"axes = {axes!r}; give a letter for each axis, such as axes='ZYX'")
    return axes


def leading_first(axes: str, spatial: str = 'YX') -> str:
    """Return the letters of `axes` in the order stack axes, `spatial` ones, S."""
    tail = [axis for axis in spatial + 'S' if axis in axes]
    return ''.join([*(axis for axis in axes if axis not in tail), *tail])


def free_letter(taken: Iterable[str], wanted: str = '') -> str:
    """Return `wanted` if it is not taken, else a letter for an axis of unknown meaning."""
    letters = [letter for letter in wanted + UNNAMED if letter not in taken]
    return letters[0]


def line_of(axes: str, shape: Sequence[int], along: str = 'auto') -> str:
    """Return the axis along which planes are neighbours; none where there is no such axis.

    `along`: 'Z', 'T', or 'auto', which is the first of them that there is, or else the only stack
        axis of unknown meaning.
    """
    long = [axis for axis, n in zip(axes, shape, strict=True) if n > 1 and axis not in 'YXS']
    unnamed = [axis for axis in long if axis in UNNAMED]
    wanted = [*'ZT', *(unnamed if len(unnamed) == 1 else ())] if along == 'auto' else [along]
    return next((axis for axis in wanted if axis in long), '')


def guessed_axes(shape: tuple[int, ...], rgb: bool | None = None) -> str:
    """Return letters for an array that says nothing of its axes."""
    ones = next((i for i, n in enumerate(reversed(shape)) if n != 1), len(shape))
    ones = min(ones, len(shape) - 2)
    if ones > 1 and not rgb:  # several last axes of one are no columns of pixels either
        lead = len(shape) - ones - 2
        return f'{UNNAMED[:lead]}YX{UNNAMED[lead : lead + ones - 1]}S'
    sampled = len(shape) > 2 and shape[-1] in (1, 3, 4)
    if rgb and len(shape) < 3:
        raise ImageError(f'an RGB image needs three axes, but the shape is {shape}')
    # A last axis of one is no colour, but no column of pixels either.
    tail = 'YXS' if (sampled if rgb is None else rgb or (sampled and shape[-1] == 1)) else 'YX'
    if len(shape) < 2:
        raise ImageError(f'image has shape {shape}; give at least one row and one column')
    return UNNAMED[: len(shape) - len(tail)] + tail


def doubt_of_guess(shape: Sequence[int], axes: str) -> str:
    """Say that guessed axes make narrow strips of what may be channels; nothing where they do not.

    `axes`: those that were guessed, stack axes first.
    """
    if len(shape) < 3 or axes[-2:] != 'YX':
        return ''
    rows, across, columns = shape[-3:]
    if columns > _MOST_CHANNELS or _STRIP * columns > min(rows, across):
        return ''
    return (
        f'an array of shape {tuple(shape)} was taken for planes of {across} x {columns} pixels; if '
        f'its last axis holds channels, give axes="{axes[:-3]}YXC"'
    )


def leading_missing(missing: Any, axes: str) -> Any:
    """Return a mask on `axes` ordered leading-first, its samples joined: any makes it missing."""
    ordered = missing.transpose([axes.index(axis) for axis in leading_first(axes)])
    return ordered.any(axis=-1) if 'S' in axes else ordered


def leading_filled(filled: Any, axes: str) -> Any:
    """Return where a fill value stands for a pixel, on `axes` ordered leading-first.

    A colour is missing where all of its samples have that value: black may be one, red is none.
    """
    ordered = filled.transpose([axes.index(axis) for axis in leading_first(axes)])
    if 'S' not in axes:
        return ordered
    colours = ordered[..., :-1] if ordered.shape[-1] in (2, 4) else ordered
    return colours.all(axis=-1)
