"""A queue that trains checkpoints by turns, at lowest priority, and can be killed at any time."""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from statistics import fmean

import torch

from .. import weights
from ..errors import FileError
from ..io.files import make_folder
from ..networks import devices
from ..weights.cards import Card, Score, card
from . import checkpointing, gates
from .card import write_card
from .data import Corpus
from .loop import Run
from .plan import Plan, PlanEntry
from .regimes import Regime, find_regime
from .specimen_corpus import corpus_of, on_specimens

LOG = 'quality.csv'
COLUMNS = ('time', 'step', 'part of the regime', 'core-hours', 'mean dB', 'gates')
"""Of the log of a checkpoint, followed by a column for each case that is measured."""

Say = Callable[[str], object]


def work(plan: Plan, say: Say = print) -> None:
    """Train the checkpoints of a plan by turns until all have had their time.

    A run whose state is there goes on with it; one without starts from the weights that the
    plan names, or else from the bundled ones, which is how work moves to another machine.
    After each turn the weights are measured and logged, and copied to ``offered`` if they
    are better than the bundled ones and every gate holds.

    `plan`: see :func:`napari_fresco.training.plan.read_plan`.
    `say`: gets a line about each turn.
    Raises FrescoError when a checkpoint cannot be trained at all.
    Raises KeyboardInterrupt after an interrupt, with the state saved.
    """
    lower_priority()
    if plan.threads is not None:
        torch.set_num_threads(plan.threads)
    make_folder(plan.output)
    waiting = [Turn(plan, entry) for entry in plan.checkpoint]
    while waiting:
        for turn in tuple(waiting):
            say(turn.take())
            if turn.done:
                waiting.remove(turn)


def lower_priority() -> None:
    """Give way to all other programs, where the system knows priorities."""
    with suppress(AttributeError, OSError):
        os.nice(19)


@dataclass
class Turn:
    """A checkpoint that waits for its turn, takes it, and is measured after it."""

    plan: Plan
    entry: PlanEntry
    done: bool = False
    _bundled: dict[Path, list[Score]] = field(default_factory=dict)

    @property
    def regime(self) -> Regime:
        """The regime, on drawn micrographs where there are no images."""
        regime = find_regime(self.entry.name)
        return regime if self.entry.data is not None else on_specimens(regime)

    @property
    def folder(self) -> Path:
        """Of the run."""
        return self.plan.output / self.entry.name

    def take(self) -> str:
        """Train for one slice, or what is left of it; measure; return a line about it."""
        run = self._run()
        corpus = corpus_of(run, self.entry.data)
        if run.schedule.done and self._measured() == run.step:
            self.done = True
            return f'{self.entry.name}: has had its time'
        make_folder(self.folder)
        file = run.train(corpus, progress=False, seconds=60 * self.plan.slice_minutes)
        scores = self._scores(run, file)
        known = Card.read(write_card(run, corpus, file, scores, run.half_loss(corpus)))
        found = gates.compare(file, known, self.regime, scores, self._before(run))
        self._log(run, scores, found)
        better = bool(found) and all(gate.holds for gate in found)
        if better:
            self._offer(file)
        self.done = run.schedule.done
        quality = f'{_mean(scores):.3f} dB' if scores else 'not measured'
        failed = '; '.join(f'{gate.name}: {gate.found}' for gate in found if not gate.holds)
        verdict = 'offered' if better else f'not offered ({failed or "nothing measured"})'
        return (
            f'{self.entry.name}: {run.schedule.part:.0%}, {run.core_hours:.2f} core-hours, '
            f'{quality}, {verdict}'
        )

    def _measured(self) -> int:
        """Return the step after which the weights were last measured."""
        rows = self._rows()
        return int(rows[-1][1]) if len(rows) > 1 else -1

    def _rows(self) -> list[list[str]]:
        path = self.folder / LOG
        return list(csv.reader(path.read_text().splitlines())) if path.exists() else []

    def _run(self) -> Run:
        name, entry = self.entry.name, self.entry
        start = entry.start_from
        if start is None and name in weights.registry() and card(name) is not None:
            start = name
        return Run(
            self.regime,
            self.folder,
            devices.pick(self.plan.device),
            steps=entry.steps,
            minutes=entry.minutes,
            learning_rate=entry.learning_rate,
            start_from=start,
            save_seconds=60 * self.plan.save_minutes,
        )

    def _scores(self, run: Run, file: Path) -> list[Score]:
        channels, images = run.regime.channels, self.plan.images
        folders = self.entry.evaluate
        return [s for f in folders for s in run.objective.evaluate(file, f, channels, images)]

    def _before(self, run: Run) -> gates.Bundled | None:
        """Measure the bundled weights on the same images, once."""
        if self.entry.name not in weights.registry() or card(self.entry.name) is None:
            return None
        file = weights.path(self.entry.name)
        if file not in self._bundled:
            self._bundled[file] = self._scores(run, file)
        return gates.Bundled(file, self._bundled[file])

    def _log(self, run: Run, scores: list[Score], found: list[gates.Gate]) -> None:
        rows = self._rows()
        cases = [f'{score.dataset} ({score.images}), {score.case}' for score in scores]
        rows[:1] = [[*COLUMNS, *cases]]
        verdict = '; '.join(gate.name for gate in found if not gate.holds) or 'hold'
        mean = f'{_mean(scores):.4f}' if scores else ''
        when = time.strftime('%Y-%m-%d %H:%M:%S')
        row = [when, run.step, f'{run.schedule.part:.4f}', f'{run.core_hours:.4f}', mean, verdict]
        rows.append([*map(str, row), *(f'{score.restored:.4f}' for score in scores)])
        text = StringIO(newline='')
        csv.writer(text).writerows(rows)
        checkpointing.write(self.folder / LOG, text.getvalue().encode())

    def _offer(self, file: Path) -> None:
        offered = self.plan.output / 'offered'
        make_folder(offered)
        for suffix in ('.json', '.md', '.safetensors'):  # the weights last: then all is there
            shutil.copyfile(file.with_suffix(suffix), offered / f'{file.stem}{suffix}')


def check(plan: Plan) -> None:
    """Refuse before the first turn what would fail in a later one.

    Raises FrescoError about the first fault that is found.
    """
    for entry in plan.checkpoint:
        regime = Turn(plan, entry).regime
        for folder in (*([] if entry.data is None else [entry.data]), *entry.evaluate):
            if not folder.is_dir():
                raise FileError(f'{entry.name}: there is no folder {folder}; give one of images')
        for folder in entry.evaluate:
            Corpus.read(folder, regime.channels, 1)


def _mean(scores: list[Score]) -> float:
    return fmean(score.restored for score in scores)
