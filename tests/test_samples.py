"""The two samples are what their attributes say."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from napari_fresco import samples
from napari_fresco.degrade.blur import blur
from napari_fresco.evidence.metrics import psnr
from napari_fresco.samples import brush


@pytest.fixture(scope='module')
def mural() -> samples.Sample:
    return samples.mural()


@pytest.fixture(scope='module')
def micrograph() -> samples.Sample:
    return samples.micrograph()


def test_the_mural_has_its_shape(mural: samples.Sample) -> None:
    assert mural.image.shape == mural.truth.shape == (384, 512, 3)
    assert mural.image.dtype == mural.truth.dtype == np.uint8
    assert mural.mask is not None
    assert mural.mask.shape == (384, 512)
    assert mural.mask.dtype == bool
    assert mural.kernel is None
    assert len(mural.scale) == len(mural.units) == 2


def test_a_tenth_of_the_mural_is_damaged(mural: samples.Sample) -> None:
    assert mural.mask is not None
    assert 0.07 < mural.mask.mean() < 0.13
    holes, count = ndimage.label(ndimage.binary_erosion(mural.mask, iterations=3))
    assert count > 10
    assert np.bincount(holes.ravel())[1:].max() > 150


def test_outside_the_damage_there_is_only_noise(mural: samples.Sample) -> None:
    assert mural.mask is not None
    error = mural.image.astype(float) - mural.truth
    whole = (mural.truth > 25) & (mural.truth < 230) & ~mural.mask[..., None]
    assert error[whole].std() == pytest.approx(mural.sigma, rel=0.03)
    assert abs(error[whole].mean()) < 0.1
    assert error[mural.mask].std() > 10 * (mural.sigma or 0)


def test_the_mural_is_a_picture_and_not_noise(mural: samples.Sample) -> None:
    truth = mural.truth.astype(float)
    detail = truth - ndimage.gaussian_filter(truth, (2, 2, 0))
    assert truth.std() > 35
    assert 4 < detail.std() < 0.5 * truth.std()
    colours = np.unique(mural.truth // 32 @ np.array([64, 8, 1]))
    assert colours.size > 40


def test_the_micrograph_has_its_shape(micrograph: samples.Sample) -> None:
    assert micrograph.image.shape == micrograph.truth.shape == (384, 384)
    assert micrograph.image.dtype == np.uint16
    assert micrograph.truth.dtype == np.float32
    assert micrograph.mask is None
    assert micrograph.kernel is not None
    assert micrograph.kernel.sum() == pytest.approx(1)
    assert micrograph.scale == (0.1, 0.1)
    assert micrograph.units == ('um', 'um')


def test_the_micrograph_is_its_truth_blurred_and_counted(micrograph: samples.Sample) -> None:
    assert micrograph.kernel is not None
    gain, offset, read_noise = micrograph.gain, micrograph.offset, micrograph.read_noise
    assert gain is not None
    assert offset is not None
    assert read_noise is not None
    margin = micrograph.kernel.shape[0] // 2
    inner = np.s_[margin:-margin, margin:-margin]
    light = blur(micrograph.truth, micrograph.kernel)[inner]
    expected = gain * (light - offset) + read_noise**2 + 1 / 12
    score = (micrograph.image[inner] - light) / np.sqrt(expected)
    assert abs(score.mean()) < 0.01
    assert score.std() == pytest.approx(1, abs=0.01)


def test_the_micrograph_holds_bright_and_dim_things(micrograph: samples.Sample) -> None:
    low, middle, high = np.percentile(micrograph.image, [1, 50, 99.5])
    assert low < 105
    assert high > 300
    assert middle < 0.5 * high
    peak = float(np.ptp(micrograph.truth))
    assert 15 < psnr(micrograph.image, micrograph.truth, data_range=peak) < 32


@pytest.mark.parametrize('make', [samples.mural, samples.micrograph])
def test_samples_repeat_for_a_seed(make: type, request: pytest.FixtureRequest) -> None:
    first: samples.Sample = request.getfixturevalue(make.__name__)
    again, other = make(), make(seed=1)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.truth, again.truth)
    assert np.any(first.image != other.image)
    assert first.image.shape == other.image.shape


def test_samples_need_no_torch() -> None:
    code = (
        'import sys; from napari_fresco import samples, metrics; '
        'from napari_fresco import simulate; '
        'from napari_fresco.physics import kernels, demosaic, fill; '
        'sys.exit("torch" in sys.modules)'
    )
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0


def test_outlines_are_read_and_smoothed() -> None:
    np.testing.assert_array_equal(brush.numbers('1,2 -3.5,4'), [[1, 2], [-3.5, 4]])
    curve = brush.smooth('0,0 10,0 20,10')
    np.testing.assert_allclose(curve[[0, -1]], [[0, 0], [20, 10]], atol=1e-9)
    assert len(curve) >= 20


def test_frames_are_nested_and_undone() -> None:
    wall = brush.Wall(20, 30, np.random.default_rng(0))
    blank = wall.pixels.copy()
    with wall.placed(10, 5, size=2), wall.placed(2, 3, tilt=90):
        wall.box('-1,-1 1,1', brush.UMBER)
    assert np.all(wall.origin == 0)
    touched = np.argwhere(np.any(wall.pixels != blank, axis=-1)) / brush.OVERSAMPLE
    np.testing.assert_allclose(touched.mean(axis=0), [11, 14], atol=0.6)


def test_paint_beyond_the_wall_is_ignored() -> None:
    wall = brush.Wall(10, 10, np.random.default_rng(0))
    blank = wall.pixels.copy()
    wall.disk(50, 50, 5, brush.UMBER)
    wall.disk(-50, 5, 5, brush.UMBER)
    np.testing.assert_array_equal(wall.pixels, blank)
