"""The training loop: one for every network, resumable at any step."""

from __future__ import annotations

import copy
import csv
import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from tqdm import tqdm

from .. import networks
from ..degrade.blur import blur
from ..degrade.random_source import RandomSource
from ..errors import DeviceError
from ..networks import devices
from . import checkpointing, initialise_from, objectives, specimens, state_file
from .averaging import Average
from .crops import Crops
from .data import Corpus, Image
from .initialisation import remove_biases
from .interrupts import held_back
from .objectives.base import Draw
from .optimizer import Optimizer
from .regimes import Regime, Stage
from .schedule import TrainingSchedule

_WARMUP = 100  # steps
_DECAY = 0.6  # the last part of a stage, in which the step size falls to nothing
_POINTS = 25  # of the validation curve
WATCHED = 6
"""Images of the validation curve, at most."""
WINDOW = 160
"""Their side in pixels, at most."""

COLUMNS = ('step', 'part of the regime', 'minutes', 'step size', 'loss', 'validation, dB')
"""Of ``log.csv``: what the run started from, then how it went on.

The loss is the mean since the line before, nan where no step was taken.
"""


class Run:
    """A training run in a folder of its own; opening the folder again resumes it.

    `regime`: what to train.
    `folder`: holds ``state.pt`` while training, ``log.csv``, and ``NAME.safetensors`` afterwards.
    `device`: where to train.
    `steps`: steps to go through the regime in, by default its own.
    `minutes`: time that the training is to take instead, however many steps that are.
    `learning_rate`: highest step size of all stages, instead of the regime's.
    `start_from`: checkpoint to start from instead of the regime's, by name or path.
    `save_seconds`: time between two savings of the state.

    In every stage the step size is warmed up, held, and taken linearly to zero.
    Crops and noise of step k depend on the seed and k alone: a resumed run sees
    what an uninterrupted one would have seen. What comes out is the average of the
    weights over the last steps.
    """

    def __init__(
        self,
        regime: Regime,
        folder: Path,
        device: torch.device,
        *,
        steps: int | None = None,
        minutes: float | None = None,
        learning_rate: float | None = None,
        start_from: str | None = None,
        save_seconds: float = 120.0,
    ) -> None:
        self.save_seconds = save_seconds
        self.regime, self.folder, self.device = with_peak(regime, learning_rate), folder, device
        self.learning_rate = learning_rate
        self.started_from = start_from or regime.initialise_from
        torch.manual_seed(regime.seed)
        self.objective = objectives.make(regime.objective)
        self.network = networks.build(regime.architecture, **regime.config)
        self.objective.initialise(self.network)
        self.taken = 0  # tensors of what it started from, in this process
        if self.started_from is not None and not self.state_file.exists():
            self.taken = initialise_from.start(self.network, regime, start_from, folder.parent)
        if regime.bias_free:
            remove_biases(self.network)
        self.trained = self.objective.training_network(self.network)
        self.trained.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = Optimizer(self.trained)
        self.average = Average(self.trained)
        adversarial = any(stage.adversarial for stage in regime.stages)
        self.discriminator = self.objective.discriminator(self.trained) if adversarial else None
        stride = regime.steps / (steps or regime.steps)
        self.schedule = TrainingSchedule(
            regime.steps, stride, None if minutes is None else 60 * minutes
        )
        self.step, self.seconds, self.cpu_seconds = 0, 0.0, 0.0
        self.log: list[tuple[float, ...]] = []
        self._losses: list[Tensor] = []
        self._began = [0]  # the steps that the stages began with, up to the present one
        if self.state_file.exists():
            self._load(regime)

    @property
    def state_file(self) -> Path:
        """Where an unfinished run is kept."""
        return state_file(self.folder)

    @property
    def stage_steps(self) -> list[int]:
        """Steps taken so far in every stage that has begun.

        A run of given length goes through the stages in given time, not in given steps.
        """
        return [end - start for start, end in pairwise([*self._began, self.step])]

    @property
    def core_hours(self) -> float:
        """Processor time of all steps; those of a GPU are not in it."""
        return self.cpu_seconds / 3600

    def train(self, corpus: Corpus, *, progress: bool = True, seconds: float = math.inf) -> Path:
        """Train to the end, or for so many seconds, and return the weights file.

        Raises DeviceError when the device runs out of memory.
        Raises KeyboardInterrupt after an interrupt; the state was saved when the step had come to
            its end.
        """
        seen, watched = corpus.split()
        bar = tqdm(total=1.0, disable=not progress, mininterval=10, bar_format=_BAR)
        with bar, self._enough_memory(), held_back() as interrupted:
            crops, windows = Crops(seen.images, self.device), _windows(watched)
            if not self.step:
                self._note(windows)
            began = saved = time.monotonic()
            while not self.schedule.done and time.monotonic() - began < seconds:
                point = int(self.schedule.part * _POINTS)
                self.train_step(crops)
                if self.schedule.done or int(self.schedule.part * _POINTS) > point:
                    self._note(windows)
                    bar.set_postfix_str(f'{self.log[-1][-1]:.2f} dB')
                stop = interrupted()
                if stop or time.monotonic() - saved > self.save_seconds:
                    self.save()
                    saved = time.monotonic()
                if stop:
                    raise KeyboardInterrupt
                bar.update(self.schedule.part - bar.n)
        self.save()
        return self.export()

    def train_step(self, crops: Crops) -> Tensor:
        """Take one step and return its loss."""
        began, busy = time.perf_counter(), time.process_time()
        stage, rate = self._now()
        loss = self.objective.loss(self.trained, self._draw(crops, stage))
        loss.backward()  # type: ignore[no-untyped-call]
        for network in self.objective.parts(self.trained):
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        self.optimizer.step(rate)
        if self.discriminator is not None:
            self.discriminator.step(rate)
        self.average.follow(self.step)
        self._losses.append(loss.detach())
        took = time.perf_counter() - began
        self.seconds += took
        self.cpu_seconds += time.process_time() - busy
        self.schedule.advance(self.step, self.seconds, took)
        self.step += 1
        return loss.detach()

    @contextmanager
    def _enough_memory(self) -> Iterator[None]:
        """Say in plain words when there is not enough for the crops of the present stage."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not devices.is_out_of_memory(error):
                raise
            count, size = self.objective.crops(self._now()[0])
            raise DeviceError(
                f'{self.device} ran out of memory; a step of {self.regime.name} takes {count} '
                f'crops of {size} x {size} pixels: close other programs that use its memory, or '
                'give another device (--device)'
            ) from None

    def export(self) -> Path:
        """Write the averaged weights in half precision, with their configuration."""
        path = self.folder / f'{self.regime.name}.safetensors'
        with self.average.applied():
            values = self.network.state_dict()
            tensors = {k: v.detach().cpu().half().contiguous() for k, v in values.items()}
        facts = {
            'architecture': self.regime.architecture,
            'config': json.dumps(dict(self.regime.config)),
            'generative': json.dumps(self.objective.generative),
        }
        checkpointing.write(path, save(tensors, metadata=facts))
        return path

    def _now(self) -> tuple[Stage, float]:
        """Return the present stage and step size."""
        index, part = self.regime.at(self.schedule.position)
        while len(self._began) <= index:
            self._began.append(self.step)
        stage = self.regime.stages[index]
        return stage, stage.learning_rate * step_size(part, self.step - self._began[index])

    def half_loss(self, corpus: Corpus) -> float:
        """Return the PSNR in dB that half precision costs, on the images of the validation."""
        windows = _windows(corpus.split()[1])
        with self.average.applied():
            rounded = copy.deepcopy(self.network).half().float()
            exact = self.objective.validate(self.network, windows)
        return exact - self.objective.validate(rounded, windows)

    def _draw(self, crops: Crops, stage: Stage) -> Draw:
        (seed,) = np.random.SeedSequence((self.regime.seed, self.step)).generate_state(1, np.uint64)
        random = RandomSource.seeded(int(seed), self.device)
        count, size = self.objective.crops(stage)
        drawn = round(self.regime.specimens * count)
        parts = []
        if drawn < count:
            parts.append(crops.draw(count - drawn, size, random))
        if drawn:
            parts.append(self.specimens(drawn, size, random))
        discriminator = self.discriminator if stage.adversarial else None
        return Draw(torch.cat(parts), stage, random, discriminator)

    def specimens(self, count: int, size: int, random: RandomSource) -> Tensor:
        """Draw micrographs ``(N, 1, size, size)`` in [0, 1] as the objective wants them."""
        sharp = specimens.draw(count, size, random)
        if not self.objective.optics:
            return sharp
        return blur(sharp, specimens.psf(count, random), 'mirror')

    @torch.no_grad()
    def _note(self, windows: list[Image]) -> None:
        """Add a line to the log."""
        with self.average.applied(), torch.autocast(self.device.type, enabled=False):
            quality = self.objective.validate(self.network, windows)
        loss = float(torch.stack(self._losses).mean()) if self._losses else math.nan
        self._losses.clear()
        self.log.append(
            (self.step, self.schedule.part, self.seconds / 60, self._now()[1], loss, quality)
        )
        text = StringIO(newline='')
        csv.writer(text).writerows([COLUMNS, *([f'{x:.6g}' for x in row] for row in self.log)])
        checkpointing.write(self.folder / 'log.csv', text.getvalue().encode())

    def save(self) -> None:
        """Write the state for a resumed run."""
        learner = self.discriminator
        state = {
            'network': self.trained.state_dict(),
            'optimizer': self.optimizer.state_dict(),
            'average': self.average.state_dict(),
            'discriminator': None if learner is None else learner.state_dict(),
            'schedule': self.schedule.state_dict(),
            'step': self.step,
            'began': self._began,
            'seconds': self.seconds,
            'cpu_seconds': self.cpu_seconds,
            'log': self.log,
            'losses': self._losses,
            'started_from': self.started_from,
            'learning_rate': self.learning_rate,
        }
        checkpointing.write_state(self.state_file, self.regime, state)

    def _load(self, regime: Regime) -> None:
        with checkpointing.state_of(self.state_file, regime, self.device) as state:
            self.trained.load_state_dict(state['network'])
            self.optimizer.load_state_dict(state['optimizer'])
            self.average.load_state_dict(state['average'])
            if self.discriminator is not None:
                self.discriminator.load_state_dict(state['discriminator'])
            self.schedule = TrainingSchedule(**state['schedule'])
            self.step, self.seconds = state['step'], state['seconds']
            self.cpu_seconds = state['cpu_seconds']
            self._began = state['began']
            self.log, self._losses = state['log'], state['losses']
            self.started_from = state['started_from']
            self.learning_rate = state['learning_rate']
            self.regime = with_peak(regime, self.learning_rate)


_BAR = '{percentage:3.0f}% {bar} {elapsed} < {remaining} {postfix}'


def with_peak(regime: Regime, learning_rate: float | None) -> Regime:
    """Return `regime` with all step sizes scaled so that the highest is `learning_rate`."""
    if learning_rate is None:
        return regime
    highest = max(stage.learning_rate for stage in regime.stages)
    scaled = (learning_rate * (stage.learning_rate / highest) for stage in regime.stages)
    pairs = zip(regime.stages, scaled, strict=True)
    return replace(regime, stages=tuple(replace(s, learning_rate=rate) for s, rate in pairs))


def step_size(part: float, steps: int) -> float:
    """Return the fraction of the peak step size.

    `part`: part of the stage that is done, from 0 to 1.
    `steps`: steps of the stage that have been taken.
    """
    return min(1.0, (steps + 1) / _WARMUP, (1 - part) / _DECAY)


def _windows(corpus: Corpus) -> list[Image]:
    """Return the middles of the images of the validation curve, of sides that networks divide."""
    windows = []
    for image in corpus.images[:WATCHED]:
        rows, columns = (min(WINDOW, n // 32 * 32 or n) for n in image.shape[:2])
        top, left = (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2
        windows.append(image[top : top + rows, left : left + columns])
    return windows
