"""The training loop: Adam, resumable at any step."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from tqdm import tqdm

from .. import networks
from . import objectives
from .data import Corpus
from .objectives.base import Draw
from .recipes import Recipe
from .warm import starting_tensors, take

_WARMUP = 200
_DECAY = 0.35  # the last part of the run, in which the step size falls to nothing
_SAVE_EVERY = 250


class Run:
    """A training run in a folder of its own; opening the folder again resumes it.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    folder : Path
        Holds ``state.pt`` while training and ``NAME.safetensors`` afterwards.
    device : torch.device
        Where to train.

    Notes
    -----
    In every stage the step size is warmed up, held, and taken linearly to zero
    over the last third. Crops and noise of step k depend on the seed and k
    alone: a resumed run sees what an uninterrupted one would have seen.
    """

    def __init__(self, recipe: Recipe, folder: Path, device: torch.device) -> None:
        self.recipe, self.folder, self.device = recipe, folder, device
        torch.manual_seed(recipe.seed)
        self.objective = objectives.make(recipe.objective)
        self.network = networks.build(recipe.architecture, **recipe.config)
        self.objective.initialise(self.network)
        if recipe.warm_start is not None:
            take(self.network, starting_tensors(recipe.warm_start, folder.parent))
        self.trained = self.objective.training_network(self.network)
        self.trained.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = torch.optim.Adam(
            self.trained.parameters(), lr=recipe.stages[0].learning_rate
        )
        self.step, self.seconds, self.loss = 0, 0.0, float('nan')
        if self.state_file.exists():
            self._load()

    @property
    def state_file(self) -> Path:
        """Where an unfinished run is kept."""
        return self.folder / 'state.pt'

    def train(self, corpus: Corpus, *, progress: bool = True) -> Path:
        """Train to the end and return the finished weights file."""
        bar = tqdm(total=self.recipe.steps, initial=self.step, disable=not progress, mininterval=10)
        with bar:
            while self.step < self.recipe.steps:
                started = time.perf_counter()
                self._train_step(corpus)
                self.seconds += time.perf_counter() - started
                bar.update()
                if self.step % _SAVE_EVERY == 0:
                    bar.set_postfix(loss=f'{self.loss:.4f}')
                    self._save()
        self._save()
        return self.export()

    def export(self) -> Path:
        """Write the weights in half precision, with their configuration."""
        path = self.folder / f'{self.recipe.name}.safetensors'
        tensors = {k: v.cpu().half().contiguous() for k, v in self.network.state_dict().items()}
        facts = {
            'architecture': self.recipe.architecture,
            'config': json.dumps(dict(self.recipe.config)),
        }
        save_file(tensors, path, metadata=facts)
        return path

    def _train_step(self, corpus: Corpus) -> None:
        recipe = self.recipe
        stage, number = recipe.at(self.step)
        rng = np.random.default_rng([recipe.seed, self.step])
        clean = corpus.batch(*self.objective.crops(stage), rng).to(self.device)
        for group in self.optimizer.param_groups:
            group['lr'] = stage.learning_rate * step_size(number, stage.steps)
        draw = Draw(clean, stage, (recipe.seed, self.step), rng)
        loss = self.objective.loss(self.trained, draw)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for part in self.objective.parts(self.trained):
            nn.utils.clip_grad_norm_(part.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        if self.step % 50 == 0:
            self.loss = loss.item()

    def _save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        state: dict[str, Any] = {
            'network': self.trained.state_dict(),
            'optimizer': self.optimizer.state_dict(),
            'step': self.step,
            'seconds': self.seconds,
        }
        partial = self.state_file.with_suffix('.part')
        torch.save(state, partial)
        partial.replace(self.state_file)

    def _load(self) -> None:
        state = torch.load(self.state_file, map_location=self.device, weights_only=True)
        self.trained.load_state_dict(state['network'])
        self.optimizer.load_state_dict(state['optimizer'])
        self.step, self.seconds = state['step'], state['seconds']


def step_size(step: int, steps: int) -> float:
    """Return the fraction of the peak step size at `step` of `steps`."""
    decay = max(1, round(_DECAY * steps))
    return min(1.0, (step + 1) / _WARMUP, (steps - step) / decay)
