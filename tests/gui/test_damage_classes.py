"""Labels stand for classes of damage: named, coloured, and filled or left as their class says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_fresco import samples
from napari_fresco.damage.classes import CLASSES, DamageClass, class_named
from napari_fresco.damage.colours import lab_of
from napari_fresco.errors import ParameterError
from napari_fresco.layers.damage_classes import classes_of, give_classes
from napari_fresco.layers.mask_layers import marked
from napari_fresco.layers.pixel_size import mm_per_pixel
from napari_fresco.layers.selection import select


def mask_of_all_classes() -> Labels:
    labels = np.zeros((20, 30), np.uint8)
    for each in CLASSES:
        labels[2:18, each.value] = each.value
    return Labels(labels)


def test_classes_have_values_names_and_colours_of_their_own() -> None:
    for facts in ('value', 'name', 'colour'):
        assert len({getattr(each, facts) for each in CLASSES}) == len(CLASSES)
    assert [each.name for each in CLASSES[:6]] == [
        'crack', 'loss', 'stain', 'retouch', 'keep', 'denoise only',
    ]  # fmt: skip
    assert class_named('keep').filled is class_named('keep').damaged is False
    with pytest.raises(ParameterError, match='craquelure'):
        class_named('hole')


def test_a_layer_remembers_its_classes_in_plain_data() -> None:
    layer = mask_of_all_classes()
    assert classes_of(layer) == ()
    give_classes(layer)
    assert classes_of(layer) == CLASSES
    assert json.loads(json.dumps(layer.metadata)) == layer.metadata
    own = (DamageClass(3, 'soot', '#123456', filled=False),)
    give_classes(layer, own)
    assert classes_of(layer) == own
    np.testing.assert_allclose(layer.get_color(3), [0x12 / 255, 0x34 / 255, 0x56 / 255, 1])
    assert 'class: soot' in layer.get_status((5, 3), world=False)['value']


def test_the_colours_of_classes_stand_out_from_a_mural() -> None:
    picture = lab_of(np.asarray(samples.mural().image)[::4, ::4]).reshape(-1, 3)
    for each in CLASSES[:6]:
        rgb = [int(each.colour[i : i + 2], 16) for i in (1, 3, 5)]
        (colour,) = lab_of(np.array([[rgb]], np.uint8))[0]
        distance = np.linalg.norm(picture - colour, axis=-1)
        assert np.quantile(distance, 0.01) > 40, each.name


def test_only_classes_that_are_filled_are_damage_to_a_method() -> None:
    layer, wall = mask_of_all_classes(), select(Image(np.zeros((20, 30))))
    assert marked(wall, layer).load().sum() == 16 * len(CLASSES), 'labels without classes all count'
    give_classes(layer, CLASSES)
    filled = {each.value for each in CLASSES if each.filled}
    assert set(np.unique(np.argwhere(marked(wall, layer).load())[:, 1])) == filled
    assert marked(wall, layer, label=5).load().sum() == 16, 'a label that was asked for counts'


def test_what_is_to_be_kept_is_no_damage_however_far_that_grows() -> None:
    layer, wall = mask_of_all_classes(), select(Image(np.zeros((20, 30))))
    give_classes(layer, CLASSES)
    keep = layer.data == class_named('keep').value
    for options in ({'grow': 3}, {'invert': True}, {'grow': 3, 'invert': True}):
        mask = marked(wall, layer, **options).load()
        assert mask.sum() > 100
        assert not mask[keep].any()


@pytest.mark.parametrize(
    ('space', 'size'),
    [
        ({}, None),
        ({'scale': (2, 2)}, None),
        ({'scale': (0.2, 0.2), 'units': ('mm', 'mm')}, 0.2),
        ({'scale': (20, 80), 'units': ('um', 'um')}, 0.04),
        ({'scale': (-0.1, 0.1), 'units': ('cm', 'cm')}, 1.0),
    ],
)
def test_the_size_of_a_pixel_is_told_in_millimetres(space: dict, size: float | None) -> None:
    found = mm_per_pixel(Image(np.zeros((20, 30)), **space))
    assert found == (None if size is None else pytest.approx(size))
