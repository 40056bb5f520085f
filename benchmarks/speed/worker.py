"""A process that does one kind of work when it is told to, and says how long it took.

Each way of running a network has its own process, because the tuning of the
allocator and the memory that has been used stay with a process. Started as
``python -m benchmarks.speed.worker`` with the JSON of a :class:`Job`; it
answers every line it reads with the JSON of a measurement.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from typing import TextIO

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from .case import Inside
from .cases import CASES
from .report import Work


@dataclass(frozen=True)
class Job:
    """What a worker is started for."""

    case: str
    variant: str
    device: str
    threads: int
    quick: bool


def serve(job: Job, requests: TextIO, answers: TextIO) -> None:
    """Prepare the work of `job`, warm up, and do it once for each line of `requests`.

    The first answer has the floating-point operations of the work, each
    further one wall and processor seconds, the part of the wall time spent in
    a network (None where it is not known), the peak memory in MB and the PSNR
    (None where no truth is known).
    """
    torch.set_num_threads(job.threads)
    device = torch.device(job.device)
    case = CASES[job.case]
    work = case.build(job.variant, device, case.side(job.quick))
    work()
    print(json.dumps({'flops': _flops(work)}), file=answers, flush=True)
    truth = case.truth and case.truth(case.side(job.quick))
    for _ in requests:
        print(json.dumps(_measure(work, case.calls, device, truth)), file=answers, flush=True)


def _measure(
    work: Work, calls: int, device: torch.device, truth: Tensor | None
) -> dict[str, float | None]:
    _wait(device)
    wall, cpu = time.perf_counter(), time.process_time()
    done = [work() for _ in range(calls)]
    _wait(device)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    inside = [seconds for seconds in done if isinstance(seconds, Inside)]
    return {
        'wall': wall / calls,
        'cpu': cpu / calls,
        'inside': sum(inside) / wall if inside and device.type == 'cpu' else None,
        'peak': _peak(device),
        'psnr': None if truth is None else _psnr(done[-1], truth),
    }


def _psnr(found: object, truth: Tensor) -> float:
    assert isinstance(found, Tensor)
    error = (found.cpu().float().clamp(0, 1) - truth).square().mean()
    return float(-10 * torch.log10(error))


def _flops(work: Work) -> float:
    with FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops())


def _wait(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def _peak(device: torch.device) -> float:
    """Return the most memory that was in use, in MB; 0 where the system does not tell."""
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated(device) / 1e6
    return peak_of_process()


def peak_of_process() -> float:
    """Return the most memory that this process has had, in MB; 0 where the system does not tell."""
    try:
        with open('/proc/self/status', encoding='ascii') as status:
            lines = [line for line in status if line.startswith('VmHWM')]
        return float(lines[0].split()[1]) * 1024 / 1e6
    except (OSError, IndexError):
        return 0.0


def main() -> None:
    """Serve the job in the first argument through the standard streams."""
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), 'w')
    sys.stdout = sys.stderr
    serve(Job(**json.loads(sys.argv[1])), sys.stdin, answers)


if __name__ == '__main__':
    main()
