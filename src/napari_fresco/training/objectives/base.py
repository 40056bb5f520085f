"""What every objective of training offers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ... import devices, weights
from ...metrics import psnr, to_uint8
from ..data import Corpus
from ..evaluate import Score
from ..recipes import Stage

EVALUATED = 8
"""Images of a set that a card gives the PSNR for, where a pass takes long."""


@dataclass(frozen=True, eq=False)
class Draw:
    """A batch of clean crops and the random numbers of its step.

    Attributes
    ----------
    clean : Tensor
        ``(N, C, P, P)`` in [0, 1].
    stage : Stage
        Of the recipe.
    seed : tuple of int
        Seed of the recipe and number of the step.
    rng : numpy.random.Generator
        Has drawn the crops; goes on from there.
    """

    clean: Tensor
    stage: Stage
    seed: tuple[int, int]
    rng: np.random.Generator

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.clean.device

    def autocast(self) -> torch.autocast:
        """Return the context in which a network runs in training."""
        return devices.autocast(self.device, 'auto')

    def generator(self) -> torch.Generator:
        """Return random numbers on the device of the crops, for this step."""
        return torch.Generator(self.device).manual_seed(int(self.rng.integers(2**31)))


@dataclass(frozen=True, eq=False)
class Trial:
    """A test image in a case: the truth ``(H, W, C)`` uint8, what was seen, the baseline."""

    case: str
    truth: np.ndarray
    observed: Tensor
    baseline: Tensor
    told: tuple[Tensor, ...] = ()
    border: int = 0


class Objective(ABC):
    """Degrades crops, computes the loss, and measures the finished network."""

    baseline = 'noisy'
    """What the table of a card compares with."""
    finding: str | None = None
    """What else is measured beside the PSNR."""

    @abstractmethod
    def initialise(self, network: nn.Module) -> None:
        """Set the weights that training starts from."""

    @abstractmethod
    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        """Degrade the crops, restore them, and return the loss."""

    @abstractmethod
    def words(self) -> list[str]:
        """Return what the card says about degradation and loss, one line each."""

    @abstractmethod
    def evaluate(self, checkpoint: Path, folder: Path, channels: int) -> list[Score]:
        """Measure a checkpoint on the images below `folder`."""

    def crops(self, stage: Stage) -> tuple[int, int]:
        """Return how many clean crops a step takes, and their side in pixels."""
        return stage.batch, stage.patch

    def parts(self, network: nn.Module) -> list[nn.Module]:
        """Return what has its gradients clipped apart."""
        return [network]

    def training_network(self, network: nn.Module) -> nn.Module:
        """Return `network` with the parts that only training needs."""
        return network


class TriedObjective(Objective):
    """An objective whose networks are measured on images that it degrades itself."""

    @abstractmethod
    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        """Degrade a test image ``(H, W, C)`` uint8 in every case of the card."""

    def restore(self, network: nn.Module, trial: Trial) -> tuple[Tensor, float | None]:
        """Restore the image of a trial; the second value is the :attr:`finding`."""
        restored: Tensor = network(trial.observed)
        return restored, None

    def evaluate(self, checkpoint: Path, folder: Path, channels: int) -> list[Score]:
        network = weights.load(checkpoint)
        images = Corpus.read(folder, channels, smallest=64).images[:EVALUATED]
        return self.measure(network, images, folder.name)

    @torch.no_grad()
    def measure(
        self, network: nn.Module, images: Sequence[np.ndarray], dataset: str
    ) -> list[Score]:
        """Return the mean PSNR of the 8-bit results, and the mean finding, in each case."""
        found: dict[str, list[tuple[float, float, float]]] = {}
        for image in images:
            for trial in self.trials(image):
                restored, finding = self.restore(network, trial)
                row = (_psnr(trial.baseline, trial), _psnr(restored, trial))
                found.setdefault(trial.case, []).append(
                    (*row, math.nan if finding is None else finding)
                )
        means = {case: np.mean(rows, axis=0).tolist() for case, rows in found.items()}
        return [Score(dataset, len(images), case, *row) for case, row in means.items()]


def to_tensor(image: np.ndarray) -> Tensor:
    """Return an image ``(H, W, C)`` as ``(1, C, H, W)`` float32."""
    return torch.from_numpy(np.ascontiguousarray(image, np.float32)).permute(2, 0, 1)[None]


def noisy_image(image: np.ndarray, sigma: float | np.ndarray) -> Tensor:
    """Add the noise of seed 0 to a test image, not clipped; `sigma` in [0, 1]."""
    return to_tensor(image / 255 + sigma * np.random.RandomState(0).normal(0, 1, image.shape))


def _psnr(x: Tensor, trial: Trial) -> float:
    image = to_uint8(x[0].permute(1, 2, 0).float().cpu().numpy())
    return psnr(image, trial.truth, 255, border=trial.border)
