"""The field of cells behind the micrograph sample: filaments, nuclei, puncta. No torch."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from .brush import cloud, smooth


def fluorophores(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Draw where the dye is, as a camera with perfect optics would see it.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns, a few hundred pixels each.
    random : Generator
        Decides where everything lies.

    Returns
    -------
    ndarray, float64
        Relative brightness: dim cytoplasm 0.05, filaments about 0.5, brightest
        puncta above 1.
    """
    field = np.zeros(shape)
    for row, col, radius in (
        (0.36, 0.3, 0.24),
        (0.72, 0.66, 0.26),
        (0.2, 0.84, 0.17),
        (0.9, 0.14, 0.16),
    ):
        _cell(field, (row * shape[0], col * shape[1]), radius * min(shape), random)
    return np.asarray(ndimage.gaussian_filter(field, 0.5) + 0.02)


def _cell(
    field: np.ndarray, centre: tuple[float, float], radius: float, random: np.random.Generator
) -> None:
    outline = _outline(field.shape, centre, radius, random)
    edge = np.clip(outline, 0, 1)
    field += 0.05 * edge * np.clip(1 + 0.35 * cloud(_shape(field), 7, random), 0, None)
    nucleus_at = centre + random.normal(0, 0.08 * radius, 2)
    nucleus = _nucleus(_shape(field), nucleus_at, 0.34 * radius, random)
    organiser = nucleus_at + 0.42 * radius * _direction(random.uniform(0, 2 * np.pi))
    lines = np.zeros(field.shape)
    for _ in range(80):
        _filament(lines, organiser, random.uniform(0.4, 1.3) * radius, random)
    bundled = 1 - np.exp(-ndimage.gaussian_filter(lines, 0.6))
    field += bundled * np.clip(3 * outline, 0, 1) * (nucleus <= 0)
    field += nucleus
    _puncta(field, centre, 0.85 * radius, random)


def _shape(field: np.ndarray) -> tuple[int, int]:
    return field.shape[0], field.shape[1]


def _direction(angle: float) -> np.ndarray:
    return np.array([math.sin(angle), math.cos(angle)])


def _outline(
    shape: tuple[int, ...], centre: tuple[float, float], radius: float, random: np.random.Generator
) -> np.ndarray:
    """Return a height map that is positive inside a lobed cell."""
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    down, across = rows - centre[0], cols - centre[1]
    angle = np.arctan2(down, across)
    rim = np.full(shape, 1.0)
    for lobes in range(2, 6):
        rim += random.normal(0, 0.18 / lobes) * np.cos(lobes * angle + random.uniform(0, 2 * np.pi))
    return np.asarray(6 * (rim - np.hypot(down, across) / radius))


def _nucleus(
    shape: tuple[int, int], centre: np.ndarray, radius: float, random: np.random.Generator
) -> np.ndarray:
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    turn, stretch = random.uniform(0, np.pi), random.uniform(1.05, 1.35)
    u = (cols - centre[1]) * math.cos(turn) + (rows - centre[0]) * math.sin(turn)
    v = (rows - centre[0]) * math.cos(turn) - (cols - centre[1]) * math.sin(turn)
    inside = np.clip(5 * (1 - np.hypot(u / stretch, v * stretch) / radius), 0, 1)
    chromatin = np.clip(
        0.32 + 0.09 * cloud(shape, 3, random) + 0.06 * cloud(shape, 9, random), 0, 1
    )
    for _ in range(3):
        place = centre + random.normal(0, 0.35 * radius, 2)
        distance = np.hypot(rows - place[0], cols - place[1])
        chromatin = chromatin * (1 - 0.6 * np.exp(-((distance / (0.18 * radius)) ** 2)))
    return np.asarray(inside * chromatin)


def _filament(
    lines: np.ndarray, start: np.ndarray, length: float, random: np.random.Generator
) -> None:
    heading = random.uniform(0, 2 * np.pi) + np.cumsum(random.normal(0, 0.22, 12))
    steps = np.stack([np.sin(heading), np.cos(heading)], axis=1) * length / 12
    path = start + np.cumsum(steps, axis=0)
    _dot(lines, smooth(path[random.integers(0, 3) :]), random.uniform(0.3, 1.2))


def _puncta(
    field: np.ndarray, centre: tuple[float, float], radius: float, random: np.random.Generator
) -> None:
    count = 45
    distance = radius * np.sqrt(random.uniform(0.05, 1, count))
    angle = random.uniform(0, 2 * np.pi, count)
    places = centre + np.stack([distance * np.sin(angle), distance * np.cos(angle)], axis=1)
    dots = np.zeros(field.shape)
    _dot(dots, places, np.minimum(random.lognormal(1.5, 0.6, count), 10))
    field += ndimage.gaussian_filter(dots, 0.8)


def _dot(field: np.ndarray, places: np.ndarray, brightness: np.ndarray | float) -> None:
    """Add points of light, each shared by the four pixels around it."""
    corner = np.floor(places).astype(int)
    part = places - corner
    for down in (0, 1):
        for across in (0, 1):
            at = corner + np.array([down, across])
            weight = np.abs(1 - down - part[:, 0]) * np.abs(1 - across - part[:, 1])
            inside = np.all((at >= 0) & (at < field.shape), axis=1)
            light = np.broadcast_to(brightness, len(at)) * weight
            np.add.at(field, tuple(at[inside].T), light[inside])
