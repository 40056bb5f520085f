"""The fixed operators of the deep image prior and of DeepRED."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from napari_fresco.physics.operators import Blur, Degradation
from napari_fresco.physics.resample import LanczosDownsample, StridedFilter, lanczos_kernel

from .base import Golden, close

GAUSS_WIDTHS = {'gauss12': (7, 0.5), 'gauss1sq2': (9, 0.5**0.5), 'gauss_blur': (25, 1.6)}
LANCZOS_SUPPORT = {'lanczos2': 2, 'lanczos3': 3}


def check_downsampler(golden: Golden) -> None:
    config, expected = golden.meta['config'], golden.outputs
    kernel = _kernel(config, golden.meta['source'])
    close(kernel, expected['kernel'], 1e-12)
    x, r = torch.from_numpy(golden.inputs['x']), torch.from_numpy(golden.inputs['r'])
    close(_operator(kernel, config, x).forward(x), expected['y'], golden.meta['suggested_atol'])
    rounded = _operator(kernel.float(), config, x)
    close(rounded.forward(x.double()), expected['y_float64'], 1e-9)
    close(rounded.adjoint(r.double()), expected['adjoint_r_float64'], 1e-9)
    if config['kernel_type'] in LANCZOS_SUPPORT and config['factor'] % 2 == 0:
        support, phase = LANCZOS_SUPPORT[config['kernel_type']], config.get('phase', 0)
        operator = LanczosDownsample(config['factor'], support, phase)
        if config.get('preserve_size'):
            close(operator.forward(x), expected['y'], golden.meta['suggested_atol'])


def check_blur_fft_vs_conv(golden: Golden) -> None:
    image = torch.from_numpy(golden.inputs['im'])[None]
    shape = tuple(image.shape[-2:])
    blurs = {'uniform': torch.full((9, 9), 1 / 81, dtype=torch.float64), 'gauss': _gauss(25, 1.6)}
    for name, kernel in blurs.items():
        blurred = Blur(kernel, shape).forward(image)[0]
        # Both of the authors' results hold a kernel or a transform in float32.
        close(blurred, golden.outputs[f'{name}_blur_conv'], 1e-6)
        rolled = blurred.roll([-(n % 2) for n in shape], (-2, -1))
        close(rolled, golden.outputs[f'{name}_blur_fft'], 1e-6)


def _kernel(config: dict[str, Any], source: str) -> Tensor:
    kind, scale = config['kernel_type'], config['factor']
    if kind in LANCZOS_SUPPORT:
        return lanczos_kernel(scale, LANCZOS_SUPPORT[kind], config.get('phase', 0))
    if kind == 'uniform_blur':
        return torch.full((9, 9), 1 / 81, dtype=torch.float64)
    width, sigma = GAUSS_WIDTHS[kind]
    halved = 'deep-image-prior' in source
    return _gauss(width, 2 * sigma if halved else sigma)


def _gauss(width: int, sigma: float) -> Tensor:
    square = (torch.arange(width, dtype=torch.float64) - (width - 1) / 2).square()
    kernel = torch.exp(-(square + square[:, None]) / (2 * sigma**2))
    return kernel / kernel.sum()


def _operator(kernel: Tensor, config: dict[str, Any], x: Tensor) -> Degradation:
    height, width = x.shape[-2:]
    if config['kernel_type'].endswith('_blur'):
        return Blur(kernel, (height, width))
    size, scale = kernel.shape[0], config['factor']
    margin = (size - 1) // 2 if size % 2 else (size - scale) // 2
    margin = margin if config.get('preserve_size') else 0
    return StridedFilter(kernel, scale, (margin,) * 4, (height, width))


CASES = {
    'dip/downsampler': check_downsampler,
    'dip/blur_fft_vs_conv': check_blur_fft_vs_conv,
}
