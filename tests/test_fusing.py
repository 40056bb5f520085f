"""Convolutions that rectify and add are the layers that they stand for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_fresco.networks import fusing
from napari_fresco.networks.fusing import Layers, added, rectified
from napari_fresco.networks.ircnn import IRCNN

from .untrained import Tools, drawn, rand

LAYOUTS = torch.contiguous_format, torch.channels_last


@pytest.fixture
def convolution() -> nn.Conv2d:
    return drawn(nn.Conv2d(6, 6, 3, padding=2, dilation=2))


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('slope', [0.0, 0.2])
def test_a_fused_rectifier_is_the_rectifier(
    convolution: nn.Conv2d, slope: float, layout: torch.memory_format
) -> None:
    x = (rand(2, 6, 33, 47) - 0.5).contiguous(memory_format=layout)
    expected = F.leaky_relu(convolution(x), slope)
    torch.testing.assert_close(rectified(convolution, x, slope), expected)
    assert (expected == 0).any() or slope


@pytest.mark.parametrize('layout', LAYOUTS)
def test_a_fused_sum_is_the_sum(convolution: nn.Conv2d, layout: torch.memory_format) -> None:
    wide = rand(2, 12, 33, 47).contiguous(memory_format=layout)
    for x in (wide[:, :6], wide[:, 6:], wide[:, :6].clone()):  # parts of channels, as in SCUNet
        torch.testing.assert_close(added(convolution, x, x), x + convolution(x))
    assert torch.equal(wide, rand(2, 12, 33, 47))  # and nothing is written into what was given


def test_a_sum_in_bfloat16_is_as_near_to_the_exact_one(convolution: nn.Conv2d) -> None:
    x = rand(1, 6, 40, 40).bfloat16()
    with torch.autocast('cpu', torch.bfloat16):
        fused, apart = added(convolution, x, x), x + convolution(x)
    assert fused.dtype == torch.bfloat16
    exact = x.float() + convolution(x.float())
    assert (fused.float() - exact).norm() <= 1.01 * (apart.float() - exact).norm()


def test_layers_are_a_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [nn.Conv2d(2, 5, 3), nn.ReLU(inplace=True), nn.Conv2d(5, 5, 1), nn.BatchNorm2d(5)]
    parts += [nn.LeakyReLU(0.1), nn.Conv2d(5, 3, 3), nn.LeakyReLU(0.3, inplace=True)]
    layers = drawn(Layers(*parts, nn.Conv2d(3, 1, 3), nn.Sigmoid()))
    x = rand(1, 2, 20, 30) - 0.5
    expected = nn.Sequential(*layers)(x)
    torch.testing.assert_close(layers(x), expected)
    assert isinstance(layers[:-1], Layers)
    calls: list[Any] = []
    monkeypatch.setattr(fusing, '_of', lambda *given: calls.append(given) or _of(*given))
    layers(x)
    assert len(calls) == 2  # the first rectifier and the last; a normalisation stands between


def test_what_learns_keeps_its_gradients(convolution: nn.Conv2d) -> None:
    x = rand(1, 6, 12, 12).requires_grad_()
    rectified(convolution, added(convolution, x, x)).sum().backward()
    assert x.grad is not None
    convolution.requires_grad_(True)
    rectified(convolution, x.detach()).sum().backward()
    assert convolution.weight.grad is not None


def test_a_hole_in_an_image_is_no_zero_behind_a_network() -> None:
    network = drawn(IRCNN(1, 1, 8))
    tiled = Tools(network).lent
    image = rand(1, 1, 40, 40)
    assert tiled(image).isfinite().all()
    for value in (float('nan'), float('inf')):
        image[..., 20, 20] = value
        assert not tiled(image).isfinite().any()


def test_a_recorded_network_has_only_operators_that_others_know() -> None:
    network = drawn(IRCNN(1, 1, 8))
    with torch.no_grad():
        graph = torch.jit.trace(network, rand(1, 1, 40, 40))
    assert isinstance(graph, torch.jit.ScriptModule)
    assert 'mkldnn' not in str(graph.inlined_graph)


def _of(convolution: nn.Conv2d, x: Tensor) -> tuple[Any, ...]:
    c = convolution
    return c.weight, c.bias, c.padding, c.stride, c.dilation, c.groups
