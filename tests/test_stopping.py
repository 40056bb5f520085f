"""Stopping rules on sequences whose best epoch is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from napari_fresco.solvers.stopping import Discrepancy, MovingVariance, Never, WindowedVariance


def outputs(epochs: int, calmest: int, *, size: tuple[int, ...] = (1, 3, 12, 10)) -> list[Tensor]:
    """Return an image under fluctuations that are weakest at epoch `calmest`."""
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(size, generator=generator)
    strengths = [0.01 + 0.002 * abs(k - calmest) for k in range(epochs)]
    return [image + s * torch.randn(size, generator=generator) for s in strengths]


def test_windowed_variance_is_the_mean_error_to_the_mean_of_the_window() -> None:
    sequence = [x.double() for x in outputs(40, 20)]
    rule = WindowedVariance(8, 1000)
    for epoch, out in enumerate(sequence):
        score = rule.update(out)
        if epoch < 7:
            assert score is None
            continue
        window = torch.stack(sequence[epoch - 7 : epoch + 1])
        expected = (window - window.mean(0)).square().mean().item()
        assert score == pytest.approx(expected, rel=1e-12)


def test_windowed_variance_stays_exact_in_float32_after_large_values() -> None:
    generator = torch.Generator().manual_seed(0)
    wild = [torch.rand(1, 1, 16, 16, generator=generator) for _ in range(20)]
    calm = [0.5 + 1e-3 * torch.randn(1, 1, 16, 16, generator=generator) for _ in range(60)]
    rule = WindowedVariance(20, 1000)
    scores = [rule.update(out) for out in wild + calm]
    window = torch.stack(calm[-20:]).double()
    assert scores[-1] == pytest.approx((window - window.mean(0)).square().mean().item(), rel=1e-4)


def test_windowed_variance_stops_once_the_fluctuations_grow_again() -> None:
    rule = WindowedVariance(10, 25)
    sequence = outputs(120, 60)
    for out in sequence:
        rule.update(out)
        if rule.stopped:
            break
    assert rule.best == pytest.approx(64, abs=3)  # the window is centred on epoch 60
    assert rule.epoch == rule.best + 25 + 1


def test_windowed_variance_of_a_large_output_is_measured_on_some_of_its_pixels() -> None:
    sequence = outputs(20, 10, size=(1, 1, 128, 128))
    full, part = WindowedVariance(10, 100), WindowedVariance(10, 100, samples=4096)
    scores = [(full.update(out), part.update(out)) for out in sequence]
    for whole, some in scores[9:]:
        assert some == pytest.approx(whole, rel=0.02)
    assert part._ring is not None
    assert part._ring.numel() == 10 * 4096


def test_moving_variance_stops_after_the_warm_up_only() -> None:
    calm = [torch.full((1, 1, 4, 4), 0.5) for _ in range(5)]
    rule = MovingVariance(0.1, 8, warmup=30)
    scores = [rule.update(out) for out in calm + outputs(95, 60, size=(1, 1, 4, 4))]
    assert scores[:31] == [None] * 31
    assert all(score is not None for score in scores[31:])
    assert rule.best > 30
    assert rule.stopped


def test_discrepancy_stops_at_the_noise_level() -> None:
    rule = Discrepancy()
    out = torch.zeros(1, 1, 2, 2)
    stops = []
    for ratio in (3.0, 1.5, 1.01, 0.99, 0.5):
        assert rule.update(out, ratio) is None
        stops.append(rule.stopped)
    assert stops == [False, False, False, True, True]
    assert rule.best == 3


def test_never_takes_the_latest() -> None:
    rule = Never()
    for _ in range(5):
        assert rule.update(torch.zeros(1), math.inf) is None
    assert (rule.best, rule.stopped) == (4, False)
