"""The eight turns and flips of an image, and denoising through them.

A network is not equivariant to turns, so denoising turned copies averages its
directional errors away: over the steps of an iteration (one mode per step,
the periodic geometric self-ensemble of DPIR) or at once (self-ensemble).
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from ..types import Denoiser

MODES = 8
_FLIPPED: tuple[tuple[int, ...], ...] = ((), (), (-2,), (-1,), (-1,), (-2,), (-2, -1), (-2, -1))
_INVERSE = (0, 1, 2, 5, 4, 3, 6, 7)


def turn(x: Tensor, mode: int) -> Tensor:
    """Turn or flip the last two axes of `x`.

    Parameters
    ----------
    x : Tensor
        Images ``(..., H, W)``.
    mode : int
        0 nothing, 1 transpose, 2 flip vertically, 3 quarter turn clockwise,
        4 flip horizontally, 5 quarter turn counter-clockwise, 6 half turn,
        7 transpose about the other diagonal.
    """
    turned = x.mT if mode % 2 else x
    return turned.flip(_FLIPPED[mode]) if _FLIPPED[mode] else turned


def turn_back(x: Tensor, mode: int) -> Tensor:
    """Undo :func:`turn` with the same `mode`."""
    return turn(x, _INVERSE[mode])


def denoise_turned(denoiser: Denoiser, x: Tensor, sigma: float | Tensor, mode: int) -> Tensor:
    """Denoise `x`, and its noise map if `sigma` is one, turned by `mode`; turn the result back."""
    level = turn(sigma, mode) if isinstance(sigma, Tensor) else sigma
    return turn_back(denoiser(turn(x, mode), level), mode)


def self_ensemble(denoiser: Denoiser, x: Tensor, sigma: float | Tensor) -> Iterator[Tensor]:
    """Yield the mean of the first 1, 2, ... 8 turned denoisings of `x`."""
    total = denoise_turned(denoiser, x, sigma, 0)
    yield total
    for mode in range(1, MODES):
        total = total + denoise_turned(denoiser, x, sigma, mode)
        yield total / (mode + 1)
