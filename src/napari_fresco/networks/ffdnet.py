"""FFDNet, a fast denoiser that works on four half-resolution sub-images.

Reference: K. Zhang, W. Zuo, L. Zhang, "FFDNet: Toward a Fast and Flexible
Solution for CNN-Based Image Denoising", IEEE TIP 27(9), 2018,
doi:10.1109/TIP.2018.2839891.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .facts import LIVE_ACTIVATIONS, NetworkFacts, convolutions
from .layers import chain
from .precision import full_precision


class FFDNet(nn.Module):
    """Convolutions on the pixel-unshuffled image and one noise-level map.

    Parameters
    ----------
    in_nc, out_nc : int
        Channels of the image.
    nc : int
        Width of the hidden layers.
    nb : int
        Number of convolutions.
    act_mode : {'R', 'BR'}
        ReLU, or batch normalisation and ReLU, after the hidden layers.

    Notes
    -----
    ``forward(x, sigma)`` takes ``(N, in_nc, H, W)`` of any size and sigma in
    the units of `x`: a number, one value per image ``(N, 1, 1, 1)``, or a map
    ``(N or 1, 1, H, W)``, whose variance is averaged over each 2 x 2 cell. It
    returns the clean image, not the noise, unclamped. Sub-image ``4 c + 2 dy + dx``
    holds the pixels of channel c at row offset dy and column offset dx. Under
    autocast the last layer stays in full precision.
    """

    def __init__(
        self,
        in_nc: int = 1,
        out_nc: int = 1,
        nc: int = 64,
        nb: int = 15,
        act_mode: Literal['R', 'BR'] = 'R',
    ) -> None:
        super().__init__()
        self.model = chain(4 * in_nc + 1, nc, 4 * out_nc, nb, act_mode)

    def forward(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        height, width = x.shape[-2:]
        even = F.pad(x, (0, width % 2, 0, height % 2), mode='replicate')
        cells = F.pixel_unshuffle(even, 2)
        hidden = self.model[:-1](torch.cat((cells, self._noise_map(sigma, cells, x)), dim=1))
        with full_precision(x):
            clean = F.pixel_shuffle(self.model[-1](hidden.to(x.dtype)), 2)
        return clean[..., :height, :width]

    def describe(self) -> NetworkFacts:
        """Return the facts about the network."""
        layers = convolutions(self)
        return NetworkFacts(
            architecture='ffdnet',
            channels=layers[-1].out_channels // 4,
            takes_sigma=True,
            map_channel=False,
            multiple=1,
            grid=2,
            halo=2 * len(layers),
            sigma_range=(0.0, 75 / 255),
            bytes_per_pixel=LIVE_ACTIVATIONS * layers[0].out_channels,
        )

    @staticmethod
    def _noise_map(sigma: float | Tensor, cells: Tensor, x: Tensor) -> Tensor:
        batch, _, rows, columns = cells.shape
        if not isinstance(sigma, Tensor):
            # Filled on the device: a copy from the host would wait for it at every step.
            return x.new_full((batch, 1, rows, columns), sigma)
        sigma = sigma.to(x)
        if sigma.ndim == 4 and sigma.shape[-2:] != (1, 1):
            height, width = x.shape[-2:]
            even = F.pad(sigma, (0, width % 2, 0, height % 2), mode='replicate')
            sigma = F.avg_pool2d(even.square(), 2).sqrt()
        else:
            sigma = sigma.reshape(-1, 1, 1, 1)
        return sigma.expand(batch, 1, rows, columns)
