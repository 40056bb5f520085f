"""Plug-and-play iterations, with denoisers simple enough to know the answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from napari_fresco.declare.parameters import DenoiserParameters, PnPParameters
from napari_fresco.physics import fill, kernels
from napari_fresco.physics.operators import Blur, Degradation, Downsample, Identity, Mask, Mosaic
from napari_fresco.physics.problem import Problem
from napari_fresco.runtime.denoisers import FunctionDenoiser
from napari_fresco.solvers import pnp
from napari_fresco.solvers.annealing import Schedule, plan
from napari_fresco.solvers.first_estimate import enlarged, first_estimate
from napari_fresco.types import Task

from .simulation import (
    SIDE,
    TASKS,
    Tools,
    degradation_of,
    psnr,
    run,
    shrink,
    simulated,
    smooth_image,
    wiener,
)


@pytest.mark.parametrize('task', TASKS)
def test_every_task_improves_the_image(task: Task) -> None:
    problem, truth = simulated(task, 0.02)
    steps = run(problem, Tools(wiener), quality=10)
    assert steps[-1].x.shape == truth.shape
    assert psnr(steps[-1].x, truth) > psnr(first_estimate(problem), truth) + 0.5
    assert [step.index for step in steps] == list(range(1, steps[0].total + 1))


def dense(function: Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> Tensor:
    """Return the matrix of a linear function of images of `shape`."""
    size = int(np.prod(shape))
    basis = torch.eye(size, dtype=torch.float64).reshape(size, *shape[1:])
    return torch.cat([function(b[None]).reshape(1, -1) for b in basis]).T


@pytest.mark.parametrize('momentum', [0.0, 0.5])
@pytest.mark.parametrize('task', ['deblur', 'super_resolve', 'inpaint', 'demosaic'])
def test_the_fixed_point_is_the_minimiser(task: Task, momentum: float) -> None:
    """For D = (1 + s^2 L)^-1 the steps minimise |Hx - y|^2 + a |x - z|^2 + a s^2 z'Lz."""
    side, strength = 8, 0.5
    truth = torch.rand(1, 3, side, side, dtype=torch.float64)
    degradation = degradation_of(task, (side, side)).to(dtype=torch.float64)
    y = degradation.forward(truth)
    laplace = torch.tensor([[0, -1.0, 0], [-1, 4, -1], [0, -1, 0]], dtype=torch.float64)

    def roughness(x: Tensor) -> Tensor:
        planes = functional.pad(x.reshape(-1, 1, side, side), (1, 1, 1, 1), mode='circular')
        return functional.conv2d(planes, laplace[None, None]).reshape(x.shape)

    rough = dense(roughness, truth.shape)
    eye = torch.eye(len(rough), dtype=torch.float64)
    inverse = torch.linalg.inv(eye + strength**2 * rough)

    def quadratic(x: Tensor, sigma: float) -> Tensor:
        assert sigma == pytest.approx(strength)
        return (inverse @ x.reshape(-1)).reshape(x.shape)

    schedule = Schedule(strength, strength, strength, 400, regularization=0.2, inertia=momentum)
    start = torch.zeros_like(truth)
    prior = FunctionDenoiser(quadratic, 'quadratic')
    *_, (x, z) = pnp.hqs(y, degradation, prior, schedule, start)
    alpha = schedule.alpha(0)
    h = dense(degradation.forward, truth.shape)
    top = torch.cat((h.T @ h + alpha * eye, -alpha * eye), dim=1)
    bottom = torch.cat((-alpha * eye, alpha * eye + alpha * strength**2 * rough), dim=1)
    right = torch.cat((h.T @ y.reshape(-1), torch.zeros(len(eye), dtype=torch.float64)))
    both = torch.linalg.solve(torch.cat((top, bottom)), right)
    assert torch.allclose(torch.cat((x.flatten(), z.flatten())), both, atol=1e-6)


def test_narrow_losses_take_few_steps_unless_told() -> None:
    keep = torch.ones(1, 1, 40, 40)
    keep[..., 10:13, :] = 0
    y = torch.rand(1, 1, 40, 40, generator=torch.Generator().manual_seed(0)) * keep

    def steps(keep: Tensor, **given: float) -> int:
        problem = Problem('inpaint', y, Mask(keep), 0.0)
        return run(problem, Tools(shrink), exemplars=False, **given)[0].total

    wide = keep.clone()
    wide[..., 10:22, 5:20] = 0
    assert (steps(keep), steps(wide), steps(keep, iterations=7)) == (10, 12, 7)


def test_enlarging_takes_few_steps_unless_told() -> None:
    problem, _ = simulated('super_resolve', 0.0)
    assert run(problem, Tools(wiener))[0].total == 12
    (*_, step) = run(problem, Tools(wiener), iterations=24, momentum=0)
    assert step.total == 24
    schedule = plan('super_resolve', 0.0, scale=problem.degradation.scale)
    start = first_estimate(problem)
    prior = FunctionDenoiser(wiener, 'wiener')
    *_, (_, authors) = pnp.hqs(problem.y, problem.degradation, prior, schedule, start)
    assert torch.equal(step.x, authors)


def test_momentum_carries_a_line_over_a_hole_in_fewer_steps() -> None:
    side = 32
    keep = torch.ones(1, 1, side, side, dtype=torch.float64)
    keep[..., 8:24] = 0
    truth = torch.linspace(0, 1, side, dtype=torch.float64).repeat(1, 1, side, 1)
    box = torch.full((1, 1, 3, 3), 1 / 9, dtype=torch.float64)

    def blurred(x: Tensor, sigma: float) -> Tensor:
        return functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode='replicate'), box)

    def error(momentum: float) -> float:
        *_, (_, z) = pnp.hqs(
            truth * keep,
            Mask(keep),
            FunctionDenoiser(blurred, 'blurred'),
            Schedule(0.1, 0.1, 1e-3, 12, inertia=momentum),
            torch.zeros_like(truth),
        )
        return float((z - truth).abs()[keep == 0].mean())

    assert error(0.5) < 0.9 * error(0.0)


def test_the_residual_falls_to_the_noise() -> None:
    problem, _ = simulated('deblur', 0.02)
    residuals = [float(step.residual) for step in run(problem, Tools(wiener))]
    assert residuals == sorted(residuals, reverse=True)
    assert residuals[-1] == pytest.approx(0.02, rel=0.3)


def test_the_residual_counts_known_pixels_only() -> None:
    problem, truth = simulated('inpaint', 0.1)
    (step,) = run(problem, Tools(lambda x, s: truth), iterations=1)
    assert float(step.residual) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize('task', TASKS)
def test_a_constant_map_equals_a_number(task: Task) -> None:
    problem, _ = simulated(task, 0.05)
    noise = torch.full((1, 1, *problem.y.shape[-2:]), 0.05)
    mapped = Problem(task, problem.y, problem.degradation, noise)
    number, constant = run(problem, Tools(shrink)), run(mapped, Tools(shrink))
    assert torch.allclose(number[-1].x, constant[-1].x, atol=1e-5)


def test_a_noise_map_reaches_the_denoiser_turned_and_ends_at_the_noise() -> None:
    height, width = 6, 10
    noise = torch.linspace(0.02, 0.08, width).expand(1, 1, height, width)
    y = torch.rand(1, 1, height, width)
    tools = Tools(shrink)
    whole = Problem('inpaint', y, Mask(torch.ones(1, 1, 1, 1)), noise)
    run(whole, tools, iterations=6, sigma_start=49, momentum=0)
    shapes = [tuple(told.shape[-2:]) for told in tools.told]
    assert shapes == [(height, width), (width, height)] * 3
    assert torch.allclose(tools.told[0], torch.tensor(49 / 255))
    assert torch.allclose(tools.told[5], noise.mT.flip(-2))


def test_a_noise_map_is_enlarged_for_super_resolution() -> None:
    problem, _ = simulated('super_resolve', 0.05)
    noise = torch.linspace(0.02, 0.08, 16).expand(1, 1, 16, 16)
    tools = Tools(shrink)
    run(Problem('super_resolve', problem.y, problem.degradation, noise), tools, augment=False)
    assert torch.allclose(tools.told[-1][0, 0, 0, ::2], noise[0, 0, 0], atol=1e-6)
    assert tools.told[-1].shape == (1, 1, SIDE, SIDE)


def test_noisy_pixels_are_trusted_less() -> None:
    noise = torch.tensor([0.01, 0.3]).reshape(1, 1, 1, 2)
    y = torch.full((1, 1, 1, 2), 0.9)
    *_, step = run(Problem('inpaint', y, Mask(torch.ones(1, 1, 1, 1)), noise), Tools(shrink))
    clean, noisy = step.x.flatten().tolist()
    assert clean == pytest.approx(0.9, abs=0.01)
    assert noisy < 0.7


@pytest.mark.parametrize(
    ('task', 'shape'),
    # A mosaic has at least two pixels a side.
    [(task, (8, 8)) for task in TASKS]
    + [(task, shape) for task in TASKS if task != 'demosaic' for shape in ((7, 1), (1, 6))],
)
def test_constant_and_narrow_images_stay_finite(task: Task, shape: tuple[int, int]) -> None:
    y = torch.full((1, 1 if task == 'demosaic' else 3, *shape), 0.25)
    scale = 2 if task == 'super_resolve' else 1
    degradation: Degradation = {
        'deblur': Blur(torch.ones(min(3, shape[0]), min(3, shape[1])) / 3, shape),
        'super_resolve': Downsample(torch.ones(2, 2) / 4, 2, (2 * shape[0], 2 * shape[1])),
        'inpaint': Mask(torch.arange(shape[0] * shape[1]).reshape(1, 1, *shape) % 2),
        'demosaic': Mosaic('GBRG', shape),
    }.get(task, Identity())
    y = degradation.forward(degradation.adjoint(y)) if task == 'inpaint' else y
    for sigma in (0.0, 0.05):
        *_, step = run(Problem(task, y, degradation, sigma), Tools(shrink))
        assert torch.isfinite(step.x).all()
        assert torch.isfinite(step.residual)
        assert step.x.shape[-2:] == (scale * shape[0], scale * shape[1])


def test_one_iteration_is_enough_to_run() -> None:
    problem, _ = simulated('deblur', 0.02)
    (step,) = run(problem, Tools(wiener), iterations=1)
    assert (step.index, step.total) == (1, 1)


def test_a_given_start_is_taken() -> None:
    problem, truth = simulated('inpaint', 0.0)
    started = Problem('inpaint', problem.y, problem.degradation, 0.0, start=truth)
    (step,) = run(started, Tools(lambda x, s: x), iterations=1, augment=False)
    assert torch.allclose(step.x, truth, atol=1e-5)


@pytest.mark.parametrize('alike', [True, False])
def test_holes_that_all_channels_share_are_filled_at_once(
    alike: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    y, keep = smooth_image(3), torch.ones(1, 3, SIDE, SIDE)
    keep[..., 5:9, 4:12] = 0
    keep[:, 0, 20, 20] = float(alike)
    calls: list[tuple[int, ...]] = []
    harmonic = fill.harmonic

    def counted(image: np.ndarray, known: np.ndarray) -> np.ndarray:
        calls.append(image.shape)
        return harmonic(image, known)

    monkeypatch.setattr(fill, 'harmonic', counted)
    filled = first_estimate(Problem('inpaint', y * keep, Mask(keep), 0.0))
    assert len(calls) == (1 if alike else 3)
    for c in range(3):
        plane = (y * keep)[0, c].numpy()
        np.testing.assert_allclose(filled[0, c], harmonic(plane, keep[0, c].numpy() > 0), atol=1e-6)


def test_the_last_step_trusts_each_pixel_by_its_photons() -> None:
    truth = smooth_image(1)
    h = degradation_of('deblur', (SIDE, SIDE))
    y = h.forward(truth)
    even = torch.full_like(y, 0.02)
    rising = even + 0.05 * y.clamp(min=0)
    start = 0.8 * truth
    for sigma in (0.02, even):
        problem = Problem('deblur', y, h, sigma)
        torch.testing.assert_close(pnp.nearer_the_photons(start, problem), start)
    problem = Problem('deblur', y, h, rising)
    nearer = pnp.nearer_the_photons(start, problem)

    def misfit(x: Tensor) -> float:
        return float(((h.forward(x) - y) / rising).square().sum())

    assert misfit(nearer) < 0.7 * misfit(start)
    torch.testing.assert_close(pnp.nearer_the_photons(truth, problem), truth)


def test_the_iterations_never_wait_for_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at a value waits; the transfer function is made in the first run."""
    problem, _ = simulated('deblur', 0.02)
    run(problem, Tools(wiener))
    with monkeypatch.context() as patch:
        for look in ('item', 'tolist', 'numpy', 'cpu', '__bool__', '__float__', '__int__'):
            patch.setattr(torch.Tensor, look, None)
        steps = run(problem, Tools(wiener))
    assert len(steps) == 8


def test_noise_free_mosaics_keep_their_samples_bit_for_bit() -> None:
    problem, _ = simulated('demosaic', 0.0)
    for step in run(problem, Tools(wiener)):
        assert torch.equal(problem.degradation.forward(step.x), problem.y)
    problem, _ = simulated('demosaic', 0.05)
    noisy = run(problem, Tools(wiener))
    assert not torch.equal(problem.degradation.forward(noisy[-1].x), problem.y)


def test_demosaicing_shows_the_denoiser_no_value_beyond_the_range() -> None:
    problem, _ = simulated('demosaic', 0.0)
    seen: list[Tensor] = []
    bright = Problem('demosaic', problem.y * 2, problem.degradation, 0.0)
    run(bright, Tools(lambda x, s: seen.append(x) or x), iterations=2)
    assert all(x.min() >= 0 and x.max() <= 1 for x in seen)


def test_enlarging_follows_the_phase_of_the_kernel() -> None:
    ramp = torch.linspace(0, 1, 12).expand(1, 1, 12, 12)
    centred = kernels.gaussian(size=9, sigma=1.5)
    for scale in (2, 3):
        shape = (12 * scale, 12 * scale)
        shifted = kernels.shift(centred, scale)
        for kernel in (centred, shifted, kernels.bicubic(scale)):
            down = Downsample(kernel, scale, shape)
            error = (down.forward(enlarged(ramp, down)) - ramp)[..., 4:-4, 4:-4]
            assert error.abs().max() < 5e-3


def test_plug_and_play_methods_ask_for_their_network() -> None:
    problem, _ = simulated('demosaic', 0.1)
    tools = Tools(wiener)
    run(problem, tools, 'dpir', iterations=1)
    run(problem, tools, 'ircnn', iterations=1)
    run(problem, tools, 'ircnn', iterations=1, model='nlm')
    assert tools.asked == [('drunet', 3), ('ircnn', 3), ('nlm', 3)]


def test_the_bank_of_ircnn_is_no_prior_for_blurs_unless_it_is_asked_for() -> None:
    for task in ('deblur', 'super_resolve'):
        problem, _ = simulated(task, 0.1)
        tools = Tools(wiener)
        noted = run(problem, tools, 'ircnn', iterations=2)
        named = run(problem, tools, 'ircnn', iterations=1, model='ircnn_gray')
        assert tools.asked == [('ffdnet', 1), ('ircnn_gray', 3)]  # each colour by itself
        assert 'FFDNet was the prior' in noted[-1].notes[0]
        assert named[-1].notes == ()


def test_parameters_reach_the_schedule() -> None:
    problem, _ = simulated('deblur', 0.02)
    tools = Tools(wiener)
    run(problem, tools, sigma_start=20, sigma_end=5, iterations=3)
    assert tools.told == pytest.approx([20 / 255, 10 / 255, 5 / 255])


def test_the_default_parameters_are_those_of_the_papers() -> None:
    params = PnPParameters()
    assert (params.regularization, params.augment) == (0.23, True)
    assert DenoiserParameters().ensemble is False
