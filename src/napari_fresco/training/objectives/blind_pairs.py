"""Unknown mixtures of degradations: SCUNet's noise and BSRGAN's random order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ... import weights
from ...degrade import bsrgan_pipeline, scunet_pipeline
from ...degrade.gaussian_noise import random_gaussian
from ...degrade.planes import to_batch
from ...degrade.random_source import RandomSource
from ...evidence.metrics import to_uint8
from ...networks.rrdbnet import RRDBNet
from ...networks.scunet import SCUNet, SwinConvBlock
from ...physics.resample import imresize
from ...weights.cards import Score
from ..adversarial import ADVERSARIAL, TrainedDiscriminator, adversarial_loss, image_discriminator
from ..initialisation import identity_in, identity_out, scale_for_relu, zero_outputs
from ..objective_declarations import BlindDenoising as DeclaredDenoising
from ..objective_declarations import BlindSR as DeclaredSR
from ..pairs import read_pairs
from ..regimes import Stage
from .base import Draw, Trial, TriedObjective, noisy_image, to_tensor

SIGMAS = (15.0, 25.0, 50.0)
"""White noise of the card, on the 0-255 scale."""

_WHITE = 50.0  # sigma of white noise alone, on the 0-255 scale
_FAINT = 5.0
_DRAWS = 2  # degradations of each test image


class BlindDenoisingObjective(TriedObjective):
    """See :class:`napari_fresco.training.objective_declarations.BlindDenoising`."""

    def __init__(self, declared: DeclaredDenoising) -> None:
        self.light = declared.light

    def describe(self) -> list[str]:
        return [
            'Noise: Gaussian, speckle, Poisson, camera and JPEG, all twice in random order, with '
            'resizing (the substitute for the unpublished pipeline, see degrade.scunet_pipeline); '
            f'white noise up to {_WHITE:g} / 255 alone in {100 * self.light:g} % of the images',
            'Loss: L1',
        ]

    def initialise(self, network: nn.Module) -> None:
        network = cast('SCUNet', network)
        head, tail = (cast('nn.Conv2d', part[0]) for part in (network.m_head, network.m_tail))
        channels = head.in_channels
        scale_for_relu(network, ('conv1_2', 'conv_block.2'))
        widen, *blocks = network.m_up1
        zero_outputs([cast('nn.ConvTranspose2d', widen)], channels)
        zero_outputs([cast('SwinConvBlock', block).conv1_2 for block in blocks], channels)
        identity_in(head, channels)
        identity_out(tail, channels)

    def crops(self, stage: Stage) -> tuple[int, int]:
        return stage.batch, 2 * stage.patch

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        random, side = draw.random, draw.stage.patch
        light, mixed = _split(draw.clean, self.light, random)
        truth = light[..., :side, :side]
        pairs = [(random_gaussian(truth, _WHITE / 255, random)[0], truth)]
        if len(mixed):
            pairs.append(scunet_pipeline.degrade_crops(mixed, side, random))
        noisy, clean = (torch.cat(part) for part in zip(*pairs, strict=True))
        with draw.autocast():
            restored = network(noisy.contiguous(memory_format=torch.channels_last))
        return functional.l1_loss(restored.float(), clean)

    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        for sigma in SIGMAS:
            noisy = noisy_image(image, sigma / 255)
            yield Trial(f'sigma {sigma:g}', image, noisy, noisy)
        for seed in range(_DRAWS):
            batch, random = to_batch(image / 255), RandomSource.seeded(seed)
            seen, clean = scunet_pipeline.degrade(batch, random, resizing=False)
            truth, y = to_uint8(clean[0].permute(1, 2, 0).numpy()), seen.float()
            yield Trial('mixed noise', truth, y, y)

    def evaluate(
        self, checkpoint: Path, folder: Path, channels: int, limit: int | None = None
    ) -> list[Score]:
        """Measure a checkpoint; where `folder` holds real pairs, on these and on nothing else."""
        pairs = read_pairs(folder, channels)[:limit]
        if not pairs:
            return super().evaluate(checkpoint, folder, channels, limit)
        trials = ([_camera(seen, truth)] for seen, truth in pairs)
        return self.measure(weights.load(checkpoint), trials, folder.name)


class BlindSRObjective(TriedObjective):
    """See :class:`napari_fresco.training.objective_declarations.BlindSR`."""

    baseline = 'bicubic'

    def __init__(self, declared: DeclaredSR) -> None:
        self.scale, self.light = declared.scale, declared.light
        self.generative = declared.adversarial

    def describe(self) -> list[str]:
        return [
            f'Scale factor {self.scale}: two blurs, two reductions, Gaussian noise, camera and '
            'JPEG in random order (degrade.bsrgan_pipeline); bicubic reduction and white noise up '
            f'to {_FAINT:g} / 255 alone in {100 * self.light:g} % of the images',
            f'Loss: L1{ADVERSARIAL if self.generative else ""}',
        ]

    def initialise(self, network: nn.Module) -> None:
        network = cast('RRDBNet', network)
        channels = network.conv_last.out_channels
        scale_for_relu(network, ('conv5', 'trunk_conv'))
        zero_outputs([network.trunk_conv], channels)
        for layer in (network.conv_first, network.upconv1, network.HRconv):
            identity_in(layer, channels)
        if network.sf == 4:
            # It changes nothing, so that the layers of a network of scale 2 fit around it.
            identity_in(network.upconv2, network.upconv2.out_channels)
        identity_out(network.conv_last, channels)

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        random = draw.random
        light, mixed = _split(draw.clean, self.light, random)
        degraded = [random_gaussian(imresize(light, 1 / self.scale), _FAINT / 255, random)[0]]
        if len(mixed):
            degraded.append(bsrgan_pipeline.degrade(mixed, self.scale, random))
        seen = torch.cat(degraded).contiguous(memory_format=torch.channels_last)
        with draw.autocast():
            restored = network(seen)
        restored, truth = restored.float(), torch.cat((light, mixed))
        loss = functional.l1_loss(restored, truth)
        if draw.discriminator is not None:
            loss = loss + adversarial_loss(draw.discriminator, truth, restored)
        return loss

    def discriminator(self, network: nn.Module) -> TrainedDiscriminator | None:
        if not self.generative:
            return None
        last = cast('RRDBNet', network).conv_last
        return image_discriminator(last.out_channels, last.weight.device)

    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        rows, columns = (n // self.scale * self.scale for n in image.shape[:2])
        truth = image[:rows, :columns]
        clean = imresize(to_tensor(truth / 255), 1 / self.scale)
        batch, drawn = to_batch(truth / 255), map(RandomSource.seeded, range(_DRAWS))
        mixed = (bsrgan_pipeline.degrade(batch, self.scale, each).float() for each in drawn)
        for case, y in (('clean', clean), *(('mixed', y) for y in mixed)):
            enlarged = imresize(y, self.scale)
            yield Trial(f'x{self.scale}, {case}', truth, y, enlarged, (), self.scale**2)


def _camera(seen: np.ndarray, truth: np.ndarray) -> Trial:
    y = to_tensor(seen / 255)
    return Trial('camera', truth, y, y)


def _split(images: Tensor, share: float, random: RandomSource) -> tuple[Tensor, Tensor]:
    """Deal images out at random; the first part gets `share` of them on average."""
    chosen = random.happens(share, len(images))
    first, second = (images[random.put(part.nonzero()[:, 0])] for part in (chosen, ~chosen))
    return first, second
