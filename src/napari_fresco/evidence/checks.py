"""What can be verified about a result without knowing the truth: light, noise, consistency.

Each check compares one number with limits, and says in one sentence what is wrong and what to do.
With many pixels every deviation is significant, so that a check also asks for an effect. A check
that passes proves nothing; one that fails accuses. The limits were calibrated on runs that are
known to be good and on known failures; ``benchmarks/checks.py`` repeats that. numpy and scipy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..types import Check
from .plane_measures import (
    REGION_SIDE,
    Bools,
    Floats,
    better_turned,
    blurred,
    neighbour_correlation,
    overshoot_of_edges,
    roughness,
    sums_of_regions,
    to_gray,
)
from .plane_outcome import Outcome

Limit = tuple[float | None, float | None]

LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        'light': (-0.02, 0.02),
        'regions': (None, 0.02),
        'clipping': (None, 0.005),
        'rounding': (None, 0.01),
        'noise': (0.5, 1.25),
        'whiteness': (-0.3, 0.15),
        'structure': (None, 0.35),
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
_VISIBLE = 0.02  # noise as a part of the range, below which it is no matter

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
    change, error = (
        sums_of_regions(o.residual),
        sums_of_regions(np.square(_noise_or_zero(o))) ** 0.5,
    )
    light = sums_of_regions(np.maximum(o.signal, 0))
    clear = (np.abs(change) > _SIGNIFICANT * error) & (np.abs(change) > 0.03 * light) & (light > 0)
    if not clear.size:
        return None
    share = float(clear.mean())
    return share, (
        f'in {share:.0%} of the regions of {REGION_SIDE} x {REGION_SIDE} pixels the mean changed '
        'by more than noise explains: do not compare their brightness; give gain and offset of '
        'the camera'
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
    change = sums_of_regions(np.where(rounded, values - exact, 0.0))
    light = sums_of_regions(np.maximum(exact - o.offset, 0))
    some = light > 0
    if not some.any():
        return None
    # Chance rounds single regions up or down by a little; all of them together it does not.
    total = abs(float(change.sum())) / float(light[some].sum())
    share = max(total, float(np.abs(change[some]).sum() / light[some].sum()))
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
    value = neighbour_correlation(o.score, o.judged)
    if value < 0:
        return value, 'what was taken away alternates: noise is left; give a larger sigma'
    return value, (
        'what was taken away is no white noise: structure, or noise with a grain (JPEG, resampled '
        'or filtered images); look at the residual, and give sigma'
    )


def _structure(o: Outcome) -> Found | None:
    if o.score is None:
        return None
    detail = np.where(o.judged, o.smooth - blurred(o.predicted[o.middle], 4.0), 0.0)
    taken = blurred(np.where(o.judged, o.score, 0.0), 1.0)
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
    before, after = roughness(o.observed, o.known), roughness(o.restored, _enlarged(o))
    least = _VISIBLE * o.span
    value = after / max(before, least) if after > least else 0.0
    return value, (
        f'the result is {value:.1f} times as noisy as the image: give a larger sigma, or check the '
        'kernel'
    )


def _overshoot(o: Outcome) -> Found | None:
    value = overshoot_of_edges(
        to_gray(o.restored), _enlarged(o), max(o.span * _VISIBLE, _typical(o))
    )
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
    smooth, width = blurred(o.observed, 1.0)[values], 3 * _typical(o) + 1e-6 * o.span
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
    turned = better_turned(mask, to_gray(image))
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


def _enlarged(o: Outcome) -> Bools:
    """Return what of the result can be judged."""
    scale = o.restored.shape[0] // o.observed.shape[0]
    return o.known.repeat(scale, axis=0).repeat(scale, axis=1) if scale > 1 else o.known
