"""What every deblurring owes its image: its light, and no more noise than it had."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.data import astronaut

import napari_fresco as fresco
from napari_fresco import kernels
from napari_fresco.physics.blurred_light import Light, broadening
from napari_fresco.physics.operators import Blur, WindowedBlur
from napari_fresco.physics.problem import Counting, Problem
from napari_fresco.solvers.deblurring import unamplified
from napari_fresco.solvers.pnp import nearer_the_photons
from napari_fresco.solvers.richardson_lucy import likelier
from napari_fresco.types import Step

KERNEL = kernels.gaussian(1.5, size=13)


def spots() -> torch.Tensor:
    rng = np.random.default_rng(0)
    image = np.zeros((64, 64))
    image[tuple(rng.integers(10, 54, (2, 12)))] = 1.0
    return torch.from_numpy(image)[None, None]


@pytest.mark.parametrize('lowest', [None, 0.0])
def test_the_light_of_an_estimate_is_that_of_the_blurred_image(lowest: float | None) -> None:
    truth, blur = spots(), Blur(KERNEL, (64, 64))
    y = blur.forward(truth)
    ringing = truth * 0.7 + 0.01 + 0.05 * torch.randn(truth.shape, dtype=truth.dtype)
    x = Light(y, blur, lowest).given_to(ringing)
    assert x.sum().item() == pytest.approx(y.sum().item(), rel=0.01)
    assert (x.sum() - y.sum()).abs() < 0.02 * (ringing.sum() - y.sum()).abs() + 0.01 * y.sum()
    if lowest is not None:
        assert x.min() >= lowest
    broad = broadening((64, 64)).forward
    local = (broad(blur.forward(x) - y)).square().mean().sqrt()
    assert local < 0.3 * broad(blur.forward(ringing) - y).square().mean().sqrt()


def test_what_is_exact_already_stays() -> None:
    truth, blur = spots(), Blur(KERNEL, (64, 64))
    for lowest in (None, 0.0):
        x = Light(blur.forward(truth), blur, lowest).given_to(truth)
        torch.testing.assert_close(x, truth, atol=1e-6, rtol=0)


@pytest.mark.parametrize('method', ['dpir', 'usrnet', 'ircnn'])
def test_spots_keep_their_light_in_integers(method: str) -> None:
    blurred = Blur(KERNEL, (64, 64)).forward(20000 * spots())[0, 0].numpy()
    image = np.random.default_rng(1).poisson(blurred.clip(0))
    for dtype in (np.uint16, np.float32):
        result = fresco.restore(
            image.astype(dtype), method=method, task='deblur', kernel=KERNEL, device='cpu'
        )
        assert result.image.sum(dtype=float) == pytest.approx(image.sum(), rel=0.05)


@pytest.mark.parametrize('method', ['dpir', 'usrnet', 'ircnn'])
def test_a_wide_blur_of_a_colour_photograph_is_undone(method: str) -> None:
    truth = astronaut()[:96, 128:224].astype(float)
    wide = kernels.gaussian(3, size=19)
    spread = np.dstack([ndimage.convolve(truth[..., i], wide) for i in range(3)])
    seen = spread + np.random.default_rng(0).normal(0, 6, truth.shape)
    image = seen.round().clip(0, 255).astype(np.uint8)
    result = fresco.restore(image, method=method, task='deblur', kernel=wide, device='cpu').image
    inner = np.s_[12:-12, 12:-12]
    before, after = (
        np.sqrt(np.square(each[inner].astype(float) - truth[inner]).mean())
        for each in (image, result)
    )
    assert after < 0.75 * before  # 0.68 by IRCNN; 1.13 with the network of colours


def noisy(problem, params, tools):
    """Amplify the noise of what is told less than 0.3."""
    amplified = problem.y if problem.sigma >= 0.3 else 5 * problem.y
    yield Step(1, 2, amplified)
    yield Step(2, 2, amplified)


@pytest.mark.parametrize(
    ('sigma', 'runs', 'said'), [(0.4, 1, ''), (0.2, 2, 'told; give'), (0.01, 3, 'still is')]
)
def test_a_result_noisier_than_its_image_is_computed_again(
    sigma: float, runs: int, said: str
) -> None:
    y = 0.5 + 0.1 * torch.randn(1, 1, 40, 40, generator=torch.Generator().manual_seed(0))
    problem = Problem('deblur', y, Blur(KERNEL, (40, 40)), sigma)
    steps = list(unamplified(noisy, (40, 40))(problem, None, None))
    assert [step.index for step in steps] == list(range(1, 2 * runs + 1))
    assert all(step.notes == () for step in steps[:-1])
    assert said in ''.join(steps[-1].notes)
    assert bool(steps[-1].notes) == bool(said)


def test_a_photon_where_none_is_predicted_does_not_explode() -> None:
    y = torch.zeros(1, 1, 48, 48)
    y[..., 4:20, 4:20] = 4000.0
    y[..., 34:38, 34:38] = 0.01  # read noise, where the camera is said to have none
    blur = WindowedBlur(KERNEL, (48, 48))
    start = torch.full(blur.shape_of(y.shape), 1000.0)
    start[..., 24:48, 24:48] = 0
    estimates = likelier(y, blur, start=start)
    x = [next(estimates).x for _ in range(4)][-1]
    assert float(x.sum()) < 2 * float(y.sum())


def test_a_step_towards_the_photons_is_bounded_where_there_are_none() -> None:
    y = torch.zeros(1, 1, 40, 40)
    y[..., 10:20, 10:20] = 0.5
    sigma = (0.1 * y).sqrt().clamp_min(1e-3)
    counting = Counting(0.1, 0.0, 0.0)
    problem = Problem('deblur', y, Blur(KERNEL, (40, 40)), sigma, counting=counting)
    x = torch.full_like(y, 0.1)
    moved = nearer_the_photons(x, problem) - x
    assert 0.1 < float(moved.amax()) < 1
    assert float(moved.amin()) > -3
