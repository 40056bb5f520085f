"""Measures of evidence take their scale and their noise from what is given, or refuse it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco import evidence
from napari_fresco.errors import FrescoWarning, ImageError, ParameterError

RANDOM = np.random.default_rng(0)
LIGHT = 40 * (1 + ndimage.gaussian_filter(RANDOM.normal(size=(64, 64)), 2).clip(-0.1) * 5)
FIRST, SECOND = RANDOM.poisson(LIGHT, (2, 64, 64)).astype(np.float64)
SIZES = {'Y': (0.1, 'um'), 'X': (0.1, 'um')}


@pytest.mark.parametrize(
    'measure',
    [
        lambda of, **k: evidence.frc(of(FIRST), of(SECOND), **k),
        lambda of, **k: evidence.frc_checkerboard(of(FIRST), **k),
        lambda of, **k: evidence.decorrelation(of(FIRST), **k),
    ],
)
def test_the_spacing_of_an_image_is_that_of_its_resolution(measure: Callable[..., Any]) -> None:
    def sized(plane: np.ndarray) -> fresco.Image:
        return fresco.Image(plane, 'YX', {'Y': (100, 'nm'), 'X': (0.1, 'um')})

    told = measure(np.asarray, spacing=0.1).resolution
    assert measure(sized).resolution == pytest.approx(told)
    assert measure(sized, spacing=1).resolution == pytest.approx(10 * told)  # what is said counts
    assert measure(np.asarray).resolution == pytest.approx(10 * told)
    for as_of_image in (SIZES, {**SIZES, 'T': (2.0, 's')}, 'Y=100nm,X=0.1um'):
        assert measure(np.asarray, spacing=as_of_image).resolution == pytest.approx(told)


def test_spacings_that_do_not_agree_are_refused() -> None:
    one, other = (fresco.Image(FIRST, 'YX', {'Y': (d, 'um'), 'X': (d, 'um')}) for d in (0.1, 0.2))
    with pytest.raises(ParameterError, match='give spacing='):
        evidence.frc(one, fresco.Image(SECOND, 'YX', other.spacing))
    with pytest.raises(ParameterError, match='spacing'):
        evidence.decorrelation(fresco.Image(FIRST, 'YX', {**SIZES, 'Y': (0.2, 'um')}))
    with pytest.raises(ParameterError, match='a distance for each axis'):
        evidence.frc(FIRST, SECOND, spacing={'Y': (0.1, 'um')})
    with pytest.raises(ParameterError, match='2 distances above 0'):
        evidence.frc(FIRST, SECOND, spacing=(0.1, 'um'))  # type: ignore[arg-type]


def test_one_image_twice_or_a_constant_one_tells_no_resolution() -> None:
    volume = np.stack([FIRST] * 8)
    for measure, a, b in (
        (evidence.frc, FIRST, FIRST.copy()),
        (evidence.fsc, volume, volume),
    ):
        with pytest.raises(ImageError, match='are the same'):
            measure(a, b)
    with pytest.raises(ImageError, match='constant'):
        evidence.frc(FIRST, np.ones_like(FIRST))
    with pytest.raises(ImageError, match='are the same'):
        evidence.evaluate(SECOND, FIRST, second=FIRST)
    assert evidence.evaluate(SECOND, FIRST, truth=FIRST)['resolution']['input_with_truth']


@pytest.mark.parametrize('noise', [None, 'auto', -3, 0, float('nan'), np.ones((2, 3))])
def test_a_noise_that_is_none_is_refused(noise: Any) -> None:
    with pytest.raises(ParameterError, match='noise'):
        evidence.residual(FIRST, SECOND, noise)
    with pytest.raises(ParameterError, match='noise'):
        evidence.probe(FIRST, lambda half, sigma: half, noise)
    with pytest.raises(ParameterError, match='noise'):
        evidence.split_noise(FIRST, noise)


def test_numbers_of_a_camera_are_told_from_counts() -> None:
    for camera_units in (2 * FIRST + 100, FIRST + 200):
        with pytest.warns(FrescoWarning, match='that of a camera'):
            evidence.split_counts(camera_units)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        evidence.split_counts(FIRST)
        for mean in (5, 500):
            evidence.split_counts(RANDOM.poisson(mean * LIGHT / 40))
