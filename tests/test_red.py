"""RED diagnostics on filters whose Jacobian is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_fresco.errors import ImageError, ParameterError
from napari_fresco.solvers.red import red_diagnostics


def patch(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).random(shape)


def symmetric(x: Tensor, sigma: float) -> Tensor:
    """Circular [1 2 1] x [1 2 1] / 16, channel by channel."""
    taps = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype)
    kernel = (torch.outer(taps, taps) / 16).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode='circular'), kernel, groups=x.shape[1])


def shift(x: Tensor, sigma: float) -> Tensor:
    return x.roll(1, -1)


def power(x: Tensor, sigma: float) -> Tensor:
    return x.square()


@pytest.mark.parametrize('derivative', ['difference', 'autograd'])
def test_a_symmetric_filter_has_a_symmetric_jacobian_and_the_exact_gradient(
    derivative: str,
) -> None:
    found = red_diagnostics(symmetric, patch(7, 6), sigma=0.1, derivative=derivative)
    assert found.jacobian_asymmetry < 1e-18
    assert found.jacobian_asymmetry_residual < 1e-18
    assert found.gradient_error < 1e-10
    assert found.homogeneity_relative < 1e-12
    assert found.jacobian[0, 0] == pytest.approx(0.25)


def test_an_asymmetric_filter_is_found_out() -> None:
    image = patch(8, 8)
    found = red_diagnostics(shift, image, sigma=0.1)
    assert found.jacobian_asymmetry == pytest.approx(2)
    assert found.jacobian_asymmetry_residual == pytest.approx(1)
    assert found.gradient_error > 0.1
    red = image - np.roll(image, 1, 1)
    np.testing.assert_allclose(found.red_gradient[0], red, atol=1e-12)
    np.testing.assert_allclose(
        found.true_gradient[0], red / 2 + image / 2 - np.roll(image, -1, 1) / 2, atol=1e-9
    )
    assert found.value == pytest.approx((image * red).sum() / 2)


def test_a_filter_that_is_not_homogeneous_is_found_out() -> None:
    image = patch(5, 5)
    found = red_diagnostics(power, image, sigma=0.1, epsilon=0.01)
    expected = 1.01 * 0.01 * image**2
    assert found.homogeneity_mse == pytest.approx((expected**2).mean())
    assert found.homogeneity_relative == pytest.approx(0.01)
    assert found.jacobian_asymmetry == 0


def test_the_identity_has_no_residual_to_weigh_by() -> None:
    found = red_diagnostics(lambda x, sigma: x, patch(4, 4), sigma=1)
    assert found.jacobian_asymmetry_residual == 0


def test_colour_patches_and_integers() -> None:
    seen = []

    def denoise(x: Tensor, sigma: float) -> Tensor:
        seen.append((tuple(x.shape[1:]), sigma))
        return symmetric(x, sigma)

    image = (patch(4, 5, 3) * 255).astype(np.uint8)
    found = red_diagnostics(denoise, image, sigma=51)
    assert found.jacobian.shape == (60, 60)
    assert found.red_gradient.shape == (3, 4, 5)
    assert set(seen) == {((3, 4, 5), 0.2)}
    red_diagnostics(denoise, image)
    assert seen[-1] == ((3, 4, 5), 25 / 255)
    assert found.jacobian_asymmetry < 1e-5


@pytest.mark.parametrize(
    ('image', 'words'),
    [
        (np.zeros((17, 5)), '17 x 5 pixels.*16 x 16'),
        (np.zeros(5), r'shape \(5,\)'),
        (np.zeros((0, 4)), 'shape'),
        (np.full((3, 3), np.nan), 'NaN or inf'),
    ],
)
def test_a_bad_patch_is_refused(image: np.ndarray, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        red_diagnostics(symmetric, image, sigma=0.1)


@pytest.mark.parametrize('numbers', [{'sigma': 0}, {'sigma': 1, 'step': -1}, {'sigma': np.nan}])
def test_a_bad_number_is_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match='not positive'):
        red_diagnostics(symmetric, patch(3, 3), **numbers)
