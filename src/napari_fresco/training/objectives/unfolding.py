"""USRNet: kernels, scale factors and noise levels of its authors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from ...networks.usrnet import USRNet
from ...physics import kernels
from ...physics.resample import imresize
from ...simulate.kernels import random_usrnet
from ..blurring import periodic
from ..declared import Unfolding as Declared
from ..initial import Conv, carry_in, carry_out, scale_for_relu, silence
from .base import Draw, Trial, TriedObjective, to_tensor

CASES = ((1.6, 0.0), (1.6, 7.65))
"""Width in pixels of the kernel and noise (0-255) of the card; for every scale."""

_NOISELESS = 1 / 9
_FIRST_ALPHA, _FIRST_BETA = -3.5, -3.5  # before the softplus: about 0.03


class Unfolding(TriedObjective):
    """See :class:`napari_fresco.training.declared.Unfolding`."""

    baseline = 'bicubic'

    def __init__(self, declared: Declared) -> None:
        self.scales, self.sigma_max = declared.scales, declared.sigma_max

    def words(self) -> list[str]:
        scales = ', '.join(map(str, self.scales))
        return [
            f'Scale factors {scales}, one for a batch; upper left pixel of every cell, periodic',
            'Kernels 25 x 25, half camera shake, half anisotropic Gaussians (variances 0.6 to 12) '
            'moved for a scale factor of their own',
            f'Noise: none in one ninth of the crops, else sigma from 0 to {self.sigma_max:g} / 255',
            'Loss: L1',
        ]

    def initialise(self, network: nn.Module) -> None:
        """Start from a prior that returns its input, and moderate weights of the data.

        The network then is Tikhonov's solution, iterated.
        """
        network = cast('USRNet', network)
        prior = network.p
        channels = prior.m_tail.out_channels
        scale_for_relu(network, ('res.2',))
        carry_in(prior.m_head, channels)
        writing = [m for n, m in prior.m_up1.named_modules() if n == '0' or n.endswith('res.2')]
        silence(cast('list[Conv]', writing), channels)
        carry_out(prior.m_tail, channels)
        first, last = (cast('nn.Conv2d', network.h.mlp[i]) for i in (0, 4))
        with torch.no_grad():
            # Sigma is 0 to 0.1, the scale factor 1 to 4.
            first.weight.mul_(torch.tensor((20.0, 0.3)).view(1, 2, 1, 1))
            last.weight.mul_(0.1)
            bias = cast('Tensor', last.bias)
            bias[: network.n_iter] = _FIRST_ALPHA
            bias[network.n_iter :] = _FIRST_BETA

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        rng, count = draw.rng, draw.clean.shape[0]
        scale = int(rng.choice(self.scales))
        drawn = np.stack([random_usrnet(rng) for _ in range(count)])
        kernel = torch.from_numpy(drawn).float()[:, None].to(draw.device)
        level = rng.uniform(0, self.sigma_max / 255, count) * (rng.uniform(size=count) > _NOISELESS)
        sigma = torch.from_numpy(level).float().view(-1, 1, 1, 1).to(draw.device)
        seen = periodic(draw.clean, kernel)[..., ::scale, ::scale]
        noise = torch.randn(seen.shape, generator=draw.generator(), device=draw.device)
        with draw.autocast():
            restored: Tensor = network(seen + sigma * noise, kernel, scale, sigma)
        return (restored.float() - draw.clean).abs().mean()

    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        for scale in self.scales:
            rows, columns = (n // scale * scale for n in image.shape[:2])
            truth = image[:rows, :columns]
            for width, noise in CASES:
                kernel = kernels.shift(kernels.gaussian(width, size=25), scale)
                k = torch.from_numpy(kernel).float()[None, None]
                seen = periodic(to_tensor(truth / 255), k)[..., ::scale, ::scale]
                random = np.random.default_rng(0).normal(0, noise / 255, tuple(seen.shape))
                seen = seen + torch.from_numpy(random).float()
                case = f'x{scale}, width {width:g}, noise {noise:g}'
                told = (k, torch.tensor(scale), torch.full((1, 1, 1, 1), noise / 255))
                yield Trial(case, truth, seen, imresize(seen, scale), told, scale**2)

    def restore(self, network: nn.Module, trial: Trial) -> tuple[Tensor, float | None]:
        kernel, scale, sigma = trial.told
        return network(trial.observed, kernel, int(scale), sigma), None
