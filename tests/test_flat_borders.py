"""Borders of one value, as registering fills them: they spoil nothing and come back as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.noise.flat_borders import flat_border
from napari_fresco.physics import kernels

Array = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(0)


def scene(side: int = 96) -> Array:
    smooth = ndimage.gaussian_filter(RANDOM.normal(0, 1, (side, side)), 4)
    return np.asarray(30 + 150 * np.abs(smooth) / smooth.std() / 3)


def frame(photons: Array) -> Array:
    counts = 2 * RANDOM.poisson(photons) + 100 + RANDOM.normal(0, 3, photons.shape)
    return np.rint(counts).astype(np.uint16)


def error(image: Any, truth: Array, where: Any) -> float:
    return float(np.sqrt(np.mean((np.asarray(image, float)[where] - truth[where]) ** 2)))


@pytest.mark.parametrize('value', [0, 65535])
def test_a_filled_border_spoils_nothing(value: int) -> None:
    photons = scene()
    truth, image, inside = 2 * photons + 100, frame(photons), np.s_[45:]
    alone = error(fresco.restore(image, method='ffdnet', device='cpu').image, truth, inside)
    image[:40] = value
    result = fresco.restore(image, method='ffdnet', device='cpu')
    assert error(result.image, truth, inside) < 1.15 * alone
    assert (result.image[:40] == value).all()
    assert any('3840 pixels along the border' in w for w in result.provenance['warnings'])


def test_a_filled_border_of_real_numbers_and_corners_of_a_turned_frame() -> None:
    photons = scene()
    truth, image = 2 * photons + 100, frame(photons).astype(np.float32)
    image[:, :20] = -9999
    result = fresco.restore(image, method='ffdnet', device='cpu')
    assert (result.image[:, :20] == -9999).all()
    assert error(result.image, truth, np.s_[:, 24:]) < 0.5 * error(image, truth, np.s_[:, 24:])
    turned = ndimage.rotate(frame(photons), 8, reshape=False, order=1)
    found = flat_border(turned)
    assert found is not None
    np.testing.assert_array_equal(found, turned == 0)


@pytest.mark.parametrize('rows', [3, 20])
def test_richardson_and_lucy_stop_beside_a_filled_border(rows: int) -> None:
    kernel = kernels.gaussian(1.5, size=11)
    truth = np.asarray(scene())
    blurred = ndimage.convolve(truth, kernel, mode='reflect')
    image = np.rint(blurred + RANDOM.normal(0, 3, truth.shape)).clip(0, 255).astype(np.uint8)
    image[:rows] = 0
    how = {'method': 'richardson_lucy', 'task': 'deblur', 'kernel': kernel, 'device': 'cpu'}
    result = fresco.restore(image, **how)
    assert result.provenance['steps'] < 30
    inside = np.s_[rows + 8 : -8, 8:-8]
    assert error(result.image, truth, inside) < error(image, truth, inside)


def test_losses_are_filled_from_what_surrounds_them_and_enlarging_keeps_a_border() -> None:
    image = frame(scene())
    image[:40] = 0
    mask = np.zeros(image.shape, bool)
    mask[8:14, 20:30] = True
    image[mask] = 300
    filled = fresco.restore(
        image, method='ircnn', task='inpaint', mask=mask, iterations=2, device='cpu'
    ).image
    assert (filled[mask] < 20).all()
    image[:40] = 0
    larger = fresco.restore(
        image, method='dpir', task='super_resolve', scale=2, iterations=2,
        kernel=np.ones((3, 3)), device='cpu',
    ).image  # fmt: skip
    assert (larger[:80] == 0).all()


def test_what_begins_softly_and_what_is_drawn_is_no_border() -> None:
    image = frame(scene())
    light = image.astype(float)
    light[:30] += np.linspace(300, 0, 30)[:, None]
    clipped = np.minimum(light, 330).astype(np.uint16)  # a bright sky
    drawn = np.full((60, 60), 255, np.uint8)
    drawn[20:40, 20:40] = 0
    dark = np.maximum(ndimage.gaussian_filter(light, 2) - 160, 0).astype(np.uint16)
    street = np.minimum(image / 2, 200)  # below a sky that is clipped on the left alone
    street[:40, :46], street[:40, 50:] = 255, 252
    for soft in (image, clipped, drawn, dark, street, np.full((9, 9), 7), image[:2], image[:1, :1]):
        assert flat_border(soft) is None
    spotted = image.copy()
    spotted[RANDOM.random(image.shape) < 0.05] = 0
    assert flat_border(spotted) is None
