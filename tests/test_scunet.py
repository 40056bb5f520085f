"""SCUNet: window attention against dense algebra, the network, its tiles, the solver."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from napari_fresco import networks
from napari_fresco.declare.parameters import SCUNetParameters
from napari_fresco.errors import ParameterError, WeightsError
from napari_fresco.networks.facts import facts_of
from napari_fresco.networks.scunet import SCUNet, SwinConvBlock, config_from
from napari_fresco.networks.window_attention import WindowAttention, join, partition
from napari_fresco.physics.operators import Identity
from napari_fresco.physics.problem import Problem
from napari_fresco.solvers.blind_denoising import scunet
from napari_fresco.types import Step

from .untrained import Tools, check_autocast, drawn, rand

SMALL: dict[str, Any] = {'config': [2] * 7, 'dim': 8, 'head_dim': 2}


def small(**config: Any) -> SCUNet:
    network = drawn(SCUNet(**(SMALL | config)))
    for name, p in network.named_parameters():
        if 'conv1_2' in name:
            p.data *= 0.3
    return network


def attention(side: int = 4, shifted: bool = False, dim: int = 6, head_dim: int = 3) -> Any:
    return drawn(WindowAttention(dim, head_dim, side, shifted=shifted)).double()


# Window attention


@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2))
def test_windows_are_squares_and_go_back(side: int, rows: int, columns: int, n: int) -> None:
    tokens = rand(n, rows * side, columns * side, 2)
    windows = partition(tokens, side)
    assert windows.shape == (n, rows, columns, side * side, 2)
    last = tokens[:, -side:, -side:].reshape(n, -1, 2)
    assert torch.equal(windows[:, -1, -1], last)
    assert torch.equal(join(windows, side), tokens)


@settings(max_examples=20)
@given(
    st.integers(2, 5), st.booleans(), st.integers(1, 3), st.integers(1, 3), st.sampled_from([1, 2])
)
def test_attention_is_the_dense_one(
    side: int, shifted: bool, rows: int, columns: int, n: int
) -> None:
    """Every token sees those of its window; shifted windows are cut off by the border."""
    module = attention(side, shifted)
    tokens = rand(n, rows * side, columns * side, 6, dtype=torch.float64)
    expected = torch.stack([dense(module, image, side, shifted) for image in tokens])
    torch.testing.assert_close(module(tokens), expected, atol=1e-12, rtol=0)


def dense(module: WindowAttention, image: Tensor, side: int, shifted: bool) -> Tensor:
    """Compute attention over the whole image, with a mask, from the definition."""
    height, width, dim = image.shape
    move = side // 2 if shifted else 0
    row, column = (
        g.flatten()
        for g in torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    )
    # Windows of a lattice moved up and left by half of a window, none of which wraps round.
    window_row, window_column = (row + side - move) // side, (column + side - move) // side
    seen = (window_row[:, None] == window_row) & (window_column[:, None] == window_column)
    apart = [(at[:, None] - at).clamp(1 - side, side - 1) + side - 1 for at in (row, column)]
    bias = module.relative_position_params[:, apart[0], apart[1]]
    flat = image.reshape(-1, dim)
    q, k, v = (part.unflatten(1, (2, 3)) for part in module.embedding_layer(flat).split(dim, 1))
    logits = torch.einsum('phd,qhd->hpq', q, k) / 3**0.5 + bias
    weights = logits.masked_fill(~seen, -torch.inf).softmax(-1)
    mixed = torch.einsum('hpq,qhd->phd', weights, v).flatten(1)
    return module.linear(mixed).reshape(image.shape)


def test_one_shifted_window_is_four_that_do_not_see_each_other() -> None:
    module, tokens = attention(shifted=True), rand(1, 4, 4, 6, dtype=torch.float64)
    changed = tokens.clone()
    changed[:, :2, :2] += 1
    same = module(tokens) == module(changed)
    assert not same[:, :2, :2].any()
    assert same[:, 2:].all()
    assert same[:, :, 2:].all()


@pytest.mark.parametrize('shifted', [False, True])
def test_shifts_by_windows_pass_through_away_from_the_border(shifted: bool) -> None:
    block = drawn(SwinConvBlock(4, 6, 3, 4, shifted=shifted)).double()
    x = rand(1, 10, 24, 24, dtype=torch.float64)
    moved = block(x.roll((4, 8), (2, 3)))
    expected = block(x).roll((4, 8), (2, 3))
    inner = (..., slice(8, -4), slice(12, -4))
    torch.testing.assert_close(moved[inner], expected[inner], atol=1e-12, rtol=0)
    assert not torch.allclose(moved[..., :4, :], expected[..., :4, :])


def test_gradients_reach_every_parameter() -> None:
    network = small(config=[1, 2, 1, 1, 1, 1, 1]).requires_grad_(True)
    network(rand(2, 3, 64, 64)).square().sum().backward()
    for name, p in network.named_parameters():
        assert p.grad is not None, name
        assert p.grad.isfinite().all(), name
        if 'embedding_layer.bias' not in name:  # that of the keys cannot matter
            assert p.grad.abs().sum() > 0, name


# The network


@pytest.mark.parametrize(('channels', 'parameters'), [(3, 17_946_072), (1, 17_943_768)])
def test_published_size(channels: int, parameters: int) -> None:
    with torch.device('meta'):
        network = networks.build('scunet', in_nc=channels)
    assert sum(p.numel() for p in network.parameters()) == parameters
    shapes = {name: tuple(p.shape) for name, p in network.state_dict().items()}
    assert len(shapes) == 540
    assert shapes['m_head.0.weight'] == (64, channels, 3, 3)
    assert shapes['m_down1.4.weight'] == (128, 64, 2, 2)
    assert shapes['m_up3.0.weight'] == (512, 256, 2, 2)
    assert shapes['m_body.3.trans_block.msa.relative_position_params'] == (8, 15, 15)
    assert shapes['m_up1.4.trans_block.mlp.0.weight'] == (128, 32)


@pytest.mark.parametrize(
    ('resolution', 'shifts'),
    [(256, [1] * 7), (64, [1, 1, 1, 0, 1, 1, 1]), (32, [1, 1, 0, 0, 0, 1, 1])],
)
def test_every_second_block_shifts_unless_one_window_is_all(
    resolution: int, shifts: list[int]
) -> None:
    network = SCUNet(**SMALL, input_resolution=resolution)
    modules = [m for m in network.modules() if isinstance(m, WindowAttention)]
    expected = [shift for stage in shifts for shift in (0, 4 * stage)]
    assert [m.shift for m in modules] == expected


def test_sides_are_continued_by_replication_and_cut_off() -> None:
    network, x = small(), rand(2, 3, 37, 70)
    padded = nn.functional.pad(x, (0, 58, 0, 27), mode='replicate')
    assert torch.equal(network(x), network(padded)[..., :37, :70])
    assert network(x[..., :1, :1]).shape == (2, 3, 1, 1)


def test_without_a_tail_nothing_comes_out() -> None:
    network = small()
    network.m_tail[0].weight.zero_()
    assert not network(rand(1, 3, 16, 16)).any()


def test_blocks_that_add_nothing_leave_the_skips() -> None:
    network = small()
    for block in (m for m in network.modules() if isinstance(m, SwinConvBlock)):
        nn.init.zeros_(block.conv1_2.weight)
        nn.init.zeros_(block.conv1_2.bias)
    for name in ('m_up1', 'm_up2', 'm_up3'):
        nn.init.zeros_(getattr(network, name)[0].weight)
    x = rand(1, 3, 64, 64)
    assert torch.equal(network(x), network.m_tail(network.m_head(x)))


def test_a_batch_is_its_images_one_by_one() -> None:
    network, x = small(), rand(3, 3, 64, 64)
    alone = torch.cat([network(image[None]) for image in x])
    torch.testing.assert_close(network(x), alone, atol=1e-5, rtol=0)


def test_autocast_hardly_changes_the_result() -> None:
    check_autocast(small(), rand(1, 3, 64, 64))


@settings(max_examples=10)
@given(
    st.sampled_from([1, 3]),
    st.lists(st.integers(1, 2), min_size=7, max_size=7),
    st.sampled_from([(4, 1), (4, 2), (8, 4)]),
    st.sampled_from([2, 5, 8]),
)
def test_the_configuration_is_read_off_the_tensors(
    channels: int, config: list[int], widths: tuple[int, int], window: int
) -> None:
    expected = {
        'in_nc': channels,
        'config': config,
        'dim': widths[0],
        'head_dim': widths[1],
        'window_size': window,
    }
    with torch.device('meta'):
        tensors = SCUNet(**expected).state_dict()
    assert config_from(tensors) == ('scunet', expected)


def test_heads_must_be_whole() -> None:
    with pytest.raises(ParameterError, match='multiple of head_dim = 32'):
        networks.build('scunet', dim=96)


def test_facts() -> None:
    with torch.device('meta'):
        facts = facts_of(SCUNet())
    assert (facts.architecture, facts.channels, facts.scale) == ('scunet', 3, 1)
    assert (facts.multiple, facts.grid) == (1, 64)
    assert not facts.takes_sigma
    assert not facts.exact_tiling


def test_nothing_is_seen_beyond_the_halo() -> None:
    network = small(config=[1] * 7, window_size=4).double()
    halo = facts_of(network).halo
    assert halo < 96
    x = rand(1, 3, 32, 256, dtype=torch.float64)
    changed = x.clone()
    changed[..., :64] += 1
    same = (network(x) == network(changed)).all(dim=(0, 1, 2))
    assert not same[:64].any()
    assert not same[64]
    assert same[64 + halo :].all()


# Tiles


def test_tiles_leave_no_seam() -> None:
    network, x = small(), rand(1, 3, 64, 512)
    whole, tiled = (Tools(network, tile).lent(x) for tile in (None, 256))
    difference = (tiled - whole) / whole.std()
    assert difference.abs().max() < 0.02
    assert not difference[..., :192].any()
    step = (difference[..., 256] - difference[..., 255]).abs().mean()
    elsewhere = difference[..., 224:288].diff().abs().mean()
    assert step < 2 * elsewhere < 0.002


# The solver


def solve(y: Tensor, network: nn.Module, strength: float = 1.0) -> Tensor:
    (step,) = steps(Problem('denoise', y, Identity(), 0.1), network, strength)
    assert (step.index, step.total) == (1, 1)
    assert float(step.residual) == pytest.approx(float((step.x - y).square().mean().sqrt()))
    return step.x


def steps(problem: Problem, network: nn.Module, strength: float) -> list[Step]:
    params = SCUNetParameters(model='test', strength=strength)
    return list(scunet(problem, params, Tools(network)))


def test_strength_blends_the_image_and_the_result() -> None:
    network, y = small(), rand(1, 3, 64, 128)
    assert torch.equal(solve(y, network, 0.0), y)
    assert torch.equal(solve(y, network, 1.0), network(y))
    torch.testing.assert_close(solve(y, network, 0.3), y + 0.3 * (network(y) - y))


def test_gray_images_pass_a_colour_network_as_three_equal_channels() -> None:
    network, y = small(), rand(1, 1, 64, 64)
    expected = network(y.expand(-1, 3, -1, -1)).mean(1, keepdim=True)
    torch.testing.assert_close(solve(y, network), expected)


def test_channels_pass_a_gray_network_one_by_one() -> None:
    network, y = small(in_nc=1), rand(1, 4, 64, 64)
    expected = torch.cat([network(plane) for plane in y.split(1, dim=1)], dim=1)
    torch.testing.assert_close(solve(y, network), expected)


@pytest.mark.parametrize(
    ('architecture', 'config'),
    [('drunet', {'nc': [2] * 4, 'nb': 1}), ('rrdbnet', {'nf': 4, 'nb': 1, 'gc': 2})],
)
def test_other_networks_are_refused_by_name(architecture: str, config: Any) -> None:
    with pytest.raises(WeightsError, match=r'(DRUNet|RRDBNet).*SCUNet'):
        solve(rand(1, 3, 16, 16), networks.build(architecture, **config))


@pytest.mark.parametrize('size', [(40, 100), (20, 30), (64, 90), (1, 70)])
def test_what_lacks_to_whole_windows_is_mirrored(size: tuple[int, int]) -> None:
    """Of strong noise a last row that is repeated makes stripes, which pass for structure."""
    network, y = small(), rand(1, 3, *size)
    margin = [(0, 0), (0, 0), *((0, -n % 64) for n in size)]
    whole = torch.from_numpy(np.pad(y.numpy(), margin, mode='reflect'))
    torch.testing.assert_close(solve(y, network), network(whole)[..., : size[0], : size[1]])
