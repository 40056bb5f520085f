"""White Gaussian noise: the objective of FFDNet, DRUNet, IRCNN and DnCNN."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ... import networks
from ...degrade.gaussian_noise import random_gaussian
from ...networks.ircnn import MODELS
from ...runtime import denoisers
from ...weights.cards import Score
from ..evaluate import evaluate
from ..initialisation import SMALL, scale_for_relu
from ..objective_declarations import BankDenoising as DeclaredBank
from ..objective_declarations import GaussianDenoising as Declared
from ..regimes import Stage
from .base import Draw, Trial, TriedObjective, noisy_image

SIGMAS = (15.0, 25.0, 50.0)
"""Noise levels of the card, on the 0-255 scale."""

_RELATIVE = 5.0  # about as large as L1 then
_LEAST_SIGMA = 0.3  # of 255: below, all crops count alike
_LEAST_SQUARE = 1e-10  # the root has no slope at 0

_BLIND = networks.IRCNN | networks.DnCNN


class GaussianDenoisingObjective(TriedObjective):
    """See :class:`napari_fresco.training.objective_declarations.GaussianDenoising`."""

    def __init__(self, declared: Declared) -> None:
        self.sigma_max, self.relative = declared.sigma_max, declared.relative

    def describe(self) -> list[str]:
        relative = 'root mean square error of a crop over sqrt(sigma + 0.3 / 255)'
        return [
            f'Noise: white Gaussian, sigma up to {self.sigma_max:g} / 255, not clipped',
            f'Loss: {relative if self.relative else "L1"}',
        ]

    def initialise(self, network: nn.Module) -> None:
        """Start second layers of residual blocks and the last layer small.

        FFDNet, which has no skips, passes its sub-images on.
        """
        scale_for_relu(network, (*_last_of_chain(network), 'res.2', 'm_tail'))
        if isinstance(network, networks.FFDNet):
            _pass_on(network)

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        stage = draw.stage
        noisy, sigma = random_gaussian(
            draw.clean, self.sigma_max / 255, draw.random, stage.sigma_power
        )
        with draw.autocast():
            restored = predict(network, noisy, sigma)
        error = restored.float() - draw.clean
        return _relative(error, sigma) if self.relative else _loss(error, stage)

    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        for sigma in SIGMAS:
            noisy = noisy_image(image, sigma / 255)
            told = (torch.full((1, 1, 1, 1), sigma / 255),)
            yield Trial(f'sigma {sigma:g}', image, noisy, noisy, told)

    def restore(self, network: nn.Module, trial: Trial) -> tuple[Tensor, float | None]:
        return predict(network, trial.observed, trial.told[0]), None

    def evaluate(
        self, checkpoint: Path, folder: Path, channels: int, limit: int | None = None
    ) -> list[Score]:
        denoiser = denoisers.make(
            str(checkpoint),
            channels=channels,
            device=torch.device('cpu'),
            precision='float32',
            tile=None,
        )
        return evaluate(denoiser, folder, SIGMAS, channels, limit)


class BankDenoisingObjective(GaussianDenoisingObjective):
    """See :class:`napari_fresco.training.objective_declarations.BankDenoising`."""

    def __init__(self, declared: DeclaredBank) -> None:
        del declared
        super().__init__(Declared(2 * MODELS))

    def describe(self) -> list[str]:
        return [
            f'Noise: white Gaussian of 2, 4, ... {2 * MODELS} / 255, one level for each denoiser, '
            'not clipped; that of 2 / 255 sees all noise below, too',
            'Loss: L1; every step trains one denoiser, drawn at random, those of little noise more '
            'often',
        ]

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        part, less = draw.random.uniform(0, 1, 2).tolist()
        index = min(int(MODELS * part**draw.stage.sigma_power), MODELS - 1)
        sigma = 2 * (index + 1) / 255 * (1 if index else less)
        noisy = draw.clean + sigma * draw.random.pixels.noise(draw.clean)
        with draw.autocast():
            restored = predict(network.get_submodule(str(index)), noisy)
        return _loss(restored.float() - draw.clean, draw.stage)


def _loss(error: Tensor, stage: Stage) -> Tensor:
    """Return the mean error, or its root mean square, and the mean drift of a crop if it counts."""
    loss = (error.square().mean() + _LEAST_SQUARE).sqrt() if stage.squared else error.abs().mean()
    if stage.drift_weight:
        loss = loss + stage.drift_weight * error.mean(dim=(2, 3)).abs().mean()
    return loss


def _relative(error: Tensor, sigma: Tensor) -> Tensor:
    """Return the mean of the root mean square errors of crops over the roots of their sigmas."""
    rms = (error.square().mean((1, 2, 3)) + _LEAST_SQUARE).sqrt()
    return _RELATIVE * (rms / (sigma.flatten() * 255 + _LEAST_SIGMA).sqrt()).mean()


def predict(network: nn.Module, x: Tensor, sigma: Tensor | None = None) -> Tensor:
    """Run `network` on `x` with its noise level, however it wants to be told."""
    told: tuple[Tensor, ...] = ()
    if isinstance(network, networks.DRUNet) and sigma is not None:
        x = torch.cat((x, sigma.expand(x.shape[0], 1, *x.shape[-2:])), dim=1)
    elif not isinstance(network, _BLIND) and sigma is not None:
        told = (sigma,)
    restored: Tensor = network(x.contiguous(memory_format=torch.channels_last), *told)
    return restored


def _last_of_chain(network: nn.Module) -> set[str]:
    """Return the name of the last layer of the plain chains, which predict the noise."""
    chains = (m for m in network.modules() if isinstance(m, _BLIND))
    return {f'model.{len(chain.model) - 1}' for chain in chains}


def _pass_on(network: nn.Module) -> None:
    """Make the first hidden channels of an FFDNet carry the sub-images unchanged."""
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    carried = layers[-1].out_channels
    layers[-1].weight.data.mul_(SMALL)
    for layer in layers:
        if layer is not layers[-1]:
            layer.weight.data[:carried] = 0
        for channel in range(carried):
            layer.weight.data[channel, channel, 1, 1] += 1
