"""Proposals: cracks are found, drawn outlines are not; losses; learning from scribbles."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from skimage import filters

import napari_fresco as fresco
from napari_fresco.damage import cracks
from napari_fresco.damage import scribbles as scribbles_module
from napari_fresco.damage.in_tiles import tiles
from napari_fresco.degrade import damage_masks
from napari_fresco.errors import MaskError, MethodError, ParameterError
from napari_fresco.generators import result_of

SHAPE = (160, 160)
Mask = NDArray[np.bool_]


def wall(seed: int = 0) -> NDArray[np.float64]:
    """A plain painted ground with soft shades and grain, in [0, 1]."""
    random = np.random.default_rng(seed)
    shade = 0.05 * damage_masks.cloud(SHAPE, 30, random) + random.normal(0, 0.01, SHAPE)
    return np.asarray(np.clip(np.array([0.7, 0.6, 0.45]) * (1 + shade[..., None]), 0, 1))


def cracked(seed: int = 0, depth: float = 0.4) -> tuple[NDArray[np.float64], Mask]:
    """The wall with drawn craquelure, and where it is."""
    mask = damage_masks.craquelure(SHAPE, 0.05, 2, np.random.default_rng(seed))
    return wall(seed) * (1 - depth * ndimage.gaussian_filter(mask * 1.0, 0.6))[..., None], mask


def outlined() -> tuple[NDArray[np.float64], Mask]:
    """Discs of other colours with black outlines 2 pixels wide, and where the outlines are."""
    image, outline = wall(), np.zeros(SHAPE, bool)
    colours = ([0.3, 0.1, 0.1], [0.2, 0.35, 0.5], [0.9, 0.85, 0.7], [0.25, 0.4, 0.2])
    rows, cols = np.indices(SHAPE)
    for (y, x), colour in zip(((45, 45), (45, 115), (115, 45), (115, 115)), colours, strict=True):
        distance = np.hypot(rows - y, cols - x)
        image[distance < 25] = colour
        outline |= np.abs(distance - 25) < 1
    image[outline] = 0.1
    return np.asarray(ndimage.gaussian_filter(image, (0.6, 0.6, 0))), outline


def same(one: Any, two: Any) -> bool:
    """Whether responses agree but for pixels where two orientations are equally strong."""
    return bool(np.quantile(np.abs(one - two), 0.99) < 1e-3)


def f1(found: Mask, truth: Mask) -> float:
    """F1 with a tolerance of 2 pixels."""
    near = [ndimage.distance_transform_edt(~mask) <= 2 for mask in (found, truth)]
    precision, recall = near[1][found].mean(), near[0][truth].mean()
    return float(2 * precision * recall / (precision + recall))


def test_cracks_on_a_plain_ground_are_found() -> None:
    image, mask = cracked()
    assert f1(fresco.damage.propose_cracks(image), mask) > 0.85


def test_cracks_have_a_tone() -> None:
    image, mask = cracked()
    light = 1 - image
    assert f1(fresco.damage.propose_cracks(light, tone='light'), mask) > 0.8
    dark, both = (fresco.damage.propose_cracks(image, tone=t) for t in ('dark', 'both'))  # type: ignore[arg-type]
    assert f1(both, mask) > 0.7
    assert f1(fresco.damage.propose_cracks(light), mask) < f1(dark, mask) - 0.2


def test_outlines_between_two_colours_are_taken_for_cracks_less_than_by_a_ridge_filter() -> None:
    image, outline = outlined()
    _, mask = cracked(3)
    mask &= ~ndimage.binary_dilation(outline, iterations=8)
    image = image * (1 - 0.5 * ndimage.gaussian_filter(mask * 1.0, 0.6))[..., None]
    ridges = filters.sato(image.mean(axis=-1), sigmas=(1, 2))
    near, share = ndimage.distance_transform_edt(~outline) <= 2, 1.5 * float(mask.mean())
    false, right = [], []
    for response in (ridges, cracks.crack_response(image)):
        found = cracks.cracks_above(response, share)
        false.append((found & near).sum() / found.sum())
        right.append(f1(found, mask))
    assert false[1] < 0.6 * false[0]
    assert right[1] > 0.5 > right[0]


def test_gray_integers_and_alpha_say_the_same_as_floats() -> None:
    image, _ = cracked()
    eight = np.round(image * 255).astype(np.uint8)
    alpha = np.concatenate([eight, np.full((*SHAPE, 1), 255, np.uint8)], axis=-1)
    response = cracks.crack_response(eight)
    assert same(response, cracks.crack_response(alpha))
    assert same(response, cracks.crack_response(eight.astype(np.uint16) * 257))
    gray = eight[..., 1]
    colour = np.stack([gray] * 3, axis=-1)
    assert same(cracks.crack_response(gray), cracks.crack_response(colour))


def test_a_turned_image_has_turned_cracks() -> None:
    image, _ = cracked()
    response = cracks.crack_response(image)
    turned = cracks.crack_response(np.rot90(image).copy())
    assert same(np.rot90(response), turned)


def test_parts_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    image, _ = cracked()
    image = np.tile(image, (1, 3, 1))
    whole = cracks.crack_response(image)
    monkeypatch.setattr(cracks, '_TILE', 150)
    assert same(cracks.crack_response(image), whole)


def test_widths_and_lengths_follow_the_scale() -> None:
    image, mask = cracked()
    large = np.repeat(np.repeat(image, 3, axis=0), 3, axis=1)
    truth = np.repeat(np.repeat(mask, 3, axis=0), 3, axis=1)
    found = fresco.damage.propose_cracks(large, 0.1, widest=1.8, shortest=4.5)
    assert found.shape == truth.shape
    assert f1(found, truth) > f1(fresco.damage.propose_cracks(large), truth)
    assert np.array_equal(found, fresco.damage.propose_cracks(large, widest=18, shortest=45))


def test_a_threshold_that_was_chosen_on_a_part_counts_for_the_whole() -> None:
    image, _ = cracked()
    response = fresco.damage.crack_response(image)
    part = response[:60, :60]
    low, high = np.quantile(part, [0.9, 0.96])
    expected = filters.apply_hysteresis_threshold(response, low, high)
    found = fresco.damage.cracks_above(response, 0.1, 0, part)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize('shape', [(5, 7), (100, 64), (64, 129)])
def test_tiles_cover_every_pixel_once(shape: tuple[int, int]) -> None:
    count, image = np.zeros(shape, int), np.random.default_rng(0).random(shape)
    for tile in tiles(shape, 32, 10):
        count[tile.inner] += 1
        np.testing.assert_array_equal(image[tile.seen][tile.within], image[tile.inner])
    assert (count == 1).all()


def test_nothing_is_proposed_on_a_flat_image() -> None:
    flat = np.full(SHAPE, 0.5)
    assert not fresco.damage.propose_cracks(flat).any()
    assert not fresco.damage.propose_losses(flat).any()


def test_short_pieces_are_dropped() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[10, 10:14] = mask[np.arange(50, 80), np.arange(50, 80)] = True
    assert cracks.long_pieces(mask, 10).sum() == 30


@pytest.mark.parametrize(
    ('keywords', 'said'),
    [
        ({'tone': 'grey'}, 'dark'),
        ({'share': 0.0}, 'share'),
        ({'widest': -1.0}, 'widest'),
        ({'mm_per_pixel': 0.0}, 'mm_per_pixel'),
    ],
)
def test_what_cannot_be_proposed_is_said(keywords: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        fresco.damage.propose_cracks(wall(), **keywords)


def test_images_out_of_range_are_refused() -> None:
    with pytest.raises(ParameterError, match=r'\[0, 1\]'):
        fresco.damage.propose_cracks(wall() * 255)
    with pytest.raises(ParameterError, match='shape'):
        fresco.damage.propose_cracks(np.zeros((3, 4, 5, 6)))


def test_losses_are_grown_from_a_click_or_stand_out() -> None:
    image = wall()
    loss = damage_masks.flakes(SHAPE, 0.03, 20, np.random.default_rng(2))
    image[loss] = 0.95
    inside = np.argwhere(ndimage.binary_erosion(loss, iterations=3))[0]
    grown = fresco.damage.propose_losses(image, (int(inside[0]), int(inside[1])))
    labels, _ = ndimage.label(loss)
    piece = labels == labels[tuple(inside)]
    assert (grown & piece).sum() > 0.8 * piece.sum()
    assert (grown & ~ndimage.binary_dilation(loss, iterations=2)).sum() == 0
    assert f1(fresco.damage.propose_losses(image), loss) > 0.9
    with pytest.raises(ParameterError, match='outside'):
        fresco.damage.propose_losses(image, (500, 2))


def test_scribbles_teach_what_a_filter_takes_for_cracks() -> None:
    pytest.importorskip('sklearn')
    image, mask = cracked(4)
    strokes = np.zeros(SHAPE, bool)  # brown strokes of the brush as wide as the cracks
    strokes[::23, 10:150] = strokes[1::23, 10:150] = True
    image[strokes & ~mask] = [0.45, 0.25, 0.15]
    features = fresco.damage.scribble_features(image)
    scribbles = np.zeros(SHAPE, np.uint8)
    half = np.arange(SHAPE[1]) < 80
    scribbles[mask & half & (np.arange(SHAPE[0])[:, None] < 80)] = 1
    scribbles[strokes & ~mask & half] = 2
    learned = fresco.damage.learn_from_scribbles(features, scribbles)
    assert learned.mask[scribbles == 1].all()
    assert (learned.probability[scribbles == 2] == 0).all()
    before = fresco.damage.propose_cracks(image)
    unseen = np.broadcast_to(~half, SHAPE)
    false = strokes & ~ndimage.binary_dilation(mask, iterations=2) & unseen
    assert (learned.mask & false).sum() < 0.3 * (before & false).sum()
    assert f1(learned.mask & unseen, mask & unseen) > f1(before & unseen, mask & unseen)
    again = fresco.damage.learn_from_scribbles(image, scribbles)
    assert np.array_equal(learned.mask, again.mask)


def test_what_was_learned_on_a_part_is_applied_to_the_whole(monkeypatch: Any) -> None:
    pytest.importorskip('sklearn')
    monkeypatch.setattr(scribbles_module, '_TILE', 60)
    image, mask = cracked(4)
    said = np.zeros(SHAPE, np.uint8)
    said[:70, :70][mask[:70, :70]] = 1
    said[:70:9, :70][~mask[:70:9, :70]] = 2
    part = fresco.damage.scribble_features(image[:100, :100])
    lessons = scribbles_module.lessons_of(part, said[:100, :100])
    steps = scribbles_module.learned_steps(image, [lessons], part.levels, said)
    learned = result_of(steps)
    unseen = np.zeros(SHAPE, bool)
    unseen[105:, 105:] = True
    assert f1(learned.mask & unseen, mask & unseen) > 0.75
    # Tiles show in nothing: away from their margins they say what the whole says.
    whole = fresco.damage.scribble_features(image, part.levels)
    forest = scribbles_module.forest_of([lessons])
    at_once = scribbles_module.decided(scribbles_module.probability_of(forest, whole), said)
    assert (learned.mask != at_once.mask).mean() < 0.01


def test_lessons_need_both_labels_only_together() -> None:
    pytest.importorskip('sklearn')
    image, mask = cracked(4)
    features = fresco.damage.scribble_features(image)
    lessons = []
    for label in (1, 2):
        said = np.where(mask if label == 1 else ~mask, label, 0)
        said[40:] = 0
        lessons.append(scribbles_module.lessons_of(features, said, partly=True))
        with pytest.raises(MaskError, match='no scribble'):
            scribbles_module.forest_of(lessons[-1:])
    assert (
        scribbles_module.probability_of(scribbles_module.forest_of(lessons), features).max() > 0.5
    )


def test_scribbles_need_both_labels_and_the_shape_of_the_image() -> None:
    scribbles = np.ones(SHAPE, np.uint8)
    with pytest.raises(MaskError, match=r'2 \(paint'):
        fresco.damage.learn_from_scribbles(wall(), scribbles)
    with pytest.raises(MaskError, match='shape'):
        fresco.damage.learn_from_scribbles(wall(), scribbles[:-1])


def test_without_scikit_learn_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, 'sklearn.ensemble', None)
    scribbles = np.ones(SHAPE, np.uint8)
    scribbles[:80] = 2
    with pytest.raises(MethodError, match=r'napari-fresco\[scribbles\]'):
        fresco.damage.learn_from_scribbles(wall(), scribbles)


def test_proposals_need_neither_torch_nor_scikit_learn() -> None:
    code = 'import sys, napari_fresco.damage; assert not {"torch", "sklearn"} & set(sys.modules)'
    subprocess.run([sys.executable, '-c', code], check=True)
