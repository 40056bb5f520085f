"""Deep image prior and DeepRED: whole loops, and the rules that stop them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_fresco.networks import build
from napari_fresco.physics.operators import Blur, Identity, Mask
from napari_fresco.physics.resample import LanczosDownsample, StridedFilter
from napari_fresco.solvers.admm import ADMMIterate, MovingAverage, iterate
from napari_fresco.solvers.prior_settings import Growth, Settings
from napari_fresco.solvers.stopping import MovingVariance, WindowedVariance
from napari_fresco.solvers.untrained import Fit, Hourglass, Operator

from .base import Golden, close
from .dip_data import CASES as DATA
from .dip_networks import CASES as NETWORKS
from .dip_operators import CASES as OPERATORS
from .red import read_network


def check_admm_loop(golden: Golden) -> None:
    meta, y = golden.meta, _tensor(golden, 'y')
    start = torch.zeros_like(_tensor(golden, 'z')[:, : y.shape[1]])
    if any(task in meta['kind'] for task in ('denoise', 'deblur')):
        start = y
    net = _hourglass(golden, _settings(golden))
    iterates = list(iterate(net, Fit(_operator(golden, start), y), _denoiser(golden), start))
    _compare(iterates, golden, {'x': 'x', 'u': 'u', 'out': 'out', 'denoised': 'f_x'})
    returned = iterates[-1].estimate
    if meta['returned'].startswith('avg'):
        average = MovingAverage(_decay(meta['returned']), y.round())
        returned = [average.update(i.out) for i in iterates][-1]
    close(returned[0], golden.outputs['returned'], meta['suggested_atol'])


def _decay(returned: str) -> float:
    """Return the decay of an average that is told as ``avg (EMA 0.99 of net outputs)``."""
    told = re.search(r'EMA ([\d.]+)', returned)
    return 0.99 if told is None else float(told.group(1))


def check_dip_loop(golden: Golden) -> None:
    meta, y = golden.meta, _tensor(golden, 'y')
    start = torch.zeros_like(_tensor(golden, 'clean'))
    settings = Settings(
        meta['K'],
        meta['LR'],
        input_noise=meta['reg_noise_std'],
        total_variation=meta.get('tv_weight') or 0.0,
    )
    operator = _operator(golden, start)
    if 'inpaint' in meta['kind']:
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


def _compare(iterates: list[ADMMIterate], golden: Golden, images: dict[str, str]) -> None:
    """Assert that every iterate agrees."""
    atol, expected = golden.meta['suggested_atol'], golden.outputs
    assert len(iterates) == golden.meta['K']
    for k, state in enumerate(iterates):
        for mine, theirs in images.items():
            close(getattr(state, mine)[0], expected[theirs][k], atol)
        total = state.data_loss + state.penalty * state.prior_loss + state.roughness
        numbers = {
            'loss': total,
            'loss_total': total,
            'loss_y': state.data_loss,
            'loss_x': state.prior_loss,
            'loss_tv': state.roughness,
            'mu': state.penalty,
            'beta': state.regularization,
            'lr': state.learning_rate,
        }
        for name in numbers.keys() & expected.keys():
            assert abs(numbers[name] - expected[name][k]) <= atol * max(1, abs(numbers[name])), name


UPDATES = {'fixed_point': 'fixed-point', 'grad': 'gradient', 'mixed': 'mixed'}


def _settings(golden: Golden) -> Settings:
    hyper = golden.meta['hyper']
    every = hyper['update_iter']
    threads = isinstance(every, int)
    growth = None
    if 'threshold' in hyper:
        growth = Growth(hyper['threshold'], hyper['threshold_step'], hyper['increase_reg'])
    return Settings(
        hyper.get('admm_iter', golden.meta['K']),
        hyper['LR'],
        decay=hyper.get('gamma', 1.0),
        decay_every=hyper.get('step_size', 1000),
        input_noise=hyper['noise_factor'],
        regularization=_weight(golden, 'beta'),
        penalty=_weight(golden, 'mu'),
        update=UPDATES[hyper['method']],
        step=hyper.get('LR_x'),
        denoise_every=every if threads else 1,
        delayed=threads,
        growth=growth,
    )


def _weight(golden: Golden, name: str) -> float:
    """Return a weight; the notebooks that hold it constant add an increment to it first."""
    hyper, used = golden.meta['hyper'], float(golden.outputs[name][0])
    given = hyper.get(name, used)
    raised = given + hyper.get('increase_reg', 0.0) * ('threshold' not in hyper)
    return used if math.isclose(used, raised, rel_tol=1e-6) else given


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
    # How to interpolate is the same in both of PyTorch's ways; corners were never aligned.
    config = {k: v for k, v in config.items() if k != 'use_interpolate'}
    assert not config.pop('align_corners', False)
    return {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}


def _operator(golden: Golden, x: Tensor) -> Operator:
    kind, inputs, meta = golden.meta['kind'], golden.inputs, golden.meta
    if 'inpaint' in kind:
        return Mask(_tensor(golden, 'mask')).forward
    if 'sr' in kind.split('_') or 'super' in kind:
        scale = meta.get('factor') or meta.get('hyper', {}).get('factor')
        scale = scale or x.shape[-2] // inputs['y'].shape[-2]
        lanczos = LanczosDownsample(scale)
        if 'h_kernel' in inputs:
            close(lanczos.kernel, inputs['h_kernel'], 1e-6)
        # The authors keep their kernels in float32.
        return StridedFilter(lanczos.kernel.float(), scale, lanczos.padding).forward
    if 'deblur' in kind:
        kernel = torch.from_numpy(inputs['h_kernel']).float()
        return Blur(kernel, (x.shape[-2], x.shape[-1])).to(x.device, x.dtype).forward
    return Identity().forward


def _denoiser(golden: Golden) -> Operator:
    """Return the denoiser of the file, in the precision of the loop, with its strengths in turn."""
    meta, dtype = golden.meta, torch.from_numpy(golden.inputs['z']).dtype
    named = re.search(r'(ffdnet|dncnn)_?\w*', meta['denoiser'])
    if named is None:
        return _binomial
    folder = golden.path.parent.parent
    path = folder / meta.get('weights_file', f'weights/{named.group()}.npz')
    network = read_network(path, dtype)
    strengths = _strengths(meta['hyper'])

    def denoise(x: Tensor) -> Tensor:
        sigma = next(strengths) / 255
        if 'gray' not in named.group():
            return network(x, sigma)
        return network(x.transpose(0, 1), sigma).transpose(0, 1)

    return denoise


def _strengths(hyper: dict[str, Any]) -> Iterator[float]:
    """Yield the strength of every call: constant, or less by a little each time."""
    known = ('sigma_f', 'noise_sigma', 'NOISE_SIGMA')
    steps = [abs(v) for k, v in hyper.items() if 'sigma' in k and k not in known]
    less = steps[0] if steps and isinstance(steps[0], float) else 0.0
    return (hyper['sigma_f'] - less * k for k in itertools.count(1))


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
