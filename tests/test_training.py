"""Training learns, resumes exactly, and says what it did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data, io
from torch import nn

from napari_fresco import networks, training
from napari_fresco.errors import FileError, ParameterError, WeightsError
from napari_fresco.simulate import noise_maps
from napari_fresco.training import objectives
from napari_fresco.training.blurring import mirrored, periodic
from napari_fresco.training.data import Corpus, noisy
from napari_fresco.training.declared import (
    BankDenoising,
    BlindDenoising,
    BlindSR,
    GaussianDenoising,
    LatentRestoration,
    Unfolding,
    VariationalDenoising,
    VariationalSR,
)
from napari_fresco.training.loop import Run, step_size
from napari_fresco.training.objectives.base import Draw, TriedObjective
from napari_fresco.training.objectives.variational import noise_levels
from napari_fresco.training.recipes import RECIPES, Recipe, Stage
from napari_fresco.training.warm import take

CPU = torch.device('cpu')

TINY = Recipe(
    'tiny',
    'ffdnet',
    {'in_nc': 1, 'out_nc': 1, 'nc': 8, 'nb': 3},
    channels=1,
    objective=GaussianDenoising(50),
    stages=(
        Stage(20, learning_rate=3e-3, batch=4, patch=16),
        Stage(10, learning_rate=1e-3, batch=2, patch=20, drift_weight=1.0),
    ),
)

_SMALL = {'n_feat': (8, 8), 'dep_S': 2, 'n_resblocks': 1}
_LATENT = {'channels': 3, 'width': 8, 'latent': 2, 'groups': 1, 'blocks': 1}
_DENSE = {'in_nc': 3, 'out_nc': 3, 'nf': 8, 'nb': 1, 'gc': 4}

BANK = Recipe('ircnn_bank', 'ircnn_bank', {'nc': 4}, 1, BankDenoising(), (Stage(12, 1e-3, 4, 24),))
FAMILIES = {
    'usrnet': Recipe(
        'usrnet',
        'usrnet',
        {'n_iter': 2, 'h_nc': 8, 'nc': (8, 8, 8, 8), 'nb': 1},
        3,
        Unfolding((1, 2)),
        (Stage(12, 1e-3, batch=2, patch=32),),
    ),
    'virnet': Recipe(
        'virnet',
        'virnet',
        {'im_chn': 3, 'sigma_chn': 1, **_SMALL},
        3,
        VariationalDenoising(),
        (Stage(12, 1e-3, batch=2, patch=16),),
    ),
    'virnet_sr': Recipe(
        'virnet_sr',
        'virnet_sr',
        {'im_chn': 3, 'sigma_chn': 1, **_SMALL, 'dep_K': 1, 'extra_mode': 'Both'},
        3,
        VariationalSR(2),
        (Stage(12, 1e-3, batch=2, patch=32),),
    ),
    'vdir': Recipe(
        'vdir',
        'vdir',
        _LATENT,
        3,
        LatentRestoration('denoise'),
        (Stage(12, 1e-3, batch=2, patch=16),),
    ),
    'vdir_jpeg': Recipe(
        'vdir_jpeg',
        'vdir',
        _LATENT,
        3,
        LatentRestoration('deblock'),
        (Stage(12, 1e-3, batch=2, patch=16),),
    ),
    'vdir_sr': Recipe(
        'vdir_sr',
        'vdir',
        {**_LATENT, 'scale': 2},
        3,
        LatentRestoration('super_resolve', scale=2),
        (Stage(12, 1e-3, batch=2, patch=32),),
    ),
    'scunet': Recipe(
        'scunet',
        'scunet',
        {'config': (1,) * 7, 'dim': 8, 'head_dim': 4, 'window_size': 4},
        3,
        BlindDenoising(),
        (Stage(12, 1e-3, batch=4, patch=32),),
    ),
    'bsrnet': Recipe(
        'bsrnet', 'rrdbnet', {**_DENSE, 'sf': 2}, 3, BlindSR(2), (Stage(12, 1e-3, 2, 32),)
    ),
    'bsrnet_x4': Recipe(
        'bsrnet_x4', 'rrdbnet', {**_DENSE, 'sf': 4}, 3, BlindSR(4), (Stage(12, 1e-3, 2, 48),)
    ),
}


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


def test_every_recipe_builds_and_starts_near_its_input() -> None:
    """A network that nearly returns its input has little to lose by training."""
    image = torch.nn.functional.avg_pool2d(torch.rand(1, 3, 128, 128), 9, 1, 4)
    for name in ('virnet_denoise_color', 'vdir_denoise_color', 'scunet_compact_color'):
        network = _initialised(RECIPES[name])
        with torch.no_grad():
            restored = network(image)
        restored = restored[0] if isinstance(restored, tuple) else restored
        assert float((restored - image).abs().mean()) < 0.03, name


@pytest.mark.parametrize('name', ['bsrnet_compact_x2', 'bsrnet_compact_x4'])
def test_super_resolvers_start_from_repeated_pixels(name: str) -> None:
    network, image = _initialised(RECIPES[name]), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        enlarged = network(image)
    repeated = nn.functional.interpolate(image, scale_factor=RECIPES[name].config['sf'])
    assert float((enlarged - repeated).abs().mean()) < 0.03


@pytest.mark.parametrize('recipe', [TINY, BANK, *FAMILIES.values()], ids=lambda r: r.name)
def test_resuming_is_exact(recipe: Recipe, folder: Path, tmp_path: Path) -> None:
    recipe = recipe.shortened(4)
    whole = Run(recipe, tmp_path / 'whole', CPU)
    corpus = Corpus.read(folder, recipe.channels, 16)
    whole.train(corpus, progress=False)

    interrupted = Run(recipe, tmp_path / 'parts', CPU)
    for _ in range(2):
        interrupted._train_step(corpus)
    interrupted._save()
    resumed = Run(recipe, tmp_path / 'parts', CPU)
    assert resumed.step == 2
    resumed.train(corpus, progress=False)
    again = resumed.network.state_dict()
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, again[name]), name


@pytest.mark.parametrize('recipe', [TINY, BANK, *FAMILIES.values()], ids=lambda r: r.name)
def test_training_lowers_the_loss(recipe: Recipe, folder: Path, tmp_path: Path) -> None:
    """On one batch, drawn again and again."""
    stage = replace(recipe.stages[0], steps=1000, learning_rate=2e-4)
    run = Run(replace(recipe, stages=(stage,)), tmp_path / 'run', CPU)
    corpus = Corpus.read(folder, recipe.channels, 16)
    losses = []
    for _ in range(15):
        run.step = 249  # past the warm-up; the loss is noted after every fiftieth step
        run._train_step(corpus)
        losses.append(run.loss)
    assert np.mean(losses[-3:]) < losses[0]


@pytest.mark.parametrize('recipe', list(FAMILIES.values()), ids=lambda r: r.name)
def test_objectives_measure_what_they_restore(recipe: Recipe) -> None:
    objective = objectives.make(recipe.objective)
    assert isinstance(objective, TriedObjective)
    assert all(objective.words())
    network = _initialised(recipe)
    scores = objective.measure(network, [data.cat()[:96:2, :128:2]], 'cat')
    assert scores
    for score in scores:
        assert score.restored > score.baseline - 4, score
        assert np.isfinite(score.finding) == (objective.finding is not None)


def test_estimators_of_a_super_resolver_may_learn_first(folder: Path, tmp_path: Path) -> None:
    recipe = FAMILIES['virnet_sr']
    stages = (replace(recipe.stages[0], steps=1, estimators=True), recipe.stages[0])
    recipe = replace(recipe, stages=stages)
    run = Run(recipe, tmp_path / 'run', CPU)
    moved = []
    for _ in range(2):
        before = {name: value.clone() for name, value in run.network.state_dict().items()}
        run._train_step(Corpus.read(folder, 3, 32))
        after = run.network.state_dict()
        moved.append({name[:4] for name, value in before.items() if not value.equal(after[name])})
    assert moved == [{'SNet', 'KNet'}, {'SNet', 'KNet', 'RNet'}]


@pytest.mark.parametrize('name', ['virnet', 'virnet_sr'])
def test_the_error_of_the_restorer_does_not_reach_the_estimators(name: str, folder: Path) -> None:
    """Else a hundred times its weight would be a hundred times their gradient."""
    recipe = FAMILIES[name]
    network, stage = _initialised(recipe), recipe.stages[0]
    clean = Corpus.read(folder, 3, 32).batch(stage.batch, stage.patch, np.random.default_rng(0))
    gradients = []
    for eps2 in (1e-8, 1e-10):
        objective = objectives.make(replace(recipe.objective, eps2=eps2))
        network.zero_grad()
        draw = Draw(clean, stage, (0, 0), np.random.default_rng(0))
        objective.loss(network, draw).backward()
        gradients.append([network.SNet.conv1.weight.grad, network.RNet.tail.weight.grad])
    (estimator, restorer), (again, stronger) = gradients
    torch.testing.assert_close(again, estimator, rtol=0, atol=0.01 * float(estimator.abs().max()))
    assert float(stronger.abs().max()) > 50 * float(restorer.abs().max())


def test_warm_start_takes_what_fits() -> None:
    torch.manual_seed(0)
    colour = networks.build('virnet', **FAMILIES['virnet'].config)
    gray = networks.build('virnet', **{**FAMILIES['virnet'].config, 'im_chn': 1})
    taken = take(gray, colour.state_dict())
    assert taken == len(gray.state_dict())
    # Gray shown to the colour network is what the gray one sees.
    level = torch.full((1, 1, 8, 8), 0.1)
    image = torch.rand(1, 1, 8, 8)
    colours = colour.RNet(image.expand(-1, 3, -1, -1), level)
    torch.testing.assert_close(gray.RNet(image, level), colours.mean(1, keepdim=True))


def test_a_larger_scale_keeps_the_layers_that_it_shares() -> None:
    small, large = (networks.build('rrdbnet', **_DENSE, sf=sf) for sf in (2, 4))
    own = large.upconv2.weight.clone()
    assert take(large, small.state_dict()) == len(small.state_dict())
    assert torch.equal(large.HRconv.weight, small.HRconv.weight)
    assert torch.equal(large.upconv2.weight, own)


def test_a_run_starts_from_a_run_beside_it(folder: Path, tmp_path: Path) -> None:
    first = Run(TINY, tmp_path / 'tiny', CPU)
    first.train(Corpus.read(folder, 1, 16), progress=False)
    second = Run(replace(TINY, name='next', warm_start='tiny'), tmp_path / 'next', CPU)
    for name, value in first.network.state_dict().items():
        assert torch.equal(second.network.state_dict()[name], value.half().float()), name


def test_noise_levels_follow_the_law_of_the_maps() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = noise_levels(torch.Size((300, 3, 24, 24)), 75 / 255, generator)
    rng = np.random.default_rng(0)
    expected = np.stack([noise_maps.training_map((24, 24), rng) for _ in range(300)])
    for statistic in (np.mean, np.min, np.max, np.std):
        found, wanted = (statistic(m, axis=(-2, -1)) for m in (drawn[:, 0].numpy(), expected))
        np.testing.assert_allclose(found.mean(), wanted.mean(), rtol=0.1)
        np.testing.assert_allclose(found.std(), wanted.std(), rtol=0.15)


def test_blurring_uses_a_kernel_for_each_image() -> None:
    image = torch.rand(2, 3, 12, 10)
    kernel = torch.zeros(2, 1, 5, 5)
    kernel[0, 0, 2, 2] = kernel[1, 0, 2, 3] = 1
    for blur in (periodic, mirrored):
        blurred = blur(image, kernel)
        torch.testing.assert_close(blurred[0], image[0])
        torch.testing.assert_close(blurred[1, ..., 1:], image[1, ..., :-1])


def test_train_writes_weights_and_a_card(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, 'find_recipe', lambda name: replace(TINY, name=name))
    weights = training.train(
        'tiny', folder, tmp_path / 'run', steps=5, evaluate_on=(folder,), progress=False
    )
    card = weights.with_suffix('.md').read_text()
    assert 'Noise: white Gaussian, sigma up to 50 / 255' in card
    assert '3 steps at 0.003 of 4 crops of 16 x 16; then 2 steps' in card
    assert '| images (2) | sigma 15 |' in card


@pytest.mark.parametrize('name', ['usrnet', 'virnet_sr', 'vdir', 'scunet', 'bsrnet'])
def test_cards_of_restorers_compare_with_the_baseline(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = tmp_path / 'cats'
    images.mkdir()
    io.imsave(images / 'cat.png', data.cat()[:160:2, :200:2], check_contrast=False)
    monkeypatch.setattr(training, 'find_recipe', lambda _: FAMILIES[name])
    weights = training.train(
        name, images, tmp_path / 'run', steps=1, evaluate_on=(images,), progress=False
    )
    card = weights.with_suffix('.md').read_text()
    objective = objectives.make(FAMILIES[name].objective)
    assert f'| images | case | {objective.baseline}, dB | restored, dB |' in card
    assert '| cats (1) |' in card
    for line in objective.words():
        assert f'- {line}' in card


def test_bad_requests(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match='recipes: ffdnet_gray'):
        training.train('nothing', folder, tmp_path)
    with pytest.raises(ParameterError, match='steps'):
        training.train('ffdnet_gray', folder, tmp_path, steps=0)


def _initialised(recipe: Recipe) -> nn.Module:
    torch.manual_seed(0)
    network = networks.build(recipe.architecture, **recipe.config)
    objectives.make(recipe.objective).initialise(network)
    return network


def test_every_denoiser_of_a_bank_starts_from_a_single_one() -> None:
    single, bank = networks.build('ircnn', nc=4), networks.build('ircnn_bank', nc=4)
    assert take(bank, single.state_dict()) == len(bank.state_dict())
    for index in ('0', '24'):
        for name, value in single.state_dict().items():
            assert torch.equal(bank.get_submodule(index).state_dict()[name], value)
