"""Denoisers f(x, sigma) for solvers: networks in tiles and fast precision, NLM, BM3D.

Reference of the interface: S. V. Venkatakrishnan, C. A. Bouman, B. Wohlberg,
"Plug-and-Play Priors for Model Based Reconstruction", GlobalSIP 2013.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import weights
from ..declare.names import did_you_mean
from ..errors import ParameterError
from ..networks import devices
from ..types import Denoiser
from .network_denoiser import NetworkDenoiser, checked_sigma
from .tiling import Function

__all__ = [
    'ArrayDenoiser',
    'FunctionDenoiser',
    'NetworkDenoiser',
    'available',
    'bm3d',
    'make',
    'nlm',
    'register',
]


Factory = Callable[[int, torch.device], Denoiser]
Load = Callable[[str, torch.device], Any]

_ARCHITECTURES = ('drunet', 'ffdnet', 'ircnn', 'dncnn')
# Networks that map an image to an image of the same size, whether or not they are told sigma.
_DENOISERS = (*_ARCHITECTURES, 'ircnn_bank', 'scunet', 'vdir', 'foreign')


class FunctionDenoiser:
    """Any function of an image and sigma as a denoiser.

    Parameters
    ----------
    function : callable
        Maps ``(N, C, H, W)`` and sigma (a number or a map) to ``(N, C, H, W)``.
    name : str, optional
        Its name in messages and provenance.
    channels : int, optional
        How many channels it takes; None means any number.
    """

    def __init__(
        self, function: Function, name: str = 'function', channels: int | None = None
    ) -> None:
        self.function = function
        self.name = name
        self.channels = channels

    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """Return ``function(x, sigma)``."""
        return self.function(x, sigma)


class ArrayDenoiser:
    """A denoiser of numpy images, applied to one image of the batch after the other.

    A map of sigma counts as its root mean square.

    `function`: maps a float32 array ``(C, H, W)`` and sigma > 0 to such an array.
    `name`: its name in messages and provenance.
    """

    def __init__(self, function: Callable[[np.ndarray, float], np.ndarray], name: str) -> None:
        self.function = function
        self.name = name
        self.channels: int | None = None

    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """Denoise ``(N, C, H, W)``; see :class:`napari_fresco.types.Denoiser`.

        Raises ParameterError when sigma is negative, not finite or of another shape than `x`.
        """
        sigma, _ = checked_sigma(sigma, x)
        images = x.detach().cpu().float().numpy()
        levels = [_level(sigma, n) for n in range(len(images))]
        clean = [
            self.function(image, level) if level > 0 else image
            for image, level in zip(images, levels, strict=True)
        ]
        return torch.from_numpy(np.stack(clean)).to(x)


def nlm(image: np.ndarray, sigma: float, strength: float = 0.6) -> np.ndarray:
    """Denoise each channel by non-local means with the settings of DeepRED.

    Patches of 5 x 5 px are compared up to 6 px away and weigh
    ``exp(-max(d^2 - 2 sigma^2, 0) / h^2)``, where ``d^2`` is the mean squared
    difference of two patches and ``h = strength * sigma``.

    `image`: ``(C, H, W)`` in working units.
    `sigma`: standard deviation of the noise in working units, above 0.
    `strength`: h in units of sigma.
    Returns ``(C, H, W)`` float32.

    References
    ----------
    A. Buades, B. Coll, J.-M. Morel, "A non-local algorithm for image
    denoising", CVPR 2005, doi:10.1109/CVPR.2005.38.
    """
    from skimage.restoration import denoise_nl_means

    planes = [
        denoise_nl_means(plane, patch_size=5, patch_distance=6, h=strength * sigma, sigma=sigma)
        for plane in image
    ]
    return np.stack(planes).astype(np.float32, copy=False)


def bm3d(image: np.ndarray, sigma: float) -> np.ndarray:
    """Denoise by BM3D, which the optional package ``bm3d`` provides.

    Three channels are denoised together in an opponent colour space, any
    other number one by one.

    `image`: ``(C, H, W)`` in working units.
    `sigma`: standard deviation of the noise in working units, above 0.
    Returns ``(C, H, W)`` float32.
    Raises ParameterError when the package is not installed.

    References
    ----------
    K. Dabov et al., "Image Denoising by Sparse 3-D Transform-Domain
    Collaborative Filtering", IEEE TIP 16(8), 2007, doi:10.1109/TIP.2007.901238.
    """
    try:
        import bm3d as package
    except ImportError:
        raise ParameterError(
            'denoiser "bm3d" needs the package bm3d, which is free for non-commercial use: '
            'pip install "napari-fresco[bm3d]", or choose "nlm" or a network'
        ) from None
    clean: np.ndarray
    if len(image) == 3:
        clean = np.moveaxis(package.bm3d_rgb(np.moveaxis(image, 0, -1), sigma), -1, 0)
    else:
        clean = np.stack([package.bm3d(plane, sigma) for plane in image])
    return clean.astype(np.float32, copy=False)


_factories: dict[str, Factory] = {
    'nlm': lambda channels, device: ArrayDenoiser(nlm, 'nlm'),
    'bm3d': lambda channels, device: ArrayDenoiser(bm3d, 'bm3d'),
}


def register(name: str, factory: Factory) -> None:
    """Make a denoiser known by `name` to every method that takes one.

    Parameters
    ----------
    name : str
        What a user gives for ``model`` or ``prior``.
    factory : callable
        ``factory(channels, device)`` returns the denoiser.
    """
    _factories[name] = factory


def available() -> tuple[str, ...]:
    """Return the names that :func:`make` knows, besides paths of files."""
    entries = weights.registry().values()
    known = [e.name for e in entries if e.architecture in _DENOISERS and e.serves(e.task, 1)]
    return ('auto', *_ARCHITECTURES, *_factories, *known)


def factory(name: str) -> Factory | None:
    """Return the factory of the denoiser `name`, or None where it is a network."""
    return _factories.get(name)


def weights_of(name: str, channels: int) -> str:
    """Return the registry name or file of the weights that `name` stands for."""
    if name in ('auto', *_ARCHITECTURES):
        return weights.default_for('drunet' if name == 'auto' else name, channels)
    if name not in weights.registry() and not any(mark in name for mark in './\\'):
        hint = did_you_mean(name, available())
        raise ParameterError(
            f'unknown denoiser {name!r}{hint} Give the path of a weights file or one of '
            f'{", ".join(available())}'
        )
    return name


def make(
    name: str,
    *,
    channels: int,
    device: str | torch.device = 'auto',
    precision: str = 'auto',
    tile: int | None = None,
    load: Load | None = None,
) -> Denoiser:
    """Return the denoiser called `name`.

    Parameters
    ----------
    name : str
        'auto' or an architecture (the default weights for `channels`), the name
        of weights or of a registered denoiser, or the path of a weights file.
    channels : int
        Channels of the images to come.
    device : str or torch.device, optional
        See :func:`napari_fresco.networks.devices.pick`.
    precision, tile : optional
        See :class:`NetworkDenoiser`.
    load : callable, optional
        What loads weights, instead of :func:`napari_fresco.weights.load`.

    Raises
    ------
    ParameterError
        When the name is unknown or `tile` or `precision` is not allowed.
    WeightsError
        When the weights are missing, corrupt, or not those of a denoiser.
    """
    device = devices.pick(device)
    if name in _factories:
        return _factories[name](channels, device)
    name = weights_of(name, channels)
    if device.type == 'cpu':
        devices.tune_allocator()
    network = load(name, device) if load is not None else weights.load(name, device=device)
    weights.expect(network, _DENOISERS, scale=1)
    return NetworkDenoiser(network, device=device, precision=precision, tile=tile)


def _level(sigma: float | Tensor, index: int) -> float:
    """Return the root mean square of sigma for image `index`."""
    if not isinstance(sigma, Tensor):
        return sigma
    return float(sigma[index if len(sigma) > 1 else 0].square().mean().sqrt())
