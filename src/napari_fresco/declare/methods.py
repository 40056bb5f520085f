"""The registry of methods: their tasks, inputs, outputs and parameters.

A new method is one entry in :data:`METHODS` here, a :class:`.method.Method`, with its dataclass in
:mod:`.parameters`, one solver, and one page in ``docs/pages/methods``; panels,
command line, presets and tables follow. No torch is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..errors import MethodError
from ..types import Kind, Task
from . import citations
from .common_parameters import NetworkParameters
from .method import Method
from .names import did_you_mean, spelled
from .parameters import (
    DeepREDParameters,
    DenoiserParameters,
    IRCNNParameters,
    PnPParameters,
    RichardsonLucyParameters,
    SCUNetParameters,
    USRNetParameters,
    VDIRParameters,
    VIRNetParameters,
    WienerParameters,
)
from .tasks import TASKS, WORDS


def _denoiser(
    name: str, title: str, plain: str, summary: str, citation: str, least: float
) -> Method:
    return Method(
        name=name,
        title=title,
        plain=plain,
        summary=summary,
        tasks=('denoise',),
        blind=False,
        outputs=('image',),
        kind='feed-forward',
        citation=citation,
        parameters_class=DenoiserParameters,
        solver=f'napari_fresco.solvers.feedforward:{name}',
        least_noise=least,
    )


def _unfolding(name: str, title: str, plain: str, kind: Kind) -> Method:
    return Method(
        name=name,
        title=title,
        plain=plain,
        summary='Unfolded enlarging and deblurring for a known blur: one network, any scale.',
        tasks=('super_resolve', 'deblur'),
        blind=False,
        outputs=('image', 'kernel'),
        kind=kind,
        citation=citations.USRNET,
        parameters_class=USRNetParameters,
        solver=f'napari_fresco.solvers.unfolded:{name}',
    )


_ENTRIES = (
    Method(
        name='dpir',
        title='DPIR',
        plain='Plug-and-play, strong denoiser',
        summary='Plug-and-play restoration: half-quadratic splitting with DRUNet as the prior.',
        tasks=('denoise', 'deblur', 'super_resolve', 'inpaint', 'demosaic', 'deblock'),
        blind=False,
        outputs=('image', 'kernel'),
        kind='data-consistent',
        citation=citations.DPIR,
        parameters_class=PnPParameters,
        solver='napari_fresco.solvers.pnp:dpir',
        volumes=True,
        window=(3,),
        least_noise=0.8,
    ),
    Method(
        name='ircnn',
        title='IRCNN',
        plain='Plug-and-play, small denoisers',
        summary='Plug-and-play restoration with a bank of 25 small denoisers.',
        tasks=('denoise', 'deblur', 'super_resolve', 'inpaint', 'demosaic'),
        blind=False,
        outputs=('image', 'kernel'),
        kind='data-consistent',
        citation=citations.IRCNN,
        parameters_class=IRCNNParameters,
        solver='napari_fresco.solvers.pnp:ircnn',
        volumes=True,
        window=(3,),
    ),
    Method(
        name='deepred',
        title='DeepRED',
        plain='Network fitted to this image',
        summary='Deep image prior with regularisation by denoising: no training data.',
        tasks=('inpaint', 'denoise', 'deblur', 'super_resolve'),
        blind=False,
        outputs=('image', 'kernel'),
        kind='data-consistent',
        citation=citations.DEEPRED,
        parameters_class=DeepREDParameters,
        solver='napari_fresco.solvers.deepred:deepred',
        downsampling='lanczos2',
        local=False,
    ),
    _unfolding('usrnet', 'USRNet', 'Unfolded network', 'data-consistent'),
    _unfolding('usrgan', 'USRGAN', 'Unfolded, invents detail', 'generative'),
    Method(
        name='virnet',
        title='VIRNet',
        plain='Network that finds noise and blur',
        summary='Blind denoising and enlarging that also estimates the noise and the blur.',
        tasks=('denoise', 'super_resolve'),
        blind=True,
        outputs=('image', 'variance', 'kernel'),
        kind='feed-forward',
        citation=citations.VIRNET,
        parameters_class=VIRNetParameters,
        solver='napari_fresco.solvers.variational:virnet',
        downsampling='unknown',
        scales=(2, 3, 4),
        least_noise=1.1,
    ),
    Method(
        name='vdir',
        title='VDIR',
        plain='Network that finds the damage',
        summary='Blind restoration steered by a latent description of the degradation.',
        tasks=('denoise', 'super_resolve', 'deblock'),
        blind=True,
        outputs=('image', 'spread', 'latent'),
        kind='feed-forward',
        citation=citations.VDIR,
        parameters_class=VDIRParameters,
        solver='napari_fresco.solvers.latent:vdir',
        downsampling='unknown',
        scales=(2, 4),
        least_noise=1.5,
    ),
    Method(
        name='scunet',
        title='SCUNet',
        plain='Network for real photographs',
        summary='Blind denoising of real photographs by convolutions and attention.',
        tasks=('denoise',),
        blind=True,
        outputs=('image',),
        kind='feed-forward',
        citation=citations.SCUNET,
        parameters_class=SCUNetParameters,
        solver='napari_fresco.solvers.blind_denoising:scunet',
        least_noise=1.5,
    ),
    Method(
        name='bsrgan',
        title='BSRGAN',
        plain='Network for poor photographs',
        summary='Blind enlarging of photographs that were blurred, resized, noisy and compressed.',
        tasks=('super_resolve',),
        blind=True,
        outputs=('image',),
        kind='generative',
        citation=citations.BSRGAN,
        parameters_class=NetworkParameters,
        solver='napari_fresco.solvers.blind_enlarging:bsrgan',
        downsampling='unknown',
        scales=(2, 4),
    ),
    Method(
        name='richardson_lucy',
        title='Richardson-Lucy',
        plain='The likeliest light',
        summary='Classical deconvolution: the likeliest light under photon noise, stopped early.',
        tasks=('deblur',),
        blind=False,
        outputs=('image', 'kernel'),
        kind='data-consistent',
        citation=citations.RICHARDSON_LUCY,
        parameters_class=RichardsonLucyParameters,
        solver='napari_fresco.solvers.richardson_lucy:richardson_lucy',
        volumes=True,
        window=(2, 3),
        undecided=tuple(('stopping', rule) for rule in ('auto', 'risk', 'discrepancy')),
    ),
    Method(
        name='wiener',
        title='Wiener',
        plain='Linear filter',
        summary='Classical deconvolution: one linear filter, as strong as the noise asks for.',
        tasks=('deblur',),
        blind=False,
        outputs=('image', 'kernel'),
        kind='data-consistent',
        citation=citations.WIENER,
        parameters_class=WienerParameters,
        solver='napari_fresco.solvers.wiener:wiener',
        volumes=True,
        linear=True,
        undecided=(('regularization', None),),
    ),
    _denoiser(
        'drunet',
        'DRUNet',
        'Network, most detail',
        'Non-blind denoising by one pass of a residual U-Net.',
        citations.DPIR,
        0.8,
    ),
    _denoiser(
        'ffdnet',
        'FFDNet',
        'Network, fast',
        'Fast non-blind denoising at half resolution.',
        citations.FFDNET,
        1.6,
    ),
    _denoiser(
        'dncnn',
        'DnCNN',
        'Network, the plainest',
        'Residual denoising network for one noise level or blind.',
        citations.DNCNN,
        0.8,
    ),
)

ESTIMATORS = ('virnet',)
"""Methods that can estimate noise and blur for others: ``sigma='virnet'``."""

ESTIMATES = ('auto', *ESTIMATORS)
"""Words that stand for a noise level or a kernel that is to be estimated."""

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
    found = METHODS.get(spelled(name))
    if found is None:
        hint = did_you_mean(name, METHODS, most=2)
        raise MethodError(f'unknown method {name!r}{hint} Methods: {", ".join(METHODS)}')
    return found


def find_task(method: Method, task: str | None) -> Task:
    """Return the task asked of `method`; None means its first.

    Raises
    ------
    MethodError
        When the task is unknown or `method` does not offer it.
    """
    wanted = method.tasks[0] if task is None else spelled(task)
    for offered in method.tasks:
        if wanted == offered:
            return offered
    own, said = ', '.join(method.tasks), f'{method.name} does not offer task {task!r}'
    if wanted in TASKS:
        able = ', '.join(m.name for m in METHODS.values() if wanted in m.tasks)
        raise MethodError(f'{said}; it offers {own} (methods that do: {able})')
    raise MethodError(f'{said}{did_you_mean(task, TASKS, WORDS)} It offers {own}')
