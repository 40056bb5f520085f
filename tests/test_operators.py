"""Laws that every degradation obeys, and what each one means."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torch import Tensor

from napari_fresco.errors import ImageError, KernelError, MaskError, ParameterError
from napari_fresco.physics.dihedral import MODES, DihedralDegradation, turn, turn_back
from napari_fresco.physics.operators import (
    Blur,
    Degradation,
    Downsample,
    Identity,
    Mask,
    Mosaic,
    WindowedBlur,
)
from napari_fresco.physics.resample import LanczosDownsample, StridedFilter

Case = tuple[Degradation, tuple[int, ...]]
SIZES = st.integers(1, 7)
SPATIAL = st.one_of(st.tuples(SIZES, SIZES), st.tuples(*[st.integers(1, 4)] * 3))
"""Sizes of planes and of volumes."""


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@st.composite
def identities(draw: st.DrawFn) -> Case:
    return Identity(), (2, 2, *draw(SPATIAL))


@st.composite
def masks(draw: st.DrawFn) -> Case:
    shape = (2, 2, *draw(SPATIAL))
    known = rand(1, draw(st.sampled_from([1, 2])), *shape[2:], seed=draw(SIZES))
    return Mask(known if draw(st.booleans()) else known > 0.5), shape


@st.composite
def mosaics(draw: st.DrawFn) -> Case:
    shape = (2, 1, draw(SIZES), draw(SIZES))
    pattern = draw(st.sampled_from(['RGGB', 'GRBG', 'GBRG', 'BGGR']))
    return Mosaic(pattern, shape[2:]).to(dtype=torch.float64), shape


@st.composite
def blurs(draw: st.DrawFn) -> Case:
    shape = (2, 2, *draw(SPATIAL))
    return Blur(draw(kernels(shape[2:])), shape[2:]), shape


@st.composite
def windows(draw: st.DrawFn) -> Case:
    shape = (2, 2, *draw(SPATIAL))
    kernel = draw(kernels(tuple(draw(st.integers(1, 4)) for _ in shape[2:])))
    # Its data step is iterative: enough steps to reach what the closed forms reach.
    return WindowedBlur(kernel, shape[2:], iterations=200), shape


@st.composite
def downsamplings(draw: st.DrawFn) -> Case:
    dims = draw(st.sampled_from([2, 3]))
    scale = draw(st.integers(1, 8 if dims == 2 else 3))
    shape = (2, 1, *(draw(st.integers(1, 3)) for _ in range(dims)))
    grid = tuple(n * scale for n in shape[2:])
    return Downsample(draw(kernels(grid)), scale, grid), shape


@st.composite
def kernels(draw: st.DrawFn, grid: tuple[int, ...]) -> Tensor:
    return rand(*(draw(st.integers(1, n)) for n in grid), seed=draw(SIZES)) - 0.3


@st.composite
def lanczos(draw: st.DrawFn) -> Case:
    scale, phase = draw(st.integers(2, 5)), draw(st.sampled_from([0, 0.5]))
    shape = (2, 2, draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    return LanczosDownsample(scale, draw(st.sampled_from([2, 3])), phase), shape


@st.composite
def strided_filters(draw: st.DrawFn) -> Case:
    grid = (draw(st.integers(4, 9)), draw(st.integers(4, 9)))
    # Its data step is iterative: enough steps to reach what the closed forms reach.
    operator = StridedFilter(
        draw(kernels((4, 4))), draw(st.integers(1, 3)), (0, 1, 2, 3), grid, iterations=200
    )
    return operator, tuple(operator.forward(rand(2, 1, *grid)).shape)


OPERATORS = {
    'identity': identities(),
    'mask': masks(),
    'mosaic': mosaics(),
    'blur': blurs(),
    'windowed blur': windows(),
    'downsample': downsamplings(),
    'lanczos': lanczos(),
    'strided filter': strided_filters(),
}
POINTWISE = ('identity', 'mask', 'mosaic')

every_operator = pytest.mark.parametrize('kind', OPERATORS)


def law(test: Callable[..., None]) -> Callable[..., None]:
    """Run `test` on every kind of operator, with sizes and kernels of all sorts."""
    return every_operator(settings(max_examples=15, deadline=None)(given(data=st.data())(test)))


def drawn(data: st.DataObject, kind: str) -> tuple[Degradation, Tensor, Tensor]:
    operator, shape = data.draw(OPERATORS[kind])
    return operator, rand(*operator.shape_of(shape), seed=1), rand(*shape, seed=2)


def dense(operator: Degradation, shape: torch.Size) -> Tensor:
    """Return the matrix of `operator` on one image of `shape`."""
    size = shape[1:].numel()
    basis = torch.eye(size, dtype=torch.float64).reshape(size, *shape[1:])
    return operator.forward(basis).flatten(1).T


@law
def test_adjoint(kind: str, data: st.DataObject) -> None:
    operator, x, y = drawn(data, kind)
    forward, adjoint = operator.forward(x), operator.adjoint(y)
    assert forward.shape == y.shape
    assert adjoint.shape == x.shape
    torch.testing.assert_close((forward * y).sum(), (x * adjoint).sum(), rtol=1e-9, atol=1e-9)


@law
def test_prox_solves_its_normal_equations(kind: str, data: st.DataObject) -> None:
    operator, z, y = drawn(data, kind)
    alpha = data.draw(st.floats(0.02, 2))
    weight = alpha * (0.5 + rand(1, 1, *y.shape[2:])) if kind in POINTWISE else torch.tensor(alpha)
    matrix = dense(operator, z.shape)
    diagonal = weight.double().expand(1, *z.shape[1:]).flatten()
    left = matrix.T @ matrix + diagonal.diag()
    right = y.flatten(1) @ matrix + diagonal * z.flatten(1)
    expected = torch.linalg.solve(left, right.T).T.reshape(z.shape)
    torch.testing.assert_close(operator.prox(z, y, weight), expected, rtol=1e-6, atol=1e-7)
    if kind not in POINTWISE:
        torch.testing.assert_close(operator.prox(z, y, alpha), expected, rtol=1e-6, atol=1e-6)


@law
def test_a_solution_is_a_fixed_point_of_prox(kind: str, data: st.DataObject) -> None:
    operator, x, _ = drawn(data, kind)
    torch.testing.assert_close(operator.prox(x, operator.forward(x), 1e-3), x)


@law
def test_arguments_survive_and_precision_is_kept(kind: str, data: st.DataObject) -> None:
    operator, z, y = drawn(data, kind)
    dtype = data.draw(st.sampled_from([torch.float32, torch.float64]))
    operator, z, y = operator.to('cpu', dtype), z.to(dtype), y.to(dtype)
    last = torch.channels_last if z.ndim == 4 else torch.channels_last_3d
    z = z.to(memory_format=last)
    before = z.clone(), y.clone()
    results = operator.forward(z), operator.adjoint(y), operator.prox(z, y, 0.1)
    assert {result.dtype for result in results} == {dtype}
    assert torch.equal(z, before[0])
    assert torch.equal(y, before[1])


@every_operator
def test_forward_and_prox_are_differentiable(kind: str) -> None:
    operator, z, y = operator_of(kind)
    z.requires_grad_()
    assert torch.autograd.gradcheck(operator.forward, (z,), fast_mode=True)
    assert torch.autograd.gradcheck(lambda v: operator.prox(v, y, 0.3), (z,), fast_mode=True)


@every_operator
def test_tables_made_in_inference_mode_serve_training(kind: str) -> None:
    operator, z, _ = operator_of(kind)
    with torch.inference_mode():
        operator.forward(z)
    operator.forward(z.requires_grad_()).sum().backward()
    assert z.grad is not None


@pytest.mark.parametrize('shape', [(6, 8), (5, 7), (1, 1), (4, 1), (3, 4, 6), (2, 3, 5)])
def test_a_misfit_is_the_mean_square_of_what_is_missed(shape: tuple[int, ...]) -> None:
    """Half spectra have their first column once, the last one too where it has no mirror."""
    blur = Blur(rand(*[1] * len(shape)) + 0.5, shape)
    x, y, other = (rand(1, 3, *shape, seed=seed) for seed in range(3))
    for seen in (y, other, y):
        missed = (blur.forward(x) - seen).square().mean()
        torch.testing.assert_close(blur.misfit(x, seen), missed)


def test_a_filter_behind_a_blur_is_a_part_of_all_it_does() -> None:
    blur, x, y = Blur(rand(3, 2), (6, 8)), rand(1, 2, 6, 8), rand(1, 2, 6, 8, seed=1)
    point = rand(6, 8)
    point = point + point.flip(0).roll(1, 0)
    symmetric = point + point.flip(1).roll(1, 1)
    both = blur.then(torch.fft.rfft2(symmetric).real)
    behind = Blur(symmetric.roll((3, 4), (0, 1)), (6, 8))
    torch.testing.assert_close(both.forward(x), behind.forward(blur.forward(x)))
    torch.testing.assert_close(both.adjoint(y), blur.adjoint(behind.adjoint(y)))
    moved = both.prox(x, y, 0.1) - x  # H' (H z - y) + 0.1 (z - x) = 0
    pull = both.adjoint(both.forward(x + moved) - y) + 0.1 * moved
    torch.testing.assert_close(pull, torch.zeros_like(pull), atol=1e-9, rtol=0)


def operator_of(kind: str) -> tuple[Degradation, Tensor, Tensor]:
    """Return one small operator of `kind`, with a z and a y for it."""
    kernel = rand(3, 2) - 0.3
    operator = {
        'identity': Identity,
        'mask': lambda: Mask(rand(1, 1, 4, 6)),
        'mosaic': lambda: Mosaic('RGGB', (4, 6)),
        'blur': lambda: Blur(kernel, (4, 6)),
        'windowed blur': lambda: WindowedBlur(kernel, (4, 6)),
        'downsample': lambda: Downsample(kernel, 2, (4, 6)),
        'lanczos': lambda: LanczosDownsample(2),
        'strided filter': lambda: StridedFilter(kernel, 2, (1, 1, 1, 1), (4, 6)),
    }[kind]()
    z = rand(*operator.shape_of((1, 3, 4, 6))) if kind == 'windowed blur' else rand(1, 3, 4, 6)
    return operator, z, operator.forward(z) + 0.1


@given(size=SPATIAL, data=st.data())
@settings(max_examples=25, deadline=None)
def test_blur_is_downsampling_by_one(size: tuple[int, ...], data: st.DataObject) -> None:
    kernel = data.draw(kernels(size))
    blur, downsample = Blur(kernel, size), Downsample(kernel, 1, size)
    z, y = rand(1, 2, *size), rand(1, 2, *size, seed=1)
    torch.testing.assert_close(blur.forward(z), downsample.forward(z))
    torch.testing.assert_close(blur.adjoint(y), downsample.adjoint(y))
    torch.testing.assert_close(blur.prox(z, y, 0.05), downsample.prox(z, y, 0.05))


@pytest.mark.parametrize('size', [(3, 3), (4, 5), (6, 2), (1, 8)])
@pytest.mark.parametrize('scale', [1, 2, 3])
def test_downsampling_is_a_true_convolution_at_the_upper_left(
    size: tuple[int, int], scale: int
) -> None:
    kernel, image = rand(*size).numpy(), rand(12, 18).numpy()
    expected = ndimage.convolve(image, kernel, mode='wrap')[::scale, ::scale]
    y = Downsample(kernel, scale, (12, 18)).forward(torch.from_numpy(image)[None, None])
    np.testing.assert_allclose(y[0, 0].numpy(), expected, atol=1e-12)


@pytest.mark.parametrize('size', [(3, 3, 3), (4, 1, 2), (1, 5, 6)])
@pytest.mark.parametrize('scale', [1, 2, 3])
def test_a_volume_is_convolved_along_all_axes(size: tuple[int, ...], scale: int) -> None:
    kernel, volume = rand(*size).numpy(), rand(6, 12, 18).numpy()
    expected = ndimage.convolve(volume, kernel, mode='wrap')[::scale, ::scale, ::scale]
    y = Downsample(kernel, scale, (6, 12, 18)).forward(torch.from_numpy(volume)[None, None])
    np.testing.assert_allclose(y[0, 0].numpy(), expected, atol=1e-12)


def test_a_plane_is_a_volume_of_one_slice() -> None:
    kernel, x, y = rand(3, 4), rand(1, 2, 6, 8), rand(1, 2, 6, 8, seed=1)
    plane, volume = Blur(kernel, (6, 8)), Blur(kernel[None], (1, 6, 8))
    for one, other in (
        (plane.forward(x), volume.forward(x[:, :, None])),
        (plane.adjoint(y), volume.adjoint(y[:, :, None])),
        (plane.prox(x, y, 0.2), volume.prox(x[:, :, None], y[:, :, None], 0.2)),
    ):
        torch.testing.assert_close(other[:, :, 0], one)


@pytest.mark.parametrize('dims', [2, 3])
@pytest.mark.parametrize('mode', range(MODES))
def test_a_turned_operator_is_the_operator_between_turns(mode: int, dims: int) -> None:
    """The turns act on Y and X; the operator stays what it was, laws and all."""
    spatial = (4, 6) if dims == 2 else (2, 4, 6)
    x = rand(1, 2, *spatial)
    assert torch.equal(turn_back(turn(x, mode), mode), x)
    if dims == 3:
        assert torch.equal(turn(x, mode)[:, :, 1], turn(x[:, :, 1], mode))
    for upright in (
        Blur(rand(*[2] * dims) - 0.3, spatial),
        Downsample(rand(*[2] * dims) - 0.3, 2, spatial),
        Mask(rand(1, 1, *spatial)),
        Identity(),
        WindowedBlur(rand(*[2] * dims) - 0.3, spatial),
    ):
        if isinstance(upright, WindowedBlur):
            x = rand(*upright.shape_of(x.shape))
        turned, seen = DihedralDegradation.of(upright, mode), turn(x, mode)
        y = upright.forward(x)
        torch.testing.assert_close(turned.forward(seen), turn(y, mode))
        torch.testing.assert_close(turned.adjoint(turn(y, mode)), turn(upright.adjoint(y), mode))
        prox = turned.prox(seen, turn(y + 0.1, mode), 0.3)
        torch.testing.assert_close(prox, turn(upright.prox(x, y + 0.1, 0.3), mode))
        assert turned.shape_of(turn(y, mode).shape) == seen.shape


def test_mosaic_reads_the_pattern_from_the_upper_left() -> None:
    colours = torch.tensor([1.0, 2.0, 3.0])[None, :, None, None].expand(1, 3, 3, 3)
    y = Mosaic('GBRG', (3, 3)).forward(colours)
    assert y[0, 0].tolist() == [[2, 3, 2], [1, 2, 1], [2, 3, 2]]


def test_one_weight_for_each_image_of_a_batch() -> None:
    for scale in (1, 2):
        operator = (Blur(rand(3, 3), (6, 6)), Downsample(rand(3, 3), 2, (6, 6)))[scale - 1]
        z, y = rand(2, 1, 6, 6), rand(2, 1, 6 // scale, 6 // scale)
        both = operator.prox(z, y, torch.tensor([0.1, 0.7])[:, None, None, None])
        for n, alpha in enumerate((0.1, 0.7)):
            alone = operator.prox(z[n : n + 1], y[n : n + 1], alpha)
            torch.testing.assert_close(both[n : n + 1], alone, atol=1e-7, rtol=1e-6)


def test_another_observation_replaces_the_remembered_one() -> None:
    operator, z = Blur(rand(3, 3), (6, 6)), rand(1, 1, 6, 6)
    for seed in (1, 2):
        y = rand(1, 1, 6, 6, seed=seed)
        fresh = Blur(rand(3, 3), (6, 6)).prox(z, y, 0.1)
        for _ in range(2):
            torch.testing.assert_close(operator.prox(z, y, 0.1), fresh)


def test_hardly_any_noise_leaves_float32_accurate() -> None:
    operator = Downsample(rand(5, 5) / 12.5, 2, (24, 28))
    z, y = rand(1, 1, 24, 28), rand(1, 1, 12, 14)
    exact = operator.prox(z, y, 6e-6)
    assert (operator.prox(z.float(), y.float(), 6e-6) - exact).abs().max() < 5e-5


@pytest.mark.parametrize(
    'kernel',
    [np.ones((9, 3)), np.ones(3), np.ones((0, 3)), np.ones((1, 3, 3)), np.array([[np.nan]])],
)
def test_unusable_kernels_are_refused(kernel: np.ndarray) -> None:
    with pytest.raises(KernelError):
        Blur(kernel, (8, 8))


@pytest.mark.parametrize('scale', [0, 3])
def test_grids_that_are_not_multiples_are_refused(scale: int) -> None:
    with pytest.raises(ImageError):
        Downsample(np.ones((3, 3)), scale, (8, 9))


def test_images_on_another_grid_are_refused() -> None:
    operator = Downsample(np.ones((3, 3)), 2, (8, 8))
    with pytest.raises(ImageError):
        operator.forward(rand(1, 1, 8, 6))
    with pytest.raises(ImageError):
        operator.prox(rand(1, 1, 8, 8), rand(1, 1, 8, 8), 0.1)


def test_maps_pattern_and_masks_that_make_no_sense_are_refused() -> None:
    z = rand(1, 1, 8, 8)
    with pytest.raises(ParameterError):
        Blur(np.ones((3, 3)), (8, 8)).prox(z, z, rand(1, 1, 8, 8))
    with pytest.raises(ParameterError):
        Mosaic('RGBX', (8, 8))
    with pytest.raises(ParameterError):
        LanczosDownsample(2, phase=0.3)
    with pytest.raises(MaskError):
        Mask(torch.full((1, 1, 2, 2), 255.0))
