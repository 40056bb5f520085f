"""Names in the cases and words of people: taken, or answered by what was meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco.batch import BatchRecipe
from napari_fresco.declare import tasks
from napari_fresco.declare.methods import METHODS, find_method, find_task
from napari_fresco.declare.names import did_you_mean, unknown
from napari_fresco.degrade.simulation import DEGRADATIONS, find_degradation
from napari_fresco.errors import MethodError, ParameterError
from napari_fresco.intervention import renderings

from .command_line import call

PLANE = np.random.default_rng(0).normal(100, 5, (32, 32))


def test_the_record_of_a_run_is_no_preset() -> None:
    record = {'method': 'ffdnet', 'task': 'denoise', 'finish': 'converged', 'weights': []}
    with pytest.raises(ParameterError, match='command_line'):
        fresco.restore(np.zeros((16, 16)), preset=record)


def test_methods_are_found_by_their_titles_in_any_case() -> None:
    for name, method in METHODS.items():
        for written in (name, name.upper(), method.title):
            assert find_method(written) is method
    assert fresco.restore(PLANE, method='FFDNet', sigma=5).provenance['method'] == 'ffdnet'
    assert fresco.Preset(method='DPIR', task='Denoise').task == 'denoise'  # type: ignore[arg-type]
    assert BatchRecipe(images=('.',), output='out', method='DPIR').method == 'dpir'


def test_commands_know_the_titles_of_methods(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (('cite', 'DPIR'), ('methods', 'FFDNet')):
        assert call(*arguments) == 0
    assert 'FFDNet' in capsys.readouterr().out


def test_other_words_for_tasks_are_answered_by_the_task() -> None:
    dpir = METHODS['dpir']
    assert find_task(dpir, 'Super-resolve') == 'super_resolve'
    said = {'denoising': 'denoise', 'inpainting': 'inpaint', 'deconvolution': 'deblur'}
    for word, task in (said | {'super-resolution': 'super_resolve'}).items():
        with pytest.raises(MethodError, match=f'did you mean {task!r}') as caught:
            find_task(dpir, word)
        assert str(caught.value).count('demosaic') == 1, 'the tasks are listed once'
        with pytest.raises(ParameterError, match=f'did you mean {task!r}'):
            fresco.recommend(PLANE, task=word)  # type: ignore[arg-type]
        with pytest.raises(ParameterError, match=f'did you mean {task!r}'):
            fresco.evidence.evaluate(PLANE, PLANE, task=word)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ('words', 'known'),
    [(tasks.WORDS, tasks.TASKS), (renderings.WORDS, renderings.RENDERINGS)],
)
def test_other_words_stand_for_names_that_there_are(words: Any, known: Any) -> None:
    assert set(words.values()) <= set(known)
    assert not set(words) & set(known)


def test_renderings_are_answered_by_their_names() -> None:
    black = np.zeros((9, 9), np.uint8)
    for each in renderings.RENDERINGS.values():
        if each.title.lower() != each.name:
            with pytest.raises(ParameterError, match=f'did you mean {each.name!r}'):
                fresco.intervention.render(black, black, black + 1, each.title)
    with pytest.raises(ParameterError, match="'tratteggio'; did you mean 'rigatino'"):
        fresco.intervention.render(black, black, black + 1, 'tratteggio')


def test_what_is_unknown_is_said_in_whole_sentences() -> None:
    assert unknown('x', ['alpha', 'beta']) == "unknown parameter 'x'. Known: alpha, beta"
    assert unknown('alfa', ['alpha'], 'key') == (
        "unknown key 'alfa'; did you mean 'alpha'? Known: alpha"
    )
    assert did_you_mean('Alpha', ['alpha']) == "; did you mean 'alpha'?"
    assert find_degradation('Gaussian-noise') is DEGRADATIONS['gaussian_noise']


@pytest.mark.parametrize(
    ('method', 'word', 'meant'),
    [
        ('dpir', 'psf', 'kernel'),
        ('richardson_lucy', 'PSF', 'kernel'),
        ('dpir', 'n_iter', 'iterations'),
        ('ffdnet', 'noise_std', 'sigma'),
        ('usrnet', 'factor', 'scale'),
    ],
)
def test_what_other_programs_call_a_parameter_is_answered(
    method: str, word: str, meant: str
) -> None:
    with pytest.raises(ParameterError, match=f'unknown parameter {word!r}; did you mean {meant!r}'):
        fresco.restore(PLANE, method=method, **{word: 3})


def test_no_word_leads_to_a_parameter_that_the_method_has_not() -> None:
    with pytest.raises(ParameterError, match=r"unknown parameter 'n_iter'\. Known"):
        fresco.restore(PLANE, method='ffdnet', n_iter=3)


def test_recipes_and_presets_know_the_same_words() -> None:
    asked = {'method': 'dpir', 'psf': 'a.npy'}
    with pytest.raises(ParameterError, match="key 'psf'; did you mean 'kernel'"):
        BatchRecipe.of({**asked, 'images': ['.'], 'output': 'out'})
    with pytest.raises(ParameterError, match="key of a preset 'psf'; did you mean 'kernel'"):
        fresco.Preset.of(asked)
