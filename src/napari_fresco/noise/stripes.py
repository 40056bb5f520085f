"""Periodic stripes over a whole image: banding of a sensor, mains hum in a scan. No torch.

They run along all rows or columns with one period and one strength, in flat parts and in
textured ones alike. What is periodic in a picture, such as bricks or lines of text, is stronger in
some places than in others, and has an end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from .central_part import central_part
from .patches import Bools, Floats, Reals

STRIPED = 16.0
"""Power at one frequency over that around it, which no picture has evenly all over."""

_SIDE, _LEAST = 384, 96  # pixels of the middle that are looked at, and of its sides
_STEPS = ((1, 0.2, 0.47), (3, 0.07, 0.25), (9, 0.03, 0.09))
# Distance over which differences are taken, and between which frequencies they show.
_PERIODS = 8  # that an image must hold
_EDGE = 3.0  # deviations beyond which a difference is an edge, and counts no more
_STRIPS, _TURNS, _SLANTED = 16, 64, 12  # across the stripes; phases; those of stripes that slant
_BESIDE = (3, 10)  # frequencies beside one
_ALIKE, _EVEN = 0.8, 0.7  # agreement of the phases of strips, and of the strength in cells
_CELLS = 4, 8  # along and across the frequency
_WEAK = 0.15  # share of the cells that may be weaker

Waves = NDArray[np.complexfloating[Any, Any]]


class Stripes(NamedTuple):
    """The strongest periodic stripes of an image.

    `strength`: power over that around it; 1 where none are alike all over.
    `period`: in pixels.
    `axis`: 0 where rows differ, 1 where columns do.
    """

    strength: float
    period: float = 0.0
    axis: int = 0


def stripes(plane: Reals, unknown: Bools | None = None) -> Stripes:
    """Return the strongest periodic stripes of an image.

    `plane`: ``(H, W)``.
    `unknown`: pixels that say nothing.
    """
    part = central_part(plane, unknown, _SIDE, _LEAST)
    if part is None:
        return Stripes(1.0)
    return max(
        (found for axis in (0, 1) for found in _along(part if axis == 0 else part.T, axis)),
        default=Stripes(1.0),
    )


def _along(part: NDArray[np.float32], axis: int) -> Iterator[Stripes]:
    """Yield stripes whose rows differ, of each of the distances of rows."""
    for step, low, high in _STEPS:
        strips = _strips(part, step)
        rows = len(strips)
        waves = fft.rfft(strips * np.hanning(rows + 2)[1:-1, None], axis=0)
        frequency = np.arange(len(waves)) / rows
        usable = (np.arange(len(waves)) >= _PERIODS) & (frequency >= low) & (frequency <= high)
        if not usable.any():
            continue
        power = (np.abs(_turned(waves)) ** 2).max(axis=1)
        times = np.where(usable, power / np.maximum(_beside(power), 1e-30), 0.0)
        for i in np.flatnonzero(times > STRIPED):
            if _agreement(waves[i]) > _ALIKE and _evenness(strips, int(i), waves[i]) > _EVEN:
                yield Stripes(float(times[i]), rows / i, axis)


def _strips(part: NDArray[np.float32], step: int) -> Floats:
    """Return sums of second differences of rows over strips of columns, without edges."""
    differences = part[2 * step :] - 2 * part[step:-step] + part[: -2 * step]
    differences = np.nan_to_num(differences, copy=False)
    reach = _EDGE * 1.4826 * float(np.median(np.abs(differences[::3, ::3])))
    np.clip(differences, -reach, reach, out=differences)
    starts = np.linspace(0, part.shape[1], _STRIPS, endpoint=False).astype(int)
    return np.add.reduceat(differences, starts, axis=1).astype(np.float64)


def _turned(waves: Waves) -> Waves:
    """Return the sums of strips whose phases drift, for every drift of stripes along rows."""
    sums: Waves = fft.fft(waves, _TURNS, axis=-1)
    return sums[..., np.r_[: _SLANTED + 1, _TURNS - _SLANTED : _TURNS]]


def _beside(power: Floats) -> Floats:
    """Return the median of the power on either side of each frequency."""
    near, far = _BESIDE
    padded = np.pad(power[1:], (far + 1, far), constant_values=np.nan)
    away = [k for k in range(-far, far + 1) if abs(k) >= near]
    shifted = np.stack([padded[far + k : far + k + len(power)] for k in away])
    return np.nanmedian(shifted, axis=0)


def _agreement(wave: Waves) -> float:
    """Return how well the phases of the strips agree with one drift, from 0 to 1."""
    phases = wave / np.maximum(np.abs(wave), 1e-30)
    return float(np.abs(_turned(phases)).max()) / _STRIPS


def _evenness(strips: Floats, frequency: int, wave: Waves) -> float:
    """Return the strength of a wave in all cells but the weakest, over its mean."""
    rows, (along, across) = len(strips) // _CELLS[0], _CELLS
    places = np.r_[: _SLANTED + 1, _TURNS - _SLANTED : _TURNS]
    drift = places[int(np.argmax(np.abs(_turned(wave))))] / _TURNS
    turns = np.add.outer(np.arange(len(strips)) * frequency / len(strips), drift * np.arange(16))
    still = (strips * np.exp(-2j * np.pi * turns))[: along * rows]
    cells = still.reshape(along, rows, across, _STRIPS // across).sum(axis=3)
    found = np.einsum('arc,r->ac', cells, np.hanning(rows + 2)[1:-1])
    sums = found.sum(axis=1)  # between two frequencies phases go on from part to part
    turn = np.angle((sums[:-1].conj() * sums[1:]).sum())
    found = found * np.exp(-1j * turn * np.arange(along))[:, None]
    mean = found.mean()
    return float(np.quantile((found * mean.conj()).real, _WEAK) / max(abs(mean) ** 2, 1e-30))
