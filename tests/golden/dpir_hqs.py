"""Golden cases of DPIR and IRCNN: whole iterations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from napari_fresco.evidence import metrics
from napari_fresco.physics import demosaic
from napari_fresco.physics.kernels import Kernel
from napari_fresco.physics.operators import Blur, Degradation, Downsample, Mask, Mosaic
from napari_fresco.physics.resample import pixel_shift, upsample_cubic
from napari_fresco.solvers import annealing, pnp
from napari_fresco.solvers.first_estimate import enlarged

from ..arrays import mosaic
from ..shepard import shepard
from . import authors_dpir
from .base import Golden, close
from .dpir_networks import (
    F64_ATOL,
    FORWARD_ATOL,
    Listed,
    authors_denoiser,
    bank,
    bytes_close,
    image,
    same,
    tensor,
)


def _plan(golden: Golden, task: str, scale: int = 1) -> annealing.Schedule:
    meta = golden.meta
    planned = annealing.plan(
        task,
        meta['noise_level_255'] / 255,
        scale=scale,
        iterations=meta['iter_num'],
        sigma_start=meta['modelSigma1'] / 255,
        sigma_end=None if meta.get('w', 1) == 1 else meta['modelSigma2'] / 255,
        regularization=meta['lambda_'],
    )
    # Noise above the usual first strength raises ours, where the authors' schedule climbs.
    planned = replace(planned, start=meta['modelSigma1'] / 255)
    if meta.get('w', 1) != 1:
        planned = authors_dpir.BlendedSchedule(**vars(planned), log_share=meta['w'])
    steps = range(planned.iterations)
    same(np.array([planned.sigma(k) for k in steps]), golden.inputs['sigmas'])
    same(np.array([planned.alpha(k) for k in steps]), golden.inputs['rhos'])
    return planned


def _loop(
    golden: Golden,
    y: Tensor,
    start: Tensor,
    degradation: Degradation,
    planned: annealing.Schedule,
    dtype: torch.dtype,
    *,
    clamp: bool = False,
) -> Iterator[pnp.HQSIterate]:
    return pnp.hqs(
        y.to(dtype),
        degradation.to(dtype=dtype),
        authors_denoiser(golden, dtype),
        planned,
        start.to(dtype),
        augment=golden.meta['x8'],
        clamp=clamp,
    )


def _check_loop(
    golden: Golden,
    y: Tensor,
    start: Tensor,
    degradation: Degradation,
    planned: annealing.Schedule,
    *,
    result: str = 'x',
    clamp: bool = False,
) -> Tensor:
    """Compare the whole iteration in double and single precision; return the latter's end."""
    meta, outputs = golden.meta, golden.outputs
    loose = max(meta['suggested_atol_f32'], FORWARD_ATOL)
    double = list(_loop(golden, y, start, degradation, planned, torch.float64, clamp=clamp))
    for n, k in enumerate(meta['trace_iterations']):
        data_atol = meta['trace_data_f32_vs_f64_maxabs'][n] + F64_ATOL
        close(double[k].x, outputs['trace_data'][n], data_atol)
        close(double[k].z, outputs['trace_denoised'][n], max(loose, 3 * data_atol))
    close(double[-1].z, outputs[f'{result}_f64'], F64_ATOL)
    *_, (_, single) = _loop(golden, y, start, degradation, planned, torch.float32, clamp=clamp)
    close(single, outputs[result], loose)
    return single


def check_hqs_deblur(golden: Golden) -> None:
    y = tensor(golden.inputs['y'])
    blur = Blur(golden.inputs['k'], y.shape[-2:])
    x = _check_loop(golden, y, y, blur, _plan(golden, 'deblur'))
    _check_psnr(golden, x, 'psnr')


def check_hqs_sisr(golden: Golden) -> None:
    meta, y, scale = golden.meta, tensor(golden.inputs['y']), golden.meta['sf']
    grid = [side * scale for side in y.shape[-2:]]
    degradation = Downsample(golden.inputs['k'], scale, grid)
    # The authors shift the start even where they have shifted the kernel.
    plain = upsample_cubic(y, scale)
    shifted = pixel_shift(plain, scale)
    start = shifted if meta['classical_degradation'] or meta['real_application'] else plain
    close(start, golden.outputs['x_init'], 2e-6)
    if not meta['real_application'] and _is_sure(golden.inputs['k'], scale):
        close(enlarged(y, degradation), golden.outputs['x_init'], 2e-6)
    reference = tensor(golden.outputs['x_init'])
    x = _check_loop(golden, y, reference, degradation, _plan(golden, 'super_resolve', scale))
    _check_psnr(golden, x, 'psnr_border_sf', border=scale)


def _is_sure(kernel: np.ndarray, scale: int) -> bool:
    """Tell whether the centre of mass of a kernel says where it looks."""
    return not Kernel.of(kernel, signed=True).placed(scale).warnings


def check_hqs_demosaic(golden: Golden) -> None:
    outputs, pattern = golden.outputs, golden.meta['pattern']
    truth = golden.inputs['img_H_uint8_hwc']
    cfa = mosaic(truth, pattern)
    np.testing.assert_array_equal(cfa, outputs['CFA_uint8_hw'])
    close(demosaic.malvar(cfa / 255, pattern).transpose(2, 0, 1)[None], outputs['init'], 1e-6)
    operator = Mosaic(pattern, truth.shape[:2])
    np.testing.assert_array_equal(operator.keep.numpy(), golden.inputs['mask'])
    y = tensor(golden.inputs['y']).sum(1, keepdim=True)
    z = _check_loop(
        golden,
        y,
        tensor(outputs['init']),
        operator,
        _plan(golden, 'demosaic'),
        result='x_before_overwrite',
        clamp=True,
    )
    x = pnp.with_measured(z, y, operator)
    close(x, outputs['x'], FORWARD_ATOL)
    _check_psnr(golden, x, 'psnr_border10', border=10)


def check_hqs_inpaint(golden: Golden) -> None:
    meta, outputs = golden.meta, golden.outputs
    keep = golden.inputs['mask_hw']
    start = shepard(
        golden.inputs['img_hwc'], keep, meta['shepard_window'], meta['shepard_p'], 'python'
    )
    close(start, outputs['shepard_init_hwc'], 1e-6)
    y = tensor(golden.inputs['y'])
    planned = annealing.Schedule(
        meta['modelSigma1'] / 255,
        meta['Msigma'] / 255,
        meta['Isigma_255'] / 255,
        meta['iter_num'],
        regularization=1 / 3,
    )
    steps = range(planned.iterations)
    same([255 * planned.sigma(k) for k in steps], outputs['sigmas_255'])
    same([planned.alpha(k) for k in steps], outputs['rhos'])
    models = [authors_dpir.matlab_model(s) - 1 for s in outputs['sigmas_255']]
    np.testing.assert_array_equal(models, outputs['model_index_0based'])
    start = tensor(outputs['shepard_init_hwc']).permute(2, 0, 1)[None]
    mask = Mask(tensor(golden.inputs['mask']))
    iterates = list(
        pnp.hqs(
            y,
            mask,
            Listed(bank(golden), models),
            planned,
            start,
            augment=meta['x8'],
            clamp=meta['clamp'],
        )
    )
    close(iterates[0].x, outputs['data_step0'], F64_ATOL)
    for n, k in enumerate(meta['trace_iterations']):
        close(iterates[k].x, outputs['trace_data'][n], FORWARD_ATOL)
    close(iterates[-1].z, outputs['x'], FORWARD_ATOL)


def _check_psnr(golden: Golden, x: Tensor, name: str, border: int = 0) -> None:
    """Compare bytes and PSNR with the authors'; real-world cases have no truth."""
    if 'img_H_uint8_hwc' not in golden.inputs:
        return
    atol = golden.meta['suggested_atol_f32']
    bytes_close(x, golden.outputs['img_E_uint8_hwc'], atol)
    truth = golden.inputs['img_H_uint8_hwc']
    ours = metrics.psnr_uint8(image(x), truth, border)
    assert abs(ours - golden.outputs[name].item()) < 1e-3 + 100 * atol
    if 'psnr_y_border_sf' in golden.outputs:
        ours = metrics.psnr_y(image(x), golden.inputs['img_H_uint8_hwc'], border)
        assert abs(ours - golden.outputs['psnr_y_border_sf'].item()) < 1e-2


CASES: dict[str, Callable[[Golden], None]] = {
    'dpir/hqs_deblur': check_hqs_deblur,
    'dpir/hqs_demosaic': check_hqs_demosaic,
    'dpir/hqs_inpaint': check_hqs_inpaint,
    'dpir/hqs_sisr': check_hqs_sisr,
}
