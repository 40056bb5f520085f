"""The fixed operators of the deep image prior and of DeepRED."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from napari_fresco.physics import kernels
from napari_fresco.physics.operators import Blur, Degradation
from napari_fresco.physics.resample import LanczosDownsample, StridedFilter

from .base import Golden, close

# What the named kernels stand for: width and parameter, where the file does not give them.
NAMED: dict[str, dict[str, Any]] = {
    'lanczos2': {'kind': 'lanczos', 'support': 2},
    'lanczos3': {'kind': 'lanczos', 'support': 3},
    'gauss12': {'kind': 'gauss', 'kernel_width': 7, 'sigma': 0.5},
    'gauss1sq2': {'kind': 'gauss', 'kernel_width': 9, 'sigma': 0.5**0.5},
    'gauss_blur': {'kind': 'gauss', 'kernel_width': 25, 'sigma': 1.6, 'circular': True},
    'uniform_blur': {'kind': 'box', 'kernel_width': 9, 'circular': True},
    'uniform': {'kind': 'box'},
}


def check_downsampler(golden: Golden) -> None:
    config, expected = golden.meta['config'], golden.outputs
    kernel = _kernel(golden)
    close(kernel, expected['kernel'], 1e-12)
    x, r = torch.from_numpy(golden.inputs['x']), torch.from_numpy(golden.inputs['r'])
    close(_operator(kernel, config, x).forward(x), expected['y'], golden.meta['suggested_atol'])
    rounded = _operator(kernel.float(), config, x)
    close(rounded.forward(x.double()), expected['y_float64'], 1e-9)
    close(rounded.adjoint(r.double()), expected['adjoint_r_float64'], 1e-9)
    named = NAMED.get(config['kernel_type'], {})
    if named.get('kind') == 'lanczos' and config['factor'] % 2 == 0:
        operator = LanczosDownsample(config['factor'], named['support'], config.get('phase', 0))
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


def _kernel(golden: Golden) -> Tensor:
    """Return the kernel that the file describes, whose width may differ from the named ones."""
    config = golden.meta['config']
    made = {'kind': config['kernel_type'], **NAMED.get(config['kernel_type'], {})}
    made |= {k: v for k, v in config.items() if v is not None}
    half = made.get('phase', 0) == 0.5
    if made['kind'] == 'lanczos':
        usual = 2 * made['support'] * made['factor'] + 1
        size = made.get('kernel_width', usual) - half
        distance = (torch.arange(size, dtype=torch.float64) - (size - 1) / 2) / made['factor']
        taps = torch.sinc(distance) * torch.sinc(distance / made['support'])
        kernel = torch.outer(taps, taps)
        return kernel / kernel.sum()
    width = made.get('kernel_width') or golden.meta['kernel_shape'][0]
    if made['kind'] == 'box':
        return torch.from_numpy(kernels.box(width))
    halved = 'deep-image-prior' in golden.meta['source']
    return _gauss(width, 2 * made['sigma'] if halved else made['sigma'])


def _gauss(width: int, sigma: float) -> Tensor:
    square = (torch.arange(width, dtype=torch.float64) - (width - 1) / 2).square()
    kernel = torch.exp(-(square + square[:, None]) / (2 * sigma**2))
    return kernel / kernel.sum()


def _operator(kernel: Tensor, config: dict[str, Any], x: Tensor) -> Degradation:
    height, width = x.shape[-2:]
    size, scale = kernel.shape[0], config['factor']
    circular = NAMED.get(config['kernel_type'], {}).get('circular')
    if circular or config.get('pad_type') == 'circular':
        assert scale == 1
        return Blur(kernel, (height, width))
    margin = (size - 1) // 2 if size % 2 else int((size - scale) / 2)
    margin = margin if config.get('preserve_size') else 0
    return StridedFilter(kernel, scale, (margin,) * 4, (height, width))


CASES = {
    'dip/downsampler': check_downsampler,
    'dip/blur_fft_vs_conv': check_blur_fft_vs_conv,
}
