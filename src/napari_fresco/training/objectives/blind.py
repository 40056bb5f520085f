"""Unknown mixtures of degradations: SCUNet's noise and BSRGAN's random order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...metrics import to_uint8
from ...networks.rrdbnet import RRDBNet
from ...networks.scunet import SCUNet, SwinConvBlock
from ...physics.resample import imresize
from ...simulate import bsrgan, scunet
from .. import degrading
from ..declared import BlindDenoising as DeclaredDenoising
from ..declared import BlindSR as DeclaredSR
from ..degrading import Chance
from ..degrading.noise import white
from ..initial import carry_in, carry_out, scale_for_relu, silence
from ..recipes import Stage
from .base import Draw, Trial, TriedObjective, noisy_image, to_tensor

SIGMAS = (15.0, 25.0, 50.0)
"""White noise of the card, on the 0-255 scale."""

_WHITE = 50.0  # sigma of white noise alone, on the 0-255 scale
_FAINT = 5.0
_DRAWS = 2  # degradations of each test image


class BlindDenoising(TriedObjective):
    """See :class:`napari_fresco.training.declared.BlindDenoising`."""

    def __init__(self, declared: DeclaredDenoising) -> None:
        self.light = declared.light

    def words(self) -> list[str]:
        return [
            'Noise: Gaussian, speckle, Poisson, camera and JPEG, all twice in random order, with '
            'resizing (the substitute for the unpublished pipeline, see simulate.scunet); '
            f'white noise up to {_WHITE:g} / 255 alone in {100 * self.light:g} % of the images',
            'Loss: L1',
        ]

    def initialise(self, network: nn.Module) -> None:
        network = cast('SCUNet', network)
        head, tail = (cast('nn.Conv2d', part[0]) for part in (network.m_head, network.m_tail))
        channels = head.in_channels
        scale_for_relu(network, ('conv1_2', 'conv_block.2'))
        widen, *blocks = network.m_up1
        silence([cast('nn.ConvTranspose2d', widen)], channels)
        silence([cast('SwinConvBlock', block).conv1_2 for block in blocks], channels)
        carry_in(head, channels)
        carry_out(tail, channels)

    def crops(self, stage: Stage) -> tuple[int, int]:
        return stage.batch, 2 * stage.patch

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        chance = Chance(int(draw.rng.integers(2**31)), draw.device)
        side = draw.stage.patch
        light, mixed = _split(draw.clean, self.light, chance)
        truth = light[..., :side, :side]
        pairs = [(white(truth, _WHITE / 255, chance), truth)]
        if len(mixed):
            pairs.append(degrading.scunet(mixed, side, chance))
        noisy, clean = (torch.cat(part) for part in zip(*pairs, strict=True))
        with draw.autocast():
            restored = network(noisy.contiguous(memory_format=torch.channels_last))
        return functional.l1_loss(restored.float(), clean)

    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        for sigma in SIGMAS:
            noisy = noisy_image(image, sigma / 255)
            yield Trial(f'white noise, sigma {sigma:g}', image, noisy, noisy)
        for seed in range(_DRAWS):
            random = np.random.default_rng(seed)
            seen, clean = scunet.degrade(image / 255, random, resizing=False)
            truth, y = to_uint8(clean), to_tensor(seen)
            yield Trial('mixed noise', truth, y, y)


class BlindSR(TriedObjective):
    """See :class:`napari_fresco.training.declared.BlindSR`."""

    baseline = 'bicubic'

    def __init__(self, declared: DeclaredSR) -> None:
        self.scale, self.light = declared.scale, declared.light

    def words(self) -> list[str]:
        return [
            f'Scale factor {self.scale}: two blurs, two reductions, Gaussian noise, camera and '
            'JPEG in random order (simulate.bsrgan.degrade); bicubic reduction and white noise up '
            f'to {_FAINT:g} / 255 alone in {100 * self.light:g} % of the images',
            'Loss: L1',
        ]

    def initialise(self, network: nn.Module) -> None:
        network = cast('RRDBNet', network)
        channels = network.conv_last.out_channels
        scale_for_relu(network, ('conv5', 'trunk_conv'))
        silence([network.trunk_conv], channels)
        for layer in (network.conv_first, network.upconv1, network.HRconv):
            carry_in(layer, channels)
        if network.sf == 4:
            # It changes nothing, so that the layers of a network of scale 2 fit around it.
            carry_in(network.upconv2, network.upconv2.out_channels)
        carry_out(network.conv_last, channels)

    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        chance = Chance(int(draw.rng.integers(2**31)), draw.device)
        light, mixed = _split(draw.clean, self.light, chance)
        degraded = [white(imresize(light, 1 / self.scale), _FAINT / 255, chance)]
        if len(mixed):
            degraded.append(degrading.bsrgan(mixed, self.scale, chance))
        seen = torch.cat(degraded).contiguous(memory_format=torch.channels_last)
        with draw.autocast():
            restored = network(seen)
        return functional.l1_loss(restored.float(), torch.cat((light, mixed)))

    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        rows, columns = (n // self.scale * self.scale for n in image.shape[:2])
        truth = image[:rows, :columns]
        clean = imresize(to_tensor(truth / 255), 1 / self.scale)
        drawn = (np.random.default_rng(seed) for seed in range(_DRAWS))
        mixed = (to_tensor(bsrgan.degrade(truth / 255, self.scale, rng)[0]) for rng in drawn)
        for case, y in (('clean', clean), *(('mixed', y) for y in mixed)):
            enlarged = imresize(y, self.scale)
            yield Trial(f'x{self.scale}, {case}', truth, y, enlarged, (), self.scale**2)


def _split(images: Tensor, share: float, chance: Chance) -> tuple[Tensor, Tensor]:
    """Deal images out at random; the first part gets `share` of them on average."""
    chosen = chance.uniform(0, 1, len(images)) < share
    first, second = (images[chance.put(part.nonzero()[:, 0])] for part in (chosen, ~chosen))
    return first, second
