"""Estimate, then restore: one method finds the noise or the blur that another is told.

The estimate is a restoration of its own, so that it can be cancelled, tiled and
recorded like any other; the request of the second method then holds what the
first one found.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..declare.methods import find_method
from ..physics.kernels import Kernel
from ..physics.kernels.photograph_blur import blur_of_planes
from ..types import Result, Step
from .inputs import Inputs
from .plane_reader import PlaneReader
from .request import Request

RunPipeline = Callable[[Request, threading.Event | None], Generator[Step, None, Result]]

_TINY = float(np.finfo(np.float32).tiny)
_MOST_PLANES = 5  # of a stack in which its blur is looked for
_LEAST_VARIANCE = 1e-9  # of the largest one; a sigma map is above 0


@dataclass(frozen=True, eq=False)
class Estimate:
    """The estimate of one method for another.

    `variance`: noise variance map on the grid of the result, in squared image units.
    `record`: provenance of the last estimation by a method; its ``estimate`` is that of the one
        before.
    """

    variance: NDArray[Any] | None
    record: dict[str, Any] | None


def fill_in(
    request: Request, run_pipeline: RunPipeline, cancel: threading.Event | None = None
) -> Generator[Step, None, tuple[Request, Estimate]]:
    """Estimate the inputs of `request` that another method is to find: noise first, then blur.

    Noise is always taken from the weights for denoising, which map it and which
    there are for gray images, too; those for enlarging find one number.

    Returns the request with noise map and kernel filled in, and what is told of them.
    """
    known: dict[str, Any] = {}
    variance, record = None, None
    for what in ('sigma', 'kernel'):
        if what not in request.inputs.estimated:
            continue
        if request.inputs.estimated[what] == 'auto':
            known['kernel'] = blur_found(request).fitting(request.layout.plane_shape)
            continue
        found = yield from run_pipeline(_estimation(request, what), cancel)
        record = {**found.provenance, 'estimate': record}
        if what == 'sigma' and found.variance is not None:
            known['sigma'] = _sigma_map(request, found.variance)
            variance = _enlarged(found.variance, request)
        elif what == 'kernel' and found.kernel is not None:
            # Networks that estimate a blur assume bicubic sampling after it; data steps do not.
            scale = request.inputs.scale
            blur = Kernel(found.kernel, source=request.inputs.estimated[what]).direct(scale)
            known['kernel'] = blur.fitting([n * scale for n in request.layout.plane_shape])
    filled = replace(request, inputs=request.inputs.with_found(**known))
    return filled, Estimate(variance, record)


def blur_found(request: Request, damage: NDArray[np.bool_] | None = None) -> Kernel:
    """Return the motion or defocus blur of an image that is to be deblurred, from its planes.

    It is looked for in the part that was given: a region, not the whole that it belongs to.

    `damage`: what of the planes says nothing.
    Raises KernelError when there is no such blur.
    """
    reader = PlaneReader(request.image, request.layout, damage)
    planes = list(request.layout.planes())
    some = planes[:: math.ceil(len(planes) / _MOST_PLANES)]
    seen = (reader.read(index) for index in some)
    return blur_of_planes([(pixels.colours, pixels.unknown) for pixels in seen])


def _estimation(request: Request, what: str) -> Request:
    """Return the request to estimate the noise, or the blur of what is to be enlarged."""
    method = find_method(request.inputs.estimated[what])
    parameters = method.parameters_class.create(
        {'precision': request.params.precision, 'estimate_only': True}
    )
    scale = 1 if what == 'sigma' else request.inputs.scale
    return replace(
        request,
        method=method,
        task='denoise' if what == 'sigma' else 'super_resolve',
        params=parameters,
        inputs=Inputs(request.inputs.mask, None, None, scale),
        keep_known=False,
    )


def _sigma_map(request: Request, variance: NDArray[Any]) -> NDArray[np.float64]:
    """Return the standard deviation on the pixels of the image."""
    dims = len(request.layout.leading) + 2
    gray = variance if variance.ndim == dims else variance.mean(axis=-1)
    known = np.isfinite(gray)
    gray = np.where(known, gray, gray[known].mean() if known.any() else 0.0)  # of missing pixels
    least = max(_LEAST_VARIANCE * float(gray.max(initial=0)), _TINY)
    sigma: NDArray[np.float64] = np.sqrt(np.maximum(gray, least))
    return sigma


def _enlarged(variance: NDArray[Any], request: Request) -> NDArray[Any]:
    """Return a map on the grid of the result."""
    rows = len(request.layout.leading)
    scale = request.inputs.scale
    return variance.repeat(scale, axis=rows).repeat(scale, axis=rows + 1) if scale > 1 else variance
