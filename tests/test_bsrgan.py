"""RRDBNet: the network of BSRGAN, its tiles, the solver."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from napari_fresco import networks
from napari_fresco.declare.common_parameters import NetworkParameters
from napari_fresco.errors import ParameterError, WeightsError
from napari_fresco.networks.facts import facts_of
from napari_fresco.networks.rrdbnet import RRDB, DenseBlock, RRDBNet, config_from
from napari_fresco.physics.degradation import Unknown
from napari_fresco.physics.problem import Problem
from napari_fresco.solvers.blind_enlarging import bsrgan

from .untrained import Tools, check_autocast, drawn, rand

SMALL: dict[str, Any] = {'nf': 6, 'nb': 2, 'gc': 4}


def small(**config: Any) -> RRDBNet:
    return drawn(RRDBNet(**(SMALL | config)))


# The network


@pytest.mark.parametrize(
    ('scale', 'parameters', 'tensors'), [(4, 16_697_987, 702), (2, 16_661_059, 700)]
)
def test_published_size(scale: int, parameters: int, tensors: int) -> None:
    with torch.device('meta'):
        network = networks.build('rrdbnet', sf=scale)
    assert sum(p.numel() for p in network.parameters()) == parameters
    shapes = {name: tuple(p.shape) for name, p in network.state_dict().items()}
    assert len(shapes) == tensors
    assert shapes['RRDB_trunk.22.RDB3.conv5.weight'] == (64, 192, 3, 3)
    assert ('upconv2.weight' in shapes) == (scale == 4)
    assert shapes['conv_last.bias'] == (3,)


@pytest.mark.parametrize('scale', [2, 4])
def test_every_pixel_becomes_a_square(scale: int) -> None:
    assert small(sf=scale)(rand(2, 3, 5, 7)).shape == (2, 3, 5 * scale, 7 * scale)


def test_without_a_last_layer_its_bias_comes_out() -> None:
    network = small()
    network.conv_last.weight.zero_()
    network.conv_last.bias.copy_(torch.tensor([0.1, 0.2, 0.3]))
    expected = torch.tensor([0.1, 0.2, 0.3]).reshape(1, 3, 1, 1).expand(1, 3, 16, 20)
    assert torch.equal(network(rand(1, 3, 4, 5)), expected)


@pytest.mark.parametrize('block', [DenseBlock, RRDB])
def test_blocks_add_a_fifth_of_their_residual(block: type[nn.Module]) -> None:
    module, x = drawn(block(6, 4)), rand(1, 6, 8, 8)
    dense = module if block is DenseBlock else module.RDB3
    dense.conv5.weight.zero_()
    dense.conv5.bias.fill_(1.0)
    if block is DenseBlock:
        torch.testing.assert_close(module(x), x + 0.2)
        return
    inner = module.RDB2(module.RDB1(x)) + 0.2
    torch.testing.assert_close(module(x), x + 0.2 * inner)


def test_the_trunk_adds_to_the_first_layer() -> None:
    network, x = small(sf=2), rand(1, 3, 6, 6)
    network.trunk_conv.weight.zero_()
    network.trunk_conv.bias.zero_()
    doubled = network.conv_first(x).repeat_interleave(2, -1).repeat_interleave(2, -2)
    features = F.leaky_relu(network.HRconv(F.leaky_relu(network.upconv1(doubled), 0.2)), 0.2)
    torch.testing.assert_close(network(x), network.conv_last(features))


def test_shifts_pass_through_away_from_the_border() -> None:
    network = small(nb=1).double()
    halo = facts_of(network).halo
    x = rand(1, 3, 2 * halo + 4, 6, dtype=torch.float64)
    moved, expected = network(x.roll(1, 2)), network(x).roll(4, 2)
    inner = (..., slice(4 * (halo + 1), -4 * halo), slice(None))
    torch.testing.assert_close(moved[inner], expected[inner], atol=1e-12, rtol=0)


@pytest.mark.parametrize('scale', [2, 4])
def test_nothing_is_seen_beyond_the_halo(scale: int) -> None:
    network = small(nb=1, sf=scale).double()
    halo = facts_of(network).halo
    x = rand(1, 3, 4, 3 * halo, dtype=torch.float64)
    changed = x.clone()
    changed[..., :halo] += 1
    same = (network(x) == network(changed)).all(dim=(0, 1, 2))
    assert not same[: scale * halo].any()
    assert same[scale * 2 * halo :].all()


def test_gradients_reach_every_parameter() -> None:
    network = small().requires_grad_(True)
    network(rand(2, 3, 6, 6)).square().sum().backward()
    for name, p in network.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().sum() > 0, name


def test_autocast_hardly_changes_the_result() -> None:
    check_autocast(small(), rand(1, 3, 12, 12))


@settings(max_examples=10)
@given(
    st.sampled_from([1, 3]),
    st.integers(1, 9),
    st.integers(1, 3),
    st.integers(1, 5),
    st.sampled_from([2, 4]),
)
def test_the_configuration_is_read_off_the_tensors(
    channels: int, width: int, blocks: int, growth: int, scale: int
) -> None:
    expected = {
        'in_nc': channels,
        'out_nc': channels,
        'nf': width,
        'nb': blocks,
        'gc': growth,
        'sf': scale,
    }
    with torch.device('meta'):
        tensors = RRDBNet(**expected).state_dict()
    assert config_from(tensors) == ('rrdbnet', expected)


def test_other_scales_are_refused() -> None:
    with pytest.raises(ParameterError, match=r'sf = 3 is not .*2.*4'):
        networks.build('rrdbnet', sf=3)


def test_facts() -> None:
    facts = facts_of(small(sf=2))
    assert (facts.architecture, facts.channels, facts.scale) == ('rrdbnet', 3, 2)
    assert (facts.multiple, facts.grid) == (1, 1)
    assert facts.exact_tiling
    with torch.device('meta'):
        assert not facts_of(RRDBNet()).exact_tiling


# Tiles and the solver


@pytest.mark.parametrize('scale', [2, 4])
def test_tiles_of_a_small_network_are_exact(scale: int) -> None:
    network, x = small(nb=1, sf=scale), rand(1, 3, 40, 150)
    whole, tiled = (Tools(network, tile).lent(x) for tile in (None, 64))
    torch.testing.assert_close(tiled, whole, atol=1e-5, rtol=0)


def test_tiles_of_a_deep_network_leave_no_seam() -> None:
    network, x = small(nb=9, sf=2), rand(1, 3, 24, 256)
    assert not facts_of(network).exact_tiling
    whole, tiled = (Tools(network, tile).lent(x) for tile in (None, 128))
    difference = (tiled - whole) / whole.std()
    assert difference.abs().max() < 1e-3
    assert (difference[..., 256] - difference[..., 255]).abs().max() < 1e-4


def solve(y: Tensor, network: nn.Module, scale: int) -> Tensor:
    problem = Problem('super_resolve', y, Unknown(scale), 0.0)
    (step,) = bsrgan(problem, NetworkParameters(model='test'), Tools(network))
    assert (step.index, step.total, step.residual) == (1, 1, None)
    return step.x


@pytest.mark.parametrize('scale', [2, 4])
def test_the_solver_runs_the_network(scale: int) -> None:
    network, y = small(sf=scale), rand(1, 3, 9, 8)
    torch.testing.assert_close(solve(y, network, scale), network(y))


def test_gray_images_pass_as_three_equal_channels() -> None:
    network, y = small(), rand(1, 1, 6, 5)
    expected = network(y.expand(-1, 3, -1, -1)).mean(1, keepdim=True)
    torch.testing.assert_close(solve(y, network, 4), expected)


def test_another_scale_or_architecture_is_refused() -> None:
    y = rand(1, 3, 8, 8)
    with pytest.raises(WeightsError, match='x2'):
        solve(y, small(sf=2), 4)
    with pytest.raises(WeightsError, match=r'DRUNet.*RRDBNet'):
        solve(y, networks.build('drunet', nc=[2] * 4, nb=1), 4)
