"""The fit that makes noisy and clean images comparable which were scaled separately."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

BENCHMARKS = Path(__file__).parents[1] / 'benchmarks'


@pytest.fixture(scope='module')
def micrographs():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield pytest.importorskip('micrographs')


@given(slope=st.floats(0.01, 100), offset=st.floats(-1000, 1000), seed=st.integers(0, 99))
def test_a_scaled_and_shifted_image_fits_alike(micrographs, slope, offset, seed):
    truth, image = np.random.default_rng(seed).normal(100, 20, (2, 12, 12))
    fitted = micrographs.fitted(image, truth)
    np.testing.assert_allclose(micrographs.fitted(slope * image + offset, truth), fitted, atol=1e-6)


@given(seed=st.integers(0, 99))
def test_no_other_line_is_closer(micrographs, seed):
    random = np.random.default_rng(seed)
    truth, image = random.normal(100, 20, (2, 12, 12))
    design = np.stack([image.ravel(), np.ones(image.size)], axis=1)
    best = design @ np.linalg.lstsq(design, truth.ravel(), rcond=None)[0]
    np.testing.assert_allclose(micrographs.fitted(image, truth).ravel(), best, atol=1e-6)


def test_a_constant_image_fits_by_the_mean(micrographs):
    truth = np.arange(16.0).reshape(4, 4)
    np.testing.assert_array_equal(micrographs.fitted(np.full((4, 4), 7), truth), truth.mean())
