"""Random kernels follow the laws of the papers."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fresco.degrade import random_kernels
from napari_fresco.degrade.declarations import FAMILIES
from napari_fresco.degrade.gaussian_kernels import gaussians, round_gaussians
from napari_fresco.degrade.random_source import RandomSource
from napari_fresco.errors import ParameterError
from napari_fresco.physics.kernels import from_covariance


def seeded(seed: int = 0) -> RandomSource:
    return RandomSource.seeded(seed)


def moments(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the centre (row, column) and the covariance of a kernel."""
    rows, cols = np.indices(kernel.shape)
    places = np.stack([rows.ravel(), cols.ravel()])
    weights = kernel.ravel() / kernel.sum()
    centre = places @ weights
    spread = places - centre[:, None]
    return centre, (spread * weights) @ spread.T


@given(st.floats(0.8, 3.0), st.floats(0.8, 3.0), st.floats(-7, 7), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_variances_angle_and_centre_are_what_was_asked(
    first: float, second: float, angle: float, scale: int
) -> None:
    away = torch.full((2, 1), -(scale - 1) / 2)
    drawn = torch.tensor([[angle], [first**2], [second**2]], dtype=torch.float64)
    kernel = gaussians(41, *drawn, away=away)[0, 0].numpy()
    centre, covariance = moments(kernel)
    np.testing.assert_allclose(centre, 20 - (scale - 1) / 2, atol=1e-3)
    along = np.array([math.sin(angle), math.cos(angle)])  # row, column
    across = np.array([along[1], -along[0]])
    assert along @ covariance @ along == pytest.approx(first**2, rel=0.02)
    assert across @ covariance @ across == pytest.approx(second**2, rel=0.02)
    assert kernel.sum() == pytest.approx(1)


def test_round_kernels_have_their_width_for_odd_and_even_sizes() -> None:
    _, covariance = moments(round_gaussians(25, torch.tensor([2.0]).double())[0, 0].numpy())
    np.testing.assert_allclose(covariance, 4 * np.eye(2), atol=1e-6)
    even = round_gaussians(24, torch.tensor([2.0]))
    torch.testing.assert_close(even, even.flip(2, 3))
    narrow = round_gaussians(25, torch.tensor([1e-3]))
    assert narrow[0, 0, 12, 12] == narrow.sum() == 1


def test_parameters_of_virnet_are_those_of_the_kernel() -> None:
    round_ = 0
    drawn = random_kernels.random_virnet(300, 4, seeded())
    for kernel, (x, y, rho) in zip(*(part.double().numpy() for part in drawn), strict=True):
        made = from_covariance(x, y, rho, random_kernels.VIRNET_SIZE)
        np.testing.assert_allclose(kernel[0], made, atol=1e-5)  # drawn in single precision
        eigenvalues = np.linalg.eigvalsh([[x, rho * (x * y) ** 0.5], [rho * (x * y) ** 0.5, y]])
        assert 0.04 - 1e-5 <= eigenvalues.min() <= eigenvalues.max() <= 16 + 1e-5
        round_ += abs(np.ptp(eigenvalues)) < 1e-5
    assert round_ == pytest.approx(90, abs=25)


def test_kernels_of_mzsr_are_centred_with_bounded_variances() -> None:
    for kernel in random_kernels.random_mzsr(100, 2, seeded())[:, 0].numpy():
        assert kernel.shape == (15, 15)
        centre, covariance = moments(kernel)
        np.testing.assert_allclose(centre, 7, atol=1e-6)
        eigenvalues = np.linalg.eigvalsh(covariance)
        assert 0.9 < eigenvalues.min() <= eigenvalues.max() < 5.1


def test_kernels_of_usrnet_are_shake_or_shifted_gaussians() -> None:
    offsets, shakes = [], 0
    for kernel in random_kernels.random_usrnet(400, seeded(1))[:, 0].numpy():
        assert kernel.shape == (25, 25)
        assert kernel.min() >= 0
        assert kernel.sum() == pytest.approx(1)
        zeros = np.mean(kernel == 0)
        shakes += zeros > 0.02
        if zeros <= 0.02:
            offsets.append(np.abs(moments(kernel)[0] - 12))
    assert shakes == pytest.approx(200, abs=45)
    found = Counter(np.rint(2 * np.ravel(offsets)).astype(int))
    assert set(found) == {0, 1, 2, 3}  # halves of a pixel, for scales 1 to 4
    halves = 2 * np.ravel(offsets)
    assert np.quantile(np.abs(halves - np.rint(halves)), 0.9) < 0.02


def walks(count: int) -> torch.Tensor:
    steps = random_kernels.STEPS - 1
    return random_kernels.walks(*(seeded().normal(count, 3, n) for n in (1, steps, steps)))


def test_a_camera_shake_wanders_from_the_origin() -> None:
    path = walks(1)[0].numpy()
    assert path.shape == (3, random_kernels.STEPS)
    np.testing.assert_array_equal(path[:, 0], 0)
    steps = np.linalg.norm(np.diff(path), axis=0)
    assert np.all(steps > 0)
    assert steps.max() < 10


@pytest.mark.parametrize(('uniform', 'size'), [(1.0, 5), (0.5, 11), (1e-9, 27)])
def test_the_draw_decides_the_size_of_a_shake(uniform: float, size: int) -> None:
    sides = random_kernels.shake_sides(torch.tensor([uniform]))
    assert int(sides) == size
    kernel = random_kernels.from_paths(walks(1)[:, :2], sides)[0, 0]
    assert kernel.sum() == pytest.approx(1)
    filled = (kernel > 0).any(0).nonzero()
    assert int(filled.max() - filled.min()) < size


def test_test_sets_are_complete() -> None:
    assert random_kernels.usrnet_test().shape == (8, 1, 25, 25)
    long = random_kernels.usrnet_test()[4:, 0].numpy()
    variances = [np.linalg.eigvalsh(moments(k)[1])[::-1] for k in long]
    np.testing.assert_allclose(variances, [(7, 2), (9, 1.5), (8, 1.5), (7, 5)], rtol=0.03)
    assert [part.shape for part in random_kernels.virnet_test(3)] == [(7, 1, 21, 21), (7, 3)]
    assert random_kernels.mzsr_test().shape == (2, 1, 15, 15)


@pytest.mark.parametrize('family', FAMILIES)
def test_seeds_repeat(family: str) -> None:
    first, again, other = (random_kernels.draw(family, 1, 2, seeded(s)) for s in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(ParameterError, match='usrnet, virnet, mzsr'):
        random_kernels.draw('dpsr', 1, 2, seeded())


def test_no_camera_shake_is_lost() -> None:
    sides = random_kernels.shake_sides(torch.full((100,), 0.9))
    kernels = random_kernels.from_paths(walks(100)[:, :2], sides)
    torch.testing.assert_close(kernels.sum((1, 2, 3)), torch.ones(100))
