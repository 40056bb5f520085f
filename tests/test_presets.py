"""A preset is one file for panels, Python, the command line and batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco.batch import BatchRecipe
from napari_fresco.declare.call import Call
from napari_fresco.declare.methods import METHODS
from napari_fresco.errors import FrescoError, ParameterError

from .command_line import call, printed

DIM: dict[str, Any] = {
    'kind': 'preset', 'title': 'mine', 'method': 'ffdnet', 'task': 'denoise', 'sigma': 7,
    'dtype': 'float32', 'parameters': {'noise': 'gaussian'},
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'mine.json'
    path.write_text(fresco.Preset.of(DIM).to_json(), encoding='utf-8')
    return path


def test_a_file_comes_back_as_it_was(file: Path) -> None:
    assert fresco.Preset.of(file) == fresco.Preset.of(DIM)
    assert json.loads(file.read_text()) == DIM


def test_a_preset_says_what_is_done(file: Path) -> None:
    noisy = np.random.default_rng(0).normal(100, 7, (24, 24)).astype(np.uint8)
    one = fresco.restore(noisy, preset=file)
    other = fresco.restore(
        noisy, method='ffdnet', task='denoise', sigma=7, noise='gaussian', dtype='float32'
    )
    np.testing.assert_array_equal(one.image, other.image)
    assert one.image.dtype == np.float32


def test_what_is_given_counts_more(file: Path) -> None:
    call = Call.of(None, None, {'noise': 'auto'}, {'preset': file, 'sigma': 3})
    assert (call.options.sigma, call.parameters.noise) == (3, 'auto')
    assert call.options.dtype == 'float32'


def test_parameters_and_cameras_are_presets_of_any_method() -> None:
    camera = {'kind': 'camera', 'gain': 2.0, 'offset': 9.0, 'read_noise': 1.0, 'type': 'uint16'}
    for method in ('ffdnet', 'drunet'):
        parameters = Call.of(method, params=camera).parameters
        assert (parameters.gain, parameters.offset, parameters.read_noise) == (2, 9, 1)


@pytest.mark.parametrize(
    ('values', 'match'),
    [
        ({'kind': 'preset', 'methods': 'dpir'}, "did you mean 'method'"),
        ({'method': 'dpr'}, "[Dd]id you mean .*'dpir'"),
        ({'method': 'ffdnet', 'task': 'inpaint'}, 'inpaint'),
        ({'method': 'dpir', 'parameters': {'iteration': 3}}, "did you mean 'iterations'"),
        ({'method': 'dpir', 'kernel': 'psf.tif'}, 'belongs to one image'),
        ({'method': 'dpir', 'device': 'cuda'}, "unknown option of a preset 'device'"),
        ({'method': 'dpir', 'neighbours': 99}, 'neighbours'),
        ({'kind': 'recipe', 'method': 'dpir'}, '"kind": "preset"'),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(values: Any, match: str) -> None:
    with pytest.raises(FrescoError, match=match):
        fresco.Preset.of(values)


def test_a_preset_that_is_missing_or_for_another_method(file: Path) -> None:
    with pytest.raises(ParameterError, match=r'bundled ones are .*few-photons'):
        fresco.Preset.of('few-photon')
    with pytest.raises(ParameterError, match="'mine' is for ffdnet, not dpir"):
        fresco.restore(np.zeros((8, 8)), method='dpir', preset=file)
    with pytest.raises(FrescoError, match='name a method'):
        fresco.restore(np.zeros((8, 8)))


@pytest.mark.parametrize('name', fresco.presets())
def test_bundled_presets_differ_from_the_defaults_and_say_why(name: str) -> None:
    preset = fresco.presets()[name]
    method = METHODS[preset.method or '']
    usual = preset.task == method.tasks[0] and not preset.parameters and not preset.options
    assert not usual
    page = Path(__file__).parents[1] / 'docs/pages/guides/window.md'
    assert f'| `{name}` |' in page.read_text('utf-8')
    assert preset.title
    assert preset.about.endswith('.')
    parameters = method.parameters_class.create(preset.parameters)
    assert parameters.changed() == dict(preset.parameters)


def test_recipes_and_commands_read_the_same_file(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = BatchRecipe(images='*.tif', output='out', preset=str(file)).job()
    assert job.call.options.changed() == {'sigma': 7, 'dtype': 'float32'}
    fresco.write(tmp_path / 'a.tif', np.full((24, 24), 9, np.uint8))
    assert call('restore', tmp_path / 'a.tif', '-o', tmp_path / 'b.tif', '--preset', file) == 0
    assert np.asarray(fresco.read(tmp_path / 'b.tif').data).dtype == np.float32
    stack = json.loads(printed(capsys, 'presets', 'stack'))
    assert fresco.Preset.of(stack) == fresco.presets()['stack']


def test_a_name_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'dim.json'
    path.write_text('{"parameters": {"iterations": 8, "iterations": 80}}', encoding='utf-8')
    with pytest.raises(fresco.FrescoError, match="'iterations' is given twice"):
        fresco.Preset.of(path)
