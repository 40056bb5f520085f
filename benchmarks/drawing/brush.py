"""A plastered wall, pigments and a brush, with which a painting is drawn.

Outlines are points in pixels, or text such as ``'0,0 10,5 20,0'``. No torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.interpolate import CubicSpline

Points = str | Sequence[tuple[float, float]] | np.ndarray
Colour = tuple[float, float, float]

# Pigments on lime plaster, as they look after some centuries.
PLASTER = (226, 212, 186)
LIME = (240, 230, 208)
OCHRE = (204, 156, 84)
GOLD = (224, 180, 96)
RED = (160, 74, 52)
ROSE = (190, 122, 96)
SIENNA = (112, 60, 40)
GREEN = (120, 136, 98)
MOSS = (78, 94, 68)
AZURITE = (84, 114, 146)
DEEP = (52, 76, 110)
FLESH = (216, 172, 132)
SHADE = (158, 110, 80)
UMBER = (62, 44, 36)

OVERSAMPLE = 2


class Wall:
    """A plastered wall to paint on; coordinates are (x, y) in pixels of the picture."""

    def __init__(self, height: int, width: int, random: np.random.Generator) -> None:
        self.height, self.width, self.random = height, width, random
        shape = (height * OVERSAMPLE, width * OVERSAMPLE)
        self.pixels = np.empty((*shape, 3), np.float32)
        self.pixels[:] = PLASTER
        self.brush = _brushwork(shape, random)
        self.turn, self.origin, self.size = np.eye(2), np.zeros(2), 1.0

    @contextmanager
    def placed(
        self, x: float, y: float, size: float = 1.0, tilt: float = 0.0, flip: bool = False
    ) -> Iterator[None]:
        """Draw around (x, y), enlarged, turned by `tilt` degrees and mirrored."""
        before = self.turn, self.origin, self.size
        cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
        mirror = np.diag([-1.0 if flip else 1.0, 1.0])
        self.origin = self.origin + self.turn @ np.array([x, y])
        self.turn = self.turn @ mirror @ np.array([[cos, -sin], [sin, cos]]) * size
        self.size *= size
        yield
        self.turn, self.origin, self.size = before

    def fill(self, points: Points, colour: Colour, opacity: float = 1.0) -> None:
        """Fill a polygon."""
        corners = (numbers(points) @ self.turn.T + self.origin) * OVERSAMPLE
        low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 2, self.pixels.shape[1::-1])
        if np.any(high <= low):
            return
        stencil = Image.new('L', (int(high[0] - low[0]), int(high[1] - low[1])))
        ImageDraw.Draw(stencil).polygon((corners - low).ravel().tolist(), fill=1)
        area = np.s_[low[1] : high[1], low[0] : high[0]]
        weight = (opacity * self.brush[area] * np.asarray(stencil))[..., None]
        self.pixels[area] += weight * (np.asarray(colour, np.float32) - self.pixels[area])

    def box(self, corners: str, colour: Colour, opacity: float = 1.0) -> None:
        """Fill the rectangle between two opposite corners."""
        (x0, y0), (x1, y1) = numbers(corners)
        self.fill([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, opacity)

    def shape(self, points: Points, colour: Colour, opacity: float = 1.0) -> None:
        """Fill the closed smooth curve through `points`."""
        self.fill(_closed(points), colour, opacity)

    def outlined(self, points: Points, colour: Colour) -> None:
        """Fill the closed smooth curve through `points` and draw it in umber."""
        curve = _closed(points)
        self.fill(curve, colour)
        self.line(curve, 1.5, UMBER, 0.65)

    def line(self, points: Points, width: float, colour: Colour, opacity: float = 1.0) -> None:
        """Draw a smooth curve of even width."""
        self.stroke(points, width, colour, opacity, even=True)

    def stroke(
        self, points: Points, width: float, colour: Colour, opacity: float = 1.0, even: bool = False
    ) -> None:
        """Draw a brush stroke along the smooth curve through `points`, thin at its ends."""
        path = smooth(points)
        along = np.gradient(path, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
        normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
        t = np.linspace(0.05, 0.95, len(path))[:, None]
        side = normal * (width / 2 * (1 if even else np.sin(np.pi * t) ** 0.6))
        self.fill(np.concatenate([path + side, (path - side)[::-1]]), colour, opacity)

    def strokes(
        self, curves: Iterable[Points], width: float, colour: Colour, opacity: float = 1.0
    ) -> None:
        """Draw several brush strokes alike."""
        for curve in curves:
            self.stroke(curve, width, colour, opacity)

    def disk(self, x: float, y: float, radius: float, colour: Colour, opacity: float = 1.0) -> None:
        """Fill a circle."""
        self.fill(arc(x, y, radius, 0, 360), colour, opacity)

    def ring(
        self, x: float, y: float, radius: float, width: float, colour: Colour, opacity: float = 1.0
    ) -> None:
        """Draw a circle."""
        self.line(arc(x, y, radius, 0, 360), width, colour, opacity)

    def picture(self) -> np.ndarray:
        """Return the painting, weathered, as floats in [0, 1]."""
        shape, k = (self.height, self.width), OVERSAMPLE
        fine = self.pixels.reshape(self.height, k, self.width, k, 3).mean(axis=(1, 3))
        fine = ndimage.gaussian_filter(fine, (0.45, 0.45, 0))
        faded = 0.16 + 0.08 * cloud(shape, 50, self.random)
        fine += faded[..., None] * (np.array(PLASTER) - fine)
        for depth, size in ((4, 70), (4, 20), (3, 6), (2.5, 1)):
            fine += depth * cloud(shape, size, self.random)[..., None]
        warmth = 3 * cloud(shape, 40, self.random)
        fine += warmth[..., None] * np.array([1, 0.2, -1])
        return np.asarray(np.clip(fine / 255, 0, 1))


def smooth(points: Points, closed: bool = False) -> np.ndarray:
    """Return points on the cubic spline through `points`, about one per pixel."""
    knots = numbers(points)
    lengths = np.hypot(*np.diff(knots, axis=0).T)
    t = np.concatenate([[0], np.cumsum(np.maximum(lengths, 1e-6) ** 0.5)])
    curve = CubicSpline(t, knots, bc_type='periodic' if closed else 'natural')
    return np.asarray(curve(np.linspace(0, t[-1], max(8, int(lengths.sum())))))


def arc(x: float, y: float, radius: float, start: float, stop: float) -> np.ndarray:
    """Return points on a circle, angles in degrees clockwise from the right."""
    t = np.radians(np.linspace(start, stop, max(9, int(abs(stop - start) / 360 * 5 * radius))))
    return np.stack([x + radius * np.cos(t), y + radius * np.sin(t)], axis=1)


def cloud(shape: tuple[int, int], size: float, random: np.random.Generator) -> np.ndarray:
    """Return noise of unit variance that varies over `size` pixels."""
    step = max(1, int(size / 3))
    small = random.standard_normal([n // step + 8 for n in shape])
    small = ndimage.gaussian_filter(small, size / step)
    grown = ndimage.zoom(small, step, order=1) if step > 1 else small
    grown = grown[: shape[0], : shape[1]]
    return np.asarray((grown - grown.mean()) / grown.std())


def numbers(points: Points) -> np.ndarray:
    """Return points, given as pairs or as text, as an array (n, 2)."""
    if isinstance(points, str):
        return np.array([pair.split(',') for pair in points.split()], dtype=float)
    return np.asarray(points, dtype=float)


def _closed(points: Points) -> np.ndarray:
    knots = numbers(points)
    return smooth(np.concatenate([knots, knots[:1]]), closed=True)


def _brushwork(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Return how much paint a brush leaves, streaky along a direction that wanders."""
    across, down = (
        ndimage.gaussian_filter(random.standard_normal(shape, np.float32), widths)
        for widths in ((1.3, 8), (8, 1.3))
    )
    mix = np.clip(0.5 + 0.6 * cloud(shape, 80, random), 0, 1).astype(np.float32)
    streaks = mix * down + (1 - mix) * across
    return np.asarray(np.clip(1 - 0.15 * np.abs(streaks / streaks.std()), 0.55, 1))
