"""Samples of a blurred image that were not measured have no say in its restoration."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage import data
from torch import Tensor

import napari_fresco as fresco
from napari_fresco.physics.dihedral import DihedralDegradation, turn
from napari_fresco.physics.operators import Blur, Downsample
from napari_fresco.physics.partly_seen import dual_of_seen, steps_for

KERNEL = fresco.kernels.gaussian(1.5, size=9)
ALPHA = 1e-2


def operator(scale: int) -> Downsample:
    if scale == 1:
        return Blur(KERNEL, (36, 40))
    return Downsample(KERNEL, scale, (36, 40))


def drawn(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize('scale', [1, 2])
def test_the_data_step_is_the_least_squares_of_what_was_seen(
    scale: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('napari_fresco.physics.spectral.steps_for', lambda alpha: 200)
    h = operator(scale)
    size = [n // scale for n in h.shape]
    seen = torch.zeros(1, 1, *size)
    seen[..., 3 : size[0] - 4, 2 : size[1] - 5] = 1
    z, y = drawn(2, 3, *h.shape), drawn(2, 3, *size, seed=1)
    x = h.seen_in(seen).prox(z, y, ALPHA)
    slope = h.adjoint(seen * (h.forward(x) - y)) + ALPHA * (x - z)
    assert slope.abs().max() < 1e-9
    other = torch.where(seen > 0, y, 100.0)
    torch.testing.assert_close(h.seen_in(seen).prox(z, other, ALPHA), x)


@pytest.mark.parametrize('scale', [1, 2])
def test_where_all_was_seen_the_data_step_is_the_closed_one(scale: int) -> None:
    h = operator(scale)
    size = [n // scale for n in h.shape]
    z, y = drawn(1, 2, *h.shape), drawn(1, 2, *size, seed=1)
    everywhere = h.seen_in(torch.ones(1, 1, *size))
    torch.testing.assert_close(everywhere.prox(z, y, ALPHA), h.prox(z, y, ALPHA))
    torch.testing.assert_close(everywhere.misfit(z, y), h.misfit(z, y))


def test_what_was_not_measured_leaves_no_residual() -> None:
    h, x, y = operator(1), drawn(1, 1, 36, 40), drawn(1, 1, 36, 40, seed=1)
    seen = (drawn(1, 1, 36, 40, seed=2) > 0.5).double()
    left = y - h.forward(x)
    torch.testing.assert_close(h.residual(y, x), left)
    torch.testing.assert_close(h.seen_in(seen).residual(y, x), seen * left)
    turned = DihedralDegradation.of(h.seen_in(seen), 3)
    torch.testing.assert_close(turned.residual(turn(y, 3), turn(x, 3)), turn(seen * left, 3))


def test_a_part_counted_from_elsewhere_is_rolled_with_its_images() -> None:
    h, z, y = operator(2), drawn(1, 1, 36, 40), drawn(1, 1, 18, 20, seed=1)
    part = h.seen_in((drawn(1, 1, 18, 20, seed=2) > 0.2).double())
    rolled = part.counted_from((3, 5)).prox(z.roll((6, 10), (2, 3)), y.roll((3, 5), (2, 3)), ALPHA)
    torch.testing.assert_close(rolled, part.prox(z, y, ALPHA).roll((6, 10), (2, 3)))


def test_a_residual_of_nothing_is_explained_by_nothing() -> None:
    nothing = torch.zeros(1, 2, 8, 12)
    assert not dual_of_seen(nothing, torch.ones(1, 1, 8, 12), torch.ones(8, 7), 5).any()


def test_smaller_weights_ask_for_more_steps_up_to_a_bound() -> None:
    asked = [steps_for(alpha) for alpha in (10.0, 0.2, 1e-3, 1e-5, 1e-30)]
    assert asked == sorted(asked)
    assert steps_for(torch.tensor(0.2)) == asked[-1]


@pytest.mark.parametrize('method', ['dpir', 'ircnn', 'usrnet'])
def test_a_ramp_that_ends_at_the_border_stays_a_ramp(method: str) -> None:
    """No symmetric kernel blurs a ramp; with what continues it as data 26 to 112 rang."""
    rows, columns = np.mgrid[:72, :80]
    ramp = (40 + 1.5 * columns + 0.8 * rows).astype(np.float32)
    kernel = fresco.kernels.gaussian(2.0, size=15)
    result = fresco.restore(ramp, method=method, task='deblur', kernel=kernel, sigma=0.5)
    error = np.abs(result.image - ramp)
    assert error.max() < 10
    assert np.sqrt(np.mean(error**2)) < 1


def test_missing_pixels_spoil_nothing_beside_them() -> None:
    """What neighbours say of them is no data: otherwise the error around them is 29 % larger."""
    truth = data.camera()[60:156, 140:236].astype(float)
    kernel = fresco.kernels.disk(3)
    noise = np.random.default_rng(0).normal(0, 1, truth.shape)
    whole = (ndimage.convolve(truth, kernel, mode='wrap') + noise).astype(np.float32)
    missing = np.zeros(truth.shape, bool)
    missing[30:44, 20:70] = True
    beside = ndimage.binary_dilation(missing, iterations=8) & ~missing

    def error_beside(image: np.ndarray) -> float:
        told = {'method': 'ircnn', 'task': 'deblur', 'sigma': 1.0, 'data_range': (0, 255)}
        restored = fresco.restore(image, kernel=kernel, **told).image
        return float(np.sqrt(np.mean((restored - truth)[beside] ** 2)))

    assert error_beside(np.where(missing, np.float32(np.nan), whole)) < 1.12 * error_beside(whole)
