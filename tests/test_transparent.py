"""What is wholly transparent tells nothing, and a hole that was filled can be seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco

QUICK = {'method': 'dpir', 'task': 'inpaint', 'iterations': 2, 'device': 'cpu'}
CLEAR = np.s_[40:]
LOSS = np.s_[30:40, 20:40]


def cut_out(dtype: Any = np.uint8, under: int = 0) -> Any:
    """A bright picture whose lower part is transparent, and what that hides."""
    top = np.iinfo(dtype).max if np.dtype(dtype).kind == 'u' else 1
    rng = np.random.default_rng(0)
    picture = np.full((64, 64, 4), top, float)
    picture[..., :3] = top * rng.normal(0.8, 0.02, (64, 64, 3)).clip(0, 1)
    picture[CLEAR] = 0
    picture[CLEAR][..., :3] = under * top / 255
    return picture.astype(dtype)


def mask() -> Any:
    marked = np.zeros((64, 64), bool)
    marked[LOSS] = True
    return marked


def said(result: Any) -> str:
    return ' '.join(map(str, result.provenance['warnings']))


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_colours_under_it_do_not_reach_a_fill(dtype: Any) -> None:
    black, white = (
        fresco.restore(cut_out(dtype, under), mask=mask(), **QUICK) for under in (0, 255)
    )
    assert np.array_equal(black.image[LOSS], white.image[LOSS])
    top = cut_out(dtype).max()
    assert black.image[LOSS][..., :3].mean() == pytest.approx(0.8 * top, rel=0.03)
    assert np.array_equal(black.image[~mask()], cut_out(dtype)[~mask()])
    assert f'{24 * 64} pixels are wholly transparent' in said(black)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_a_hole_that_was_filled_is_opaque(dtype: Any) -> None:
    picture = cut_out(dtype)[:40].copy()
    erased = mask()[:40]
    picture[erased] = 0
    result = fresco.restore(picture, mask=erased, **QUICK)
    assert (result.image[..., 3] == picture.max()).all()
    assert f'{erased.sum()} of the filled pixels were wholly transparent' in said(result)


def test_a_hole_that_was_filled_is_composed_of_its_insert() -> None:
    picture, erased = cut_out()[:40].copy(), mask()[:40]
    picture[erased] = 0
    result = fresco.restore(picture, mask=erased, **QUICK)
    layer = fresco.intervention.insert(picture, result)
    assert np.array_equal(fresco.intervention.composed(picture, layer), result.image)


def test_it_comes_back_when_noise_is_removed() -> None:
    picture = cut_out(under=77)
    result = fresco.restore(picture, method='ffdnet', sigma=5, device='cpu')
    assert np.array_equal(result.image[CLEAR], picture[CLEAR])
    assert not np.array_equal(result.image[:40], picture[:40])


def test_a_picture_that_is_all_transparent_knows_of_no_alpha() -> None:
    picture = cut_out()[:40].copy()
    picture[..., 3] = 0
    result = fresco.restore(picture, mask=mask()[:40], **QUICK)
    assert not result.image[..., 3].any()
    assert 'transparent' not in said(result)
