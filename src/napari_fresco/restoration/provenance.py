"""What a result remembers about its making."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..declare.methods import Method
from ..physics.kernels import fwhm
from ..runtime.run import Outcome
from ..runtime.tiled_network import TiledNetwork
from ..types import Denoiser, Kind
from .request import Request


def provenance(
    request: Request,
    used: Sequence[Denoiser | TiledNetwork],
    *,
    kernel: NDArray[np.float64] | None,
    estimate: dict[str, Any] | None,
    outcomes: Sequence[Outcome],
    planes: Sequence[dict[str, Any]],
    finish: str,
    seconds: float,
    clipped: int,
    input_hash: str,
) -> dict[str, Any]:
    """Return a JSON-serialisable record of how a result was made."""
    r = request
    scale = r.inputs.scale
    # Without a kernel, or with one shifted for it, super-resolution keeps the field of view: the
    # centres of s output pixels then straddle the centre of an input pixel.
    whole_field = r.inputs.kernel is None or r.inputs.shifted
    offset = (1 - scale) / (2 * scale) if whole_field else 0.0
    warnings = [*r.inputs.warnings]
    warnings += [text for outcome in outcomes for text in outcome.warnings]
    if clipped:
        warnings.append(f'{clipped} values were clipped to fit {r.layout.dtype}')
    return {
        'method': r.method.name,
        'title': r.method.title,
        'task': r.task,
        'kind': _kind(r.method, used),
        'citation': r.method.citation,
        'parameters': r.params.to_dict(),
        'scale': scale,
        'seed': r.options.seed,
        'tile': r.options.tile,
        'keep_known': r.keep_known,
        'data_range': [r.range.low, r.range.high],
        'sigma': 'auto' if r.inputs.sigma is None else _number(r.inputs.sigma),
        'kernel': None if kernel is None else _kernel_facts(kernel, request),
        'estimate': estimate,
        'planes': list(planes),
        'weights': [_weights(denoiser) for denoiser in used],
        'device': str(r.device),
        'version': version('napari-fresco'),
        'torch': str(torch.__version__),
        'seconds': round(seconds, 3),
        'steps': sum(outcome.steps for outcome in outcomes),
        'finish': finish,
        'input_sha256': input_hash,
        'input_shape': list(r.layout.shape),
        'geometry': {'scale': scale, 'offset': [offset, offset]},
        'warnings': warnings,
    }


def _kernel_facts(kernel: NDArray[np.float64], request: Request) -> dict[str, Any]:
    """Return the widths of a kernel in pixels of the result, and what follows the blur."""
    widths = fwhm(kernel)
    unknown = request.method.downsampling == 'unknown'
    return {
        'fwhm': [round(widths.major, 3), round(widths.minor, 3)],
        'angle': round(widths.angle, 1),
        'downsampling': 'bicubic' if unknown else 'direct',
        'scale': request.inputs.scale,
    }


def _number(sigma: Any) -> float | str:
    return sigma if isinstance(sigma, float) else 'map'


def _kind(method: Method, used: Sequence[Denoiser | TiledNetwork]) -> Kind:
    """Return the kind of a result: a method gives what its weights were trained to give."""
    stated = {getattr(network, 'generative', None) for network in used}
    # Of weights that nobody vouches for, a generative method expects the usual.
    if True in stated or (method.kind == 'generative' and None in stated):
        return 'generative'
    if method.kind != 'generative':
        return method.kind
    return 'feed-forward' if method.blind else 'data-consistent'


def _weights(denoiser: Denoiser | TiledNetwork) -> dict[str, str | None]:
    return {'name': denoiser.name, 'sha256': getattr(denoiser, 'sha256', None)}
