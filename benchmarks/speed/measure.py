"""How fast networks and solvers run, beside their authors' way and deepinv.

Every way of running has a process of its own; they take turns, so that all
of them meet the same disturbances from the rest of the machine.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from napari_fresco.errors import DeviceError, ParameterError
from napari_fresco.training.machine import processors

from .case import OURS, PEER, Case
from .cases import CASES
from .report import Row

ROOT = Path(__file__).parents[2]

_QUICK_ROUNDS = 3
_NEEDS = {PEER: 'deepinv', 'BM3D': 'bm3d'}


def measure(
    threads: int | None = None,
    quick: bool = False,
    peer: bool = True,
    device: str = 'cpu',
    only: Iterable[str] | None = None,
    progress: Callable[[list[Row]], object] | None = None,
) -> list[Row]:
    """Time every case.

    Parameters
    ----------
    threads : int, optional
        Processor threads; by default as many as there are processors.
    quick : bool, optional
        Smaller images and fewer repetitions: shows that it works, proves nothing.
    peer : bool, optional
        Time deepinv too, if it is installed.
    device : str, optional
        See :func:`napari_fresco.networks.devices.pick`.
    only : iterable of str, optional
        Names out of :data:`benchmarks.speed.cases.CASES`.
    progress : callable, optional
        Gets the rows of each case as soon as they are known.

    Returns
    -------
    list of Row
        In the order of the cases.

    Raises
    ------
    ParameterError
        When a name is unknown or `threads` is below 1.
    DeviceError
        When the device is absent, or a process fails.
    """
    from napari_fresco.networks.devices import pick

    place = str(pick(device))
    count = threads if threads is not None else processors()
    names = list(CASES if only is None else only)
    unknown = [name for name in names if name not in CASES]
    if unknown or count < 1:
        raise ParameterError(
            f'cannot time {unknown or names} with {count} threads; '
            f'cases are {", ".join(CASES)}, threads at least 1'
        )
    rows = []
    for name in names:
        found = _measure_case(CASES[name], place, count, quick=quick, peer=peer)
        rows += found
        if progress is not None:
            progress(found)
    return rows


def _measure_case(case: Case, device: str, threads: int, *, quick: bool, peer: bool) -> list[Row]:
    variants = [v for v in case.variants if _there_is(v) and (peer or v != PEER)]
    rounds = _QUICK_ROUNDS if quick else case.rounds
    with ExitStack() as stack:
        workers = {
            variant: stack.enter_context(Worker(case.name, variant, device, threads, quick))
            for variant in variants
        }
        flops = {variant: worker.answer()['flops'] for variant, worker in workers.items()}
        found: dict[str, list[dict[str, Any]]] = {variant: [] for variant in variants}
        for _ in range(rounds):
            for variant, worker in workers.items():
                found[variant].append(worker.ask())
    medians = {variant: _medians(answers) for variant, answers in found.items()}
    # The aims are for images of full size.
    case = replace(case, marks={}) if quick else case
    return [_row(case, variant, medians, flops[variant]) for variant in variants]


def _there_is(variant: str) -> bool:
    """Return whether what a variant needs is installed."""
    needs = _NEEDS.get(variant)
    return needs is None or find_spec(needs) is not None


def _medians(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    typical = {
        key: statistics.median(answer[key] for answer in answers)
        for key in ('wall', 'cpu', 'inside')
        if answers[0][key] is not None
    }
    rest = {'peak': max(answer['peak'] for answer in answers), 'psnr': answers[0]['psnr']}
    return {'inside': None, **typical, **rest}


def _row(case: Case, variant: str, medians: Mapping[str, Any], flops: float) -> Row:
    own, base, peer = medians[variant], medians[case.base], medians.get(PEER)
    return Row(
        case=case.name,
        configuration=case.configuration,
        variant=variant,
        seconds=own['wall'],
        cpu_seconds=own['cpu'],
        peak_mb=own['peak'],
        gflops=flops / own['wall'] / 1e9,
        outside=None if own['inside'] is None else 1 - own['inside'],
        faster=base['wall'] / own['wall'],
        faster_cpu=base['cpu'] / own['cpu'],
        faster_than_peer=peer['wall'] / own['wall'] if peer and variant in OURS else None,
        mark=case.marks.get(variant),
        decibels=own['psnr'],
    )


class Worker:
    """A process of :mod:`benchmarks.speed.worker`, ended with the context."""

    def __init__(self, case: str, variant: str, device: str, threads: int, quick: bool) -> None:
        job = {
            'case': case,
            'variant': variant,
            'device': device,
            'threads': threads,
            'quick': quick,
        }
        self.name = f'{case}, {variant}'
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'benchmarks.speed.worker', json.dumps(job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, 'OMP_NUM_THREADS': str(threads)},
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                _there(stream).close()
        self._process.wait()

    def ask(self) -> dict[str, Any]:
        """Have the work done once; return the measurement."""
        stream = _there(self._process.stdin)
        with suppress(BrokenPipeError):
            stream.write('go\n')
            stream.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Wait for a line of the process.

        Raises
        ------
        DeviceError
            When the process has ended.
        """
        line = _there(self._process.stdout).readline()
        if not line:
            raise DeviceError(
                f'{self.name}: the process ended with code {self._process.wait()}; what it '
                'printed last says why. Memory short? Try --quick or another device'
            )
        answer: dict[str, Any] = json.loads(line)
        return answer


def _there(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
