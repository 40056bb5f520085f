"""Deep image prior and DeepRED: laws of the loop, and the solver on small images."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional as F

import napari_fresco as fresco
from napari_fresco.declare.parameters import DeepREDParameters
from napari_fresco.errors import DivergedError
from napari_fresco.generators import Returning
from napari_fresco.networks.hourglass import Skip, SkipConfig
from napari_fresco.physics.operators import Blur, Degradation, Downsample, Identity, Mask
from napari_fresco.physics.problem import Problem
from napari_fresco.physics.resample import LanczosDownsample
from napari_fresco.solvers import deepred as module
from napari_fresco.solvers.adam import Adam
from napari_fresco.solvers.admm import (
    ADMMIterate,
    DenoiserCalls,
    MovingAverage,
    iterate,
    update_image,
)
from napari_fresco.solvers.deepred import deepred
from napari_fresco.solvers.prior_settings import Growth, Settings
from napari_fresco.solvers.prior_setup import Setup, defaults_of
from napari_fresco.solvers.untrained import Backtrack, Errors, Fit, Hourglass, total_variation
from napari_fresco.types import Step, Task


def picture(height: int = 40, width: int = 36, channels: int = 1) -> Tensor:
    """Return soft blobs and an edge in [0, 1]."""
    rng = np.random.default_rng(5)
    blobs = ndimage.gaussian_filter(rng.random((channels, height, width)), (0, 4, 4))
    blobs = (blobs - blobs.min()) / np.ptp(blobs)
    blobs[:, height // 2 :] = 1 - blobs[:, height // 2 :]
    return torch.from_numpy(blobs.astype(np.float32))[None]


def smooth(x: Tensor, sigma: float | Tensor = 0.1) -> Tensor:
    kernel = torch.full((x.shape[1], 1, 3, 3), 1 / 9, dtype=x.dtype)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode='replicate'), kernel, groups=x.shape[1])


class Tools:
    """What the runner lends, with a box filter for every denoiser."""

    def __init__(self, seed: int = 0) -> None:
        self.device = torch.device('cpu')
        self.generator = torch.Generator().manual_seed(seed)
        self.calls: list[tuple[str, int, float | Tensor]] = []

    def denoiser(self, name: str, channels: int) -> Tools:
        self.asked = (name, channels)
        return self

    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        self.calls.append((*self.asked, sigma))
        return smooth(x)

    def autocast(self) -> AbstractContextManager[None]:
        return nullcontext()


def options(**values: object) -> DeepREDParameters:
    defaults = {'schedule': 'plain', 'prior': 'box', 'network': 'small', 'iterations': 3}
    return DeepREDParameters.create({**defaults, **values})


def run(problem: Problem, tools: Tools | None = None, **values: object) -> list[Step]:
    return list(deepred(problem, options(**values), tools or Tools()))


class Constant:
    """A network that has converged to one image."""

    def __init__(self, image: Tensor, settings: Settings) -> None:
        self.image, self.settings = image, settings
        self.rates: list[float] = []

    def step(self, fit: Fit, target: Tensor | None, penalty: float) -> tuple[Tensor, Errors]:
        return self.image, Errors(1e-3, 0.0, 0.0)

    def set_rate(self, rate: float) -> None:
        self.rates.append(rate)


def iterates(settings: Settings, image: Tensor | None = None) -> list[ADMMIterate]:
    image = picture() if image is None else image
    start = torch.zeros_like(image)
    return list(iterate(Constant(image, settings), Fit(smooth, image), smooth, start))


# The loop


@pytest.mark.parametrize('update', ['fixed-point', 'gradient', 'mixed'])
def test_the_loop_ends_where_u_balances_the_denoiser(update: str) -> None:
    image = 0.2 + 0.6 * picture().double()
    settings = Settings(300, 0.1, regularization=0.05, penalty=0.06, update=update)
    last = iterates(settings, image)[-1]
    torch.testing.assert_close(last.x, image, atol=1e-6, rtol=0)
    torch.testing.assert_close(last.u, 0.05 / 0.06 * (image - smooth(image)), atol=1e-6, rtol=0)


def test_a_gradient_step_of_full_length_is_the_fixed_point() -> None:
    x, f, target = picture(), smooth(picture()), picture().flip(-1)
    fixed = update_image(x, f, target, 0.3, 0.2, None)
    torch.testing.assert_close(update_image(x, f, target, 0.3, 0.2, 1 / 0.5), fixed)


def test_total_variation_is_the_length_of_the_gradient_and_flat_parts_have_no_slope() -> None:
    # Of a 2 x 2 image only the upper-left pixel has both neighbours: the root of 3^2 + 4^2.
    assert total_variation(torch.tensor([[[[1.0, 4.0], [5.0, 9.0]]]])).item() == 5
    x = torch.zeros(1, 1, 4, 4, requires_grad=True)
    total_variation(x).backward()
    assert x.grad is not None
    assert not x.grad.any()


def test_a_weight_of_total_variation_makes_the_output_smoother() -> None:
    y = torch.rand(1, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    roughness = []
    for weight in (0.0, 1e-2):
        torch.manual_seed(0)
        network = torch.nn.Conv2d(1, 1, 1)
        torch.nn.init.ones_(network.weight)
        settings = Settings(40, 0.05, total_variation=weight)
        net = Hourglass(network, y, lambda: y, settings, size=(12, 12))
        last = list(iterate(net, Fit(lambda x: x, y), None, torch.zeros_like(y)))[-1]
        roughness.append(total_variation(last.out).item())
        assert last.roughness == pytest.approx(weight * roughness[-1], rel=1e-5)
    assert roughness[1] < 0.5 * roughness[0]


def test_x_stays_in_its_range() -> None:
    settings = Settings(5, 0.1, regularization=0.5, penalty=0.5, low=0.3, high=0.6)
    x = iterates(settings)[-1].x
    assert (x.min().item(), x.max().item()) == (pytest.approx(0.3), pytest.approx(0.6))


@pytest.mark.parametrize(
    ('delayed', 'used'),
    [
        (False, [0, 0, 0, 3, 3, 3, 6, 6]),
        (True, [None, None, 0, 0, 0, 2, 2, 2]),
    ],
)
def test_when_the_denoiser_is_called(delayed: bool, used: list[int | None]) -> None:
    """Which x, by the number of the iteration that made it, the denoised image stems from."""
    start = torch.tensor(0.0)
    calls = DenoiserCalls(lambda x: x + 100, start, every=3, delayed=delayed)
    found = [calls(k, torch.tensor(float(k - 1))).item() for k in range(1, 9)]
    assert found == [0.0 if k is None else 100.0 + k for k in used]


def test_the_rate_falls_and_the_weights_grow() -> None:
    growth = Growth(threshold=29.99, rise=0.02, increase=0.1)
    settings = Settings(
        5, 1.0, decay=0.5, decay_every=2, regularization=0.1, penalty=0.2, growth=growth
    )
    found = iterates(settings)
    assert [i.learning_rate for i in found] == [1.0, 0.5, 0.5, 0.25, 0.25]
    # The fit is 30 dB, so that the threshold stops the growth after one step.
    assert [i.penalty for i in found] == pytest.approx([0.2, 0.3, 0.3, 0.3, 0.3])
    assert [i.regularization for i in found] == pytest.approx([0.1, 0.2, 0.2, 0.2, 0.2])


def test_the_moving_average_starts_at_the_first_output() -> None:
    average = MovingAverage(0.75)
    values = [average.update(torch.tensor([v])) for v in (2.0, 6.0, 1.0)]
    assert [v.item() for v in values] == [2.0, 3.0, 2.5]
    ramp = MovingAverage(0.99, ramp=True)
    for k in range(60):
        found = ramp.update(torch.tensor([1.0 if k < 5 else 0.0]))
    assert found < 1e-3


def tiny(settings: Settings) -> Hourglass:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 1, 3, padding=1), nn.Sigmoid())
    z = torch.rand(1, 2, 8, 8)
    return Hourglass(network, z, lambda: torch.randn(1, 2, 8, 8), settings, size=(7, 6))


def test_the_output_is_cropped_and_mapped_to_the_range() -> None:
    net = tiny(Settings(1, 0.1, low=2.0, high=4.0))
    out = net.output()
    assert out.shape == (1, 1, 7, 6)
    assert 2 < out.min() < out.max() < 4
    assert not net.output().sub(out).any()


def test_backtracking_restores_weights_and_forgets_moments() -> None:
    net = tiny(Settings(1, 0.1))
    guard = Backtrack(net, decibels=5, every=1)
    assert not guard.fell(1.0)
    kept = [p.clone() for p in net.network.parameters()]
    net.step(Fit(lambda x: x, torch.zeros(1, 1, 7, 6)), None, 0.0)
    assert not guard.fell(3.0) or math.log10(3) * 10 > 5
    net.step(Fit(lambda x: x, torch.zeros(1, 1, 7, 6)), None, 0.0)
    copies = [p.clone() for p in guard._copies]
    assert guard.fell(40.0)
    for p, copy in zip(net.network.parameters(), copies, strict=True):
        assert p.equal(copy)
    assert any(not p.equal(k) for p, k in zip(net.network.parameters(), kept, strict=True))
    assert not net.optimizer.steps


def test_adam_is_that_of_torch() -> None:
    torch.manual_seed(0)
    own, other = (nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3)).double() for _ in range(2))
    other.load_state_dict(own.state_dict())
    x = torch.randn(7, 5, dtype=torch.float64)
    ours = Adam(own.parameters(), 0.03)
    theirs = torch.optim.Adam(other.parameters(), lr=0.03)
    for rate in (0.03, 0.03, 0.01, 0.01):
        ours.rate = theirs.param_groups[0]['lr'] = rate
        for network, optimiser in ((own, ours), (other, theirs)):
            network(x).square().mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        theirs.zero_grad()
    for a, b in zip(own.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
        assert a.grad is None


def test_the_first_step_imports_no_compiler() -> None:
    said = subprocess.run(
        [sys.executable, '-c', _FIRST_STEP], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ['True', 'False']


_FIRST_STEP = """
import sys
import numpy as np
import napari_fresco as fresco
fresco.restore(np.eye(32), method='deepred', task='denoise', sigma=0.1, iterations=1)
print('torch' in sys.modules, 'torch._dynamo' in sys.modules)
"""


# The solver


def problems() -> Iterator[tuple[Task, Degradation]]:
    kernel = torch.outer(*[torch.tensor([0.25, 0.5, 0.25])] * 2)
    yield 'denoise', Identity()
    yield 'inpaint', Mask((torch.rand(1, 1, 40, 36) > 0.3).float())
    yield 'deblur', Blur(kernel, (40, 36))
    yield 'super_resolve', Downsample(kernel, 2, (40, 36))
    yield 'super_resolve', LanczosDownsample(2)


@pytest.mark.parametrize(('task', 'degradation'), list(problems()))
@pytest.mark.parametrize('prior', ['box', 'none'])
def test_every_task_runs(task: Task, degradation: Degradation, prior: str) -> None:
    y = degradation.forward(picture(channels=3))
    steps = run(Problem(task, y, degradation, 0.1), prior=prior)
    assert [step.index for step in steps] == [1, 2, 3]
    assert {step.total for step in steps} == {3}
    assert [step.final for step in steps] == [False, False, True]
    assert all(step.x.shape == (1, 3, 40, 36) for step in steps)
    assert all(step.x.dtype == torch.float32 and not step.x.requires_grad for step in steps)
    residual = (degradation.forward(steps[0].x) - y).square().mean().sqrt()
    if task != 'inpaint' and prior == 'none':
        assert steps[0].residual == pytest.approx(residual.item(), rel=1e-4)
    assert set(steps[0].metrics) == {'data_loss', 'prior_loss'}


@pytest.mark.parametrize('size', [(1, 40), (17, 23), (33, 34), (41, 7)])
@pytest.mark.parametrize('network', ['small', 'auto'])
def test_any_size_runs(size: tuple[int, int], network: str) -> None:
    problem = Problem('denoise', picture(*size), Identity(), 0.1)
    assert run(problem, network=network, iterations=1)[-1].x.shape == (1, 1, *size)


def test_inpainting_fills_holes_better_than_the_mean() -> None:
    truth = picture()
    keep = (torch.rand(1, 1, 40, 36, generator=torch.Generator().manual_seed(2)) > 0.4).float()
    problem = Problem('inpaint', truth * keep, Mask(keep), 0.01)
    mean = (truth * keep).sum() / keep.sum()
    values = {'iterations': 80, 'prior': 'none', 'stopping': 'none', 'average': 0.9}
    restored = run(problem, **values)[-1].x
    holes = keep.expand_as(truth) == 0
    before, after = ((x - truth)[holes].square().mean() for x in (mean, restored))
    assert after < before / 4


@pytest.mark.parametrize(('task', 'degradation'), list(problems()))
def test_what_is_kept_is_never_worse_than_the_start(task: Task, degradation: Degradation) -> None:
    truth = picture()
    noise = 0.05 * torch.randn(1, 1, 40, 36, generator=torch.Generator().manual_seed(3))
    y = degradation.forward(truth + noise)
    problem = Problem(task, y, degradation, 0.05)
    start = Setup.of(problem, options(), Tools()).start
    for prior in ('box', 'none'):
        steps = run(problem, iterations=5, prior=prior, stopping='none')
        if prior == 'none':
            assert all(step.better is not None and step.better.equal(start) for step in steps)
        kept = [step.x if step.better is None else step.better for step in steps]
        worst = max((x - truth).square().mean() for x in kept)
        assert worst <= (start - truth).square().mean()


def test_a_run_that_has_come_nearer_than_its_start_gives_itself_back() -> None:
    problem = Problem('denoise', picture(), Identity(), 0.1)
    steps = run(
        problem, iterations=40, prior='none', learning_rate=0.01, stopping='none', average=0.5
    )
    assert steps[0].better is not None
    assert steps[-1].better is None


def test_what_lies_in_the_holes_does_not_matter() -> None:
    keep = (torch.rand(1, 1, 40, 36) > 0.4).float()
    results = [
        run(Problem('inpaint', torch.where(keep > 0, picture(), junk), Mask(keep), 0.01))[-1].x
        for junk in (0.0, 50.0)
    ]
    assert results[0].equal(results[1])


def test_the_seed_fixes_every_bit() -> None:
    problem = Problem('denoise', picture(), Identity(), 0.1)
    state = torch.random.get_rng_state()
    first, again, other = (run(problem, Tools(seed))[-1].x for seed in (1, 1, 2))
    assert first.equal(again)
    assert not first.equal(other)
    assert torch.random.get_rng_state().equal(state)


def test_the_variance_rule_returns_the_estimate_of_its_best_epoch() -> None:
    problem = Problem('denoise', picture(), Identity(), 0.1)
    steps = run(problem, iterations=60, window=5, patience=4, learning_rate=0.05)
    scored = [step for step in steps if step.score is not None]
    assert [step.index for step in scored] == list(range(5, steps[-1].index + 1))
    assert steps[-1].final
    best = min(scored, key=lambda step: step.score)
    if best.index < steps[-1].index:
        assert steps[-1].x.equal(best.x)


def test_discrepancy_stops_at_the_noise_level() -> None:
    problem = Problem('denoise', picture(), Identity(), 0.5)
    steps = run(problem, iterations=50, stopping='discrepancy')
    assert steps[-1].final
    assert steps[-1].index < 50
    assert float(steps[-1].residual) <= 0.5
    assert all(float(step.residual) > 0.5 for step in steps[:-1])


def test_restarts_are_averaged() -> None:
    problem = Problem('denoise', picture(), Identity(), 0.1)
    tools = Tools()
    single = [list(deepred(problem, options(stopping='none'), tools))[-1].x for _ in range(2)]
    steps = run(problem, restarts=2, stopping='none')
    assert [step.index for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [step.final for step in steps] == [False] * 5 + [True]
    torch.testing.assert_close(steps[-1].x, (single[0] + single[1]) / 2)


def test_the_auto_prior_is_ffdnet_at_the_noise_level() -> None:
    tools = Tools()
    problem = Problem('denoise', picture(channels=3), Identity(), 0.2)
    run(problem, tools, prior='auto', iterations=1)
    strength = defaults_of('denoise', options()).strength * 0.2
    assert tools.calls == [('ffdnet', 3, pytest.approx(strength))]
    tools = Tools()
    run(problem, tools, prior_sigma=51, iterations=2, denoise_every=2)
    assert tools.calls == [('box', 3, 0.2)]


def test_a_noise_map_weighs_the_data_and_steers_the_denoiser() -> None:
    sigma = torch.full((1, 1, 40, 36), 0.1)
    sigma[..., :18] = 0.2
    tools = Tools()
    problem = Problem('denoise', picture(), Identity(), sigma)
    setup = Setup.of(problem, options(), tools)
    weight = setup.fit.weight
    assert weight is not None
    assert (weight[..., 0] * 4).equal(weight[..., -1])
    assert setup.noise_ratio(setup.noise_loss) == 1
    assert setup.noise_loss == pytest.approx((weight * sigma.square()).mean().item())
    run(problem, tools, iterations=1)
    assert isinstance(tools.calls[0][2], Tensor)
    assert tools.calls[0][2].shape == (1, 1, 40, 36)


def test_values_beyond_0_and_1_can_be_reached() -> None:
    image = 3 * picture() - 1
    bounds = Setup.of(Problem('denoise', image, Identity(), 0.01), options(), Tools()).settings
    assert bounds.low < image.min() < image.max() < bounds.high
    plain = Setup.of(Problem('denoise', picture(), Identity(), 0.01), options(), Tools()).settings
    assert (plain.low, plain.high) == (0, 1)


@pytest.mark.parametrize('prior', ['box', 'none'])
@pytest.mark.parametrize('task', ['inpaint', 'denoise', 'deblur', 'super_resolve'])
def test_the_plain_schedule_is_that_of_the_papers_and_the_fast_one_has_less_to_do(
    task: Task, prior: str
) -> None:
    problem = Problem(task, picture(channels=3), dict(problems())[task], 0.1)
    asked = [
        DeepREDParameters.create({'schedule': schedule, 'prior': prior})
        for schedule in ('plain', 'fast')
    ]
    plain, fast = (Setup.of(problem, params, Tools()) for params in asked)
    published = defaults_of(task, asked[0])
    assert plain.config == SkipConfig.preset('standard', 3)
    assert plain.settings.denoise_every == 1
    assert plain.settings.iterations == published.iterations >= 2000
    assert plain.settings.learning_rate == published.learning_rate
    assert fast.settings.denoise_every > 1
    assert fast.settings.iterations <= 700
    assert sum(fast.config.num_channels_down) < sum(plain.config.num_channels_down)


def test_what_is_given_is_stronger_than_the_schedule() -> None:
    problem = Problem('denoise', picture(), Identity(), 0.1)
    given = {'schedule': 'plain', 'denoise_every': 7, 'learning_rate': 0.02, 'network': 'small'}
    setup = Setup.of(problem, DeepREDParameters.create({**given, 'prior': 'box'}), Tools())
    assert (setup.settings.denoise_every, setup.settings.learning_rate) == (7, 0.02)
    assert setup.config == SkipConfig.preset('small', 1)


def test_a_wide_hole_is_left_to_the_network_without_skips() -> None:
    keep = torch.ones(1, 1, 64, 64)
    keep[..., 10:50, 10:50] = 0
    problem = Problem('inpaint', picture(64, 64), Mask(keep), 0.01)
    assert Setup.of(problem, options(network='auto'), Tools()).config == SkipConfig.preset(
        'large-hole', 1
    )


class Failing(Tools):
    """Its denoiser returns NaN the first `times` times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        self.times -= 1
        return x * math.nan if self.times >= 0 else smooth(x)


def test_a_run_that_diverges_starts_again_once() -> None:
    problem = Problem('denoise', picture(), Identity(), 0.1)
    assert [step.index for step in run(problem, Failing(1))] == [1, 2, 3]
    with pytest.raises(DivergedError, match='denoised image is nan in iteration 1'):
        run(problem, Failing(2))


def test_what_was_found_before_diverging_twice_is_kept() -> None:
    problem = Problem('denoise', picture(), Identity(), 0.1)
    tools = Failing(0)
    steps = deepred(problem, options(iterations=9), tools)
    found = [next(steps), next(steps)]
    tools.times = 2
    assert list(steps) == []
    assert all(step.x.isfinite().all() and not step.final for step in found)


def test_a_loss_that_is_never_finite_is_an_error() -> None:
    problem = Problem('denoise', picture() * math.nan, Identity(), 0.1)
    with pytest.raises(DivergedError, match='loss'):
        run(problem)


def test_closing_a_run_frees_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    networks: list[weakref.ref[Skip]] = []
    original = Setup.hourglass

    def watched(self: Setup) -> Hourglass:
        net = original(self)
        networks.append(weakref.ref(net.network))
        return net

    monkeypatch.setattr(module.Setup, 'hourglass', watched)
    steps = deepred(Problem('denoise', picture(), Identity(), 0.1), options(), Tools())
    next(steps)
    assert networks[0]() is not None
    steps.close()
    gc.collect()
    assert networks[0]() is None


@pytest.mark.parametrize('task', ['denoise', 'inpaint'])
def test_a_run_cancelled_after_five_iterations_is_no_worse_than_its_image(task: Task) -> None:
    truth = 255 * picture(64, 64)[0, 0].numpy()
    image = truth + np.random.default_rng(0).normal(0, 10, truth.shape).astype(np.float32)
    mask = np.zeros(truth.shape, bool)
    mask[20:34, 20:34] = True
    damaged = np.where(mask, 0, image) if task == 'inpaint' else image
    given = {'mask': mask} if task == 'inpaint' else {}
    cancel = threading.Event()
    asked = {'method': 'deepred', 'task': task, 'network': 'small', 'device': 'cpu', **given}
    steps = Returning(fresco.iterate(damaged, cancel=cancel, **asked))
    for step in steps:
        if step.index == 5:
            cancel.set()
    result = steps.result
    assert result.finish == 'cancelled'
    before, after = (np.square(x - truth).mean() for x in (damaged, result.image))
    assert after <= before * 1.0001
    if task == 'inpaint':
        assert np.abs(result.image - truth)[mask].max() < 0.5 * np.ptp(truth)
        assert result.image[~mask] == pytest.approx(image[~mask])


def test_a_wide_loss_starts_from_the_best_fill_and_cancelling_gives_no_worse() -> None:
    image = 255 * picture(64, 64)[0, 0].numpy()
    mask = np.zeros(image.shape, bool)
    mask[20:34, 20:34] = True
    given = {'task': 'inpaint', 'mask': mask, 'device': 'cpu', 'precision': 'float32'}
    fill = fresco.restore(np.where(mask, 0, image), method='dpir', **given).image
    own = {'network': 'small', 'iterations': 6, 'stopping': 'none'}
    steps = fresco.iterate(np.where(mask, 0, image), method='deepred', **own, **given)
    kept = [step.to_image(step.x if step.better is None else step.better) for step in steps]
    assert len(kept) > 6
    for each in kept[-6:-1]:
        np.testing.assert_allclose(each, fill, atol=1e-3 * np.ptp(image))
