"""What is said when something is refused: whole, true, and in the words of whom it is said to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco.batch import BatchOutcome, FileRecord, plan
from napari_fresco.batch.summary import line_of
from napari_fresco.errors import FileError, FrescoError, KernelError, ParameterError

from .command_line import call

PLANE = np.random.default_rng(0).integers(90, 110, (24, 20), dtype=np.uint8)


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    assert call(*arguments) == 2
    return capsys.readouterr().err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    fresco.write('a.tif', PLANE)
    return tmp_path


def test_overwriting_is_allowed_in_the_words_of_the_caller(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FileError, match=r'choose another name, or add overwrite=True$') as caught:
        fresco.write('a.tif', PLANE)
    assert caught.value.in_window == 'a.tif exists; choose another name'
    said = refused(capsys, 'restore', 'a.tif', '-o', 'a.tif', '-m', 'ffdnet')
    assert 'overwrite=True' not in said


def test_what_a_task_needs_is_said_in_the_words_of_the_caller(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KernelError, match='pass kernel='):
        fresco.restore(PLANE, method='dpir', task='deblur')
    arguments = ('restore', 'a.tif', '-o', 'b.tif', '-m', 'dpir', '-t')
    for task, option in (('deblur', '--kernel FILE'), ('inpaint', '--mask FILE')):
        said = refused(capsys, *arguments, task)
        assert option in said
        assert 'napari_fresco' not in said
    (folder / 'r.yaml').write_text('{images: a.tif, output: out, method: dpir, task: deblur}')
    assert '(in a recipe, kernel: FILE)' in refused(capsys, 'batch', 'r.yaml')


def test_a_part_of_a_result_that_must_be_asked_for_is_said_to_be(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(
        capsys, 'restore', 'a.tif', '-o', 'b.tif', '-m', 'ffdnet', '--save-uncertainty', 'u.tif'
    )
    assert 'gives no uncertainty for task denoise unless asked for it; add --uncertainty' in said


@pytest.mark.parametrize('name', ['a.ome.tif', 'a.ome.zarr'])
def test_axes_without_a_name_are_said_to_be(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FileError, match=r"where Q is an axis that nobody has named.*axes='ZYX'"):
        fresco.write(name, np.stack([PLANE, PLANE]))
    fresco.write('stack.npy', np.stack([PLANE, PLANE]))
    said = refused(capsys, 'restore', 'stack.npy', '-o', name, '-m', 'ffdnet')
    assert 'such as --axes ZYX, or write .tif' in said


def test_a_folder_that_is_not_there_is_no_empty_one(folder: Path) -> None:
    with pytest.raises(FileError, match=r'there is no file or folder \S*cels$'):
        plan({'images': 'cels', 'output': 'out', 'method': 'ffdnet'})
    (folder / 'empty').mkdir()
    with pytest.raises(FileError, match='empty holds no image'):
        plan({'images': 'empty', 'output': 'out', 'method': 'ffdnet'})


def test_an_image_is_named_once() -> None:
    for error in ('cells/c7.tif is a web page', 'cells/c7.tif: no image'):
        assert line_of(FileRecord('cells/c7.tif', 'o', 'failed', error=error)) == f'error: {error}'
    other = FileRecord('cells/c7.tif', 'o', 'failed', error='cells/c7.tifa is gone')
    assert line_of(other) == 'error: cells/c7.tif: cells/c7.tifa is gone'


def test_results_of_another_recipe_are_no_failures(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresco.write('b.tif', PLANE)
    recipe = {'images': ['a.tif', 'b.tif'], 'output': 'out', 'method': 'ffdnet', 'sigma': 5}
    assert not fresco.batch.run(recipe).problem
    again = fresco.batch.run({**recipe, 'sigma': 6})
    assert again.problem.startswith('2 of 2 images have results of another recipe or maker')
    assert 'failed' not in again.problem
    assert 'the others' not in again.problem
    one = FileRecord('a', 'o', 'failed', error='x')
    assert BatchOutcome((one,), 1).problem == '1 of 1 images failed'
    assert BatchOutcome((one,), 2).problem == '1 of 2 images failed; the others are done'


@pytest.mark.parametrize('given', ['clean.json', Path('clean.json'), {}, 3])
def test_only_the_record_of_a_run_tells_how_it_was_made(given: Any) -> None:
    evidence = fresco.evidence
    for told in (
        evidence.methods_paragraph,
        evidence.command_line,
        evidence.python_call,
        evidence.references,
    ):
        with pytest.raises(ParameterError, match=r'no record of a run; give result\.provenance'):
            told(given)


def test_a_spacing_may_be_the_text_of_the_command_line() -> None:
    steps = {'Y': (0.1, 'um'), 'X': (0.2, 'um')}
    assert fresco.Image(PLANE, 'YX', 'Y=0.1um,X=0.2um').spacing == steps  # type: ignore[arg-type]
    assert fresco.Image.of(PLANE, spacing='Y=0.1um, x=0.2 µm').spacing == steps
    result = fresco.restore(
        fresco.Image(PLANE, 'YX'), method='ffdnet', sigma=5, spacing='Y=0.1um,X=0.2um'
    )
    assert result.image.spacing == steps
    with pytest.raises(FrescoError, match='give a distance and its unit for each axis'):
        fresco.restore(PLANE, method='ffdnet', spacing='0.1')
