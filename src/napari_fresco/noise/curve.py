r"""The noise of an image as a function of its intensity, by maximum likelihood over blocks.

The high frequencies of the cosine transform of an untextured 8 x 8 block hold nothing but noise:
their mean square h is :math:`v \chi^2_n / n` for the noise variance v at the mean m of the block.
With :math:`v = a m + b` the likelihood of all blocks tells a and b, and how much better the line
is than a constant. White noise is the limit a -> 0, so that nothing hangs on the verdict.

References
----------
A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, "Practical Poissonian-Gaussian noise modeling
and fitting for single-image raw-data", IEEE TIP 17(10), 2008, doi:10.1109/TIP.2008.2001399 (the
model); G. Schwarz, "Estimating the dimension of a model", Annals of Statistics 6, 1978 (the
comparison). No torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .leaked_texture import shares_of_noise
from .patches import FREQUENCY, SIDE, WAVES, Bools, Floats, Reals, saturated_levels

Verdict = Literal['photon', 'white', 'undecided', 'unknown']

LEAST_GRAIN = 0.01
"""Noise with a grain, as a part of the range of intensities: less is hardly told from texture."""

_HIGH = WAVES[FREQUENCY > SIDE]
# Smooth slopes have power below these and do no harm; texture and edges have it here.
_MIDDLE = WAVES[(FREQUENCY >= 4) & (FREQUENCY <= SIDE)]
_DEGREES = len(_HIGH)
_TEXTURED = 1.15  # power at middle frequencies over the noise beyond which a block is textured
_HARDLY = 1.35  # the same for the least textured ones of an intensity
_QUARTER = 0.78  # power at middle over high frequencies that a quarter of the blocks stays below
_MOST_GRAIN = 1.6  # power at middle over high frequencies, of noise: beyond that it is texture
_GRAINED = 1.15  # noise at middle over high frequencies beyond which it may be texture
_ENOUGH = 10  # blocks of an intensity that tell the grain
_DARK = (0.0, 0.5, 0.9)  # shares of the darkest blocks that may have no light at all
_ROUNDS = 5
_STARTS = ((0.0, -6.0), (-2.0, 0.5))  # logarithms of floor and rise over the mean noise
_LEAST_PART = 1e-13  # of the mean noise, for floor and rise
_STEPS, _HALVINGS = 30, 12  # of Fisher scoring, and of a step that goes too far
_GAINED = 1e-4  # log-likelihood by which a step is the last one
_FEWEST = 60  # blocks without which nothing can be said
_MOST = 6000  # blocks that enter the likelihood
_BINS, _OF_BIN = 16, 20  # steps of intensity, and blocks that each of them keeps
_FEW = 10  # steps of counting
_LOOKED_AT = 1 << 16  # values that tell whether they are counts
_PHOTON, _WHITE = 6.0, 2.0  # differences of the information criterion
_SPECKLED, _STRONG = 10.0, 0.2  # the same, and noise over intensity, from which on it is speckle


class Blocks(NamedTuple):
    """Mean, middle- and high-frequency power of the blocks of one or more planes."""

    mean: Floats
    middle: Floats
    high: Floats

    @classmethod
    def of(cls, plane: Reals, damaged: Bools | None = None) -> Blocks:
        """Transform the blocks of two grids, the second one half a block away.

        Blocks with damaged, missing or saturated pixels, and constant ones, are left out.
        """
        bad = None if np.isfinite(plane.sum(dtype=np.float64)) else ~np.isfinite(plane)
        if damaged is not None:
            bad = damaged if bad is None else bad | damaged
        for extreme in saturated_levels(plane):
            if extreme > np.nanmin(plane) or not counted(plane):
                bad = plane == extreme if bad is None else bad | (plane == extreme)
        found = [_transformed(plane, bad, shift) for shift in (0, SIDE // 2)]
        return cls(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    @classmethod
    def joined(cls, several: Iterable[Blocks]) -> Blocks:
        """Return the blocks of several planes as those of one."""
        return cls(*(np.concatenate(parts) for parts in zip(*several, strict=True)))

    def chosen(self, where: NDArray[np.bool_] | NDArray[np.intp]) -> Blocks:
        """Return some of the blocks."""
        return Blocks(self.mean[where], self.middle[where], self.high[where])


@dataclass(frozen=True)
class NoiseCurve:
    """``variance = slope * intensity + intercept``, in image units.

    `slope`, `intercept`: the line; the slope is not negative.
    `least`, `middle`, `most`: least, mean and greatest intensity of the blocks that were seen.
    `evidence`: difference of the Bayesian information criterion between a line and a constant:
        above 6 the noise grows with the intensity, below 2 it does not.
    `blocks`: untextured blocks that told it.
    `grain`: from 1: how much greater than at high frequencies the noise is at middle ones.
    `speckle`: standard deviation over intensity, where that is one number; else 0.
    """

    slope: float
    intercept: float
    least: float
    middle: float
    most: float
    evidence: float
    blocks: int
    grain: float = 1.0
    speckle: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """Whether this is photon noise."""
        if self.blocks < _FEWEST:
            return 'unknown'
        if self._is_texture:
            return 'undecided'
        if self.evidence > _PHOTON:
            return 'photon'
        return 'white' if self.evidence < _WHITE else 'undecided'

    @property
    def _is_texture(self) -> bool:
        """Whether so little power with so much of a grain is rather that of the image.

        Bright parts have more texture than dark ones, too.
        """
        level = float(self.sigma(self.most))
        return self.grain > _GRAINED and level < LEAST_GRAIN * (self.most - self.least)

    def variance(self, intensity: float | Floats) -> Floats:
        """Return the noise variance at some intensities; below those seen it stays as it is."""
        seen = np.maximum(np.asarray(intensity, np.float64), self.least)
        return np.asarray(self.slope * seen + self.intercept)

    def sigma(self, intensity: float | Floats) -> Floats:
        """Return the standard deviation at some intensities."""
        return np.sqrt(self.variance(intensity))


def fit_curve(blocks: Blocks, slope: float | None = None) -> NoiseCurve | None:
    """Fit the noise of untextured blocks.

    `blocks`: of all planes that one camera took with one setting.
    `slope`: what is known of the line.
    Returns None where there are too few blocks to say anything.
    """
    seen = _thinned(blocks)
    if len(seen.mean) < _FEWEST:
        return None
    noise = shares_of_noise(seen.mean, seen.middle, seen.high, _steps(seen.mean))
    if noise.min() == 1:
        return _fitted(seen, slope)
    found = _fitted(seen._replace(high=seen.high * noise), slope)
    # Texture is taken off by steps of intensity, whose differences are no photons nor speckle.
    bare = _fitted(seen, slope)
    return replace(found, evidence=min(found.evidence, bare.evidence), speckle=bare.speckle)


def _fitted(seen: Blocks, slope: float | None) -> NoiseCurve:
    """Fit the noise of blocks as they are."""
    likely, grain = _smoothest(seen), _grain(seen)
    kept = seen.chosen(likely)
    dark = _dark_level(kept, slope)
    line = _line(kept, slope, dark)
    speckle = _speckle(kept, line) if slope is None else 0.0
    for _ in range(_ROUNDS):
        ratio = seen.middle / (grain * line.at(seen.mean))
        smooth = ratio < np.where(likely, _HARDLY, _TEXTURED)
        if np.count_nonzero(smooth) < _FEWEST:
            break
        kept = seen.chosen(smooth)
        line = _line(kept, slope, dark)
    white = _cost(kept.high, np.full(len(kept.mean), kept.high.mean()))
    evidence = 2 * (white - _cost(kept.high, line.at(kept.mean)))
    if slope is None:
        evidence -= math.log(len(kept.mean))  # for one that was free
    return NoiseCurve(
        line.slope,
        line.floor - line.slope * line.dark,
        max(float(kept.mean.min()), line.dark),
        float(kept.mean.mean()),
        float(kept.mean.max()),
        evidence,
        len(kept.mean),
        math.sqrt(grain),
        speckle,
    )


def _speckle(blocks: Blocks, line: _Line) -> float:
    """Return the noise over the intensity, where this ratio explains it better than a line does.

    That of coherent light, radar and ultrasound is a share of the intensity.
    """
    if blocks.mean.min() <= 0:
        return 0.0
    square = np.square(blocks.mean)
    share = float((blocks.high / square).mean())
    likelier = 2 * (_cost(blocks.high, line.at(blocks.mean)) - _cost(blocks.high, share * square))
    return math.sqrt(share) if likelier > _SPECKLED and share > _STRONG**2 else 0.0


class _Line(NamedTuple):
    """``variance = slope * (mean - dark) + floor``, and `floor` below the intensity `dark`."""

    slope: float
    floor: float
    dark: float

    def at(self, mean: Floats) -> Floats:
        return self.slope * np.maximum(mean - self.dark, 0) + self.floor


def _dark_level(blocks: Blocks, slope: float | None) -> float:
    """Return the intensity below which the noise is constant, by likelihood.

    The means of dark blocks scatter, or drift, by more than their noise tells.
    """
    darkest = blocks.mean[_steps(blocks.mean) == 0]
    levels = [float(level) for level in np.quantile(darkest, _DARK)]
    lines = [_line(blocks, slope, level) for level in levels]
    return min(lines, key=lambda line: _cost(blocks.high, line.at(blocks.mean))).dark


def _line(blocks: Blocks, slope: float | None, dark: float) -> _Line:
    """Return the line of greatest likelihood, from two starts."""
    span = max(float(blocks.mean.max()) - dark, 1e-12)
    level = max(float(blocks.high.mean()), 1e-30)
    light = np.maximum(blocks.mean - dark, 0) / span
    known = 0.0 if slope is None else slope * span * light
    shapes = np.ones((1, len(light))) if slope is not None else np.stack((light**0, light))
    found = []
    for start in _STARTS:
        parts = level * np.exp(np.array(start[: len(shapes)]))
        found.append(likeliest(blocks.high, shapes, known, parts, _LEAST_PART * level))
    parts, _ = min(found, key=lambda each: each[1])
    return _Line(float(parts[1]) / span if slope is None else slope, float(parts[0]), dark)


def likeliest(
    high: Floats, shapes: Floats, known: Floats | float, parts: Floats, least: float
) -> tuple[Floats, float]:
    """Return the `parts` of greatest likelihood, by Fisher scoring, and what that is.

    The variance is ``parts @ shapes + known``. A step is a least-squares fit with the weights of
    the last one; it is shortened until the likelihood grows.
    """
    parts = np.maximum(parts, least)
    variance = parts @ shapes + known
    cost = _cost(high, variance)
    for _ in range(_STEPS):
        weighted = shapes / variance**2
        matrix, right = weighted @ shapes.T, weighted @ (high - known)
        step = _not_negative(matrix, right, least) - parts
        for _ in range(_HALVINGS):
            tried = parts + step
            variance = tried @ shapes + known
            now = _cost(high, variance)
            if now <= cost:
                break
            step = step / 2
        else:
            break
        parts, gained, cost = tried, cost - now, now
        if gained < _GAINED:
            break
    return parts, cost


def _not_negative(matrix: Floats, right: Floats, least: float) -> Floats:
    """Return x of least ``x @ matrix @ x / 2 - right @ x`` of one or two parts from `least` on."""
    alone: Floats = np.maximum(right / np.diag(matrix).clip(1e-300), least)
    if len(right) == 1:
        return alone
    (a, b), (_, c) = matrix.tolist()
    determinant = a * c - b * b
    if determinant > 1e-12 * a * c:
        free: Floats = np.array([[c, -b], [-b, a]]) @ right / determinant
        if (free >= least).all():
            return free
    each = [np.array([alone[0], least]), np.array([least, alone[1]])]
    return min(each, key=lambda x: float((x @ matrix / 2 - right) @ x))


def _cost(high: Floats, variance: Floats) -> float:
    """Return the negative log-likelihood of powers; half of it, since the two grids overlap."""
    return float(0.5 * _DEGREES / 2 * (np.log(variance) + high / variance).sum())


def _smoothest(blocks: Blocks) -> Bools:
    """Tell the quarter of the blocks of each step of intensity that has the least texture.

    Bright blocks would never be taken for smooth beside dark ones, whose noise is less.
    """
    step = _steps(blocks.mean)
    order = np.argsort(blocks.middle, kind='stable')
    bins = [order[step[order] == i] for i in range(_BINS)]
    chosen = np.zeros(len(step), bool)
    chosen[np.concatenate([places[: -(-len(places) // 4)] for places in bins])] = True
    return chosen


def _grain(blocks: Blocks) -> float:
    """Return the power at middle over high frequencies that the noise has, 1 if it is white.

    Noise that neighbouring pixels share would pass for texture, wherever it is strong. It is in
    the least textured blocks of nearly every intensity, texture is not. An intensity of which all
    blocks are textured, as that of spots on a dark ground, says nothing beside others.
    """
    step = _steps(blocks.mean)
    ratio = blocks.middle / np.maximum(blocks.high, 1e-30)
    several = [ratio[step == i] for i in range(_BINS) if np.count_nonzero(step == i) >= _ENOUGH]
    found = np.array([_quartile(each) / _QUARTER for each in several or [ratio]])
    noise = found[found < _MOST_GRAIN]
    return max(_quartile(noise), 1.0) if noise.size else _MOST_GRAIN


def _quartile(values: Floats) -> float:
    """Return the lower quartile, in a tenth of the time of the function for any quantile."""
    return float(np.interp(0.25 * (len(values) - 1), np.arange(len(values)), np.sort(values)))


def _steps(means: Floats) -> NDArray[np.intp]:
    """Return the step of intensity that each mean falls into."""
    edges = np.linspace(means.min(), means.max(), _BINS + 1)[1:-1]
    return np.searchsorted(edges, means)


def _thinned(blocks: Blocks) -> Blocks:
    """Return at most a few thousand blocks, and of every occupied step of intensity some."""
    if len(blocks.mean) <= _MOST:
        return blocks
    step = _steps(blocks.mean)
    order = np.argsort(blocks.middle, kind='stable')  # the least textured of each step
    kept = [order[step[order] == i][:_OF_BIN] for i in range(_BINS)]
    kept.append(np.arange(0, len(blocks.mean), math.ceil(len(blocks.mean) / _MOST)))
    return blocks.chosen(np.unique(np.concatenate(kept)))


def step_of(values: Reals) -> float:
    """Return the least step between values, 0 where all are alike."""
    few = values.ravel()[: 10 * _MOST]
    if not np.isfinite(few).all():
        few = values[np.isfinite(values)][: 10 * _MOST]
    few = np.unique(few)
    return float(np.diff(few).min()) if len(few) > 1 else 0.0


def counted(values: Reals) -> bool:
    """Say whether values are counts of few photons: nearly all a few equal steps from the least."""
    some = values.ravel()[:: max(1, values.size // _LOOKED_AT)]
    spread = np.nanquantile(some, 0.75) - np.nanmin(values)
    return bool(spread <= _FEW * step_of(values))


def _transformed(plane: Reals, bad: Bools | None, shift: int) -> Blocks:
    rows, columns = ((n - shift) // SIDE for n in plane.shape)
    if rows < 1 or columns < 1:
        return Blocks(np.empty(0), np.empty(0), np.empty(0))
    window = np.s_[shift : shift + rows * SIDE, shift : shift + columns * SIDE]
    shape = (rows, SIDE, columns, SIDE)
    of_rows = np.add.reduce(plane[window].reshape(rows, SIDE, -1), axis=1, dtype=np.float64)
    means = (of_rows.reshape(-1, SIDE) @ np.ones(SIDE)) / SIDE**2
    places = np.arange(len(means))
    if bad is not None:
        of_blocks = np.ascontiguousarray(bad[window]).view(np.uint64)  # eight pixels at once
        some = np.bitwise_or.reduce(of_blocks.reshape(rows, SIDE, -1), axis=1)
        places = np.flatnonzero(some.ravel() == 0)
    places = places[_spread(means[places])]
    blocks = plane[window].reshape(shape)[places // columns, :, places % columns]
    values = blocks.reshape(-1, SIDE**2).T
    some = values.min(axis=0) < values.max(axis=0)
    mean = means[places][some]
    rest = values[:, some] - mean
    middle, high = (np.square(waves @ rest).mean(axis=0) for waves in (_MIDDLE, _HIGH))
    return Blocks(mean, middle, high)


def _spread(means: Floats) -> NDArray[np.intp]:
    """Return which of many blocks to look at: some of everywhere, and of each intensity."""
    if len(means) <= _MOST:
        return np.arange(len(means))
    step = _steps(means)
    bins = [np.flatnonzero(step == i) for i in range(_BINS)]
    kept = [places[:: max(1, len(places) // (10 * _OF_BIN))] for places in bins]
    kept.append(np.arange(0, len(means), math.ceil(len(means) / _MOST)))
    return np.unique(np.concatenate(kept))
