"""What a network is set against in adversarial stages: a discriminator that learns beside it.

The discriminator is shown what is real and what the network made, and learns to tell
them apart; the network learns to make what passes for real. They take turns: in every
step the network moves first, by the opinion that its rival has so far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..networks.discriminator import UNetDiscriminator
from .initialisation import see_differences

_BETAS = (0.5, 0.999)  # of the authors of VDIR; what the network makes changes too soon for 0.9

_OPINION = 0.03  # weight of that of a rival that judges images
# Of the differences that it sees; its answers part twenty times as fast as without.
_GAIN = 4.0

AGAINST = (
    f' + {_OPINION:g} of the opinion of a rival (least squares; a U-Net with spectral '
    "normalisation, trained by Adam), and none of the authors' loss on features of VGG19, a "
    'network of other images that the program does not have'
)
"""What the card says of :func:`deceiving`."""

Judgement = Callable[[Tensor, Tensor], Tensor]
"""Loss of a discriminator, from its answers to what is real and to what the network made."""


class Rival:
    """A discriminator with an optimiser of its own.

    It is Adam for all of its layers: most are spectrally normalised, and Muon is made
    for those that are not. It runs in full precision, since the answers to real and to
    made images may differ by less than bfloat16 can tell.

    Parameters
    ----------
    discriminator : torch.nn.Module
        Image ``(N, C, H, W)`` to answers of any shape; random weights.
    judgement : callable
        What it minimises, from its answers to real images and to made ones.
    device : torch.device
        Where the network is.
    """

    def __init__(
        self, discriminator: nn.Module, judgement: Judgement, device: torch.device
    ) -> None:
        self.discriminator, self._judgement = discriminator.to(device), judgement
        self._optimizer = torch.optim.Adam(discriminator.parameters(), betas=_BETAS)
        self._shown: tuple[Tensor, Tensor] | None = None

    def opinion(self, real: Tensor, made: Tensor) -> Tensor:
        """Return the answers to what the network made, for its loss.

        Gradients reach `made`, and not the weights of the discriminator. It learns
        from both images in the next :meth:`step`.
        """
        self._shown = real.detach(), made.detach()
        self.discriminator.requires_grad_(False)
        answers: Tensor = self.discriminator(made)
        self.discriminator.requires_grad_(True)
        return answers

    def step(self, learning_rate: float) -> None:
        """Learn to tell apart what the last opinion was about."""
        if self._shown is None:
            return
        (real, made), self._shown = self._shown, None
        loss = self._judgement(self.discriminator(real), self.discriminator(made))
        loss.backward()  # type: ignore[no-untyped-call]
        for group in self._optimizer.param_groups:
            group['lr'] = learning_rate
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run needs."""
        return {
            'discriminator': self.discriminator.state_dict(),
            'optimizer': self._optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state_dict` has returned."""
        self.discriminator.load_state_dict(state['discriminator'])
        self._optimizer.load_state_dict(state['optimizer'])


def least_squares(real: Tensor, made: Tensor) -> Tensor:
    """Return the loss of a discriminator that is to answer 1 to real images and 0 to made ones.

    X. Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017.
    """
    return passing(real) + made.square().mean()


def passing(answers: Tensor) -> Tensor:
    """Return the loss of the network whose images are to be answered with 1."""
    return (answers - 1).square().mean()


def of_images(channels: int, device: torch.device) -> Rival:
    """Return the rival of BSRGAN and USRGAN, which tells results from true images."""
    judge = UNetDiscriminator(channels)
    nn.init.kaiming_normal_(judge.conv_in.weight)
    see_differences(judge.conv_in, _GAIN)
    return Rival(judge, least_squares, device)


def deceiving(rival: Rival, truth: Tensor, restored: Tensor) -> Tensor:
    """Return what a network is to lose by results that its rival tells from true images."""
    return _OPINION * passing(rival.opinion(truth, restored))
