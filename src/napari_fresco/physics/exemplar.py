"""Fill wide holes with pieces of the same picture: patches that agree with their surroundings.

A membrane is gray where a picture is lively. Here every patch that touches a hole is to look like
some patch that is wholly known; field of nearest patches and picture are improved by turns, from
coarse to fine. No torch.

References
----------
Y. Wexler, E. Shechtman, M. Irani, "Space-Time Completion of Video", IEEE TPAMI 29(3), 2007.
C. Barnes, E. Shechtman, A. Finkelstein, D. B. Goldman, "PatchMatch", ACM TOG 28(3), 2009.
A. Newson, A. Almansa, Y. Gousseau, P. Pérez, "Non-Local Patch-Based Image Inpainting", Image
Processing On Line 7, 2017.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..image.hole_width import depth_of, widest
from .fill import halve, harmonic, harmonic_checked
from .patch_distances import PATCH, Floats, Ints, PatchDistances

Bools = NDArray[np.bool_]

_ROUNDS, _LAST_ROUNDS = 6, 3  # of matching and voting: at coarse levels, and at the finest
_SWEEPS = 2
_FADING = 1.3  # confidence falls by this for each pixel from the rim of a hole
_TEXTURE = 0.5  # weight of the liveliness of a neighbourhood beside its colours
_NEAR = 8  # px over which liveliness is averaged
_SIDES = tuple((d * k, a * k) for k in (1, 3) for d, a in ((0, 1), (1, 0), (0, -1), (-1, 0)))


class ExemplarFill(NamedTuple):
    """A picture whose holes are filled, in two ways.

    Attributes
    ----------
    mean : ndarray
        Of all patches that cover a pixel: few errors, less grain than the picture.
    best : ndarray
        Each pixel from the one patch that fits best: as lively as the picture.
    source : ndarray
        ``(2, H, W)``, the row and the column of the pixel that `best` has in each.
    """

    mean: NDArray[Any]
    best: NDArray[Any]
    source: Ints


def exemplar(image: Any, keep: Any, *, sources: Any = None, seed: int = 0) -> ExemplarFill:
    """Fill holes with patches of the known part of the same image.

    `image`: array_like, (H, W) or (H, W, C), of any range.
    `keep`: array_like, (H, W), nonzero where the pixel is known.
    `sources`: array_like, (H, W), nonzero where patches may be taken from; everywhere by default.
    `seed`: of the search; others give other fills, as good.
    Returns: known pixels as they were; a membrane where no patch is wholly known.
    Raises MaskError when `keep` has another shape or knows no pixel.
    """
    values, known = harmonic_checked(image, keep)
    shape = np.shape(image)
    if known.all():
        return ExemplarFill(values.reshape(shape), values.reshape(shape), np.indices(known.shape))
    allowed = known if sources is None else known & (np.asarray(sources) != 0)
    low, high = values[known].min(), values[known].max()
    span = float(high - low) or 1.0
    found, source = _coarse_to_fine(
        ((values - low) / span).astype(np.float32), known, allowed, seed
    )
    mean = np.where(known[..., None], values, low + span * found[..., : values.shape[2]])
    return ExemplarFill(mean.reshape(shape), mean[tuple(source)].reshape(shape), source)


def wider(keep: Bools, width: float) -> Bools:
    """Return which missing pixels lie in a disc of `width` pixels that is missing as a whole.

    A crack that runs into a wide hole stays narrow.
    """
    radius = (width + 1) / 2
    middles = depth_of(~keep) >= radius
    if not middles.any():
        return middles
    found: Bools = ~keep & (ndimage.distance_transform_edt(~middles) < radius)
    return found


def _coarse_to_fine(values: Floats, known: Bools, allowed: Bools, seed: int) -> tuple[Floats, Ints]:
    """Return the mean of patches for a picture in [0, 1], and the sources of the best ones.

    Behind the colours of the mean is their liveliness.
    """
    rng = np.random.default_rng(seed)
    levels = [(_with_liveliness(values, known), known, allowed)]
    for _ in range(math.ceil(math.log2(max(widest(~known) / PATCH, 1)))):
        finer, its_known, its_allowed = levels[-1]
        if min(its_known.shape) < 6 * PATCH:
            break
        coarse, coarse_known = halve(finer, its_known)
        rows, columns = coarse_known.shape
        padded = np.pad(its_allowed, [(0, n % 2) for n in its_allowed.shape])
        coarse_allowed = padded.reshape(rows, 2, columns, 2).all(axis=(1, 3)) & coarse_known
        levels.append((coarse.astype(np.float32), coarse_known, coarse_allowed))
    mean = harmonic(levels[-1][0], levels[-1][1]).astype(np.float32)
    taken = np.indices(known.shape)
    places: Ints | None = None
    for number, (picture, its_known, its_allowed) in reversed(list(enumerate(levels))):
        matching = _Matching.of(picture, its_known, its_allowed)
        if matching is None:
            mean = harmonic(picture, its_known).astype(np.float32)
            taken, places = np.indices(its_known.shape), None
            continue
        if mean.shape != picture.shape:
            doubled = mean.repeat(2, axis=0).repeat(2, axis=1)
            mean = np.where(
                its_known[..., None], picture, doubled[: picture.shape[0], : picture.shape[1]]
            )
        source = matching.start(places, rng)
        for _ in range(_ROUNDS if number else _LAST_ROUNDS):
            field = matching.improve(mean, source, rng)
            mean, taken = matching.vote(field)
            source = field.source
        places = matching.displacements(source)
    return mean, taken


def _with_liveliness(values: Floats, known: Bools) -> Floats:
    """Append the local contrast of the colours, along rows and along columns."""
    weight = ndimage.uniform_filter(known.astype(np.float32), 2 * _NEAR + 1)
    gray = values.mean(axis=2)
    slopes = []
    for axis in (0, 1):
        both = known & np.roll(known, 1, axis)
        change = np.where(both, np.abs(gray - np.roll(gray, 1, axis)), 0)
        slopes.append(
            ndimage.uniform_filter(change, 2 * _NEAR + 1) / np.maximum(weight, 1e-3) * _TEXTURE
        )
    return np.concatenate([values, np.stack(slopes, axis=2).astype(np.float32)], axis=2)


class _Field(NamedTuple):
    """For each target the number of its source, and how much they differ."""

    source: Ints
    distance: Floats


@dataclass(frozen=True)
class _Matching:
    """Targets and sources of one level.

    `picture`, `known`: the level.
    `confidence`: 1 where known, falling into the holes.
    `targets`, `sources`: rows and columns of the middles of patches, ``(n, 2)``.
    `number`: the number of the source in the middle of each pixel; -1 where there is none.
    """

    picture: Floats
    known: Bools
    confidence: Floats
    targets: Ints
    sources: Ints
    number: Ints

    @classmethod
    def of(cls, picture: Floats, known: Bools, allowed: Bools) -> _Matching | None:
        """Return the patches to match; None where no patch is wholly known."""
        half = PATCH // 2
        inner = np.zeros(known.shape, bool)
        inner[half : known.shape[0] - half, half : known.shape[1] - half] = True
        square = np.ones((PATCH, PATCH), bool)
        whole = inner & ndimage.binary_erosion(allowed, square)
        touching = inner & ndimage.binary_dilation(~known, square)
        if not whole.any() or not touching.any():
            return None
        sources = np.argwhere(whole)
        number = np.full(known.shape, -1, np.intp)
        number[whole] = np.arange(len(sources))
        depth = ndimage.distance_transform_edt(~known)
        confidence = (_FADING ** -np.minimum(depth, 40)).astype(np.float32)
        return cls(picture, known, confidence, np.argwhere(touching), sources, number)

    @cached_property
    def _distances(self) -> PatchDistances:
        return PatchDistances(self.picture, self.confidence, self.sources, self.targets)

    @cached_property
    def _target(self) -> Ints:
        """The number of the target in the middle of each pixel; -1 where there is none."""
        numbers = np.full(self.known.shape, -1, np.intp)
        numbers[tuple(self.targets.T)] = np.arange(len(self.targets))
        return numbers

    @cached_property
    def _beside(self) -> list[Ints]:
        """For each side the numbers of the targets that lie there."""
        return [_look_up(self._target, self.targets + side) for side in _SIDES]

    @cached_property
    def _covering(self) -> list[tuple[Ints, Ints, Ints]]:
        """For each place in a patch: that, the pixels in holes that lie there, and in what."""
        holes, found = np.argwhere(~self.known), []
        for offset in _offsets():
            numbers = _look_up(self._target, holes - offset)
            there = np.flatnonzero(numbers >= 0)
            found.append((offset, there, numbers[there]))
        return found

    def start(self, places: Ints | None, rng: np.random.Generator) -> Ints:
        """Return first sources: those of the coarser level, twice as far away, or any."""
        chance = rng.integers(len(self.sources), size=len(self.targets))
        if places is None:
            return chance
        rows, columns = np.minimum(self.targets // 2, np.array(places.shape[:2]) - 1).T
        wanted = self.targets + 2 * places[rows, columns]
        found = self._numbers(wanted)
        return np.where(found >= 0, found, chance)

    def displacements(self, source: Ints) -> Ints:
        """Return for each pixel the displacement to the source of its target, ``(H, W, 2)``."""
        away = np.zeros((*self.known.shape, 2), np.intp)
        away[tuple(self.targets.T)] = self.sources[source] - self.targets
        return away

    def improve(self, estimate: Floats, source: Ints, rng: np.random.Generator) -> _Field:
        """Return better sources for the patches of an estimate: those of neighbours, and others."""
        self._distances.look_for(estimate)
        best = _Field(source.copy(), self._distances.of(source))
        asked = [np.full(len(source), -1, np.intp) for _ in _SIDES]
        for _ in range(_SWEEPS):
            for n, (side, beside) in enumerate(zip(_SIDES, self._beside, strict=True)):
                given = best.source[np.maximum(beside, 0)]
                candidate = np.where(beside >= 0, self._numbers(self.sources[given] - side), -1)
                self._try(best, np.where(candidate == asked[n], -1, candidate))
                asked[n] = candidate
            radius = max(self.known.shape)
            while radius >= 1:
                step = rng.integers(-radius, radius + 1, self.targets.shape)
                self._try(best, self._numbers(self.sources[best.source] + step))
                radius //= 2
        return best

    def vote(self, field: _Field) -> tuple[Floats, Ints]:
        """Return the mean of what the sources make, and where the best of them lie, (2, H, W)."""
        scale = 2 * max(float(np.quantile(field.distance, 0.75)), 1e-8)
        trust = np.exp(-field.distance / scale) * self.confidence[tuple(self.targets.T)]
        count = np.count_nonzero(~self.known)
        total = np.zeros((count, self.picture.shape[2]), np.float32)
        weight = np.zeros(count, np.float32)
        most, best = np.full(count, -1.0, np.float32), np.zeros((2, count), np.intp)
        for offset, there, used in self._covering:
            places, w = (self.sources[field.source[used]] + offset).T, trust[used] + 1e-12
            total[there] += w[:, None] * self.picture[tuple(places)]
            weight[there] += w
            better = w > most[there]
            chosen = there[better]
            best[:, chosen], most[chosen] = places[:, better], w[better]
        mean, taken = self.picture.copy(), np.indices(self.known.shape)
        mean[~self.known] = total / weight[:, None]
        taken[:, ~self.known] = best
        return mean, taken

    def _numbers(self, places: Ints) -> Ints:
        return _look_up(self.number, places)

    def _try(self, best: _Field, candidate: Ints) -> None:
        """Put those of the candidates into the field that are nearer; -1 is none."""
        tried = np.flatnonzero((candidate >= 0) & (candidate != best.source))
        nearer, distance = self._distances.nearer(candidate[tried], tried, best.distance[tried])
        chosen = tried[nearer]
        best.source[chosen], best.distance[chosen] = candidate[chosen], distance


def _offsets() -> Ints:
    half = PATCH // 2
    return np.argwhere(np.ones((PATCH, PATCH), bool)) - half


def _look_up(table: Ints, places: Ints) -> Ints:
    """Return the entries of `table` at `places`; -1 beyond its border."""
    rows, columns = places.T
    inside = (rows >= 0) & (columns >= 0) & (rows < table.shape[0]) & (columns < table.shape[1])
    found = np.full(len(places), -1, np.intp)
    found[inside] = table[rows[inside], columns[inside]]
    return found
