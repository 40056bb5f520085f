"""Estimate, then restore: one method finds the noise or the blur that another is told.

The estimate is a restoration of its own, so that it can be cancelled, tiled and
recorded like any other; the request of the second method then holds what the
first one found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .catalogue import find_method
from .errors import KernelError
from .inputs import Inputs
from .physics import kernels
from .request import Request
from .types import Result, Step

CarryOut = Callable[[Request, threading.Event | None], Generator[Step, None, Result]]

_LEAST_VARIANCE = 1e-12  # of the squared range of intensities; a sigma map is above 0


def estimate(
    request: Request, carry_out: CarryOut, cancel: threading.Event | None = None
) -> Generator[Step, None, tuple[Request, Result]]:
    """Estimate what `request` leaves to be estimated.

    Returns
    -------
    Request
        The same with noise map and kernel filled in.
    Result
        Of the estimation.
    """
    asked = request.inputs.estimated
    name = next(iter(asked.values()))
    found = yield from carry_out(_estimation(request, name), cancel)
    known: dict[str, Any] = {'estimated': {}}
    if 'sigma' in asked:
        known['sigma'] = _sigma_map(request, found.variance)
    if 'kernel' in asked and found.kernel is not None:
        # Networks that estimate a blur assume bicubic sampling after it; the data step does not.
        known['kernel'] = _fitting(
            kernels.direct_sampling(found.kernel, request.inputs.scale), request
        )
        known['shifted'] = True
    return replace(request, inputs=replace(request.inputs, **known)), found


def _estimation(request: Request, name: str) -> Request:
    """Return the request to estimate noise, and the blur where the image is to be enlarged."""
    method = find_method(name)
    blur = 'kernel' in request.inputs.estimated
    parameters = method.parameters_class.create(
        {'precision': request.params.precision, 'estimate_only': True}
    )
    return replace(
        request,
        method=method,
        task='super_resolve' if blur else 'denoise',
        params=parameters,
        inputs=Inputs(None, None, None, request.inputs.scale if blur else 1),
        keep_known=False,
    )


def _sigma_map(request: Request, variance: NDArray[Any] | None) -> NDArray[np.float64] | None:
    """Return the standard deviation on the pixels of the image."""
    if variance is None:
        return None
    layout = request.layout
    dims = len(layout.leading) + 2
    gray = variance if variance.ndim == dims else variance.mean(axis=-1)
    step = gray.shape[-1] // layout.plane_shape[1]
    least = _LEAST_VARIANCE * request.range.span**2
    sigma: NDArray[np.float64] = np.sqrt(np.maximum(gray[..., ::step, ::step], least))
    return sigma


def _fitting(kernel: NDArray[np.float64], request: Request) -> NDArray[np.float64]:
    """Return the middle of a kernel, if the whole is larger than the image."""
    grid = [n * request.inputs.scale for n in request.layout.plane_shape]
    cut = []
    for size, limit in zip(kernel.shape, grid, strict=True):
        least = min(size, limit - 1 + limit % 2)
        start = size // 2 - least // 2
        cut.append(slice(start, start + least))
    middle = kernel[tuple(cut)]
    if middle.sum() < 0.5:
        raise KernelError(
            f'the estimated kernel is wider than the image {tuple(grid)}; give the kernel yourself'
        )
    return kernels.normalise(middle, signed=True)
