"""The adversary of a network in adversarial stages: a discriminator that learns beside it.

The discriminator is shown what is real and what the network made, and learns to tell
them apart; the network learns to make what passes for real. They take turns: in every
step the network moves first, by what its discriminator says so far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..networks.discriminator import UNetDiscriminator
from .initialisation import remove_means

_BETAS = (0.5, 0.999)  # of the authors of VDIR; what the network makes changes too soon for 0.9

_WEIGHT = 0.03  # weight of the loss of a discriminator of images
# Of the differences that it sees; its answers part twenty times as fast as without.
_GAIN = 4.0

ADVERSARIAL = (
    f' + {_WEIGHT:g} of the adversarial loss (least squares; discriminator: a U-Net with spectral '
    "normalisation, trained by Adam), and none of the authors' loss on features of VGG19, a "
    'network of other images that the program does not have'
)
"""What the card says of :func:`adversarial_loss`."""

DiscriminatorLoss = Callable[[Tensor, Tensor], Tensor]
"""Loss of a discriminator, from its answers to what is real and to what the network made."""


class TrainedDiscriminator:
    """A discriminator with an optimiser of its own.

    It is Adam for all of its layers: most are spectrally normalised, and Muon is made
    for those that are not. It runs in full precision, since the answers to real and to
    made images may differ by less than bfloat16 can tell.

    `discriminator`: image ``(N, C, H, W)`` to answers of any shape; random weights.
    `loss`: what it minimises, from its answers to real images and to made ones.
    `device`: where the network is.
    """

    def __init__(
        self, discriminator: nn.Module, loss: DiscriminatorLoss, device: torch.device
    ) -> None:
        self.network, self._loss = discriminator.to(device), loss
        self._optimizer = torch.optim.Adam(discriminator.parameters(), betas=_BETAS)
        self._shown: tuple[Tensor, Tensor] | None = None

    def answers(self, real: Tensor, made: Tensor) -> Tensor:
        """Return the answers to what the network made, for its loss.

        Gradients reach `made`, and not the weights of the discriminator. It learns
        from both images in the next :meth:`step`.
        """
        self._shown = real.detach(), made.detach()
        self.network.requires_grad_(False)
        answers: Tensor = self.network(made)
        self.network.requires_grad_(True)
        return answers

    def step(self, learning_rate: float) -> None:
        """Learn to tell apart the images of the last :meth:`answers`."""
        if self._shown is None:
            return
        (real, made), self._shown = self._shown, None
        loss = self._loss(self.network(real), self.network(made))
        loss.backward()  # type: ignore[no-untyped-call]
        for group in self._optimizer.param_groups:
            group['lr'] = learning_rate
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a resumed run."""
        return {'network': self.network.state_dict(), 'optimizer': self._optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state_dict` has returned."""
        self.network.load_state_dict(state['network'])
        self._optimizer.load_state_dict(state['optimizer'])


def least_squares(real: Tensor, made: Tensor) -> Tensor:
    """Return the loss of a discriminator that is to answer 1 to real images and 0 to made ones.

    X. Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017.
    """
    return generator_loss(real) + made.square().mean()


def generator_loss(answers: Tensor) -> Tensor:
    """Return the loss of the network whose images are to be answered with 1."""
    return (answers - 1).square().mean()


def image_discriminator(channels: int, device: torch.device) -> TrainedDiscriminator:
    """Return the discriminator of BSRGAN and USRGAN, which tells results from true images."""
    network = UNetDiscriminator(channels)
    nn.init.kaiming_normal_(network.conv_in.weight)
    remove_means(network.conv_in, _GAIN)
    return TrainedDiscriminator(network, least_squares, device)


def adversarial_loss(
    discriminator: TrainedDiscriminator, truth: Tensor, restored: Tensor
) -> Tensor:
    """Return the loss of a network whose results its discriminator tells from true images."""
    return _WEIGHT * generator_loss(discriminator.answers(truth, restored))
