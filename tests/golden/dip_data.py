"""Golden cases of the mixed-degradation paper's test data, and of three PSNR conventions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from napari_fresco.evidence import metrics

from .base import Golden, close


def check_degradation(golden: Golden) -> None:
    seed, level = golden.meta['seed'], golden.meta['sigma'] / 255
    atol = golden.meta['suggested_atol']
    image = golden.inputs['image_u8']
    # Resized bicubically, the mask has gray values along its edges.
    mask = _resized(golden.inputs['mask_u8'], image.shape[:2], Image.Resampling.BICUBIC) / 255
    clean = image.transpose(2, 0, 1) / 255
    keep = mask.transpose(2, 0, 1)
    close(clean, golden.outputs['clean'], atol)
    close(keep, golden.outputs['mask'], atol)
    gaussian = np.random.RandomState(seed).normal(0, level, clean.shape)
    close(np.clip(clean * keep + gaussian, 0, 1), golden.outputs['degraded_gaussian'], atol)
    counts = np.random.RandomState(seed).poisson(level, clean.shape)
    close(np.clip(clean * keep + counts, 0, 1), golden.outputs['degraded_poisson'], atol)
    rows, cols = (n // 4 for n in image.shape[:2])
    cells = image[: 4 * rows, : 4 * cols]
    small = _resized(cells, (rows, cols), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(small, golden.outputs['lr_x4_pil'])
    ours = metrics.psnr(golden.outputs['degraded_gaussian'], golden.outputs['clean'])
    assert abs(ours - golden.outputs['psnr_gaussian'].item()) < 1e-4


def _resized(image: np.ndarray, shape: tuple[int, ...], rule: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(shape[::-1], rule))


def check_psnr_conventions(golden: Golden) -> None:
    a, b = (golden.inputs[name].transpose(1, 2, 0) for name in 'ab')
    ours = {
        'psnr_rgb': metrics.psnr(a, b),
        'psnr_y': metrics.psnr_y(a, b),
        'psnr_gray': metrics.psnr_gray(a, b),
    }
    for name, value in ours.items():
        assert abs(value - golden.outputs[name].item()) < 1e-5, name
    luma = np.rint(metrics.rgb_to_y(metrics.to_uint8(a))) / 255
    close(luma, golden.outputs['y_of_a'], 1e-6)


CASES: dict[str, Callable[[Golden], None]] = {
    'dip/degradation': check_degradation,
    'dip/psnr_conventions': check_psnr_conventions,
}
