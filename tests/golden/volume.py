"""Richardson-Lucy and data steps of volumes, against dense solves and scikit-image."""

from __future__ import annotations

from itertools import islice

import numpy as np
import torch
from torch import Tensor

from napari_fresco.physics.degradation import Degradation
from napari_fresco.physics.operators import Blur, WindowedBlur
from napari_fresco.physics.resample import iterated_prox
from napari_fresco.solvers.richardson_lucy import likelier

from .base import Golden, close


def image(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array)[None, None]


class Zeros(Degradation):
    """A blur of what is dark beyond the border, and of the same size."""

    def __init__(self, kernel: np.ndarray, shape: tuple[int, ...]) -> None:
        self._whole = WindowedBlur(kernel, shape)

    def forward(self, x: Tensor) -> Tensor:
        return self._whole.forward(self._whole.embedded(x))

    def adjoint(self, y: Tensor) -> Tensor:
        return self._whole.seen(self._whole.adjoint(y))

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        raise NotImplementedError


def placed(x: Tensor, offset: list[int], shape: list[int]) -> np.ndarray:
    """Return x, whose window lies at the first corner, with its window at `offset`."""
    rolled = x[0, 0].roll(offset, (0, 1, 2))
    return rolled[tuple(slice(n) for n in shape)].numpy()


def check_circular(golden: Golden) -> None:
    y, meta = image(golden.inputs['y']), golden.meta
    start = torch.full_like(y, meta['start'])
    steps = likelier(y, Blur(golden.inputs['psf'], y.shape[2:]), start=start, accelerate=False)
    *_, last = islice(steps, meta['iterations'])
    close(last.x[0, 0], golden.outputs['x'], meta['tolerances']['rel_max'])


def check_zero_same(golden: Golden) -> None:
    y, meta = image(golden.inputs['y']), golden.meta
    same = Zeros(golden.inputs['psf'], tuple(y.shape[2:]))
    start, ones = torch.full_like(y, meta['start']), torch.ones_like(y)
    steps = likelier(y, same, start=start, weights=ones, accelerate=False)
    *_, last = islice(steps, meta['iterations'])
    close(last.x[0, 0], golden.outputs['x'], meta['tolerances']['rel_max'])


def check_finite_window(golden: Golden) -> None:
    y, meta = image(golden.inputs['y']), golden.meta
    offset, shape = meta['window_offset'], meta['extended_shape']
    degradation = WindowedBlur(golden.inputs['psf'], y.shape[2:])
    weights = degradation.adjoint(torch.ones_like(y))
    close(placed(weights, offset, shape), golden.outputs['weights'], 1e-9)
    background = meta['background']
    told = {'background': background, 'least_weight': meta['weight_floor']}
    steps = likelier(y, degradation, accelerate=False, **told)
    estimates = list(islice(steps, meta['iterations']))
    tolerance = meta['tolerances']['rel_max']
    close(placed(estimates[-1].x, offset, shape), golden.outputs['x'], tolerance)
    close(degradation.seen(estimates[-1].x)[0, 0], golden.outputs['x_window'], tolerance)
    predictions = [each.predicted + background for each in estimates]
    unlikely = [float((p - y * p.log()).sum()) for p in predictions]
    assert np.all(np.diff(unlikely) < 0)
    np.testing.assert_allclose(np.abs(unlikely), np.abs(golden.outputs['loglik']), rtol=1e-9)


def check_data_step(golden: Golden) -> None:
    for run in golden.meta['runs']:
        n = run['n']
        y, z = image(golden.inputs[f'y{n}']), image(golden.inputs[f'z{n}'])
        psf, expected = golden.inputs[f'psf{n}'], golden.outputs[f'x{n}']
        tolerances = golden.meta['tolerances']
        if 'noise map' in run['model']:
            alpha = run['mu'] * image(golden.inputs[f'sd{n}']) ** 2
            x = iterated_prox(Blur(psf, y.shape[2:]), z, y, alpha, 200)
            difference = np.linalg.norm(x[0, 0].numpy() - expected) / np.linalg.norm(expected)
            assert difference < tolerances['iterative_rel_l2']
        elif 'finite window' in run['model']:
            degradation = WindowedBlur(psf, y.shape[2:])
            offset = run['window_offset']
            room = [m - k for m, k in zip(degradation.grid, z.shape[2:], strict=True)]
            grown = torch.nn.functional.pad(z, [s for r in reversed(room) for s in (0, r)])
            x = degradation.prox(grown.roll([-o for o in offset], (2, 3, 4)), y, run['alpha'])
            found = placed(x, offset, list(z.shape[2:]))
            difference = np.linalg.norm(found - expected) / np.linalg.norm(expected)
            assert difference < tolerances['iterative_rel_l2']
        else:
            blur = Blur(psf, y.shape[2:])
            exact = blur.prox(z, y, run['alpha'])
            close(exact[0, 0], expected, tolerances['closed_form_f64'])
            x = blur.prox(z.float(), y.float(), run['alpha'])
            close(x[0, 0], expected, tolerances['closed_form_f32'])


CASES = {
    'rl/circular': check_circular,
    'rl/zero_same': check_zero_same,
    'rl/finite_window': check_finite_window,
    'volume/data_step': check_data_step,
}
