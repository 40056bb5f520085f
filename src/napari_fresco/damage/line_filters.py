"""Oriented line filters: how much darker a thin line is than both of its sides."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float32]

_REACH = 3  # standard deviations that a kernel covers


class LineResponse(NamedTuple):
    """Responses at the orientation of the strongest dark line through each pixel, ``(H, W)``."""

    line: Floats  # dark line, in units of the image
    step: Floats  # difference of the two sides of that line, without its sign
    cross: Floats  # dark line across it
    orientation: NDArray[np.intp]
    light: Floats  # strongest light line
    edge: Floats  # strongest step of any orientation
    level: Floats  # mean strength of lines over all orientations


def line_response(plane: Floats, across: float, along: float, count: int = 12) -> LineResponse:
    """Filter `plane` with second and first derivatives of elongated Gaussians.

    `across`, `along`: standard deviations in pixels, across and along the line.
    `count`: orientations over half a turn, even.
    """
    found = oriented(plane, across, along, count)
    lines, steps = found.real, np.abs(found.imag)
    best = lines.argmax(axis=0)
    return LineResponse(
        chosen(lines, best),
        chosen(steps, best),
        chosen(lines, (best + count // 2) % count),
        best,
        -lines.min(axis=0),
        steps.max(axis=0),
        np.abs(lines).mean(axis=0),
    )


def oriented(plane: Floats, across: float, along: float, count: int, steps: bool = True) -> Floats:
    """Return ``(count, H, W)``: second derivative across as real part, first one as imaginary.

    `steps`: False leaves the first derivative out, so that `plane` may be complex.
    """
    reach = math.ceil(_REACH * max(across, along))
    padded = np.pad(plane, reach, mode='symmetric')
    shape = [fft.next_fast_len(n + 2 * reach) for n in padded.shape]
    spectrum = fft.fft2(padded, shape)
    rows, cols = (slice(2 * reach, 2 * reach + n) for n in plane.shape)
    found = np.empty((count, *plane.shape), np.complex64)
    for i in range(count):
        kernel = _kernel(math.pi * i / count, across, along, reach)
        transfer = fft.fft2(kernel if steps else kernel.real, shape)
        found[i] = fft.ifft2(spectrum * transfer)[rows, cols]
    return found


def chosen(stack: Floats, which: NDArray[np.intp]) -> Floats:
    """Return from each pixel of ``(N, H, W)`` the plane that `which` names."""
    return np.asarray(np.take_along_axis(stack, which[None], axis=0)[0])


def _kernel(angle: float, across: float, along: float, reach: int) -> NDArray[np.complex64]:
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    bell = np.exp(-((u / across) ** 2 + (v / along) ** 2) / 2)
    even = ((u / across) ** 2 - 1) * bell
    even -= bell * (even.sum() / bell.sum())  # a flat image has no lines
    odd = -u * bell
    both = even * (2 / np.abs(even).sum()) + 1j * odd * (2 / np.abs(odd).sum())
    return np.asarray(both, np.complex64)
