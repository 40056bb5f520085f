"""The training regime of each bundled checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from ..errors import WeightsError
from .objective_declarations import (
    BankDenoising,
    BlindDenoising,
    BlindSR,
    Declared,
    GaussianDenoising,
    LatentRestoration,
    Unfolding,
    VariationalDenoising,
    VariationalSR,
)

_COMPACT = {'nc': (32, 64, 128, 256), 'nb': 2}


@dataclass(frozen=True)
class Stage:
    """A part of the training, with a step size that rises, holds and falls to zero.

    `steps`, `batch`, `patch`: optimiser steps, crops in a batch and side of a crop in pixels.
    `learning_rate`: peak step size.
    `drift_weight`: weight of the mean error of a crop in the loss. A denoiser that shifts flat
        areas by one level in 255 shifts them by twenty in the twenty iterations of a plug-and-play
        solver; the L1 loss hardly sees it.
    `sigma_power`: noise is drawn with ``sigma = sigma_max * u**sigma_power``, u ~ U[0, 1]; 2 shows
        the network more of the little noise in which solvers end.
    `estimators`: leave the restorer as it is: VIRNet's estimator of the kernel takes more steps,
        and larger crops, than its restorer, but cheap ones.
    `squared`: denoisers that are taught by L1 learn by squares here: the mean of what may have
        been, and not its median.
    `adversarial`: let the discriminator of the objective take part: it learns by turns with the
        network.
    """

    steps: int
    learning_rate: float
    batch: int = 16
    patch: int = 64
    drift_weight: float = 0.0
    sigma_power: float = 1.0
    estimators: bool = False
    squared: bool = False
    adversarial: bool = False


@dataclass(frozen=True)
class Regime:
    """The training regime of one checkpoint: its network, what is learnt, and in which stages.

    `name`, `architecture`: registry name of the checkpoint and what :func:`networks.build` is told.
    `config`: configuration of the network.
    `channels`: 1 trains on luminance, 3 on RGB.
    `objective`: what is learnt, see :mod:`napari_fresco.training.objective_declarations`.
    `stages`: one after the other.
    `seed`: of initialisation, crops and noise.
    `initialise_from`: checkpoint whose tensors are taken where they fit.
    `specimens`: share of the crops that are micrographs drawn by :mod:`.specimens`.
    `bias_free`: all additive constants are zero and stay so: then f(a x, a sigma) = a f(x, sigma),
        and dim parts are restored like bright ones (S. Mohan et al., "Robust and Interpretable
        Blind Image Denoising via Bias-Free Convolutional Neural Networks", ICLR 2020).
    """

    name: str
    architecture: str
    config: Mapping[str, Any]
    channels: int
    objective: Declared
    stages: tuple[Stage, ...]
    seed: int = 0
    initialise_from: str | None = None
    specimens: float = 0.0
    bias_free: bool = False

    @property
    def steps(self) -> int:
        """Steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    def at(self, position: float) -> tuple[int, float]:
        """Return the number of the stage at `position` (in steps), and the part of it done."""
        began = 0
        for index, stage in enumerate(self.stages):
            if position < began + stage.steps:
                return index, (position - began) / stage.steps
            began += stage.steps
        return len(self.stages) - 1, 1.0


def _denoisers() -> tuple[Regime, ...]:
    gray = {'in_nc': 1, 'out_nc': 1, 'nc': 64, 'nb': 15}
    color = {'in_nc': 3, 'out_nc': 3, 'nc': 96, 'nb': 12}
    blind = {'in_nc': 1, 'out_nc': 1, 'nc': 48, 'nb': 12}
    drunet_gray, drunet_color = ({'in_nc': n + 1, 'out_nc': n, **_COMPACT} for n in (1, 3))
    wide, narrow = GaussianDenoising(75, relative=True), GaussianDenoising(50)
    faint = GaussianDenoising(50, relative=True)
    flat = Stage(6000, learning_rate=1e-3, batch=8)
    low = replace(flat, sigma_power=1.5, drift_weight=1.0)
    prior = Stage(7000, learning_rate=7e-4, batch=8, patch=72, drift_weight=1.0, sigma_power=1.5)
    return (
        Regime('ffdnet_gray', 'ffdnet', gray, 1, wide, (low,), specimens=0.25, bias_free=True),
        Regime('ffdnet_color', 'ffdnet', color, 3, wide, (low,), bias_free=True),
        Regime(
            'dncnn_compact_gray', 'dncnn', blind, 1, narrow, (flat,), specimens=0.25, bias_free=True
        ),
        Regime('drunet_compact_gray', 'drunet', drunet_gray, 1, narrow, (prior,), specimens=0.25),
        Regime('drunet_compact_color', 'drunet', drunet_color, 3, faint, (prior,)),
    )


def _bank() -> tuple[Regime, ...]:
    """IRCNN: one denoiser learns all levels of noise, each of the bank then its own."""
    gray = {'in_nc': 1, 'out_nc': 1, 'nc': 64}
    start = Regime(
        'ircnn_gray_start',
        'ircnn',
        gray,
        1,
        GaussianDenoising(50),
        (Stage(6000, 1e-3, batch=8),),
        specimens=0.25,
        bias_free=True,
    )
    fine = Stage(6000, 4e-4, batch=8, drift_weight=1.0, sigma_power=1.5)
    bank = Regime(
        'ircnn_gray',
        'ircnn_bank',
        gray,
        1,
        BankDenoising(),
        (fine, replace(fine, steps=2000, learning_rate=2e-4, squared=True)),
        initialise_from=start.name,
        specimens=0.25,
        bias_free=True,
    )
    return start, bank


def _unfolding() -> tuple[Regime, ...]:
    tiny = {'n_iter': 6, 'h_nc': 32, 'in_nc': 4, 'out_nc': 3, 'nc': (16, 32, 64, 64), 'nb': 2}
    gray = {**tiny, 'in_nc': 2, 'out_nc': 1}
    stages = (Stage(2500, 1e-3, batch=8, patch=72),)
    return (
        Regime('usrnet_tiny', 'usrnet', tiny, 3, Unfolding(), stages),
        Regime(
            'usrgan_tiny',
            'usrnet',
            tiny,
            3,
            Unfolding(adversarial=True),
            (Stage(500, 3e-4, batch=8, patch=96, adversarial=True),),
            initialise_from='usrnet_tiny',
        ),
        Regime(
            'usrnet_tiny_micrograph',
            'usrnet',
            gray,
            1,
            Unfolding(),
            (Stage(1200, 5e-4, batch=8, patch=72),),
            initialise_from='usrnet_tiny',
            specimens=0.5,
        ),
    )


_VIRNET = {
    'im_chn': 3, 'sigma_chn': 1, 'n_feat': (32, 64, 96), 'dep_S': 5, 'n_resblocks': 2,
    'extra_mode': 'Input', 'noise_avg': False,
}  # fmt: skip


def _variational() -> tuple[Regime, ...]:
    return (
        Regime(
            'virnet_denoise_color',
            'virnet',
            _VIRNET,
            3,
            VariationalDenoising(),
            (Stage(3000, 7e-4, batch=8),),
        ),
        Regime(
            'virnet_denoise_gray',
            'virnet',
            {**_VIRNET, 'im_chn': 1},
            1,
            VariationalDenoising(camera=0.375),
            (Stage(1500, 5e-4, batch=8),),
            initialise_from='virnet_denoise_color',
            specimens=0.375,
        ),
    )


def _variational_sr() -> tuple[Regime, ...]:
    blind = {**_VIRNET, 'dep_K': 8, 'noise_avg': True, 'noise_prior': 'variance'}
    return (
        Regime(
            'virnet_sr_x2',
            'virnet_sr',
            blind,
            3,
            VariationalSR(2),
            (
                Stage(1500, 1e-3, batch=16, patch=96, estimators=True),
                Stage(1500, 7e-4, batch=8, patch=96),
            ),
        ),
        Regime(
            'virnet_sr_x4',
            'virnet_sr',
            blind,
            3,
            VariationalSR(4),
            (
                Stage(500, 7e-4, batch=8, patch=192, estimators=True),
                Stage(800, 5e-4, batch=4, patch=128),
            ),
            initialise_from='virnet_sr_x2',
        ),
        Regime(
            'virnet_sr_x2_micrograph',
            'virnet_sr',
            {**blind, 'im_chn': 1},
            1,
            VariationalSR(2),
            (
                Stage(400, 7e-4, batch=16, patch=96, estimators=True),
                Stage(600, 5e-4, batch=8, patch=96),
            ),
            initialise_from='virnet_sr_x2',
            specimens=0.5,
        ),
    )


def _latent() -> tuple[Regime, ...]:
    config = {'channels': 3, 'width': 32, 'latent': 4, 'groups': 3, 'blocks': 3, 'scale': 1}
    return (
        Regime(
            'vdir_denoise_color',
            'vdir',
            config,
            3,
            LatentRestoration('denoise'),
            (Stage(2500, 7e-4, batch=8),),
        ),
        Regime(
            'vdir_jpeg_color',
            'vdir',
            config,
            3,
            LatentRestoration('deblock'),
            (Stage(1000, 5e-4, batch=8),),
            initialise_from='vdir_denoise_color',
        ),
        Regime(
            'vdir_denoise_color_adversarial',
            'vdir',
            config,
            3,
            LatentRestoration('denoise', adversarial=True),
            (Stage(2500, 7e-4, batch=8, adversarial=True),),
        ),
        Regime(
            'vdir_sr_x2',
            'vdir',
            {**config, 'scale': 2},
            3,
            LatentRestoration('super_resolve', scale=2),
            (Stage(1000, 5e-4, batch=8, patch=96),),
        ),
    )


def _blind() -> tuple[Regime, ...]:
    compact = {'in_nc': 3, 'config': (1,) * 7, 'dim': 32, 'head_dim': 16}
    return (
        Regime(
            'scunet_compact_color',
            'scunet',
            compact,
            3,
            BlindDenoising(),
            (Stage(2500, 7e-4, batch=8),),
        ),
    )


def _blind_sr() -> tuple[Regime, ...]:
    small = {'in_nc': 3, 'out_nc': 3, 'nf': 32, 'nb': 4, 'gc': 16}
    return (
        Regime(
            'bsrnet_compact_x2',
            'rrdbnet',
            {**small, 'sf': 2},
            3,
            BlindSR(2),
            (Stage(1200, 7e-4, batch=8, patch=96),),
        ),
        Regime(
            'bsrnet_compact_x4',
            'rrdbnet',
            {**small, 'sf': 4},
            3,
            BlindSR(4),
            (Stage(800, 5e-4, batch=8, patch=144),),
            initialise_from='bsrnet_compact_x2',
        ),
        Regime(
            'bsrgan_compact_x2',
            'rrdbnet',
            {**small, 'sf': 2},
            3,
            BlindSR(2, adversarial=True),
            (Stage(500, 3e-4, batch=8, patch=96, adversarial=True),),
            initialise_from='bsrnet_compact_x2',
        ),
        Regime(
            'bsrgan_compact_x4',
            'rrdbnet',
            {**small, 'sf': 4},
            3,
            BlindSR(4, adversarial=True),
            (Stage(400, 3e-4, batch=8, patch=144, adversarial=True),),
            initialise_from='bsrnet_compact_x4',
        ),
    )


def _regimes() -> tuple[Regime, ...]:
    families = (
        _denoisers, _bank, _unfolding, _variational, _variational_sr, _latent, _blind, _blind_sr,
    )  # fmt: skip
    return tuple(regime for family in families for regime in family())


REGIMES: Mapping[str, Regime] = MappingProxyType({regime.name: regime for regime in _regimes()})


def find_regime(name: str) -> Regime:
    """Return the regime called `name`.

    Raises WeightsError when there is none; the message lists them.
    """
    if name not in REGIMES:
        raise WeightsError(f'no regime trains {name!r}; regimes: {", ".join(REGIMES)}')
    return REGIMES[name]
