"""VIRNet against the authors' code: networks, kernels and objectives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_fresco import networks
from napari_fresco.degrade import resize
from napari_fresco.degrade.gaussian_kernels import gaussians_of_covariance
from napari_fresco.networks.precision import full_precision
from napari_fresco.networks.virnet import config_from
from napari_fresco.networks.virnet_parts import KNet, SNet, kernel_parameters, variance
from napari_fresco.networks.virnet_restorer import RNet
from napari_fresco.physics import kernels
from napari_fresco.training import elbo

from .base import Golden


def snet(golden: Golden) -> None:
    network = _loaded(SNet(**golden.meta['args']), golden)
    raw = network(_input(golden, 'x'))
    _close(raw, golden, 'raw')
    _close(variance(raw), golden, 'variance')


def knet(golden: Golden) -> None:
    network = _loaded(KNet(**golden.meta['args']), golden)
    raw = network(_input(golden, 'x'))
    _close(raw[..., None, None], golden, 'raw')
    parameters = kernel_parameters(raw)
    _close(parameters[..., None, None], golden, 'kinfo')
    _check_kernels(parameters, golden, 'kernel_authors')


def rnet(golden: Golden) -> None:
    network = _loaded(RNet(**golden.meta['args']), golden)
    extra = _input(golden, 'extra') if 'extra' in golden.inputs else None
    _close(network(_input(golden, 'x'), extra), golden, 'mu')


def denoise(golden: Golden) -> None:
    mu, estimate = _whole('virnet', golden)(_input(golden, 'x'))
    _close(mu, golden, 'mu')
    _close(estimate, golden, 'variance')


def enlarge(golden: Golden) -> None:
    mu, parameters, estimate = _whole('virnet_sr', golden)(_input(golden, 'x'), golden.meta['sf'])
    _close(mu, golden, 'mu')
    _close(parameters, golden, 'kinfo')
    _close(estimate, golden, 'variance')
    _check_kernels(parameters, golden, 'kernel_authors')
    _check_kernels(parameters, golden, 'kernel_authors_shift', scale=golden.meta['sf'], shift=True)


def kernel_parametrisation(golden: Golden) -> None:
    parameters = _input(golden, 'kinfo')
    for size in golden.meta['k_sizes']:
        for scale in golden.meta['sfs']:
            for shift in (False, True):
                name = f'kinfo2sigma_k{size}_sf{scale}_shift{int(shift)}'
                _check_kernels(parameters, golden, name, scale=scale, shift=shift)
    axes = golden.inputs['lam_theta']
    found = [kernels.covariance(a, b, -np.degrees(theta)) for a, b, theta in axes]
    _close(np.array(found), golden, 'generator_kinfo')
    _close(np.stack([kernels.from_covariance(*f) for f in found]), golden, 'generator_kernel')


def elbo_denoising(golden: Golden) -> None:
    mu, variance = (_input(golden, n).requires_grad_() for n in ('mu', 'variance_est'))
    y, x, prior = (_input(golden, n) for n in ('y', 'x_gt', 'variance_prior'))
    meta = golden.meta
    terms = elbo.denoising(mu, variance, y, x, prior, window=meta['window'], eps2=meta['eps2'])
    _check_terms(terms, golden, {'lh': 'likelihood', 'kl_gauss': 'image', 'kl_invgamma': 'noise'})
    _check_gradients(terms, golden, {'mu': mu, 'variance_est': variance})


def elbo_sisr(golden: Golden) -> None:
    meta = golden.meta
    settings = elbo.ElboSettings(
        meta['window'],
        meta['eps2'],
        meta['kappa0'],
        meta['r2'],
        tuple(meta['penalty_K']),
        meta['k_size'],
    )
    assert not meta['shift']
    estimates = [_input(golden, n).requires_grad_() for n in ('mu', 'snet_est', 'kinfo_est')]
    given = [_input(golden, n) for n in ('y_lr', 'x_hr', 'snet_prior', 'kinfo_gt')]
    draws = elbo.Draws(*(_input(golden, f'noise_{n}') for n in ('unit_gamma', 'rho', 'z')))
    scale = meta['sf']

    def direct(z: Tensor) -> Tensor:
        return z[..., ::scale, ::scale]

    def bicubic(z: Tensor) -> Tensor:
        rows, columns = (_authors_matrix(n, scale).to(z) for n in z.shape[-2:])
        return rows @ z @ columns.mT

    downsample = direct if meta['downsampler'] == 'direct' else bicubic
    terms = elbo.super_resolution(*estimates, *given, draws, downsample, settings)
    names = {'lh': 'likelihood', 'kl_rnet': 'image', 'kl_snet': 'noise', 'kl_knet': 'kernel'}
    _check_terms(terms, golden, names)
    parts = elbo.kernel_divergences(estimates[2], given[3], settings)
    for part, name in zip(parts, ('kl_lambda1', 'kl_lambda2', 'kl_rho'), strict=True):
        _close(part, golden, name)
    _close(elbo.sample_kernel(estimates[2], draws, settings), golden, 'kernel_sample')
    named = dict(zip(('mu', 'snet_est', 'kinfo_est'), estimates, strict=True))
    _check_gradients(terms, golden, named)


def elbo_elementary(golden: Golden) -> None:
    posterior, prior, x, mean = (_input(golden, n) for n in ('bq', 'bp', 'x', 'm'))
    for name in golden.outputs:
        kind, _, shape = name.partition('_a')
        if kind == 'kl_ig':
            value = elbo.inverse_gamma_divergence(posterior, prior, float(shape))
        elif kind == 'lik':
            value = elbo.likelihood(x, mean, posterior, float(shape), 1e-3)
        else:
            assert name == 'kl_gauss'
            value = elbo.gaussian_divergence(mean, x, 0.05)
        _close(value, golden, name)


def local_prior(y: Tensor, x: Tensor, window: int) -> Tensor:
    """Return the prior of the variance for real noise, ``(N, C, H, W)``.

    The squared difference of the noisy and the clean image, averaged with
    :func:`window_weights`; the border is mirrored.
    """
    with full_precision(y):
        squares = (y - x).square().flatten(0, 1)[:, None]
        radius = window // 2
        padded = F.pad(squares, (radius,) * 4, mode='reflect')
        local = F.conv2d(padded, window_weights(window).to(squares)[None, None])
    return local.reshape(y.shape).clamp_min(elbo.LEAST_VARIANCE)


def window_weights(window: int) -> Tensor:
    """Return the Gaussian ``(window, window)`` of a local variance, of sum 1.

    Its standard deviation, ``0.3 ((p - 1)/2 - 1) + 0.8``, is OpenCV's for p pixels.
    """
    sigma = 0.3 * ((window - 1) / 2 - 1) + 0.8
    axis = torch.arange(window, dtype=torch.float64) - (window - 1) / 2
    taps = torch.exp(-axis.square() / (2 * sigma**2))
    weights = torch.outer(taps, taps)
    return weights / weights.sum()


def variance_prior_window(golden: Golden) -> None:
    y, x = _input(golden, 'y'), _input(golden, 'x')
    for window in golden.meta['wins']:
        _close(local_prior(y, x, window), golden, f'xi_w{window}')
        _close(window_weights(window), golden, f'kernel_w{window}')


def _check_kernels(
    parameters: Tensor,
    golden: Golden,
    name: str,
    scale: int = 1,
    shift: bool = False,
) -> None:
    """Compare both ways to make kernels: NumPy for users, PyTorch for the objective."""
    size = golden.outputs[name].shape[-1]
    made = [kernels.from_covariance(*p, size, scale, shift, 'authors') for p in parameters.tolist()]
    _close(np.stack(made)[:, None], golden, name)
    mixed = parameters[:, 2:] * parameters[:, :2].prod(1, keepdim=True).sqrt()
    twin = gaussians_of_covariance(parameters[:, :2], mixed, size, scale, shift)
    _close(twin, golden, name)


def _authors_matrix(length: int, scale: int) -> Tensor:
    """Return VIRNet's bicubic downsampling along one axis as a matrix."""
    units = torch.eye(length, dtype=torch.float64)[..., None].expand(-1, -1, scale)
    return resize.resize_right(units, scale, authors=True)[..., 0].T


def _check_terms(terms: elbo.Terms, golden: Golden, names: dict[str, str]) -> None:
    _close(terms.loss, golden, 'loss')
    for name, attribute in names.items():
        _close(getattr(terms, attribute), golden, name)


def _check_gradients(terms: elbo.Terms, golden: Golden, inputs: dict[str, Tensor]) -> None:
    gradients = torch.autograd.grad(terms.loss, list(inputs.values()))
    for name, gradient in zip(inputs, gradients, strict=True):
        _close(gradient, golden, f'grad_{name}')


def _whole(architecture: str, golden: Golden) -> Callable[..., tuple[Tensor, ...]]:
    """Return the network, built from the meta data and again from the tensors alone."""
    args = golden.meta['args']
    name, found = config_from(golden.state_dict())
    assert name == architecture
    silent = ('noise_avg', 'noise_prior')
    assert {k: v for k, v in found.items() if k not in silent} == {
        k: v for k, v in args.items() if k not in silent
    }
    return _loaded(networks.build(architecture, **args), golden)


def _loaded(network: nn.Module, golden: Golden) -> nn.Module:
    network.load_state_dict(golden.state_dict(), strict=True)
    return network.requires_grad_(False).eval()


def _input(golden: Golden, name: str) -> Tensor:
    return torch.from_numpy(golden.inputs[name])


def _close(actual: Any, golden: Golden, name: str) -> None:
    expected = golden.outputs[name]
    tolerance = golden.meta['tolerance']
    assert tuple(actual.shape) == expected.shape
    array = actual.detach().numpy() if isinstance(actual, Tensor) else actual
    np.testing.assert_allclose(array, expected, tolerance['rtol'], tolerance['atol'])


CASES = {
    'virnet/snet': snet,
    'virnet/knet': knet,
    'virnet/rnet': rnet,
    'virnet/virnet_denoise': denoise,
    'virnet/virnet_sisr': enlarge,
    'virnet/kernel_parametrisation': kernel_parametrisation,
    'virnet/elbo_denoising': elbo_denoising,
    'virnet/elbo_sisr': elbo_sisr,
    'virnet/elbo_elementary': elbo_elementary,
    'virnet/variance_prior_window': variance_prior_window,
}
