"""What a mask in colours marks, with alpha and without, is the same in files and arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

import napari_fresco as fresco
from napari_fresco.errors import MaskError
from napari_fresco.image.alignment import aligned, strength
from napari_fresco.io.mask_files import read_mask

SHAPE = (24, 30)
PAINTED = np.zeros(SHAPE, bool)
PAINTED[6:12, 8:20] = True
PICTURE = np.full((*SHAPE, 3), 90, np.uint8)

Samples = NDArray[Any]


def painted(gray: float, ground: float, samples: int, dtype: Any) -> Samples:
    """Paint of some gray on a transparent ground, which hides another gray; both of 0 to 1."""
    white = 1 if np.dtype(dtype).kind == 'f' else np.iinfo(dtype).max
    mask = np.full((*SHAPE, samples), ground * white).astype(dtype)
    mask[PAINTED] = np.array(gray * white).astype(dtype)
    mask[..., -1] = np.where(PAINTED, white, 0)
    return mask


KINDS = [
    pytest.param(painted(gray, ground, samples, dtype), id=f'{gray} on {ground} {samples} {dtype}')
    for gray, ground in ((0, 0), (1, 0), (0.5, 0), (1, 1), (0.5, 0.5), (0, 1))
    for samples in (2, 4)
    for dtype in ('uint8', 'uint16')
]


@pytest.mark.parametrize('mask', KINDS)
def test_paint_of_any_colour_on_a_transparent_ground_is_the_mask(
    mask: Samples, tmp_path: Path
) -> None:
    assert np.array_equal(strength(mask) != 0, PAINTED)
    for suffix in ('png', 'tif'):
        path = tmp_path / f'mask.{suffix}'
        fresco.write(path, fresco.Image(mask, 'YXS'))
        assert np.array_equal(read_mask(path).data, PAINTED)
        found = aligned(fresco.read(path), fresco.Image.of(PICTURE), what='mask', error=MaskError)
        assert np.array_equal(found != 0, PAINTED)


@pytest.mark.parametrize('dtype', ['uint8', 'uint16'])
@pytest.mark.parametrize('gray', [0, 1])
def test_colours_that_were_multiplied_by_soft_alpha_mark_what_straight_ones_do(
    gray: int, dtype: str, tmp_path: Path
) -> None:
    mask = painted(gray, 0, 4, dtype)
    rim = np.s_[6, 8:20]
    mask[rim][:, -1] //= 4
    mask[..., :3] = np.minimum(mask[..., :3], mask[..., 3:])
    tifffile.imwrite(tmp_path / 'mask.tif', mask, photometric='rgb', extrasamples=['assocalpha'])
    assert np.array_equal(read_mask(tmp_path / 'mask.tif').data, PAINTED)


def test_soft_edges_of_black_paint_are_said() -> None:
    mask = painted(0, 0, 4, 'uint8')
    mask[6:12, 8:20, 3] = np.linspace(20, 255, 72).reshape(6, 12)
    done = fresco.restore(PICTURE, method='dpir', task='inpaint', mask=mask, iterations=1)
    assert any('darker than half' in said for said in done.provenance['warnings'])


def test_black_that_is_seen_beside_white_is_intact() -> None:
    mask = painted(1, 0, 4, 'uint8')
    mask[14:18, :, 3] = 255
    assert np.array_equal(strength(mask) != 0, PAINTED)


@pytest.mark.parametrize('alpha', [0, 255])
def test_alpha_that_is_the_same_everywhere_tells_nothing(alpha: int) -> None:
    mask = painted(1, 0, 4, 'uint8')
    mask[..., 3] = alpha
    assert np.array_equal(strength(mask) != 0, PAINTED)
    mask[..., :3] = 0
    with pytest.raises(MaskError, match='transparent ground'):
        fresco.restore(PICTURE, method='dpir', task='inpaint', mask=mask)


@pytest.mark.parametrize('value', [-1, 1])
@pytest.mark.parametrize('channel', [0, 1, 2])
def test_one_colour_is_enough_whatever_its_sign(value: int, channel: int) -> None:
    mask = np.zeros((*SHAPE, 3), np.int16)
    mask[PAINTED, channel] = value
    assert np.array_equal(strength(mask) != 0, PAINTED)


def test_a_square_mask_that_does_not_fit_is_not_told_to_turn() -> None:
    square = fresco.Image.of(np.zeros((20, 20), np.uint8))
    with pytest.raises(MaskError) as told:
        aligned(np.zeros((20, 20, 7)), square, what='mask', error=MaskError)
    assert 'turn' not in str(told.value)
