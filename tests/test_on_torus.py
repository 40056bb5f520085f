"""What continues a blurred image lies all around it: no border of it is that of a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage import data

import napari_fresco as fresco
from napari_fresco.physics.boundary import crop, extend
from napari_fresco.physics.operators import Downsample
from napari_fresco.physics.problem import Problem
from napari_fresco.solvers.on_torus import centred
from napari_fresco.types import Step

KERNEL = fresco.kernels.gaussian(1.2, size=9)


@pytest.mark.parametrize('scale', [1, 3])
@pytest.mark.parametrize('mapped', [False, True])
def test_a_solver_sees_the_image_in_the_middle_and_steps_come_back(
    scale: int, mapped: bool
) -> None:
    y = extend(torch.rand(1, 2, 20, 24), 16)
    level: Any = y[:, :1] / 10 if mapped else 0.1
    grid = [scale * n for n in y.shape[2:]]
    seen = []

    def finer(values: torch.Tensor) -> torch.Tensor:
        return values.repeat_interleave(scale, -2).repeat_interleave(scale, -1)

    def solver(problem: Problem, params: Any, tools: Any) -> Iterator[Step]:
        seen.append(problem)
        x = finer(problem.y)
        yield Step(1, 1, x, variance=problem.y, filled=x[0, 0] > 0.5, latent=torch.ones(1, 3, 5, 5))

    problem = Problem('deblur', y, Downsample(KERNEL, scale, grid), level, size=(20, 24))
    (step,) = centred(solver)(problem, None, None)  # type: ignore[arg-type]
    assert torch.equal(step.x, finer(y))
    assert step.variance is not None
    assert torch.equal(step.variance, y)
    assert step.filled is not None
    assert torch.equal(step.filled, finer(y)[0, 0] > 0.5)
    moved = seen[0].y[..., 8:, 8:]
    assert torch.equal(crop(moved, (1, 2, 20, 24)), crop(y, (1, 2, 20, 24)))
    if mapped:
        torch.testing.assert_close(seen[0].sigma, seen[0].y[:, :1] / 10)


def test_no_corner_is_deblurred_unlike_the_others() -> None:
    """Turned upside down and back, a result is the same at its border as elsewhere."""
    blurred = ndimage.convolve(data.camera()[100:164, 150:214].astype(float), KERNEL)[8:-8, 8:-8]
    y = (blurred + np.random.default_rng(0).normal(0, 3, blurred.shape)).astype(np.float32)
    told: Any = {'method': 'dpir', 'task': 'deblur', 'kernel': KERNEL, 'sigma': 3.0}
    upright = fresco.restore(y, **told).image
    turned = fresco.restore(y[::-1, ::-1].copy(), **told).image[::-1, ::-1]
    frame = np.ones(y.shape, bool)
    frame[3:-3, 3:-3] = False
    unlike = np.square(upright - turned)
    assert unlike[frame].mean() < 3 * unlike[~frame].mean()
