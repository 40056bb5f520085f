"""Labels stand for classes of damage: named, coloured, and filled or left as their class says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from npe2 import PluginManifest

import napari_fresco as fresco
from napari_fresco import samples
from napari_fresco.damage.classes import CLASSES, KEEP, DamageClass, class_named
from napari_fresco.damage.colours import lab_of
from napari_fresco.errors import ParameterError
from napari_fresco.io.mask_files import read_mask
from napari_fresco.layers.images.layer_kinds import DAMAGE
from napari_fresco.layers.images.pixel_size import mm_per_pixel
from napari_fresco.layers.images.selection import select
from napari_fresco.layers.masks.damage_classes import class_keywords, classes_of, give_classes
from napari_fresco.layers.masks.mask_layers import marked


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


@pytest.mark.parametrize('name', ['m.tif', 'm.ome.tif', 'm.png', 'm.ome.zarr'])
def test_a_mask_that_was_saved_is_one_the_next_day(tmp_path: Path, name: str, npe2pm: Any) -> None:
    npe2pm.register(PluginManifest.from_file(Path(fresco.__file__).with_name('napari.yaml')))
    viewer = ViewerModel()
    labels = np.zeros((20, 30), np.uint8)
    labels[2:4], labels[8:12], labels[15] = 1, KEEP.value, 7
    place = {'scale': (0.5, 0.5), 'units': ('mm', 'mm')}
    told = class_keywords()
    told['metadata'][DAMAGE] = True
    image = viewer.add_image(np.full((20, 30), 9, np.uint8), name='wall', **place)
    mask = viewer.add_labels(labels, name='wall mask', **place, **told)
    path, file = tmp_path / name, tmp_path / name
    if name.endswith('.zarr'):
        viewer.layers.selection, file = {image, mask}, path / 'labels/mask'
        viewer.layers.save(str(path), selected=True, plugin='napari-fresco')
    else:
        mask.save(str(path), plugin='napari-fresco')
    again = ViewerModel().open(path, plugin='napari-fresco')[-1]
    assert isinstance(again, Labels)
    np.testing.assert_array_equal(again.data, labels)
    np.testing.assert_allclose(again.scale, mask.scale)
    assert classes_of(again) == classes_of(mask)
    assert again.metadata[DAMAGE]
    np.testing.assert_array_equal(read_mask(file).data, labels == 1)
    with pytest.raises(fresco.FrescoError, match='empty'):
        fresco.restore(
            image.data,
            method='dpir',
            task='inpaint',
            mask=replace(fresco.read(file), data=np.where(labels == 1, 0, labels)),
        )


def test_labels_that_may_have_been_classes_are_said_to_be_filled() -> None:
    image = Image(np.zeros((8, 8)))
    several = Labels(np.tile([0, 1, 5, 2], (8, 2)))
    cells = Labels(np.arange(64).reshape(8, 8))
    one = Labels(np.tile([0, 255], (8, 4)))
    assert '"keep" (5) too' in marked(select(image), several).note
    assert not marked(select(image), cells).note + marked(select(image), one).note
