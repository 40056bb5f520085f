"""USRNet: the data step against dense algebra, the network, the solver, assumed kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torch import Tensor, nn

from napari_fresco import networks
from napari_fresco.declare.parameters import USRNetParameters
from napari_fresco.errors import KernelError, ParameterError
from napari_fresco.networks.drunet import DRUNet
from napari_fresco.networks.facts import facts_of
from napari_fresco.networks.usrnet import USRNet, data_step, transfer
from napari_fresco.physics import kernels
from napari_fresco.physics.kernels import assumed
from napari_fresco.physics.problem import Problem
from napari_fresco.physics.spectral import Blur, Downsample
from napari_fresco.solvers import unfolded as solvers
from napari_fresco.solvers.annealing import where_it_is
from napari_fresco.types import Step

from .untrained import Tools, rand

SMALL: dict[str, Any] = {'n_iter': 3, 'h_nc': 8, 'nc': [4, 4, 6, 8], 'nb': 1}
GRAY: dict[str, Any] = {**SMALL, 'in_nc': 2, 'out_nc': 1}


def kernel(*shape: int, seed: int = 5, dtype: torch.dtype = torch.float32) -> Tensor:
    k = rand(*shape, seed=seed, dtype=dtype)
    return k / k.sum((-2, -1), keepdim=True)


def small(**config: Any) -> USRNet:
    torch.manual_seed(0)
    return USRNet(**(config or SMALL)).eval()


# The network


def test_published_names_and_sizes() -> None:
    with torch.device('meta'):
        full = networks.build('usrnet')
        tiny = networks.build('usrnet', n_iter=6, h_nc=32, nc=[16, 32, 64, 64])
    assert sum(p.numel() for p in full.parameters()) == 17_016_016
    assert sum(p.numel() for p in tiny.parameters()) == 590_332
    shapes = {name: tuple(v.shape) for name, v in full.state_dict().items()}
    assert shapes.keys() == tiny.state_dict().keys()
    assert shapes.keys() == names(2)
    assert shapes['p.m_head.weight'] == (64, 4, 3, 3)
    assert shapes['p.m_down1.2.weight'] == (128, 64, 2, 2)
    assert shapes['p.m_up3.0.weight'] == (512, 256, 2, 2)
    assert shapes['p.m_tail.weight'] == (3, 64, 3, 3)
    assert shapes['h.mlp.0.weight'] == (64, 2, 1, 1)
    assert shapes['h.mlp.4.bias'] == (16,)


def names(blocks: int) -> set[str]:
    """Return the names in the authors' checkpoints."""
    body = [f'p.m_body.{b}.res.{c}' for b in range(blocks) for c in (0, 2)]
    down, up = [], []
    for level in (1, 2, 3):
        down += [f'p.m_down{level}.{b}.res.{c}' for b in range(blocks) for c in (0, 2)]
        down += [f'p.m_down{level}.{blocks}']
        up += [f'p.m_up{level}.0']
        up += [f'p.m_up{level}.{b + 1}.res.{c}' for b in range(blocks) for c in (0, 2)]
    weights = {f'{name}.weight' for name in ('p.m_head', *down, *body, *up, 'p.m_tail')}
    return weights | {f'h.mlp.{i}.{kind}' for i in (0, 2, 4) for kind in ('weight', 'bias')}


@st.composite
def data_cases(draw: st.DrawFn) -> tuple[int, tuple[int, int], tuple[int, int]]:
    scale = draw(st.integers(1, 4))
    size = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    window = tuple(draw(st.integers(1, n * scale)) for n in size)
    return scale, size, (window[0], window[1])


@settings(max_examples=60)
@given(data_cases(), st.sampled_from([1e-4, 0.03, 2.0]))
def test_data_step_is_the_dense_solution(
    case: tuple[int, tuple[int, int], tuple[int, int]], alpha: float
) -> None:
    """Solve (H'H + alpha) z = H'y + alpha x; images of the batch have their own kernels."""
    scale, (height, width), window = case
    grid = (height * scale, width * scale)
    k = kernel(2, 1, *window, dtype=torch.float64)
    x, y = rand(2, 2, *grid, dtype=torch.float64), rand(2, 2, height, width, dtype=torch.float64)
    alphas = torch.tensor([alpha, 2 * alpha], dtype=torch.float64).reshape(2, 1, 1, 1)
    z = data_step(x, y, transfer(k, scale, grid), alphas)
    for i in range(2):
        h = dense(k[i, 0].numpy(), scale, grid)
        left = h.T @ h + alphas[i].item() * np.eye(h.shape[1])
        right = h.T @ flat(y[i]) + alphas[i].item() * flat(x[i])
        np.testing.assert_allclose(flat(z[i]), np.linalg.solve(left, right), atol=1e-9)


def dense(k: np.ndarray, scale: int, grid: tuple[int, int]) -> np.ndarray:
    """Return the matrix of blurring, by another library, and keeping upper-left pixels."""
    basis = np.eye(grid[0] * grid[1]).reshape(-1, *grid)
    columns = [ndimage.convolve(b, k, mode='wrap')[::scale, ::scale].ravel() for b in basis]
    return np.stack(columns, axis=1)


def flat(planes: Tensor) -> np.ndarray:
    """Return the channels as columns."""
    return planes.reshape(len(planes), -1).numpy().T


@pytest.mark.parametrize('scale', range(1, 9))
def test_data_step_is_that_of_the_physics(scale: int) -> None:
    grid = (6 * scale, 5 * scale)
    k = kernel(5, 4, dtype=torch.float64)
    x, y = rand(1, 3, *grid, dtype=torch.float64), rand(1, 3, 6, 5, dtype=torch.float64)
    alpha = torch.full((1, 1, 1, 1), 0.02, dtype=torch.float64)
    z = data_step(x, y, transfer(k[None, None], scale, grid), alpha)
    operator = Blur(k, grid) if scale == 1 else Downsample(k, scale, grid)
    torch.testing.assert_close(z, operator.prox(x, y, 0.02), atol=1e-12, rtol=0)


def test_data_step_has_right_gradients() -> None:
    double = torch.float64
    inputs = [
        rand(2, 1, 6, 4, dtype=double),
        rand(2, 1, 3, 2, dtype=double),
        kernel(2, 1, 3, 2, dtype=double),
        torch.tensor([0.1, 0.3], dtype=double).reshape(2, 1, 1, 1),
    ]

    def step(x: Tensor, y: Tensor, k: Tensor, alpha: Tensor) -> Tensor:
        return data_step(x, y, transfer(k, 2, (6, 4)), alpha)

    assert torch.autograd.gradcheck(step, [t.requires_grad_() for t in inputs])


def test_every_parameter_learns() -> None:
    network = small()
    network(
        rand(2, 3, 8, 8), kernel(2, 1, 5, 5), 2, torch.full((2, 1, 1, 1), 0.05)
    ).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize('scale', [1, 3])
def test_a_batch_is_its_images_one_by_one(scale: int) -> None:
    network = small()
    y, k, sigma = rand(3, 3, 9, 7), kernel(3, 1, 6, 5), rand(3, 1, 1, 1) / 10
    with torch.no_grad():
        together = network(y, k, scale, sigma)
        alone = [network(y[i : i + 1], k[i : i + 1], scale, sigma[i : i + 1]) for i in range(3)]
    assert together.shape == (3, 3, 9 * scale, 7 * scale)
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=0)


def test_a_shared_kernel_and_kernels_by_channel() -> None:
    network = small()
    y, k, sigma = rand(2, 3, 8, 8), kernel(1, 1, 3, 3), torch.full((1, 1, 1, 1), 0.02)
    with torch.no_grad():
        shared = network(y, k, 2, sigma.expand(2, 1, 1, 1))
        repeated = network(y, k.expand(2, 3, 3, 3), 2, sigma)
    torch.testing.assert_close(shared, repeated, atol=1e-6, rtol=0)


def test_autocast_leaves_the_data_step_in_full_precision() -> None:
    k, alpha = kernel(1, 1, 5, 5), torch.full((1, 1, 1, 1), 1e-4)
    x, y = rand(1, 3, 16, 16), rand(1, 3, 8, 8)
    expected = data_step(x, y, transfer(k, 2, (16, 16)), alpha)
    with torch.autocast('cpu', torch.bfloat16):
        z = data_step(x, y, transfer(k, 2, (16, 16)), alpha)
    assert z.dtype == torch.float32
    assert torch.equal(z, expected)
    half = data_step(x.bfloat16(), y, transfer(k.bfloat16(), 2, (16, 16)), alpha)
    assert half.dtype == torch.float32


def test_autocast_hardly_changes_the_result() -> None:
    network, sigma = small(), torch.full((1, 1, 1, 1), 0.1)
    y, k = rand(1, 3, 8, 8), kernel(1, 1, 5, 5)
    with torch.no_grad():
        expected = network(y, k, 2, sigma)
        with torch.autocast('cpu', torch.bfloat16):
            fast = network(y, k, 2, sigma)
    assert fast.dtype == torch.float32
    assert not torch.equal(fast, expected)
    torch.testing.assert_close(fast, expected, atol=0.02, rtol=0)


def test_float64_throughout() -> None:
    network = small().double()
    y, sigma = rand(1, 3, 6, 6, dtype=torch.float64), torch.full((1, 1, 1, 1), 0.1).double()
    assert network(y, kernel(1, 1, 3, 3), 2, sigma).dtype == torch.float64


def test_gray() -> None:
    network = small(**GRAY)
    result = network(rand(2, 1, 5, 6), kernel(1, 1, 3, 3), 4, torch.full((2, 1, 1, 1), 0.1))
    assert result.shape == (2, 1, 20, 24)


@pytest.mark.parametrize(
    ('shape', 'scale', 'words'),
    [
        ((1, 1, 17, 3), 2, 'larger than the result'),
        ((1, 1, 3, 9), 1, 'larger than the result'),
        ((3, 1, 3, 3), 2, 'do not fit images'),
        ((1, 2, 3, 3), 2, 'do not fit images'),
        ((3, 3), 2, 'do not fit images'),
    ],
)
def test_unusable_kernels(shape: tuple[int, ...], scale: int, words: str) -> None:
    with pytest.raises(KernelError, match=words):
        small()(rand(2, 3, 8, 8), rand(*shape), scale, torch.zeros(2, 1, 1, 1))


@pytest.mark.parametrize('scale', [0, -1, 1.5, True])
def test_unusable_scales(scale: Any) -> None:
    with pytest.raises(ParameterError, match='whole number'):
        small()(rand(1, 3, 8, 8), kernel(1, 1, 3, 3), scale, torch.zeros(1, 1, 1, 1))


def test_the_prior_is_a_drunet_for_any_size() -> None:
    prior = small().p
    plain = DRUNet(4, 3, SMALL['nc'], SMALL['nb'])
    plain.load_state_dict(prior.state_dict())
    x = rand(1, 4, 16, 24)
    assert torch.equal(prior(x), plain(x))
    assert prior(x[..., :13, :21]).shape == (1, 3, 13, 21)


def test_facts() -> None:
    facts = facts_of(small())
    assert (facts.architecture, facts.channels, facts.multiple, facts.grid) == ('usrnet', 3, 1, 8)
    assert facts.scale == 1
    assert facts_of(USRNet(nc=(2, 2, 2, 2))).halo == facts_of(DRUNet(nc=(2, 2, 2, 2), nb=2)).halo


# The solver


def lending(network: nn.Module, tile: int | None = None) -> Tools:
    return Tools(network, tile, scales=(1, 2, 3, 4))


def problem_of(channels: int, scale: int, sigma: float | Tensor = 0.03, side: int = 9) -> Problem:
    grid, k = (side * scale, (side + 2) * scale), kernel(5, 4)
    operator = Blur(k, grid) if scale == 1 else Downsample(k, scale, grid)
    y = operator.forward(rand(1, channels, *grid, seed=3))
    return Problem('deblur' if scale == 1 else 'super_resolve', y, operator, sigma)


def solve(
    problem: Problem, tools: Tools, solver: Callable[..., Any] = solvers.usrnet
) -> list[Step]:
    with torch.inference_mode():
        return list(solver(problem, USRNetParameters(model='test'), tools))


def told(problem: Problem) -> Tensor:
    return torch.full((1, 1, 1, 1), float(problem.sigma))


@pytest.mark.parametrize('scale', [1, 2, 3])
def test_the_solver_runs_the_network(scale: int) -> None:
    network, problem = small(), problem_of(3, scale)
    steps = solve(problem, lending(network))
    assert [(s.index, s.total) for s in steps] == [(1, 3), (2, 3), (3, 3)]
    with torch.no_grad():
        k = kernel(5, 4)[None, None]
        expected = [x for _, x in network.iterate(problem.y, k, scale, told(problem))]
    for step, x in zip(steps, expected, strict=True):
        torch.testing.assert_close(step.x, x, atol=2e-5, rtol=0)
        residual = (problem.degradation.forward(x) - problem.y).square().mean().sqrt()
        assert float(step.residual) == pytest.approx(float(residual), rel=1e-3)


def test_usrgan_is_the_same_with_other_weights() -> None:
    problem, tools = problem_of(3, 2), lending(small())
    one, other = solve(problem, tools), solve(problem, tools, solvers.usrgan)
    assert torch.equal(one[-1].x, other[-1].x)


def test_tiles_do_not_show() -> None:
    network, problem = small(), problem_of(3, 2, side=75)
    whole = solve(problem, lending(network))[-1].x
    tiled = solve(problem, lending(network, tile=64))[-1].x
    torch.testing.assert_close(tiled, whole, atol=1e-5, rtol=0)


def test_gray_images_pass_a_colour_network_as_three_equal_channels() -> None:
    network, problem = small(), problem_of(1, 2)
    x = solve(problem, lending(network))[-1].x
    with torch.no_grad():
        rgb = network(problem.y.expand(-1, 3, -1, -1), kernel(1, 1, 5, 4), 2, told(problem))
    torch.testing.assert_close(x, rgb.mean(1, keepdim=True), atol=2e-5, rtol=0)


@pytest.mark.parametrize('channels', [2, 3])
def test_channels_pass_a_gray_network_one_by_one(channels: int) -> None:
    network, problem = small(**GRAY), problem_of(channels, 2)
    x = solve(problem, lending(network))[-1].x
    with torch.no_grad():
        planes = [
            network(problem.y[:, c : c + 1], kernel(1, 1, 5, 4), 2, told(problem))
            for c in range(channels)
        ]
    torch.testing.assert_close(x, torch.cat(planes, 1), atol=2e-5, rtol=0)


def test_a_noise_map_counts_by_its_level_where_it_is() -> None:
    tools, level = lending(small()), rand(1, 1, 9, 11) / 20
    problem = problem_of(3, 2, level)
    flat_problem = problem_of(3, 2, where_it_is(level))
    torch.testing.assert_close(solve(problem, tools)[-1].x, solve(flat_problem, tools)[-1].x)


def test_a_start_replaces_the_nearest_enlargement() -> None:
    tools, problem = lending(small()), problem_of(3, 2)
    nearest = problem.y.repeat_interleave(2, -2).repeat_interleave(2, -1)
    given_start = Problem('super_resolve', problem.y, problem.degradation, 0.03, nearest)
    other = Problem('super_resolve', problem.y, problem.degradation, 0.03, nearest * 0)
    first = solve(problem, tools)[0].x
    assert torch.equal(solve(given_start, tools)[0].x, first)
    assert not torch.equal(solve(other, tools)[0].x, first)


def test_no_noise_is_finite() -> None:
    problem = problem_of(3, 2, 0.0)
    assert all(bool(s.x.isfinite().all()) for s in solve(problem, lending(small())))


# Assumed kernels


@pytest.mark.parametrize('scale', range(1, 9))
@pytest.mark.parametrize('name', assumed.ASSUMPTIONS)
def test_assumed_kernels_are_centred(name: str, scale: int) -> None:
    k, _ = assumed.assumed(name, scale)
    assert k.shape == (25, 25)
    assert k.sum() == pytest.approx(1)
    np.testing.assert_allclose(k, k[::-1, ::-1])
    np.testing.assert_allclose(k, k.T)


@pytest.mark.parametrize(
    ('name', 'sigma', 'widths'),
    [('clean photo', 2, (0.7, 1.5, 2.0, 2.5)), ('noisy photo', 15, (0.9, 1.7, 2.2, 2.7))],
)
def test_assumed_widths(name: str, sigma: float, widths: tuple[float, ...]) -> None:
    rows = np.arange(25) - 12
    for scale, width in zip((2, 3, 4, 5), widths, strict=True):
        k, level = assumed.assumed(name, scale)
        assert level == sigma
        # The variance of a sampled Gaussian is that of the Gaussian, but for narrow ones.
        assert np.sqrt(rows**2 @ k.sum(1)) == pytest.approx(width, rel=2e-3)


def test_a_moved_assumed_kernel_looks_at_the_corner() -> None:
    k, _ = assumed.assumed('clean photo', 4)
    rows = np.arange(25) - 12
    assert rows @ kernels.shift(k, 4).sum(1) == pytest.approx(-1.5, abs=1e-6)


@pytest.mark.parametrize(('name', 'scale'), [('chip', 2), ('clean photo', 9), ('clean photo', 0)])
def test_unknown_assumptions(name: str, scale: int) -> None:
    with pytest.raises(ParameterError, match=r'choose|give 1 to 8|whole number'):
        assumed.assumed(name, scale)
