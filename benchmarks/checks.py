"""How often the checks of a result accuse good runs, and how many known failures they catch.

    python benchmarks/checks.py --data DATA --csv values.csv
    python benchmarks/checks.py --csv values.csv

The first runs everything (minutes on one core; without `--data` no micrographs) and keeps every
value of every check; the second reads them again and applies the limits as they are now. Limits
are chosen on the tuning half of the scenes; the tables are those of the other half.

A run without a fault counts as good if it did what it should: denoising halves the power of the
error (3 dB), deblurring wins 1 dB, enlarging is no worse than bicubic interpolation. A wrong kernel
counts as a failure if the result is worse than the image, smoothing, repainting, moved rows and
numbers that ran over if the result is no good one: in faint scenes noise hides what is wrong. Of
micrographs, whose truth was scaled by its source, a x + b is fitted first.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from check_scenes import HELD_OUT, TUNING
from check_trials import (
    FAULTS_OF,
    GENERATIVE,
    NARROW,
    PAINTED,
    RAN_OVER,
    SMOOTH,
    TO_AND_FRO,
    TURNED,
    WIDE,
    Trial,
    trials,
)
from common import show
from micrographs import fitted
from PIL import Image

import napari_fresco as fresco
from napari_fresco.declare.tasks import TASKS
from napari_fresco.evidence.check_limits import LIMITS, checked
from napari_fresco.evidence.metrics import psnr
from napari_fresco.networks import devices

GAIN = {'denoise': 3.0, 'deblur': 1.0}
"""Decibels that a good run wins."""
HARMLESS_ABOVE = {
    **dict.fromkeys((WIDE, TURNED, NARROW, GENERATIVE), 0.0),
    **dict.fromkeys((SMOOTH, PAINTED, TO_AND_FRO, RAN_OVER), 3.0),
}
"""Decibels above which a fault has done no harm."""
FIELDS = ('half', 'task', 'name', 'fault', 'gain', 'check', 'value')
REFUSED = 'refused'


class Outcome(NamedTuple):
    """A run with the values of its checks, and the decibels that it won; nan where not known."""

    half: str
    task: str
    name: str
    fault: str
    gain: float
    values: dict[str, float]

    @property
    def spoke(self) -> list[str]:
        """Checks that fail with the limits as they are."""
        return [n for n, v in self.values.items() if n == REFUSED or not checked(n, v, '').ok]

    @property
    def kind(self) -> str:
        """'fault', 'harmless', 'good', or 'poor': nothing was done wrong, but little was won."""
        if self.fault:
            harmless = self.gain > HARMLESS_ABOVE.get(self.fault, math.inf)
            return 'harmless' if harmless else 'fault'
        return 'poor' if self.gain < GAIN.get(self.task, 0.0) else 'good'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--data', type=Path, help='folder of the evaluation data')
    parser.add_argument('--csv', type=Path, help='where the values of all runs are kept')
    options = parser.parse_args()
    if options.csv is not None and options.csv.exists():
        found = list(_read(options.csv))
    else:
        devices.tune_allocator()
        session = fresco.Session()
        found = []
        for trial in trials(options.data):
            found.append(_run(session, trial))
            print(f'  {trial.name}: {found[-1].spoke}', file=sys.stderr, flush=True)
        if options.csv is not None:
            _write(options.csv, found)
    for half in (TUNING, HELD_OUT):
        _summarise(half, [each for each in found if each.half == half])


def _run(session: fresco.Session, trial: Trial) -> Outcome:
    told = {name: value for name, value in trial.told.items() if value is not None}
    values: dict[str, float] = {}
    result = trial.made
    try:
        if trial.made is not None:
            found = fresco.evidence.evaluate(trial.made.astype(np.float32), trial.image)
            values = {check['name']: check['value'] for check in found['checks']}
        else:
            run = session.restore(trial.image, task=trial.task, **told)
            values, result = {check.name: check.value for check in run.checks}, run.image
    except fresco.FrescoError:
        values = {REFUSED: 1.0}
    gain = float('nan') if result is None else _gain(trial, result)
    return Outcome(trial.half, trial.task, trial.name, trial.fault, gain, values)


def _gain(trial: Trial, result: np.ndarray) -> float:
    """Return how many dB were won."""
    before = trial.image
    if TASKS[trial.task].changes_size:
        size = trial.truth.shape[::-1]
        before = np.array(Image.fromarray(before.astype(np.float32)).resize(size, Image.BICUBIC))
    both = [np.asarray(image, np.float64) for image in (before, result)]
    if not trial.exact:
        both = [fitted(image, trial.truth.astype(np.float64)) for image in both]
    peak = float(np.ptp(trial.truth)) or 1.0
    first, last = (psnr(image, trial.truth, peak) for image in both)
    return last - first


def _summarise(half: str, found: Sequence[Outcome]) -> None:
    kinds = 'good', 'poor', 'fault', 'harmless'
    good, poor, faulty, harmless = ([x for x in found if x.kind == kind] for kind in kinds)
    print(f'\n{half}: {_spoken(good)} of {len(good)} good runs accused')
    print(f'{half}: {_spoken(faulty)} of {len(faulty)} failures caught')
    print(f'{half}: {_spoken(poor)} of {len(poor)} poor runs spoken of')
    print(f'{half}: {len(harmless)} faults did no harm\n')
    show(['check', 'false alarms', 'caught of its faults'], _of_checks(good, faulty))
    print()
    show(['what is wrong', 'caught', 'by'], _of_faults(faulty))
    for each in good + poor + faulty:
        if (each.kind == 'good') == bool(each.spoke):
            print(f'  {each.kind}: {each.name}: {", ".join(each.spoke) or each.fault or "nothing"}')


def _spoken(runs: Iterable[Outcome]) -> int:
    return sum(bool(run.spoke) for run in runs)


def _of_checks(good: Sequence[Outcome], faulty: Sequence[Outcome]) -> Iterator[list[str]]:
    """Yield of each check how often it speaks of good runs, and of what it is there for."""
    for name in LIMITS:
        made = [x for x in good if name in x.values]
        own = [x for x in faulty if x.fault in FAULTS_OF[name] and name in x.values]
        false, right = (sum(name in x.spoke for x in runs) for runs in (made, own))
        yield [f'`{name}`', f'{false} of {len(made)}', f'{right} of {len(own)}']


def _of_faults(faulty: Sequence[Outcome]) -> Iterator[list[str]]:
    """Yield of each fault how often it was found, and by which checks."""
    for fault in dict.fromkeys(x.fault for x in faulty):
        runs = [x for x in faulty if x.fault == fault]
        by = Counter(name for x in runs for name in x.spoke)
        names = ', '.join(name for name, _ in by.most_common(4))
        yield [fault, f'{_spoken(runs)} of {len(runs)}', names]


def _write(path: Path, found: Sequence[Outcome]) -> None:
    with path.open('w', newline='', encoding='utf-8') as file:
        rows = csv.writer(file)
        rows.writerow(FIELDS)
        for x in found:
            for name, value in x.values.items():
                rows.writerow([x.half, x.task, x.name, x.fault, f'{x.gain:.3f}', name, value])


def _read(path: Path) -> Iterator[Outcome]:
    runs: dict[tuple[str, ...], Outcome] = {}
    with path.open(newline='', encoding='utf-8') as file:
        for row in csv.DictReader(file):
            *key, gain, name, value = (row[field] for field in FIELDS)
            run = runs.setdefault(tuple(key), Outcome(*key, float(gain), {}))
            run.values[name] = float(value)
    yield from runs.values()


if __name__ == '__main__':
    main()
