"""The two samples are what their attributes say."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage, signal

from napari_fresco import samples
from napari_fresco.evidence.metrics import psnr


@pytest.fixture(scope='module')
def drawing() -> Any:
    """Return the script that draws the samples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[1] / 'benchmarks'))
        yield import_module('draw_samples')


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
    light = signal.fftconvolve(micrograph.truth, micrograph.kernel, 'same')[inner]
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


@pytest.mark.parametrize('name', ['mural', 'micrograph'])
def test_samples_are_drawn_again_bit_for_bit(
    name: str, request: pytest.FixtureRequest, drawing: Any
) -> None:
    sample: samples.Sample = request.getfixturevalue(name)
    again = getattr(drawing, name)()
    for part in ('image', 'truth', 'mask'):
        ours, drawn = getattr(sample, part), getattr(again, part)
        assert (ours is None) == (drawn is None)
        if ours is not None:
            assert ours.dtype == drawn.dtype
            np.testing.assert_array_equal(ours, drawn)


def test_another_seed_draws_another_picture(drawing: Any) -> None:
    assert np.any(drawing.micrograph(1).image != samples.micrograph().image)


def test_samples_may_be_written_to() -> None:
    samples.mural().image[:] = 0
    assert samples.mural().image.any()


def test_samples_need_no_torch() -> None:
    code = (
        'import sys; from napari_fresco import samples; samples.mural(), samples.micrograph(); '
        'sys.exit("torch" in sys.modules)'
    )
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0


def test_outlines_are_read_and_smoothed(drawing: Any) -> None:
    brush = drawing.brush
    np.testing.assert_array_equal(brush.numbers('1,2 -3.5,4'), [[1, 2], [-3.5, 4]])
    curve = brush.smooth('0,0 10,0 20,10')
    np.testing.assert_allclose(curve[[0, -1]], [[0, 0], [20, 10]], atol=1e-9)
    assert len(curve) >= 20


def test_frames_are_nested_and_undone(drawing: Any) -> None:
    brush = drawing.brush
    wall = brush.Wall(20, 30, np.random.default_rng(0))
    blank = wall.pixels.copy()
    with wall.placed(10, 5, size=2), wall.placed(2, 3, tilt=90):
        wall.box('-1,-1 1,1', brush.UMBER)
    assert np.all(wall.origin == 0)
    touched = np.argwhere(np.any(wall.pixels != blank, axis=-1)) / brush.OVERSAMPLE
    np.testing.assert_allclose(touched.mean(axis=0), [11, 14], atol=0.6)


def test_paint_beyond_the_wall_is_ignored(drawing: Any) -> None:
    brush = drawing.brush
    wall = brush.Wall(10, 10, np.random.default_rng(0))
    blank = wall.pixels.copy()
    wall.disk(50, 50, 5, brush.UMBER)
    wall.disk(-50, 5, 5, brush.UMBER)
    np.testing.assert_array_equal(wall.pixels, blank)


def test_cracks_are_thin_long_and_everywhere(drawing: Any) -> None:
    cracks = drawing.cracks_of
    mask = cracks((160, 200), 12, 2.5, np.random.default_rng(3))
    assert 0.01 < mask.mean() < 0.2
    assert not ndimage.binary_erosion(mask, iterations=4).any()
    _, count = ndimage.label(mask, np.ones((3, 3)))
    assert mask.sum() / count > 30
    quarters = [mask[r : r + 80, c : c + 100].any() for r in (0, 80) for c in (0, 100)]
    assert all(quarters)
    assert not cracks((9, 9), 0, 2.0, np.random.default_rng(0)).any()
    assert cracks((1, 40), 3, 2.0, np.random.default_rng(0)).shape == (1, 40)
