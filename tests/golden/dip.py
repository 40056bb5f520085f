"""Deep image prior and DeepRED: whole loops, and the rules that stop them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_fresco.networks import build
from napari_fresco.physics.operators import Blur, Identity, Mask
from napari_fresco.physics.resample import LanczosDownsample, StridedFilter
from napari_fresco.solvers.admm import Iterate, MovingAverage, iterate
from napari_fresco.solvers.prior_settings import Growth, Settings
from napari_fresco.solvers.stopping import MovingVariance, WindowedVariance
from napari_fresco.solvers.untrained import Fit, Hourglass, Operator

from .base import Golden, close
from .dip_data import CASES as DATA
from .dip_networks import CASES as NETWORKS
from .dip_operators import CASES as OPERATORS
from .red import read_network


def check_admm_loop(golden: Golden) -> None:
    meta, expected = golden.meta, golden.outputs
    kind, y = meta['kind'], _tensor(golden, 'y')
    start = torch.zeros_like(_tensor(golden, 'z')[:, : y.shape[1]])
    if kind in ('deepred_denoise', 'deepred_deblur'):
        start = y
    net = _hourglass(golden, _settings(golden))
    iterates = list(iterate(net, Fit(_operator(golden, start), y), _denoiser(golden), start))
    _compare(iterates, golden, {'x': 'x', 'u': 'u', 'out': 'out', 'denoised': 'f_x'})
    returned = iterates[-1].estimate
    if kind == 'deepred_denoise':
        average = MovingAverage(0.99, y.round())
        returned = [average.update(i.out) for i in iterates][-1]
    close(returned[0], expected['returned'], meta['suggested_atol'])


def check_dip_loop(golden: Golden) -> None:
    meta, y = golden.meta, _tensor(golden, 'y')
    start = torch.zeros_like(_tensor(golden, 'clean'))
    settings = Settings(meta['K'], meta['LR'], input_noise=meta['reg_noise_std'])
    operator = _operator(golden, start)
    if meta['kind'] == 'inpaint':
        y = operator(y)
    iterates = list(iterate(_hourglass(golden, settings), Fit(operator, y), None, start))
    _compare(iterates, golden, {'out': 'out', 'estimate': 'out'})
    if meta['exp_weight']:
        average = MovingAverage(meta['exp_weight'])
        for state, expected in zip(iterates, golden.outputs['out_avg'], strict=True):
            close(average.update(state.out)[0], expected, meta['suggested_atol'])


def check_windowed_variance(golden: Golden) -> None:
    meta, expected = golden.meta, golden.outputs
    rule = WindowedVariance(meta['window'], meta['patience'])
    scores, stop = _watch(rule, golden)
    epochs = [epoch for epoch, score in enumerate(scores) if score is not None]
    assert epochs == expected['variance_epoch'].tolist()
    rtol = meta['suggested_rtol']
    np.testing.assert_allclose([scores[e] for e in epochs], expected['variance'], rtol=rtol)
    assert (rule.best, stop) == (expected['best_epoch'], expected['stop_epoch'])


def check_moving_variance(golden: Golden) -> None:
    meta, expected = golden.meta, golden.outputs
    rule = MovingVariance(meta['alpha'], meta['patience'], warmup=meta['warmup'])
    scores, stop = _watch(rule, golden)
    later = slice(meta['warmup'] + 1, None)
    rtol = meta['suggested_rtol']
    np.testing.assert_allclose(scores[later], expected['emv'][later], rtol=rtol)
    assert (rule.best, stop) == (expected['best_epoch'], expected['stop_epoch'])
    assert rule.average is not None
    close(rule.average, expected['ema_final'], rtol)


def _watch(
    rule: WindowedVariance | MovingVariance, golden: Golden
) -> tuple[list[float | None], int]:
    scores, stop = [], -1
    for epoch, out in enumerate(torch.from_numpy(golden.inputs['x'])):
        scores.append(rule.update(out))
        if rule.stopped and stop < 0:
            stop = epoch
    return scores, stop


def _compare(iterates: list[Iterate], golden: Golden, images: dict[str, str]) -> None:
    """Assert that every iterate agrees."""
    atol, expected = golden.meta['suggested_atol'], golden.outputs
    numbers = {
        'data_loss': 'loss_y' if 'loss_y' in expected else 'loss',
        'prior_loss': 'loss_x',
        'penalty': 'mu',
        'regularization': 'beta',
        'learning_rate': 'lr',
    }
    assert len(iterates) == golden.meta['K']
    for k, state in enumerate(iterates):
        for mine, theirs in images.items():
            close(getattr(state, mine)[0], expected[theirs][k], atol)
        for mine, theirs in numbers.items():
            if theirs in expected:
                assert abs(getattr(state, mine) - expected[theirs][k]) <= atol


def _settings(golden: Golden) -> Settings:
    hyper = golden.meta['hyper']
    every = hyper['update_iter']
    threads = isinstance(every, int)
    growth = None
    if 'threshold' in hyper:
        growth = Growth(hyper['threshold'], hyper['threshold_step'], hyper['increase_reg'])
    return Settings(
        hyper['admm_iter'],
        hyper['LR'],
        decay=hyper.get('gamma', 1.0),
        decay_every=hyper.get('step_size', 1000),
        input_noise=hyper['noise_factor'],
        regularization=hyper['beta'],
        penalty=hyper['mu'],
        update='gradient' if hyper['method'] == 'grad' else 'fixed-point',
        step=hyper.get('LR_x'),
        denoise_every=every if threads else 1,
        delayed=threads,
        growth=growth,
    )


def _hourglass(golden: Golden, settings: Settings) -> Hourglass:
    z = _tensor(golden, 'z')
    network = build('skip', **_options(golden.meta['net'])).to(z.dtype)
    network.load_state_dict({k: v.to(z.dtype) for k, v in golden.state_dict().items()})
    noise = iter(torch.from_numpy(golden.inputs['eps']))
    return Hourglass(
        network,
        z,
        lambda: next(noise),
        settings,
        size=(z.shape[-2], z.shape[-1]),
    )


def _options(config: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}


def _operator(golden: Golden, x: Tensor) -> Operator:
    kind, inputs = golden.meta['kind'], golden.inputs
    if kind.endswith('inpaint'):
        return Mask(_tensor(golden, 'mask')).forward
    if kind.endswith('sr'):
        lanczos = LanczosDownsample(4)
        # The authors keep their kernels in float32.
        return StridedFilter(lanczos.kernel.float(), 4, lanczos.padding).forward
    if kind.endswith('deblur'):
        kernel = torch.from_numpy(inputs['h_kernel']).float()
        return Blur(kernel, (x.shape[-2], x.shape[-1])).to(x.device, x.dtype).forward
    return Identity().forward


def _denoiser(golden: Golden) -> Operator:
    if 'ffdnet' not in golden.meta['denoiser']:
        return _binomial
    weights = golden.path.parent.parent / 'weights' / 'ffdnet_color.npz'
    network = read_network(weights, torch.float32)
    return lambda x: network(x, golden.meta['hyper']['sigma_f'] / 255)


def _binomial(x: Tensor) -> Tensor:
    """The stand-in denoiser of the golden files: [1 2 1] x [1 2 1] / 16, edges replicated."""
    taps = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype)
    kernel = (torch.outer(taps, taps) / 16).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode='replicate'), kernel, groups=x.shape[1])


def _tensor(golden: Golden, name: str) -> Tensor:
    array = golden.inputs[name]
    tensor = torch.from_numpy(array.astype(golden.inputs['z'].dtype))
    return tensor if tensor.ndim == 4 else tensor[None]


CASES: dict[str, Callable[[Golden], None]] = {
    **DATA,
    **NETWORKS,
    **OPERATORS,
    'dip/admm_loop': check_admm_loop,
    'dip/dip_loop': check_dip_loop,
    'dip/es_wmv': check_windowed_variance,
    'dip/es_emv': check_moving_variance,
}
