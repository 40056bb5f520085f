"""The painting behind the mural sample: a saint between two angels under an arcade.

Every function paints one thing around the origin of the frame where it is called. No torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from . import brush as b
from .brush import Colour, Wall, arc

HEIGHT, WIDTH = 384, 512
BAYS = ((88, 74), (256, 92), (424, 74))
SPRING = 150
FLOOR = 306


def paint(random: np.random.Generator) -> np.ndarray:
    """Paint the whole wall.

    Returns
    -------
    ndarray, float64, (384, 512, 3)
        RGB in [0, 1].
    """
    wall = Wall(HEIGHT, WIDTH, random)
    _sky(wall)
    for x, flip in ((84, False), (428, True)):
        with wall.placed(x, 180, 0.84, -4, flip):
            _angel(wall)
    with wall.placed(256, 168, 1.1):
        _saint(wall)
    _arcade(wall)
    _upper_border(wall)
    _lower_border(wall)
    return wall.picture()


def _sky(wall: Wall) -> None:
    wall.box(f'0,0 {WIDTH},{HEIGHT}', b.DEEP, 0.95)
    for y in range(40, 300, 6):
        wobble = wall.random.normal(0, 2, 6)
        path = np.stack([np.linspace(-10, WIDTH + 10, 6), y + wobble], axis=1)
        wall.line(path, 5, b.AZURITE, 0.35)
    for x, y in wall.random.uniform((20, 50), (492, 250), (60, 2)):
        wall.disk(x, y, 1.6, b.GOLD, 0.9)
    wall.box(f'0,280 {WIDTH},{HEIGHT}', b.GREEN, 0.95)
    for x in range(8, WIDTH, 11):
        lean = float(wall.random.normal(0, 3))
        wall.stroke([(x, 302), (x + lean / 2, 291), (x + lean, 281)], 2.5, b.MOSS, 0.7)


def _arcade(wall: Wall) -> None:
    openings = [point for x, r in reversed(BAYS) for point in arc(x, SPRING, r, 0, -180)]
    corners = [(0, SPRING), (0, 0), (WIDTH, 0), (WIDTH, SPRING)]
    wall.fill([*corners, *openings], b.OCHRE, 0.96)
    for x, y in np.ndindex(33, 8):
        wall.disk(
            16 * x + 8 * (y % 2), 40 + 14 * y, 1.3, b.RED, 0.5 * _in_spandrel(16 * x, 40 + 14 * y)
        )
    for x, flip in ((172, False), (340, True)):
        with wall.placed(x, 66, 1, 0, flip):
            _scroll(wall)
    for x, radius in (BAYS[0], BAYS[2], BAYS[1]):
        _archivolt(wall, x, radius)
    for x in (3, 172, 340, 509):
        with wall.placed(x, SPRING):
            _column(wall)


def _in_spandrel(x: float, y: float) -> bool:
    return y < SPRING - 8 and all(math.hypot(x - cx, y - SPRING) > r + 26 for cx, r in BAYS)


def _archivolt(wall: Wall, x: float, radius: float) -> None:
    edges = np.linspace(-180, 0, 16)
    for i, (start, stop) in enumerate(pairwise(edges)):
        inner, outer = arc(x, SPRING, radius, start, stop), arc(x, SPRING, radius + 15, stop, start)
        wall.fill(np.concatenate([inner, outer]), b.RED if i % 2 else b.LIME, 0.93)
    wall.line(arc(x, SPRING, radius, -180, 0), 1.8, b.UMBER, 0.8)
    wall.line(arc(x, SPRING, radius + 15, -180, 0), 1.8, b.SIENNA, 0.8)


def _column(wall: Wall) -> None:
    wall.box('-7,10 7,150', b.ROSE, 0.95)
    wall.box('-6,10 -2,150', b.LIME, 0.4)
    wall.box('3,10 7,150', b.SIENNA, 0.45)
    for y in range(16, 148, 9):
        wall.stroke([(-7, y + 5), (0, y), (7, y - 3)], 1.3, b.SIENNA, 0.45)
    wall.fill('-15,-4 15,-4 8,13 -8,13', b.GOLD, 0.97)
    for x in (-8, -3, 3, 8):
        wall.stroke([(x * 0.6, 12), (x, 5), (x * 1.5, -2)], 2, b.RED, 0.7)
    wall.box('-16,-7 16,-2', b.SIENNA, 0.9)
    wall.fill('-12,144 12,144 14,156 -14,156', b.GOLD, 0.97)


def _scroll(wall: Wall) -> None:
    for flip in (False, True):
        with wall.placed(0, 0, 1, 0, flip):
            wall.stroke('0,46 3,28 12,14 24,10 31,-2 26,-12 17,-10 18,-2', 3, b.MOSS, 0.9)
            wall.stroke('5,24 14,26 20,22', 2.4, b.MOSS, 0.9)
            for x, y, tilt in ((20, 22, -20), (31, -4, -60), (12, 13, -110), (26, -13, -120)):
                with wall.placed(x, y, 1, tilt):
                    wall.shape('0,0 5,-4 11,-1 5,3', b.GREEN, 0.95)
                    wall.stroke('1,0 5,-1 10,-1', 1, b.MOSS, 0.8)
    wall.stroke('0,46 0,20 0,4', 2.6, b.MOSS, 0.9)
    _rosette(wall, b.RED)


def _rosette(wall: Wall, colour: Colour) -> None:
    for k in range(8):
        with wall.placed(0, 0, 1, 45 * k):
            wall.shape('2,0 6,-2.6 10,0 6,2.6', colour, 0.92)
    wall.disk(0, 0, 3, b.AZURITE)
    wall.disk(0, 0, 1.3, b.LIME)


def _upper_border(wall: Wall) -> None:
    _band(wall, 0, 34)
    for i, x in enumerate(range(16, WIDTH + 8, 32)):
        with wall.placed(x, 17):
            _rosette(wall, b.GOLD if i % 2 else b.LIME)
        wall.disk(x + 16, 17, 1.6, b.LIME, 0.9)


def _lower_border(wall: Wall) -> None:
    _band(wall, FLOOR, HEIGHT)
    x = np.arange(-20, WIDTH + 28, 4.0)
    for phase, colour in ((0, b.GOLD), (math.pi, b.LIME)):
        wave = np.stack([x, 345 + 20 * np.sin(x / 64 * 2 * np.pi + phase)], axis=1)
        wall.line(wave, 11, b.UMBER, 0.55)
        wall.line(wave, 8, colour, 0.92)
        wall.line(wave - np.array([0, 1]), 1.4, b.SIENNA, 0.5)
    for left in range(16, WIDTH + 28, 32):
        wall.disk(left, 345, 6.5, b.AZURITE, 0.95)
        wall.disk(left, 345, 2.6, b.LIME, 0.95)
        wall.disk(left, 320, 2.3, b.LIME, 0.9)
        wall.disk(left + 16, 370, 2.3, b.LIME, 0.9)


def _band(wall: Wall, top: float, bottom: float) -> None:
    wall.box(f'0,{top} {WIDTH},{bottom}', b.RED, 0.95)
    for y in (top + 3, bottom - 3):
        wall.line([(-5, y), (WIDTH / 2, y), (WIDTH + 5, y)], 3.2, b.LIME, 0.85)


def _halo(wall: Wall, radius: float) -> None:
    wall.disk(0, -30, radius, b.GOLD, 0.98)
    wall.disk(0, -30, radius * 0.84, b.OCHRE, 0.35)
    for x, y in arc(0, -30, radius * 0.91, 0, 360)[:: int(radius / 7)]:
        wall.disk(x, y, 1.1, b.LIME, 0.9)
    wall.ring(0, -30, radius, 2, b.RED, 0.9)
    wall.ring(0, -30, radius * 0.83, 1.1, b.SIENNA, 0.6)


def _face(wall: Wall) -> None:
    wall.outlined('0,-58 16,-50 19,-32 13,-12 0,-2 -13,-12 -19,-32 -16,-50', b.FLESH)
    wall.shape('2,-56 16,-48 18,-30 12,-12 2,-4 9,-22 11,-40', b.SHADE, 0.4)
    for flip in (False, True):
        with wall.placed(0, 0, 1, 0, flip):
            wall.shape('2.5,-33 7.5,-36 12.5,-33 7.5,-31', b.LIME, 0.95)
            wall.stroke('1.5,-33 7.5,-37 13.5,-33.5', 1.7, b.UMBER, 0.9)
            wall.stroke('2.5,-30 7.5,-28.5 12.5,-30', 1.2, b.SHADE, 0.8)
            wall.stroke('1,-39 7.5,-43 14.5,-38', 2.1, b.SIENNA, 0.9)
            wall.disk(11, -22, 4, b.RED, 0.22)
    for x in (-6.7, 8.3):
        wall.disk(x, -33.7, 2.2, b.UMBER)
    wall.stroke('-2,-39 -3,-30 -4,-22 0,-20 3,-22', 1.6, b.SHADE, 0.95)
    wall.stroke('0,-40 -0.5,-30 -1,-23', 1.8, b.LIME, 0.7)
    wall.stroke('-6,-14.5 -2,-15.5 0,-14.8 2,-15.5 6,-14.5', 2.2, b.RED, 0.85)
    wall.stroke('-3,-11.5 0,-11 3,-11.5', 1.4, b.SHADE, 0.8)
    wall.stroke('-9,-50 0,-53 8,-50', 3, b.LIME, 0.35)


def _folds(wall: Wall, curves: Sequence[str], dark: Colour, light: Colour) -> None:
    for path in map(b.numbers, curves):
        wall.stroke(path, 3.2, dark, 0.5)
        wall.stroke(path + np.array([2.6, -0.8]), 2.0, light, 0.38)


def _neck(wall: Wall) -> None:
    wall.shape('-9,-16 9,-16 12,2 0,10 -12,2', b.SHADE)
    wall.stroke('-15,-4 0,14 15,-4', 5, b.GOLD, 0.95)


def _saint(wall: Wall) -> None:
    _halo(wall, 52)
    robe = '-12,-6 -38,8 -62,30 -74,84 -84,150 84,150 74,84 62,30 38,8 12,-6'
    wall.outlined(robe, b.RED)
    _neck(wall)
    hem = '36,128 70,92 60,78 20,84 -8,50 -18,16'
    wall.outlined(f'-14,-8 -40,8 -64,32 -78,90 -88,150 0,150 {hem}', b.AZURITE)
    wall.stroke(hem, 2.4, b.GOLD, 0.85)
    blue = (
        '-34,10 -46,50 -50,100 -58,150',
        '-22,20 -30,62 -20,110 -26,150',
        '-12,52 2,90 0,126 -8,150',
        '16,88 30,100 14,124',
        '50,84 34,106 22,130',
        '-58,44 -64,90 -74,148',
    )
    red = (
        '34,12 44,40 46,74',
        '52,26 62,60 66,84',
        '24,8 28,40 24,78',
        '12,18 12,50 4,60',
        '70,100 66,124 72,150',
        '48,118 46,136 50,150',
    )
    _folds(wall, blue, b.DEEP, b.LIME)
    _folds(wall, red, b.SIENNA, b.ROSE)
    _book(wall)
    with wall.placed(-34, 66, 1.0, -8):
        _blessing_hand(wall)
    _bearded_head(wall)


def _book(wall: Wall) -> None:
    wall.fill('26,62 60,54 68,96 34,104', b.SIENNA)
    wall.fill('29,65 58,58 65,93 36,100', b.GOLD, 0.95)
    wall.line('31,67 57,60.5 63,91 37.5,97.5 31,67', 1.2, b.SIENNA, 0.6)
    for x, y in b.numbers('37,71 55,67 60,87 41,92 48,79'):
        wall.disk(x, y, 2.6, b.RED)
        wall.disk(x - 0.5, y - 0.5, 0.9, b.LIME)
    wall.outlined('38,102 52,96 66,94 70,102 58,110 44,110', b.FLESH)
    wall.strokes(('46,101 54,99 60,99', '48,105 56,103 62,103'), 1, b.SHADE, 0.8)


def _blessing_hand(wall: Wall) -> None:
    wall.shape('-12,34 -14,22 -9,12 9,12 12,22 10,34', b.RED)
    wall.stroke('-12,14 0,17 12,14', 4, b.GOLD, 0.95)
    wall.outlined('-8,13 -10,0 -7,-8 5,-9 9,-2 8,13', b.FLESH)
    wall.strokes(('-6,0 -6,-14 -6.5,-27', '-1.5,0 -1.5,-14 -2,-29'), 5, b.FLESH)
    wall.strokes(('-4,-4 -4,-14 -5,-24', '0.5,-4 0.5,-14 -0.5,-26'), 1, b.SHADE, 0.8)
    for x in (3, 7):
        with wall.placed(x, 0):
            wall.stroke('0,2 1,-10 -3,-12 -4,-5', 4, b.FLESH)
            wall.stroke('2,0 3,-9 -1,-12', 1, b.SHADE, 0.8)


def _bearded_head(wall: Wall) -> None:
    hair = '0,-63 18,-54 22,-34 19,-18 16,-38 0,-50 -16,-38 -19,-18 -22,-34 -18,-54'
    wall.shape(hair, b.SIENNA)
    _face(wall)
    beard = '-17,-24 -12,-8 0,4 12,-8 17,-24 13,-15 6,-9.5 0,-9 -6,-9.5 -13,-15'
    wall.shape(beard, b.SIENNA, 0.9)
    wall.stroke('-9,-17 -4,-18.5 0,-17.5 4,-18.5 9,-17', 2.4, b.SIENNA, 0.85)
    for x in (-8, -3, 3, 8):
        wall.stroke([(x, -9), (x * 0.7, -3), (x * 0.4, 1)], 1, b.OCHRE, 0.5)
    wall.shape('0,-64 19,-54 21,-40 12,-51 0,-55 -12,-51 -21,-40 -19,-54', b.SIENNA)
    for x in (-12, -4, 4, 12):
        wall.stroke([(x * 0.2, -62), (x, -58), (x * 1.4, -49)], 1, b.OCHRE, 0.45)


def _wing(wall: Wall) -> None:
    wall.outlined('4,4 -20,-40 -52,-52 -76,-14 -82,56 -72,112 -46,84 -10,50', b.OCHRE)
    wall.stroke('0,-4 -22,-36 -50,-44 -68,-12', 8, b.GOLD, 0.95)
    for k in range(6):
        feather = [(-20 - 8.5 * k, -24), (-30 - 7.5 * k, 16 + 2 * k), (-34 - 7.2 * k, 62 + 8 * k)]
        wall.stroke(feather, 7.5, (b.LIME, b.RED, b.GREEN)[k % 3], 0.9)
        wall.stroke(feather, 1.1, b.SIENNA, 0.7)


def _angel(wall: Wall) -> None:
    for x, tilt, flip in ((-8, 4, False), (10, 0, True)):
        with wall.placed(x, 16, 0.92, tilt, flip):
            _wing(wall)
    _halo(wall, 40)
    wall.outlined('-12,-6 -32,8 -42,40 -38,96 -46,150 46,150 36,96 40,40 30,8 12,-6', b.LIME)
    mantle = '14,-6 34,8 44,44 38,100 48,150 4,150 -30,92 -34,74 0,70 16,30'
    wall.outlined(mantle, b.GREEN)
    white = (
        '-20,8 -26,40 -22,72',
        '-8,10 -12,40 -6,66',
        '-32,96 -30,124 -36,150',
        '-20,104 -14,130 -18,150',
    )
    green = (
        '30,10 36,44 24,96 30,150',
        '20,24 26,56 8,96 14,150',
        '4,74 6,92 -14,104',
        '40,60 34,100 42,148',
    )
    _folds(wall, white, b.ROSE, b.PLASTER)
    _folds(wall, green, b.MOSS, b.LIME)
    wall.outlined('8,56 26,44 44,36 50,42 34,58 16,68', b.FLESH)
    wall.stroke('20,46 24,54 30,60', 3.5, b.GOLD, 0.9)
    _neck(wall)
    with wall.placed(3, 0, 0.92, 8):
        curls = '0,-65 21,-56 25,-34 22,-12 0,-30 -22,-12 -25,-34 -21,-56'
        wall.shape(curls, b.UMBER)
        _face(wall)
        fringe = '0,-66 20,-57 21,-40 10,-52 0,-56 -10,-52 -21,-40 -20,-57'
        wall.shape(fringe, b.SIENNA)
        wall.stroke('-20,-48 0,-58 20,-48', 2.4, b.GOLD, 0.9)
