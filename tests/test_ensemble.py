"""Turned degradations, and the mean and spread over the eight turns of any solver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import napari_fresco as fresco
from napari_fresco.declare.methods import METHODS
from napari_fresco.declare.parameters import PnPParameters
from napari_fresco.evidence.metrics import psnr
from napari_fresco.physics import kernels
from napari_fresco.physics.degradation import Degradation, Unknown
from napari_fresco.physics.dihedral import MODES, DihedralDegradation, turn, turn_back
from napari_fresco.physics.operators import Blur, Downsample, Identity, Mask, Mosaic
from napari_fresco.physics.problem import Problem
from napari_fresco.runtime.run import find_solver
from napari_fresco.solvers.ensemble import eightfold
from napari_fresco.solvers.first_estimate import first_estimate
from napari_fresco.types import Step

from .simulation import TASKS, Tools, simulated, wiener

ASYMMETRIC = np.array([[0.5, 0.2, 0], [0.1, 0.1, 0.1]])


def operators() -> list[tuple[Degradation, tuple[int, int]]]:
    keep = torch.rand(1, 1, 4, 6, dtype=torch.float64)
    return [
        (Identity(), (4, 6)),
        (Mask(keep), (4, 6)),
        (Mosaic('GRBG', (4, 6)).to(dtype=torch.float64), (4, 6)),
        (Blur(ASYMMETRIC, (4, 6)), (4, 6)),
        (Downsample(ASYMMETRIC, 2, (8, 12)), (4, 6)),
        (Downsample(kernels.bicubic(3), 3, (24, 27)), (8, 9)),
    ]


@pytest.mark.parametrize('mode', range(MODES))
@pytest.mark.parametrize(('original', 'shape'), operators(), ids=lambda v: type(v).__name__)
def test_a_turned_operator_does_to_turned_images_what_the_upright_one_does(
    original: Degradation, shape: tuple[int, int], mode: int
) -> None:
    channels = 1 if isinstance(original, Mosaic) else 2
    y = torch.rand(1, channels, *shape, dtype=torch.float64)
    x = torch.rand(original.shape_of(y.shape), dtype=torch.float64)
    seen = DihedralDegradation.of(original, mode)
    assert seen.shape_of(turn(y, mode).shape) == turn(x, mode).shape
    assert seen.scale == original.scale
    assert seen.pointwise == original.pointwise
    for ours, expected in (
        (seen.forward(turn(x, mode)), original.forward(x)),
        (seen.adjoint(turn(y, mode)), original.adjoint(y)),
        (seen.prox(turn(x, mode), turn(y, mode), 0.3), original.prox(x, y, 0.3)),
    ):
        torch.testing.assert_close(turn_back(ours, mode), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize('mode', range(MODES))
def test_a_turned_kernel_is_shown_turned(mode: int) -> None:
    seen = DihedralDegradation.of(Blur(ASYMMETRIC, (4, 6)), mode)
    assert torch.equal(seen.kernel, turn(torch.from_numpy(ASYMMETRIC), mode))


@pytest.mark.parametrize('task', TASKS)
@pytest.mark.parametrize('mode', range(MODES))
def test_solvers_start_from_the_same_estimate_however_the_image_is_turned(task, mode) -> None:
    problem, _ = simulated(task, 0.02)
    upright = first_estimate(problem)
    torch.testing.assert_close(turn_back(first_estimate(problem.dihedral(mode)), mode), upright)


def test_a_problem_is_turned_as_a_whole() -> None:
    y, level = torch.rand(1, 1, 3, 5), torch.rand(1, 1, 3, 5)
    problem = Problem('denoise', y, Identity(), level, start=y + 1)
    seen = problem.dihedral(3)
    assert torch.equal(turn_back(seen.y, 3), y)
    assert torch.equal(turn_back(seen.sigma, 3), level)
    assert torch.equal(turn_back(seen.start, 3), y + 1)


def test_an_unknown_degradation_is_not_applied() -> None:
    unknown = Unknown(3)
    assert unknown.shape_of((1, 3, 4, 5)) == (1, 3, 12, 15)
    for call in (unknown.forward, unknown.adjoint, lambda x: unknown.prox(x, x, 1.0)):
        with pytest.raises(NotImplementedError, match='not known'):
            call(torch.zeros(1, 1, 2, 2))


def _roll(problem: Problem, params: Any, tools: Any) -> Iterator[Step]:
    """Two steps, the second of which depends on the direction."""
    yield Step(1, 2, problem.y)
    yield Step(2, 2, problem.y.roll(1, -1), variance=problem.y.roll(1, -1).abs())


def test_the_mean_and_the_spread_over_the_turns() -> None:
    x = torch.rand(1, 1, 4, 6, dtype=torch.float64)
    steps = list(eightfold(_roll)(Problem('denoise', x, Identity(), 0.1), None, None))
    assert [(step.index, step.total) for step in steps] == [(k, 16) for k in range(1, 17)]
    moved = torch.stack([turn_back(turn(x, mode).roll(1, -1), mode) for mode in range(MODES)])
    torch.testing.assert_close(steps[-1].x, moved.mean(0))
    torch.testing.assert_close(steps[-1].spread, moved.std(0, correction=0))
    assert steps[0].spread is None
    # What is half done after a cancel: the mean of one finished turn and the present estimate.
    torch.testing.assert_close(steps[2].x, (moved[0] + x) / 2)


def test_a_turn_that_stops_early_does_not_end_the_others() -> None:
    def solver(problem: Problem, params: Any, tools: Any) -> Iterator[Step]:
        yield Step(1, 5, problem.y, score=1.0)
        yield Step(2, 5, problem.y + 1, score=0.5, final=True)
        raise AssertionError('asked for a step after the final one')

    x = torch.rand(1, 1, 4, 6)
    steps = list(eightfold(solver)(Problem('denoise', x, Identity(), 0.1), None, None))
    assert len(steps) == 2 * MODES
    assert [step.final for step in steps] == [False] * 15 + [True]
    torch.testing.assert_close(steps[-1].x, x + 1)


def test_each_turn_gives_its_best_step() -> None:
    def solver(problem: Problem, params: Any, tools: Any) -> Iterator[Step]:
        for i, score in enumerate((3.0, 1.0, 2.0)):
            yield Step(i + 1, 3, problem.y + i, score=score)

    x = torch.rand(1, 1, 4, 6)
    *_, last = eightfold(solver)(Problem('denoise', x, Identity(), 0.1), None, None)
    torch.testing.assert_close(last.x, x + 1)


def test_an_equivariant_solver_has_no_spread() -> None:
    problem, _ = simulated('deblur', 0.02)
    solver = find_solver(METHODS['dpir'])
    params = PnPParameters.create({'iterations': 3, 'augment': False})

    def call(x: Tensor, sigma: Any) -> Tensor:
        return wiener(x, sigma)

    *_, once = solver(problem, params, Tools(call))
    *_, mean = eightfold(solver)(problem, params, Tools(call))
    torch.testing.assert_close(mean.x, once.x, rtol=0, atol=1e-5)
    assert mean.spread.max() < 1e-5


@pytest.mark.parametrize('task', ['denoise', 'deblur', 'super_resolve', 'inpaint', 'demosaic'])
def test_every_task_gives_a_spread_in_image_units(task) -> None:
    random = np.random.default_rng(0)
    image = random.integers(40, 200, (18, 24)).astype(float)
    given: dict[str, Any] = {
        'deblur': {'kernel': kernels.gaussian(1.0)},
        'super_resolve': {'scale': 2},
        'inpaint': {'mask': np.arange(24) % 7 == 0},
    }.get(task, {})
    asked = {'method': 'dpir', 'task': task, 'model': 'box', 'device': 'cpu', 'sigma': 10}
    if task != 'denoise':
        asked['iterations'] = 2
    if 'mask' in given:
        given['mask'] = np.broadcast_to(given['mask'], image.shape)
    result = fresco.restore(image, ensemble=True, data_range=(0, 255), **asked, **given)
    assert result.spread.shape == result.image.shape
    assert np.isfinite(result.spread).all()
    assert (result.spread >= 0).all()
    twice = fresco.restore(
        image * 2.0, ensemble=True, data_range=(0, 510), **{**asked, 'sigma': 20}, **given
    )
    np.testing.assert_allclose(twice.spread, 2 * result.spread, atol=1e-3)
    assert fresco.restore(image, **asked, **given).spread is None


def test_the_ensemble_of_a_network_beats_one_pass() -> None:
    from skimage import data

    truth = data.camera()[100:164, 200:272]
    noisy = truth + np.random.default_rng(0).normal(0, 25, truth.shape)
    asked = {'method': 'ffdnet', 'sigma': 25, 'data_range': (0, 255), 'device': 'cpu'}
    once, eight = (fresco.restore(noisy, ensemble=e, **asked) for e in (False, True))
    assert psnr(eight.image, truth, 255) > psnr(once.image, truth, 255)
    # Where the eight disagree most, they are wrong most.
    error = np.abs(eight.image - truth)
    sure = eight.spread < np.median(eight.spread)
    assert error[sure].mean() < error[~sure].mean()
