"""What a result remembers about its making."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import torch

from ..declare.methods import Method
from ..physics.kernels import Kernel
from ..runtime.run import Outcome
from ..runtime.tiled_network import TiledNetwork
from ..types import Denoiser, Kind
from .request import Request


def provenance(
    request: Request,
    used: Sequence[Denoiser | TiledNetwork],
    *,
    kernel: Kernel | None,
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
    # Without a kernel, super-resolution keeps the field of view: the centres of s output pixels
    # straddle the centre of an input pixel. With one, the origin of the kernel says where to look.
    given = r.inputs.kernel
    offset = [(1 - scale) / 2] * 2 if given is None else given.offset
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
        'options': r.options.to_dict(),
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
        'geometry': {'scale': scale, 'offset': [pixels / scale for pixels in offset]},
        'warnings': warnings,
    }


def _kernel_facts(kernel: Kernel, request: Request) -> dict[str, Any]:
    """Return what is known of a kernel on the grid of the result, and what follows the blur."""
    unknown = request.method.downsampling == 'unknown'
    return {
        **kernel.facts(),
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
