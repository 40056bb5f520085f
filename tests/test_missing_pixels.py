"""Pixels without a value, damaged ones and outliers: they touch nothing but themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.declare.methods import METHODS
from napari_fresco.noise.outliers import ordinary, outliers
from napari_fresco.restoration.hot_pixels import hot_pixels_of

Array = np.ndarray[Any, Any]
SIDE = 40
QUICK: dict[str, dict[str, Any]] = {
    'dpir': {'iterations': 3},
    'ircnn': {'iterations': 3},
    'deepred': {'iterations': 3, 'channels': 8},
}
INPAINTING = [name for name, method in METHODS.items() if 'inpaint' in method.tasks]


def scene(shape: tuple[int, ...] = (SIDE, SIDE), seed: int = 0) -> Array:
    random = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(random.normal(0, 1, shape), [0] * (len(shape) - 2) + [4, 4])
    return np.asarray(120 + 400 * smooth + random.normal(0, 6, shape))


def hole(shape: tuple[int, ...] = (SIDE, SIDE)) -> Array:
    mask = np.zeros(shape, bool)
    mask[..., 10:16, 8:30] = mask[..., 25, ::3] = True
    return mask


def quick(method: str) -> dict[str, Any]:
    known = {p.name for p in METHODS[method].parameters}
    return {k: v for k, v in QUICK.get(method, {'iterations': 3}).items() if k in known}


@pytest.mark.parametrize('method', INPAINTING)
@pytest.mark.parametrize('dtype', [np.float32, np.uint16])
def test_what_lies_under_a_mask_has_no_influence(method: str, dtype: type) -> None:
    mask = hole()
    image = scene().clip(0).astype(dtype)
    garbage: list[Any] = [0, 65535, np.random.default_rng(1).uniform(0, 6e4, mask.sum())]
    garbage += [np.nan, np.inf, -1e30] if dtype is np.float32 else []
    results = []
    for values in garbage:
        spoiled = image.copy()
        spoiled[mask] = np.asarray(values).astype(dtype)
        results.append(
            fresco.restore(
                spoiled, method=method, task='inpaint', mask=mask, device='cpu', **quick(method)
            )
        )
    for result in results:
        np.testing.assert_array_equal(result.image, results[0].image)
        assert result.provenance['data_range'] == results[0].provenance['data_range']
        assert result.provenance['planes'] == results[0].provenance['planes']
        np.testing.assert_array_equal(result.image[~mask], image[~mask])
        np.testing.assert_array_equal(result.filled, mask)
        assert np.isfinite(result.image).all()


@pytest.mark.parametrize('sigma', ['auto', 6, 'virnet'])
@pytest.mark.parametrize('axes', ['TYX', 'YXT', 'CYX', 'YXS'])
def test_nor_has_it_in_stacks_and_colours(sigma: Any, axes: str) -> None:
    mask = np.moveaxis(hole((3, SIDE, SIDE)), 0, axes.index(axes.strip('YX')))
    image = np.moveaxis(scene((3, SIDE, SIDE)), 0, axes.index(axes.strip('YX')))
    results = [
        fresco.restore(
            np.where(mask, values, image),
            method='ircnn',
            task='inpaint',
            mask=mask,
            axes=axes,
            sigma=sigma,
            device='cpu',
            iterations=2,
        ).image
        for values in (0.0, 1e6, np.nan)
    ]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


TASKS: list[tuple[str, str, dict[str, Any]]] = [
    ('ffdnet', 'denoise', {}),
    ('virnet', 'denoise', {}),
    ('dpir', 'deblur', {'kernel': fresco.kernels.gaussian(1.0), 'iterations': 2}),
    ('usrnet', 'super_resolve', {'scale': 2}),
    ('dpir', 'demosaic', {'iterations': 2}),
    ('dpir', 'deblock', {}),
    ('ircnn', 'inpaint', {'mask': np.eye(SIDE, dtype=bool), 'iterations': 2}),
]


@pytest.mark.parametrize(('method', 'task', 'given'), TASKS, ids=[task for _, task, _ in TASKS])
def test_missing_pixels_are_given_back_and_the_rest_is_restored(
    method: str, task: str, given: dict[str, Any]
) -> None:
    image = scene()
    absent = hole() & ~np.eye(SIDE, dtype=bool)
    results = [
        fresco.restore(
            np.where(absent, values, image), method=method, task=task, device='cpu', **given
        ).image
        for values in (np.nan, np.inf)
    ]
    scale = given.get('scale', 1)
    expected = absent.repeat(scale, 0).repeat(scale, 1)
    for result in results:
        seen = ~np.isfinite(result)
        np.testing.assert_array_equal(seen.any(axis=-1) if seen.ndim == 3 else seen, expected)
    np.testing.assert_array_equal(results[0][~expected], results[1][~expected])
    if task == 'denoise':
        sound = fresco.restore(image, method=method, task=task, device='cpu').image
        far = ~ndimage.binary_dilation(absent, iterations=8)
        assert np.abs(results[0] - sound)[far].max() < 3
        assert np.abs(results[0] - image)[far].mean() > 1


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_masked_arrays_and_images_keep_their_missing_pixels(dtype: type) -> None:
    absent = hole()
    data = np.where(absent, 255, scene().clip(0, 250)).astype(dtype)
    other = np.where(absent, 0, data).astype(dtype)
    masked, image = (
        fresco.restore(x, method='ffdnet', device='cpu').image
        for x in (np.ma.masked_array(data, absent), fresco.Image(other, 'YX', missing=absent))
    )
    np.testing.assert_array_equal(masked[~absent], image.data[~absent])
    np.testing.assert_array_equal(image.missing, absent)
    if dtype is np.float32:
        assert np.isnan(masked[absent]).all()
    else:
        np.testing.assert_array_equal(masked[absent], 255)
        np.testing.assert_array_equal(image.data[absent], 0)


def test_a_missing_colour_does_not_take_the_others_along() -> None:
    image = np.moveaxis(scene((3, SIDE, SIDE)), 0, -1)
    image[5:9, 5:9, 1] = np.nan
    restored = fresco.restore(image, method='ffdnet', device='cpu').image
    np.testing.assert_array_equal(np.isnan(restored), np.isnan(image))


def test_a_plane_without_any_value_is_given_back() -> None:
    stack = scene((3, SIDE, SIDE))
    stack[1] = np.nan
    result = fresco.restore(stack, method='ffdnet', device='cpu')
    assert np.isnan(result.image[1]).all()
    assert np.isfinite(result.image[::2]).all()
    assert result.restored == 2
    assert any('no known pixel' in text for text in result.provenance['warnings'])


@pytest.mark.parametrize('dtype', [np.uint16, np.float32])
@pytest.mark.parametrize('value', [65_000, 0])
def test_outliers_spoil_nothing_and_are_kept(dtype: type, value: float) -> None:
    sound = (scene((96, 96)) * 5 + 8000).astype(dtype)
    hot = np.zeros(sound.shape, bool)
    hot.flat[np.random.default_rng(3).choice(hot.size, 40, replace=False)] = True
    spoiled = np.where(hot, np.asarray(value, dtype), sound)
    results = [fresco.restore(x, method='ffdnet', device='cpu') for x in (sound, spoiled)]
    np.testing.assert_array_equal(results[1].image[hot], spoiled[hot])
    away = ~ndimage.binary_dilation(hot, iterations=2)
    one, other = (result.image.astype(float)[away] for result in results)
    assert np.abs(one - other).mean() < 3  # the noise is 30
    assert any('hot or dead' in text for text in results[1].provenance['warnings'])
    assert not any('hot or dead' in text for text in results[0].provenance['warnings'])
    repaired = fresco.restore(spoiled, method='ffdnet', device='cpu', repair=True)
    np.testing.assert_array_equal(repaired.image[~hot], results[1].image[~hot])
    assert np.abs(repaired.image[hot].astype(float) - sound[hot]).mean() < 60
    assert any('filled in' in text for text in repaired.provenance['warnings'])


@pytest.mark.parametrize('width', [0.8, 1.0, 2.0])
def test_points_of_light_are_no_outliers(width: float) -> None:
    points = np.zeros((96, 96))
    points.flat[np.random.default_rng(4).choice(points.size, 12, replace=False)] = 1e5
    noise = np.random.default_rng(5).normal(100, 5, points.shape)
    assert outliers(ndimage.gaussian_filter(points, width) + noise) is None
    assert outliers(np.random.default_rng(6).poisson(0.3, (96, 96)).astype(float)) is None
    assert outliers(np.full((20, 20), 7.0)) is None


@pytest.mark.parametrize('height', [9, 10, 12, 15])
def test_dim_points_of_light_are_no_outliers(height: float) -> None:
    random, points = np.random.default_rng(8), np.zeros((96, 96))
    points[24::48, 24::48] = 1
    light = ndimage.gaussian_filter(points, 0.9)
    image = random.normal(100, 10, points.shape) + height * 10 * light / light.max()
    assert outliers(image) is None
    image[1, 1] = 3000
    found = outliers(image)
    assert found is not None
    assert np.argwhere(found).tolist() == [[1, 1]]


def test_a_part_has_the_outliers_of_its_whole() -> None:
    random = np.random.default_rng(7)
    image = random.normal(100, 5, (64, 128))
    image[:, 64:] += 40 * np.sin(np.arange(64) / 5) + 200
    image[20, 30], image[40, 90] = 1200, 4000
    whole = outliers(image)
    assert whole is not None
    assert whole.sum() == 2
    for part in (np.s_[:, :64], np.s_[:, 64:], np.s_[10:50, 20:100]):
        found = outliers(image[part], among=ordinary(image))
        np.testing.assert_array_equal(found, whole[part])


@pytest.mark.parametrize('task', ['denoise', 'deblur'])
@pytest.mark.parametrize('start', [(0, 0, 0), (3, 4, 32), (1, 2, 3)])
def test_a_part_of_a_stack_has_the_hot_pixels_of_the_whole(task: str, start: Any) -> None:
    random = np.random.default_rng(9)
    whole = (100 + random.poisson(20, (10, 48, 60))).astype(np.float32)
    whole[:, :, :30] += 200 * random.random((10, 48, 30), np.float32)
    whole[5, 20, 45], whole[5, 11, 40] = 3000, 600
    told: Any = {'method': 'ffdnet', 'task': task}
    if task == 'deblur':
        told |= {'method': 'richardson_lucy', 'kernel': np.ones((3, 5, 5))}
    box = tuple(slice(at, at + n) for at, n in zip(start, (6, 30, 26), strict=True))
    image, part = fresco.Image(whole, 'ZYX'), fresco.Image(whole[box], 'ZYX')
    found = hot_pixels_of(part, context=image, context_origin=start, **told)
    every = hot_pixels_of(image, **told)
    assert every.shape == whole.shape
    assert every[5, 20, 45]
    np.testing.assert_array_equal(found, every[box])
