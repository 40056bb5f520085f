"""Golden cases of DPIR and IRCNN: schedules, turns and single passes of networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from napari_fresco.declare.parameters import PnPParameters
from napari_fresco.evidence import metrics
from napari_fresco.networks.ircnn import MODELS, bank_index
from napari_fresco.physics import dihedral
from napari_fresco.physics.operators import Identity
from napari_fresco.physics.problem import Problem
from napari_fresco.solvers import annealing, feedforward
from napari_fresco.solvers.ensemble import eightfold
from napari_fresco.types import Denoiser, Step

from . import authors_dpir
from .base import Golden, close
from .dpir_data import CASES as DATA
from .dpir_hqs import CASES as ITERATIONS
from .dpir_networks import (
    F64_ATOL,
    FORWARD_ATOL,
    bytes_close,
    drunet,
    image,
    same,
    tensor,
    wrapper_mode,
)
from .dpir_physics import CASES as PHYSICS


@dataclass
class _Tools:
    """Lends one denoiser under every name."""

    lent: Denoiser

    def denoiser(self, name: str, channels: int) -> Denoiser:
        return self.lent


def check_schedules(golden: Golden) -> None:
    outputs = golden.outputs
    for run in golden.meta['runs']:
        n = run['n']
        ends = run['modelSigma1'] / 255, run['modelSigma2'] / 255
        planned = authors_dpir.BlendedSchedule(
            *ends, noise=run['sigma'], iterations=run['iter_num'], log_share=run['w']
        )
        third = annealing.Schedule(*ends, run['sigma'], run['iter_num'], regularization=1 / 3)
        steps = range(run['iter_num'])
        sigmas = outputs[f'sigma{n}']
        same([planned.sigma(k) for k in steps], sigmas)
        same([planned.alpha(k) for k in steps], outputs[f'rho{n}'])
        same([third.alpha(k) for k in steps], outputs[f'rho_lamda3_{n}'])
        # Beyond the bank the authors' index points nowhere; ours is that of the strongest model.
        authors = [bank_index(s, authors=True) for s in sigmas]
        _same_models(authors, outputs[f'ircnn_idx_numpy1_{n}'])
        ideal = [bank_index(planned.sigma(k)) for k in steps]
        _same_models(ideal, outputs[f'ircnn_idx_float32_{n}'])
    for run in golden.meta['matlab_runs']:
        _check_matlab(golden, run)


def _same_models(indices: list[int], expected: np.ndarray) -> None:
    np.testing.assert_array_equal(indices, np.clip(expected, 0, MODELS - 1))


def _check_matlab(golden: Golden, run: dict[str, Any]) -> None:
    n, steps = run['n'], range(run['totalIter'])
    planned = annealing.Schedule(
        run['modelSigma1'] / 255, run['Msigma'] / 255, run['Isigma'], len(steps), 1 / 3
    )
    same([255 * planned.sigma(k) for k in steps], golden.outputs[f'matlab_sigma255_{n}'])
    same([planned.alpha(k) for k in steps], golden.outputs[f'matlab_rho_{n}'])
    models = [authors_dpir.matlab_model(s) for s in golden.outputs[f'matlab_sigma255_{n}']]
    np.testing.assert_array_equal(models, golden.outputs[f'matlab_model_1based_{n}'])


def check_augment(golden: Golden) -> None:
    x = tensor(golden.inputs['x'])
    for mode in range(dihedral.MODES):
        seen = dihedral.turn(x, mode)
        close(seen, golden.outputs[f'mode{mode}'], 0)
        inverse = golden.meta['inverse'][str(mode)]
        close(dihedral.turn(seen, inverse), golden.inputs['x'], 0)
        close(dihedral.turn_back(seen, mode), golden.inputs['x'], 0)


@torch.no_grad()
def check_drunet_forward(golden: Golden) -> None:
    single, double = drunet(golden, torch.float32), drunet(golden, torch.float64)
    stages: dict[str, Tensor] = {}
    for name, layer in _stages(single).items():
        layer.register_forward_hook(partial(_record, stages, name))
    for name in golden.inputs:
        n = name.removeprefix('x')
        x = tensor(golden.inputs[name])
        close(single(x), golden.outputs[f'y{n}'], FORWARD_ATOL)
        close(double(x.double()), golden.outputs[f'y{n}_f64'], F64_ATOL)
        if n == '0':
            for stage, value in stages.items():
                close(value, golden.outputs[f'stage0_{stage}'], FORWARD_ATOL)


def _record(stages: dict[str, Tensor], name: str, *call: Any) -> None:
    """Keep the output of a layer in the first forward pass."""
    stages.setdefault(name, call[-1])


def _stages(network: nn.Module) -> dict[str, nn.Module]:
    names = {'x1': 'm_head', 'x2': 'm_down1', 'x3': 'm_down2', 'x4': 'm_down3', 'body': 'm_body'}
    names |= {f'up{n}': f'm_up{n}' for n in (3, 2, 1)}
    return {stage: network.get_submodule(name) for stage, name in names.items()}


def check_denoise(golden: Golden) -> None:
    meta, outputs = golden.meta, golden.outputs
    network, mode = drunet(golden, torch.float32), wrapper_mode(meta['wrapper'])
    sigma = meta['sigma_255'] / 255
    for run in meta['runs']:
        n = run['n']
        x = tensor(golden.inputs[f'x{n}'])
        close(x[:, -1:], np.full_like(x[:, -1:], sigma), 1e-6)
        ensemble = mode.mode == 3
        once = authors_dpir.TestMode(1, modulo=mode.modulo) if ensemble else mode
        denoiser = authors_dpir.AuthorsDRUNet(network, meta['out_nc'], once)
        problem = Problem('denoise', x[:, :-1], Identity(), sigma)
        solver = eightfold(_one_pass) if ensemble else _one_pass
        *_, step = solver(problem, denoiser, None)
        close(step.x, outputs[f'y{n}'], FORWARD_ATOL)
        bytes_close(step.x, outputs[f'img_E{n}_uint8_hwc'])
        truth, ours = golden.inputs[f'img_H{n}_uint8_hwc'], metrics.to_uint8(image(step.x))
        assert abs(metrics.psnr(ours, truth) - outputs[f'psnr{n}'].item()) < 1e-3
        assert abs(metrics.ssim(ours, truth) - outputs[f'ssim{n}'].item()) < 1e-4


def _one_pass(problem: Problem, denoiser: Any, tools: Any) -> Iterator[Step]:
    """Denoise once: a solver whose parameters are the denoiser."""
    return feedforward.one_pass(problem, denoiser)


def check_jpeg_deblock(golden: Golden) -> None:
    meta, outputs = golden.meta, golden.outputs
    channels = meta['out_nc']
    name = 'drunet_deblocking_color' if channels == 3 else 'drunet_deblocking_gray'
    network = drunet(golden, torch.float32)
    denoiser = authors_dpir.AuthorsDRUNet(network, channels, authors_dpir.TestMode(0))
    for quality in meta['quality']:
        jpeg = golden.inputs[f'jpeg_q{quality}_uint8_hwc']
        y = tensor(jpeg).permute(2, 0, 1)[None] / 255
        problem = Problem('deblock', y, Identity(), 0.0)
        params = PnPParameters(model=name, quality=quality)
        (step,) = feedforward.deblock(problem, params, _Tools(denoiser))
        close(step.x, outputs[f'y_q{quality}'], FORWARD_ATOL)
        bytes_close(step.x, outputs[f'img_E_q{quality}_uint8_hwc'])


CASES: dict[str, Callable[[Golden], None]] = {
    'dpir/augment': check_augment,
    'dpir/denoise': check_denoise,
    'dpir/drunet_forward': check_drunet_forward,
    'dpir/jpeg_deblock': check_jpeg_deblock,
    'dpir/schedules': check_schedules,
    **ITERATIONS,
    **PHYSICS,
    **DATA,
}
