"""The registry of methods: what each one is, needs, gives and can be told.

A new method is one parameter dataclass and one entry in :data:`METHODS` here,
one solver, and one page in ``docs/methods``; panels, command line, presets
and tables follow. No torch is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from .errors import MethodError
from .method import Method
from .params import Parameters, param
from .types import TASKS, Kind, Task


@dataclass(frozen=True)
class CommonParameters(Parameters):
    """What every method can be told: the noise model and the arithmetic."""

    noise: str = param(
        'gaussian',
        'Noise model; "poisson-gaussian" is photon noise with read noise.',
        choices=('gaussian', 'poisson-gaussian'),
        label='Noise model',
        group='noise',
    )
    gain: float | None = param(
        None,
        'Camera gain of the Poisson-Gaussian model; estimated when empty.',
        unit='image units per photo-electron',
        minimum=1e-12,
        group='noise',
    )
    offset: float | None = param(
        None, 'Camera offset (dark level); estimated when empty.', unit='image units', group='noise'
    )
    read_noise: float | None = param(
        None,
        'Standard deviation of the read noise; estimated when empty.',
        unit='image units',
        minimum=0,
        group='noise',
    )
    boundary: str = param(
        'auto',
        'Beyond the border, "circular" repeats the image and "extend" continues it smoothly.',
        choices=('auto', 'circular', 'extend'),
        tasks=('deblur', 'super_resolve'),
        group='degradation',
    )
    kernel_position: str = param(
        'auto',
        'Where a given kernel looks: "centred" on its middle pixel, so that pixel s i of the '
        'result lies on pixel i of the image, or "shifted" to the upper left by (s - 1)/2, as '
        'USRNet has it, so that both cover the same field; "auto" follows its centre of mass.',
        choices=('auto', 'centred', 'shifted'),
        tasks=('super_resolve',),
        group='degradation',
    )
    precision: str = param(
        'auto',
        'Arithmetic of the networks: "auto" takes bfloat16 where that is fast and the noise hides '
        'its rounding.',
        choices=('auto', 'float32', 'bfloat16'),
        group='advanced',
    )


@dataclass(frozen=True)
class DeterministicParameters(CommonParameters):
    """What every method can be told that gives the same result each time."""

    ensemble: bool = param(
        False,
        'Average over the eight turns and flips and map their standard deviation as the '
        'uncertainty: slightly better, eight times slower.',
    )


@dataclass(frozen=True)
class NetworkParameters(DeterministicParameters):
    """A method that is one trained network."""

    model: str = param('auto', 'Weights: a registry name, a file, or "auto" for the bundled ones.')


@dataclass(frozen=True)
class DenoiserParameters(NetworkParameters):
    """One pass of a denoising network."""


@dataclass(frozen=True)
class PnPParameters(DeterministicParameters):
    """Half-quadratic splitting with a denoiser as the prior (DPIR, IRCNN)."""

    model: str = param(
        'auto', 'Denoiser that acts as the prior: a registry name, a weights file, "nlm" or "bm3d".'
    )
    iterations: int | None = param(
        None,
        'Iterations; empty means 8 to deblur, 24 to enlarge or inpaint, 40 to demosaic.',
        minimum=1,
        maximum=1000,
        tasks=('deblur', 'super_resolve', 'inpaint', 'demosaic'),
    )
    sigma_start: float = param(
        49.0,
        'Denoiser strength in the first iteration.',
        unit='0-255',
        minimum=0.1,
        maximum=75,
        tasks=('deblur', 'super_resolve', 'inpaint', 'demosaic'),
    )
    sigma_end: float | None = param(
        None,
        'Denoiser strength in the last iteration; empty means the noise level.',
        unit='0-255',
        minimum=0.1,
        maximum=75,
        tasks=('deblur', 'super_resolve', 'inpaint', 'demosaic'),
    )
    regularization: float = param(
        0.23,
        'Weight lambda of the prior; larger is smoother.',
        minimum=1e-4,
        maximum=10,
        tasks=('deblur', 'super_resolve', 'inpaint', 'demosaic'),
    )
    augment: bool = param(
        True,
        'Turn or flip the image before each denoising, a different way each iteration.',
        tasks=('deblur', 'super_resolve', 'inpaint', 'demosaic'),
        group='advanced',
    )
    pattern: str = param(
        'RGGB',
        'Colour filter array, from the upper-left pixel.',
        choices=('RGGB', 'GRBG', 'GBRG', 'BGGR'),
        tasks=('demosaic',),
        group='degradation',
    )
    quality: int = param(
        40,
        'JPEG quality factor of the image.',
        minimum=1,
        maximum=100,
        tasks=('deblock',),
        group='degradation',
    )


_PNP_TASKS: tuple[Task, ...] = (
    'denoise',
    'deblur',
    'super_resolve',
    'inpaint',
    'demosaic',
    'deblock',
)


@dataclass(frozen=True)
class DeepREDParameters(CommonParameters):
    """Deep image prior, alone or with regularisation by denoising."""

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
    )
    iterations: int | None = param(
        None, "Most iterations; empty means the task's number.", minimum=1, maximum=100_000
    )
    learning_rate: float | None = param(
        None, "Step size of Adam; empty means the task's value.", minimum=1e-6, maximum=1
    )
    regularization: float | None = param(
        None, "Weight lambda of the RED term; empty means the task's value.", minimum=0, maximum=10
    )
    penalty: float | None = param(
        None,
        "Weight mu of the ADMM constraint; empty means the task's value.",
        minimum=1e-6,
        maximum=10,
    )
    update: str = param(
        'fixed-point',
        'How x is updated from the denoiser.',
        choices=('fixed-point', 'gradient', 'mixed'),
        group='advanced',
    )
    denoise_every: int = param(
        1,
        'Iterations between two calls of the denoiser.',
        minimum=1,
        maximum=1000,
        group='advanced',
    )
    average: float = param(
        0.99,
        'Memory of the exponential average of the results; 0 switches it off.',
        minimum=0,
        maximum=0.9999,
    )
    input_noise: float | None = param(
        None,
        "Standard deviation of the fresh noise on the network input; empty means the task's value.",
        minimum=0,
        maximum=1,
        group='advanced',
    )
    restarts: int = param(1, 'Independent runs whose results are averaged.', minimum=1, maximum=16)
    stopping: str = param(
        'variance',
        'When to stop: least variance of the last results (in a window or weighted), '
        'residual at the noise level, or never.',
        choices=('variance', 'moving-variance', 'discrepancy', 'none'),
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
        'Shape of the untrained network; "auto" is the standard one, without skips for wide holes.',
        choices=('auto', 'standard', 'inpainting', 'large-hole', 'small'),
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
    )


@dataclass(frozen=True)
class VIRNetParameters(NetworkParameters):
    """Blind restoration by networks that infer noise, blur and image."""

    estimate_only: bool = param(
        False, 'Estimate the noise and the blur and leave the image as it is: much faster.'
    )


@dataclass(frozen=True)
class VDIRParameters(NetworkParameters):
    """A restorer steered by a latent description of the degradation."""

    latent: str = param(
        'mean',
        'Latent description: its mean, which always gives the same result, or random samples.',
        choices=('mean', 'sample'),
    )
    samples: int = param(
        8,
        'Random samples; their mean is the result, their standard deviation the uncertainty.',
        minimum=1,
        maximum=256,
    )
    show_latent: bool = param(
        False, 'Give the latent maps as well, at a quarter of the resolution.', group='advanced'
    )


@dataclass(frozen=True)
class SCUNetParameters(NetworkParameters):
    """Blind denoising by a convolution and attention U-Net."""

    strength: float = param(
        1.0, 'Share of the result; the rest is the image as it was.', minimum=0, maximum=1
    )


_DPIR = (
    'K. Zhang, Y. Li, W. Zuo, L. Zhang, L. Van Gool, R. Timofte, "Plug-and-Play Image Restoration '
    'with Deep Denoiser Prior", IEEE TPAMI 44(10), 2022, doi:10.1109/TPAMI.2021.3088914'
)
_IRCNN = (
    'K. Zhang, W. Zuo, S. Gu, L. Zhang, "Learning Deep CNN Denoiser Prior for Image Restoration", '
    'CVPR 2017, doi:10.1109/CVPR.2017.300'
)
_DEEPRED = (
    'G. Mataev, P. Milanfar, M. Elad, "DeepRED: Deep Image Prior Powered by RED", ICCV Workshops '
    '2019; D. Ulyanov, A. Vedaldi, V. Lempitsky, "Deep Image Prior", CVPR 2018, '
    'doi:10.1109/CVPR.2018.00984'
)
_FFDNET = (
    'K. Zhang, W. Zuo, L. Zhang, "FFDNet: Toward a Fast and Flexible Solution for CNN-Based Image '
    'Denoising", IEEE TIP 27(9), 2018, doi:10.1109/TIP.2018.2839891'
)
_DNCNN = (
    'K. Zhang, W. Zuo, Y. Chen, D. Meng, L. Zhang, "Beyond a Gaussian Denoiser: Residual Learning '
    'of Deep CNN for Image Denoising", IEEE TIP 26(7), 2017, doi:10.1109/TIP.2017.2662206'
)
_USRNET = (
    'K. Zhang, L. Van Gool, R. Timofte, "Deep Unfolding Network for Image Super-Resolution", '
    'CVPR 2020, doi:10.1109/CVPR42600.2020.00328'
)
_VIRNET = (
    'Z. Yue, H. Yong, Q. Zhao, L. Zhang, D. Meng, K.-Y. K. Wong, "Deep Variational Network Toward '
    'Blind Image Restoration", IEEE TPAMI 46(11), 2024, arXiv:2008.10796'
)
_VDIR = (
    'J. W. Soh, N. I. Cho, "Variational Deep Image Restoration", IEEE TIP 31, 2022, '
    'arXiv:2207.01074'
)
_SCUNET = (
    'K. Zhang, Y. Li, J. Liang, J. Cao, Y. Zhang, H. Tang, D.-P. Fan, R. Timofte, L. Van Gool, '
    '"Practical Blind Image Denoising via Swin-Conv-UNet and Data Synthesis", Machine Intelligence '
    'Research 20, 2023, doi:10.1007/s11633-023-1466-0'
)
_BSRGAN = (
    'K. Zhang, J. Liang, L. Van Gool, R. Timofte, "Designing a Practical Degradation Model for '
    'Deep Blind Image Super-Resolution", ICCV 2021, doi:10.1109/ICCV48922.2021.00475'
)


def _denoiser(name: str, title: str, summary: str, citation: str, *, blind: bool = False) -> Method:
    return Method(
        name=name,
        title=title,
        summary=summary,
        tasks=('denoise',),
        blind=blind,
        needs={},
        outputs=('image',),
        kind='feed-forward',
        citation=citation,
        parameters_class=DenoiserParameters,
        solver=f'napari_fresco.solvers.feedforward:{name}',
    )


def _unfolding(name: str, title: str, kind: Kind) -> Method:
    return Method(
        name=name,
        title=title,
        summary='Unfolded enlarging and deblurring for a known blur: one network, any scale.',
        tasks=('super_resolve', 'deblur'),
        blind=False,
        needs={'deblur': ('kernel',)},
        outputs=('image', 'kernel'),
        kind=kind,
        citation=_USRNET,
        parameters_class=USRNetParameters,
        solver=f'napari_fresco.solvers.usrnet:{name}',
    )


_ENTRIES = (
    Method(
        name='dpir',
        title='DPIR',
        summary='Plug-and-play restoration: half-quadratic splitting with DRUNet as the prior.',
        tasks=_PNP_TASKS,
        blind=False,
        needs={'deblur': ('kernel',), 'inpaint': ('mask',)},
        outputs=('image', 'kernel'),
        kind='data-consistent',
        citation=_DPIR,
        parameters_class=PnPParameters,
        solver='napari_fresco.solvers.pnp:dpir',
    ),
    Method(
        name='ircnn',
        title='IRCNN',
        summary='Plug-and-play restoration with a bank of 25 small denoisers.',
        tasks=('denoise', 'deblur', 'super_resolve', 'inpaint', 'demosaic'),
        blind=False,
        needs={'deblur': ('kernel',), 'inpaint': ('mask',)},
        outputs=('image', 'kernel'),
        kind='data-consistent',
        citation=_IRCNN,
        parameters_class=PnPParameters,
        solver='napari_fresco.solvers.pnp:ircnn',
    ),
    Method(
        name='deepred',
        title='DeepRED',
        summary='Deep image prior with regularisation by denoising: no training data.',
        tasks=('inpaint', 'denoise', 'deblur', 'super_resolve'),
        blind=False,
        needs={'deblur': ('kernel',), 'inpaint': ('mask',)},
        outputs=('image', 'kernel'),
        kind='data-consistent',
        citation=_DEEPRED,
        parameters_class=DeepREDParameters,
        solver='napari_fresco.solvers.deepred:deepred',
        downsampling='lanczos2',
    ),
    _unfolding('usrnet', 'USRNet', 'data-consistent'),
    _unfolding('usrgan', 'USRGAN', 'generative'),
    Method(
        name='virnet',
        title='VIRNet',
        summary='Blind denoising and enlarging that also estimates the noise and the blur.',
        tasks=('denoise', 'super_resolve'),
        blind=True,
        needs={},
        outputs=('image', 'variance', 'kernel'),
        kind='feed-forward',
        citation=_VIRNET,
        parameters_class=VIRNetParameters,
        solver='napari_fresco.solvers.virnet:virnet',
        downsampling='unknown',
        scales=(2, 3, 4),
    ),
    Method(
        name='vdir',
        title='VDIR',
        summary='Blind restoration steered by a latent description of the degradation.',
        tasks=('denoise', 'super_resolve', 'deblock'),
        blind=True,
        needs={},
        outputs=('image', 'uncertainty', 'latent'),
        kind='feed-forward',
        citation=_VDIR,
        parameters_class=VDIRParameters,
        solver='napari_fresco.solvers.vdir:vdir',
        downsampling='unknown',
        scales=(2, 4),
    ),
    Method(
        name='scunet',
        title='SCUNet',
        summary='Blind denoising of real photographs by convolutions and attention.',
        tasks=('denoise',),
        blind=True,
        needs={},
        outputs=('image',),
        kind='feed-forward',
        citation=_SCUNET,
        parameters_class=SCUNetParameters,
        solver='napari_fresco.solvers.scunet:scunet',
    ),
    Method(
        name='bsrgan',
        title='BSRGAN',
        summary='Blind enlarging of photographs that were blurred, resized, noisy and compressed.',
        tasks=('super_resolve',),
        blind=True,
        needs={},
        outputs=('image',),
        kind='generative',
        citation=_BSRGAN,
        parameters_class=NetworkParameters,
        solver='napari_fresco.solvers.bsrgan:bsrgan',
        downsampling='unknown',
        scales=(2, 4),
    ),
    _denoiser('drunet', 'DRUNet', 'Non-blind denoising by one pass of a residual U-Net.', _DPIR),
    _denoiser('ffdnet', 'FFDNet', 'Fast non-blind denoising at half resolution.', _FFDNET),
    _denoiser('dncnn', 'DnCNN', 'Residual denoising network for one noise level or blind.', _DNCNN),
)

ESTIMATORS = ('virnet',)
"""Methods that can estimate noise and blur for others: ``sigma='virnet'``."""

METHODS: Mapping[str, Method] = MappingProxyType({method.name: method for method in _ENTRIES})


def methods() -> dict[str, Method]:
    """Return every method by name."""
    return dict(METHODS)


def find_method(name: str) -> Method:
    """Return the method called `name`.

    Raises
    ------
    MethodError
        When there is no such method; the message lists them.
    """
    if not isinstance(name, str) or name not in METHODS:
        near = get_close_matches(str(name), METHODS, n=2)
        hint = f' Did you mean {" or ".join(map(repr, near))}?' if near else ''
        raise MethodError(f'unknown method {name!r}.{hint} Methods: {", ".join(METHODS)}')
    return METHODS[name]


def find_task(method: Method, task: str | None) -> Task:
    """Return the task asked of `method`; None means its first.

    Raises
    ------
    MethodError
        When the task is unknown or `method` does not offer it.
    """
    if task is None:
        return method.tasks[0]
    for offered in method.tasks:
        if task == offered:
            return offered
    offers = [m.name for m in METHODS.values() if task in m.tasks]
    known = f'methods that do: {", ".join(offers)}' if offers else f'tasks: {", ".join(TASKS)}'
    raise MethodError(
        f'{method.name} does not offer task {task!r}; it offers {", ".join(method.tasks)} ({known})'
    )
