"""What every objective of training offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ... import devices, weights
from ...metrics import psnr, to_uint8
from ..data import Corpus
from ..recipes import Recipe, Stage

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


@dataclass(frozen=True)
class Score:
    """Mean PSNR of a set of images in one case, of the baseline and of the network."""

    dataset: str
    images: int
    case: str
    baseline: float
    restored: float


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
    limit: int | None = EVALUATED
    """How many images of a set are measured."""

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
    def trials(self, image: np.ndarray, network: nn.Module) -> Iterator[Trial]:
        """Degrade a test image ``(H, W, C)`` uint8 in every case of the card."""

    @abstractmethod
    def restore(self, network: nn.Module, trial: Trial) -> Tensor:
        """Restore the image of a trial."""

    def finding(self, network: nn.Module, trial: Trial) -> tuple[str, float] | None:
        """Return a number about a trial beside the PSNR, and what it is."""
        return None

    def parts(self, network: nn.Module) -> list[nn.Module]:
        """Return what has its gradients clipped apart."""
        return [network]

    def crops(self, stage: Stage) -> tuple[int, int]:
        """Return how many clean crops a step takes, and their side in pixels."""
        return stage.batch, stage.patch

    def training_network(self, network: nn.Module) -> nn.Module:
        """Return `network` with the parts that only training needs."""
        return network

    def evaluate(self, checkpoint: Path, folder: Path, recipe: Recipe) -> list[Score]:
        """Measure a checkpoint on the images below `folder`."""
        network = weights.load(checkpoint)
        images = Corpus.read(folder, recipe.channels, smallest=64).images[: self.limit]
        return measure(self, network, images, folder.name)


@torch.no_grad()
def measure(
    objective: Objective, network: nn.Module, images: tuple[np.ndarray, ...], dataset: str
) -> list[Score]:
    """Return the mean PSNR of the 8-bit results in each case."""
    found: dict[str, list[tuple[float, float]]] = {}
    for image in images:
        for trial in objective.trials(image, network):
            restored = objective.restore(network, trial)
            pair = tuple(_psnr(x, trial) for x in (trial.baseline, restored))
            found.setdefault(trial.case, []).append(pair)
    means = {case: np.mean(pairs, axis=0) for case, pairs in found.items()}
    return [
        Score(dataset, len(found[case]), case, float(before), float(after))
        for case, (before, after) in means.items()
    ]


def to_tensor(image: np.ndarray) -> Tensor:
    """Return an image ``(H, W, C)`` as ``(1, C, H, W)`` float32."""
    return torch.from_numpy(np.ascontiguousarray(image, np.float32)).permute(2, 0, 1)[None]


def _psnr(x: Tensor, trial: Trial) -> float:
    image = to_uint8(x[0].permute(1, 2, 0).float().cpu().numpy())
    return psnr(image, trial.truth, 255, border=trial.border)
