"""Malvar-He-Cutler demosaicing."""

from __future__ import annotations

import numpy as np
import pytest

from napari_fresco.errors import ImageError, ParameterError
from napari_fresco.evidence.metrics import psnr
from napari_fresco.physics import demosaic
from napari_fresco.physics.demosaic import filter_array

from .arrays import mosaic

PATTERNS = ['RGGB', 'GRBG', 'GBRG', 'BGGR']


def scene(height: int, width: int) -> np.ndarray:
    """Return a smooth picture with colours that go together, as in photographs."""
    rows, cols = np.mgrid[:height, :width]
    gray = 0.5 + 0.3 * np.sin(rows / 3) * np.cos(cols / 4)
    return np.stack([gray + 0.1, gray, gray - 0.1], axis=-1)


@pytest.mark.parametrize('pattern', PATTERNS)
@pytest.mark.parametrize('shape', [(16, 20), (15, 21), (2, 2), (3, 2)])
def test_measured_samples_are_untouched(pattern: str, shape: tuple[int, int]) -> None:
    picture = scene(*shape)
    rgb = demosaic.malvar(mosaic(picture, pattern), pattern)
    assert rgb.shape == (*shape, 3)
    index = filter_array(shape, pattern)
    for colour in range(3):
        np.testing.assert_array_equal(
            rgb[index == colour, colour], picture[index == colour, colour]
        )


@pytest.mark.parametrize('pattern', PATTERNS)
def test_a_gray_ramp_is_exact_inside(pattern: str) -> None:
    rows, cols = np.mgrid[:14, :17]
    ramp = np.repeat((2.0 * rows - 3.0 * cols + 5)[..., None], 3, axis=-1)
    rgb = demosaic.malvar(mosaic(ramp, pattern), pattern)
    np.testing.assert_allclose(rgb[2:-2, 2:-2], ramp[2:-2, 2:-2], atol=1e-12)


@pytest.mark.parametrize('pattern', PATTERNS)
def test_constant_colour_is_exact_to_the_border(pattern: str) -> None:
    flat = np.broadcast_to([0.7, 0.4, 0.1], (9, 7, 3))
    rgb = demosaic.malvar(mosaic(flat, pattern), pattern)
    np.testing.assert_allclose(rgb, flat, atol=1e-12)


def test_patterns_are_shifts_of_one_another() -> None:
    picture = np.random.default_rng(0).random((20, 24, 3))
    cfa = mosaic(picture, 'RGGB')
    whole = demosaic.malvar(cfa, 'RGGB')
    for rows, cols, pattern in ((1, 0, 'GBRG'), (0, 1, 'GRBG'), (1, 1, 'BGGR')):
        part = demosaic.malvar(cfa[rows:, cols:], pattern)
        np.testing.assert_allclose(part[3:, 3:], whole[rows + 3 :, cols + 3 :], atol=1e-12)


def test_turning_the_mosaic_turns_the_picture() -> None:
    cfa = np.random.default_rng(1).random((12, 16))
    turned = demosaic.malvar(cfa.T, 'RGGB').transpose(1, 0, 2)
    np.testing.assert_allclose(turned, demosaic.malvar(cfa, 'RGGB'), atol=1e-12)


def test_a_smooth_picture_comes_back() -> None:
    picture = scene(32, 40)
    rgb = demosaic.malvar(mosaic(picture))
    assert psnr(rgb, picture, border=3) > 38


def test_bad_mosaics_are_refused() -> None:
    for shape in ((5, 5, 3), (7,), (1, 9)):
        with pytest.raises(ImageError, match='mosaic'):
            demosaic.malvar(np.ones(shape))
    with pytest.raises(ParameterError, match='RGGB'):
        demosaic.malvar(np.ones((4, 4)), 'XTRANS')
