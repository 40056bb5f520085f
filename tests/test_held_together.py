"""Decisions beside a limit: the planes of a stack make them together, a part as its whole does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.restoration import settled
from napari_fresco.restoration.request import Request
from napari_fresco.restoration.scene import Scene
from napari_fresco.runtime.network_denoiser import NetworkDenoiser

Floats = NDArray[np.float64]
SIDE, PLANES = 160, 7
KERNEL = fresco.kernels.gaussian(2.0, size=15)


def spots() -> Floats:
    random = np.random.default_rng(5)
    image = np.zeros((SIDE, SIDE))
    image[tuple(random.integers(8, SIDE - 8, (2, 40)))] = random.uniform(2000, 6000, 40)
    return ndimage.gaussian_filter(image, 2.5) + 20


def grainy(random: np.random.Generator, sigma: float, width: float) -> Floats:
    noise = ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), width)
    return sigma * noise / noise.std()


def stack_of(clean: Floats, sigma: float, width: float) -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    return np.stack([clean + grainy(random, sigma, width) for _ in range(PLANES)]).astype('f4')


def levels(stack: Any, **options: Any) -> list[Any]:
    request = Request.asked(stack, method='ffdnet', task='denoise', axes='TYX', **options)
    scene = Scene(request)
    found = []
    for index in request.layout.planes():
        scene.look_ahead(index)
        pixels = scene.read(index)
        found.append(scene.level(index, pixels, scene.range(index, pixels).span))
    return found


@pytest.mark.parametrize('width', [0.42, 0.44, 0.45, 0.46, 0.48])
def test_planes_are_told_one_grain(width: float) -> None:
    found = levels(stack_of(spots(), 12, width))
    assert max(found) < 1.15 * min(found)


@pytest.mark.parametrize('times', [2.4, 2.6, 2.8, 3.0])
def test_either_all_planes_have_a_map_of_noise_or_none(times: float) -> None:
    random = np.random.default_rng(1)
    away = np.hypot(*(np.mgrid[:SIDE, :SIDE] / SIDE - 0.5)) / 0.7
    loud = 1 + (times - 1) * away
    planes = [spots() + loud * random.normal(0, 8, (SIDE, SIDE)) for _ in range(PLANES)]
    assert len({np.ndim(level) for level in levels(np.stack(planes))}) == 1


@pytest.mark.parametrize('width', [0.44, 0.46, 0.48])
def test_planes_are_told_as_much_more_noise_where_a_blur_is_undone(width: float) -> None:
    stack = stack_of(ndimage.gaussian_filter(spots(), 2), 4, width)
    result = fresco.restore(stack, method='wiener', task='deblur', kernel=KERNEL, axes='TYX')
    fine = [np.std(plane - ndimage.gaussian_filter(plane, 1)) for plane in result.image]
    assert max(fine) < 1.25 * min(fine)


@pytest.mark.parametrize('method', ['wiener', 'richardson_lucy'])
@pytest.mark.parametrize('small', [True, False])
def test_a_region_is_filtered_like_its_whole(
    method: str, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not small:  # so that squares stand for the whole
        monkeypatch.setattr(settled, '_ASKED', 144)
        monkeypatch.setattr(settled, '_WATCHED', 144)
    noise = np.random.default_rng(3).normal(0, 3, (SIDE, SIDE))
    image = (ndimage.gaussian_filter(spots(), 2) + noise).astype('f4')
    how: Any = {'method': method, 'task': 'deblur', 'kernel': KERNEL}
    whole = fresco.restore(image, **how).image
    with fresco.Session(device='cpu') as session:
        region = session.restore(image[30:130, 20:140], context=image, **how).image
    inner = np.s_[24:-24, 24:-24]
    error = np.abs(region[inner] - whole[30:130, 20:140][inner])
    assert error.max() < 0.25 * np.std(whole[30:130, 20:140][inner])
    assert np.sqrt(np.mean(error**2)) < 1.0


def test_a_plane_and_a_region_of_it_double_the_noise_as_their_stack_does() -> None:
    stack = stack_of(ndimage.gaussian_filter(spots(), 2), 4, 0.46)
    how: Any = {'method': 'wiener', 'task': 'deblur', 'kernel': KERNEL}
    told = '2 times the noise'
    with fresco.Session(device='cpu') as session:
        whole = session.restore(stack, axes='TYX', **how)
        given: Any = {'context': fresco.Image.of(stack, axes='TYX'), 'context_index': (1,)}
        plane = session.restore(stack[1], **given, **how)
        region = session.restore(stack[1, 20:140, 10:150], **given, **how)
    for each in (whole, plane, region):
        assert any(told in said for said in each.provenance['warnings'])


def test_planes_that_decide_for_a_stack_are_restored_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack = stack_of(ndimage.gaussian_filter(spots(), 2), 4, 0.1)[:4, :64, :72]
    calls: list[Any] = []
    before = NetworkDenoiser.__call__

    def counted(self: Any, *args: Any) -> Any:
        calls.append(args)
        return before(self, *args)

    monkeypatch.setattr(NetworkDenoiser, '__call__', counted)
    given: dict[str, Any] = {'method': 'dpir', 'task': 'deblur', 'kernel': KERNEL, 'iterations': 3}
    steps: list[tuple[Any, ...]] = []
    result = fresco.restore(
        stack, axes='TYX', **given, callback=lambda step: steps.append((step.plane, step.index))
    )
    assert len(calls) == len(stack) * 3
    assert {plane for plane, _ in steps} == {(i,) for i in range(len(stack))}
    assert steps[-1][1] == len(stack) * 3
    assert result.restored == len(stack)
    whole = fresco.restore(stack[2], axes='YX', **given).image  # decides as the stack does
    np.testing.assert_allclose(result.image[2], whole, atol=1e-3)
