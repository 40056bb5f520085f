"""The centre lines of strokes of a brush, as corners of lines."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Path = list[tuple[int, int]]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_JOINED = np.ones((3, 3), bool)
_SMOOTH, _TOLERANCE = 1.0, 0.5  # px: of a path, and how far its corners may leave it
_STRAIGHT = math.cos(math.radians(60))  # strokes that turn more at a crossing are two
_SPUR = 1.5  # of the half width: what is shorter is the rim of a stroke, no branch


def centre_lines(strokes: Any) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the lines that strokes of a brush were drawn along.

    Strokes are thinned to their skeletons, which go on at crossings as straight as they can and
    are carried on to the ends of the strokes. Dots are no lines.

    Parameters
    ----------
    strokes : array_like, ``(H, W)``
        Nonzero where the brush was; strokes of different labels do not know of each other.

    Returns
    -------
    tuple
        Of each line the corners ``(row, column)`` in pixels, within half a pixel of its path.
    """
    drawn = np.asarray(strokes)
    lines: list[tuple[tuple[float, float], ...]] = []
    for label in np.unique(drawn[drawn != 0]):
        pieces, _ = ndimage.label(drawn == label, _JOINED)
        for number, box in enumerate(ndimage.find_objects(pieces), 1):
            corner = np.array([side.start - 1 for side in box])
            lines += [_corners(path + corner) for path in _along(np.pad(pieces[box] == number, 1))]
    return tuple(lines)


def _along(stroke: Bools) -> Iterator[Floats]:
    """Yield the paths ``(n, 2)`` along the middle of a piece of strokes."""
    depth = ndimage.distance_transform_edt(stroke)
    for path in _joined(_branches(_skeleton(stroke)), depth):
        places = np.array(path, float)
        half = float(np.median(depth[tuple(np.transpose(path))]))
        if path[0] != path[-1]:
            places = _to_its_ends(places, half, stroke)
        places = np.concatenate([places[:1], _smooth(places)[1:-1], places[-1:]])
        if np.hypot(*np.diff(places, axis=0).T).sum() > 2 * half + 3:  # a dot is none
            yield places


def _skeleton(stroke: Bools) -> Bools:
    from skimage.morphology import skeletonize

    return np.asarray(skeletonize(stroke))  # type: ignore[no-untyped-call]


def _smooth(places: Floats) -> Floats:
    smooth: Floats = ndimage.gaussian_filter1d(places, _SMOOTH, axis=0, mode='nearest')
    return smooth


def _to_its_ends(places: Floats, half: float, stroke: Bools) -> Floats:
    """Return a path that goes on straight to the ends of its stroke.

    Thinning takes half a width off them, or turns into a corner there.
    """
    bent = min(round(half), (len(places) - 1) // 2)
    middle = places[bent : len(places) - bent]
    smooth, back = _smooth(middle), min(round(2 * half + 3), len(middle) - 1)
    ends = [
        _beyond(smooth[0], smooth[0] - smooth[back], stroke),
        _beyond(smooth[-1], smooth[-1] - smooth[-1 - back], stroke),
    ]
    return np.concatenate([ends[0], middle, ends[1]])


def _beyond(place: Floats, step: Floats, stroke: Bools) -> Floats:
    """Return the last place within a stroke in a direction ``(1, 2)``; none where that is none."""
    length = float(np.hypot(*step))
    if length == 0:
        return np.empty((0, 2))
    ways = place + np.arange(0, max(stroke.shape), 0.5)[:, None] * step / length
    rows, columns = np.clip(np.rint(ways).astype(int), 0, np.array(stroke.shape) - 1).T
    last = int(np.argmin(stroke[rows, columns])) - 1  # the border of a piece is outside of it
    found: Floats = ways[max(last, 0)][None]
    return found


def _branches(skeleton: Bools) -> list[Path]:
    """Return the paths between the ends and crossings of a skeleton, and those that are closed."""
    pixels = {(int(row), int(column)) for row, column in np.argwhere(skeleton)}
    beside = {pixel: _neighbours(pixel, pixels) for pixel in pixels}
    nodes = {pixel for pixel in pixels if len(beside[pixel]) != 2}
    branches: list[Path] = []
    left = pixels - nodes
    for node in sorted(nodes):
        for first in beside[node]:
            if first in nodes:
                branches += [[node, first]] if node < first else []
            elif first in left:
                path = _walk([node, first], beside, nodes)
                left -= set(path)
                branches.append(path)
    while left:
        start = min(left)
        path = _walk([start, beside[start][0]], beside, {start})
        left -= set(path)
        branches.append(path)
    return branches


def _neighbours(pixel: tuple[int, int], pixels: set[tuple[int, int]]) -> Path:
    """Return the neighbours of a pixel; diagonal ones only where no straight step leads there."""
    row, column = pixel
    straight = [(row + d, column + a) for d, a in ((0, 1), (1, 0), (0, -1), (-1, 0))]
    found = [each for each in straight if each in pixels]
    for down, right in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
        corner = (row + down, column + right)
        around = ((row + down, column), (row, column + right))
        if corner in pixels and not any(each in pixels for each in around):
            found.append(corner)
    return found


def _walk(path: Path, beside: dict[tuple[int, int], Path], stops: set[tuple[int, int]]) -> Path:
    while path[-1] not in stops:
        ahead = [each for each in beside[path[-1]] if each != path[-2]]
        if not ahead:
            break
        path.append(ahead[0])
    return path


def _joined(branches: list[Path], depth: Floats) -> list[Path]:
    """Drop what is no branch, and join those that go on through a crossing, straightest first."""
    meeting = _at_ends(branches)
    branches = [each for each in branches if not _is_spur(each, meeting, depth)]
    branches = _met(branches, depth)
    while True:
        best, pair = _STRAIGHT, None
        for place, numbers in _at_ends(branches).items():
            for one, other in combinations(numbers, 2):
                if one != other:
                    width = float(depth[place])
                    ways = [_away(branches[each], place, width) for each in (one, other)]
                    turn = float(ways[0] @ -ways[1])
                    if turn > best:
                        best, pair = turn, (one, other, place)
        if pair is None:
            return branches
        one, other, place = pair
        first = branches[one] if branches[one][-1] == place else branches[one][::-1]
        second = branches[other] if branches[other][0] == place else branches[other][::-1]
        bent = round(float(depth[place]))  # by the crossing
        kept = max(len(first) - bent, 1), min(bent, len(second) - 1)
        branches[one] = first[: kept[0]] + second[kept[1] :]
        del branches[other]


def _met(branches: list[Path], depth: Floats) -> list[Path]:
    """Make one crossing of two that lie within the width of a stroke, as where two cross."""
    meeting = _at_ends(branches)
    while True:
        short = [
            branch
            for branch in branches
            if branch[0] != branch[-1]
            and all(len(meeting[end]) > 1 for end in (branch[0], branch[-1]))
            and len(branch) <= 2 * depth[branch[len(branch) // 2]] + 2
        ]
        if not short:
            return branches
        bridge = min(short, key=len)
        middle, gone = bridge[len(bridge) // 2], {bridge[0], bridge[-1]}
        branches = [
            ([middle] if each[0] in gone and each[0] != middle else [])
            + each
            + ([middle] if each[-1] in gone and each[-1] != middle else [])
            for each in branches
            if each is not bridge
        ]
        meeting = _at_ends(branches)


def _at_ends(branches: list[Path]) -> dict[tuple[int, int], list[int]]:
    """Return by place the numbers of the branches that end there."""
    found: dict[tuple[int, int], list[int]] = {}
    for number, branch in enumerate(branches):
        if branch[0] != branch[-1]:
            for end in (branch[0], branch[-1]):
                found.setdefault(end, []).append(number)
    return found


def _is_spur(branch: Path, meeting: dict[tuple[int, int], list[int]], depth: Floats) -> bool:
    ends = [len(meeting.get(end, ())) for end in (branch[0], branch[-1])]
    if sorted(ends)[0] != 1 or max(ends) < 3:
        return False
    crossing = branch[0] if ends[0] > 1 else branch[-1]
    return len(branch) < _SPUR * float(depth[crossing])


def _away(branch: Path, place: tuple[int, int], width: float) -> Floats:
    """Return the direction in which a branch leaves a crossing, beyond what that has bent."""
    path = np.array(branch if branch[0] == place else branch[::-1], float)
    near, far = (min(len(path) - 1, round(n * width) + 1) for n in (1, 3))
    step = path[far] - path[near if near < far else 0]
    return np.asarray(step / max(float(np.hypot(*step)), 1e-9))


def _corners(path: Floats) -> tuple[tuple[float, float], ...]:
    from skimage.measure import approximate_polygon

    corners = approximate_polygon(path, _TOLERANCE)  # type: ignore[no-untyped-call]
    return tuple((float(r), float(c)) for r, c in corners)
