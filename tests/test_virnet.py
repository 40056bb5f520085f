"""VIRNet: its kernels, its networks, its objectives, and the solver."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torch import Tensor, nn

from napari_fresco import networks
from napari_fresco.declare.parameters import VIRNetParameters
from napari_fresco.degrade.gaussian_kernels import gaussians_of_covariance
from napari_fresco.errors import KernelError, ParameterError, WeightsError
from napari_fresco.networks import facts_of
from napari_fresco.networks.virnet import config_from, enlarge
from napari_fresco.networks.virnet_parts import (
    KERNEL_VARIANCE_RANGE,
    VARIANCE_RANGE,
    SNet,
    kernel_parameters,
    variance,
)
from napari_fresco.networks.virnet_restorer import RNet
from napari_fresco.physics import kernels
from napari_fresco.physics.degradation import Unknown
from napari_fresco.physics.operators import Identity
from napari_fresco.physics.problem import Problem
from napari_fresco.physics.resample import imresize
from napari_fresco.solvers.variational import virnet
from napari_fresco.training import elbo
from napari_fresco.types import Step

from .golden.virnet import local_prior, window_weights
from .untrained import Tools, rand

SMALL = {'n_feat': [8, 8], 'dep_S': 2, 'n_resblocks': 1}
SMALL_SR = {**SMALL, 'dep_K': 1}

# Configurations of the published networks and their numbers of parameters.
PUBLISHED = [
    ('virnet', {}, 10_539_332),
    ('virnet', {'sigma_chn': 3, 'n_feat': [96, 160, 224, 288], 'dep_S': 8}, 15_403_974),
    ('virnet_sr', {}, 5_903_063),
    ('virnet_sr', {'extra_mode': 'Input'}, 5_716_935),
]


def built(name: str, **config: Any) -> Any:
    """Return a small network with weights at random, none of them without effect."""
    torch.manual_seed(0)
    small = SMALL if name == 'virnet' else SMALL_SR
    network = networks.build(name, **{**small, **config})
    for p in network.parameters():
        nn.init.normal_(p, std=0.15)
    return network.eval().requires_grad_(False)


# Kernels


def moments(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the centroid (x, y) from ``size // 2``, and the covariance of x and y."""
    rows, columns = np.indices(kernel.shape) - kernel.shape[0] // 2
    places = np.stack((columns.ravel(), rows.ravel()))
    mean = places @ kernel.ravel()
    centred = places - mean[:, None]
    return mean, (centred * kernel.ravel()) @ centred.T


variances = st.floats(0.6, 6)
correlations = st.floats(-0.7, 0.7)


@given(variances, variances, correlations)
@settings(max_examples=40)
def test_the_covariance_of_a_kernel_is_what_was_asked_for(x: float, y: float, rho: float) -> None:
    kernel = kernels.from_covariance(x, y, rho, size=41)
    mean, covariance = moments(kernel)
    mixed = rho * math.sqrt(x * y)
    assert kernel.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(mean, 0, atol=1e-12)
    np.testing.assert_allclose(covariance, [[x, mixed], [mixed, y]], rtol=0.02, atol=0.01)


@given(variances, variances, st.floats(-180, 180))
@settings(max_examples=40)
def test_principal_axes_turn_as_all_other_kernels(a: float, b: float, angle: float) -> None:
    kernel = kernels.from_covariance(*kernels.covariance(a, b, angle))
    expected = kernels.gaussian(math.sqrt(a), math.sqrt(b), angle, size=21)
    np.testing.assert_allclose(kernel, expected, atol=1e-12)


def test_a_long_blur_has_its_angle() -> None:
    widths = kernels.fwhm(kernels.from_covariance(*kernels.covariance(9, 2, 30)))
    assert widths.angle == pytest.approx(30, abs=1)
    assert widths.major == pytest.approx(2.355 * 3, rel=0.02)
    assert widths.minor == pytest.approx(2.355 * math.sqrt(2), rel=0.02)


@given(variances, variances, correlations, st.sampled_from([15, 21]), st.booleans())
@settings(max_examples=20)
def test_the_orientation_of_the_authors(
    x: float, y: float, rho: float, size: int, shift: bool
) -> None:
    physical = kernels.from_covariance(x, y, rho, size, 3, shift)
    authors = kernels.from_covariance(x, y, rho, size, 3, shift, axis='authors')
    np.testing.assert_allclose(authors, physical.T, atol=1e-15)
    variances = torch.tensor([[x, y]], dtype=torch.float64)
    mixed = torch.tensor([[rho * math.sqrt(x * y)]], dtype=torch.float64)
    twin = gaussians_of_covariance(variances, mixed, size, 3, shift)
    np.testing.assert_allclose(twin[0, 0].numpy(), authors, atol=1e-12)


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_a_shifted_kernel_lies_at_the_middle_of_the_cell(scale: int) -> None:
    mean, _ = moments(kernels.from_covariance(2, 1, 0.3, 31, scale, shift=True))
    np.testing.assert_allclose(mean, (scale - 1) / 2, atol=1e-6)


@pytest.mark.parametrize('rho', [1.0, -1.0, 1 - 1e-12])
@pytest.mark.parametrize('size', [(100.0, 100.0), (1e-4, 1e-4), (1e-4, 100.0)])
def test_degenerate_kernels_are_kernels(rho: float, size: tuple[float, float]) -> None:
    kernel = kernels.from_covariance(*size, rho)
    assert np.isfinite(kernel).all()
    assert kernel.sum() == pytest.approx(1)
    mixed = torch.tensor([[rho * math.sqrt(size[0] * size[1])]])
    twin = gaussians_of_covariance(torch.tensor([size]), mixed)
    assert bool(torch.isfinite(twin).all())


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'variance_x': 0}, 'variance_x = 0'),
        ({'variance_y': -1.0}, 'variance_y'),
        ({'rho': 1.5}, 'from -1 to 1'),
        ({'rho': math.nan}, 'from -1 to 1'),
        ({'size': 20}, 'odd'),
        ({'scale': 0, 'shift': True}, 'scale'),
        ({'axis': 'yx'}, "'xy' or 'authors'"),
    ],
)
def test_no_covariance(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        kernels.from_covariance(**{'variance_x': 1.0, 'variance_y': 1.0, **change})


def test_no_principal_axes() -> None:
    with pytest.raises(ParameterError, match='across'):
        kernels.covariance(1, 0, 0)
    with pytest.raises(ParameterError, match='degrees'):
        kernels.covariance(1, 1, math.inf)


@pytest.mark.parametrize('scale', [2, 3, 4])
@pytest.mark.parametrize('shape', [(21, 21), (9, 15)])
def test_direct_sampling_equals_blur_and_bicubic(scale: int, shape: tuple[int, int]) -> None:
    random = np.random.default_rng(scale)
    kernel = random.random(shape)
    kernel /= kernel.sum()
    image = random.random((26 * scale, 28 * scale))
    blurred = ndimage.convolve(image, kernel, mode='constant')
    expected = imresize(torch.from_numpy(blurred), 1 / scale).numpy()
    direct = kernels.direct_sampling(kernel, scale)
    actual = ndimage.convolve(image, direct, mode='constant')[::scale, ::scale]
    inside = np.s_[9:-9, 9:-9]
    np.testing.assert_allclose(actual[inside], expected[inside], atol=1e-12)


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_the_direct_kernel_is_shifted_to_the_upper_left(scale: int) -> None:
    direct = kernels.direct_sampling(kernels.from_covariance(3, 2, 0.2), scale)
    rows, columns = np.indices(direct.shape) - direct.shape[0] // 2
    assert direct.sum() == pytest.approx(1)
    assert (direct * rows).sum() == pytest.approx(-(scale - 1) / 2)
    assert (direct * columns).sum() == pytest.approx(-(scale - 1) / 2)


def test_direct_sampling_checks_its_kernel() -> None:
    with pytest.raises(KernelError, match='zero everywhere'):
        kernels.direct_sampling(np.zeros((3, 3)), 2)
    with pytest.raises(ParameterError, match='scale'):
        kernels.direct_sampling(np.ones((3, 3)), 0)


# Networks


@pytest.mark.parametrize(('name', 'config', 'count'), PUBLISHED)
def test_published_sizes(name: str, config: dict[str, Any], count: int) -> None:
    with torch.device('meta'):
        network = networks.build(name, **config)
    assert sum(p.numel() for p in network.parameters()) == count


@pytest.mark.parametrize('mode', ['Input', 'Both', 'Down', 'Null'])
@pytest.mark.parametrize('images', [1, 3])
@pytest.mark.parametrize('sigmas', [1, 3])
def test_the_configuration_of_a_denoiser_is_in_its_weights(
    mode: str, images: int, sigmas: int
) -> None:
    config = {
        'im_chn': images,
        'sigma_chn': sigmas,
        'n_feat': [8, 16, 24],
        'dep_S': 4,
        'n_resblocks': 2,
        'noise_cond': mode != 'Null',
        'extra_mode': mode,
        'noise_avg': False,
    }
    tensors = networks.build('virnet', **config).state_dict()
    assert config_from(tensors) == ('virnet', config)


@pytest.mark.parametrize('mode', ['Input', 'Both', 'Down'])
@pytest.mark.parametrize(('noise', 'kernel'), [(True, True), (True, False), (False, True)])
def test_the_configuration_of_an_enlarger_is_in_its_weights(
    mode: str, noise: bool, kernel: bool
) -> None:
    config = {
        'im_chn': 3,
        'sigma_chn': 1,
        'kernel_chn': 3,
        'n_feat': [8, 16],
        'dep_S': 2,
        'dep_K': 3,
        'n_resblocks': 1,
        'noise_cond': noise,
        'kernel_cond': kernel,
        'extra_mode': mode,
        'noise_avg': True,
        'noise_prior': 'deviation',
    }
    tensors = networks.build('virnet_sr', **config).state_dict()
    assert config_from(tensors) == ('virnet_sr', config)


def test_an_incomplete_checkpoint() -> None:
    tensors = dict(built('virnet').state_dict())
    del tensors['RNet.head.weight']
    with pytest.raises(ParameterError, match=r'lacks .RNet\.head\.weight.'):
        config_from(tensors)


def test_the_configuration_is_checked() -> None:
    with pytest.raises(ParameterError, match='noise_prior'):
        networks.build('virnet_sr', noise_prior='sigma')


@pytest.mark.parametrize('shape', [(1, 1), (2, 3), (5, 4), (16, 9)])
@pytest.mark.parametrize('levels', [2, 4])
def test_any_size_passes(shape: tuple[int, int], levels: int) -> None:
    x = rand(2, 3, *shape)
    mu, estimate = built('virnet', n_feat=[8] * levels)(x)
    assert mu.shape == (2, 3, *shape)
    assert estimate.shape == (2, 1, *shape)
    mu, kernel, estimate = built('virnet_sr', n_feat=[8] * levels)(x, 3)
    assert mu.shape == (2, 3, 3 * shape[0], 3 * shape[1])
    assert kernel.shape == (2, 3)
    assert estimate.shape == (2, 1, 1, 1)


@pytest.mark.parametrize(('blocks', 'levels'), [(1, 2), (2, 3), (1, 4)])
def test_the_receptive_field_of_the_restorer(blocks: int, levels: int) -> None:
    torch.manual_seed(0)
    network = RNet(1, 1, 1, blocks, [2] * levels).double()
    for p in network.parameters():
        # Positive weights on positive images: nothing cancels and no slope is lost.
        nn.init.uniform_(p, 0.1, 1)
    side, cell = 4 * network.halo // network.multiple * network.multiple, network.multiple
    reached = 0
    for pixel in range(side // 2, side // 2 + cell):
        x = torch.ones(1, 2, side, 2 * cell, dtype=torch.float64).requires_grad_()
        network(x[:, :1], x[:, 1:])[0, 0, pixel, 0].backward()
        rows = x.grad.abs().sum((0, 1, 3)).nonzero().flatten()
        reached = max(reached, int((rows - pixel).abs().max()))
    assert reached == network.halo


def test_the_published_receptive_fields() -> None:
    with torch.device('meta'):
        found = [facts_of(networks.build(name, **config)) for name, config, _ in PUBLISHED]
    assert [(f.halo, f.grid, f.multiple) for f in found] == [
        (68, 4, 1),
        (148, 8, 1),
        (48, 4, 1),
        (48, 4, 1),
    ]


def test_the_receptive_field_of_the_noise_estimator() -> None:
    network = SNet(1, 1, dep=4, num_filters=4)
    x = torch.ones(1, 1, 15, 15).requires_grad_()
    network.log_map(x)[0, 0, 7, 7].backward()
    rows = x.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert network.reach == 4
    assert int((rows - 7).abs().max()) == 4


def test_the_estimates_have_bounds() -> None:
    extreme = torch.tensor([-1e9, -1e3, 1e3, 1e9])
    low, high = VARIANCE_RANGE
    np.testing.assert_allclose(variance(extreme), [low, low, high, high], rtol=1e-5)
    raw = torch.tensor([[-1e9, 1e9, 1e9], [1e9, -1e9, -1e9]])
    low, high = KERNEL_VARIANCE_RANGE
    expected = [[low, high, 1], [high, low, -1]]
    np.testing.assert_allclose(kernel_parameters(raw), expected, rtol=1e-5)


def test_averaging_takes_the_geometric_mean() -> None:
    network = SNet(3, 1, dep=3, num_filters=4, noise_avg=True)
    x = rand(2, 3, 8, 9)
    with torch.no_grad():
        whole = variance(network(x))
        geometric = variance(network.log_map(x)).log().mean((2, 3), keepdim=True).exp()
    torch.testing.assert_close(whole, geometric)


def test_estimates_stay_exact_in_eight_bits() -> None:
    x = rand(1, 3, 16, 16)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        mu, estimate = built('virnet')(x)
        enlarged, kernel, level = built('virnet_sr')(x, 2)
    for tensor in (mu, estimate, enlarged, kernel, level):
        assert tensor.dtype == torch.float32
    # The image itself is not rounded: only what is added to it.
    residual = mu - x
    assert float((residual - built('virnet')(x)[0] + x).abs().max()) < 0.05 * float(
        residual.abs().max()
    )


def test_the_restorer_is_told_the_root_of_the_variance() -> None:
    network, x = built('virnet_sr', noise_avg=False), rand(1, 3, 5, 6)
    kernel, estimate = torch.tensor([[4.0, 1.0, 0.5]]), rand(1, 1, 5, 6)
    maps = network.maps(kernel, estimate, enlarge(x, 2))
    assert maps.shape == (1, 4, 10, 12)
    assert maps[0, :3, 0, 0].tolist() == [4.0, 1.0, 0.5]
    torch.testing.assert_close(maps[:, 3:], enlarge(estimate.sqrt(), 2))
    assert built('virnet', noise_cond=False, extra_mode='Null').maps(estimate, x) is None


def test_ffdnet_averages_the_variance_of_a_map() -> None:
    network = networks.build('ffdnet', in_nc=1, out_nc=1, nc=4, nb=2)
    seen: list[Tensor] = []
    network.model[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][:, -1]))
    sigma = torch.tensor([[0.0, 0.2, 0.1], [0.0, 0.0, 0.3]])[None, None]
    network(rand(1, 1, 2, 3), sigma)
    torch.testing.assert_close(seen[0][0, 0], torch.tensor([0.1, math.sqrt(0.05)]))


# Objectives


def test_divergences_vanish_only_for_the_truth() -> None:
    truth = 0.01 + rand(2, 1, 4, 4)
    assert float(elbo.inverse_gamma_divergence(truth, truth, 23.5)) == pytest.approx(0, abs=1e-5)
    for factor in (0.5, 2.0):
        assert float(elbo.inverse_gamma_divergence(factor * truth, truth, 23.5)) > 1
    assert float(elbo.gaussian_divergence(truth, truth, 1e-6)) == 0


def test_the_likelihood_is_best_for_the_right_variance() -> None:
    noise = 0.1 * torch.randn(4000, generator=torch.Generator().manual_seed(0))
    alpha0 = 24.5
    levels = torch.linspace(0.05, 0.2, 61)
    losses = [
        float(elbo.likelihood(noise, torch.zeros(1), alpha0 * s**2, alpha0 - 1)) for s in levels
    ]
    # The mean of the posterior, alpha0 s / (alpha0 - 2), is a little larger than its mode s.
    assert float(levels[int(np.argmin(losses))]) == pytest.approx(0.1, rel=0.05)


def test_the_denoising_objective_prefers_the_truth() -> None:
    x, sigma = rand(2, 3, 8, 8), 0.1 + 0.1 * rand(2, 1, 8, 8, seed=1)
    y = x + sigma * torch.randn(x.shape, generator=torch.Generator().manual_seed(2))
    prior = elbo.known_prior(sigma)

    def loss(mu: Tensor, s: Tensor) -> float:
        return float(elbo.denoising(mu, s, y, x, prior).loss)

    best = loss(x, prior)
    assert best < loss(x + 0.01, prior)
    assert best < loss(x, 1.5 * prior)
    assert best < loss(x, prior / 1.5)


def test_priors_have_a_floor() -> None:
    x = rand(1, 3, 9, 9)
    assert float(elbo.known_prior(torch.zeros(1))) == pytest.approx(1e-10)
    np.testing.assert_allclose(local_prior(x, x, 7), 1e-10)
    np.testing.assert_allclose(local_prior(x + 0.1, x, 7), 0.01, rtol=1e-5)
    assert float(window_weights(7).sum()) == pytest.approx(1)


def test_draws_repeat_and_have_their_moments() -> None:
    like = torch.empty(500, 1, 2, 2)
    first, again = (elbo.Draws.sample(like, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first.gamma, again.gamma)
    assert torch.equal(first.image, again.image)
    assert float(first.gamma.mean()) == pytest.approx(49, rel=0.02)
    assert float(first.gamma.var()) == pytest.approx(49, rel=0.15)
    assert first.rho.shape == (500, 1)


def test_a_kernel_without_chance_is_the_one_of_its_parameters() -> None:
    parameters = torch.tensor([[4.0, 1.0, 0.5], [2.0, 3.0, -0.6]])
    still = elbo.Draws(torch.full((2, 2), 50.0), torch.zeros(2, 1), torch.zeros(1))
    sampled = elbo.sample_kernel(parameters, still, elbo.ElboSettings())
    for kernel, p in zip(sampled, parameters.tolist(), strict=True):
        np.testing.assert_allclose(
            kernel[0], kernels.from_covariance(*p, axis='authors'), atol=1e-7
        )


def test_the_enlarging_objective_prefers_the_truth() -> None:
    x, scale = ndimage.gaussian_filter(rand(1, 1, 32, 32).numpy(), (0, 0, 2, 2)), 2
    sharp = torch.from_numpy(x)
    truth = torch.tensor([[2.0, 4.0, 0.3]])
    settings_, still = (
        elbo.ElboSettings(),
        elbo.Draws.sample(sharp, torch.Generator().manual_seed(3)),
    )
    kernel = kernels.from_covariance(*truth[0].tolist(), axis='authors')
    blurred = ndimage.convolve(x[0, 0], kernel, mode='mirror')
    y = torch.from_numpy(blurred[::scale, ::scale])[None, None]
    y = y + 0.02 * torch.randn(y.shape, generator=torch.Generator().manual_seed(4))
    prior = torch.full((1, 1, 1, 1), 0.02**2)

    def loss(mu: Tensor, s: Tensor, k: Tensor) -> float:
        def downsample(z: Tensor) -> Tensor:
            return z[..., ::scale, ::scale]

        arguments = (mu, s, k, y, sharp, prior, truth, still, downsample, settings_)
        return float(elbo.super_resolution(*arguments).loss)

    best = loss(sharp, prior, truth)
    assert best < loss(sharp + 0.02, prior, truth)
    assert best < loss(sharp, 2 * prior, truth)
    assert best < loss(sharp, prior, truth * 1.4)


# Solver


def solve(
    network: nn.Module, y: Tensor, scale: int = 1, tile: int | None = None, **params: Any
) -> Step:
    degradation = Identity() if scale == 1 else Unknown(scale)
    task = 'denoise' if scale == 1 else 'super_resolve'
    problem = Problem(task, y, degradation, 0.1)
    with torch.inference_mode():
        tools = Tools(network, tile, scales=(scale,))
        (step,) = virnet(problem, VIRNetParameters(model='test', **params), tools)
    return step


def near(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, atol=2e-5 * float(expected.abs().max()), rtol=0)


@pytest.mark.parametrize('mode', ['Input', 'Both', 'Down', 'Null'])
@pytest.mark.parametrize('sigmas', [1, 3])
def test_the_solver_denoises_as_the_network(mode: str, sigmas: int) -> None:
    network, y = built('virnet', extra_mode=mode, sigma_chn=sigmas), rand(1, 3, 13, 18)
    step, (mu, estimate) = solve(network, y), network(y)
    near(step.x, mu)
    near(step.variance, estimate)
    assert step.kernel is None
    assert float(step.residual) == pytest.approx(float((mu - y).square().mean().sqrt()), rel=1e-4)


@pytest.mark.parametrize('scale', [2, 3, 4])
@pytest.mark.parametrize('average', [True, False])
def test_the_solver_enlarges_as_the_network(scale: int, average: bool) -> None:
    network, y = built('virnet_sr', noise_avg=average), rand(1, 3, 9, 14)
    step, (mu, kernel, estimate) = solve(network, y, scale), network(y, scale)
    near(step.x, mu)
    grid = (9 * scale, 14 * scale)
    expected = estimate.expand(-1, -1, *grid) if average else enlarge(estimate, scale)
    near(step.variance, expected)
    physical = kernels.from_covariance(*kernel[0].tolist())
    np.testing.assert_allclose(step.kernel, physical, atol=1e-6)


@pytest.mark.parametrize('scale', [1, 2])
@pytest.mark.parametrize('average', [True, False])
def test_tiles_do_not_show(scale: int, average: bool) -> None:
    network = built('virnet' if scale == 1 else 'virnet_sr', noise_avg=average)
    y = rand(1, 3, 150, 141)
    whole, tiled = solve(network, y, scale), solve(network, y, scale, tile=64)
    near(tiled.x, whole.x)
    near(tiled.variance, whole.variance)


def test_the_blur_along_rows_is_seen_along_columns() -> None:
    network = built('virnet_sr')
    raw = torch.tensor([[math.log(9.0), math.log(1.0), 0.0]])
    network.KNet.forward = lambda x: raw.expand(len(x), -1)
    kernel = solve(network, rand(1, 3, 12, 12), 2).kernel.numpy()
    _, covariance = moments(kernel)
    assert covariance[0, 0] == pytest.approx(9, rel=0.02)
    assert covariance[1, 1] == pytest.approx(1, rel=0.02)


def test_what_was_taught_the_deviation_is_squared() -> None:
    y = rand(1, 3, 12, 12)
    ours, theirs = (
        solve(built('virnet_sr', noise_prior=prior), y, 2) for prior in ('variance', 'deviation')
    )
    near(theirs.variance, ours.variance.square())
    near(theirs.x, ours.x)


@pytest.mark.parametrize('scale', [1, 2])
def test_estimating_leaves_the_image(scale: int) -> None:
    network, y = built('virnet' if scale == 1 else 'virnet_sr'), rand(1, 3, 9, 8)
    network.RNet.forward = None
    step = solve(network, y, scale, estimate_only=True)
    assert torch.equal(step.x, enlarge(y, scale))
    assert step.variance.shape == (1, 1, 9 * scale, 8 * scale)


@pytest.mark.parametrize('scale', [1, 2])
def test_gray_images_pass_as_three_equal_channels(scale: int) -> None:
    network = built('virnet' if scale == 1 else 'virnet_sr', sigma_chn=3)
    y = rand(1, 1, 9, 8)
    step, rgb = solve(network, y, scale), y.expand(-1, 3, -1, -1)
    answer = network(rgb) if scale == 1 else network(rgb, scale)
    near(step.x, answer[0].mean(1, keepdim=True))
    expected = answer[-1].mean(1, keepdim=True).expand(-1, -1, 9 * scale, 8 * scale)
    near(step.variance, expected)


def test_channels_pass_a_gray_network_one_by_one() -> None:
    network, y = built('virnet', im_chn=1), rand(1, 3, 9, 8)
    step = solve(network, y)
    answers = [network(y[:, c : c + 1]) for c in range(3)]
    near(step.x, torch.cat([mu for mu, _ in answers], 1))
    near(step.variance, torch.cat([estimate for _, estimate in answers], 1))


@pytest.mark.parametrize(('name', 'scale'), [('virnet', 2), ('virnet_sr', 1)])
def test_the_other_kind_of_network_is_refused(name: str, scale: int) -> None:
    with pytest.raises(WeightsError, match='VIRNet'):
        solve(built(name), rand(1, 3, 8, 8), scale)


@pytest.mark.parametrize('mode', ['Down', 'Both'])
def test_a_network_too_narrow_for_its_conditioning_is_refused(mode: str) -> None:
    with pytest.raises(ParameterError, match='at least 8'):
        networks.build('virnet', im_chn=1, n_feat=[4, 8], extra_mode=mode)
