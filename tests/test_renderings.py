"""Renderings can be told from the original, and keep its colour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.intervention.linear_light import (
    difference,
    from_linear,
    lab_of_light,
    light_of_lab,
    to_linear,
)
from napari_fresco.intervention.renderings import RENDERINGS

SCALE = 0.125  # mm per pixel; the default line of 0.5 mm is 4 pixels
SIDE = 320
LOSS = np.zeros((SIDE, SIDE), bool)
LOSS[40:280, 40:280] = True
MIXING = ('rigatino', 'selezione')


def painted(dtype: Any = np.uint8, sides: tuple[int, int] = (SIDE, SIDE)) -> Any:
    """Return a picture of smooth colours with some edges."""
    random = np.random.default_rng(1)
    smooth = ndimage.gaussian_filter(random.normal(size=(*sides, 3)), (24, 24, 0))
    smooth = 0.5 + 0.15 * smooth / smooth.std()
    smooth[:, sides[1] // 3 : sides[1] // 2] *= [0.8, 0.7, 0.6]
    return from_linear(np.clip(smooth, 0.05, 0.95) ** 2.2, np.dtype(dtype))


WALL = painted()


def rendered(name: str, wall: Any = WALL, loss: Any = LOSS, **options: Any) -> Any:
    return fresco.intervention.render(
        wall, wall, loss, name, **{'mm_per_pixel': SCALE, **options}
    ).image


def window_means(light: Any, side_mm: float = 10.0) -> Any:
    """Return the mean light in windows that lie wholly in the loss."""
    n = round(side_mm / SCALE)
    inside = light[40:280, 40:280][: 240 // n * n, : 240 // n * n]
    return inside.reshape(240 // n, n, 240 // n, n, 3).mean(axis=(1, 3))


def test_light_comes_back_from_every_sample() -> None:
    for dtype in (np.uint8, np.uint16):
        samples = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)[:, None]
        back = from_linear(to_linear(samples), np.dtype(dtype))
        assert (back == samples).all()
    light = np.random.default_rng(0).random((50, 3))
    np.testing.assert_allclose(light_of_lab(lab_of_light(light)), light, atol=1e-9)


@pytest.mark.parametrize(
    ('name', 'dtype'),
    [*((name, 'uint8') for name in RENDERINGS), ('rigatino', 'uint16'), ('neutral', 'float32')],
)
def test_nothing_outside_changes_and_a_seed_repeats(name: str, dtype: str) -> None:
    wall = painted(dtype)
    first, second = (rendered(name, wall, seed=3) for _ in range(2))
    assert first.dtype == wall.dtype
    assert (first[~LOSS] == wall[~LOSS]).all()
    assert (first == second).all()
    assert (first[LOSS] != wall[LOSS]).any()


@pytest.mark.parametrize('name', ['rigatino', 'selezione', 'astrazione', 'dotting'])
def test_another_seed_gives_other_lines(name: str) -> None:
    assert (rendered(name, seed=0) != rendered(name, seed=1)).any()


@pytest.mark.parametrize('name', MIXING)
def test_lines_mix_to_the_fill(name: str) -> None:
    found = window_means(to_linear(rendered(name)))
    assert difference(found, window_means(to_linear(WALL))).max() < 2


@pytest.mark.parametrize('name', MIXING)
@pytest.mark.parametrize('shade', [0, 12, 255])
def test_a_very_dark_or_bright_fill_keeps_its_colour(name: str, shade: int) -> None:
    wall = np.full((SIDE, SIDE, 3), shade, np.uint8)
    found = window_means(to_linear(rendered(name, wall)))
    assert difference(found, window_means(to_linear(wall))).max() < 2


def test_astrazione_mixes_to_the_mean_of_what_is_intact() -> None:
    mean = lab_of_light(to_linear(WALL[~LOSS])).mean(axis=0)
    found = window_means(to_linear(rendered('astrazione')))
    assert difference(found, light_of_lab(mean)).max() < 2


def strongest(name: str, **options: Any) -> float:
    """Return the frequency in cycles per mm that is strongest across upright lines."""
    wall = np.full((SIDE, SIDE, 3), 128, np.uint8)
    lightness = lab_of_light(to_linear(rendered(name, wall, **options)))[40:280, 40:280, 0]
    power = (np.abs(np.fft.rfft(lightness - lightness.mean(), axis=1)) ** 2).mean(axis=0)
    frequency = np.fft.rfftfreq(lightness.shape[1], SCALE)
    return float(frequency[1 + np.argmax(power[1:])])


@pytest.mark.parametrize('width', [0.5, 1.0, 2.0])
def test_lines_are_as_wide_as_was_asked(width: float) -> None:
    found = strongest('rigatino', width=width)
    bin_ = 1 / (240 * SCALE)
    assert 1 / (3 * width) - bin_ <= found <= 1 / (2 * width) + bin_


def test_lines_lie_as_they_are_told() -> None:
    wall = np.full((SIDE, SIDE, 3), 128, np.uint8)
    for direction, axis in ((0.0, 0), (90.0, 1)):
        lightness = lab_of_light(
            to_linear(rendered('rigatino', wall, direction=direction, length=40.0))
        )[100:200, 100:200, 0]
        along, across = (np.abs(np.diff(lightness, axis=a)).mean() for a in (axis, 1 - axis))
        assert along < 0.2 * across


def test_lines_may_lie_apart() -> None:
    wall = np.full((SIDE, SIDE, 3), 128, np.uint8)
    apart = rendered('rigatino', wall, width=0.5, spacing=1.0)
    assert (apart[LOSS] == 128).all(axis=-1).mean() == pytest.approx(0.5, abs=0.02)
    assert difference(window_means(to_linear(apart)), to_linear(wall[0, 0])).max() < 2


def test_dashes_follow_the_forms() -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    slanted = 128 + 60 * np.sin((rows + columns) / 6)
    wall = np.repeat(slanted[..., None], 3, axis=2).astype(np.uint8)
    turned = np.ascontiguousarray(wall[:, ::-1])
    for picture, sign in ((wall, -1), (turned, 1)):
        light = lab_of_light(to_linear(rendered('selezione', picture)))[60:260, 60:260]
        down, right = np.gradient(ndimage.gaussian_filter(light[..., 1], 1))
        assert sign * (down * right).mean() < -0.2 * (down**2 + right**2).mean() / 2


def test_half_of_the_area_is_dots() -> None:
    wall = WALL.copy()
    wall[LOSS] = [250, 10, 10]
    dotted = rendered('dotting', wall, width=1.0)
    red = (dotted[LOSS] == [250, 10, 10]).all(axis=-1).mean()
    assert red == pytest.approx(0.5, abs=0.06)
    bare = rendered('neutral', wall)
    off = LOSS & (dotted != [250, 10, 10]).any(axis=-1)
    assert (dotted[off] == bare[off]).all()


def test_neutral_is_a_quiet_colour_of_the_surroundings() -> None:
    wall = np.empty((SIDE, SIDE, 3), np.uint8)
    wall[:, :160], wall[:, 160:] = (200, 60, 60), (60, 60, 200)
    loss = np.zeros_like(LOSS)
    loss[60:100, 40:80] = loss[60:100, 240:280] = True
    lab = lab_of_light(to_linear(rendered('neutral', wall, loss)))
    for middle, paint in (((80, 60), (200, 60, 60)), ((80, 260), (60, 60, 200))):
        wanted = lab_of_light(to_linear(np.array(paint, np.uint8)))
        np.testing.assert_allclose(lab[middle], wanted * [1, 0.4, 0.4] - [4, 0, 0], atol=0.6)


def test_an_outline_has_a_hue_that_the_picture_lacks() -> None:
    wall = np.empty((SIDE, SIDE, 3), np.uint8)
    wall[...] = (200, 60, 60)
    wall[LOSS] = (180, 80, 60)
    lined = rendered('outline', wall)
    rim = LOSS & ~ndimage.binary_erosion(LOSS, iterations=2)
    assert (lined[LOSS & ~ndimage.binary_erosion(LOSS, iterations=3)] != wall[LOSS][0]).any()
    assert (lined[ndimage.binary_erosion(LOSS, iterations=4)] == wall[LOSS][0]).all()
    hue = np.degrees(np.arctan2(*lab_of_light(to_linear(lined[rim]))[0, 2:0:-1]))
    own = np.degrees(np.arctan2(*lab_of_light(to_linear(wall[0, 0]))[2:0:-1]))
    assert abs((hue - own + 180) % 360 - 180) > 120
    assert (rendered('outline', wall, colour='#00ff00')[rim] == (0, 255, 0)).all()


def test_gray_photographs_stay_gray() -> None:
    wall = WALL[..., 1]
    for name in RENDERINGS:
        assert rendered(name, wall).shape == wall.shape


def test_alpha_stays() -> None:
    wall = np.dstack([WALL, np.full((SIDE, SIDE), 200, np.uint8)])
    assert (rendered('rigatino', wall)[..., 3] == 200).all()


def test_lines_too_fine_to_be_seen_are_refused() -> None:
    with pytest.raises(fresco.FrescoError, match=r'0\.5 mm is 1\.2 pixels.*give width=0\.8'):
        rendered('rigatino', mm_per_pixel=0.4)
    assert rendered('rigatino', mm_per_pixel=0.4, width=0.8).shape == WALL.shape
    with pytest.raises(fresco.FrescoError, match='not known'):
        rendered('rigatino', mm_per_pixel=None)
    with pytest.raises(fresco.FrescoError, match='did you mean'):
        rendered('rigatini')
    with pytest.raises(fresco.FrescoError, match='spacing'):
        rendered('rigatino', width=1, spacing=0.5)
    with pytest.raises(fresco.FrescoError, match='no colour'):
        rendered('outline', colour='bluish')
    with pytest.raises(fresco.FrescoError, match='nothing was filled'):
        rendered('neutral', loss=np.zeros_like(LOSS))


def test_the_scale_is_that_of_the_image_but_not_that_of_a_print() -> None:
    spacing = {'Y': (SCALE, 'mm'), 'X': (SCALE, 'mm')}
    image = fresco.Image(WALL, 'YXS', spacing)
    done = fresco.intervention.render(image, WALL, LOSS)
    assert isinstance(done.image, fresco.Image)
    assert done.image.spacing == image.spacing
    assert done.facts['mm_per_pixel'] == SCALE
    assert done.facts['fuses_at_m'] == 1.7
    printed = fresco.Image(WALL, 'YXS', spacing, metadata={'resolution_unit': 'inch'})
    with pytest.raises(fresco.FrescoError, match='not known'):
        fresco.intervention.render(printed, WALL, LOSS)
