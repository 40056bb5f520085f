"""Few steps for blurs of which little can be found again; the plain ones for all else."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import napari_fresco as fresco
from napari_fresco.physics import kernels
from napari_fresco.physics.operators import Blur
from napari_fresco.physics.problem import Problem
from napari_fresco.runtime.network_denoiser import NetworkDenoiser
from napari_fresco.solvers import pnp
from napari_fresco.solvers.annealing import NOISE_FLOOR, plan
from napari_fresco.solvers.fitted_steps import STEPS, FittedSteps, first_guess, fitted

from .simulation import Tools, run, shrink, simulated

SIDE = 48
SMOOTH = kernels.gaussian(size=13, sigma=2.0)


class Bundled(Tools):
    """Lends the bundled network."""

    def denoiser(self, name: str, channels: int) -> Any:
        network = fresco.weights.load('drunet_compact_gray', device='cpu')
        return NetworkDenoiser(network, device=torch.device('cpu'), precision='float32')


LENT: Any = Bundled(shrink)


def blurred(kernel: Any, noise: float) -> Problem:
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(1, 1, SIDE // 4, SIDE // 4, generator=generator)
    truth = truth.repeat_interleave(4, -1).repeat_interleave(4, -2)
    blur = Blur(kernel, (SIDE, SIDE))
    y = blur.forward(truth) + noise * torch.randn(truth.shape, generator=generator)
    return Problem('deblur', y, blur, noise)


@pytest.mark.parametrize(
    ('kernel', 'noise', 'given', 'total'),
    [
        (SMOOTH, 0.03, {}, len(STEPS)),
        (SMOOTH, 0.03, {'iterations': 8}, 8),
        (SMOOTH, 0.03, {'sigma_start': 49.0}, 8),
        (SMOOTH, NOISE_FLOOR, {}, 8),
        (kernels.motion(3), 0.01, {}, 8),
    ],
)
def test_smooth_kernels_take_few_steps_unless_told(
    kernel: Any, noise: float, given: dict[str, float], total: int
) -> None:
    steps = iter(pnp.dpir(blurred(kernel, noise), _params(**given), LENT))
    assert next(steps).total == total


def test_the_plain_steps_of_a_smooth_kernel_are_the_authors() -> None:
    problem = blurred(SMOOTH, 0.03)
    (*_, step) = pnp.dpir(problem, _params(iterations=8), LENT)
    prior, y = LENT.denoiser('drunet', 1), problem.y
    *_, (_, z) = pnp.hqs(y, problem.degradation, prior, plan('deblur', 0.03), y)
    assert torch.equal(step.x, z)


def test_denoisers_that_were_not_measured_take_the_plain_steps() -> None:
    assert run(simulated('deblur', 0.05)[0], Tools(shrink))[0].total == 8
    network = fresco.weights.load('ffdnet_color', device='cpu')
    ffdnet: Any = NetworkDenoiser(network, device=torch.device('cpu'))
    assert fitted(blurred(SMOOTH, 0.03), _params(), ffdnet) is None


def test_the_first_guess_minimises_what_it_says() -> None:
    """The gradient of |Hx - y|^2 + sigma^2 (x - m)' S^-1 (x - m) is zero there."""
    problem = blurred(SMOOTH, 0.02)
    y, blur = problem.y.double(), problem.degradation.to(dtype=torch.float64)
    x = first_guess(y, blur, 0.02).x
    pull = torch.fft.rfft2(blur.adjoint(y - blur.forward(x)))
    away = torch.fft.rfft2(x - y.mean())
    rows, columns = torch.fft.fftfreq(SIDE).double(), torch.fft.rfftfreq(SIDE).double()
    law = 1 / (rows.square()[:, None] + columns.square() + 0.02**2)
    ratio = (away / (law * pull)).real.flatten()[1:]
    assert torch.allclose(ratio, ratio[0], rtol=1e-3)
    assert abs(float(x.mean() - y.mean())) < 1e-6


def test_the_error_and_share_of_the_first_guess_do_not_depend_on_the_image() -> None:
    """So that parts of an image that are restored one by one take the same steps."""
    problem = blurred(SMOOTH, 0.02)
    whole = first_guess(problem.y, problem.degradation, 0.02)
    faint = first_guess(problem.y / 10, problem.degradation, 0.02)
    assert (faint.error, faint.share) == (whole.error, whole.share)
    noisier = first_guess(problem.y, problem.degradation, 0.1)
    assert noisier.share < whole.share
    assert noisier.error > whole.error


def test_a_map_tells_the_denoiser_the_noise_of_each_pixel_and_the_data_one_number() -> None:
    noise = torch.tensor([0.02, 0.04]).reshape(1, 1, 1, 2)
    steps = FittedSteps(noise, 0.1)
    last = steps.sigma(len(STEPS) - 1)
    assert isinstance(last, torch.Tensor)
    assert float(last[..., 1] / last[..., 0]) == pytest.approx(2 ** STEPS[-1].by_noise)
    assert isinstance(steps.uniform().alpha(1), float)
    assert FittedSteps(0.03, 0.1, 0.46).alpha(1) == pytest.approx(
        2 * FittedSteps(0.03, 0.1).alpha(1)
    )


def _params(**given: Any) -> Any:
    return fresco.methods()['dpir'].parameters_class.create(given)
