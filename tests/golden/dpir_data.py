"""Golden cases of DPIR's test data and of its quality measures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from napari_fresco.degrade.blur import authors_truncated
from napari_fresco.evidence import metrics
from napari_fresco.physics.operators import Downsample
from napari_fresco.physics.resample import imresize, upsample_cubic

from ..arrays import blur
from .base import Golden, close


def check_degradation(golden: Golden) -> None:
    for run in golden.meta['runs']:
        n, scale = run['n'], run['sf']
        image, kernel = golden.inputs[f'img{n}_hwc'], golden.inputs[f'k{n}']
        truncated = authors_truncated(image, kernel)[::scale, ::scale]
        np.testing.assert_array_equal(truncated, golden.outputs[f'lr_uint8_{n}_hwc'])
        exact = blur(image / 255, kernel)[::scale, ::scale]
        close(exact, golden.outputs[f'lr_float_{n}_hwc'], 1e-12)
        _check_sampling(golden, n, scale)
        _check_resampling(golden, n, scale, image)


def _check_sampling(golden: Golden, n: int, scale: int) -> None:
    """Plain sampling is the operator whose kernel is one pixel."""
    x = torch.from_numpy(golden.inputs[f't{n}'])
    kept = x[0].permute(1, 2, 0).numpy()[::scale, ::scale]
    close(kept.transpose(2, 0, 1)[None], golden.outputs[f'downsample{n}'], 0)
    large = golden.outputs[f'upsample{n}']
    operator = Downsample(torch.ones(1, 1, dtype=torch.float64), scale, large.shape[-2:])
    close(operator.adjoint(x.double()), large, 1e-6)


def _check_resampling(golden: Golden, n: int, scale: int, image: np.ndarray) -> None:
    planes = torch.from_numpy(image.transpose(2, 0, 1) / 255)[None]
    larger = upsample_cubic(planes, scale)[0].permute(1, 2, 0)
    close(larger, golden.outputs[f'cv2_cubic_up_{n}_hwc'], 2e-6)
    smaller = golden.outputs.get(f'bicubic_matlab_{n}_hwc')
    if smaller is not None:
        close(imresize(planes, 1 / scale)[0].permute(1, 2, 0), smaller, 2e-6)


def check_metrics(golden: Golden) -> None:
    a, b = golden.inputs['a_uint8_hwc'], golden.inputs['b_uint8_hwc']
    for border in golden.meta['borders']:
        ours = {
            'psnr': metrics.psnr(a, b, border=border),
            'psnr_y': metrics.psnr_y(a, b, border),
            'ssim': metrics.ssim(a, b, border=border),
            # The authors' gray image is the first channel.
            'ssim_gray': metrics.ssim(a[..., 0], b[..., 0], border=border),
        }
        for name, value in ours.items():
            assert abs(value - golden.outputs[f'{name}_b{border}'].item()) < 1e-9, (name, border)
    ycbcr = np.rint(metrics.rgb_to_ycbcr(a))
    np.testing.assert_array_equal(ycbcr, golden.outputs['ycbcr_a_uint8_hwc'])
    np.testing.assert_array_equal(ycbcr[..., 0], golden.outputs['y_a_uint8_hw'])
    back = np.clip(np.rint(_rgb(ycbcr)), 0, 255)
    np.testing.assert_array_equal(back, golden.outputs['rgb_back_hwc'])


def _rgb(ycbcr: np.ndarray) -> np.ndarray:
    """Invert MATLAB's YCbCr with the digits of the authors; more would move single bytes."""
    luma, blue, red = (
        np.array([0.00456621, 0.00456621, 0.00456621]),
        np.array([0.0, -0.00153632, 0.00791071]),
        np.array([0.00625893, -0.00318811, 0.0]),
    )
    channels = np.moveaxis(ycbcr, -1, 0)[..., None]
    colours = 255 * (channels[0] * luma + channels[1] * blue + channels[2] * red)
    return np.asarray(colours + np.array([-222.921, 135.576, -276.836]))


CASES: dict[str, Callable[[Golden], None]] = {
    'dpir/degradation': check_degradation,
    'dpir/metrics': check_metrics,
}
