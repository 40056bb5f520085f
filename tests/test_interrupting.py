"""Cancelling within a step: what networks are given after it was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco.generators import result_of
from napari_fresco.runtime.interrupting import RunCancelled, check, interruptible
from napari_fresco.runtime.tiled_network import TiledNetwork
from napari_fresco.solvers import pnp_volumes
from napari_fresco.types import Step

PLANE: dict[str, Any] = {
    'image': np.random.default_rng(0).normal(100, 10, (192, 192)).astype('f4'),
    'method': 'dpir',
    'task': 'deblur',
    'kernel': fresco.kernels.gaussian(1.0, size=5),
    'sigma': 10.0,
    'tile': 64,
}
VOLUME: dict[str, Any] = {
    'image': np.random.default_rng(0).poisson(50, (12, 48, 48)).astype('f4'),
    'axes': 'ZYX',
    'method': 'dpir',
    'task': 'deblur',
    'kernel': np.full((3, 3, 3), 1 / 27),
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Count the pieces that networks compute, and call what is in the list with each."""
    monkeypatch.setattr(pnp_volumes, 'MOST_OF_CPU', 48 * 48)
    before = TiledNetwork._padded
    each: list[Callable[[], None]] = []

    def padded(self: Any, part: Any, *args: Any) -> Any:
        def counted(*given: Any) -> Any:
            for call in each:
                call()
            return part(*given)

        return before(self, counted, *args)

    monkeypatch.setattr(TiledNetwork, '_padded', padded)
    return each


@pytest.mark.parametrize('after', [1, 7])
@pytest.mark.parametrize('asked', [PLANE, VOLUME], ids=['plane', 'volume'])
def test_nothing_is_computed_after_a_run_was_cancelled(
    asked: dict[str, Any], after: int, calls: list[Callable[[], None]]
) -> None:
    cancel, count = threading.Event(), 0

    def call() -> None:
        nonlocal count
        count += 1
        if count >= after:
            cancel.set()

    calls.append(call)
    with fresco.Session(device='cpu') as session:
        result = result_of(session.iterate(cancel=cancel, **asked))
    assert (count, result.finish) == (after, 'cancelled')
    assert np.isfinite(result.image).all()


@pytest.mark.parametrize('after', [1, 5])
def test_a_callback_ends_a_volume_between_the_planes_of_the_prior(
    after: int, calls: list[Callable[[], None]]
) -> None:
    pieces, steps = 0, 0

    def call() -> None:
        nonlocal pieces
        pieces += 1

    def callback(step: Step) -> bool:
        nonlocal steps
        steps += 1
        return steps < after

    calls.append(call)
    result = fresco.restore(callback=callback, device='cpu', **VOLUME)
    assert (pieces, result.finish) == (after, 'cancelled')
    assert result.image.mean() == pytest.approx(VOLUME['image'].mean(), rel=0.05)


def test_only_the_run_that_was_cancelled_ends() -> None:
    cancelled = threading.Event()
    cancelled.set()
    with interruptible(cancelled):
        with interruptible(threading.Event()):
            check()
        with pytest.raises(RunCancelled):
            check()
    check()


def test_a_run_asks_between_pieces_whether_it_is_cancelled(
    calls: list[Callable[[], None]],
) -> None:
    count = 0

    def call() -> None:
        nonlocal count
        count += 1

    calls.append(call)
    with fresco.Session(device='cpu') as session:
        result = session.restore(cancelled=lambda: count >= 3, **VOLUME)
    assert (count, result.finish) == (3, 'cancelled')
