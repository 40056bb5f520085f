"""The parameters of each method: frozen dataclasses, from which every face is generated."""

from __future__ import annotations

from dataclasses import dataclass

from .common_parameters import (
    ArithmeticParameters,
    CommonParameters,
    DeterministicParameters,
    NetworkParameters,
    uncertainty_param,
)
from .fields import param


@dataclass(frozen=True)
class DenoiserParameters(NetworkParameters):
    """One pass of a denoising network."""

    uncertainty: bool = uncertainty_param()


@dataclass(frozen=True)
class PnPParameters(DeterministicParameters):
    """Half-quadratic splitting with a denoiser as the prior (DPIR, IRCNN)."""

    model: str = param(
        'auto', 'Denoiser that acts as the prior: a registry name, a weights file, "nlm" or "bm3d".'
    )
    iterations: int | None = param(
        None,
        'Iterations; empty means 8 to deblur, or 5 of fitted strengths where the kernel passes '
        'little, 120 to deblur volumes, 12 to enlarge and to inpaint, '
        '24 to inpaint by IRCNN, 10 where losses are no wider than 6 pixels, 40 to demosaic.',
        minimum=1,
        maximum=1000,
        tasks=('deblur', 'super_resolve', 'inpaint', 'demosaic'),
    )
    sigma_start: float | None = param(
        None,
        'Denoiser strength in the first iteration; empty means 49, or 25 where losses are no '
        'wider than 6 pixels; volumes go by the noise.',
        unit='0-255',
        minimum=0.1,
        maximum=75,
        tasks=('deblur', 'super_resolve', 'inpaint', 'demosaic'),
        group='advanced',
    )
    sigma_end: float | None = param(
        None,
        'Denoiser strength in the last iteration; empty means the noise level; volumes go by it.',
        unit='0-255',
        minimum=0.1,
        maximum=75,
        tasks=('deblur', 'super_resolve', 'inpaint', 'demosaic'),
        group='advanced',
    )
    regularization: float = param(
        0.23,
        'Weight lambda of the prior; larger is smoother.',
        minimum=1e-4,
        maximum=10,
        tasks=('deblur', 'super_resolve', 'inpaint', 'demosaic'),
        group='advanced',
    )
    momentum: float | None = param(
        None,
        'How far an iteration goes on in the direction of the last one; empty means 0.5, but 0 '
        "where IRCNN fills losses wider than 6 pixels; the authors' way is 0.",
        minimum=0,
        maximum=0.9,
        tasks=('super_resolve', 'inpaint'),
        group='advanced',
    )
    augment: bool = param(
        True,
        'Turn or flip the image before each denoising, a different way each iteration.',
        tasks=('deblur', 'super_resolve', 'inpaint', 'demosaic'),
        group='advanced',
    )
    exemplars: bool = param(
        True,
        'Fill losses wider than 6 pixels with help of patches of the same picture, which keep its '
        'grain; off: by the denoiser alone, which leaves wide losses smooth.',
        tasks=('inpaint',),
    )
    pattern: str = param(
        'RGGB',
        'Colour filter array, from the upper-left pixel.',
        choices=('RGGB', 'GRBG', 'GBRG', 'BGGR'),
        tasks=('demosaic',),
        group='degradation',
    )
    quality: int | None = param(
        None,
        'JPEG quality factor of the image; empty means that it is found in it.',
        minimum=1,
        maximum=100,
        tasks=('deblock',),
        group='degradation',
    )
    uncertainty: bool = uncertainty_param()


@dataclass(frozen=True)
class IRCNNParameters(PnPParameters):
    """Half-quadratic splitting with the IRCNN bank as the prior."""

    model: str = param(
        'auto',
        'Denoiser that acts as the prior: a registry name, a weights file, "nlm" or "bm3d"; "auto" '
        'is the IRCNN bank, but FFDNet to deblur and enlarge, where the bundled bank does harm.',
    )


@dataclass(frozen=True)
class DeepREDParameters(ArithmeticParameters):
    """Deep image prior, alone or with regularisation by denoising."""

    schedule: str = param(
        'fast',
        'How the network is fitted: "fast" is a narrow one in few large steps, "plain" the '
        'networks and thousands of steps of the papers.',
        choices=('fast', 'plain'),
        group='advanced',
    )
    prior: str = param(
        'auto',
        'Denoiser of the RED term: "auto" (FFDNet), "nlm", "bm3d", a registry name, or "none" for '
        'plain DIP.',
    )
    prior_sigma: float | None = param(
        None,
        'Strength of the RED denoiser; empty follows the noise of the image.',
        unit='0-255',
        minimum=0.1,
        maximum=75,
        group='advanced',
    )
    iterations: int | None = param(
        None, "Most iterations; empty means the task's number.", minimum=1, maximum=100_000
    )
    learning_rate: float | None = param(
        None,
        "Step size of Adam; empty means the task's value.",
        minimum=1e-6,
        maximum=1,
        group='advanced',
    )
    regularization: float | None = param(
        None,
        "Weight lambda of the RED term; empty means the task's value.",
        minimum=0,
        maximum=10,
        group='advanced',
    )
    penalty: float | None = param(
        None,
        "Weight mu of the ADMM constraint; empty means the task's value.",
        minimum=1e-6,
        maximum=10,
        group='advanced',
    )
    update: str = param(
        'fixed-point',
        'How x is updated from the denoiser.',
        choices=('fixed-point', 'gradient', 'mixed'),
        group='advanced',
    )
    denoise_every: int | None = param(
        None,
        'Iterations between two calls of the denoiser: more are faster; empty means those of the '
        'schedule.',
        minimum=1,
        maximum=1000,
        group='advanced',
    )
    average: float = param(
        0.99,
        'Memory of the exponential average of the results; 0 switches it off.',
        minimum=0,
        maximum=0.9999,
        group='advanced',
    )
    input_noise: float | None = param(
        None,
        "Standard deviation of the fresh noise on the network input; empty means the task's value.",
        minimum=0,
        maximum=1,
        group='advanced',
    )
    total_variation: float = param(
        0.0,
        'Weight of the total variation of the output, a sum over its pixels: 0 for none, 1e-7 to '
        '1e-5 for smoother results.',
        minimum=0,
        maximum=1,
        group='advanced',
    )
    restarts: int = param(
        1,
        'Independent runs whose results are averaged.',
        minimum=1,
        maximum=16,
        group='advanced',
    )
    stopping: str = param(
        'variance',
        'When to stop: least variance of the last results (in a window or weighted), '
        'residual at the noise level, or never.',
        choices=('variance', 'moving-variance', 'discrepancy', 'none'),
        group='advanced',
    )
    window: int = param(
        100,
        'Results in the window of the variance rule.',
        minimum=2,
        maximum=1000,
        group='advanced',
    )
    patience: int = param(
        250,
        'Iterations without a smaller variance before the run stops.',
        minimum=1,
        maximum=100_000,
        group='advanced',
    )
    network: str = param(
        'auto',
        'Shape of the untrained network; "auto" is that of the schedule, without skips for wide '
        'holes.',
        choices=(
            'auto',
            'standard',
            'inpainting',
            'large-hole',
            'small',
            'compact',
            'compact-inpainting',
        ),
        group='advanced',
    )


@dataclass(frozen=True)
class USRNetParameters(NetworkParameters):
    """Unfolded half-quadratic splitting with trained steps."""

    assume: str = param(
        'clean photo',
        'Blur where no kernel is given: that of a sharp, clean photograph, of a noisy one, or '
        'plain bicubic reduction.',
        choices=('clean photo', 'noisy photo', 'bicubic'),
        tasks=('super_resolve',),
        group='degradation',
        goes_with=('kernel', False),
    )


@dataclass(frozen=True)
class VIRNetParameters(NetworkParameters):
    """Blind restoration by networks that infer noise, blur and image."""

    estimate_only: bool = param(
        False, 'Estimate the noise and the blur and leave the image as it is: much faster.'
    )
    uncertainty: bool = uncertainty_param()


@dataclass(frozen=True)
class VDIRParameters(NetworkParameters):
    """A restorer steered by a latent description of the degradation."""

    latent: str = param(
        'mean',
        'Latent description: its mean, which always gives the same result, or random samples.',
        choices=('mean', 'sample'),
        gives=('sample', 'spread'),
    )
    samples: int = param(
        8,
        'Random samples; their mean is the result, their standard deviation the spread.',
        minimum=1,
        maximum=256,
        only_with=('latent', 'sample'),
    )
    show_latent: bool = param(
        False,
        'Give the latent maps as well, at a quarter of the resolution.',
        group='advanced',
        gives=(True, 'latent'),
    )


@dataclass(frozen=True)
class SCUNetParameters(NetworkParameters):
    """Blind denoising by a convolution and attention U-Net."""

    strength: float = param(
        1.0, 'Share of the result; the rest is the image as it was.', minimum=0, maximum=1
    )


@dataclass(frozen=True)
class RichardsonLucyParameters(CommonParameters):
    """Maximum likelihood under photon noise, stopped early."""

    iterations: int = param(
        100, 'Most iterations; more are sharper and noisier.', minimum=1, maximum=10_000
    )
    stopping: str = param(
        'auto',
        'When to stop: before noise is fitted (risk: volumes), once the residual is as small as '
        'the noise (discrepancy: planes), or never.',
        choices=('auto', 'risk', 'discrepancy', 'none'),
    )
    accelerate: bool = param(
        True, 'Extrapolate from the last two estimates: as far in a fifth of the iterations.'
    )
    total_variation: float = param(
        0.0,
        'Weight of the total variation: 0 for none, 0.002 to 0.02 for smoother results.',
        minimum=0,
        maximum=0.05,
    )


@dataclass(frozen=True)
class WienerParameters(CommonParameters):
    """One linear filter."""

    regularization: float | None = param(
        None,
        'Power of noise over that of signal; empty means the largest that leaves a residual as '
        'small as the noise.',
        minimum=1e-9,
        maximum=1e3,
    )
