"""DnCNN, the residual denoiser: a plain chain of convolutions that predicts the noise.

Reference: K. Zhang et al., "Beyond a Gaussian Denoiser: Residual Learning of
Deep CNN for Image Denoising", IEEE TIP 26(7), 2017, doi:10.1109/TIP.2017.2662206.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from .facts import NetworkFacts, chain_facts
from .layers import chain, without_noise


class DnCNN(nn.Module):
    """``f(x) = x - net(x)`` for one noise level, or for a range of them (blind).

    Parameters
    ----------
    in_nc, out_nc : int
        Channels of the image; equal.
    nc : int
        Width of the hidden layers.
    nb : int
        Number of convolutions.
    act_mode : {'R', 'BR'}
        ReLU, or batch normalisation and ReLU, after the hidden layers; the
        published checkpoints have the normalisation merged ('R').

    Notes
    -----
    ``forward(x)`` takes ``(N, in_nc, H, W)`` of any size in [0, 1], nominally,
    and returns the clean image, unclamped. The level of the noise is not told.
    """

    def __init__(
        self,
        in_nc: int = 1,
        out_nc: int = 1,
        nc: int = 64,
        nb: int = 17,
        act_mode: Literal['R', 'BR'] = 'R',
    ) -> None:
        super().__init__()
        self.model = chain(in_nc, nc, out_nc, nb, act_mode)

    def forward(self, x: Tensor) -> Tensor:
        return without_noise(self.model, x)

    def describe(self) -> NetworkFacts:
        """Return the facts about the network."""
        return chain_facts('dncnn', self, takes_sigma=False, sigma_max=55)
