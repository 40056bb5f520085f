"""Damage drawn procedurally: lines, text, cracks and losses of paint.

A mask is bool, ``(H, W)``, True where damaged. Functions with a `fraction` mark
exactly that part of the pixels, to the nearest pixel and at least one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage, spatial

from ..errors import ParameterError
from ..physics.number_checks import positive
from .planes import Floats

Mask = NDArray[np.bool_]
Shape = tuple[int, int]

WORDS = (
    *('paint', 'plaster', 'ochre', 'lime', 'figure', 'arch', 'vault', 'saint', 'hand', 'gold'),
    *('blue', 'scene', 'wall', 'light', 'crowd', 'border', 'robe', 'angel', 'tower', 'of', 'the'),
)
_LEADING = 1.25  # distance of lines of text over the height of the letters
_EDGES = 2.3  # length of the cracks in a Voronoi cell, over the side of the cell
_NEAREST = 8


def lines(shape: Shape, spacing: float = 16, width: int = 2) -> Mask:
    """Draw horizontal lines: `width` pixels of damage every `spacing` rows."""
    if not 0 < width < spacing:
        raise ParameterError(f'width = {width} must lie between 0 and spacing = {spacing}')
    rows = (np.arange(shape[0]) + spacing // 2) % spacing < width
    return np.repeat(rows[:, None], shape[1], axis=1)


def grid(shape: Shape, spacing: float = 16, width: int = 2) -> Mask:
    """Draw horizontal and vertical lines `width` wide, `spacing` apart."""
    across = lines((shape[1], shape[0]), spacing, width).T
    return np.asarray(lines(shape, spacing, width) | across)


def craquelure(shape: Shape, fraction: float, width: float, random: np.random.Generator) -> Mask:
    """Draw the crack network of aged paint or plaster.

    The cracks are the borders of the cells around random points, bent by
    smooth noise, with finer ones inside some of the cells.

    `shape`: rows and columns.
    `fraction`: damaged part of the image, 0 to 1.
    `width`: mean width of the cracks in pixels; with `fraction` it decides how large the cells are.
    """
    positive('width', width)
    cell = _EDGES * width / _checked(fraction)
    points = _bent(shape, 0.2 * cell, 0.6 * cell, random)
    points += _bent(shape, 0.03 * cell, 0.12 * cell, random) - np.indices(shape)
    uneven = np.exp(0.4 * cloud(shape, 0.5 * cell, random))
    coarse = _borders(points, shape, cell, random)
    fine = 1.6 * _borders(points, shape, 0.45 * cell, random)
    whole = np.clip(2 * cloud(shape, cell, random) + 1.5, 0, None) * width
    return least(np.minimum(coarse, fine + whole) * uneven, fraction)


def flakes(shape: Shape, fraction: float, size: float, random: np.random.Generator) -> Mask:
    """Draw losses of paint: rounded patches with uneven outlines.

    `shape`: rows and columns.
    `fraction`: damaged part of the image, 0 to 1.
    `size`: typical diameter in pixels; single patches are half to twice as wide.
    """
    positive('size', size)
    radius = size / 2
    patch = math.pi * radius**2
    count = max(round(-math.log1p(-min(_checked(fraction), 0.99)) * math.prod(shape) / patch), 1)
    centres = random.uniform((0, 0), shape, (count, 2))
    radii = random.lognormal(0, 0.35, count)
    points = _bent(shape, 0.5 * radius, radius, random).reshape(2, -1).T
    nearest = min(_NEAREST, count)
    distance, index = spatial.cKDTree(centres).query(
        points, k=list(range(1, nearest + 1)), workers=-1
    )
    return least((distance / radii[index]).min(axis=1).reshape(shape), fraction)


def text(shape: Shape, fraction: float, height: float, random: np.random.Generator) -> Mask:
    """Draw lines of random words in Pillow's own font.

    `shape`: rows and columns.
    `fraction`: damaged part of the image, 0 to 1: decides the distance of the lines, and how bold
        they are where lines without gaps are not enough.
    `height`: size of the letters in pixels.
    """
    positive('height', height)
    wanted = _checked(fraction)
    closest = max(round(shape[0] / (_LEADING * height)), 1)
    words = [WORDS[i] for i in random.integers(len(WORDS), size=_words(shape, height, closest))]
    page = _page(shape, height, closest, words)
    covered = float((page > 127).mean())
    if covered > wanted:
        page = _page(shape, height, max(round(closest * wanted / covered), 1), words)
    ink = page > 127
    outside = ndimage.distance_transform_edt(~ink) if ink.any() else np.ones(shape)
    depth = outside - ndimage.distance_transform_edt(ink)
    # Many pixels lie equally deep; the smooth page puts them in an order that thins evenly.
    return least(depth - ndimage.gaussian_filter(page, 1.5) / 255, fraction)


def least(field: Floats, fraction: float) -> Mask:
    """Mark the `fraction` of the pixels where `field` is least, one pixel at least."""
    count = min(max(round(_checked(fraction) * field.size), 1), field.size)
    mask = np.zeros(field.size, bool)
    mask[np.argpartition(field.ravel(), count - 1)[:count]] = True
    return mask.reshape(field.shape)


def cloud(shape: Shape, grain: float, random: np.random.Generator) -> Floats:
    """Draw smooth noise of mean 0, standard deviation about 1 and the given grain in pixels."""
    step = max(int(grain / 2), 1)
    coarse = [math.ceil(n / step) + 3 for n in shape]
    smooth = ndimage.gaussian_filter(random.normal(0, 1, coarse), grain / step, mode='wrap')
    rows, cols = np.indices(shape) / step + 1
    values = ndimage.map_coordinates(smooth, (rows, cols), order=1)
    return np.asarray(values * 2 * math.sqrt(math.pi) * grain / step)


def _checked(fraction: float) -> float:
    if not 0 < fraction <= 1:
        raise ParameterError(f'fraction = {fraction!r} must lie above 0 and be 1 at most')
    return fraction


def _bent(shape: Shape, reach: float, grain: float, random: np.random.Generator) -> Floats:
    """Return pixel coordinates ``(2, H, W)`` displaced by smooth noise of size `reach`."""
    return np.indices(shape) + reach * np.stack([cloud(shape, grain, random) for _ in range(2)])


def _borders(points: Floats, shape: Shape, cell: float, random: np.random.Generator) -> Floats:
    """Return the distance of each point from the border of its Voronoi cell, in pixels."""
    counts = [math.ceil(n / cell) + 4 for n in shape]
    spread = random.uniform(-0.9, 0.9, (math.prod(counts), 2))
    centres = (np.indices(counts).reshape(2, -1).T - 2 + spread) * cell
    distance, index = spatial.cKDTree(centres).query(points.reshape(2, -1).T, k=2, workers=-1)
    apart = np.linalg.norm(centres[index[:, 0]] - centres[index[:, 1]], axis=1)
    squares = distance**2
    return np.asarray(((squares[:, 1] - squares[:, 0]) / (2 * apart)).reshape(shape))


def _words(shape: Shape, height: float, count: int) -> int:
    return count * max(math.ceil(shape[1] / height), 1)


def _page(shape: Shape, height: float, count: int, words: list[str]) -> Floats:
    """Print `count` lines of words, evenly spaced; 255 is ink."""
    picture = Image.new('L', (shape[1], shape[0]))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(max(height, 1))
    share = max(len(words) // count, 1)
    for i in range(count):
        line = ' '.join(words[i * share : (i + 1) * share])
        top = (i + 0.5) * shape[0] / count
        offset: Any = (-(i % 3) * height, top)
        pen.text(offset, line, fill=255, font=font, anchor='lm')
    return np.asarray(picture, dtype=np.float64)
