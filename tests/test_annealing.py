"""Strengths and weights of half-quadratic splitting; turns and flips."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_fresco.physics.dihedral import MODES, turn, turn_back
from napari_fresco.solvers.annealing import NOISE_FLOOR, Schedule, plan, where_it_is
from napari_fresco.solvers.periodic_ensemble import denoise_dihedral

from .golden.authors_dpir import BlendedSchedule


def test_strengths_fall_evenly_in_logarithm() -> None:
    schedule = plan('deblur', 7.65 / 255)
    sigmas = [schedule.sigma(k) for k in range(8)]
    assert schedule.iterations == 8
    np.testing.assert_allclose(sigmas, np.geomspace(49 / 255, 7.65 / 255, 8), rtol=1e-12)


def test_the_weight_of_the_prior_rises_to_lambda() -> None:
    schedule = plan('deblur', 0.03, regularization=0.5)
    alphas = [schedule.alpha(k) for k in range(8)]
    assert alphas == sorted(alphas)
    assert alphas[-1] == pytest.approx(0.5)
    assert alphas[0] == pytest.approx(0.5 * (0.03 * 255 / 49) ** 2)


@pytest.mark.parametrize(
    ('task', 'scale', 'iterations', 'last'),
    [
        ('deblur', 1, 8, 0.255),
        ('super_resolve', 3, 24, 3),
        ('demosaic', 1, 40, 0.6),
        ('inpaint', 1, 24, 3),
    ],
)
def test_defaults_without_noise(task: str, scale: int, iterations: int, last: float) -> None:
    schedule = plan(task, 0.0, scale=scale)
    assert schedule.iterations == iterations
    assert schedule.sigma(iterations - 1) == pytest.approx(last / 255)
    assert schedule.noise == NOISE_FLOOR


def test_one_step_takes_the_first_strength() -> None:
    schedule = plan('deblur', 0.01, iterations=1)
    assert schedule.sigma(0) == pytest.approx(49 / 255)


def test_strong_noise_does_not_make_strengths_rise() -> None:
    schedule = plan('deblur', 0.3)
    assert schedule.sigma(0) == pytest.approx(0.3)
    assert schedule.sigma(7) == pytest.approx(0.3)


def test_given_strengths_are_taken_as_they_are() -> None:
    schedule = plan('inpaint', 0.1, sigma_start=0.2, sigma_end=0.01, iterations=5)
    assert schedule.sigma(0) == pytest.approx(0.2)
    assert schedule.sigma(4) == pytest.approx(0.01)


def test_a_map_ends_at_the_noise_of_each_pixel() -> None:
    noise = torch.tensor([0.0, 0.05, 0.1]).reshape(1, 1, 1, 3)
    schedule = plan('inpaint', noise)
    last = schedule.iterations - 1
    assert torch.allclose(schedule.sigma(0), torch.full_like(noise, 49 / 255))
    assert torch.allclose(schedule.sigma(last), noise.clamp(min=3 / 255))
    assert schedule.alpha(last).flatten()[2] == pytest.approx(0.23)


def test_a_given_end_scales_the_map_to_its_level_where_it_is() -> None:
    noise = torch.tensor([0.03, 0.04]).reshape(1, 1, 1, 2)
    schedule = plan('deblur', noise, sigma_end=0.02)
    assert where_it_is(schedule.sigma(7)) == pytest.approx(0.02)
    assert schedule.uniform().sigma(7) == pytest.approx(0.02)


def test_few_bright_pixels_tell_the_noise_of_an_image() -> None:
    noise = torch.full((1, 1, 10, 10), 0.01)
    noise[..., 0, :2] = 0.2
    assert where_it_is(noise) == pytest.approx(0.2, rel=0.1)
    assert where_it_is(0.3) == 0.3


def test_a_constant_map_equals_a_number() -> None:
    number, constant = plan('deblur', 0.04), plan('deblur', torch.full((1, 1, 2, 2), 0.04))
    for k in range(8):
        assert torch.allclose(constant.sigma(k), torch.tensor(number.sigma(k)).float())
        assert constant.uniform().alpha(k) == pytest.approx(number.alpha(k), rel=1e-5)


def test_blended_schedules_keep_their_ends() -> None:
    schedule = BlendedSchedule(0.2, 0.01, 0.01, 5, log_share=0.5)
    plain = Schedule(0.2, 0.01, 0.01, 5)
    assert schedule.sigma(0) == pytest.approx(0.2)
    assert schedule.sigma(4) == pytest.approx(0.01)
    assert schedule.sigma(2) == pytest.approx((plain.sigma(2) + 0.105) / 2)


@pytest.mark.parametrize('mode', range(MODES))
def test_turning_back_undoes_turning(mode: int) -> None:
    x = torch.rand(2, 3, 4, 5)
    turned = turn(x, mode)
    assert turned.shape[-2:] == ((5, 4) if mode % 2 else (4, 5))
    assert torch.equal(turn_back(turned, mode), x)


def test_the_modes_are_eight_different_ones() -> None:
    x = torch.rand(1, 1, 4, 4)
    turned = {tuple(turn(x, mode).flatten().tolist()) for mode in range(MODES)}
    assert len(turned) == MODES


def test_mode_three_is_a_quarter_turn_clockwise() -> None:
    x = torch.tensor([[1, 2], [3, 4]])
    assert turn(x, 3).tolist() == [[3, 1], [4, 2]]
    assert turn(x, 5).tolist() == [[2, 4], [1, 3]]


@pytest.mark.parametrize('mode', range(MODES))
def test_a_noise_map_is_turned_with_the_image(mode: int) -> None:
    x, sigma = torch.rand(1, 3, 4, 5), torch.rand(1, 1, 4, 5)
    assert torch.equal(denoise_dihedral(lambda v, s: v - s, x, sigma, mode), x - sigma)
