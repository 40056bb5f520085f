"""A fill documented in a real viewer: insert, outline, renderings, condition map, report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from PIL import Image as Picture
from scipy import ndimage
from skimage import color

import napari_fresco as fresco
from napari_fresco._napari import commands
from napari_fresco._napari.reports import working_panel
from napari_fresco._napari.widgets.form import Scroll
from napari_fresco.intervention import composed, repeat
from napari_fresco.layers import fill_losses, restore_layer, undo_fill
from napari_fresco.layers.files.layer_files import file_layers
from napari_fresco.layers.fills.documenting import Documented
from napari_fresco.layers.images.layer_kinds import RENDERED, may_be_restored
from napari_fresco.layers.jobs.layer_restoration import running
from napari_fresco.layers.masks.damage_classes import class_keywords

from .signals import pump

RANDOM = np.random.default_rng(0)
QUICK = {'iterations': 2, 'device': 'cpu'}
LABELS = np.zeros((48, 60), np.uint8)
LABELS[8:11, 6:40] = 1  # crack
LABELS[24:34, 20:32] = 2  # loss
LABELS[40:44, 44:50] = 6  # denoise only: left


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    errors: list[str] = []
    monkeypatch.setattr(working_panel, 'show_error', errors.append)
    monkeypatch.setattr(working_panel, 'show_info', lambda text: None)
    return errors


@pytest.fixture
def wall(viewer: Any, tmp_path: Path) -> Any:
    """Open a photograph of 0.2 mm pixels from a file, with a map of its damage."""
    texture = ndimage.gaussian_filter(RANDOM.normal(size=(48, 60, 3)), (1.5, 1.5, 0))
    pixels = (130 + 150 * texture).clip(0, 255).astype(np.uint8)
    spacing = {'Y': (0.2, 'mm'), 'X': (0.2, 'mm')}
    said = {'resolution_unit': 'cm', 'flavour': 'plain'}
    fresco.write(tmp_path / 'wall.tif', fresco.Image(pixels, 'YXS', spacing, metadata=said))
    (data,) = file_layers(tmp_path / 'wall.tif')
    layer = viewer.add_image(data[0], **data[1])
    place = {'scale': layer.scale, 'units': layer.units}
    viewer.add_labels(LABELS, name='damage', **class_keywords(), **place)
    return layer


def docked(viewer: Any) -> Any:
    panel = commands.document(viewer)
    viewer.window.add_dock_widget(panel, name='Document')
    return panel


def done(panel: Any) -> list[Any]:
    layers: list[Any] = panel.wait(60)
    pump(lambda: not panel.at_work)
    return layers


def test_where_a_file_was_written_is_seen(
    viewer: Any, wall: Any, qtbot: Any, tmp_path: Path
) -> None:
    panel = commands.document(viewer)
    qtbot.addWidget(panel)
    panel.resize(420, 300)
    panel.show()
    panel.photograph.value, panel.damage.value = wall, viewer.layers['damage']
    panel.save_map(tmp_path / 'map.csv')
    done(panel)
    assert 'map.csv' in panel.message.text()
    pump(lambda: not panel.message.visibleRegion().isEmpty())


def test_a_result_that_grows_is_waited_for(viewer: Any, wall: Any) -> None:
    panel = docked(viewer)
    assert not panel.report_button.isEnabled()
    work = SimpleNamespace(busy_text='Fill losses of wall')
    running.take(work)
    panel.refresh()
    assert 'Busy: Fill losses of wall' in panel.message.text()
    running.leave(work)
    panel.refresh()
    assert 'Busy' not in panel.message.text()


def test_lines_begin_as_wide_as_the_pixels_can_show(viewer: Any, wall: Any) -> None:
    panel = docked(viewer)
    panel.photograph.value = wall
    row = panel.rendering_section.row('width')
    assert row.value == 0.5
    panel.mm.value = 0.75
    assert row.value == 1.5
    assert '1.5 mm is the least' in panel.rendering_section.about.text()
    row.value = 2.0
    panel.mm.value = 0.5
    assert row.value == 2.0, 'what was typed stays'
    panel.rendering.value = 'selezione'
    assert panel.rendering_section.row('width').value == 1.0
    panel.mm.value = 0.01
    assert panel.rendering_section.row('width').value == 0.5


def test_a_fill_is_documented_end_to_end(
    viewer: Any, wall: Any, told: list[str], tmp_path: Path
) -> None:
    original = wall.data.copy()
    restore_layer(viewer, 'wall', method='dpir', mask='damage', task='inpaint', **QUICK)
    panel = docked(viewer)
    assert panel.result.value.name == 'wall [DPIR]'
    assert panel.photograph.value.name == 'wall'
    assert panel.damage.value.name == 'damage'
    result = viewer.layers['wall [DPIR]'].data
    filled = np.isin(LABELS, (1, 2))

    panel.insert_button.click()
    layer = viewer.layers['wall [insert]']
    assert (composed(original, layer.data) == result).all()
    assert ((layer.data[..., 3] > 0) == filled).all()
    assert (wall.data == original).all()
    assert wall.visible
    assert not viewer.layers['wall [DPIR]'].visible
    assert not may_be_restored(layer)
    np.testing.assert_allclose(layer.scale, wall.scale)

    panel.outline_button.click()
    rim = viewer.layers['wall [outline]'].data > 0
    assert rim.any()
    assert not rim[~filled].any()

    panel.rendering.value = 'rigatino'
    assert '1.7 m' in panel.rendering_section.about.text()
    panel.render_button.click()
    (drawn,) = done(panel)
    assert drawn.name == 'wall [Rigatino]'
    names = [each.name for each in viewer.layers]
    assert names.index('wall [Rigatino]') > names.index('wall [insert]')
    assert (drawn.data[~filled] == original[~filled]).all()
    assert drawn.metadata[RENDERED]['mm_per_pixel'] == pytest.approx(0.2)

    panel.insert_button.click()
    shown = [each.name for each in viewer.layers if each.visible and each.name.startswith('wall')]
    assert shown == ['wall', 'wall [insert]']
    assert viewer.layers[-2].name == 'wall [insert]'

    panel.condition.measure.click()
    done(panel)
    assert '<b>loss</b>: 1 piece, 0.048 cm²' in panel.condition.classes.text()

    panel.save_map(tmp_path / 'map.geojson')
    done(panel)
    found = json.loads((tmp_path / 'map.geojson').read_text())
    assert found['properties']['unit'] == 'mm'

    panel.save_insert(tmp_path / 'insert.tif')
    done(panel)
    assert (composed(original, fresco.read(tmp_path / 'insert.tif')) == result).all()

    panel.notes['object'].value = 'Saint George'
    panel.save_report(tmp_path / 'wall.html')
    done(panel)
    assert 'wall.html' in panel.message.text()
    assert 'Saint George' in (tmp_path / 'wall.html').read_text('utf-8')
    record = json.loads((tmp_path / 'wall.json').read_text('utf-8'))
    assert record['rendering']['rendering'] == 'rigatino'
    assert 6 in record['runs'][0]['drawn']['leave']
    assert record['left'][0]['name'] == 'denoise only'
    again = repeat(tmp_path / 'wall.json')
    assert again.same
    assert (again.image.data == result).all()
    assert told == []


@pytest.mark.parametrize('suffix', ['.tif', '.png'])
def test_an_insert_has_the_resolution_of_the_print(
    viewer: Any, tmp_path: Path, suffix: str
) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / f'photo{suffix}'
    Picture.fromarray(rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)).save(path, dpi=(300, 300))
    ((data, keywords, _),) = file_layers(path)
    viewer.add_image(data, **keywords)
    mask = np.zeros((40, 50), np.uint8)
    mask[10:12, 5:30] = 1
    fill_losses(viewer, viewer.layers[0].name, mask=mask, iterations=1, device='cpu')
    panel = docked(viewer)
    panel.save_insert(tmp_path / f'insert{suffix}')
    done(panel)
    with Picture.open(tmp_path / f'insert{suffix}') as insert:
        assert insert.info['dpi'] == pytest.approx((300, 300), rel=1e-4)


def test_a_mask_that_was_grown_and_inverted_is_repeated(
    viewer: Any, wall: Any, told: list[str], tmp_path: Path
) -> None:
    most = np.where(LABELS == 2, 0, 1).astype(np.uint8)
    place = {'scale': wall.scale, 'units': wall.units}
    viewer.add_labels(most, name='intact', **place)
    options = {'invert': True, 'grow': 2}
    restore_layer(
        viewer, 'wall', method='dpir', mask='intact', task='inpaint', mask_options=options, **QUICK
    )
    panel = docked(viewer)
    panel.damage.value = None
    panel.save_report(tmp_path / 'wall.html')
    done(panel)
    drawn = json.loads((tmp_path / 'wall.json').read_text())['runs'][0]['drawn']
    assert (drawn['invert'], drawn['grow']) == (True, 2)
    assert repeat(tmp_path / 'wall.json').same


def test_a_region_is_documented_in_its_photograph(
    viewer: Any, wall: Any, told: list[str], tmp_path: Path
) -> None:
    restore_layer(
        viewer, 'wall', method='dpir', mask='damage', task='inpaint',
        part=(slice(16, 48), slice(10, 50)), mask_options={'label': 2}, **QUICK,
    )  # fmt: skip
    panel = docked(viewer)
    panel.insert_button.click()
    layer = viewer.layers['wall [insert]']
    assert ((layer.data[..., 3] > 0) == (LABELS == 2)).all()
    panel.save_report(tmp_path / 'wall.html')
    done(panel)
    assert repeat(tmp_path / 'wall.json').same


def test_runs_that_continue_a_layer_are_repeated_in_their_order(
    viewer: Any, wall: Any, told: list[str], tmp_path: Path
) -> None:
    fill_losses(viewer, 'wall', mask='damage', method='dpir', mask_options={'label': 1}, **QUICK)
    fill_losses(viewer, 'wall', mask='damage', method='dpir', seed=4, **QUICK)
    viewer.layers['damage'].data[40:44, 4:12] = 2
    fill_losses(viewer, 'wall', mask='damage', method='dpir', **QUICK)
    fill_losses(viewer, 'wall', again=[2], method='dpir', seed=9, **QUICK)
    undo_fill(viewer, 'wall', 1)
    grown = viewer.layers['wall [filled]']
    panel = docked(viewer)
    assert panel.result.value.name == 'wall [filled]'
    panel.save_report(tmp_path / 'wall.html')
    done(panel)
    record = json.loads((tmp_path / 'wall.json').read_text())
    assert len(record['runs']) == 4
    again = repeat(tmp_path / 'wall.json')
    assert again.differences == ()
    assert again.same
    assert (again.image.data == grown.data).all()
    assert not again.filled[9, 20]


def test_losses_are_filled_anew_and_where_they_agree_is_shown(
    viewer: Any, wall: Any, told: list[str], tmp_path: Path
) -> None:
    restore_layer(viewer, 'wall', method='dpir', mask='damage', task='inpaint', **QUICK)
    panel = docked(viewer)
    panel.count.value = 2
    panel.anew_button.click()
    first, agreement = done(panel)
    assert (first.name, agreement.name) == ('wall [hypothesis 1]', 'wall [agreement]')
    assert not first.visible
    loss = LABELS == 2
    assert (agreement.data[loss] > 0).any()
    assert not agreement.data[LABELS == 0].any()
    panel.save_insert(tmp_path / 'inserts.tif')
    done(panel)
    other = composed(wall.data, fresco.read(tmp_path / 'inserts.tif', series='hypothesis, seed 1'))
    assert (other != viewer.layers['wall [DPIR]'].data)[loss].any()
    again = fresco.restore(
        fresco.read(tmp_path / 'wall.tif'), method='dpir', task='inpaint',
        mask=np.isin(LABELS, (1, 2)), seed=1, **QUICK,
    )  # fmt: skip
    assert (other == again.image.data).all()
    panel.save_report(tmp_path / 'wall.html')
    done(panel)
    assert json.loads((tmp_path / 'wall.json').read_text())['hypotheses']['seeds'] == [0, 1]
    assert 'Agreement of hypotheses' in (tmp_path / 'wall.html').read_text('utf-8')


def test_what_cannot_be_documented_is_said(viewer: Any, wall: Any, told: list[str]) -> None:
    panel = docked(viewer)
    assert 'Fill losses first' in panel.message.text()
    assert not panel.report_button.isEnabled()
    restore_layer(viewer, 'wall', method='dpir', mask='damage', task='inpaint', **QUICK)
    assert panel.report_button.isEnabled()
    panel.rendering_section.row('width').value = 0.3
    panel.render_button.click()
    with pytest.raises(fresco.FrescoError, match='needs 2'):
        done(panel)
    pump(lambda: not panel.at_work)
    assert 'give width=0.4' in told[-1]


def test_a_result_that_says_nothing_is_told_by_labels(
    viewer: Any, wall: Any, told: list[str]
) -> None:
    changed = wall.data.copy()
    changed[LABELS == 2] = 9
    place = {'scale': wall.scale, 'units': wall.units}
    record = {'napari_fresco': {'method': 'other', 'task': 'inpaint', 'source': {'layer': 'wall'}}}
    viewer.add_image(changed, name='by another program', rgb=True, metadata=record, **place)
    viewer.add_labels((LABELS == 2).astype(np.uint8), name='what was filled', **place)
    panel = docked(viewer)
    panel.insert_button.click()
    assert 'not known what was filled' in told[-1]
    panel.filled.value = 'what was filled'
    panel.insert_button.click()
    assert (composed(wall.data, viewer.layers['wall [insert]'].data) == changed).all()


def test_the_report_is_in_sight_in_a_small_window(
    make_napari_viewer_proxy: Callable[..., Any], idle: None
) -> None:
    viewer = make_napari_viewer_proxy(show=True)
    viewer.window.resize(1280, 800)
    _, panel = viewer.window.add_plugin_dock_widget('napari-fresco', 'Document')
    pump(lambda: not panel.report_button.visibleRegion().isEmpty())


def test_what_matters_fits_a_small_window_without_scrolling(
    make_napari_viewer_proxy: Callable[..., Any], idle: None, told: list[str]
) -> None:
    viewer = make_napari_viewer_proxy(show=True)
    viewer.window.resize(1280, 800)
    place = {'scale': (0.2, 0.2), 'units': ('mm', 'mm')}
    pixels = RANDOM.integers(60, 200, (48, 60, 3), dtype=np.uint8)
    wall = viewer.add_image(pixels, name='wall', rgb=True, **place)
    viewer.add_labels(LABELS, name='damage', **class_keywords(), **place)
    restore_layer(viewer, wall, method='dpir', mask='damage', task='inpaint', **QUICK)
    _, panel = viewer.window.add_plugin_dock_widget('napari-fresco', 'Document')
    panel.condition.measure.click()
    done(panel)
    assert panel.condition.classes.text().count('<br>') == 3
    (scroll,) = panel.findChildren(Scroll)
    for name in panel.rendering.choices:
        panel.rendering.value = name
        pump(lambda: scroll.verticalScrollBar().maximum() == 0)
    for each in (panel.insert_button, panel.render_button, panel.report_button, panel.mm.native):
        assert not each.visibleRegion().isEmpty()


def test_a_map_without_labels_is_explained(viewer: Any, wall: Any) -> None:
    panel = docked(viewer)
    assert panel.condition.classes.isHidden()
    panel.damage.value = None
    assert 'Choose labels' in panel.condition.classes.text()
    assert not panel.condition.classes.isHidden()


@pytest.mark.parametrize('wall_colour', [(230, 120, 30), (40, 60, 200), (40, 160, 60)])
def test_the_outline_stands_out_from_the_picture(wall_colour: tuple[int, int, int]) -> None:
    viewer = ViewerModel()
    noise = np.random.default_rng(0).integers(-9, 9, (48, 48, 3))
    wall = viewer.add_image((np.array(wall_colour) + noise).astype(np.uint8), name='wall')
    mask = np.zeros((48, 48), bool)
    mask[20:30, 10:40] = True
    (filled,) = fill_losses(viewer, 'wall', mask=mask, iterations=1)
    _, keywords, _ = Documented.of(filled, wall).outline_layer()
    line = keywords['colormap'].map(np.array([[0, 1]]))[0]
    assert line[0, 3] == 0
    (there,), (seen,) = color.rgb2lab([[line[1, :3]], [np.array(wall_colour) / 255]])[..., 1:]
    turn = np.degrees(np.arctan2(*there[::-1]) - np.arctan2(*seen[::-1]))
    assert abs((turn + 180) % 360 - 180) > 90
