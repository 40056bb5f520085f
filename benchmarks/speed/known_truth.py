"""Works with trained weights on a picture whose truth is known: speed with decibels beside it.

The bundled weights do it in each way of running them, and classical filters beside them. Those
have the strength that suits the picture best, which nobody knows who has no truth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .case import AUTHORS, OURS, Case
from .report import Work

if TYPE_CHECKING:
    import torch
    from torch import Tensor

NOISE, FAINT = 25 / 255, 7.65 / 255
"""Standard deviation of the noise of what is denoised, and of what is deblurred."""

CLASSICS = ('NLM', 'TV', 'wavelet', 'BM3D')
"""Filters of scikit-image, and BM3D where it is installed."""

_NETWORKS = {'FFDNet': 'ffdnet_gray', 'DRUNet': 'drunet_compact_gray'}
_COLOUR = 'drunet_compact_color'


def _colour(size: int) -> Tensor:
    """Return a part of a mural, ``(1, 3, size, size)``."""
    import torch

    from napari_fresco import samples

    picture = samples.mural().truth[:size, :size].astype(np.float32) / 255
    return torch.from_numpy(picture).movedim(-1, 0)[None].contiguous()


def _gray(size: int) -> Tensor:
    return _colour(size).mean(dim=1, keepdim=True)


def _with_noise(x: Tensor, sigma: float) -> Tensor:
    import torch

    return x + sigma * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))


def _denoise(variant: str, device: torch.device, size: int) -> Work:
    from . import reference

    y = _with_noise(_colour(size), NOISE).to(device)
    if variant == AUTHORS:
        network = _loaded(_COLOUR, device)
        return lambda: reference.drunet(network, y, NOISE)
    ours = _ours(_COLOUR, device, variant)
    return lambda: ours(y, NOISE)


def _deblur(variant: str, device: torch.device, size: int) -> Work:
    from napari_fresco.physics.kernels import gaussian

    from . import reference

    blur = gaussian(2.0, size=19)
    y = _with_noise(_blurred(_colour(size), blur), FAINT).to(device)
    if variant == AUTHORS:
        import torch

        network, kernel = _loaded(_COLOUR, device), torch.from_numpy(blur).to(y)
        return lambda: reference.deblur(
            lambda x, level: reference.drunet(network, x, level), y, kernel, FAINT
        )
    return _our_deblur(y, blur, variant)


def _our_deblur(y: Tensor, blur: Any, variant: str) -> Work:
    """Deblur as a user would."""
    import torch

    from napari_fresco.restoration import api

    image = y[0].movedim(0, -1).cpu().numpy()

    def work() -> Tensor:
        result = api.restore(
            image,
            method='dpir',
            task='deblur',
            kernel=blur,
            sigma=FAINT,
            data_range=(0.0, 1.0),
            device=str(y.device),
            boundary='circular',
            model=_COLOUR,
            precision=variant,
        )
        return torch.from_numpy(np.asarray(result.image)).movedim(-1, 0)[None]

    return work


def _blurred(x: Tensor, blur: Any) -> Tensor:
    import torch

    from napari_fresco.physics.operators import Blur

    return Blur(torch.from_numpy(blur), x.shape[-2:]).forward(x)


def _gray_denoise(variant: str, device: torch.device, size: int) -> Work:
    y = _with_noise(_gray(size), NOISE)
    if variant in CLASSICS:
        return _classic(variant, y, _gray(size))
    there, ours = y.to(device), _ours(_NETWORKS[variant], device, 'auto')
    return lambda: ours(there, NOISE)


def _classic(name: str, y: Tensor, truth: Tensor) -> Work:
    """Return a filter at the strength that brings `y` closest to the truth."""
    import torch

    from .. import classics

    image, clean = y[0, 0].numpy(), truth[0, 0].numpy()

    def closeness(images: Any) -> float:
        return -float(np.square(images[0] - clean).mean())

    strength, _ = classics.best(name, [image], closeness, [NOISE])
    denoise: Callable[..., Any] = classics.STRENGTHS[name][0]
    return lambda: torch.from_numpy(denoise(image, NOISE, strength))[None, None]


def _ours(name: str, device: torch.device, precision: str) -> Any:
    from napari_fresco.runtime import denoisers

    return denoisers.make(name, channels=1, device=str(device), precision=precision)


def _loaded(name: str, device: torch.device) -> Any:
    from napari_fresco import weights

    return weights.load(name, device)


KNOWN_TRUTH = (
    Case(
        'bundled DRUNet',
        'colour 256 x 256, sigma 25',
        256,
        _denoise,
        (*OURS, AUTHORS),
        truth=_colour,
    ),
    Case(
        'bundled DPIR deblurring',
        'colour 256 x 256, 8 iterations, Gaussian blur of 2 pixels, sigma 7.65',
        256,
        _deblur,
        (*OURS, AUTHORS),
        rounds=3,
        truth=_colour,
    ),
    Case(
        'gray denoising',
        'gray 256 x 256, sigma 25; filters at their best strength for this picture',
        256,
        _gray_denoise,
        (*_NETWORKS, *CLASSICS),
        rounds=3,
        base='NLM',
        truth=_gray,
    ),
)
"""Cases whose results are compared with the truth."""
