"""Fills with patches of the same picture."""

import numpy as np
import pytest

from napari_fresco.errors import MaskError
from napari_fresco.image.hole_width import widest
from napari_fresco.physics.exemplar import exemplar, wider

ROWS, COLUMNS = np.mgrid[:64, :72]


def hole(shape=(64, 72), size=16):
    known = np.ones(shape, bool)
    known[24 : 24 + size, 28 : 28 + size] = False
    return known


def woven():
    return (
        np.stack([(ROWS // 3 + COLUMNS // 3) % 2, ROWS % 6 / 5, COLUMNS % 6 / 5], axis=-1) * 200.0
    )


@pytest.mark.parametrize('kind', ['mean', 'best'])
def test_a_regular_texture_goes_on_in_the_hole(kind):
    filled = getattr(exemplar(woven(), hole()), kind)
    assert np.abs(filled - woven())[~hole()].mean() < 4


def test_known_pixels_stay_and_what_lay_in_the_hole_does_not_matter():
    image = np.random.default_rng(0).uniform(0, 255, (64, 72))
    spoilt = np.where(hole(), image, np.nan)
    a, b = exemplar(image, hole()), exemplar(spoilt, hole())
    assert np.array_equal(a.best[hole()], image[hole()])
    assert np.array_equal(a.best, b.best)
    assert np.array_equal(a.mean, b.mean)


def test_units_do_not_matter():
    image = woven()
    small = exemplar(0.01 * image - 3, hole()).mean
    assert np.allclose(small, 0.01 * exemplar(image, hole()).mean - 3, atol=1e-3)


def test_the_best_patches_are_as_lively_as_the_picture():
    image = np.random.default_rng(1).normal(100, 20, (64, 72))
    fills = exemplar(image, hole())
    inside = np.s_[26:38, 30:42]
    assert fills.best[inside].std() > 0.7 * image.std()
    assert fills.mean[inside].std() < fills.best[inside].std()


def test_seeds_tell_fills_apart_and_repeat_them():
    image = np.random.default_rng(2).normal(100, 20, (64, 72))
    first, again, other = (exemplar(image, hole(), seed=s).best for s in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_sources_of_the_best_patches_are_told():
    image = np.random.default_rng(1).normal(100, 20, (64, 72))
    fills = exemplar(image, hole())
    assert np.array_equal(fills.best, image[tuple(fills.source)])
    assert hole()[tuple(fills.source)].all()
    whole = exemplar(image, np.ones_like(hole()))
    assert np.array_equal(whole.source, np.indices(image.shape))


def test_patches_come_only_from_where_they_may():
    image = np.where(COLUMNS < 14, 200.0, 50.0) + ROWS % 2
    allowed = COLUMNS < 13
    assert exemplar(image, hole(), sources=allowed).best[~hole()].min() >= 200
    assert exemplar(image, hole()).best[~hole()].max() <= 51


def test_without_a_whole_patch_a_membrane_is_left():
    image = COLUMNS * 1.0
    known = (COLUMNS % 5 == 0) | (COLUMNS == 71)
    assert np.allclose(exemplar(image, known).best, image, atol=0.5)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(MaskError, match='does not fit'):
        exemplar(woven(), np.ones((3, 3)))


def test_the_width_of_a_loss_is_that_of_the_discs_in_it():
    lost = np.hypot(ROWS - 30, COLUMNS - 30) <= 10
    lost[28:31, 30:] = True  # a crack that runs into it
    assert widest(lost) == pytest.approx(21, abs=2)
    assert widest(np.zeros((9, 9), bool)) == 0
    wide = wider(~lost, 12)
    assert wide[30, 30]
    assert wide[22, 30]
    assert not wide[29, 50:].any()
    assert not wider(~lost, 30).any()
    assert not (wide & ~lost).any()
