"""DRUNet in 8-bit integers: little is lost, nothing depends on units or tiles, and faint noise is
left to floating point."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from napari_fresco import weights
from napari_fresco.errors import DeviceError
from napari_fresco.networks import devices
from napari_fresco.networks.drunet import DRUNet, ResBlock
from napari_fresco.networks.integers import _rounded, in_integers
from napari_fresco.runtime import denoisers

CPU = torch.device('cpu')
SIGMA = 25 / 255
needs_vnni = pytest.mark.skipif(
    not devices.has_fast_integers(CPU), reason='the processor has no VNNI'
)


def make(precision: str, tile: int | None = None, channels: int = 1) -> denoisers.NetworkDenoiser:
    made = denoisers.make('drunet', channels=channels, device='cpu', precision=precision, tile=tile)
    assert isinstance(made, denoisers.NetworkDenoiser)
    return made


def noisy_step(channels: int = 1, side: int = 64) -> Tensor:
    clean = torch.full((1, channels, side, side), 0.2)
    clean[..., side // 2 :] = 0.8
    draw = torch.Generator().manual_seed(1)
    return clean + SIGMA * torch.randn(clean.shape, generator=draw)


@needs_vnni
@pytest.mark.parametrize('channels', [1, 3])
def test_integers_are_near_floating_point(channels: int) -> None:
    x = noisy_step(channels)
    exact, integers = make('float32', channels=channels), make('int8', channels=channels)
    difference = integers(x, SIGMA) - exact(x, SIGMA)
    assert integers.tiled.arithmetic == 'int8'
    assert 0 < difference.std() < 0.6 / 255
    assert abs(difference.mean()) < 0.1 / 255


def test_rounded_filters_keep_their_sums() -> None:
    weight = 127 * torch.rand((8, 6, 3, 3), generator=torch.Generator().manual_seed(0)) - 40
    codes = _rounded(weight)
    assert torch.equal(codes, codes.round())
    assert (codes - weight).abs().max() <= 1.5
    assert (codes - weight).sum((2, 3)).abs().max() <= 0.5 + 1e-4


@needs_vnni
def test_integers_do_not_depend_on_the_units() -> None:
    x, integers = noisy_step(), make('int8')
    torch.testing.assert_close(integers(8 * x, 8 * SIGMA), 8 * integers(x, SIGMA))


@needs_vnni
def test_tiles_in_integers_are_like_the_whole() -> None:
    x = noisy_step(side=160)
    whole, tiled = make('int8')(x, SIGMA), make('int8', tile=64)(x, SIGMA)
    assert (whole - tiled).std() < 0.2 / 255  # values that fall on the border of two codes


@needs_vnni
def test_faint_noise_beside_a_bright_pixel_stays_in_floating_point() -> None:
    x, integers, usual = noisy_step(), make('int8'), make('auto')
    assert torch.equal(integers(x, 1 / 255), usual(x, 1 / 255))
    x[..., 5, 5] = 40
    assert torch.equal(integers(x, SIGMA), usual(x, SIGMA))
    empty = torch.zeros(1, 1, 16, 16)
    assert torch.equal(integers(empty, SIGMA), usual(empty, SIGMA))


@needs_vnni
def test_gradients_pass_in_floating_point() -> None:
    assert make('int8')(noisy_step().requires_grad_(), SIGMA).requires_grad


@needs_vnni
def test_the_twin_shares_what_is_not_rounded() -> None:
    network = weights.load('drunet_compact_gray', device='cpu')
    assert isinstance(network, DRUNet)
    twin = in_integers(network)
    assert twin.m_head.weight is network.m_head.weight
    assert not any(isinstance(module, ResBlock) for module in twin.modules())
    assert any(isinstance(module, ResBlock) for module in network.modules())


def test_integers_are_refused_where_they_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, 'abilities', lambda: ('AVX2',))
    with pytest.raises(DeviceError, match='needs a processor with VNNI, and this is cpu with AVX2'):
        make('int8')
