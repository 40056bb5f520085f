"""What can be verified about a result without knowing the truth: light, noise, consistency.

Each check compares one number with limits, and says in one sentence what is wrong and what to do.
With many pixels every deviation is significant, so that a check also asks for an effect. A check
that passes proves nothing; one that fails accuses. The limits were calibrated on runs that are
known to be good and on known failures; ``benchmarks/checks.py`` repeats that. numpy and scipy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..types import Check

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Limit = tuple[float | None, float | None]

LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        'light': (-0.02, 0.02),
        'regions': (None, 0.02),
        'clipping': (None, 0.005),
        'rounding': (None, 0.01),
        'noise': (0.5, 1.25),
        'whiteness': (-0.3, 0.15),
        'structure': (None, 0.2),
        'worse': (None, 1.0),
        'consistency': (0.5, 2.0),
        'amplification': (None, 1.5),
        'overshoot': (None, 0.2),
        'repainted': (None, 0.01),
        'range': (None, 0.01),
        'sigma': (0.5, 2.0),
        'mask': (None, 0.6),
        'kernel': (None, 0.0),
    }
)
"""Bounds between which the value of each check lies where all is well; None where open."""

_SIGNIFICANT = 5.0  # standard errors
_SIDE = 32  # of the regions whose light is compared
_PART = 1024  # side of the middle that residuals of large planes are judged by
_EDGES = 0.02  # share of the pixels with the steepest slopes
_REACH = 8  # pixels to either side of an edge
_VISIBLE = 0.02  # noise as a part of the range, below which it is no matter
_LEAST_NOISE = 1e-3  # of the range: what is less says nothing of a residual


@dataclass(frozen=True, eq=False)
class Outcome:
    """One plane before and after, in image units.

    `observed`: ``(H, W)`` or ``(H, W, colours)``.
    `restored`: the result before it is rounded and clipped; larger than `observed` when enlarged.
    `given`: the same in the type that was asked for.
    `predicted`: ``H x``, what the result says the image should be, like `observed`.
    `sigma`: standard deviation of the noise that is expected; None where nothing is known of it.
    `unknown`: pixels that say nothing.
    `offset`: intensity without light.
    `span`: the range of intensities.
    `margin`: pixels at the border that are not judged.
    """

    observed: Floats
    restored: Floats
    given: NDArray[Any]
    predicted: Floats
    sigma: float | Floats | None
    unknown: Bools | None = None
    offset: float = 0.0
    span: float = 1.0
    margin: int = 0

    @cached_property
    def known(self) -> Bools:
        """Where ``(H, W)`` a pixel can be judged."""
        shape = self.observed.shape[:2]
        known = np.ones(shape, bool) if self.unknown is None else ~self.unknown
        edge = min(self.margin, min(shape) // 4)
        if edge:
            inner = np.zeros(shape, bool)
            inner[edge:-edge, edge:-edge] = True
            known = known & inner
        return known & np.isfinite(self.observed).reshape(*shape, -1).all(axis=-1)

    @cached_property
    def residual(self) -> Floats:
        """What was taken away, 0 where nothing is known."""
        return np.where(self._where, self.observed - self.predicted, 0.0)

    @cached_property
    def noise(self) -> Floats | None:
        """Expected standard deviation at each value; None where there is hardly any."""
        if self.sigma is None:
            return None
        sigma = np.asarray(self.sigma, np.float64)
        if sigma.ndim and sigma.ndim < self.observed.ndim:
            sigma = sigma[..., None]
        level = np.broadcast_to(sigma, self.observed.shape)
        enough = float(np.sqrt(np.mean(level**2))) > _LEAST_NOISE * self.span
        return np.maximum(level, 1e-6 * self.span) if enough else None

    @cached_property
    def score(self) -> Floats | None:
        """Residual in units of the expected noise, of the middle of a large plane."""
        if self.noise is None:
            return None
        return (self.residual / self.noise)[self.middle]

    @property
    def judged(self) -> Bools:
        """Which values of `score` can be judged."""
        return np.broadcast_to(self._where, self.observed.shape)[self.middle]

    @cached_property
    def signal(self) -> Floats:
        """The prediction above the intensity without light, 0 where nothing is known."""
        return np.where(self._where, self.predicted - self.offset, 0.0)

    @property
    def _where(self) -> Bools:
        return self.known if self.observed.ndim == 2 else self.known[..., None]

    @property
    def middle(self) -> tuple[slice, slice]:
        """The part of a large plane whose residual is judged."""
        return _middle(self.observed.shape)

    @cached_property
    def smooth(self) -> Floats:
        """The prediction, over a pixel or so, of the middle of a large plane."""
        return _blurred(self.predicted[self.middle], 1.0)


Found = tuple[float, str]
"""A value, and what to say when it is out of bounds."""


def check_result(outcome: Outcome, names: Iterable[str]) -> tuple[Check, ...]:
    """Carry out those of the checks `names` that can be made of a result.

    `outcome`: one plane.
    `names`: Keys of :data:`LIMITS`; others, and those that lack what they need, are passed over.
    """
    if not outcome.known.any():
        return ()
    found = ((name, _CHECKS[name](outcome)) for name in names if name in _CHECKS)
    return tuple(checked(name, *each) for name, each in found if each is not None)


def checked(name: str, value: float, message: str) -> Check:
    """Return a check of a value against the limits for it."""
    low, high = LIMITS[name]
    ok = (low is None or value >= low) and (high is None or value <= high)
    return Check(name, float(f'{value:.4g}'), (low, high), bool(ok), '' if ok else message)


def worst(several: Iterable[Sequence[Check]]) -> tuple[Check, ...]:
    """Return of each check the one that is farthest out of its bounds."""
    found: dict[str, Check] = {}
    for check in (check for checks in several for check in checks):
        known = found.get(check.name)
        if known is None or _distance(check) > _distance(known):
            found[check.name] = check
    return tuple(found.values())


def _distance(check: Check) -> float:
    """Return how far a value lies beyond the nearer one of its bounds."""
    beyond = [-math.inf]
    low, high = check.limit
    if low is not None:
        beyond.append(low - check.value)
    if high is not None:
        beyond.append(check.value - high)
    return max(beyond)


def _light(o: Outcome) -> Found | None:
    change, total = -float(o.residual.sum()), float(o.observed[o.known].sum())
    light = total - o.offset * np.broadcast_to(o.known.T, o.observed.T.shape).sum()
    if light <= 0 or (o.noise is not None and abs(change) < _SIGNIFICANT * _total(o.noise)):
        return 0.0, ''
    share = change / light
    return share, (
        f'the result holds {abs(share):.1%} {"less" if share < 0 else "more"} light than the '
        'image: do not measure brightness in it; give gain and offset of the camera, or sigma'
    )


def _regions(o: Outcome) -> Found | None:
    change, error = _sums(o.residual), _sums(np.square(_noise_or_zero(o))) ** 0.5
    light = _sums(np.maximum(o.signal, 0))
    clear = (np.abs(change) > _SIGNIFICANT * error) & (np.abs(change) > 0.03 * light) & (light > 0)
    if not clear.size:
        return None
    share = float(clear.mean())
    return share, (
        f'in {share:.0%} of the regions of {_SIDE} x {_SIDE} pixels the mean changed by more than '
        'noise explains: do not compare their brightness; give gain and offset of the camera'
    )


def _clipping(o: Outcome) -> Found | None:
    ends = _integers(o.given)
    if ends is None:
        return None
    within = np.clip(o.restored, ends[0] - 0.5, ends[1] + 0.5)
    light = float(np.abs(o.restored - o.offset).sum())
    share = float(np.abs(within - o.restored).sum()) / light if light > 0 else 0.0
    return share, (
        f'clipping to {o.given.dtype} changed {share:.1%} of the light: ask for float32 '
        "(dtype='float32')"
    )


def _rounding(o: Outcome) -> Found | None:
    ends = _integers(o.given)
    if ends is None:
        return None
    exact = np.clip(o.restored, *ends)
    values = o.given.astype(np.float64)
    rounded = np.abs(values - exact) <= 1  # others were given back as they came
    change = _sums(np.where(rounded, values - exact, 0.0))
    light = _sums(np.maximum(exact - o.offset, 0))
    some = light > 0
    if not some.any():
        return None
    total = abs(float(change.sum())) / float(light[some].sum())
    # A region of a few photons in all says nothing.
    regions = np.abs(change)[some] / np.maximum(light[some], 10.0 * _SIDE)
    share = max(total, float(np.median(regions)))
    return share, (
        f'rounding to {o.given.dtype} changed {share:.1%} of the light: ask for float32 '
        "(dtype='float32')"
    )


def _noise_taken(o: Outcome) -> Found | None:
    if o.score is None:
        return None
    value = math.sqrt(float(np.mean(o.score[o.judged] ** 2)))
    if value < 0.3:
        return value, 'the result is nearly the image: give a larger sigma'
    if value < 1:
        return value, f'only {value:.0%} of the noise was taken away: give a larger sigma'
    return value, (
        f'{value:.1f} times the noise was taken away, so structure was, too: look at the residual, '
        'and give a smaller sigma'
    )


def _whiteness(o: Outcome) -> Found | None:
    if o.score is None:
        return None
    value = _neighbours(o.score, o.judged)
    if value < 0:
        return value, 'what was taken away alternates: noise is left; give a larger sigma'
    return value, (
        'what was taken away is no white noise: structure, or noise with a grain (JPEG, resampled '
        'or filtered images); look at the residual, and give sigma'
    )


def _structure(o: Outcome) -> Found | None:
    if o.score is None:
        return None
    detail = np.where(o.judged, o.smooth - _blurred(o.predicted[o.middle], 4.0), 0.0)
    taken = _blurred(np.where(o.judged, o.score, 0.0), 1.0)
    scale = math.sqrt(float((detail**2).sum()) * float((taken**2).sum()))
    value = float((detail * taken).sum()) / scale if scale > 0 else 0.0
    return value, (
        'what was taken away resembles the image: edges and fine detail were weakened; give a '
        'smaller sigma'
    )


def _worse(o: Outcome) -> Found | None:
    if o.score is None:
        return None
    value = float(np.mean(o.score[o.judged] ** 2)) - 1
    return value, (
        f'the result is farther from the truth than the image: more than {1 + value:.1f} times '
        'the power of the noise was changed; give a smaller sigma, or choose another method'
    )


def _consistency(o: Outcome) -> Found | None:
    if o.score is None:
        return None
    value = float(np.mean(o.score[o.judged] ** 2))
    if value < 1:
        return value, (
            'the result repeats the noise of the image: give a larger sigma, or fewer iterations'
        )
    return value, (
        f'the result does not explain the image: blurred again it differs by '
        f'{math.sqrt(value):.1f} times the noise; check the kernel, or give a smaller sigma'
    )


def _amplification(o: Outcome) -> Found | None:
    before, after = _roughness(o.observed, o.known), _roughness(o.restored, _enlarged(o))
    least = _VISIBLE * o.span
    value = after / max(before, least) if after > least else 0.0
    return value, (
        f'the result is {value:.1f} times as noisy as the image: give a larger sigma, or check the '
        'kernel'
    )


def _overshoot(o: Outcome) -> Found | None:
    value = _ringing(_gray(o.restored), _enlarged(o), max(o.span * _VISIBLE, _typical(o)))
    if value is None:
        return None
    return value, (
        f'edges overshoot by {value:.0%} of their step: check the width of the kernel, or give a '
        'larger sigma'
    )


def _repainted(o: Outcome) -> Found | None:
    if o.score is None:
        return None
    share = float(np.mean(np.abs(o.score[o.judged]) > 5))
    return share, (
        f'{share:.1%} of the values were changed by more than five times the noise: look at the '
        'residual, and give a smaller sigma'
    )


def _out_of_range(o: Outcome) -> Found | None:
    values = np.broadcast_to(o.known.T, o.observed.T.shape).T
    smooth, width = _blurred(o.observed, 1.0)[values], 3 * _typical(o) + 1e-6 * o.span
    low, high = float(smooth.min()) - width, float(smooth.max()) + width
    x = o.restored[_enlarged(o)]
    share = float(np.mean((x < low) | (x > high)))
    return share, f'{share:.1%} of the values lie beyond all of the image: look at them'


def sigma_told(told: float, estimated: float) -> Check | None:
    """Compare a noise level that was given with what the image shows."""
    if told <= 0 or estimated <= 0:
        return None
    value = told / estimated
    return checked(
        'sigma',
        value,
        f'sigma = {told:.3g} is {value:.2g} times the noise that the image shows '
        f"({estimated:.3g}): check its unit (that of the image), or leave it at 'auto'",
    )


def mask_given(mask: Bools, image: Floats) -> Check:
    """Check the coverage of damage, and whether it lies where the image is damaged."""
    share = float(mask.mean())
    turned = _better_turned(mask, _gray(image))
    if turned:
        low, high = LIMITS['mask']
        return Check(
            'mask',
            round(share, 4),
            (low, high),
            ok=False,
            message=f'the outline of the mask fits the image better when it is {turned}: look '
            'whether it lies where the damage is',
        )
    return checked(
        'mask',
        share,
        f'the mask covers {100 * share:.3g} % of the image; is it inverted? Nonzero means damaged',
    )


def kernel_given(doubts: Sequence[str]) -> Check:
    """Say what is doubtful about a kernel."""
    return checked('kernel', len(doubts), doubts[0] if doubts else '')


_CHECKS: Mapping[str, Callable[[Outcome], Found | None]] = MappingProxyType(
    {
        'light': _light,
        'regions': _regions,
        'clipping': _clipping,
        'rounding': _rounding,
        'noise': _noise_taken,
        'whiteness': _whiteness,
        'structure': _structure,
        'worse': _worse,
        'consistency': _consistency,
        'amplification': _amplification,
        'overshoot': _overshoot,
        'repainted': _repainted,
        'range': _out_of_range,
    }
)


def _middle(shape: Sequence[int]) -> tuple[slice, slice]:
    rows, columns = (max(0, (n - _PART) // 2) for n in shape[:2])
    return slice(rows, rows + _PART), slice(columns, columns + _PART)


def _blurred(values: Floats, width: float) -> Floats:
    widths = (width, width, 0)[: values.ndim]
    blurred: Floats = ndimage.gaussian_filter(np.nan_to_num(values), widths)
    return blurred


def _gray(values: Floats) -> Floats:
    gray: Floats = values if values.ndim == 2 else values.mean(axis=-1)
    return gray


def _sums(values: Floats) -> Floats:
    """Return the sums over regions, of colours too."""
    rows, columns = (max(1, n // _SIDE) for n in values.shape[:2])
    lines = [np.arange(n) * _SIDE for n in (rows, columns)]
    sums = np.add.reduceat(np.add.reduceat(_gray(np.nan_to_num(values)), lines[0], 0), lines[1], 1)
    return np.asarray(sums, np.float64)


def _total(noise: Floats) -> float:
    return math.sqrt(float(np.square(noise).sum()))


def _noise_or_zero(o: Outcome) -> Floats:
    return np.zeros(o.observed.shape) if o.noise is None else o.noise


def _typical(o: Outcome) -> float:
    return 0.0 if o.noise is None else math.sqrt(float(np.mean(o.noise**2)))


def _integers(given: NDArray[Any]) -> tuple[int, int] | None:
    """Return the least and greatest value of an integer type."""
    if given.dtype.kind not in 'iu':
        return None
    info = np.iinfo(given.dtype)
    return int(info.min), int(info.max)


def _neighbours(values: Floats, judged: Bools) -> float:
    """Return the correlation of direct neighbours."""
    centred = np.where(judged, values - values[judged].mean(), 0.0)
    power, found = float(np.mean(centred[judged] ** 2)), []
    for first, second in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        pairs = judged[first] & judged[second]
        if pairs.any() and power > 0:
            found.append(float((centred[first] * centred[second])[pairs].mean()) / power)
    return float(np.mean(found)) if found else 0.0


def _enlarged(o: Outcome) -> Bools:
    """Return what of the result can be judged."""
    scale = o.restored.shape[0] // o.observed.shape[0]
    return o.known.repeat(scale, axis=0).repeat(scale, axis=1) if scale > 1 else o.known


def _roughness(values: Floats, known: Bools) -> float:
    """Return a robust standard deviation of the finest detail: that of the noise, if white."""
    gray = np.nan_to_num(_gray(values)[_middle(values.shape)])
    fine = ndimage.convolve(gray, np.outer([1, -2, 1], [1, -2, 1]) / 6.0)
    where = known[_middle(values.shape)]
    return float(1.4826 * np.median(np.abs(fine[where]))) if where.any() else 0.0


def _ringing(x: Floats, known: Bools, least: float) -> float | None:
    """Return the median overshoot across the steepest edges, as a part of their step."""
    x = x[_middle(x.shape)]
    x = np.nan_to_num(x)
    rows, columns = (ndimage.gaussian_filter(x, 1.0, order=o) for o in ((1, 0), (0, 1)))
    slope = np.hypot(rows, columns)
    inner = np.zeros(x.shape, bool)
    inner[_REACH:-_REACH, _REACH:-_REACH] = True
    inner &= known[_middle(known.shape)] & (slope == ndimage.maximum_filter(slope, 5))
    if not inner.any():
        return None
    places = np.argwhere(inner & (slope >= np.quantile(slope, 1 - _EDGES)))[:2000]
    if len(places) < 20:
        return None
    at = tuple(places.T)
    direction = np.stack([rows[at], columns[at]], axis=1) / np.maximum(slope[at], 1e-30)[:, None]
    steps = np.arange(-_REACH, _REACH + 1)
    lines = places[:, :, None] + direction[:, :, None] * steps
    profiles = ndimage.map_coordinates(x, [lines[:, 0], lines[:, 1]], order=1, mode='nearest')
    below, above = profiles[:, :3], profiles[:, -3:]
    step = np.median(above, axis=1) - np.median(below, axis=1)
    flat = np.ptp(below, axis=1) + np.ptp(above, axis=1) < 0.2 * step
    edges = flat & (step > 5 * least)
    if np.count_nonzero(edges) < 20:
        return None
    high = profiles[:, _REACH:-3].max(axis=1) - above.max(axis=1)
    low = below.min(axis=1) - profiles[:, 3 : _REACH + 1].min(axis=1)
    return float(np.median(np.maximum(np.maximum(high, low), 0)[edges] / step[edges]))


def _turns(array: NDArray[np.generic]) -> Iterator[tuple[str, NDArray[np.generic]]]:
    yield 'upside down', array[::-1]
    yield 'mirrored', array[:, ::-1]
    yield 'turned by 180°', array[::-1, ::-1]
    if array.shape[0] == array.shape[1]:
        yield 'transposed', array.T


def _better_turned(mask: Bools, image: Floats) -> str:
    """Return how a mask fits the damage in an image clearly better, or nothing.

    On the outline of what is damaged an image has steps.
    """
    image = np.nan_to_num(image)
    slope = np.hypot(*(ndimage.gaussian_filter(image, 1.0, order=o) for o in ((1, 0), (0, 1))))
    slope = np.minimum(slope, np.quantile(slope, 0.99))

    def fit(turned: NDArray[np.generic]) -> float:
        outline = turned ^ ndimage.binary_erosion(turned)
        return float(slope[outline].mean()) if outline.any() else 0.0

    own, typical = fit(mask), float(slope.mean())
    best, how = max((fit(turned), how) for how, turned in _turns(mask))
    return how if best > 2 * max(own, typical) else ''
