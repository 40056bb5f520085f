"""Does a denoiser satisfy the assumptions of regularisation by denoising?

RED minimises ``rho(x) = 1/2 x'(x - f(x))`` and takes ``x - f(x)`` for its gradient.
That is exact when f is locally homogeneous, ``f((1 + e) x) = (1 + e) f(x)``, and its
Jacobian J is symmetric. Networks satisfy the first nearly, the second only roughly:
for them RED is an equilibrium between data and denoiser rather than a minimum.

References
----------
E. Reehorst, P. Schniter, "Regularization by Denoising: Clarifications and New
Interpretations", IEEE TCI 2019.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..brief import Brief
from ..errors import ImageError, ParameterError

SIDE = 16
"""Largest side of the patch: the Jacobian has (C side^2)^2 entries."""

DEFAULT_SIGMA = 25 / 255
"""Strength of the denoiser, in working units, where none is given."""

_BATCH = 64

DenoiserFunction = Callable[[Tensor, float], Tensor]


@dataclass(frozen=True, eq=False, repr=False)
class RedDiagnostics(Brief):
    """The distance of a denoiser from the assumptions of RED, on one patch of n values.

    `homogeneity_mse`: mean square of ``f((1 + e) x) - (1 + e) f(x)``.
    `homogeneity_relative`: norm of the same over the norm of ``(1 + e) f(x)``.
    `jacobian_asymmetry`: ``||J - J'||^2 / ||J||^2`` in the Frobenius norm; 0 is symmetric.
    `jacobian_asymmetry_residual`: ``||J - J'||^2 / ||I - J||^2``, which weighs it by the residual x
        - f(x).
    `gradient_error`: norm of ``(x - f(x)) - true gradient`` over the norm of the true gradient.
    `value`: ``rho(x) = 1/2 x'(x - f(x))``.
    `red_gradient`, `true_gradient`: ``x - f(x)`` and ``x - f(x)/2 - J'x/2``, shaped like the patch.
    `jacobian`: ``J[i, j] = d f_i / d x_j``, row-major, channels first.
    """

    homogeneity_mse: float
    homogeneity_relative: float
    jacobian_asymmetry: float
    jacobian_asymmetry_residual: float
    gradient_error: float
    value: float
    red_gradient: np.ndarray
    true_gradient: np.ndarray
    jacobian: np.ndarray


def red_diagnostics(
    denoiser: str | DenoiserFunction,
    image: np.ndarray,
    *,
    sigma: float | None = None,
    epsilon: float = 0.01,
    step: float = 1e-3,
    derivative: Literal['difference', 'autograd'] = 'difference',
) -> RedDiagnostics:
    """Measure how well a denoiser meets the assumptions of RED on one patch.

    Parameters
    ----------
    denoiser : str or callable
        Name of a denoiser, or ``f(x, sigma)`` of a ``(N, C, H, W)`` tensor in
        [0, 1] and a standard deviation in the same units.
    image : ndarray
        Patch of at most 16 x 16 pixels, ``(H, W)`` or ``(H, W, C)``. Integers
        are divided by the largest value of their type, and `sigma` with them.
    sigma : float, optional
        Strength of the denoiser in the units of the image; by default 25 on
        the scale in which white is 255.
    epsilon : float
        Relative change e of the homogeneity test.
    step : float
        Half the distance of the central differences, in [0, 1] units.
    derivative : {'difference', 'autograd'}
        Central differences suit every denoiser; 'autograd' is exact, and needs a
        callable that torch can differentiate. The arithmetic is float64 for
        float64 patches and float32 for others.

    Returns
    -------
    RedDiagnostics
        The measures with gradients and Jacobian.

    Raises
    ------
    ImageError
        For a patch that is too large, empty, of another shape or not finite.
    ParameterError
        When `sigma`, `epsilon` or `step` is not positive.

    Notes
    -----
    Published values of the asymmetry (FFDNet 0.0073) are not reproduced by their
    equation, which gives 0.12 on 16 x 16 patches; `jacobian_asymmetry_residual`
    gives 0.009.
    """
    for name, value in (('sigma', sigma), ('epsilon', epsilon), ('step', step)):
        if value is not None and not value > 0:
            raise ParameterError(f'{name} = {value!r} is not positive; give a number above 0')
    x, unit = _patch(np.asarray(image))
    f = _function(denoiser, x.shape[1], DEFAULT_SIGMA if sigma is None else sigma / unit)
    jacobian = _by_autograd(f, x) if derivative == 'autograd' else _by_differences(f, x, step)
    with torch.no_grad():
        return _measure(x, f(x), f((1 + epsilon) * x), jacobian, epsilon)


def _patch(image: np.ndarray) -> tuple[Tensor, float]:
    """Return the patch as ``(1, C, H, W)`` in [0, 1], and the image unit it was divided by."""
    if image.ndim not in (2, 3) or image.size == 0:
        raise ImageError(f'a patch is (H, W) or (H, W, C); given is the shape {image.shape}')
    if max(image.shape[:2]) > SIDE:
        raise ImageError(
            f'the patch has {image.shape[0]} x {image.shape[1]} pixels; its Jacobian is computed '
            f'for at most {SIDE} x {SIDE}: cut out a smaller piece'
        )
    if not np.isfinite(image).all():
        raise ImageError('the patch holds NaN or inf; choose another one')
    unit = float(np.iinfo(image.dtype).max) if image.dtype.kind in 'iu' else 1.0
    kind = np.float64 if image.dtype == np.float64 else np.float32
    planes = image[None] if image.ndim == 2 else np.moveaxis(image, -1, 0)
    return torch.from_numpy(np.ascontiguousarray(planes / unit, dtype=kind))[None], unit


def _function(
    denoiser: str | DenoiserFunction, channels: int, sigma: float
) -> Callable[[Tensor], Tensor]:
    if not isinstance(denoiser, str):
        return lambda x: denoiser(x, sigma)
    from ..runtime.denoisers import make

    made = make(denoiser, channels=channels, device='cpu', precision='float32')
    return lambda x: made(x.float(), sigma).to(x.dtype)


def _by_autograd(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    rows = torch.autograd.functional.jacobian(f, x)  # type: ignore[no-untyped-call]
    jacobian: Tensor = rows.reshape(x.numel(), x.numel())
    return jacobian


@torch.no_grad()
def _by_differences(f: Callable[[Tensor], Tensor], x: Tensor, step: float) -> Tensor:
    """Return J column by column, ``(f(x + h e_j) - f(x - h e_j)) / 2h``."""
    offsets = step * torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape[1:])
    columns = [f(x + e) - f(x - e) for e in torch.split(offsets, _BATCH)]
    return torch.cat(columns).reshape(x.numel(), -1).T / (2 * step)


def _measure(
    x: Tensor, f: Tensor, f_scaled: Tensor, jacobian: Tensor, epsilon: float
) -> RedDiagnostics:
    scaled = (1 + epsilon) * f
    red = x - f
    true = x - f / 2 - (jacobian.T @ x.flatten()).reshape(x.shape) / 2
    skew = (jacobian - jacobian.T).square().sum()
    residual = torch.eye(len(jacobian), dtype=x.dtype) - jacobian
    return RedDiagnostics(
        homogeneity_mse=float((f_scaled - scaled).square().mean()),
        homogeneity_relative=_ratio((f_scaled - scaled).norm(), scaled.norm()),
        jacobian_asymmetry=_ratio(skew, jacobian.square().sum()),
        jacobian_asymmetry_residual=_ratio(skew, residual.square().sum()),
        gradient_error=_ratio((red - true).norm(), true.norm()),
        value=float((x * red).sum() / 2),
        red_gradient=red[0].numpy(),
        true_gradient=true[0].numpy(),
        jacobian=jacobian.numpy(),
    )


def _ratio(part: Tensor, whole: Tensor) -> float:
    """Return part / whole, and 0 for 0 / 0."""
    return float(part / whole) if part > 0 else 0.0
