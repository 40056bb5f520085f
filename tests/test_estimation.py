"""Estimate, then restore: one method finds the noise or the blur that another is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco import kernels
from napari_fresco.errors import KernelError, MethodError, ParameterError
from napari_fresco.generators import result_of
from napari_fresco.physics.problem import Problem
from napari_fresco.restoration import solver_choice
from napari_fresco.runtime import run
from napari_fresco.types import Step

SIGMA = 12.0
BLUR = kernels.gaussian(1.5, 0.8, 30, size=21)


@pytest.fixture(autouse=True)
def virnet(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put in VIRNet's place a solver that knows the answer; return what it was asked."""
    asked: list[str] = []

    def solver(problem: Problem, params: Any, tools: Any) -> Iterator[Step]:
        assert params.estimate_only
        asked.append(problem.task)
        scale = problem.degradation.scale
        x = problem.y.repeat_interleave(scale, -1).repeat_interleave(scale, -2)
        columns = torch.linspace(0.5, 1.5, x.shape[-1])
        variance = (columns * SIGMA / 255).square().expand(1, 1, *x.shape[-2:])
        kernel = torch.from_numpy(BLUR) if problem.task == 'super_resolve' else None
        yield Step(1, 1, x, variance=variance, kernel=kernel)

    found = run.find_solver
    monkeypatch.setattr(
        solver_choice, 'find_solver', lambda m: solver if m.name == 'virnet' else found(m)
    )
    return asked


@pytest.fixture
def image() -> np.ndarray:
    return ndimage.gaussian_filter(
        np.random.default_rng(0).normal(128, 300, (3, 20, 24)), (0, 3, 3)
    )


ASKED = {'method': 'dpir', 'model': 'box', 'device': 'cpu', 'data_range': (0, 255)}


def test_the_noise_map_of_one_method_steers_another(image, virnet) -> None:
    result = fresco.restore(image, task='denoise', sigma='virnet', **ASKED)
    sigma = SIGMA * np.linspace(0.5, 1.5, 24)
    np.testing.assert_allclose(result.variance, np.broadcast_to(sigma**2, image.shape), rtol=1e-5)
    told = fresco.restore(image, task='denoise', sigma=np.broadcast_to(sigma, image.shape), **ASKED)
    np.testing.assert_allclose(result.image, told.image, atol=1e-3)
    assert virnet == ['denoise'] * 3


def test_both_steps_are_recorded(image) -> None:
    record = fresco.restore(image[0], task='denoise', sigma='virnet', **ASKED).provenance
    assert (record['method'], record['estimate']['method']) == ('dpir', 'virnet')
    assert record['estimate']['parameters']['estimate_only']
    assert record['sigma'] == 'map'
    assert json.loads(json.dumps(record)) == record
    assert fresco.restore(image[0], task='denoise', **ASKED).provenance['estimate'] is None


def test_the_kernel_of_one_method_serves_another(image, virnet) -> None:
    given = {'task': 'super_resolve', 'scale': 2, 'sigma': 5, 'iterations': 3, **ASKED}
    result = fresco.restore(image[0], kernel='virnet', **given)
    direct = kernels.direct_sampling(BLUR, 2)
    np.testing.assert_allclose(result.kernel, direct, atol=1e-6)
    told = fresco.restore(image[0], kernel=direct, kernel_position='shifted', **given)
    np.testing.assert_allclose(result.image, told.image, atol=1e-3)
    assert result.provenance['geometry'] == told.provenance['geometry']
    assert result.provenance['kernel']['downsampling'] == 'direct'
    assert result.provenance['estimate']['kernel']['downsampling'] == 'bicubic'
    assert virnet == ['super_resolve']


def test_noise_and_kernel_are_estimated_one_after_the_other(image, virnet) -> None:
    result = fresco.restore(
        image, task='super_resolve', scale=2, kernel='virnet', sigma='virnet', **ASKED, iterations=2
    )
    assert result.image.shape == (3, 40, 48)
    assert virnet == ['denoise'] * 3 + ['super_resolve'] * 3
    assert result.variance.shape == result.image.shape
    record = result.provenance
    assert record['sigma'] == 'map'
    assert record['estimate']['task'] == 'super_resolve'
    assert record['estimate']['estimate']['task'] == 'denoise'
    assert record['estimate']['estimate']['estimate'] is None


def test_a_large_estimate_is_cut_to_a_small_image() -> None:
    image = np.random.default_rng(0).uniform(0, 255, (6, 9))
    result = fresco.restore(
        image, task='super_resolve', scale=2, kernel='virnet', sigma=5, **ASKED, iterations=2
    )
    assert result.image.shape == (12, 18)
    assert result.kernel.shape == (11, 17)


def test_a_cancel_in_the_estimate_gives_the_image_back(image) -> None:
    cancel = threading.Event()
    steps = fresco.iterate(image, task='denoise', sigma='virnet', cancel=cancel, **ASKED)
    next(steps)
    cancel.set()
    result = result_of(steps)
    assert result.finish == 'cancelled'
    np.testing.assert_array_equal(result.image, image)


def test_estimate_kernel(image) -> None:
    blur = fresco.estimate_kernel(image[0], scale=3, downsampling='bicubic')
    np.testing.assert_allclose(blur, BLUR, atol=1e-7)
    direct = fresco.estimate_kernel(image[0], scale=3)
    np.testing.assert_allclose(direct, kernels.direct_sampling(BLUR, 3), atol=1e-6)
    assert direct.sum() == pytest.approx(1)
    with pytest.raises(ParameterError, match="choose 'direct' or 'bicubic'"):
        fresco.estimate_kernel(image[0], downsampling='nearest')
    with pytest.raises(ParameterError, match='from 2 to 4'):
        fresco.estimate_kernel(image[0], scale=5)


@pytest.mark.parametrize(
    ('asked', 'error', 'match'),
    [
        ({'method': 'virnet', 'sigma': 'virnet'}, MethodError, 'by itself'),
        ({'method': 'scunet', 'sigma': 'virnet'}, MethodError, 'by itself'),
        ({'method': 'dpir', 'task': 'deblur', 'kernel': 'virnet'}, KernelError, 'as an array'),
        (
            {'method': 'dpir', 'task': 'super_resolve', 'scale': 5, 'kernel': 'virnet'},
            KernelError,
            'by 2, 3, 4, not',
        ),
        ({'method': 'dpir', 'task': 'deblur', 'kernel': 'vdir'}, KernelError, "or 'virnet'"),
        ({'method': 'dpir', 'task': 'denoise', 'sigma': 'vdir'}, ParameterError, "or 'virnet'"),
        ({'method': 'dpir', 'task': 'demosaic', 'sigma': 'virnet'}, MethodError, 'mosaic'),
        (
            {'method': 'bsrgan', 'scale': 2, 'kernel': np.ones((3, 3))},
            MethodError,
            'finds out the blur kernel by itself',
        ),
        ({'method': 'bsrgan', 'scale': 3}, ParameterError, 'a whole number, 2 or 4'),
    ],
)
def test_what_cannot_be_estimated(image, asked, error, match) -> None:
    with pytest.raises(error, match=match):
        fresco.restore(image[0], **asked)


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_kernels_say_where_they_look(image, scale) -> None:
    given = {'task': 'super_resolve', 'scale': scale, 'sigma': 5, 'iterations': 1, **ASKED}

    def offset(kernel: np.ndarray, position: str = 'auto') -> tuple[float, list[str]]:
        record = fresco.restore(
            image[0], kernel=kernel, kernel_position=position, **given
        ).provenance
        return record['geometry']['offset'][0], record['warnings']

    centred = kernels.gaussian(1.2)
    whole_field = (1 - scale) / (2 * scale)
    assert offset(centred) == (0, [])
    assert offset(kernels.shift(centred, scale)) == (whole_field, [])
    assert offset(kernels.bicubic(scale)) == (whole_field, [])
    assert offset(centred, 'shifted') == (whole_field, [])
    between = kernels.shift(centred, scale)
    between = between + centred[: between.shape[0], : between.shape[1]]
    _, (warning,) = offset(between)
    assert 'kernel_position' in warning
    assert offset(between, 'centred') == (0, [])
