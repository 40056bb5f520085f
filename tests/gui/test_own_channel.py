"""What is given for each channel reaches the layer of that channel, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco._napari import commands
from napari_fresco._napari.methods import preset_menu
from napari_fresco.layers import restore_layer
from napari_fresco.layers.files.layer_files import image_layers

from ..test_channels import two_channels

GIVEN = {'gain': {'DAPI': 2, 'Cy5': 9}, 'offset': {'Cy5': 400, 'DAPI': 'auto'}}


@pytest.fixture
def channels(model: Any) -> list[Any]:
    """Add an image of two named channels, as a file of it is opened."""
    made = image_layers(two_channels((48, 48)), 'cells')
    return [model.add_image(data, **keywords) for data, keywords, _ in made]


@pytest.mark.parametrize('number', [0, 1])
def test_a_layer_of_a_channel_has_its_own(model: Any, channels: list[Any], number: int) -> None:
    own = {'sigma': {'DAPI': 25, 'Cy5': 60}}
    (made,) = restore_layer(model, channels[number], method='ffdnet', **own)
    name = ('DAPI', 'Cy5')[number]
    alone = fresco.restore(
        two_channels((48, 48)).channel(name), method='ffdnet', sigma=own['sigma'][name]
    )
    np.testing.assert_array_equal(made.data, alone.image.data[0])


def test_an_axis_of_channels_is_told_by_number(model: Any) -> None:
    image = two_channels((48, 48))
    layer = model.add_image(image.data, axis_labels=('c', 'y', 'x'), name='both')
    (made,) = restore_layer(model, layer, method='ffdnet', sigma={0: 25, 1: 60})
    both = fresco.restore(image, method='ffdnet', sigma={0: 25, 1: 60})
    np.testing.assert_array_equal(made.data, both.image.data)
    (one,) = restore_layer(model, layer, method='ffdnet', sigma={0: 25, 1: 60}, part=1)
    np.testing.assert_array_equal(np.squeeze(one.data), both.image.data[1])
    with pytest.raises(fresco.FrescoError, match="none for channel 1 of layer 'both'"):
        restore_layer(model, layer, method='ffdnet', sigma={0: 25})


def test_other_layers_are_refused(model: Any, channels: list[Any]) -> None:
    with pytest.raises(fresco.FrescoError, match='none for channel Cy5, which layer'):
        restore_layer(model, channels[1], method='ffdnet', sigma={'DAPI': 3})
    plain = model.add_image(np.ones((32, 32)), name='plain')
    with pytest.raises(fresco.FrescoError, match="nothing says which channel layer 'plain' is"):
        restore_layer(model, plain, method='ffdnet', sigma={'DAPI': 3})


def test_a_preset_gives_each_layer_the_camera_of_its_channel(
    model: Any, channels: list[Any], qtbot: Any
) -> None:
    panel = commands.ffdnet(model)
    qtbot.addWidget(panel.native)
    preset = fresco.Preset('ffdnet', 'denoise', parameters=GIVEN)
    for layer, gain, offset in zip(channels, (2, 9), (None, 400), strict=True):
        panel.image.value = layer
        panel.choices.apply(preset)
        asked = panel.request().arguments()
        assert (asked.get('gain'), asked.get('offset')) == (gain, offset)
    both = model.add_image(two_channels((48, 48)).data, axis_labels=('c', 'y', 'x'))
    panel.image.value = both
    numbers = fresco.Preset('ffdnet', 'denoise', options={'sigma': {0: 3, 1: 4}})
    with pytest.raises(fresco.FrescoError, match='the rows of a panel take one for all'):
        panel.choices.apply(numbers)


def test_a_preset_of_other_channels_is_answered_in_a_sentence(
    model: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(preset_menu, 'show_error', said.append)
    model.add_image(np.ones((32, 32)), name='plain')
    panel = commands.ffdnet(model)
    qtbot.addWidget(panel.native)
    preset = fresco.Preset('ffdnet', 'denoise', parameters=GIVEN)
    (tmp_path / 'cameras.json').write_text(preset.to_json())
    panel.presets._with(str(tmp_path / 'cameras.json'), panel.presets.load)
    assert ["nothing says which channel layer 'plain' is" in each for each in said] == [True]


def test_a_preset_holds_no_files_of_channels() -> None:
    with pytest.raises(fresco.FrescoError, match='belongs to one image'):
        fresco.Preset('wiener', 'deblur', options={'kernel': {'DAPI': 'a.tif', 'Cy5': 'b.tif'}})
