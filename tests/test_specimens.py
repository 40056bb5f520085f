"""Simulated micrographs: their range and variety, their optics, and the law of their noise."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_fresco.degrade.blur import blur
from napari_fresco.degrade.random_source import RandomSource
from napari_fresco.physics import kernels
from napari_fresco.training.specimens import camera_noise, draw, psf
from napari_fresco.training.specimens.cell_bodies import _walls_around
from napari_fresco.training.specimens.filaments import _splat
from napari_fresco.training.specimens.optics import intensity
from napari_fresco.training.specimens.specimen import _KINDS
from napari_fresco.training.specimens.textures import clouds

STRUCTURES = [structure for _, structure in _KINDS if structure.__name__ != 'nothing']


@pytest.fixture(scope='module')
def many() -> Tensor:
    random = seeded(3)
    return torch.cat([draw(8, 48, random) for _ in range(40)])


def seeded(seed: int = 0) -> RandomSource:
    return RandomSource.seeded(seed, torch.device('cpu'))


@pytest.mark.parametrize(('count', 'size'), [(1, 16), (3, 33), (8, 64)])
def test_specimens_are_images_from_0_to_1(count: int, size: int) -> None:
    images = draw(count, size, seeded())
    assert images.shape == (count, 1, size, size)
    assert images.dtype == torch.float32
    assert images.is_contiguous()
    assert not images.requires_grad
    assert 0 <= images.min() < images.max() <= 1


def test_specimens_follow_from_the_seed() -> None:
    first = draw(4, 32, seeded(1))
    torch.rand(3)  # which random numbers others draw does not matter
    random = seeded(1)
    torch.testing.assert_close(draw(4, 32, random), first, rtol=0, atol=0)
    assert not torch.equal(draw(4, 32, random), first)
    assert not torch.equal(draw(4, 32, seeded(2)), first)
    kernels_ = [psf(4, seeded(5)) for _ in range(2)]
    torch.testing.assert_close(*kernels_, rtol=0, atol=0)
    for a, b in zip(*[camera_noise(first, seeded(6)) for _ in range(2)], strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_dark_sparse_images_are_in_range_and_bright_ones_too(many: Tensor) -> None:
    means = many.mean((1, 2, 3))
    dark, median, bright = means.quantile(torch.tensor([0.1, 0.5, 0.9]))
    assert dark < 0.02
    assert 0.03 < median < 0.2
    assert bright > 0.3
    # Sparse: most of the image lies near the darkest pixel, something stands far out.
    flat = many.flatten(1)
    background, top = flat.median(1).values - flat.amin(1), flat.amax(1) - flat.amin(1)
    assert ((background < 0.1 * top) & (top > 0.02)).float().mean() > 0.2


def test_some_images_are_empty_and_most_are_not(many: Tensor) -> None:
    flat = many.flatten(1)
    contrast = (flat.amax(1) - flat.amin(1)) / flat.amax(1)
    assert 0.02 < (contrast < 0.6).float().mean() < 0.4
    unsaturated = flat[flat.amin(1) < 1]
    assert len(torch.unique((unsaturated * 1e6).long(), dim=0)) == len(unsaturated)


@pytest.mark.parametrize('structure', STRUCTURES)
def test_every_structure_reaches_1_and_leaves_something_dark(
    structure: Callable[[int, int, RandomSource], Tensor],
) -> None:
    images = structure(12, 80, seeded(4).pixels)
    assert images.shape == (12, 80, 80)
    assert images.min() >= 0
    peaks = images.amax((1, 2))
    # A picture may be empty: what it holds may lie beyond its border.
    assert (torch.isclose(peaks, torch.ones(12)) | (peaks < 1e-3)).all()
    assert (peaks > 0.5).float().mean() > 0.6
    assert images.amin((1, 2)).median() < 0.3


@pytest.mark.parametrize('length', [1.0, 4.0])
def test_clouds_have_unit_variance_and_the_given_correlation(length: float) -> None:
    field = clouds(torch.full((32, 1, 1), length), 96, seeded().pixels)
    assert field.mean() == pytest.approx(0, abs=0.05)
    assert field.square().mean() == pytest.approx(1, abs=0.06)
    lag = round(length)
    assert (field * field.roll(lag, 2)).mean() == pytest.approx(math.exp(-0.5), abs=0.06)


def test_walls_are_halfway_to_the_neighbours() -> None:
    rows, columns = _lattice_seen_from_its_middle()
    offsets = torch.stack((rows, columns), -1).double()
    wall, own_row, own_column, which = _walls_around(rows.clone(), columns.clone())
    distance = offsets.norm(dim=-1)
    assert torch.equal(which, distance.argmin(0))
    own = torch.stack((own_row, own_column), -1).double()
    torch.testing.assert_close(own.norm(dim=-1), distance.amin(0), rtol=1e-5, atol=1e-6)
    towards = offsets - own
    apart = towards.norm(dim=-1)
    # Distance from the pixel to the plane halfway between both seeds.
    halfway = ((own + offsets) / 2 * towards).sum(-1) / apart
    exact = halfway.masked_fill(apart < 1e-6, math.inf).amin(0)
    assert (wall <= exact + 1e-3).all()
    assert (wall >= exact / math.sqrt(8) - 1e-3).all()
    near = exact < 0.01
    assert near.any()
    assert (wall[near] / exact[near]).median() == pytest.approx(1, abs=0.03)


def test_a_dot_keeps_its_light_and_its_place() -> None:
    rows, columns = torch.tensor([[[3.25], [50.0]]]), torch.tensor([[[7.75], [2.0]]])
    canvas = _splat(rows, columns, torch.tensor([[[2.0], [1.0]]]), torch.tensor([[1, 0]]), 16)
    assert canvas.shape == (1, 3, 16, 16)
    # The second dot lies outside of the picture.
    assert canvas[0, [0, 2]].sum() == 0
    line = torch.arange(16.0)
    assert canvas[0, 1].sum() == pytest.approx(2)
    assert (canvas[0, 1].sum(1) @ line) / 2 == pytest.approx(3.25)
    assert (canvas[0, 1].sum(0) @ line) / 2 == pytest.approx(7.75)


@pytest.mark.parametrize('size', [15, 25])
def test_psfs_are_positive_centred_and_of_sum_1(size: int) -> None:
    drawn = psf(64, seeded(7), size=size)
    assert drawn.shape == (64, 1, size, size)
    assert drawn.dtype == torch.float32
    assert (drawn >= 0).all()
    torch.testing.assert_close(drawn.sum((1, 2, 3)), torch.ones(64))
    line = torch.arange(float(size)) - size // 2
    rows = (drawn[:, 0].sum(2) * line).sum(1)
    columns = (drawn[:, 0].sum(1) * line).sum(1)
    # Coma moves the light a little.
    assert torch.hypot(rows, columns).max() < 1.5
    peaks = drawn.amax((1, 2, 3))
    assert peaks.max() / peaks.min() > 10


@pytest.mark.parametrize('radius', [2.0, 4.5])
def test_a_pupil_without_aberration_makes_the_airy_pattern(radius: float) -> None:
    flat = torch.zeros(1, 32, 32)
    one = torch.ones(1, 1, 1)
    ours = intensity(flat, radius * one, one, 25)[0].numpy()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the smaller radius undersamples
        airy = kernels.microscope(1.0, 0.5, 0.61 * 0.5 / radius, size=25, model='scalar')
    np.testing.assert_allclose(ours, airy, rtol=0, atol=0.021 * airy.max())


def test_noise_has_the_mean_and_the_variance_that_are_returned() -> None:
    clean = strips(32, 96)
    noisy, variance = camera_noise(clean, seeded(8))
    assert noisy.shape == variance.shape == clean.shape
    z = ((noisy - clean) / variance.sqrt()).unflatten(3, (4, -1)).transpose(2, 3).flatten(3)
    pixels = z.shape[-1]
    means = z.mean(-1) * math.sqrt(pixels)
    assert means.abs().max() < 4.5
    squares = z.square()
    excess = (squares.mean(-1) - 1) / (squares.std(-1) / math.sqrt(pixels))
    assert excess.abs().max() < 5
    assert excess.mean() == pytest.approx(0, abs=0.4)


def test_variance_is_affine_in_the_image() -> None:
    _, variance = camera_noise(strips(32, 8), seeded(9))
    levels = strips(1, 8)[0, 0, 0]
    for row in variance[:, 0, 0]:
        slope = (row[-1] - row[0]) / (levels[-1] - levels[0])
        assert slope > 0
        expected = row[0] + slope * (levels - levels[0])
        torch.testing.assert_close(row, expected, rtol=1e-4, atol=1e-9)
    spread = variance[:, 0, 0, -1].sqrt()
    assert spread.max() / spread.min() > 10


def test_few_photons_are_counted_and_not_merely_gaussian() -> None:
    clean = strips(64, 96)
    noisy, variance = camera_noise(clean, seeded(10))
    # The third central moment of counts is gain^2 times the light.
    gain = (variance[..., -1:] - variance[..., :1]) / (clean[..., -1:] - clean[..., :1])
    light = variance[..., -1] - variance[..., 0] + gain[..., 0] * clean[..., 0]
    expected = gain[..., 0] * light / variance[..., -1] ** 1.5
    z = ((noisy - clean) / variance.sqrt()).unflatten(3, (4, -1))[..., 3, :]
    found = z.pow(3).mean((1, 2, 3))
    skewed = expected[:, 0, 0] > 0.1
    assert skewed.sum() > 5
    # The offset, unknown here, takes up to the darkest pixel from the light.
    ratio = found[skewed].mean() / expected[skewed].mean()
    assert ratio == pytest.approx(1, abs=0.2)


def test_noise_of_dark_images_is_not_clipped() -> None:
    noisy, _ = camera_noise(torch.zeros(4, 1, 32, 32), seeded(11))
    assert (noisy < 0).float().mean() == pytest.approx(0.5, abs=0.05)


def test_a_pair_for_training() -> None:
    random = seeded(12)
    sharp = draw(4, 40, random)
    clean = blur(sharp, psf(4, random), 'mirror')
    noisy, variance = camera_noise(clean, random)
    assert noisy.isfinite().all()
    assert (variance > 0).all()
    rough, smooth = ((x - x.roll(1, 3)).abs().mean() for x in (sharp, clean))
    assert smooth < rough


def _lattice_seen_from_its_middle() -> tuple[Tensor, Tensor]:
    """Return the way from random places in the middle cell to jittered seeds of 3 x 3 cells."""
    random = seeded(1).pixels
    seed = random.uniform(0.1, 0.9, 2, 9, 1, 40, 40) - random.uniform(0, 1, 2, 1, 1, 40, 40)
    cell = torch.arange(-1.0, 2).expand(3, 3)
    rows, columns = (c.reshape(9, 1, 1, 1) for c in (cell.T, cell))
    return seed[0] + rows, seed[1] + columns


def strips(count: int, size: int) -> Tensor:
    """Return images of four vertical strips, from dark to bright."""
    levels = torch.tensor([0.02, 0.1, 0.4, 1.0]).repeat_interleave(size // 4)
    return levels.expand(count, 1, size, size).contiguous()
