"""The steps of training: how many there are, how large they are, and what is kept of them."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from napari_fresco import networks
from napari_fresco.training.averaging import Average
from napari_fresco.training.loop import step_size
from napari_fresco.training.optimizer import Optimizer, orthogonalised
from napari_fresco.training.schedule import TrainingSchedule


def test_step_size_rises_holds_and_falls_to_nothing() -> None:
    sizes = [step_size(k / 1000, k) for k in range(1000)]
    assert sizes[0] <= 0.01
    assert sizes[200] == 1
    assert 0 < sizes[-1] < 0.01


@given(st.floats(1e-3, 2), st.floats(1, 600), st.integers(100, 5000))
def test_a_run_takes_the_time_that_it_is_given(step: float, seconds: float, total: int) -> None:
    """Whatever a step takes, even if it becomes twice as long midway."""
    schedule, spent, count = TrainingSchedule(total, seconds=seconds), 0.0, 0
    while not schedule.done:
        took = step * (2 if spent > seconds / 2 else 1)
        spent += took
        schedule.advance(count, spent, took)
        count += 1
        assert count < 2 * seconds / step + 100
    assert abs(spent - seconds) < 0.05 * seconds + 60 * step


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_a_run_takes_the_steps_that_it_is_given(total: int, steps: int) -> None:
    schedule, count = TrainingSchedule(total, stride=total / steps), 0
    while not schedule.done:
        schedule.advance(count, count, 1.0)
        count += 1
    assert count == steps


@given(st.tuples(st.integers(1, 9), st.integers(1, 9)), st.integers(0, 99))
def test_muon_moves_all_directions_alike(shape: tuple[int, int], seed: int) -> None:
    u, _, vt = np.linalg.svd(np.random.default_rng(seed).normal(size=shape), full_matrices=False)
    values = np.linspace(1, 0.3, len(vt))
    matrix = torch.from_numpy(u * values @ vt).float()
    moved = orthogonalised(matrix).double().numpy()
    strengths = np.diag(u.T @ moved @ vt.T)
    assert strengths.min() > 0.5
    assert strengths.max() < 1.4


def test_hidden_layers_are_orthogonalised_and_others_are_not() -> None:
    network = networks.build('ffdnet', in_nc=1, out_nc=1, nc=16, nb=3)
    start = {name: p.detach().clone() for name, p in network.named_parameters()}
    optimizer = Optimizer(network)
    generator = torch.Generator().manual_seed(0)
    for weight in network.parameters():
        # Singular values of a ratio of about ten.
        first = torch.linspace(1, 10, len(weight)).view(-1, *(1 for _ in weight.shape[1:]))
        weight.grad = first * torch.randn(weight.shape, generator=generator)
    optimizer.step(1e-2)
    moves = {
        n: (p.detach() - start[n]).flatten(1) for n, p in network.named_parameters() if p.ndim == 4
    }
    hidden = [n for n, p in network.named_parameters() if p.ndim == 4 and min(p.shape[:2]) >= 16]
    assert len(hidden) == 1
    for name, move in moves.items():
        if name in hidden:
            values = torch.linalg.svdvals(move)
            assert values[-1] > 0.4 * values[0]
        else:
            # The first step of Adam goes by the sign.
            torch.testing.assert_close(move.abs(), torch.full_like(move, 1e-2), rtol=1e-3, atol=0)


def test_the_average_forgets_the_beginning_and_is_given_back() -> None:
    layer = nn.Linear(1, 1, bias=False)
    average = Average(layer)
    for step in range(300):
        nn.init.constant_(layer.weight, step)
        average.follow(step)
    with average.applied():
        assert 280 < layer.weight.item() < 299
    assert layer.weight.item() == 299
