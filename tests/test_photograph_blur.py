"""The blur of a photograph: found where it is straight or a disc, and refused where it is not."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, signal
from skimage import data

import napari_fresco as fresco
from napari_fresco.errors import KernelError, MaskError, ParameterError
from napari_fresco.physics.kernels import disk, from_photograph, motion, photograph_blur

from .command_line import call

Array = NDArray[Any]


def photographed(sharp: Array, kernel: Array | None, noise: float = 3, quality: int = 88) -> Array:
    """Return `sharp` blurred, with noise, and compressed."""
    x = np.atleast_3d(sharp).astype(float)
    if kernel is not None:
        x = np.stack([signal.fftconvolve(c, kernel, 'valid') for c in np.moveaxis(x, -1, 0)], -1)
    noisy = np.squeeze(x + np.random.default_rng(0).normal(0, noise, x.shape))
    file = io.BytesIO()
    Image.fromarray(np.clip(noisy.round(), 0, 255).astype(np.uint8)).save(
        file, 'JPEG', quality=quality
    )
    return np.asarray(Image.open(file))


def turned(found: float, true: float) -> float:
    """Return the angle between two lines in degrees."""
    return abs((found - true + 90) % 180 - 90)


@pytest.fixture(scope='module')
def woman() -> Array:
    return np.asarray(data.astronaut()[:330, 60:390])


@pytest.fixture(scope='module')
def moved(woman: Array) -> Array:
    return photographed(woman, motion(12, 135))


@pytest.mark.parametrize(('length', 'angle'), [(5, 0), (7, 65), (13, 20), (20, 160)])
def test_a_straight_motion_is_found(woman: Array, length: float, angle: float) -> None:
    found = from_photograph(photographed(woman, motion(length, angle))).metadata
    assert found['kind'] == 'motion'
    assert abs(found['length'] - length) <= 0.5
    assert turned(found['angle'], angle) <= 5


@pytest.mark.parametrize('radius', [2.5, 4, 7])
def test_a_defocus_is_found(woman: Array, radius: float) -> None:
    found = from_photograph(photographed(woman, disk(radius))).metadata
    assert found['kind'] == 'defocus'
    assert abs(found['radius'] - radius) <= 0.5


def test_much_noise_and_strong_compression_leave_it_found(woman: Array) -> None:
    found = from_photograph(photographed(woman, motion(13, 20), noise=5, quality=75)).metadata
    assert abs(found['length'] - 13) <= 0.5
    assert turned(found['angle'], 20) <= 5


@pytest.mark.parametrize('name', ['astronaut', 'coffee', 'brick', 'page', 'rocket'])
def test_a_sharp_photograph_is_refused(name: str) -> None:
    """Straight bars and letters have dark bands of their own in the spectrum."""
    sharp = getattr(data, name)()[:330, :330]
    with pytest.raises(KernelError, match='no blur of one kind was found'):
        from_photograph(photographed(sharp, None))


def test_a_curved_path_is_no_line(woman: Array) -> None:
    bow = np.zeros((17, 17))
    turn = np.linspace(0, 1.5 * np.pi, 200)
    bow[(8 + 6 * np.sin(turn)).round().astype(int), (8 + 6 * np.cos(turn)).round().astype(int)] = 1
    with pytest.raises(KernelError, match='no blur of one kind was found'):
        from_photograph(photographed(woman, ndimage.gaussian_filter(bow, 0.6)))


def test_units_type_and_turns_change_nothing(moved: Array) -> None:
    found = from_photograph(moved).metadata
    for same in (moved.astype(np.uint16) * 257, moved / 255 - 3):
        again = from_photograph(same).metadata
        assert abs(again['length'] - found['length']) < 0.2
        assert turned(again['angle'], found['angle']) < 0.5
    turned_by_90 = from_photograph(np.rot90(moved)).metadata
    assert abs(turned_by_90['length'] - found['length']) < 0.2
    assert turned(turned_by_90['angle'], found['angle'] + 90) < 0.5


def test_a_large_photograph_is_looked_at_where_its_edges_are(moved: Array) -> None:
    large = np.full((900, 1500, 3), 90, np.uint8)
    large[500 : 500 + moved.shape[0], 1100 : 1100 + moved.shape[1]] = moved
    rows, cols = photograph_blur._place(large[..., 1])
    assert rows.start <= 500
    assert rows.stop >= 500 + moved.shape[0]
    assert cols.start <= 1100
    assert cols.stop >= 1100 + moved.shape[1]


def test_damage_has_no_influence(moved: Array) -> None:
    mask = np.zeros(moved.shape[:2], bool)
    mask[100:110, 40:300] = mask[40:44] = True
    values = [np.where(mask[..., None], value, moved).astype(np.uint8) for value in (0, 255)]
    kernels = [fresco.estimate_kernel(image, scale=1, mask=mask) for image in values]
    np.testing.assert_array_equal(*kernels)
    assert abs(from_photograph(values[0], mask).metadata['length'] - 12) <= 0.5
    with pytest.raises(MaskError, match='full'):
        fresco.estimate_kernel(moved, scale=1, mask=np.ones_like(mask))


def test_the_public_name_gives_the_kernel(moved: Array) -> None:
    kernel = fresco.estimate_kernel(moved, scale=1)
    assert kernel.dtype == np.float64
    assert kernel.sum() == pytest.approx(1)
    np.testing.assert_array_equal(kernel, from_photograph(moved).values)
    np.testing.assert_array_equal(kernel, fresco.estimate_kernel(np.stack([moved] * 7), scale=1))
    with pytest.raises(ParameterError, match='needs no weights'):
        fresco.estimate_kernel(moved, scale=1, model='own.pth')


def test_it_is_found_and_undone_in_one_go(woman: Array, moved: Array) -> None:
    given = {'method': 'wiener', 'task': 'deblur'}
    result = fresco.restore(moved, kernel='auto', **given)
    told = fresco.restore(moved, kernel=result.kernel, **given)
    np.testing.assert_array_equal(result.image, told.image)
    facts = result.provenance['kernel']
    assert facts['source'].startswith('found in the image: a straight motion over 1')
    assert facts['made_of']['kind'] == 'motion'
    edge = (woman.shape[0] - moved.shape[0]) // 2
    sharp = woman[edge : edge + moved.shape[0], edge : edge + moved.shape[1]].astype(float)
    before, after = (np.square(image - sharp).mean() for image in (moved, result.image))
    assert after < 0.8 * before


@pytest.mark.parametrize(
    ('image', 'match'),
    [
        (np.zeros((40, 90)), 'no 64 x 64 undamaged pixels'),
        (np.zeros((90, 90)), 'no 64 x 64 undamaged pixels'),
        (np.zeros((3, 90, 90, 5)), 'give Y, X or Y, X, RGB'),
    ],
)
def test_what_tells_nothing_is_refused(image: Array, match: str) -> None:
    with pytest.raises(KernelError, match=match):
        from_photograph(image)


def test_the_command_line_takes_the_word_for_no_file(moved: Array, tmp_path: Path) -> None:
    fresco.write(tmp_path / 'photo.png', moved)
    asked = ['restore', tmp_path / 'photo.png', '-o', tmp_path / 'sharp.png', '-m', 'wiener']
    kept = ['--kernel', 'auto', '--save-kernel', tmp_path / 'kernel.npy']
    assert call(*asked, '-t', 'deblur', *kept) == 0
    np.testing.assert_allclose(
        np.load(tmp_path / 'kernel.npy'), from_photograph(moved).values, atol=1e-7
    )


def test_it_is_not_for_enlarging() -> None:
    with pytest.raises(KernelError, match="'virnet' to enlarge"):
        fresco.restore(np.eye(64), method='dpir', task='super_resolve', scale=2, kernel='auto')
