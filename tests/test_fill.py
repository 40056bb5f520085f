"""First guesses for missing pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from napari_fresco.errors import MaskError
from napari_fresco.physics import fill

from .shepard import shepard

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.random((17, 14, 3))
KEEP = RANDOM.random((17, 14)) < 0.3


def shepard_by_hand(window: int, power: float, convention: str) -> np.ndarray:
    """Follow the definition pixel by pixel."""
    height, width = KEEP.shape
    reach, less = window // 2, int(convention == 'python')
    out = np.where(KEEP[..., None], IMAGE, 0.0)
    for i, j in zip(*np.nonzero(~KEEP), strict=True):
        rows = range(max(i - reach, 0), min(i + reach - less, height - 1 - less) + 1)
        cols = range(max(j - reach, 0), min(j + reach - less, width - 1 - less) + 1)
        near = [(r, c) for r in rows for c in cols if KEEP[r, c]]
        weights = [float((r - i) ** 2 + (c - j) ** 2) ** (-power / 2) for r, c in near]
        if near:
            values = [w * IMAGE[r, c] for w, (r, c) in zip(weights, near, strict=True)]
            out[i, j] = np.sum(values, axis=0) / sum(weights)
    return out


@pytest.mark.parametrize('convention', ['matlab', 'python'])
@pytest.mark.parametrize(('window', 'power'), [(3, 2.0), (7, 2.0), (6, 1.0), (15, 3.0)])
def test_shepard_follows_its_definition(window: int, power: float, convention: str) -> None:
    ours = shepard(IMAGE, KEEP, window, power, convention)  # type: ignore[arg-type]
    np.testing.assert_allclose(ours, shepard_by_hand(window, power, convention), atol=1e-9)


def test_shepard_leaves_black_where_nothing_is_near() -> None:
    keep = np.zeros((20, 20))
    keep[0, 0] = 1
    filled = shepard(np.full((20, 20), 0.6), keep, window=5)
    np.testing.assert_allclose(filled[:3, :3], 0.6)
    assert not filled[3:].any()


Fill = Callable[[np.ndarray, np.ndarray], np.ndarray]


@pytest.mark.parametrize('method', [shepard, fill.harmonic])
def test_known_pixels_and_constants_are_kept(method: Fill) -> None:
    filled = method(IMAGE, KEEP)
    assert filled.shape == IMAGE.shape
    np.testing.assert_array_equal(filled[KEEP], IMAGE[KEEP])
    flat = method(np.full_like(IMAGE, 0.3), RANDOM.permutation(KEEP.ravel()).reshape(KEEP.shape))
    np.testing.assert_allclose(flat, 0.3)
    whole = method(IMAGE, np.ones_like(KEEP))
    np.testing.assert_array_equal(whole, IMAGE)


def test_what_lies_in_a_hole_does_not_matter() -> None:
    spoilt = np.where(KEEP[..., None], IMAGE, np.nan)
    for method in (shepard, fill.harmonic):
        np.testing.assert_array_equal(method(spoilt, KEEP), method(IMAGE, KEEP))


def dense_membrane(values: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Solve Laplace's equation with one dense matrix."""
    height, width = keep.shape
    matrix, right = np.eye(keep.size), np.where(keep, values, 0.0).ravel()
    for i, j in zip(*np.nonzero(~keep), strict=True):
        near = [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
        near = [(r, c) for r, c in near if 0 <= r < height and 0 <= c < width]
        matrix[i * width + j, i * width + j] = len(near)
        for r, c in near:
            matrix[i * width + j, r * width + c] = -1
    return np.linalg.solve(matrix, right).reshape(keep.shape)


@pytest.mark.parametrize('kind', ['scattered', 'corner', 'stripe', 'all but one'])
def test_harmonic_solves_the_equation(kind: str) -> None:
    keep = KEEP.copy() if kind == 'scattered' else np.ones_like(KEEP)
    if kind == 'corner':
        keep[:9, :8] = False
    elif kind == 'stripe':
        keep[:, 4:12] = False
    elif kind == 'all but one':
        keep[:] = False
        keep[3, 5] = True
    plane = IMAGE[..., 0]
    expected = dense_membrane(plane, keep)
    np.testing.assert_allclose(fill.harmonic(plane, keep), expected, atol=1e-9)


@pytest.mark.parametrize('shape', [(1, 12), (12, 1), (2, 3)])
def test_harmonic_interpolates_along_lines(shape: tuple[int, int]) -> None:
    ramp = np.arange(np.prod(shape), dtype=float).reshape(shape)
    keep = np.zeros(shape, bool)
    keep.flat[[0, -1]] = True
    filled = fill.harmonic(ramp, keep)
    assert np.isfinite(filled).all()
    if 1 in shape:
        np.testing.assert_allclose(filled, ramp, atol=1e-9)


def test_large_holes_are_solved_from_coarse_to_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, cols = np.mgrid[:67, :72]
    plane = np.stack([rows / 67, np.exp(-cols / 20) * np.cos(rows / 20)], axis=-1)
    keep = np.ones(rows.shape, bool)
    keep[5:60, 20:] = False
    keep[::11, ::9] = True
    exact = fill.harmonic(plane, keep)
    monkeypatch.setattr(fill, 'DIRECT', 100)
    fast = fill.harmonic(plane, keep)
    np.testing.assert_allclose(fast, exact, atol=0.01)
    np.testing.assert_array_equal(fast[keep], plane[keep])


@pytest.mark.parametrize('keep', [np.zeros((17, 14)), np.ones((14, 17)), np.ones((17, 14, 3))])
def test_bad_masks_are_refused(keep: np.ndarray) -> None:
    with pytest.raises(MaskError):
        fill.harmonic(IMAGE, keep)


def test_the_error_to_expect_of_a_filled_hole_is_that_of_hidden_pixels() -> None:
    image = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(60, 80)), 3)
    keep = np.ones((60, 80), bool)
    keep[20:35, 10:22] = False
    error = np.sqrt(np.square(fill.harmonic(image, keep) - image)[~keep].mean())
    expected = fill.expected_error(np.where(keep, image, 7.0), keep)
    assert error / 6 < expected < 2 * error
    assert fill.expected_error(3 * image + 1, keep) == pytest.approx(3 * expected, rel=1e-6)
