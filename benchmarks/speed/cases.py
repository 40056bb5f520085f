"""What the speed benchmark runs: each network and solver, in each way of running it.

Networks have their full size and random weights, whose speed is that of
trained ones. Every builder returns a function that does the work once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from .case import AUTHORS, OURS, PEER, Case, Inside
from .known_truth import KNOWN_TRUTH
from .report import Work

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from napari_fresco.runtime.network_denoiser import NetworkDenoiser


DRUNET: Mapping[str, Any] = {'in_nc': 4, 'out_nc': 3, 'nc': (64, 128, 256, 512), 'nb': 4}
FFDNET: Mapping[str, Any] = {'in_nc': 3, 'out_nc': 3, 'nc': 96, 'nb': 12}

_BLUR_SIZE = 19


def _denoise(architecture: str, sigma: float) -> Callable[[str, torch.device, int], Work]:
    def build(variant: str, device: torch.device, size: int) -> Work:
        from . import reference

        x = _picture(size).to(device)
        if variant == PEER:
            from . import peer

            return peer.denoising(x, sigma)
        network = _network(architecture, device)
        if variant == AUTHORS:
            run = getattr(reference, architecture)
            return lambda: run(network, x, sigma)
        ours = _denoiser(network, architecture, device, variant)
        return lambda: ours(x, sigma)

    return build


def _deblur(variant: str, device: torch.device, size: int) -> Work:
    from napari_fresco.physics.kernels import gaussian

    from . import reference

    y, sigma = _picture(size).to(device), 0.03
    blur = gaussian(3.0, size=_BLUR_SIZE)
    kernel = _tensor(blur).to(y)
    if variant == PEER:
        from . import peer

        return peer.deblurring(y, kernel, sigma)
    network = _network('drunet', device)
    if variant == AUTHORS:
        return lambda: reference.deblur(
            lambda x, level: reference.drunet(network, x, level), y, kernel, sigma
        )
    return _our_deblur(network, y, blur, sigma, variant)


def _our_deblur(network: nn.Module, y: Tensor, blur: Any, sigma: float, variant: str) -> Work:
    """Deblur as a user would, with the time inside of the network taken."""
    from napari_fresco.restoration import api
    from napari_fresco.runtime import denoisers

    denoiser = Stopwatch(_denoiser(network, 'drunet', y.device, variant))
    denoisers.register('random-drunet', lambda channels, device: denoiser)
    image = y[0].permute(1, 2, 0).cpu().numpy()

    def work() -> Inside:
        denoiser.seconds = 0.0
        api.restore(
            image,
            method='dpir',
            task='deblur',
            kernel=blur,
            sigma=sigma,
            data_range=(0.0, 1.0),
            device=str(y.device),
            boundary='circular',
            model=denoiser.name,
            precision=variant,
        )
        return Inside(denoiser.seconds)

    return work


def _data_step(scale: int) -> Callable[[str, torch.device, int], Work]:
    def build(variant: str, device: torch.device, size: int) -> Work:
        from napari_fresco.networks.devices import tune_allocator
        from napari_fresco.physics.kernels import gaussian
        from napari_fresco.physics.operators import Blur, Downsample

        from . import reference

        z = _picture(size).to(device)
        y = z[..., ::scale, ::scale].contiguous()
        kernel = _tensor(gaussian(3.0, size=_BLUR_SIZE))
        if variant.startswith(AUTHORS):
            keep = variant != AUTHORS
            step = reference.DataStep(y, kernel.to(y), scale, keep=keep)
            return lambda: step(z, 0.01)
        tune_allocator()
        shape = (size, size)
        ours = Blur(kernel, shape) if scale == 1 else Downsample(kernel, scale, shape)
        return lambda: ours.prox(z, y, 0.01)

    return build


def _image_prior(variant: str, device: torch.device, size: int) -> Work:
    from . import reference

    y = _picture(size).to(device)
    if variant == AUTHORS:
        return reference.ImagePrior(_seeded('skip').to(device), y).step
    from napari_fresco.restoration import api

    steps = api.iterate(
        y[0].permute(1, 2, 0).cpu().numpy(),
        method='deepred',
        task='denoise',
        sigma=25 / 255,
        data_range=(0.0, 1.0),
        device=str(device),
        schedule='plain',
        prior='none',
        network='standard',
        stopping='none',
        iterations=100_000,
        precision=variant,
    )
    return lambda: next(steps)


class Stopwatch:
    """A denoiser that adds up the seconds spent in it (on the processor only)."""

    def __init__(self, denoiser: NetworkDenoiser) -> None:
        self.denoiser = denoiser
        self.name = denoiser.name
        self.channels = denoiser.channels
        self.seconds = 0.0

    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """Denoise `x`."""
        start = time.perf_counter()
        clean = self.denoiser(x, sigma)
        self.seconds += time.perf_counter() - start
        return clean


def _denoiser(
    network: nn.Module, architecture: str, device: torch.device, precision: str
) -> NetworkDenoiser:
    from napari_fresco.networks.devices import tune_allocator
    from napari_fresco.networks.facts import Network, facts_of
    from napari_fresco.runtime.network_denoiser import NetworkDenoiser

    tune_allocator()
    ready = cast('Network', network)
    ready.facts, ready.weights_sha256 = facts_of(network), ''
    ready.weights_name = f'random-{architecture}'
    return NetworkDenoiser(ready, device=device, precision=precision)


def _network(architecture: str, device: torch.device) -> nn.Module:
    config = DRUNET if architecture == 'drunet' else FFDNET
    return _seeded(architecture, **config).to(device).eval()


def _seeded(architecture: str, **config: Any) -> nn.Module:
    import torch

    from napari_fresco.networks import build

    torch.manual_seed(0)
    return build(architecture, **config)


def _picture(size: int) -> Tensor:
    import torch

    return torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))


def _tensor(array: Any) -> Tensor:
    import torch

    return torch.from_numpy(array)


_KEPT = 'authors, OTF kept'
_NETWORK_MARKS = {'auto': 2.3, 'float32': 1.1}

CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        *KNOWN_TRUTH,
        Case(
            'DRUNet',
            'colour 256 x 256, 32.6 M parameters, sigma 12.75',
            256,
            _denoise('drunet', 0.05),
            (*OURS, AUTHORS, PEER),
            _NETWORK_MARKS,
        ),
        Case(
            'FFDNet',
            'colour 512 x 512, 0.85 M parameters, sigma 25',
            512,
            _denoise('ffdnet', 25 / 255),
            marks=_NETWORK_MARKS,
        ),
        Case(
            'DPIR deblurring',
            'colour 256 x 256, 8 iterations, DRUNet, sigma 7.65',
            256,
            _deblur,
            (*OURS, AUTHORS, PEER),
            {'auto': 2.2},
            rounds=3,
        ),
        *(
            Case(
                f'data step x{scale}, {size}',
                f'colour {size} x {size}, kernel 19 x 19',
                size,
                _data_step(scale),
                ('float32', AUTHORS, _KEPT),
                {'float32': 3.0},
                calls=2**22 // size**2,
            )
            for size in (256, 1024)
            for scale in (1, 2, 4)
        ),
        Case(
            'deep image prior',
            'colour 256 x 256, one iteration, 2.2 M parameters',
            256,
            _image_prior,
            marks={'auto': 2.0},
        ),
    )
}
"""Every case by name."""
