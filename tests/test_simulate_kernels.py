"""Random kernels follow the laws of the papers."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fresco.degrade import random_kernels
from napari_fresco.errors import ParameterError
from napari_fresco.physics.kernels import from_covariance


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
    kernel = random_kernels.shifted_anisotropic(41, scale, angle, first**2, second**2)
    centre, covariance = moments(kernel)
    np.testing.assert_allclose(centre, 20 - (scale - 1) / 2, atol=1e-3)
    along = np.array([math.sin(angle), math.cos(angle)])  # row, column
    across = np.array([along[1], -along[0]])
    assert along @ covariance @ along == pytest.approx(first**2, rel=0.02)
    assert across @ covariance @ across == pytest.approx(second**2, rel=0.02)
    assert kernel.sum() == pytest.approx(1)


def test_round_kernels_are_cut_at_rounding_error() -> None:
    kernel = random_kernels.isotropic(25, 0.4)
    assert np.count_nonzero(kernel) < 81
    _, covariance = moments(random_kernels.isotropic(25, 2.0))
    np.testing.assert_allclose(covariance, 4 * np.eye(2), atol=1e-6)
    even = random_kernels.isotropic(24, 2.0)
    np.testing.assert_allclose(even, even[::-1, ::-1])


def test_parameters_of_virnet_are_those_of_the_kernel() -> None:
    random = np.random.default_rng(0)
    round_ = 0
    for _ in range(300):
        kernel, (x, y, rho) = random_kernels.random_virnet(random, 4)
        made = from_covariance(x, y, rho, random_kernels.VIRNET_SIZE)
        np.testing.assert_allclose(kernel, made, atol=1e-9)
        eigenvalues = np.linalg.eigvalsh([[x, rho * (x * y) ** 0.5], [rho * (x * y) ** 0.5, y]])
        assert 0.04 - 1e-9 <= eigenvalues.min() <= eigenvalues.max() <= 16 + 1e-9
        round_ += abs(np.ptp(eigenvalues)) < 1e-9
    assert round_ == pytest.approx(90, abs=25)


def test_kernels_of_mzsr_are_centred_with_bounded_variances() -> None:
    random = np.random.default_rng(0)
    for _ in range(100):
        kernel = random_kernels.random_mzsr(random, 2)
        assert kernel.shape == (15, 15)
        centre, covariance = moments(kernel)
        np.testing.assert_allclose(centre, 7, atol=1e-6)
        eigenvalues = np.linalg.eigvalsh(covariance)
        assert 0.9 < eigenvalues.min() <= eigenvalues.max() < 5.1


def test_kernels_of_usrnet_are_shake_or_shifted_gaussians() -> None:
    random = np.random.default_rng(0)
    offsets, shakes = [], 0
    for _ in range(400):
        kernel = random_kernels.random_usrnet(random)
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


def test_a_camera_shake_wanders_from_the_origin() -> None:
    path = random_kernels.trajectory(np.random.default_rng(0))
    assert path.shape == (3, random_kernels.STEPS)
    np.testing.assert_array_equal(path[:, 0], 0)
    steps = np.linalg.norm(np.diff(path), axis=0)
    assert np.all(steps > 0)
    assert steps.max() < 10


@pytest.mark.parametrize(('uniform', 'size'), [(1.0, 5), (0.5, 11), (1e-9, 27)])
def test_the_draw_decides_the_size_of_a_shake(uniform: float, size: int) -> None:
    kernel = random_kernels.from_trajectory(
        random_kernels.trajectory(np.random.default_rng(1)), uniform
    )
    assert kernel.shape == (size, size)
    assert kernel.sum() == pytest.approx(1)


def test_shakes_fit_any_size() -> None:
    random = np.random.default_rng(0)
    for size in (5, 25, 31):
        for _ in range(30):
            kernel = random_kernels.motion(random, size)
            assert kernel.shape == (size, size)
            assert kernel.sum() == pytest.approx(1)


def test_test_sets_are_complete() -> None:
    assert [k.shape for k in random_kernels.usrnet_test()] == [(25, 25)] * 8
    variances = [np.linalg.eigvalsh(moments(k)[1])[::-1] for k in random_kernels.usrnet_test()[4:]]
    np.testing.assert_allclose(variances, [(7, 2), (9, 1.5), (8, 1.5), (7, 5)], rtol=0.03)
    assert len(random_kernels.virnet_test(3)) == 7
    assert [k.shape for k in random_kernels.mzsr_test()] == [(15, 15)] * 2


@pytest.mark.parametrize('family', random_kernels.FAMILIES)
def test_seeds_repeat(family: str) -> None:
    first, again, other = (
        random_kernels.draw(family, np.random.default_rng(s), 2) for s in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(ParameterError, match='usrnet, virnet, mzsr'):
        random_kernels.draw('dpsr', np.random.default_rng(0), 2)


def test_no_camera_shake_is_lost() -> None:
    random = np.random.default_rng(5)
    for _ in range(100):
        path = random_kernels.trajectory(random)
        assert random_kernels.from_trajectory(path, 0.9).sum() == pytest.approx(1)
