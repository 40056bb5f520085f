"""Training learns, resumes exactly, and says what it did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data, io

from napari_fresco import training
from napari_fresco.errors import FileError, ParameterError, WeightsError
from napari_fresco.training.data import Corpus, noisy
from napari_fresco.training.loop import Run, step_size
from napari_fresco.training.recipes import RECIPES, Recipe, Stage

TINY = Recipe(
    'tiny',
    'ffdnet',
    {'in_nc': 1, 'out_nc': 1, 'nc': 8, 'nb': 3},
    channels=1,
    sigma_max=50,
    stages=(
        Stage(20, learning_rate=3e-3, batch=4, patch=16),
        Stage(10, learning_rate=1e-3, batch=2, patch=20, drift_weight=1.0),
    ),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / 'images'
    path.mkdir()
    io.imsave(path / 'camera.png', data.camera()[::8, ::8], check_contrast=False)
    io.imsave(path / 'cat.png', data.cat()[::4, ::4], check_contrast=False)
    return path


def test_corpus_reads_what_fits(folder: Path) -> None:
    gray, colour = Corpus.read(folder, 1, 16), Corpus.read(folder, 3, 16)
    assert (len(gray.images), len(colour.images)) == (2, 1)
    batch = gray.batch(5, 16, np.random.default_rng(0))
    assert batch.shape == (5, 1, 16, 16)
    assert 0 <= float(batch.min()) <= float(batch.max()) <= 1


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match='holds no 8-bit image'):
        Corpus.read(tmp_path, 1, 16)


def test_noise_has_the_sigma_that_is_told() -> None:
    clean = torch.zeros(4, 1, 64, 64)
    degraded, sigma = noisy(clean, 0.2, (0, 1))
    np.testing.assert_allclose(degraded.std(dim=(1, 2, 3)), sigma.flatten(), rtol=0.05)
    assert torch.equal(degraded, noisy(clean, 0.2, (0, 1))[0])
    assert not torch.equal(degraded, noisy(clean, 0.2, (0, 2))[0])


@pytest.mark.parametrize('steps', [2, 7, 100, 9999])
def test_shortened_recipes_have_the_steps_asked_for(steps: int) -> None:
    for recipe in RECIPES.values():
        short = recipe.shortened(steps)
        assert short.steps == steps
        assert short.at(steps - 1)[0] == short.stages[-1]


def test_step_size_rises_holds_and_falls_to_nothing() -> None:
    sizes = [step_size(k, 1000) for k in range(1000)]
    assert sizes[0] < 0.01
    assert sizes[400] == 1
    assert 0 < sizes[-1] < 0.01


def test_training_lowers_the_loss_and_resumes_exactly(folder: Path, tmp_path: Path) -> None:
    corpus = Corpus.read(folder, 1, 16)
    cpu = torch.device('cpu')
    whole = Run(TINY, tmp_path / 'whole', cpu)
    whole.train(corpus, progress=False)

    interrupted = Run(TINY, tmp_path / 'parts', cpu)
    for _ in range(12):
        interrupted._train_step(corpus)
    interrupted._save()
    resumed = Run(TINY, tmp_path / 'parts', cpu)
    assert resumed.step == 12
    resumed.train(corpus, progress=False)
    again = resumed.network.state_dict()
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, again[name]), name


def test_train_writes_weights_and_a_card(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, 'find_recipe', lambda name: replace(TINY, name=name))
    weights = training.train(
        'tiny', folder, tmp_path / 'run', steps=5, evaluate_on=(folder,), progress=False
    )
    card = weights.with_suffix('.md').read_text()
    assert '3 steps at 0.003 of 4 crops of 16 x 16, sigma ~ U[0, 1]^1; then 2 steps' in card
    assert 'images (2)' in card


def test_bad_requests(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match='recipes: ffdnet_gray'):
        training.train('nothing', folder, tmp_path)
    with pytest.raises(ParameterError, match='steps'):
        training.train('ffdnet_gray', folder, tmp_path, steps=0)
