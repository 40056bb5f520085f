"""Training learns, resumes exactly, and says what it did."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from skimage import data, io
from torch import Tensor, nn

from napari_fresco import networks, training
from napari_fresco.degrade import noise_maps
from napari_fresco.degrade.blur import blur
from napari_fresco.degrade.gaussian_noise import random_gaussian
from napari_fresco.degrade.random_source import RandomSource
from napari_fresco.errors import FileError, ParameterError, WeightsError
from napari_fresco.image.intensity import intensity_range
from napari_fresco.image.layout import Layout
from napari_fresco.image.model import Image
from napari_fresco.io.files import write
from napari_fresco.training import objectives
from napari_fresco.training.crops import Crops
from napari_fresco.training.data import Corpus
from napari_fresco.training.initialise_from import take
from napari_fresco.training.loop import Run
from napari_fresco.training.objective_declarations import (
    BankDenoising,
    BlindDenoising,
    BlindSR,
    GaussianDenoising,
    LatentRestoration,
    Unfolding,
    VariationalDenoising,
    VariationalSR,
)
from napari_fresco.training.objectives import white_noise
from napari_fresco.training.objectives.base import Draw, TriedObjective
from napari_fresco.training.objectives.white_noise import predict
from napari_fresco.training.regimes import REGIMES, Regime, Stage

from .elsewhere import NOWHERE, Elsewhere

CPU = torch.device('cpu')

TINY = Regime(
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

DNCNN = replace(TINY, name='dncnn', architecture='dncnn')
_SMALL = {'n_feat': (8, 8), 'dep_S': 2, 'n_resblocks': 1}
_LATENT = {'channels': 3, 'width': 8, 'latent': 2, 'groups': 1, 'blocks': 1}
_DENSE = {'in_nc': 3, 'out_nc': 3, 'nf': 8, 'nb': 1, 'gc': 4}

BANK = Regime('ircnn_bank', 'ircnn_bank', {'nc': 4}, 1, BankDenoising(), (Stage(12, 1e-3, 4, 24),))
FAMILIES = {
    'usrnet': Regime(
        'usrnet',
        'usrnet',
        {'n_iter': 2, 'h_nc': 8, 'nc': (8, 8, 8, 8), 'nb': 1},
        3,
        Unfolding((1, 2)),
        (Stage(12, 1e-3, batch=2, patch=32),),
    ),
    'virnet': Regime(
        'virnet',
        'virnet',
        {'im_chn': 3, 'sigma_chn': 1, **_SMALL},
        3,
        VariationalDenoising(),
        (Stage(12, 1e-3, batch=2, patch=16),),
    ),
    'virnet_sr': Regime(
        'virnet_sr',
        'virnet_sr',
        {'im_chn': 3, 'sigma_chn': 1, **_SMALL, 'dep_K': 1, 'extra_mode': 'Both'},
        3,
        VariationalSR(2),
        (Stage(12, 1e-3, batch=2, patch=32),),
    ),
    'vdir': Regime(
        'vdir',
        'vdir',
        _LATENT,
        3,
        LatentRestoration('denoise'),
        (Stage(12, 1e-3, batch=2, patch=16),),
    ),
    'vdir_jpeg': Regime(
        'vdir_jpeg',
        'vdir',
        _LATENT,
        3,
        LatentRestoration('deblock'),
        (Stage(12, 1e-3, batch=2, patch=16),),
    ),
    'vdir_sr': Regime(
        'vdir_sr',
        'vdir',
        {**_LATENT, 'scale': 2},
        3,
        LatentRestoration('super_resolve', scale=2),
        (Stage(12, 1e-3, batch=2, patch=32),),
    ),
    'scunet': Regime(
        'scunet',
        'scunet',
        {'config': (1,) * 7, 'dim': 8, 'head_dim': 4, 'window_size': 4},
        3,
        BlindDenoising(),
        (Stage(12, 1e-3, batch=4, patch=32),),
    ),
    'bsrnet': Regime(
        'bsrnet', 'rrdbnet', {**_DENSE, 'sf': 2}, 3, BlindSR(2), (Stage(12, 1e-3, 2, 32),)
    ),
    'bsrnet_x4': Regime(
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
    (folder / '._cat.png').write_bytes(b'\0\5\x16\7')
    gray, colour = Corpus.read(folder, 1, 16), Corpus.read(folder, 3, 16)
    assert (len(gray.images), len(colour.images)) == (2, 1)
    assert gray.folders == (('images', 2),)


def test_stacks_are_read_plane_by_plane_as_methods_see_them(tmp_path: Path) -> None:
    stack = np.random.default_rng(0).integers(100, 4000, (3, 20, 24), dtype=np.uint16)
    write(tmp_path / 'stack.tif', stack)
    corpus = Corpus.read(tmp_path, 1, 16)
    assert [image.shape for image in corpus.images] == [(20, 24, 1)] * 3
    range_ = intensity_range(stack, Layout.of(Image.of(stack)))
    for plane, image in zip(stack, corpus.images, strict=True):
        seen = np.clip(range_.to_working(plane), 0, 1)
        np.testing.assert_allclose(image[..., 0] / 255, seen, atol=0.51 / 255)
    with pytest.raises(FileError, match='holds no image'):
        Corpus.read(tmp_path, 3, 16)


def test_a_damaged_file_is_named(folder: Path) -> None:
    (folder / 'half.tif').write_bytes((folder / 'cat.png').read_bytes()[:300])
    with pytest.raises(FileError, match=r'half\.tif'):
        Corpus.read(folder, 1, 16)


@pytest.mark.parametrize(('count', 'kept'), [(1, 1), (2, 1), (40, 1), (41, 1), (637, 16)])
def test_images_are_kept_for_validation(count: int, kept: int) -> None:
    images = tuple(np.full((2, 2, 1), i % 256, np.uint8) for i in range(count))
    seen, watched = Corpus(images, ()).split()
    assert len(watched.images) == kept
    if count > 1:
        assert len(seen.images) == count - kept
        assert {id(x) for x in (*seen.images, *watched.images)} == {id(x) for x in images}


def test_crops_are_crops_in_all_eight_positions() -> None:
    """Every pixel tells its image, row and column, so that a crop tells where it is from."""
    shapes = ((9, 13), (16, 8))
    images = [
        np.dstack([np.full(s, i), *np.indices(s)]).astype(np.uint8) for i, s in enumerate(shapes)
    ]
    crops = Crops(images, CPU).draw(200, 8, RandomSource.seeded(0, CPU))
    seen = set()
    for index, rows, columns in (crops * 255).round().int().numpy():
        assert len(set(index.flat)) == 1
        height, width = shapes[index[0, 0]]
        top, left = rows.min(), columns.min()
        assert top + 8 <= height
        assert left + 8 <= width
        original = np.arange(64).reshape(8, 8)
        found = (rows - top) * 8 + columns - left
        positions = [np.rot90(m, k) for m in (original, original.T) for k in range(4)]
        position = [bool((found == m).all()) for m in positions]
        assert sum(position) == 1
        seen.add((int(index[0, 0]), position.index(True)))
    assert len(seen) == 16


def test_crops_depend_on_the_seed_alone() -> None:
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    crops = Crops([image], CPU)
    first, again, other = (crops.draw(3, 8, RandomSource.seeded(s, CPU)) for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match='holds no image'):
        Corpus.read(tmp_path, 1, 16)


def test_noise_has_the_sigma_that_is_told() -> None:
    clean = torch.zeros(4, 1, 64, 64)
    noisy, sigma = random_gaussian(clean, 0.2, RandomSource.seeded(0, CPU))
    np.testing.assert_allclose(noisy.std(dim=(1, 2, 3)), sigma.flatten(), rtol=0.05)
    assert float(sigma.max()) <= 0.2


def test_every_part_of_every_regime_has_its_stage() -> None:
    for regime in REGIMES.values():
        index, part = regime.at(0)
        assert (index, part) == (0, 0.0)
        assert regime.at(regime.steps) == (len(regime.stages) - 1, 1.0)
        ends = np.cumsum([stage.steps for stage in regime.stages])
        assert [regime.at(end - 1)[0] for end in ends] == list(range(len(regime.stages)))


def test_every_regime_builds_and_starts_near_its_input() -> None:
    """A network that nearly returns its input has little to lose by training."""
    image = torch.nn.functional.avg_pool2d(torch.rand(1, 3, 128, 128), 9, 1, 4)
    for name in ('virnet_denoise_color', 'vdir_denoise_color', 'scunet_compact_color'):
        network = _initialised(REGIMES[name])
        with torch.no_grad():
            restored = network(image)
        restored = restored[0] if isinstance(restored, tuple) else restored
        assert float((restored - image).abs().mean()) < 0.03, name


@pytest.mark.parametrize('name', ['ffdnet_gray', 'ircnn_gray_start', 'dncnn_compact_gray'])
def test_denoisers_without_skips_start_near_their_input(name: str) -> None:
    image = torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        restored = predict(_initialised(REGIMES[name]), image, torch.full((1, 1, 1, 1), 0.1))
    assert float((restored - image).abs().mean()) < 0.2 * float(image.abs().mean())


@pytest.mark.parametrize('name', ['bsrnet_compact_x2', 'bsrnet_compact_x4'])
def test_super_resolvers_start_from_repeated_pixels(name: str) -> None:
    network, image = _initialised(REGIMES[name]), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        enlarged = network(image)
    repeated = nn.functional.interpolate(image, scale_factor=REGIMES[name].config['sf'])
    assert float((enlarged - repeated).abs().mean()) < 0.03


@pytest.mark.parametrize('regime', [TINY, DNCNN, BANK, *FAMILIES.values()], ids=lambda r: r.name)
def test_resuming_is_exact(regime: Regime, folder: Path, tmp_path: Path) -> None:
    whole = Run(regime, tmp_path / 'whole', CPU, steps=4)
    corpus = Corpus.read(folder, regime.channels, 16)
    whole.train(corpus, progress=False)

    interrupted = Run(regime, tmp_path / 'parts', CPU, steps=4)
    for _ in range(2):
        interrupted.train_step(Crops(corpus.split()[0].images, CPU))
    interrupted.save()
    resumed = Run(regime, tmp_path / 'parts', CPU)
    assert resumed.step == 2
    resumed.train(corpus, progress=False)
    assert resumed.step == 4
    first, second = (load_file(run.export()) for run in (whole, resumed))
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_the_first_denoiser_of_a_bank_sees_all_noise_below_its_own() -> None:
    objective = objectives.make(BANK.objective)
    stage = replace(BANK.stages[0], sigma_power=1000.0)  # which always draws the first
    levels = []

    class Watched(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            levels.append(float(x.std()))
            return x

    bank = nn.Sequential(Watched())
    for seed in range(20):
        random = RandomSource.seeded(seed, CPU)
        objective.loss(bank, Draw(torch.zeros(2, 1, 32, 32), stage, random))
    assert 0 < min(levels) < 0.5 / 255
    assert 1.5 / 255 < max(levels) < 2.1 / 255


@pytest.mark.parametrize('regime', [TINY, DNCNN, BANK, *FAMILIES.values()], ids=lambda r: r.name)
def test_training_lowers_the_loss(regime: Regime, folder: Path, tmp_path: Path) -> None:
    """On one batch, drawn again and again."""
    stage = replace(regime.stages[0], steps=1000, learning_rate=2e-4)
    run = Run(replace(regime, stages=(stage,)), tmp_path / 'run', CPU)
    crops = Crops(Corpus.read(folder, regime.channels, 16).images, CPU)
    losses = []
    for _ in range(15):
        run.step = 249  # past the warm-up
        losses.append(float(run.train_step(crops)))
    assert np.mean(losses[-3:]) < losses[0]


@pytest.mark.parametrize('regime', list(FAMILIES.values()), ids=lambda r: r.name)
def test_objectives_measure_what_they_restore(regime: Regime) -> None:
    objective = objectives.make(regime.objective)
    assert isinstance(objective, TriedObjective)
    assert all(objective.describe())
    network = _initialised(regime)
    scores = objective.measure(network, [objective.trials(data.cat()[:96:2, :128:2])], 'cat')
    assert scores
    for score in scores:
        assert score.restored > score.baseline - 4, score
        assert (score.finding is not None) == (objective.finding is not None)


@pytest.mark.parametrize('regime', [TINY, BANK, *FAMILIES.values()], ids=lambda r: r.name)
def test_a_step_does_not_wait_for_the_device(
    regime: Regime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    monkeypatch.setattr(torch, 'is_autocast_enabled', lambda *_: False)
    objective, random = objectives.make(regime.objective), Elsewhere(0)
    network = networks.build(regime.architecture, **regime.config)
    network = objective.training_network(network).to(NOWHERE)
    images = [np.zeros((80, 90, regime.channels), np.uint8)]
    stage = regime.stages[0]
    crops = Crops(images, NOWHERE).draw(*objective.crops(stage), random)
    loss = objective.loss(network, Draw(crops, stage, random))
    loss.backward()
    assert loss.device == NOWHERE


def test_estimators_of_a_super_resolver_may_learn_first(folder: Path, tmp_path: Path) -> None:
    regime = FAMILIES['virnet_sr']
    stages = (replace(regime.stages[0], steps=1, estimators=True), regime.stages[0])
    regime = replace(regime, stages=stages)
    run = Run(regime, tmp_path / 'run', CPU)
    crops = Crops(Corpus.read(folder, 3, 32).images, CPU)
    moved = []
    for _ in range(2):
        before = {name: value.clone() for name, value in run.network.state_dict().items()}
        run.train_step(crops)
        after = run.network.state_dict()
        moved.append({name[:4] for name, value in before.items() if not value.equal(after[name])})
    assert moved == [{'SNet', 'KNet'}, {'SNet', 'KNet', 'RNet'}]


def test_every_stage_counts_the_steps_that_it_took(folder: Path, tmp_path: Path) -> None:
    """In a run of given length they follow from the time that steps take, not from the regime."""
    stage = replace(FAMILIES['usrnet'].stages[0], steps=10)
    run = Run(replace(FAMILIES['usrnet'], stages=(stage, stage)), tmp_path / 'run', CPU)
    crops = Crops(Corpus.read(folder, run.regime.channels, 32).images, CPU)
    for stride in (5.0, 2.5, 2.5, 4.0, 6.0):
        run.schedule.stride = stride
        run.train_step(crops)
    run.save()
    assert run.schedule.done
    assert run.stage_steps == [3, 2]
    assert Run(run.regime, run.folder, CPU).stage_steps == [3, 2]


@pytest.mark.parametrize('name', ['virnet', 'virnet_sr'])
def test_the_error_of_the_restorer_does_not_reach_the_estimators(name: str, folder: Path) -> None:
    """Else a hundred times its weight would be a hundred times their gradient."""
    regime = FAMILIES[name]
    network, stage = _initialised(regime), regime.stages[0]
    crops = Crops(Corpus.read(folder, 3, 32).images, CPU)
    clean = crops.draw(stage.batch, stage.patch, RandomSource.seeded(0, CPU))
    gradients = []
    for eps2 in (1e-8, 1e-10):
        objective = objectives.make(replace(regime.objective, eps2=eps2))
        network.zero_grad()
        draw = Draw(clean, stage, RandomSource.seeded(0, CPU))
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
    second = Run(replace(TINY, name='next', initialise_from='tiny'), tmp_path / 'next', CPU)
    for name, value in load_file(first.export()).items():
        assert torch.equal(second.network.state_dict()[name], value.float()), name


def test_half_precision_costs_what_it_changes(folder: Path, tmp_path: Path) -> None:
    run, corpus = Run(TINY, tmp_path / 'run', CPU), Corpus.read(folder, 1, 16)
    with torch.no_grad():
        for weight in run.network.parameters():
            weight.copy_(weight.half())
    run.average.follow(0)
    assert run.half_loss(corpus) == 0
    with torch.no_grad():
        for weight in run.network.parameters():
            weight.mul_(1 + 1e-3)
    run.average.follow(0)
    assert 0 < abs(run.half_loss(corpus)) < 0.1


def _training_map(side: int, random: np.random.Generator) -> np.ndarray:
    row, column = random.uniform(0, side, 2)
    width = random.uniform(0.25, 0.75) * side
    lower, upper = np.sort(random.uniform(0, 75 / 255, 2))
    rows, columns = np.ogrid[:side, :side]
    bump = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * width**2))
    return lower + (bump - bump.min()) / np.ptp(bump) * (upper + 5 / 255 - lower)


def test_noise_levels_follow_the_law_of_the_maps() -> None:
    drawn = noise_maps.training_maps(torch.empty(300, 3, 24, 24), RandomSource.seeded(0))
    rng = np.random.default_rng(0)
    expected = np.stack([_training_map(24, rng) for _ in range(300)])
    for statistic in (np.mean, np.min, np.max, np.std):
        found, wanted = (statistic(m, axis=(-2, -1)) for m in (drawn[:, 0].numpy(), expected))
        np.testing.assert_allclose(found.mean(), wanted.mean(), rtol=0.1)
        np.testing.assert_allclose(found.std(), wanted.std(), rtol=0.15)


def test_blurring_uses_a_kernel_for_each_image() -> None:
    image = torch.rand(2, 3, 12, 10)
    kernel = torch.zeros(2, 1, 5, 5)
    kernel[0, 0, 2, 2] = kernel[1, 0, 2, 3] = 1
    for border in ('wrap', 'mirror'):
        blurred = blur(image, kernel, border)
        torch.testing.assert_close(blurred[0], image[0])
        torch.testing.assert_close(blurred[1, ..., 1:], image[1, ..., :-1])


def test_train_writes_weights_and_a_card(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, 'find_regime', lambda name: replace(TINY, name=name))
    weights = training.train(
        'tiny', folder, tmp_path / 'run', steps=5, evaluate_on=(folder,), progress=False
    )
    card = weights.with_suffix('.md').read_text()
    assert 'Noise: white Gaussian, sigma up to 50 / 255' in card
    assert '4 steps at 0.003 of 4 crops of 16 x 16; then 1 step at' in card
    assert '| images (2) | sigma 15 |' in card


@pytest.mark.parametrize('name', ['usrnet', 'virnet_sr', 'vdir', 'scunet', 'bsrnet'])
def test_cards_of_restorers_compare_with_the_baseline(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = tmp_path / 'cats'
    images.mkdir()
    io.imsave(images / 'cat.png', data.cat()[:160:2, :200:2], check_contrast=False)
    monkeypatch.setattr(training, 'find_regime', lambda _: FAMILIES[name])
    weights = training.train(
        name, images, tmp_path / 'run', steps=1, evaluate_on=(images,), progress=False
    )
    card = weights.with_suffix('.md').read_text()
    objective = objectives.make(FAMILIES[name].objective)
    assert f'| images | case | {objective.baseline}, dB | restored, dB |' in card
    assert '| cats (1) |' in card
    for line in objective.describe():
        assert f'- {line}' in card


def test_bad_requests(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match='regimes: ffdnet_gray'):
        training.train('nothing', folder, tmp_path)
    with pytest.raises(ParameterError, match='steps'):
        training.train('ffdnet_gray', folder, tmp_path, steps=0)


def _initialised(regime: Regime) -> nn.Module:
    torch.manual_seed(0)
    network = networks.build(regime.architecture, **regime.config)
    objectives.make(regime.objective).initialise(network)
    return network


def test_every_denoiser_of_a_bank_starts_from_a_single_one() -> None:
    single, bank = networks.build('ircnn', nc=4), networks.build('ircnn_bank', nc=4)
    assert take(bank, single.state_dict()) == len(bank.state_dict())
    for index in ('0', '24'):
        for name, value in single.state_dict().items():
            assert torch.equal(bank.get_submodule(index).state_dict()[name], value)


@pytest.mark.parametrize('name', [n for n, regime in REGIMES.items() if regime.bias_free])
def test_networks_without_biases_treat_all_intensities_alike(name: str, tmp_path: Path) -> None:
    """f(a x, a sigma) = a f(x, sigma), started anew or from weights that had biases."""
    regime = replace(REGIMES[name], initialise_from=None)
    given = {'ircnn_gray_start': None, 'ircnn_gray': 'ircnn_gray'}.get(name, name)
    for start_from in {None, given}:
        run = Run(regime, tmp_path / str(start_from), CPU, start_from=start_from)
        network = run.network
        network = network.get_submodule('7') if name == 'ircnn_gray' else network
        generator = torch.Generator().manual_seed(0)
        x = torch.rand(1, regime.channels, 20, 24, generator=generator)
        sigma = torch.full((1, 1, 1, 1), 0.1)
        with torch.no_grad():
            once = predict(network, x, sigma)
            assert float(once.abs().max()) > 0.1
            for a in (1e-3, 0.3, 40.0):
                many = predict(network, a * x, a * sigma)
                torch.testing.assert_close(many, a * once, rtol=1e-3, atol=1e-5 * a)


def test_biases_stay_zero(folder: Path, tmp_path: Path) -> None:
    run = Run(replace(TINY, bias_free=True), tmp_path, CPU)
    crops = Crops(Corpus.read(folder, 1, 16).images, CPU)
    for _ in range(3):
        run.train_step(crops)
    exported = load_file(run.export())
    assert exported.keys() == networks.build('ffdnet', **TINY.config).state_dict().keys()
    for name, tensor in exported.items():
        assert bool(tensor.any()) != name.endswith('.bias')


def test_crops_with_little_noise_count_in_a_relative_loss() -> None:
    """An error as large as the noise costs sqrt(sigma), so little noise is not forgotten."""
    objective = objectives.make(GaussianDenoising(50, relative=True))
    assert 'sqrt(sigma' in objective.describe()[1]
    losses = []
    for sigma in (1.0, 25.0):
        error = torch.full((2, 1, 8, 8), sigma / 255)
        losses.append(float(white_noise._relative(error, torch.full((2, 1, 1, 1), sigma / 255))))
    assert losses[1] / losses[0] == pytest.approx(25 / (25.3 / 1.3) ** 0.5, rel=1e-3)
