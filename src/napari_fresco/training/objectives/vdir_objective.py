"""VDIR: denoising, JPEG deblocking and super-resolution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from ...degrade import jpeg, random_kernels
from ...degrade.blur import blur
from ...degrade.gaussian_kernels import shifted
from ...networks.vdir import VDIR, join, sample_latent
from ...networks.vdir_training import Discriminator, Target, VDIRTraining
from ...physics.resample import imresize
from .. import vdir_losses
from ..adversarial import TrainedDiscriminator
from ..initialisation import FAINT, identity_in, identity_out, scale_for_relu, zero_outputs
from ..objective_declarations import LatentRestoration as Declared
from .base import Draw, Trial, TriedObjective, noisy_image, to_tensor

SIGMAS = (15.0, 30.0, 50.0)
"""Noise of the card, on the 0-255 scale."""
QUALITIES = (10, 20, 40)
"""JPEG qualities of the card."""

_WEIGHTS = vdir_losses.VDIRWeights()
_TARGETS: dict[str, Target] = {'denoise': 'sigma', 'deblock': 'quality', 'super_resolve': 'kernel'}


class LatentRestorationObjective(TriedObjective):
    """See :class:`napari_fresco.training.objective_declarations.LatentRestoration`."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        names = {'denoise': 'noisy', 'deblock': 'JPEG', 'super_resolve': 'bicubic'}
        self.baseline = names[declared.task]

    def describe(self) -> list[str]:
        d, (least, most) = self.declared, random_kernels.MZSR_VARIANCES
        degradation = {
            'denoise': 'Noise: white Gaussian, sigma {} to {} / 255, not clipped'.format(*d.sigma),
            'deblock': 'JPEG 4:2:0 of quality {} to {}'.format(*d.quality),
            'super_resolve': f'Scale factor {d.scale}: Gaussian kernel 15 x 15 of variances '
            f'{least:g} to {most * d.scale:g}, moved so that fine and coarse pixels cover the same '
            'field; mirrored border, upper left pixel of every cell',
        }
        adversarial = 'no adversarial term'
        if d.adversarial:
            adversarial = (
                f'{_WEIGHTS.adversarial:g} of the adversarial loss (discriminator of '
                'the authors, trained by Adam) on the decoded input'
            )
        return [
            degradation[d.task],
            f'Loss: L1 + {d.beta:g} KL + L1 of the decoded input and of the estimated '
            f'degradation; {adversarial}',
        ]

    def initialise(self, network: nn.Module) -> None:
        network = cast('VDIR', network)
        restorer = network.restorer
        scale_for_relu(network.encoder, ('mu', 'logvar'))
        scale_for_relu(restorer, ('.conv2', '.conv_out', 'conv_mid'))
        if not len(restorer.upsample):
            restorer.conv_out.weight.data.mul_(FAINT)
            return
        channels = restorer.conv_out.out_channels
        identity_in(restorer.conv_in, channels)
        zero_outputs([restorer.conv_mid], channels)
        for widen in restorer.upsample:
            _repeat(cast('nn.Conv2d', widen), channels)
        identity_out(restorer.conv_out, channels)

    def training_network(self, network: nn.Module) -> nn.Module:
        target = _TARGETS[self.declared.task]
        return VDIRTraining.around(cast('VDIR', network), target)

    def discriminator(self, network: nn.Module) -> TrainedDiscriminator | None:
        if not self.declared.adversarial:
            return None
        first = cast('VDIR', network).encoder.conv1
        discriminator = Discriminator(first.in_channels, first.out_channels)
        return TrainedDiscriminator(
            discriminator, vdir_losses.discriminator_loss, first.weight.device
        )

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        network = cast('VDIRTraining', network)
        degraded, truth = self._degraded(draw)
        eps_like = degraded[:, :1, ::4, ::4].expand(-1, network.encoder.mu.out_channels, -1, -1)
        eps = draw.random.pixels.noise(eps_like)
        with draw.autocast():
            mu, logvar = network.encoder(degraded)
            latent = sample_latent(mu, logvar, eps)
            joined = join(degraded, latent).contiguous(memory_format=torch.channels_last)
            restored = network.restorer(joined)
            decoded = network.decoder(latent)
            estimate = network.estimator(latent)
        decoded = decoded.float()
        terms = vdir_losses.parts(
            clean=draw.clean,
            restored=restored.float(),
            degraded=degraded,
            decoded=decoded,
            mu=mu,
            logvar=logvar,
            logits=draw.discriminator.answers(degraded, decoded) if draw.discriminator else None,
            truth=truth,
            estimate=estimate.float(),
        )
        return terms.total(replace(_WEIGHTS, divergence=self.declared.beta))

    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        return _TRIALS[self.declared.task](self.declared, image)

    def _degraded(self, draw: Draw) -> tuple[Tensor, Tensor]:
        """Return the degraded crops, and what the estimator is to find."""
        return _DEGRADED[self.declared.task](self.declared, draw)


def _noisy(d: Declared, draw: Draw) -> tuple[Tensor, Tensor]:
    clean, random = draw.clean, draw.random
    sigma = random.put_each(random.uniform(*d.sigma, len(clean)) / 255)
    return clean + sigma * random.pixels.noise(clean), sigma


def _saved(d: Declared, draw: Draw) -> tuple[Tensor, Tensor]:
    quality = draw.random.integers(d.quality[0], d.quality[1] + 1, len(draw.clean))
    return jpeg.compress(draw.clean, quality), draw.random.put_each(quality / 100)


def _reduced(d: Declared, draw: Draw) -> tuple[Tensor, Tensor]:
    kernel = random_kernels.random_mzsr(len(draw.clean), d.scale, draw.random)
    kernel = shifted(kernel, d.scale)
    return blur(draw.clean, kernel, 'mirror')[..., :: d.scale, :: d.scale], kernel.flatten(1)


def _noisy_trials(d: Declared, image: np.ndarray) -> Iterator[Trial]:
    del d
    for sigma in SIGMAS:
        noisy = noisy_image(image, sigma / 255)
        yield Trial(f'sigma {sigma:g}', image, noisy, noisy)


def _saved_trials(d: Declared, image: np.ndarray) -> Iterator[Trial]:
    del d
    for quality in QUALITIES:
        seen = to_tensor(_compressed(image, quality) / 255)
        yield Trial(f'quality {quality}', image, seen, seen)


def _reduced_trials(d: Declared, image: np.ndarray) -> Iterator[Trial]:
    rows, columns = (n // d.scale * d.scale for n in image.shape[:2])
    truth = image[:rows, :columns]
    tests = shifted(random_kernels.mzsr_test(), d.scale)
    for number, kernel in enumerate(tests[:, None], 1):
        blurred = blur(to_tensor(truth / 255), kernel, 'mirror')
        seen = blurred[..., :: d.scale, :: d.scale]
        enlarged = imresize(seen, d.scale)
        yield Trial(f'kernel {number}', truth, seen, enlarged, (), d.scale**2)


_DEGRADED = {'denoise': _noisy, 'deblock': _saved, 'super_resolve': _reduced}
_TRIALS = {'denoise': _noisy_trials, 'deblock': _saved_trials, 'super_resolve': _reduced_trials}


def _compressed(image: np.ndarray, quality: int) -> np.ndarray:
    if image.shape[-1] == 1:
        return jpeg.compress_bytes(image[..., 0], quality)[..., None]
    return jpeg.compress_bytes(image, quality)


@torch.no_grad()
def _repeat(widen: nn.Conv2d, channels: int) -> None:
    """Let the shuffled output of a doubling repeat the pixels of its first inputs."""
    for channel in range(channels):
        outputs = widen.weight[4 * channel : 4 * channel + 4]
        outputs.zero_()
        outputs[:, channel, 1, 1] = 1
