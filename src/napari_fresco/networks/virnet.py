"""VIRNet: blind denoising and super-resolution that also tell the noise and the blur.

Reference: Z. Yue et al., "Deep Variational Network Toward Blind Image
Restoration", IEEE TPAMI, 2024, arXiv:2008.10796.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ..errors import ParameterError
from .facts import FLOAT32, LIVE_ACTIVATIONS, NetworkFacts
from .layers import count_parts
from .virnet_parts import KNet, SNet, kernel_parameters, variance
from .virnet_restorer import ExtraMode, RNet

NoisePrior = Literal['variance', 'deviation']

_DENOISING_SIGMA = 80 / 255
_ENLARGING_SIGMA = 15 / 255


class VIRNet(nn.Module):
    """Blind denoiser: the noise variance at each pixel, and the image restored with it.

    Parameters
    ----------
    im_chn : int
        Channels of the image.
    sigma_chn : int
        Channels of the variance: 1, or `im_chn`.
    n_feat : sequence of int
        Widths of the scales of the restorer.
    dep_S : int
        Convolutions of the noise estimator.
    n_resblocks : int
        Residual blocks at each scale, on either side.
    noise_cond : bool
        Whether the restorer is told the noise.
    extra_mode : {'Null', 'Input', 'Down', 'Both'}
        How; see :class:`~napari_fresco.networks.virnet_restorer.RNet`.
    noise_avg : bool
        One variance for the whole image.

    Notes
    -----
    ``forward(x)`` takes ``(N, im_chn, H, W)`` in [0, 1] of any size and returns
    the image, unclamped, and the variance ``(N, sigma_chn, H, W)`` in squared
    units of the image, or ``(N, sigma_chn, 1, 1)`` with `noise_avg`.
    """

    def __init__(
        self,
        im_chn: int = 3,
        sigma_chn: int = 1,
        n_feat: Sequence[int] = (96, 192, 288),
        dep_S: int = 5,
        n_resblocks: int = 3,
        noise_cond: bool = True,
        extra_mode: ExtraMode = 'Input',
        noise_avg: bool = False,
    ) -> None:
        super().__init__()
        self.noise_cond = noise_cond
        extra = sigma_chn if noise_cond else 0
        self.SNet = SNet(im_chn, sigma_chn, dep_S, noise_avg=noise_avg)
        self.RNet = RNet(im_chn, extra, im_chn, n_resblocks, n_feat, extra_mode)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        estimate = variance(self.SNet(x))
        mu: Tensor = self.RNet(x, self.maps(estimate, x))
        return mu, estimate

    def maps(self, estimate: Tensor, like: Tensor) -> Tensor | None:
        """Return the noise maps of the restorer, as large as the image `like`."""
        return spread(estimate.sqrt(), like) if self.noise_cond else None

    def describe(self) -> NetworkFacts:
        """Return the facts about the network."""
        return _facts('virnet', self.RNet, _DENOISING_SIGMA)


class VIRNetSR(nn.Module):
    """Blind super-resolution: noise, blur kernel, and the image restored with both.

    Parameters
    ----------
    im_chn, sigma_chn, n_feat, dep_S, n_resblocks, noise_cond, extra_mode, noise_avg
        As in :class:`VIRNet`.
    kernel_chn : int
        Parameters of the kernel: 3.
    dep_K : int
        Residual blocks of the kernel estimator.
    kernel_cond : bool
        Whether the restorer is told the kernel.
    noise_prior : {'variance', 'deviation'}
        What the noise estimator was taught. The authors' training code gives
        it the standard deviation where the theory asks for the variance, and
        its answer follows; networks trained here are taught the variance.

    Notes
    -----
    ``forward(x, sf)`` takes ``(N, im_chn, h, w)`` in [0, 1] and returns the
    image ``(N, im_chn, sf h, sf w)``, unclamped; the parameters ``(N, 3)`` of
    :func:`~napari_fresco.networks.virnet_parts.kernel_parameters`; and the
    answer of the noise estimator, ``(N, sigma_chn, 1, 1)`` or, without
    `noise_avg`, as large as `x`. :meth:`calibrated` makes a variance of it.
    """

    def __init__(
        self,
        im_chn: int = 3,
        sigma_chn: int = 1,
        kernel_chn: int = 3,
        n_feat: Sequence[int] = (96, 160, 224),
        dep_S: int = 5,
        dep_K: int = 8,
        n_resblocks: int = 2,
        noise_cond: bool = True,
        kernel_cond: bool = True,
        extra_mode: ExtraMode = 'Both',
        noise_avg: bool = True,
        noise_prior: NoisePrior = 'variance',
    ) -> None:
        super().__init__()
        self.noise_cond = noise_cond
        self.kernel_cond = kernel_cond
        self.noise_prior = noise_prior
        extra = kernel_chn * kernel_cond + sigma_chn * noise_cond
        self.SNet = SNet(im_chn, sigma_chn, dep_S, noise_avg=noise_avg)
        self.KNet = KNet(im_chn, kernel_chn, num_blocks=dep_K)
        self.RNet = RNet(im_chn, extra, im_chn, n_resblocks, n_feat, extra_mode)

    def forward(self, x: Tensor, sf: int) -> tuple[Tensor, Tensor, Tensor]:
        estimate = variance(self.SNet(x))
        kernel = kernel_parameters(self.KNet(x))
        enlarged = enlarge(x, sf)
        mu: Tensor = self.RNet(enlarged, self.maps(kernel, estimate, enlarged))
        return mu, kernel, estimate

    def maps(self, kernel: Tensor, estimate: Tensor, like: Tensor) -> Tensor | None:
        """Return the noise and kernel maps of the restorer, as large as the enlarged image `like`.

        The parameters of the kernel come first, the square root of the noise
        estimator's answer last.
        """
        told = []
        if self.kernel_cond:
            told.append(spread(kernel[:, :, None, None], like))
        if self.noise_cond:
            told.append(spread(estimate.sqrt(), like))
        return torch.cat(told, dim=1) if told else None

    def calibrated(self, estimate: Tensor) -> Tensor:
        """Return the noise variance from the noise estimator's answer."""
        return estimate.square() if self.noise_prior == 'deviation' else estimate

    def describe(self) -> NetworkFacts:
        """Return the facts about the network; tiles are those of the enlarged image."""
        return _facts('virnet_sr', self.RNet, _ENLARGING_SIGMA)


def enlarge(x: Tensor, scale: int) -> Tensor:
    """Repeat every pixel of ``(N, C, h, w)`` `scale` times along both axes."""
    return x.repeat_interleave(scale, dim=-2).repeat_interleave(scale, dim=-1)


def spread(values: Tensor, like: Tensor) -> Tensor:
    """Fill the grid of `like` with constants ``(N, C, 1, 1)`` or maps of a fraction of its size."""
    if values.shape[-2:] == (1, 1):
        return values.expand(-1, -1, *like.shape[-2:])
    scale = like.shape[-2] // values.shape[-2]
    return enlarge(values, scale) if scale > 1 else values


def config_from(tensors: Mapping[str, Tensor]) -> tuple[str, dict[str, Any]]:
    """Return build name and configuration of a VIRNet, read off names and shapes.

    `tensors`: the checkpoint, without a common prefix.
    Returns: 'virnet' or 'virnet_sr', and the arguments of :class:`VIRNet` or :class:`VIRNetSR`.
    Raises ParameterError when names are missing.

    Averaging has no weights: a denoiser is taken not to average the noise, a
    network with a kernel estimator to do so, as all published ones. Equally
    silent is the noise prior: a file that holds nothing but tensors is taken
    to come from the authors' training code. Maps of three channels in a
    network whose variance has three are taken for the noise.
    """
    try:
        return _config_from(tensors)
    except KeyError as error:
        raise ParameterError(
            f'the checkpoint lacks {error}, which every VIRNet has; it is incomplete or of '
            'another architecture'
        ) from None


def _config_from(tensors: Mapping[str, Tensor]) -> tuple[str, dict[str, Any]]:
    head, first = tensors['RNet.head.weight'], tensors['SNet.conv1.weight']
    images, sigmas = first.shape[1], tensors['SNet.conv_last.weight'].shape[0]
    beside = head.shape[1] - images
    inside = tensors.get('RNet.down_path.0.body.0.sft1.conv1.weight')
    levels = count_parts(tensors, r'RNet\.down_path\.(\d+)\.')
    config: dict[str, Any] = {
        'im_chn': images,
        'sigma_chn': sigmas,
        'n_feat': [
            tensors[f'RNet.down_path.{i}.body.0.conv1.weight'].shape[0] for i in range(levels)
        ],
        'dep_S': 2 + (count_parts(tensors, r'SNet\.mid_layer\.(\d+)\.weight') + 1) // 2,
        'n_resblocks': count_parts(tensors, r'RNet\.down_path\.0\.body\.(\d+)\.'),
        'extra_mode': _MODES[beside > 0, inside is not None],
    }
    extra = beside if inside is None else inside.shape[1]
    if 'KNet.head.weight' not in tensors:
        return 'virnet', {**config, 'noise_cond': extra > 0, 'noise_avg': False}
    kernels = tensors['KNet.tail.0.weight'].shape[0]
    return 'virnet_sr', {
        **config,
        'kernel_chn': kernels,
        'dep_K': count_parts(tensors, r'KNet\.body\.(\d+)\.'),
        'noise_cond': extra in (sigmas, sigmas + kernels),
        'kernel_cond': extra == sigmas + kernels or (extra == kernels and extra != sigmas),
        'noise_avg': True,
        'noise_prior': 'deviation',
    }


_MODES: Mapping[tuple[bool, bool], ExtraMode] = {
    (False, False): 'Null',
    (True, False): 'Input',
    (False, True): 'Down',
    (True, True): 'Both',
}


def _facts(architecture: str, restorer: RNet, largest_sigma: float) -> NetworkFacts:
    widths = restorer.widths
    skips = sum(width // 4**level for level, width in enumerate(widths))
    return NetworkFacts(
        architecture=architecture,
        channels=restorer.tail.out_channels,
        takes_sigma=False,
        map_channel=False,
        multiple=1,
        grid=restorer.multiple,
        halo=restorer.halo,
        sigma_range=(0.0, largest_sigma),
        bytes_per_pixel=FLOAT32 * (LIVE_ACTIVATIONS * widths[0] + skips),
    )
