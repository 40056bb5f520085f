"""USRNet: kernels, scale factors and noise levels of its authors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...degrade.blur import authors_truncated, blur
from ...degrade.random_kernels import USRNET_VARIANCES, random_usrnet, usrnet_test
from ...networks.usrnet import USRNet
from ...physics.resample import imresize
from ..adversarial import ADVERSARIAL, TrainedDiscriminator, adversarial_loss, image_discriminator
from ..initialisation import Conv, identity_in, identity_out, scale_for_relu, zero_outputs
from ..objective_declarations import Unfolding as Declared
from .base import Draw, Trial, TriedObjective, to_tensor

NOISE = 7.65
"""Noise (0-255) of the card, beside none."""

_MULTIPLE = 8  # the authors cut test images to multiples of it and of the scale factor
_ROUND = 2  # number of the test kernel that is round and of width 1.6

_NOISELESS = 1 / 9
_FIRST_ALPHA, _FIRST_BETA = -3.5, -3.5  # before the softplus: about 0.03


class UnfoldingObjective(TriedObjective):
    """See :class:`napari_fresco.training.objective_declarations.Unfolding`."""

    baseline = 'bicubic'
    optics = False

    def __init__(self, declared: Declared) -> None:
        self.scales, self.sigma_max = declared.scales, declared.sigma_max
        self.generative = declared.adversarial

    def describe(self) -> list[str]:
        scales = ', '.join(map(str, self.scales))
        return [
            f'Scale factors {scales}, one for a batch; upper left pixel of every cell, periodic',
            'Kernels 25 x 25, half camera shake, half anisotropic Gaussians (variances {:g} to '
            '{:g}) moved for a scale factor of their own'.format(*USRNET_VARIANCES),
            f'Noise: none in one ninth of the crops, else sigma from 0 to {self.sigma_max:g} / 255',
            f'Loss: L1{ADVERSARIAL if self.generative else ""}',
        ]

    def initialise(self, network: nn.Module) -> None:
        """Start from a prior that returns its input, and moderate weights of the data.

        The network then is Tikhonov's solution, iterated.
        """
        network = cast('USRNet', network)
        prior = network.p
        channels = prior.m_tail.out_channels
        scale_for_relu(network, ('res.2',))
        identity_in(prior.m_head, channels)
        writing = [m for n, m in prior.m_up1.named_modules() if n == '0' or n.endswith('res.2')]
        zero_outputs(cast('list[Conv]', writing), channels)
        identity_out(prior.m_tail, channels)
        first, last = (cast('nn.Conv2d', network.h.mlp[i]) for i in (0, 4))
        with torch.no_grad():
            # Sigma is 0 to 0.1, the scale factor 1 to 4.
            first.weight.mul_(torch.tensor((20.0, 0.3)).view(1, 2, 1, 1))
            last.weight.mul_(0.1)
            bias = cast('Tensor', last.bias)
            bias[: network.n_iter] = _FIRST_ALPHA
            bias[network.n_iter :] = _FIRST_BETA

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        random, count = draw.random, len(draw.clean)
        scale, kernel = random.choice(self.scales), random_usrnet(count, random)
        noiseless = random.happens(_NOISELESS, count)
        level = random.uniform(0, self.sigma_max / 255, count).where(~noiseless, 0)
        sigma = random.put_each(level)
        seen = blur(draw.clean, kernel)[..., ::scale, ::scale]
        noisy = seen + sigma * random.pixels.noise(seen)
        with draw.autocast():
            restored: Tensor = network(noisy, kernel, scale, sigma)
        loss = functional.l1_loss(restored.float(), draw.clean)
        if draw.discriminator is not None:
            loss = loss + adversarial_loss(draw.discriminator, draw.clean, restored.float())
        return loss

    def discriminator(self, network: nn.Module) -> TrainedDiscriminator | None:
        if not self.generative:
            return None
        last = cast('USRNet', network).p.m_tail
        return image_discriminator(last.out_channels, last.weight.device)

    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        """Degrade an image as in table 1 of the paper."""
        tests = usrnet_test()
        for scale in self.scales:
            if scale > 1:
                for kernel in tests:
                    yield _trial(f'x{scale}, kernels 1-8, noise 0', image, kernel, scale, 0)
            yield _trial(f'x{scale}, width 1.6, noise 7.65', image, tests[_ROUND], scale, NOISE)

    def restore(self, network: nn.Module, trial: Trial) -> tuple[Tensor, float | None]:
        kernel, scale, sigma = trial.told
        return network(trial.observed, kernel, int(scale), sigma), None


def _trial(case: str, image: np.ndarray, kernel: Tensor, scale: int, noise: float) -> Trial:
    step = math.lcm(scale, _MULTIPLE)
    rows, columns = (n // step * step for n in image.shape[:2])
    truth = image[:rows, :columns]
    clean = authors_truncated(truth, kernel[0].numpy())[::scale, ::scale] / 255
    seen = to_tensor(clean + np.random.RandomState(0).normal(0, noise / 255, clean.shape))
    told = (kernel[None].float(), torch.tensor(scale), torch.full((1, 1, 1, 1), noise / 255))
    return Trial(case, truth, seen, imresize(seen, scale), told, scale**2)
