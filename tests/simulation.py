"""Simulated problems, and denoisers simple enough to know the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_fresco.declare.methods import methods
from napari_fresco.degrade.jpeg import compress_bytes
from napari_fresco.evidence import metrics
from napari_fresco.physics import kernels
from napari_fresco.physics.operators import Blur, Degradation, Downsample, Identity, Mask, Mosaic
from napari_fresco.physics.problem import Problem
from napari_fresco.runtime.denoisers import FunctionDenoiser
from napari_fresco.runtime.run import find_solver
from napari_fresco.types import Step, Task

SIDE = 32
CHROMA = 0.2
TASKS: tuple[Task, ...] = ('denoise', 'deblur', 'super_resolve', 'inpaint', 'demosaic', 'deblock')


@dataclass
class Tools:
    """Lends one denoiser whatever it is asked for, and remembers what that was."""

    denoise: Callable[[Tensor, Any], Tensor]
    channels: int | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    device: str = 'cpu'
    generator: torch.Generator = field(default_factory=torch.Generator)

    def denoiser(self, name: str, channels: int) -> FunctionDenoiser:
        self.asked.append((name, channels))
        return FunctionDenoiser(self._call, 'test', self.channels)

    def _call(self, x: Tensor, sigma: Any) -> Tensor:
        self.told.append(sigma)
        return self.denoise(x, sigma)


def spectrum(height: int, width: int) -> Tensor:
    """Power of smooth random images, by frequency."""
    rows, columns = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)
    return 2e-6 / (rows.square() + columns.square() + 1e-3).square()


def wiener(x: Tensor, sigma: Any) -> Tensor:
    """Denoise an image like :func:`smooth_image` about as well as can be."""
    level = sigma.square().mean() if isinstance(sigma, Tensor) else sigma**2
    luma = x.mean(1, keepdim=True)

    def filtered(part: Tensor, power: Tensor, noise: float) -> Tensor:
        spectral = torch.fft.rfft2(part) * (power / (power + noise))
        return torch.fft.irfft2(spectral, s=x.shape[-2:])

    power = spectrum(*x.shape[-2:]).to(x)
    chroma = filtered(x - luma, CHROMA**2 * power, level)
    return 0.5 + filtered(luma - 0.5, power, level / x.shape[1]) + chroma


def shrink(x: Tensor, sigma: Any) -> Tensor:
    """Pull every pixel towards 1/2; minds a map of sigma."""
    return 0.5 + (x - 0.5) * 0.04 / (0.04 + sigma**2)


def smooth_image(channels: int, side: int = SIDE) -> Tensor:
    """Return a random image around 1/2 with weak colours."""
    generator = torch.Generator().manual_seed(1)
    white = torch.randn(1, channels + 1, side, side, generator=generator)
    fields = torch.fft.irfft2(torch.fft.rfft2(white) * spectrum(side, side).sqrt(), s=(side, side))
    return 0.5 + fields[:, :1] + CHROMA * (fields[:, 1:] - fields[:, 1:].mean(1, keepdim=True))


def noise_like(x: Tensor, sigma: float) -> Tensor:
    return sigma * torch.randn(x.shape, generator=torch.Generator().manual_seed(2))


def degradation_of(task: Task, shape: tuple[int, int]) -> Degradation:
    if task == 'deblur':
        return Blur(kernels.gaussian(size=7, sigma=1.5), shape)
    if task == 'super_resolve':
        return Downsample(kernels.gaussian(size=7, sigma=1.0), 2, shape)
    if task == 'inpaint':
        return Mask(torch.rand(1, 1, *shape, generator=torch.Generator().manual_seed(3)) > 0.4)
    return Mosaic('RGGB', shape) if task == 'demosaic' else Identity()


def simulated(task: Task, sigma: float) -> tuple[Problem, Tensor]:
    truth = smooth_image(3)
    if task == 'deblock':
        picture = metrics.to_uint8(truth[0].permute(1, 2, 0).numpy())
        jpeg = compress_bytes(picture, 10).astype(np.float32) / 255
        return Problem(task, torch.from_numpy(jpeg).permute(2, 0, 1)[None], Identity(), 0.0), truth
    degradation = degradation_of(task, (SIDE, SIDE))
    y = degradation.forward(truth)
    y = y + noise_like(y, sigma)
    if task == 'inpaint':
        y = degradation.forward(y)
    return Problem(task, y, degradation, sigma), truth


def run(problem: Problem, tools: Any, method: str = 'dpir', **params: Any) -> list[Step]:
    chosen = methods()[method]
    solver = find_solver(chosen)
    return list(solver(problem, chosen.parameters_class.create(params), tools))


def psnr(x: Tensor, truth: Tensor) -> float:
    return float(-10 * torch.log10((x - truth).square().mean()))
