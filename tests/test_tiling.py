"""Tiles: geometry, and tiled equals untiled."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from napari_fresco.runtime import tiling

shapes = st.lists(st.integers(1, 70), min_size=2, max_size=2) | st.lists(
    st.integers(1, 20), min_size=3, max_size=3
)


def local(radius: int, factor: int = 1) -> tiling.Function:
    """A non-linear function of sigma and the pixels up to `radius` away, on a lattice."""

    def function(x: Tensor, sigma: float | Tensor) -> Tensor:
        size = 2 * radius + 1
        average = F.avg_pool2d if x.ndim == 4 else F.avg_pool3d
        margin = [radius] * (2 * x.ndim - 4)
        sums = [average(F.pad(v, margin), size, 1) for v in (x * sigma, torch.ones_like(x))]
        mean = sums[0] / sums[1]
        places = torch.meshgrid(*(torch.arange(n) for n in x.shape[2:]), indexing='ij')
        phase = sum(0.1 * (i + 1) * (place % factor) for i, place in enumerate(places))
        return torch.sin(3 * mean) + x + phase

    return function


@settings(max_examples=40, deadline=None)
@given(shapes, st.integers(4, 40), st.integers(0, 20), st.sampled_from([1, 2, 8]))
def test_cores_cover_every_pixel_once(shape: list[int], tile: int, halo: int, grid: int) -> None:
    count = torch.zeros(shape, dtype=torch.int64)
    for t in tiling.plan(shape, tile, halo, grid):
        count[t.core] += 1
        for span, length in zip(t.spans, shape, strict=True):
            assert span.start % grid == span.low % grid == 0
            assert span.stop - span.start <= max(tile, grid)
            assert span.low == 0 or span.start - span.low >= halo
            assert span.high == length or span.high - span.stop >= halo
            assert 0 <= span.low <= span.start < span.stop <= span.high <= length
    assert (count == 1).all()


@settings(max_examples=40, deadline=None)
@given(
    shapes,
    st.integers(4, 40),
    st.integers(0, 6),
    st.sampled_from([1, 2, 8]),
    st.booleans(),
    st.booleans(),
)
def test_tiled_equals_untiled(
    shape: list[int], tile: int, radius: int, grid: int, use_map: bool, blend: bool
) -> None:
    generator = torch.Generator().manual_seed(shape[0] * 71 + shape[1])
    x = torch.rand(2, 3, *shape, generator=generator)
    sigma = torch.rand(1, 1, *shape, generator=generator) if use_map else 0.5
    function = local(radius, grid)
    # Blending mixes pixels up to half a halo outside of the core, which must be right too.
    halo = 2 * radius if blend else radius
    tiled = tiling.apply(function, x, sigma, tile=tile, halo=halo, grid=grid, blend=blend)
    torch.testing.assert_close(tiled, function(x, sigma), atol=2e-6, rtol=0)


@settings(max_examples=40, deadline=None)
@given(shapes, st.integers(4, 40), st.integers(0, 20))
def test_blending_weights_sum_to_one(shape: list[int], tile: int, halo: int) -> None:
    x = torch.ones(1, 1, *shape)
    joined = tiling.apply(lambda x, sigma: x, x, 0.0, tile=tile, halo=halo, blend=True)
    torch.testing.assert_close(joined, x, atol=1e-6, rtol=0)


def test_blending_hides_a_seam() -> None:
    calls = iter(range(9))
    x = torch.zeros(1, 1, 32, 64)
    stepped = tiling.apply(
        lambda x, sigma: x + next(calls), x, 0.0, tile=32, halo=16, grid=8, blend=True
    )
    assert stepped[0, 0].diff(dim=1).abs().max() < 0.1
    assert stepped[0, 0, 0, 0] == 0
    assert stepped[0, 0, 0, -1] == 1


def test_an_image_in_one_tile_is_passed_on_whole() -> None:
    x = torch.rand(1, 1, 20, 30)
    assert tiling.apply(lambda x, sigma: x, x, 0.1, tile=32, halo=8) is x


def test_impossible_plans_are_refused() -> None:
    with pytest.raises(ValueError, match='no plan'):
        tiling.plan((10, 10), 0, 2)
