"""What napari is told about the plugin, and what it costs to load."""

from __future__ import annotations

import json
from importlib import import_module, resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from napari.layers import Image
from npe2 import PluginManifest
from packaging.version import Version
from scipy.io import savemat

from napari_fresco._napari import commands
from napari_fresco._napari.files import sample_data
from napari_fresco._napari.files.readers_writers import kernel_reader, write_tiff
from napari_fresco._napari.methods.method_row import command_title
from napari_fresco._napari.widgets.settings import Preferences, read_preferences
from napari_fresco.declare.methods import METHODS
from napari_fresco.errors import FrescoError
from napari_fresco.io.files import READABLE, read
from napari_fresco.layers.images.selection import Space

from .fresh_process import run_fresh

PANELS = ('Restore', 'Fill losses')  # by what is wanted
TOOLS = (
    'Blur kernel', 'Compare', 'Damage mask', 'Document', 'Evidence', 'Scale from two points',
    'Simulate degradation',
)  # fmt: skip


@pytest.fixture(scope='module')
def manifest() -> PluginManifest:
    path = resources.files('napari_fresco') / 'napari.yaml'
    return PluginManifest.from_file(str(path))


def test_every_command_can_be_imported(manifest: PluginManifest) -> None:
    for command in manifest.contributions.commands or []:
        module, name = str(command.python_name).split(':')
        assert module.startswith('napari_fresco._napari.')
        assert callable(getattr(import_module(module), name)), command.id


def test_every_method_has_a_widget_and_a_place_in_the_menu(manifest: PluginManifest) -> None:
    widgets = {widget.display_name: widget.command for widget in manifest.contributions.widgets}
    assert {m.title: f'napari-fresco.{m.name}' for m in METHODS.values()} == {
        title: command for title, command in widgets.items() if title not in (*PANELS, *TOOLS)
    }


def test_the_menu_says_what_panels_do_and_the_acronym_second(manifest: PluginManifest) -> None:
    menus = manifest.contributions.menus
    (inner,) = menus['napari/layers/filter']
    assert inner.submenu == 'fresco'
    assert [each.id for each in manifest.contributions.submenus] == ['fresco', 'fresco_methods']
    assert 'fresco_methods' in {getattr(item, 'submenu', None) for item in menus['fresco']}
    titles = {command.id: command.title for command in manifest.contributions.commands}
    methods = [titles[item.command] for item in menus['fresco_methods']]
    assert sorted(methods) == sorted(command_title(method) for method in METHODS.values())
    listed = [item.command for item in menus['fresco'] if hasattr(item, 'command')]
    for widget in manifest.contributions.widgets:
        if widget.display_name not in {method.title for method in METHODS.values()}:
            opens = widget.command.replace('.', '.open_')
            assert opens in listed
            assert titles[opens].startswith(f'{widget.display_name}: ')
    assert listed[:2] == ['napari-fresco.open_restore', 'napari-fresco.open_fill_losses']
    assert {'napari-fresco.mask_for_image', 'napari-fresco.noise_of_image'} <= set(listed)


@pytest.mark.parametrize('menu', ['fresco', 'fresco_methods'])
def test_the_menu_is_sorted_as_it_is_written(manifest: PluginManifest, menu: str) -> None:
    groups: dict[str, list[int]] = {}
    for item in manifest.contributions.menus[menu]:
        place, _, number = item.group.partition('@')
        groups.setdefault(place, []).append(int(number))
    names = [name for name in groups if name != 'navigation']  # which napari puts first
    assert names == sorted(names)
    assert all(numbers == [*range(1, len(numbers) + 1)] for numbers in groups.values())


def test_every_contribution_names_a_command(manifest: PluginManifest) -> None:
    known = {command.id for command in manifest.contributions.commands}
    used = [*manifest.contributions.widgets, *manifest.contributions.sample_data]
    used += [*manifest.contributions.readers, *manifest.contributions.writers]
    assert {item.command for item in used} <= known


@pytest.mark.skipif(Version(version('npe2')) < Version('0.10'), reason='looks at .tif alone')
@pytest.mark.parametrize('kind', ['image', 'labels'])
def test_an_ome_tiff_is_saved_by_this_plugin_unasked(
    manifest: PluginManifest, npe2pm: Any, kind: str
) -> None:
    for each in (PluginManifest.from_distribution('napari'), manifest):
        npe2pm.register(each)
    for suffix in ('.ome.tif', '.ome.tiff'):
        writer, _ = npe2pm.get_writer(f'cells{suffix}', [kind])
        assert writer.command.startswith('napari-fresco.')
    writer, _ = npe2pm.get_writer('cells.tif', [kind])
    assert writer.command.startswith('napari.'), 'the guide says that it must be named'


def test_pictures_open_in_the_window_as_the_program_reads_them(manifest: PluginManifest) -> None:
    patterns = {p for each in manifest.contributions.readers for p in each.filename_patterns}
    arrays = {'*.npy'}  # which say nothing beside their numbers
    assert {f'*{suffix}' for suffix in READABLE} - arrays <= patterns


def test_names_that_are_no_method_are_not_there() -> None:
    with pytest.raises(AttributeError, match='mosaic'):
        commands.mosaic  # noqa: B018


def test_opening_a_panel_imports_no_torch() -> None:
    code = (
        'import sys\n'
        'from qtpy.QtWidgets import QApplication\n'
        'app = QApplication([])\n'
        'import numpy as np\n'
        'from napari.components import ViewerModel\n'
        'from napari_fresco._napari import commands\n'
        'from napari_fresco._napari.files import readers_writers, sample_data\n'
        'viewer = ViewerModel()\n'
        'viewer.add_image(np.zeros((64, 64)))\n'
        'names = ("dpir", "usrnet", "simulate", "evidence", "restore", "fill_losses")\n'
        'panels = [getattr(commands, name)(viewer) for name in names]\n'
        'panels[0].request()\n'
        'sys.exit("torch" if "torch" in sys.modules else 0)\n'
    )
    run_fresh(code)


def test_the_preferences_have_the_same_defaults_in_both_places(
    manifest: PluginManifest, plugin_settings: None, npe2pm: Any
) -> None:
    npe2pm.register(manifest)
    assert read_preferences() == Preferences()


def test_preferences_are_read_back(
    manifest: PluginManifest, plugin_settings: None, npe2pm: Any
) -> None:
    from napari.settings import get_plugin_settings

    npe2pm.register(manifest)
    stored = get_plugin_settings('napari-fresco')
    stored.compute.device, stored.compute.tile = 'cpu', 512
    stored.preview.rate, stored.preview.live = 1.5, False
    expected = Preferences(device='cpu', tile=512, preview_rate=1.5, live_preview=False)
    assert read_preferences() == expected


def test_the_menu_opens_a_panel(viewer: Any) -> None:
    _, panel = viewer.window.add_plugin_dock_widget('napari-fresco', 'DPIR')
    assert panel.method.name == 'dpir'
    assert panel.viewer.layers is not None
    _, kernel_panel = viewer.window.add_plugin_dock_widget('napari-fresco', 'Blur kernel')
    assert kernel_panel.add_button.isEnabled()


@pytest.mark.parametrize('key', ['mural', 'micrograph'])
def test_samples_open_with_truth_units_and_what_they_need(viewer: Any, key: str) -> None:
    layers = viewer.open_sample('napari-fresco', key)
    names = {layer.name: layer for layer in layers}
    assert names[key].data.shape == names[f'{key} truth'].data.shape
    assert not names[f'{key} truth'].visible
    assert len({layer.units for layer in layers}) == 1
    assert all(str(unit) != 'pixel' for unit in layers[0].units)
    panel = commands.deepred(viewer) if key == 'mural' else commands.dpir(viewer)
    panel.image.value = names[key]
    panel.task.value = 'inpaint' if key == 'mural' else 'deblur'
    assert panel.problem() == ''


def test_the_mural_is_the_image_that_a_panel_starts_with(model: Any) -> None:
    for data, keywords, kind in sample_data.mural():
        getattr(model, f'add_{kind}')(data, **keywords)
    assert commands.deepred(model).image.value.name == 'mural'


def test_a_new_mask_lies_on_its_image(model: Any) -> None:
    image = model.add_image(
        np.zeros((4, 6, 7, 3), np.uint8), rgb=True, name='wall', scale=(2, 3, 4), units=('um',) * 3
    )
    commands.mask_for_image(model)
    mask = model.layers['wall mask']
    assert mask.data.shape == (4, 6, 7)
    assert mask.units == image.units
    np.testing.assert_allclose(mask.data_to_world((1, 2, 3)), image.data_to_world((1, 2, 3)))
    assert model.layers.selection.active.name == 'wall mask'
    assert mask.mode == 'paint'


def test_the_noise_of_the_selected_image_is_told(model: Any, notes: Any) -> None:
    with pytest.raises(FrescoError, match='Select one image'):
        commands.noise_of_image(model)
    model.add_image(np.random.default_rng(0).normal(500, 20, (64, 64)), name='camera')
    assert commands.noise_of_image(model) == pytest.approx(20, rel=0.15)
    assert notes.infos[0].startswith('camera: noise σ = ')


def test_a_layer_is_written_with_scale_units_and_provenance(tmp_path: Path) -> None:
    layer = Image(
        np.random.default_rng(0).integers(0, 4000, (3, 8, 9), dtype=np.uint16),
        scale=(0.5, 0.25, 0.125),
        translate=(1, 2, 3),
        units=('um', 'um', 'um'),
        metadata={'napari_fresco': {'method': 'dpir'}},
        name='stack',
    )
    data, meta, _ = layer.as_layer_data_tuple()
    path = tmp_path / 'out.tif'
    assert write_tiff(str(path), data, meta) == [str(path), f'{path}.json']
    back = read(path)
    np.testing.assert_array_equal(back.data, layer.data)
    assert back.axes == 'ZYX'
    assert back.spacing == {'Z': (0.5, 'um'), 'Y': (0.25, 'um'), 'X': (0.125, 'um')}
    record = json.loads(Path(f'{path}.json').read_text(encoding='utf-8'))
    assert record['napari_fresco'] == {'method': 'dpir'}
    assert record['layer']['translate'] == [1, 2, 3]


@pytest.mark.parametrize('shape', [(8, 9, 3), (2, 8, 9, 3)])
def test_colour_is_written_as_colour(tmp_path: Path, shape: tuple[int, ...]) -> None:
    layer = Image(np.zeros(shape, np.uint8), rgb=True)
    data, meta, _ = layer.as_layer_data_tuple()
    write_tiff(str(tmp_path / 'out.tif'), data, meta)
    assert read(tmp_path / 'out.tif').rgb


def test_saving_from_the_viewer_takes_this_writer(viewer: Any, tmp_path: Path) -> None:
    layer = viewer.add_image(np.zeros((8, 9), np.float32), scale=(0.5, 0.5), units=('um', 'um'))
    layer.save(str(tmp_path / 'out.tif'), plugin='napari-fresco')
    with tifffile.TiffFile(tmp_path / 'out.tif') as file:
        assert file.is_ome


def test_kernel_files_become_kernel_layers(tmp_path: Path) -> None:
    path = tmp_path / 'blur.mat'
    savemat(path, {'k': np.ones((5, 5)), 'k2': np.eye(7)})
    reader = kernel_reader(str(path))
    assert reader is not None
    layers = reader(str(path))
    assert [data.shape for data, _, _ in layers] == [(5, 5), (7, 7)]
    assert layers[0][0].sum() == pytest.approx(1)
    savemat(path, {'text': 'no kernel'})
    assert kernel_reader(str(path)) is None


def test_the_space_of_a_new_mask_is_a_copy() -> None:
    image = Image(np.zeros((6, 7)), scale=(2, 2))
    keywords = Space.of(image).part((0, 0), (1, 1))
    keywords['scale'][0] = 9
    assert image.scale[0] == 2
