"""Work around each loss only: the cost of filling goes with the damage, not with the picture.

Where all that is known comes back as it was, nothing needs to be computed far from a loss. Losses
are gathered into windows with a margin of known pixels; each is filled alone, and what is filled
counts as known for the windows after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from ..declare.recommendations import NARROW
from ..image.hole_width import widest
from ..physics.operators import Mask
from ..physics.problem import Problem
from ..runtime.tools import Solver, Tools
from ..types import Step
from .wide_losses import known_pixels

CELL = 96
"""Side in pixels of the smallest cells by which losses are gathered."""

_DOUBLINGS = 2  # of that side: where losses are dense, one window is less work than four
_LARGEST = 256  # px: side of a loss that is still filled in one piece
_LEAST_WIDTH = 4  # px: losses no wider are all given the margin of this width
_TIMES, _WIDE_TIMES = 3, 4  # margin by widths of the loss: of one filled from its rim, and of wider
_MOST = 192  # px: margin at most
_GRID = 8  # px: a network with three coarser scales pads its images to multiples of this
_WORTH = 0.65  # of the picture: windows that cover more are not worth their seams

Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Window:
    """A part of the picture, and the lost pixels that are filled there.

    `rows`, `columns`: the part.
    `lost`: rows and columns of the pixels in the picture.
    """

    rows: slice
    columns: slice
    lost: tuple[Ints, Ints]

    @property
    def size(self) -> int:
        """Pixels of the part."""
        rows, columns = self.rows.stop - self.rows.start, self.columns.stop - self.columns.start
        return int(rows * columns)

    def of(self, image: Tensor) -> Tensor:
        """Return the part of ``(N, C, H, W)``."""
        return image[..., self.rows, self.columns]


_Cell = tuple[tuple[int, ...], list[Window]]


def around_losses(solver: Solver) -> Solver:
    """Return `solver`, called for the surroundings of each loss alone where that is less work."""

    def solve(problem: Problem, params: Any, tools: Tools) -> Iterator[Step]:
        """Pass on the picture as it grows."""
        keep = problem.degradation.forward(torch.ones_like(problem.y)).clone()
        found = windows(known_pixels(keep))
        if problem.wanted is not None:
            wanted = problem.wanted[0, 0].cpu().numpy()
            found = [window for window in found if wanted[window.lost].any()]
        if sum(window.size for window in found) > _WORTH * keep[0, 0].numel():
            yield from solver(problem, params, tools)
            return
        x, ticks = _with_mean_colours(problem.y, keep, found), 0
        filled = torch.zeros(keep.shape[-2:], dtype=torch.bool, device=keep.device)
        for number, window in enumerate(found):
            part = _part(problem, window, x, keep)
            rows, columns = window.lost
            at = (rows - window.rows.start, columns - window.columns.start)
            for step in solver(part, params, tools):
                x[..., rows, columns] = step.x[..., at[0], at[1]]
                ticks = ticks or step.total  # a window counts for as many steps as the first
                index = ticks * number - (-ticks * step.index // step.total)
                total = ticks * len(found)
                # Where nothing is finished yet, an estimate is better than nothing.
                done = step.final or step.index >= step.total or number == 0
                filled[rows, columns] = done
                told = replace(step, index=index, total=total, x=x, score=None, final=False)
                yield replace(told, changed=step.x, filled=filled)
            keep[..., rows, columns] = 1
            filled[rows, columns] = True

    return solve


def windows(known: NDArray[np.bool_]) -> list[Window]:
    """Gather the lost pixels of a picture into windows, small losses whole.

    `known`: (H, W).
    Returns: windows whose lost pixels are all lost pixels, each once; the smallest come first, so
    that something can be seen soon.
    """
    labels, count = ndimage.label(~known, np.ones((3, 3)))
    if not count:
        return []
    lost = np.stack(np.divmod(np.flatnonzero(~known), known.shape[1]))
    loss = labels[tuple(lost)] - 1
    first, last = np.full((2, count), known.size), np.zeros((2, count), np.intp)
    for axis in (0, 1):
        np.minimum.at(first[axis], loss, lost[axis])
        np.maximum.at(last[axis], loss, lost[axis])
    whole = _wide(~known, labels, count) & ((last - first).max(axis=0) < _LARGEST)
    rows, columns = np.where(whole[loss], ((first + last) // 2)[:, loss], lost) // CELL
    cell = rows * known.shape[1] + columns
    order = np.argsort(cell, kind='stable')
    ends = np.flatnonzero(np.diff(cell[order])) + 1
    found: list[_Cell] = [
        ((int(rows[few[0]]), int(columns[few[0]])), [_window(known, *lost[:, few])])
        for few in np.split(order, ends)
    ]
    for _ in range(_DOUBLINGS):
        found = _gathered(known, found)
    return sorted((window for _, few in found for window in few), key=lambda window: window.size)


def _wide(lost: NDArray[np.bool_], labels: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Return which of the losses are filled with more than what is known at their rim."""
    deep = ndimage.binary_erosion(lost, np.ones((3, 3)), NARROW // 2, border_value=1)
    wide = np.zeros(count, bool)
    wide[labels[deep] - 1] = True
    return wide


def _gathered(known: NDArray[np.bool_], found: list[_Cell]) -> list[_Cell]:
    """Join the windows of four neighbouring cells where one window is no more work."""
    larger: dict[tuple[int, ...], list[Window]] = {}
    for place, few in found:
        larger.setdefault(tuple(n // 2 for n in place), []).extend(few)
    for place, few in larger.items():
        joined = [np.concatenate([window.lost[axis] for window in few]) for axis in (0, 1)]
        one = _window(known, *joined)
        if one.size <= sum(window.size for window in few):
            larger[place] = [one]
    return list(larger.items())


def _window(known: NDArray[np.bool_], rows: Ints, columns: Ints) -> Window:
    """Return the window of some lost pixels, with a margin that goes with their width."""
    lost = (rows, columns)
    width = _width(known[_box(known, lost, 1)])
    times = _TIMES if width <= NARROW else _WIDE_TIMES
    margin = min(int(times * width), _MOST)
    rows_around, columns_around = _box(known, lost, margin)
    down, across = known.shape
    return Window(_on_grid(rows_around, down), _on_grid(columns_around, across), lost)


def _on_grid(part: slice, end: int) -> slice:
    """Return a part of an axis of so many pixels that has the nearest length on the grid."""
    length = part.stop - part.start
    size = min((length + _GRID // 2) // _GRID * _GRID, end)
    if part.start == 0:  # what is lost may reach to the border
        start = 0
        size = size if part.stop < end else end
    elif part.stop == end:
        start = end - size
    else:
        start = min(max(part.start - (size - length) // 2, 0), end - size)
    return slice(start, start + size)


def _width(known: NDArray[np.bool_]) -> float:
    """Return the width of the widest loss; of the narrow ones no more than that they are."""
    deep = ndimage.binary_erosion(~known, np.ones((3, 3)), _LEAST_WIDTH // 2, border_value=1)
    return max(widest(~known), _LEAST_WIDTH) if deep.any() else _LEAST_WIDTH


def _box(known: NDArray[np.bool_], lost: tuple[Ints, Ints], margin: int) -> tuple[slice, slice]:
    """Return the rows and columns around lost pixels."""
    rows, columns = (
        slice(max(int(at.min()) - margin, 0), min(int(at.max()) + 1 + margin, n))
        for at, n in zip(lost, known.shape, strict=True)
    )
    return rows, columns


def _part(problem: Problem, window: Window, x: Tensor, keep: Tensor) -> Problem:
    """Return the problem of a window of the picture `x`, in which what was filled is known."""
    sigma, kept = problem.sigma, window.of(keep).clone()
    return replace(
        problem,
        y=window.of(x) * (kept > 0),
        degradation=Mask(kept),
        sigma=window.of(sigma) if isinstance(sigma, Tensor) else sigma,
        start=None if problem.start is None else window.of(problem.start),
    )


def _with_mean_colours(y: Tensor, keep: Tensor, found: list[Window]) -> Tensor:
    """Return the picture with losses in the mean colour of their surroundings.

    That is what is seen where a run has not come to yet.
    """
    x = y.clone()
    for window in found:
        weight = window.of(keep)
        mean = window.of(y).sum((-2, -1)) / weight.sum((-2, -1)).clamp(min=1)
        x[..., window.lost[0], window.lost[1]] = mean[..., None]
    return x
