"""The runner: cancel, NaN stop, best iterate, memory."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
import torch

from napari_fresco.errors import DeviceError, DivergedError
from napari_fresco.generators import Returning
from napari_fresco.physics.operators import Identity
from napari_fresco.physics.problem import Problem
from napari_fresco.runtime import run as runner
from napari_fresco.runtime.run import RunOutcome, Workbench, run
from napari_fresco.types import Step


@pytest.fixture
def tools() -> Iterator[Workbench]:
    bench = Workbench(torch.device('cpu'), 'float32', None, seed=0)
    yield bench
    bench.close()


@pytest.fixture
def problem() -> Problem:
    return Problem('denoise', torch.zeros(1, 1, 4, 4), Identity(), 0.1)


def steps_of(values, scores=None):
    """Return a solver whose estimates are constants."""

    def solver(problem, params, tools):
        for i, value in enumerate(values):
            score = None if scores is None else scores[i]
            yield Step(i + 1, len(values), torch.full_like(problem.y, value), score=score)

    return solver


def drive(runner, on_step=lambda step: None) -> tuple[list[Step], RunOutcome]:
    seen, steps = [], Returning(runner)
    for step in steps:
        seen.append(step)
        on_step(step)
    return seen, steps.result


def test_the_last_step_is_the_result(problem, tools) -> None:
    seen, outcome = drive(run(steps_of([1, 2, 3]), problem, None, tools))
    assert [s.index for s in seen] == [1, 2, 3]
    assert (outcome.finish, outcome.steps, float(outcome.step.x.max())) == ('completed', 3, 3)


def test_what_is_better_than_the_last_estimate_is_the_result(problem, tools) -> None:
    def solver(problem, params, tools):
        yield Step(1, 2, problem.y + 5, better=problem.y, notes=('said',))
        yield Step(2, 2, problem.y + 3)

    cancel = threading.Event()
    _, outcome = drive(run(solver, problem, None, tools, cancel), lambda step: cancel.set())
    assert (outcome.finish, float(outcome.step.x.max())) == ('cancelled', 0)
    assert outcome.warnings[0] == 'said'
    assert 'allow more iterations' in outcome.warnings[1]
    _, outcome = drive(run(solver, problem, None, tools))
    assert (float(outcome.step.x.max()), outcome.warnings) == (3, ())


def test_the_best_score_wins(problem, tools) -> None:
    _, outcome = drive(run(steps_of([1, 2, 3], [5.0, 1.0, 2.0]), problem, None, tools))
    assert float(outcome.step.x.max()) == 2


def test_the_best_score_is_not_lost_between_two_looks(problem, tools, monkeypatch) -> None:
    """As on a GPU, whose steps are not all looked at."""
    monkeypatch.setattr(runner, '_CHECK_SECONDS', 1e9)
    monkeypatch.setattr(runner, '_looks_always', lambda device: False)
    scores = [9.0, 5.0, 1.0, 2.0, 3.0]
    _, outcome = drive(run(steps_of([1, 2, 3, 4, 5], scores), problem, None, tools))
    assert float(outcome.step.x.max()) == 3
    _, outcome = drive(run(steps_of([1, 2, float('nan'), 4, 5], scores), problem, None, tools))
    assert (outcome.finish, float(outcome.step.x.max())) == ('stopped', 2)


def test_a_final_step_is_the_result_whatever_its_score(problem, tools) -> None:
    def solver(problem, params, tools):
        yield Step(1, 9, problem.y + 1, score=0.0)
        yield Step(2, 9, problem.y + 2, score=1.0, final=True)
        raise AssertionError('asked for a step after the final one')

    _, outcome = drive(run(solver, problem, None, tools))
    assert (outcome.finish, float(outcome.step.x.max())) == ('stopped', 2)


def test_cancel_ends_within_one_step(problem, tools) -> None:
    cancel = threading.Event()
    seen, outcome = drive(
        run(steps_of(range(100)), problem, None, tools, cancel),
        lambda step: cancel.set() if step.index == 4 else None,
    )
    assert (len(seen), outcome.finish, float(outcome.step.x.max())) == (4, 'cancelled', 3)


def test_nan_stops_and_keeps_the_last_finite_estimate(problem, tools) -> None:
    seen, outcome = drive(run(steps_of([1, 2, float('nan'), 4]), problem, None, tools))
    assert (len(seen), outcome.finish, float(outcome.step.x.max())) == (2, 'stopped', 2)
    assert 'step 3 was not finite' in outcome.warnings[0]


def test_nan_from_the_start_is_an_error(problem, tools) -> None:
    with pytest.raises(DivergedError, match='first step'):
        drive(run(steps_of([float('inf')]), problem, None, tools))


def test_out_of_memory_is_said_in_plain_words(problem, tools) -> None:
    def solver(problem, params, tools):
        yield Step(1, 2, problem.y)
        raise torch.OutOfMemoryError('CUDA out of memory')

    with pytest.raises(DeviceError, match='memory'):
        drive(run(solver, problem, None, tools))


def test_other_runtime_errors_are_passed_on(problem, tools) -> None:
    def solver(problem, params, tools):
        yield Step(1, 2, problem.y)
        raise RuntimeError('a bug')

    with pytest.raises(RuntimeError, match='a bug'):
        drive(run(solver, problem, None, tools))


def test_cancel_runs_the_solvers_finally_and_frees_its_tensors(problem, tools) -> None:
    ends: list[str] = []
    alive: list[weakref.ref[torch.Tensor]] = []

    def solver(problem, params, tools):
        state = torch.zeros(100)
        alive.append(weakref.ref(state))
        try:
            for i in range(10):
                yield Step(i + 1, 10, problem.y + state[0])
        finally:
            ends.append('closed')

    cancel = threading.Event()
    drive(run(solver, problem, None, tools, cancel), lambda step: cancel.set())
    gc.collect()
    assert ends == ['closed']
    assert alive[0]() is None


def test_a_seed_repeats_the_random_numbers(tools) -> None:
    draws = []
    for _ in range(2):
        tools.reseed(5)
        draws.append(torch.rand(3, generator=tools.generator))
    assert torch.equal(*draws)
