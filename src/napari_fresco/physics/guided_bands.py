"""Structure along lines through holes, which a fill has to agree with.

A narrow band along each line is filled before the rest, from the band where it is known on both
sides: mirrored at the rim, so that texture goes on, and sheared a little where a line was drawn
beside what it follows, so that both ends meet. Own code after the idea of structure propagation:
J. Sun, L. Yuan, J. Jia, H.-Y. Shum, "Image completion with structure propagation", SIGGRAPH 2005.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Line = Sequence[tuple[float, float]]

HALF = 5
"""Half of the width in pixels of the band that is filled first."""

_REACH = 48  # px: how far along a line beyond a hole is looked for what continues
_BEND = 5.0  # px: over which the direction of a drawn line is averaged
_ENDS = 24  # px beside a rim that tell how far a line lies beside what it follows
_BESIDE = 4.0  # px: most that it may
_STEP = 0.25  # px
_OFFSETS = round((HALF + 2 + _BESIDE) / _STEP)  # steps to either side that a profile knows
_BESIDES = np.arange(-_OFFSETS, _OFFSETS + 1) * _STEP
_BAND = np.arange(-HALF, HALF + 1.0)
_SLOPES = (0.0, *(sign * n / 50 for n in range(1, 6) for sign in (1, -1)))
_CLEAR = 0.5  # of the difference: a move that leaves more of it is none
_WHOLE, _MOST = 0.999, 0.5  # of what is sampled is known: a pixel, and what is across a line


class Band(NamedTuple):
    """Lost pixels along guides, and their values ``(n, C)``."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    values: Floats


def continued(picture: Floats, known: Bools, guides: Sequence[Line]) -> Band:
    """Fill the bands along guides from where they are known.

    `picture`: ``(H, W, C)``; what it holds where it is not `known` does not matter.
    `guides`: each the rows and columns of its corners.
    Where bands cross, the guide that is nearer counts.
    """
    nearest, values = np.full(known.shape, np.inf), np.zeros(picture.shape)
    for guide in guides:
        path = _Path.of(guide)
        for gap in path.gaps(known):
            box, near = path.around(gap, known.shape)
            seen = _Excerpt(picture[box].astype(np.float64), known[box].astype(np.float64))
            for rows, columns, beside, colours in _filled(seen, near, *gap):
                rows, columns = rows + box[0].start, columns + box[1].start
                nearer = np.abs(beside) < nearest[rows, columns]
                at = rows[nearer], columns[nearer]
                nearest[at], values[at] = np.abs(beside[nearer]), colours[nearer]
    rows, columns = np.nonzero(np.isfinite(nearest))
    return Band(rows, columns, values[rows, columns])


def crosses(guide: Line, lost: Bools) -> bool:
    """Say whether a guide lies on a lost pixel of a plane."""
    return any(_Path.of(guide).gaps(~lost))


class _Excerpt(NamedTuple):
    """A part of the picture ``(h, w, C)``, and 1 where it is known."""

    picture: Floats
    known: Floats

    def at(self, places: Floats) -> tuple[Floats, Bools]:
        """Return the colours at places ``(2, ...)`` between pixels, and whether all are known."""
        sound = ndimage.map_coordinates(self.known, places, order=1, cval=0.0) > _WHOLE
        channels = [
            ndimage.map_coordinates(channel, places, order=1, mode='nearest')
            for channel in np.moveaxis(self.picture, -1, 0)
        ]
        return np.stack(channels, axis=-1), sound


class _Path(NamedTuple):
    """A line in steps of a pixel, carried on beyond its ends: places, and what is across it."""

    places: Floats
    across: Floats

    @classmethod
    def of(cls, guide: Line) -> _Path:
        corners = np.asarray(guide, np.float64)
        lengths = np.r_[0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T))]
        steps = np.linspace(0, lengths[-1], max(int(np.ceil(lengths[-1])), 1) + 1)
        inner = np.stack([np.interp(steps, lengths, corners[:, axis]) for axis in (0, 1)], axis=1)
        beyond = np.arange(1, _REACH + 1)[:, None]
        ends = [_unit(inner[0] - inner[min(int(_BEND), len(inner) - 1)])]
        ends.append(_unit(inner[-1] - inner[max(-1 - int(_BEND), -len(inner))]))
        before, after = inner[0] + beyond[::-1] * ends[0], inner[-1] + beyond * ends[1]
        places = np.concatenate([before, inner, after])
        along = np.gradient(
            ndimage.gaussian_filter1d(places, _BEND, axis=0, mode='nearest'), axis=0
        )
        along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
        return cls(places, np.stack([-along[:, 1], along[:, 0]], axis=1))

    def gaps(self, known: Bools) -> Iterator[tuple[int, int]]:
        """Yield the first and the last step of each stretch that is lost."""
        rows, columns = np.rint(self.places).astype(int).T
        inside = (rows >= 0) & (columns >= 0) & (rows < known.shape[0]) & (columns < known.shape[1])
        lost = np.zeros(len(rows), bool)
        lost[inside] = ~known[rows[inside], columns[inside]]
        lost[:_REACH] = lost[len(lost) - _REACH :] = False  # nobody drew there
        labels, _ = ndimage.label(lost)
        for (found,) in ndimage.find_objects(labels):
            yield found.start, found.stop - 1

    def around(self, gap: tuple[int, int], shape: tuple[int, ...]) -> tuple[Any, _Path]:
        """Return the part of a picture that matters to a gap, and the path as it lies there."""
        first, last = gap
        places = self.places[max(first - _REACH, 0) : last + _REACH + 1]
        margin = HALF + 2 * math.ceil(_BESIDE)
        low = np.maximum(np.floor(places.min(axis=0)).astype(int) - margin, 0)
        high = np.minimum(np.ceil(places.max(axis=0)).astype(int) + margin + 1, shape)
        box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        return box, self._replace(places=self.places - low)

    def at(self, steps: Floats, beside: Floats) -> Floats:
        """Return places ``(2, ...)`` so many steps along the line and pixels beside it."""
        number = np.arange(len(self.places))
        found = [
            np.interp(steps, number, self.places[:, axis])
            + beside * np.interp(steps, number, self.across[:, axis])
            for axis in (0, 1)
        ]
        return np.stack(found)


def _unit(vector: Floats) -> Floats:
    length = float(np.hypot(*vector))
    return vector / length if length > 0 else vector


def _filled(seen: _Excerpt, path: _Path, first: int, last: int) -> Iterator[tuple[Any, ...]]:
    """Yield the lost pixels of the band between two steps: places, how far beside, colours."""
    ends = [_End.of(seen, path, first - 1, -1), _End.of(seen, path, last + 1, 1)]
    here = [end for end in ends if end is not None]
    if not here:
        return
    rows, columns = _lost_around(seen.known > 0, path, first, last)
    steps, beside = _coordinates(path, rows, columns, first, last)
    share = np.clip((steps - first + 1) / (last - first + 2), 0.0, 1.0)
    shares, moves = [np.ones_like(share)], [np.zeros_like(share)]
    if len(here) == 2:
        shear = _shear(*here)
        shares, moves = [1 - share, share], [-shear * share, shear * (1 - share)]
    total = np.zeros((len(rows), seen.picture.shape[-1]))
    detail, power = total.copy(), np.zeros(len(rows))
    for end, weight, move in zip(here, shares, moves, strict=True):
        profile, sampled = end.beyond(steps, beside + move)
        total += weight[:, None] * profile
        detail += weight[:, None] * (sampled - profile)
        power += weight**2
    # Details of both ends do not know of each other: their sum keeps the grain of either.
    yield rows, columns, beside, total + detail / np.sqrt(power)[:, None]


class _End(NamedTuple):
    """The known side of a gap.

    `rim`, `side`: the last step that is known, and whether what is known lies before (-1) or after.
    `length`: steps that are known from there.
    `slope`: how far its structure moves beside the line in a step away from the rim.
    `profile`: its mean across the line, at the rim, in steps of `_STEP`.
    """

    seen: _Excerpt
    path: _Path
    rim: int
    side: int
    length: int
    slope: float
    profile: Floats

    @classmethod
    def of(cls, seen: _Excerpt, path: _Path, rim: int, side: int) -> _End | None:
        """Look along `path` away from the gap; None where nothing is known."""
        away = np.arange(_REACH + HALF)
        away = away[(rim + side * away >= 0) & (rim + side * away < len(path.places))]
        _, sound = seen.at(path.at(*np.broadcast_arrays(rim + side * away[:, None], _BAND)))
        whole = sound.mean(axis=1) > _MOST
        if not whole.any():
            return None
        start = int(np.argmax(whole))  # rims are seldom square to a line
        length = int(np.argmin(whole[start:])) or len(whole) - start
        end = cls(seen, path, rim + side * start, side, length, 0.0, np.zeros(0))
        found = [end.sloping(slope) for slope in _SLOPES]
        return min(found, key=lambda pair: pair[0])[1]

    def sloping(self, slope: float) -> tuple[float, _End]:
        """Return how uneven its structure is along the line if it has such a slope, and the end."""
        away = np.arange(min(self.length, _ENDS))[:, None]
        colours, sound = self._at(
            away, np.broadcast_to(_BESIDES, (len(away), len(_BESIDES))), slope
        )
        weight = sound[..., None].astype(float)
        total = weight.sum(axis=0)
        mean = (colours * weight).sum(axis=0) / np.maximum(total, 1e-9)
        uneven = float((np.square(colours - mean) * weight).sum() / max(weight.sum(), 1e-9))
        _, nearest = ndimage.distance_transform_edt(total[:, 0] <= 0, return_indices=True)
        return uneven, self._replace(slope=slope, profile=mean[nearest[0]])

    def beyond(self, steps: Floats, beside: Floats) -> tuple[Floats, Floats]:
        """Return the mean across the line, and what lies as far from the rim as `steps` do."""
        place, number = beside / _STEP + _OFFSETS, np.arange(len(self.profile))
        profile = np.stack([np.interp(place, number, each) for each in self.profile.T], axis=1)
        turn = max(self.length - 1, 1)
        away = np.abs((np.abs(steps - self.rim) + turn) % (2 * turn) - turn)
        colours, sound = self._at(away, beside, self.slope)
        return profile, np.where(sound[:, None], colours, profile)

    def _at(self, away: Any, beside: Floats, slope: float) -> tuple[Floats, Bools]:
        steps = np.broadcast_to(self.rim + self.side * away, beside.shape)
        return self.seen.at(self.path.at(steps, beside + slope * away))


def _shear(before: _End, after: _End) -> float:
    """Return the shift across the line of the structure behind the gap against that before it."""
    most = round(_BESIDE / _STEP)
    first = before.profile - before.profile.mean(axis=0)
    middle = slice(most, len(first) - most)
    costs = []
    for move in range(-most, most + 1):
        second = after.profile[most + move : len(first) - most + move]
        costs.append(float(np.square(before.profile[middle] - second).sum()))
    best = int(np.argmin(costs))
    clear = costs[best] < _CLEAR * costs[most] and costs[best] < _CLEAR * float(
        np.square(first[middle]).sum()
    )
    return (best - most) * _STEP if clear else 0.0


def _lost_around(known: Bools, path: _Path, first: int, last: int) -> tuple[Any, Any]:
    """Return rows and columns of lost pixels within the band."""
    places = path.places[first : last + 1]
    low = np.maximum(np.floor(places.min(axis=0)).astype(int) - HALF, 0)
    high = np.ceil(places.max(axis=0)).astype(int) + HALF + 1
    rows, columns = np.nonzero(~known[low[0] : high[0], low[1] : high[1]])
    rows, columns = rows + low[0], columns + low[1]
    distance, _ = KDTree(places).query(np.stack([rows, columns], axis=1))
    near = distance <= HALF
    return rows[near], columns[near]


def _coordinates(
    path: _Path, rows: Any, columns: Any, first: int, last: int
) -> tuple[Floats, Floats]:
    """Return the coordinates of pixels along a line and across it."""
    points = np.stack([rows, columns], axis=1).astype(float)
    low, high = max(first - HALF, 0), min(last + HALF + 1, len(path.places))
    _, nearest = KDTree(path.places[low:high]).query(points)
    step = nearest + low
    away = points - path.places[step]
    across = path.across[step]
    along = np.stack([across[:, 1], -across[:, 0]], axis=1)
    return step + (away * along).sum(axis=1), (away * across).sum(axis=1)
