"""The tint of a gray picture in colours: each colour is a line over one of them, noise and all.

A gray picture that was saved as RGB has the same noise in all samples, and one shown in green has
nothing in the others. Toned prints, scans of black and white photographs and JPEGs of gray images
are nearly so. A prior of colour photographs takes what the colours share for structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_APART = 0.35  # of the noise: colours that are off their line by less have it in common
_MOST = 0.9  # share of the pixels that counts: annotations may have colours of their own
_NORMAL = 1.645  # deviations within which that share of normal values lies
_ROUNDS = 3
_FITTED = 1 << 13  # pixels that a line is fitted to
_QUIET = 0.25  # share of the cells, of those with the least texture
_CELL = 8  # pixels of a side of them
_LEAST = 32  # pixels of a side of what can be told
_CURVED = (1.0, -2.0, 1.0)

Floats = NDArray[np.float64]


class Tint(NamedTuple):
    """The colour that stands for all, and the line of each over it.

    `carrier`: the colour that is restored, the one with the most contrast.
    `slopes`, `offsets`: of the three colours.
    """

    carrier: int
    slopes: tuple[float, float, float]
    offsets: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @classmethod
    def shown_in(cls, lit: Sequence[int]) -> Tint:
        """Return the tint of a gray picture in some colours, beside which the others are 0."""
        red, green, blue = (float(i in lit) for i in range(3))
        return cls(lit[0], (red, green, blue))

    @property
    def exact(self) -> bool:
        """Whether the colours are equal, or 0."""
        return not any(self.offsets) and set(self.slopes) <= {0.0, 1.0}

    def in_colours(
        self, gray: NDArray[Any], given: NDArray[Any], made: NDArray[np.bool_] | None
    ) -> NDArray[Any]:
        """Return a restored gray picture in colours, in its own type.

        What little the colours of a pixel have apart from the others stays as it came.

        `given`: the colours as they came, in as many pixels.
        `made`: where they say nothing, and the picture was made up.
        """
        slopes, first = np.array(self.slopes), gray[..., None]
        if self.exact:
            return np.where(slopes > 0, first, np.zeros_like(first))
        came = given.astype(np.float64)
        with np.errstate(invalid='ignore'):
            full = came + slopes * (first - came[..., self.carrier, None])
        full = np.where(np.isfinite(full), full, came)
        if made is not None:
            full = np.where(made[..., None], slopes * first + np.array(self.offsets), full)
        if gray.dtype.kind != 'f':
            info = np.iinfo(gray.dtype)
            full = np.clip(np.rint(full), info.min, info.max)
        coloured: NDArray[Any] = full.astype(gray.dtype)
        coloured[..., self.carrier] = gray
        return coloured


def tint_of(samples: Sequence[NDArray[Any]]) -> Tint | None:
    """Return the tint that parts of planes share, or None where they have colours.

    Colours that differ from a line by much less than the noise have the picture in common, and the
    noise. Those of a photograph differ by more, be it by their own noise.

    `samples`: ``(H, W, 3)``.
    """
    parts = [part.astype(np.float64) for part in samples if min(part.shape[:2]) >= _LEAST]
    if not parts:
        return None
    values = np.concatenate([part.reshape(-1, 3) for part in parts])
    values = values[np.isfinite(values).all(axis=-1)]
    if not len(values):
        return None
    fitted, noisy = _line_of(values[:: max(1, len(values) // _FITTED)]), False
    for part in parts:
        noise = _noise_of(part[..., fitted.carrier])
        some = part.reshape(-1, 3)[:: max(1, part[..., 0].size // _FITTED)]
        if _apart(some, fitted) > _APART * noise:
            return None
        noisy |= noise > 0
    return fitted if noisy else None


def _line_of(values: Floats) -> Tint:
    """Fit the line of nearly all colours ``(pixels, 3)``."""
    kept = values
    for _ in range(_ROUNDS):
        middle = kept.mean(axis=0)
        together = np.cov(kept.T, ddof=0)
        carrier = int(np.argmax(np.diag(together)))
        slopes = together[carrier] / max(together[carrier, carrier], 1e-300)
        offsets = middle - slopes * middle[carrier]
        off = np.abs(values - offsets - slopes * values[:, carrier, None]).max(axis=-1)
        kept = values[off <= np.quantile(off, _MOST)]
    return Tint(carrier, _three(slopes), _three(offsets))


def _three(values: Floats) -> tuple[float, float, float]:
    red, green, blue = map(float, values)
    return red, green, blue


def _apart(values: Floats, line: Tint) -> float:
    """Return the deviation of most colours from a line."""
    off = np.abs(values - np.array(line.offsets) - np.outer(values[:, line.carrier], line.slopes))
    off = off[np.isfinite(off).all(axis=-1)]
    return float(np.quantile(off, _MOST, axis=0).max()) / _NORMAL if len(off) else 0.0


def _noise_of(plane: Floats) -> float:
    """Return about the noise of a plane, rather less of it, from the quietest of its cells."""
    curved = plane
    for axis in (0, 1):
        curved = ndimage.convolve1d(curved, _CURVED, axis)
    rows, columns = (n // _CELL for n in plane.shape)
    cells = curved[: rows * _CELL, : columns * _CELL].reshape(rows, _CELL, columns, _CELL)
    power = np.square(cells).mean(axis=(1, 3)) / np.square(np.outer(_CURVED, _CURVED)).sum()
    power = power[np.isfinite(power)]
    return float(np.sqrt(np.quantile(power, _QUIET))) if len(power) else 0.0
