"""DPIR's data step and pixel shift."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from napari_fresco.physics import kernels
from napari_fresco.physics.operators import Blur, Downsample
from napari_fresco.physics.resample import pixel_shift
from napari_fresco.physics.spectral import transfer_function

from .base import Golden, close


def check_data_term_fft(golden: Golden) -> None:
    for run in golden.meta['runs']:
        n, scale, alpha = run['n'], run['sf'], run['alpha']
        kernel, z = golden.inputs[f'k{n}'], torch.from_numpy(golden.inputs[f'z{n}'])
        y, shape = torch.from_numpy(golden.inputs[f'y{n}']), tuple(z.shape[-2:])
        otf = transfer_function(torch.from_numpy(kernel), shape)
        half = otf.shape[-1]
        close(otf.real, golden.outputs[f'otf{n}_re'][:, :half], 1e-12)
        close(otf.imag, golden.outputs[f'otf{n}_im'][:, :half], 1e-12)
        operators = [Downsample(kernel, scale, shape)]
        if scale == 1:
            operators.append(Blur(kernel, shape))
        for operator in operators:
            # The authors divide by alpha, which magnifies the rounding of their float32.
            close(operator.prox(z, y, alpha), golden.outputs[f'x{n}'], max(5e-6, 1e-7 / alpha))
            x = operator.prox(z.double(), y.double(), alpha)
            close(x, golden.outputs[f'x{n}_f64'], 1e-9)


def check_pixel_shift(golden: Golden) -> None:
    for run in golden.meta['runs']:
        x = golden.inputs[f'x{run["n"]}']
        close(_shift(x, run), golden.outputs[f'y{run["n"]}'], 1e-6 if x.dtype == 'f4' else 1e-12)
    for name, kernel in golden.inputs.items():
        if name.startswith('realapp_gauss_sf'):
            scale = int(name.removeprefix('realapp_gauss_sf'))
            expected = golden.outputs[f'realapp_kernel_sf{scale}']
            shifted = pixel_shift(torch.from_numpy(kernel), scale)
            close(shifted / shifted.sum(), expected, 1e-12)
            close(kernels.shift(kernel, scale), expected, 1e-12)


def _shift(x: np.ndarray, run: dict[str, Any]) -> np.ndarray:
    planes = torch.from_numpy(x)
    if x.ndim == 3:
        planes = planes.permute(2, 0, 1)
    shifted = pixel_shift(planes, run['sf'], run['upper_left'])
    return (shifted.permute(1, 2, 0) if x.ndim == 3 else shifted).numpy()


CASES = {
    'dpir/data_term_fft': check_data_term_fft,
    'dpir/pixel_shift': check_pixel_shift,
}
