"""What a result remembers about its making."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import torch

from .request import Request
from .run import Outcome
from .types import Denoiser


def provenance(
    request: Request,
    used: Sequence[Denoiser],
    *,
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
    # Without a kernel of the user's, super-resolution keeps the field of view: the centres of
    # s output pixels then straddle the centre of an input pixel.
    offset = (1 - scale) / (2 * scale) if r.inputs.kernel is None else 0.0
    warnings = [text for outcome in outcomes for text in outcome.warnings]
    if clipped:
        warnings.append(f'{clipped} values were clipped to fit {r.layout.dtype}')
    return {
        'method': r.method.name,
        'title': r.method.title,
        'task': r.task,
        'kind': r.method.kind,
        'citation': r.method.citation,
        'parameters': r.params.to_dict(),
        'scale': scale,
        'seed': r.seed,
        'tile': r.tile,
        'keep_known': r.keep_known,
        'data_range': [r.range.low, r.range.high],
        'sigma': 'auto' if r.inputs.sigma is None else _number(r.inputs.sigma),
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


def _number(sigma: Any) -> float | str:
    return sigma if isinstance(sigma, float) else 'map'


def _weights(denoiser: Denoiser) -> dict[str, str | None]:
    return {'name': denoiser.name, 'sha256': getattr(denoiser, 'sha256', None)}
