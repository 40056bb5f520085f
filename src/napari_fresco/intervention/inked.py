"""The painting of filled pixels in each rendering: their light, from that of the fill."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import ndimage

from ..errors import ParameterError
from .ground import Ground, evened, means, mixed_of
from .hatching import Ints, Points, dots, hatch, scattered, strokes
from .inserts import outline
from .linear_light import Floats, lab_of_light, light_of_lab, to_linear

# Offsets of three lines side by side, in parts of those of L*, of a* and of b*; each sums to 0.
_TRIPLE = np.array([[1.0, 1.0, -1.0], [-1.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
_LAYERS = 3  # strokes that lie over each pixel, about
_DENSITY = 0.7  # points that find a place, in parts of the square of their distance
_LEAST = 12.0  # of the chroma by which colours are purer, in a*, b*
_PURE = np.array([[5.0, 25.0, 0.0], [-5.0, 0.0, 25.0], [5.0, -25.0, 0.0], [-5.0, 0.0, -25.0]])
_TENSOR, _ALONG = 1.0, 3.0  # mm: of gradients, and over which directions are averaged
_FINEST = 2.0  # pixels over which gradients are taken at least
_EVEN = 2.5  # mm over which the mean colour is kept
_DRAWN = 1.2  # mm of the drawing that dashes rebuild
_RING = 20.0  # steps of the search around a loss
_LINE = (60.0, 75.0)  # L* and chroma of an outline
_HUES = 36


def rigatino(ground: Ground, params: Any) -> Floats:
    """Upright lines whose dashes have the colour of the fill, lighter and darker by turns."""
    spacing = params.spacing or params.width
    sizes = [size / ground.scale for size in (params.width, spacing, params.length)]
    places = np.argwhere(ground.marks)
    width, apart, length = sizes
    dash, line = hatch(places, width, apart, length, params.direction, ground.rng)
    base = means(ground.fill, dash)
    by = np.array([params.lightness, params.colour, params.colour])
    by_line = mixed_of(base, _TRIPLE * by) - base[:, None]
    light = evened(ground, base[dash], ground.fill, _DRAWN / ground.scale)
    return light + np.where((line < 0)[:, None], 0, by_line[dash, line % len(_TRIPLE)])


def selezione(ground: Ground, params: Any) -> Floats:
    """Dashes along the forms, each in one of three purer colours that mix to the fill."""
    middles = _middles(ground, params)
    angles = _along_forms(ground, middles)
    owner = _stroke_of(ground, middles, angles, params)
    base = means(ground.fill, owner)
    lab = lab_of_light(base)
    chroma, hue = np.hypot(lab[:, 1], lab[:, 2]), np.arctan2(lab[:, 2], lab[:, 1])
    purer = np.maximum((params.saturation - 1) * chroma, _LEAST)
    turns = hue[:, None] + 2 * np.pi / 3 * np.arange(3)
    offsets = np.stack(
        [np.zeros_like(turns), purer[:, None] * np.cos(turns), purer[:, None] * np.sin(turns)], 2
    )
    turn = _by_turns(middles)[: len(base)] % 3
    light: Floats = mixed_of(base, offsets)[np.arange(len(base)), turn]
    return evened(ground, light[owner], ground.fill, _EVEN / ground.scale)


def astrazione(ground: Ground, params: Any) -> Floats:
    """Dashes of four pure colours that mix to the mean colour of all that is intact."""
    middles = _middles(ground, params)
    angles = ground.rng.uniform(-params.spread, params.spread, len(middles))
    owner = _stroke_of(ground, middles, angles, params)
    mean = np.clip(light_of_lab(_of_intact(ground).mean(axis=0)), 0, 1)
    colours = mixed_of(mean[None], _PURE)[0]
    light = colours[_by_turns(middles) % len(_PURE)][owner]
    wanted = np.broadcast_to(mean, light.shape)
    return evened(ground, light, wanted, _EVEN / ground.scale)


def neutral(ground: Ground, params: Any) -> Floats:
    """One colour for each loss: the median around it, with less chroma and darker."""
    pieces, count = ndimage.label(ground.marks, np.ones((3, 3)))
    step = max(1, int(params.ring / ground.scale / _RING))
    coarse = _thinned(pieces, step)
    distance, near = ndimage.distance_transform_edt(coarse == 0, return_indices=True)
    close = (coarse == 0) & (distance <= params.ring / ground.scale / step)
    ring = np.zeros(pieces.shape, bool)
    ring[::step, ::step] = close
    owner = coarse[tuple(near)][close]
    unmarked = ~ground.marks[ring]
    ring, owner = ring & ~ground.marks, owner[unmarked]
    around = np.bincount(owner, minlength=count + 1)[1:] > 0
    tone = np.tile(np.median(_of_intact(ground), axis=0), (count, 1))
    if around.any():
        lab, seen = lab_of_light(ground.light(ring)), 1 + np.flatnonzero(around)
        for i in range(3):
            tone[around, i] = ndimage.median(lab[:, i], owner, seen)
    tone *= [1, params.chroma, params.chroma]
    tone[:, 0] = np.clip(tone[:, 0] + params.lightness, 0, 100)
    light: Floats = np.clip(light_of_lab(tone), 0, 1)[pieces[ground.marks] - 1]
    return light


def _thinned(pieces: Ints, step: int) -> Ints:
    """Return the highest number in each square of pixels."""
    if step == 1:
        return pieces
    grown = np.pad(pieces, [(0, -n % step) for n in pieces.shape])
    rows, columns = (n // step for n in grown.shape)
    return np.asarray(grown.reshape(rows, step, columns, step).max(axis=(1, 3)))


def dotting(ground: Ground, params: Any) -> Floats:
    """Dots of the fill on half of the area, the rest in neutral tone."""
    diameter = params.width / ground.scale
    middles = scattered(ground.marks, diameter, ground.rng)
    owner = dots(ground.marks, middles, diameter)[ground.marks]
    light = neutral(ground, params)
    on = owner >= 0
    if on.any():
        light[on] = means(ground.fill[on], owner[on])[owner[on]]
    return light


def outlined(ground: Ground, params: Any) -> Floats:
    """The fill with a line of one colour on its rim."""
    rim = outline(ground.marks, max(params.width / ground.scale, 2.0))[ground.marks]
    light = ground.fill.copy()
    light[rim] = line_colour(ground) if params.colour == 'auto' else _named(params.colour)
    return light


def _middles(ground: Ground, params: Any) -> Points:
    """Return where strokes lie, dense enough that they cover the losses."""
    area = params.width * params.length / ground.scale**2
    return scattered(ground.marks, math.sqrt(_DENSITY * area / _LAYERS), ground.rng)


def _stroke_of(ground: Ground, middles: Points, angles: Points, params: Any) -> Any:
    sizes = (params.width / ground.scale, params.length / ground.scale)
    return strokes(ground.marks, middles, angles, *sizes)[ground.marks]


def _by_turns(middles: Points) -> Any:
    """Return numbers that follow each other where strokes are neighbours, along a meander."""
    if not len(middles):
        return np.zeros(0, np.intp)
    reach = max(float(np.sqrt(np.ptp(middles, axis=0).prod() / len(middles))), 1.0)
    band = np.floor(middles[:, 0] / (2 * reach)).astype(np.intp)
    along = np.where(band % 2, -middles[:, 1], middles[:, 1])
    number = np.empty(len(middles), np.intp)
    number[np.lexsort((along, band))] = np.arange(len(middles))
    return number


def _along_forms(ground: Ground, middles: Points) -> Points:
    """Return the direction of the forms, from upright in degrees (structure tensor)."""
    step = max(1, int(_TENSOR / ground.scale / _FINEST))
    fine, wide = (size / ground.scale / step for size in (_TENSOR, _ALONG))
    seen = ground.lightness(step)
    down, right = (ndimage.gaussian_filter(seen, fine, order=o) for o in ((1, 0), (0, 1)))
    both, own = (ndimage.gaussian_filter(each, wide) for each in (down * right, down**2 - right**2))
    steepest = 0.5 * np.arctan2(2 * both, own)
    rows, columns = (middles / step).astype(np.intp).T
    rows, columns = (
        np.clip(at, 0, n - 1) for at, n in zip((rows, columns), steepest.shape, strict=True)
    )
    turn = steepest[rows, columns]
    return np.asarray(np.degrees(np.arctan2(-np.cos(turn), -np.sin(turn))))


def _of_intact(ground: Ground) -> Floats:
    if not len(ground.intact):
        raise ParameterError('nothing around the losses is intact, so that its colour is not known')
    return ground.intact


def line_colour(ground: Ground) -> Floats:
    """Return light ``(3,)`` of the hue that is farthest from those of the picture."""
    lab = _of_intact(ground)
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    edges = np.linspace(0, 360, _HUES + 1)
    seen = np.histogram(hue, edges, weights=chroma)[0]
    near = ndimage.gaussian_filter1d(seen, _HUES / 12, mode='wrap')
    turn = np.radians(edges[int(np.argmin(near))] + 180 / _HUES)
    lightness, pure = _LINE
    return np.clip(light_of_lab([lightness, pure * np.cos(turn), pure * np.sin(turn)]), 0, 1)


def _named(colour: str) -> Floats:
    from PIL import ImageColor

    try:
        rgb = ImageColor.getrgb(colour)[:3]
    except ValueError:
        raise ParameterError(
            f'colour = {colour!r} is no colour; give "auto", or one such as #00ffff'
        ) from None
    return to_linear(np.array(rgb, np.uint8))
