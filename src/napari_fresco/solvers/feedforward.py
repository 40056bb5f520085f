"""Restoration by one pass of a denoising network: denoising and JPEG deblocking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from .. import weights
from ..declare.tasks import TASKS
from ..errors import WeightsError
from ..physics.problem import Problem
from ..runtime.tools import Tools
from ..types import Denoiser, Step
from ..weights.detection import title_of, with_article

if TYPE_CHECKING:
    from ..declare.parameters import DenoiserParameters, PnPParameters

JPEG_SIGMAS: Mapping[int, float] = MappingProxyType(
    {5: 45, 10: 25, 20: 14, 30: 12, 40: 10, 50: 9, 60: 8, 70: 7, 80: 6, 90: 4, 95: 2.5, 100: 0.5}
)
"""Strength (0-255), by JPEG quality, at which a denoiser raises PSNR most.

Measured with the authors' colour FFDNet on five 160 x 160 crops of scikit-image's
photographs; the gain is 1.5 dB at quality 5, 1 dB at 40 and 0.7 dB at 90.
"""
_HARDLY_ANY = 98  # quality at which artefacts are not seen

_LUMA = (65.481 / 255, 128.553 / 255, 24.966 / 255)
_LUMA_RANGE = 219 / 255


def drunet(problem: Problem, params: DenoiserParameters, tools: Tools) -> Iterator[Step]:
    """Denoise one plane with DRUNet."""
    return _denoise('drunet', problem, params, tools)


def ffdnet(problem: Problem, params: DenoiserParameters, tools: Tools) -> Iterator[Step]:
    """Denoise one plane with FFDNet."""
    return _denoise('ffdnet', problem, params, tools)


def dncnn(problem: Problem, params: DenoiserParameters, tools: Tools) -> Iterator[Step]:
    """Denoise one plane with DnCNN."""
    return _denoise('dncnn', problem, params, tools)


def deblock(problem: Problem, params: PnPParameters, tools: Tools) -> Iterator[Step]:
    """Remove the artefacts of JPEG compression at ``params.quality`` from one plane.

    By default that is the quality that was found in it; where none was, hardly anything changes.
    A network trained for it is told ``(100 - quality) / 100`` in place of the
    noise level. Where none is installed, the ordinary denoiser takes its place
    at the strength of :func:`jpeg_sigma`. A gray network restores the luma of
    a colour image and leaves the chroma.
    """
    channels = problem.y.shape[1]
    name = _deblocking_model(params.model, channels)
    denoiser = tools.denoiser(name, channels)
    quality = params.quality or problem.jpeg_quality or _HARDLY_ANY
    level = (100 - quality) / 100 if _is_deblocking(name) else jpeg_sigma(quality)
    # Deblocking networks leave dots where values exceed what a JPEG file can hold.
    y = problem.y.clamp(0, 1)

    def denoised(x: Tensor) -> Tensor:
        return denoiser(x, level)

    x = luma_pass(denoised, y) if denoiser.channels == 1 < channels else denoised(y)
    yield _step(x, problem.y)


def one_pass(problem: Problem, denoiser: Denoiser) -> Iterator[Step]:
    """Denoise by one pass."""
    yield _step(denoiser(problem.y, problem.sigma), problem.y)


def prior(architecture: str, problem: Problem, model: str, tools: Tools) -> Denoiser:
    """Return the denoiser `model`; 'auto' means the default one of `architecture`."""
    channels = problem.degradation.shape_of(problem.y.shape)[1]
    return tools.denoiser(architecture if model == 'auto' else model, channels)


def jpeg_sigma(quality: int) -> float:
    """Return the denoiser strength, in working units, that suits a JPEG quality."""
    return float(np.interp(quality, list(JPEG_SIGMAS), list(JPEG_SIGMAS.values()))) / 255


def luma_pass(function: Callable[[Tensor], Tensor], y: Tensor) -> Tensor:
    """Apply `function` to the luma of ``(1, 3, H, W)`` and leave the chroma.

    The luma has the range 16 to 235 that deblocking networks are trained on. At
    constant chroma a change of luma by d changes R, G and B by 255 d / 219.
    """
    luma = (y * y.new_tensor(_LUMA)[:, None, None]).sum(1, keepdim=True) + 16 / 255
    return y + (function(luma) - luma) / _LUMA_RANGE


def _denoise(
    architecture: str, problem: Problem, params: DenoiserParameters, tools: Tools
) -> Iterator[Step]:
    denoiser = prior(architecture, problem, params.model, tools)
    for step in one_pass(problem, denoiser):
        yield replace(step, notes=_said_of_another(denoiser, architecture))


def _said_of_another(denoiser: Denoiser, architecture: str) -> tuple[str, ...]:
    """Say that a file holds another network than the method is called by."""
    facts = getattr(denoiser, 'facts', None)
    if facts is None or facts.architecture == architecture:
        return ()
    found, wanted = (with_article(title_of(name)) for name in (facts.architecture, architecture))
    return (f'{denoiser.name} holds {found}, not {wanted}, and the result is what that makes',)


def _deblocking_model(model: str, channels: int) -> str:
    if model != 'auto':
        return model
    name = weights.default_for('drunet', channels, 'deblock')
    try:
        weights.path(name)
    except WeightsError:
        return 'drunet'
    return name


def _is_deblocking(name: str) -> bool:
    known = weights.registry()
    return name in known and TASKS[known[name].task].from_jpeg


def _step(x: Tensor, y: Tensor) -> Step:
    return Step(1, 1, x, residual=(x - y).square().mean().sqrt())
