"""Adversarial stages: the discriminator learns and is resumed; real pairs of a camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from skimage import data, io
from torch import Tensor, nn

import napari_fresco as fresco
from napari_fresco import weights
from napari_fresco.errors import FileError
from napari_fresco.evidence import metrics
from napari_fresco.networks.discriminator import UNetDiscriminator
from napari_fresco.networks.vdir_training import Discriminator
from napari_fresco.training import card_check as bench
from napari_fresco.training import objectives
from napari_fresco.training.adversarial import TrainedDiscriminator, generator_loss, least_squares
from napari_fresco.training.crops import Crops
from napari_fresco.training.loop import Run
from napari_fresco.training.objective_declarations import (
    BlindDenoising,
    BlindSR,
    LatentRestoration,
    Unfolding,
)
from napari_fresco.training.objectives.base import TriedObjective
from napari_fresco.training.pairs import read_pairs
from napari_fresco.training.regimes import REGIMES, Regime, Stage
from napari_fresco.training.targets import TARGETS
from napari_fresco.training.vdir_losses import discriminator_loss
from napari_fresco.weights.cards import Card, Score

CPU = torch.device('cpu')
_STAGES = tuple(Stage(6, 1e-3, batch=2, patch=32, adversarial=x) for x in (False, True))
BSRGAN = Regime(
    'bsrgan',
    'rrdbnet',
    {'in_nc': 3, 'out_nc': 3, 'nf': 8, 'nb': 1, 'gc': 4, 'sf': 2},
    3,
    BlindSR(2, adversarial=True),
    _STAGES,
)
VDIR = Regime(
    'vdir',
    'vdir',
    {'channels': 3, 'width': 8, 'latent': 2, 'groups': 1, 'blocks': 1},
    3,
    LatentRestoration('denoise', adversarial=True),
    _STAGES,
)
SCUNET = Regime(
    'scunet_compact_color',
    'scunet',
    {'config': (1,) * 7, 'dim': 8, 'head_dim': 4, 'window_size': 4},
    3,
    BlindDenoising(),
    _STAGES[:1],
)
USRGAN = Regime(
    'usrgan',
    'usrnet',
    {'n_iter': 2, 'h_nc': 8, 'nc': (8, 8, 8, 8), 'nb': 1},
    3,
    Unfolding((2, 4), adversarial=True),
    _STAGES,
)
every = pytest.mark.parametrize('regime', [BSRGAN, USRGAN, VDIR], ids=lambda r: r.name)


@pytest.fixture
def crops() -> Crops:
    return Crops([data.cat()[::4, ::4]], CPU)


@pytest.fixture(params=['unet', 'vdir'])
def discriminator(request: pytest.FixtureRequest) -> TrainedDiscriminator:
    torch.manual_seed(0)
    if request.param == 'unet':
        return TrainedDiscriminator(UNetDiscriminator(1, 4), least_squares, CPU)
    return TrainedDiscriminator(Discriminator(1, 4), discriminator_loss, CPU)


def smooth(generator: torch.Generator) -> Tensor:
    """Return images of the mean and variance of :func:`rough` ones, blurred."""
    return 3 * nn.functional.avg_pool2d(torch.randn(4, 1, 34, 34, generator=generator), 3, 1)


def rough(generator: torch.Generator) -> Tensor:
    return torch.randn(4, 1, 32, 32, generator=generator)


def test_a_discriminator_learns_to_tell_two_textures_apart(
    discriminator: TrainedDiscriminator,
) -> None:
    generator, told = torch.Generator().manual_seed(0), 0.0
    for _ in range(100):
        real, made = smooth(generator), rough(generator)
        with torch.no_grad():
            told = float(
                discriminator.network(real).mean() - discriminator.answers(real, made).mean()
            )
        if told > 0.5:  # of images that it has not learnt from
            break
        discriminator.step(1e-3)
    assert told > 0.5


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('shape', [(8, 8), (33, 18)])
def test_the_u_net_answers_for_every_pixel(channels: int, shape: tuple[int, int]) -> None:
    assert UNetDiscriminator(channels, 4)(torch.zeros(2, channels, *shape)).shape == (2, 1, *shape)


def test_network_and_discriminator_leave_each_other_alone(
    discriminator: TrainedDiscriminator,
) -> None:
    network, judge = nn.Conv2d(1, 1, 3, padding=1), discriminator.network
    x = torch.rand(2, 1, 32, 32)

    def values(module: nn.Module) -> list[Tensor]:
        return [p.detach().clone() for p in module.parameters()]

    before = values(judge)
    generator_loss(discriminator.answers(x, network(x))).backward()
    assert all(float(p.grad.abs().max()) > 0 for p in network.parameters())
    assert all(p.grad is None for p in judge.parameters())
    assert all(map(torch.equal, values(judge), before))

    network.zero_grad()
    own = values(network)
    discriminator.step(1e-3)
    assert all(p.grad is None for p in network.parameters())
    assert all(map(torch.equal, values(network), own))
    assert not all(map(torch.equal, values(judge), before))

    moved = values(judge)
    discriminator.step(1e-3)  # nothing was shown in between
    assert all(map(torch.equal, values(judge), moved))


@pytest.mark.parametrize('start', [0, 2])
def test_a_network_learns_to_pass_for_real(start: float) -> None:
    """From its discriminator alone, which knows what is real."""
    torch.manual_seed(0)
    discriminator = TrainedDiscriminator(UNetDiscriminator(1, 4), least_squares, CPU)
    level = nn.Parameter(torch.tensor(float(start)))
    optimizer = torch.optim.Adam([level], lr=0.02)
    for _ in range(60):
        real, made = (x + 0.1 * torch.randn(2, 1, 8, 8) for x in (1, level))
        optimizer.zero_grad()
        generator_loss(discriminator.answers(real, made)).backward()
        optimizer.step()
        discriminator.step(1e-2)
    assert abs(level.item() - 1) < 0.6


@every
def test_a_discriminator_learns_in_adversarial_stages_alone(
    regime: Regime, crops: Crops, tmp_path: Path
) -> None:
    run = Run(regime, tmp_path, CPU, steps=2)
    assert run.discriminator is not None
    moved = []
    for _ in range(2):
        before = [p.detach().clone() for p in run.discriminator.network.parameters()]
        run.train_step(crops)
        after = run.discriminator.network.parameters()
        moved.append(not all(map(torch.equal, before, after)))
    assert moved == [False, True]


@every
def test_a_network_hears_its_discriminator(regime: Regime, crops: Crops, tmp_path: Path) -> None:
    """One of strong opinions, since a step hardly shows the others."""
    regime = replace(regime, stages=regime.stages[1:])

    def stepped(opinion: float) -> dict[str, Tensor]:
        run, judge = Run(regime, tmp_path, CPU), nn.Conv2d(3, 1, 1)
        nn.init.constant_(judge.weight, opinion)
        run.discriminator = TrainedDiscriminator(judge, least_squares, CPU)
        run.train_step(crops)
        return run.trained.state_dict()

    indifferent, strong = stepped(0), stepped(-1e4)
    assert not all(torch.equal(value, strong[name]) for name, value in indifferent.items())


@every
def test_resuming_in_an_adversarial_stage_is_exact(
    regime: Regime, crops: Crops, tmp_path: Path
) -> None:
    whole, parts = (Run(regime, tmp_path / name, CPU, steps=4) for name in ('whole', 'parts'))
    for run, count in ((whole, 4), (parts, 3)):
        for _ in range(count):
            run.train_step(crops)
    parts.save()
    resumed = Run(regime, tmp_path / 'parts', CPU)
    resumed.train_step(crops)
    first, second = (load_file(run.export()) for run in (whole, resumed))
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    judges = [
        run.discriminator.network.state_dict() for run in (whole, resumed) if run.discriminator
    ]
    assert all(torch.equal(value, judges[1][name]) for name, value in judges[0].items())


@every
def test_training_against_a_discriminator_lowers_the_loss(
    regime: Regime, crops: Crops, tmp_path: Path
) -> None:
    """On one batch, drawn again and again."""
    stage = replace(regime.stages[1], steps=1000, learning_rate=2e-4)
    run, losses = Run(replace(regime, stages=(stage,)), tmp_path, CPU), []
    for _ in range(15):
        run.step = 249  # past the warm-up
        losses.append(float(run.train_step(crops)))
    assert np.mean(losses[-3:]) < losses[0]


@pytest.mark.parametrize('adversarial', [True, False])
@pytest.mark.parametrize('regime', [BSRGAN, USRGAN], ids=lambda r: r.name)
def test_results_of_a_gan_are_labelled(regime: Regime, adversarial: bool, tmp_path: Path) -> None:
    objective = replace(regime.objective, adversarial=adversarial)
    file = Run(replace(regime, objective=objective), tmp_path, CPU).export()
    assert weights.load(file).generative is adversarial
    method, told = ('usrnet', {'kernel': np.ones((3, 3))}) if regime is USRGAN else ('bsrgan', {})
    image = data.cat()[:24, :24]
    result = fresco.restore(
        image, task='super_resolve', method=method, model=str(file), scale=2, device='cpu', **told
    )
    plain = 'feed-forward' if method == 'bsrgan' else 'data-consistent'
    assert result.provenance['kind'] == ('generative' if adversarial else plain)


def test_regimes_have_discriminators_where_their_stages_need_them() -> None:
    for regime in REGIMES.values():
        adversarial = getattr(regime.objective, 'adversarial', False)
        assert adversarial == any(stage.adversarial for stage in regime.stages), regime.name
        known = ' '.join([*objectives.make(regime.objective).describe(), *regime.objective.limits])
        assert ('of the adversarial loss' in known) == adversarial
    starts = {f'bsrgan_compact_x{scale}': f'bsrnet_compact_x{scale}' for scale in (2, 4)}
    for name, start in {**starts, 'usrgan_tiny': 'usrnet_tiny'}.items():
        gan = REGIMES[name]
        assert (gan.initialise_from, gan.config) == (start, REGIMES[start].config)
        assert objectives.make(gan.objective).generative
        assert 'invented' in ' '.join(gan.objective.limits)


# --- pairs of a camera


def folder_of_pairs(folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Write two pairs, with what else lies about, and return them."""
    rng, clean = np.random.default_rng(0), data.cat()[:48, :128]
    pairs = []
    folder.mkdir()
    for name, truth in (('a_1', clean[:, :64]), ('b_1', clean[:, 64:])):
        seen = np.clip(truth + rng.normal(0, 20, truth.shape), 0, 255).astype(np.uint8)
        for ending, image in (('real', seen), ('mean', truth)):
            io.imsave(folder / f'{name}_{ending}.png', image, check_contrast=False)
        pairs.append((seen, truth))
    (folder / 'README.txt').write_text('a_real')
    return pairs


def test_pairs_are_read_as_they_belong_together(tmp_path: Path) -> None:
    written = folder_of_pairs(tmp_path / 'set')
    for pair, wanted in zip(read_pairs(tmp_path, 3), written, strict=True):
        assert all(map(np.array_equal, pair, wanted))
    assert [x.shape for pair in read_pairs(tmp_path, 1) for x in pair] == [(48, 64, 1)] * 4


def _lone(folder: Path) -> None:
    (folder / 'a_1_mean.png').unlink()


def _small(folder: Path) -> None:
    io.imsave(folder / 'a_1_mean.png', np.zeros((8, 8, 3), np.uint8), check_contrast=False)


@pytest.mark.parametrize(
    ('damage', 'said'),
    [(_lone, r'a_1_real\.png has no clean image'), (_small, 'not of the same shape')],
)
def test_images_that_are_no_pair_are_named(
    damage: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    folder_of_pairs(tmp_path / 'set')
    damage(tmp_path / 'set')
    with pytest.raises(FileError, match=said):
        read_pairs(tmp_path / 'set', 3)


def test_a_blind_denoiser_is_measured_on_real_noise(tmp_path: Path) -> None:
    """With the name and the target of the set, and again by the benchmark."""
    pairs, run = folder_of_pairs(tmp_path / 'cc15'), Run(SCUNET, tmp_path / 'run', CPU)
    file, objective = run.export(), objectives.make(SCUNET.objective)
    (score,) = objective.evaluate(file, tmp_path / 'cc15', 3)
    assert (score.dataset, score.images, score.case) == ('cc15', 2, 'camera')
    noisy = np.mean([metrics.psnr(seen, truth, 255) for seen, truth in pairs])
    assert score.baseline == pytest.approx(noisy)
    assert score.restored > score.baseline - 4
    (first,) = objective.evaluate(file, tmp_path / 'cc15', 3, limit=1)
    assert first.images == 1

    subject = bench.Subject(SCUNET.name, file, _card(score))
    (row,) = bench.measure([subject], tmp_path)
    assert (row.case, row.images, row.difference) == ('camera', 2, 0)
    assert row.target == pytest.approx(noisy + 1.5)


def _card(score: Score) -> Card:
    return Card(
        name=SCUNET.name,
        architecture='scunet',
        config=SCUNET.config,
        channels=3,
        data=(),
        learnt=(),
        stages=(),
        steps=0,
        minutes=0,
        device='',
        versions={},
        sha256='',
        optimiser='',
        scores=(score,),
    )


def test_marks_are_about_cases_that_are_measured() -> None:
    image = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    for name in ('bsrnet_compact_x2', 'bsrnet_compact_x4', 'scunet_compact_color'):
        objective = objectives.make(REGIMES[name].objective)
        assert isinstance(objective, TriedObjective)
        cases = {trial.case for trial in objective.trials(image)} | {'camera'}
        assert {target.case for target in TARGETS if target.name == name} <= cases
