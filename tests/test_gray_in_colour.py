"""A gray picture in colour samples is restored as the gray picture that it is."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest
from numpy.typing import NDArray

import napari_fresco as fresco
from napari_fresco.image.carriers import carriers_of
from napari_fresco.image.layout import Layout

SHOWN = {'gray': (0, 1, 2), 'green': (1,), 'magenta': (0, 2)}


def gray(n: int = 64) -> NDArray[np.uint8]:
    y, x = np.mgrid[:n, :n] / n
    clean = 60 + 100 * np.exp(-((y - 0.5) ** 2 + (x - 0.4) ** 2) * 20) + 40 * (x > 0.7)
    return np.random.default_rng(0).normal(clean, 8).round().astype(np.uint8)


def coloured(plane: NDArray[Any], carriers: tuple[int, ...]) -> NDArray[Any]:
    samples = [plane if i in carriers else np.zeros_like(plane) for i in range(3)]
    return np.stack(samples, axis=-1)


def found(image: Any, axes: str | None = None) -> tuple[int, ...]:
    whole = fresco.Image.of(image, axes=axes)
    return carriers_of(whole, Layout.of(whole))


@pytest.mark.parametrize('carriers', SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize('method', ['ffdnet', 'virnet'])
def test_it_is_restored_as_alone(method: str, carriers: tuple[int, ...]) -> None:
    alone = fresco.restore(gray(), method=method, task='denoise')
    result = fresco.restore(coloured(gray(), carriers), method=method, task='denoise')
    np.testing.assert_array_equal(result.image, coloured(alone.image, carriers))
    assert all(check.ok for check in result.checks)
    assert 'restored as a gray image' in result.provenance['notes'][0], 'which is no doubt'
    assert alone.provenance['notes'] == []
    if alone.variance is not None:
        np.testing.assert_array_equal(result.variance, alone.variance)


def test_alpha_comes_back_and_losses_are_filled() -> None:
    alpha = np.random.default_rng(1).integers(1, 256, (64, 64, 1), np.uint8)
    image = np.concatenate([coloured(gray(), (0, 1, 2)), alpha], axis=-1)
    mask = np.zeros((64, 64), bool)
    mask[20:24, 10:50] = True
    result = fresco.restore(image, method='dpir', task='inpaint', mask=mask).image
    alone = fresco.restore(gray(), method='dpir', task='inpaint', mask=mask).image
    np.testing.assert_array_equal(result, np.concatenate([np.stack([alone] * 3, -1), alpha], -1))


def test_missing_pixels_are_missing_in_every_colour() -> None:
    plane = gray().astype(np.float32)
    plane[3:6, 4:9] = np.nan
    result = fresco.restore(coloured(plane, (0, 1, 2)), method='ffdnet').image
    alone = fresco.restore(plane, method='ffdnet').image
    np.testing.assert_array_equal(result, np.stack([alone] * 3, axis=-1))


def test_a_mosaic_in_colours_is_refused() -> None:
    with pytest.raises(fresco.FrescoError, match='not RGB'):
        fresco.restore(coloured(gray(), (0, 1, 2)), method='dpir', task='demosaic')


def test_it_is_enlarged() -> None:
    large = fresco.restore(
        coloured(gray(32), (1,)), method='usrnet', task='super_resolve', scale=2
    ).image
    assert large.shape == (64, 64, 3)
    assert not large[..., (0, 2)].any()
    assert large[..., 1].any()


def test_its_noise_and_its_method_are_those_of_gray() -> None:
    for carriers in SHOWN.values():
        image = coloured(gray(), carriers)
        assert fresco.estimate_noise(image) == fresco.estimate_noise(gray())
        assert fresco.recommend(image) == fresco.recommend(gray())


def test_colours_are_told_by_one_pixel_in_any_plane() -> None:
    planes = np.stack([coloured(gray(), (0, 1, 2))] * 3)
    assert found(planes, 'ZYXS') == (0, 1, 2)
    assert found(da.from_array(planes, chunks=(1, 20, 64, 3)), 'ZYXS') == (0, 1, 2)
    planes[2, 63, 63, 1] += 1
    assert found(planes, 'ZYXS') == ()
    assert found(np.moveaxis(coloured(gray(), (2,)), -1, 0), 'SYX') == (2,)
    assert found(np.zeros((8, 8, 3))) == ()
    assert found(np.stack([coloured(gray(), (0,)), coloured(gray(), (1,))]), 'ZYXS') == ()


def test_a_gray_part_of_a_photograph_is_a_part_of_a_photograph() -> None:
    photograph = np.stack([gray(), gray()[::-1], gray().T], axis=-1)
    photograph[:32, :32] = coloured(gray(), (0, 1, 2))[:32, :32]
    part = fresco.restore(
        photograph[:32, :32], method='ffdnet', sigma=8.0, context=photograph, context_origin=(0, 0)
    )
    assert not part.provenance['notes']


def test_channels_in_the_place_of_colours_are_found() -> None:
    two = np.stack([gray(), gray()[::-1], np.zeros_like(gray())], axis=-1)
    (check,) = (c for c in fresco.restore(two, method='ffdnet').checks if c.name == 'channels')
    assert not check.ok
    assert "axes='YXC'" in check.message
    assert fresco.recommend(two).caution == check.message, 'it is said before the run, too'
    assert not fresco.recommend(two[..., [0, 1, 0]]).caution


def toned(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a plane as a sepia print shows it, in bytes."""
    lines = [(1.0, 12.0), (0.9, 4.0), (0.7, 0.0)]
    colours = np.stack([slope * plane + offset for slope, offset in lines], axis=-1)
    return np.clip(np.rint(colours), 0, 255).astype(np.uint8)


def test_a_tinted_picture_is_restored_as_gray_and_keeps_its_tint() -> None:
    image = toned(gray())
    image[2:5, 5:20] = (255, 0, 0)  # a red bar
    result = fresco.restore(image, method='ffdnet')
    assert 'a tint, which was kept' in result.provenance['notes'][0]
    alone = fresco.restore(image[..., 0], method='ffdnet').image
    np.testing.assert_array_equal(result.image[..., 0], alone)
    error = np.abs(result.image[8:].astype(float) - toned(alone - 12.0)[8:])
    assert error.max() <= 2, 'what rounding left apart stays'
    assert (result.image[3, 7:18, 1:] < 30).all(), 'an annotation stays red'


def test_a_loss_and_a_larger_picture_have_the_tint() -> None:
    image, mask = toned(gray()), np.zeros((64, 64), bool)
    mask[20:24, 10:50] = True
    image[mask] = 255
    filled = fresco.restore(image, method='dpir', task='inpaint', mask=mask).image
    np.testing.assert_array_equal(filled[~mask], image[~mask])
    tinted = toned(filled[..., 0] - 12.0)
    assert np.abs(filled[mask] - tinted[mask].astype(float)).max() <= 2
    large = fresco.restore(toned(gray(32)), method='usrnet', task='super_resolve', scale=2).image
    assert np.abs(large - toned(large[..., 0] - 12.0).astype(float)).max() <= 2


@pytest.mark.parametrize('apart', [8.0, 4.0])
def test_colours_with_noise_of_their_own_are_colours(apart: float) -> None:
    own = np.random.default_rng(1).normal(0, apart, (64, 64, 3))
    image = np.clip(np.rint(gray()[..., None] + own), 0, 255).astype(np.uint8)
    assert not fresco.restore(image, method='ffdnet').provenance['notes']
