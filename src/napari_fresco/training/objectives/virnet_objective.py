"""VIRNet: images, noise levels and kernels with the posteriors of its authors.

Unlike in the authors' program the restorer's error does not reach the estimators: it
outweighs what they have to learn by orders of magnitude, which a short training does
not get over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from ...degrade import noise_maps, random_kernels
from ...degrade.blur import blur
from ...networks.virnet import VIRNet, VIRNetSR, enlarge
from ...networks.virnet_parts import kernel_parameters, variance
from ...physics.resample import imresize
from .. import elbo, specimens
from ..initialisation import FAINT, SMALL, remove_means, scale_for_relu
from ..objective_declarations import VariationalDenoising as DeclaredDenoising
from ..objective_declarations import VariationalSR as DeclaredSR
from .base import Draw, Trial, TriedObjective, noisy_image, to_tensor

SIGMAS = (15.0, 25.0, 50.0)
"""White noise of the card of a denoiser, on the 0-255 scale."""
NOISE = (2.55, 10.0)
"""Noise (0-255) of the card of a super-resolver: with all test kernels, and with the second."""

_MAPS = {1: 'peaks', 2: 'waves', 3: 'mixture'}

_GAIN = 5.0
_FIRST_LOG_VARIANCE = {'denoise': 2 * math.log(25 / 255), 'super_resolve': 2 * math.log(7 / 255)}


class VariationalDenoisingObjective(TriedObjective):
    """See :class:`napari_fresco.training.objective_declarations.VariationalDenoising`."""

    finding = 'error of the noise level, %'
    evaluated = None

    def __init__(self, declared: DeclaredDenoising) -> None:
        self.declared = declared

    def describe(self) -> list[str]:
        d = self.declared
        camera = f'; Poisson-Gaussian in {100 * d.camera:g} % of the crops' if d.camera else ''
        return [
            'Noise: Gaussian, its level a bump between two random levels up to '
            f'{d.sigma_max + 5:g} / 255 over each crop, not clipped{camera}',
            f'Loss: negative ELBO, eps2 = {d.eps2:g}, window {d.window}; '
            "the restorer's error does not reach the noise estimator, and the gradients of the two "
            'networks are clipped apart',
        ]

    def initialise(self, network: nn.Module) -> None:
        network = cast('VIRNet', network)
        _initialise_restorer(network.RNet)
        _initialise_noise(network.SNet, _FIRST_LOG_VARIANCE['denoise'])

    def parts(self, network: nn.Module) -> list[nn.Module]:
        return list(network.children())

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        noisy, prior = self._noisy(draw)
        network, d = cast('VIRNet', network), self.declared
        with draw.autocast():
            estimate = variance(network.SNet(noisy))
            mu = network.RNet(noisy, network.maps(estimate.detach(), noisy))
        terms = elbo.denoising(
            mu.float(), estimate, noisy, draw.clean, prior, window=d.window, eps2=d.eps2
        )
        return terms.loss

    def _noisy(self, draw: Draw) -> tuple[Tensor, Tensor]:
        """Return noisy crops, and the prior of their variance."""
        clean, random = draw.clean, draw.random
        levels = noise_maps.training_maps(clean, random, self.declared.sigma_max / 255)
        noisy = clean + levels * random.pixels.noise(clean)
        prior = elbo.known_prior(levels)
        # The specimens, which cameras mostly see, come last in a batch.
        seen = round(self.declared.camera * len(clean))
        if seen:
            noisy[-seen:], variance = specimens.camera_noise(clean[-seen:], random)
            prior[-seen:] = elbo.known_prior(variance.sqrt())
        return noisy.contiguous(memory_format=torch.channels_last), prior

    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        shape = image.shape[:2]
        cases = [(f'sigma {s:g}', np.full(shape, s / 255)) for s in SIGMAS]
        for number, name in _MAPS.items():
            level = noise_maps.case_map(number, shape, np.random.default_rng(0))
            cases.append((f'sigma 10 to 75 ({name})', level))
        for case, sigma in cases:
            noisy = noisy_image(image, sigma[..., None])
            told = (to_tensor(sigma[..., None]),)
            yield Trial(case, image, noisy, noisy, told)

    def restore(self, network: nn.Module, trial: Trial) -> tuple[Tensor, float | None]:
        restored, found = network(trial.observed)
        sigma = trial.told[0]
        return restored, 100 * float((found.sqrt() - sigma).abs().mean() / sigma.mean())


class VariationalSRObjective(TriedObjective):
    """See :class:`napari_fresco.training.objective_declarations.VariationalSR`."""

    baseline = 'bicubic'
    optics = False
    finding = 'error of the kernel width, %'

    def __init__(self, declared: DeclaredSR) -> None:
        self.declared = declared
        self.settings = elbo.ElboSettings(window=declared.window, eps2=declared.eps2)

    def describe(self) -> list[str]:
        d = self.declared
        return [
            f'Scale factor {d.scale}: Gaussian kernel 21 x 21 of widths '
            f'{random_kernels.VIRNET_NARROWEST:g} to {d.scale}, mirrored border, antialiased '
            'bicubic reduction',
            f'Noise: white Gaussian, sigma up to {d.sigma_max:g} / 255, clipped',
            f'Loss: negative ELBO, eps2 = {d.eps2:g}, window {d.window}, the noise estimator '
            "taught the variance; the restorer's error does not reach the estimators, and the "
            'gradients of the three networks are clipped apart',
        ]

    def initialise(self, network: nn.Module) -> None:
        network = cast('VIRNetSR', network)
        _initialise_restorer(network.RNet)
        _initialise_noise(network.SNet, _FIRST_LOG_VARIANCE['super_resolve'])
        scale_for_relu(network.KNet, ('body.2', 'tail.0'))
        remove_means(network.KNet.head, _GAIN)

    def parts(self, network: nn.Module) -> list[nn.Module]:
        return list(network.children())

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        seen, sigma, parameters = self._degraded(draw)
        scale, network = self.declared.scale, cast('VIRNetSR', network)
        # The objective of the authors puts the first variance along the rows, we along columns.
        permutation = torch.tensor([1, 0, 2], device=draw.device)
        priors = elbo.known_prior(sigma), parameters[:, permutation]
        with draw.autocast():
            noise = variance(network.SNet(seen))
            kernel = kernel_parameters(network.KNet(seen))
            if draw.stage.estimators:
                return self._divergence(noise, kernel[:, permutation], *priors)
            enlarged = enlarge(seen, scale)
            told = network.maps(kernel.detach(), noise.detach(), enlarged)
            mu = network.RNet(enlarged, told)
        terms = elbo.super_resolution(
            mu.float(),
            noise,
            kernel[:, permutation],
            seen,
            draw.clean,
            *priors,
            elbo.Draws.sample(draw.clean, draw.random.pixels.generator, self.settings.kappa0),
            lambda x: imresize(x, 1 / scale),
            self.settings,
        )
        return terms.loss

    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        scale = self.declared.scale
        rows, columns = (n // scale * scale for n in image.shape[:2])
        truth = image[:rows, :columns]
        tests = list(zip(*random_kernels.virnet_test(scale), strict=True))
        told = [(f'kernels 1-{len(tests)}', test, NOISE[0]) for test in tests]
        for name, (kernel, parameters), noise in (*told, ('kernel 2', tests[1], NOISE[1])):
            blurred = blur(to_tensor(truth / 255), kernel[None], 'mirror')
            seen = imresize(blurred, 1 / scale).clamp(0, 1)
            random = np.random.default_rng(0).normal(0, noise / 255, tuple(seen.shape))
            seen = (seen + torch.from_numpy(random).float()).clamp(0, 1)
            case = f'x{scale}, {name}, noise {noise:g}'
            answer = (parameters.float(),)
            yield Trial(case, truth, seen, imresize(seen, scale), answer, scale**2)

    def restore(self, network: nn.Module, trial: Trial) -> tuple[Tensor, float | None]:
        restored, found, _ = network(trial.observed, self.declared.scale)
        widths = [p[:2].mean().sqrt() for p in (found[0], trial.told[0])]
        return restored, 100 * float(abs(widths[0] / widths[1] - 1))

    def _divergence(
        self, noise: Tensor, kernel: Tensor, noise_prior: Tensor, kernel_prior: Tensor
    ) -> Tensor:
        """Return the terms of the ELBO that concern the estimators alone."""
        shape, (inner, outer) = self.settings.window**2 / 2 - 1, self.settings.penalty
        divergences = elbo.kernel_divergences(kernel, kernel_prior, self.settings)
        weights = divergences.new_tensor((1, 1, inner)) * outer / 3
        noise_term = elbo.inverse_gamma_divergence(noise, noise_prior, shape)
        return noise_term + (weights * divergences).sum()

    def _degraded(self, draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
        """Return the small images, their sigmas ``(N, 1, 1, 1)`` and kernel parameters."""
        d, random, clean = self.declared, draw.random, draw.clean
        kernel, parameters = random_kernels.random_virnet(len(clean), d.scale, random)
        sigma = random.put_each(random.uniform(0.01, d.sigma_max, len(clean)) / 255)
        seen = imresize(blur(clean, kernel, 'mirror'), 1 / d.scale).clamp(0, 1)
        seen = (seen + sigma * random.pixels.noise(seen)).clamp(0, 1)
        return seen.contiguous(memory_format=torch.channels_last), sigma, parameters


def _initialise_restorer(network: nn.Module) -> None:
    """Let the restorer, which adds its input, add little."""
    scale_for_relu(network, ('conv2',))
    tail = cast('nn.Conv2d', network.tail)
    tail.weight.data.mul_(FAINT)


def _initialise_noise(network: nn.Module, log_variance: float) -> None:
    scale_for_relu(network, ())
    remove_means(cast('nn.Conv2d', network.conv1), _GAIN)
    last = cast('nn.Conv2d', network.conv_last)
    last.weight.data.mul_(SMALL)
    nn.init.constant_(cast('Tensor', last.bias), log_variance)
