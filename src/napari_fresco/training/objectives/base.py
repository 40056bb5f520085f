"""The interface of training objectives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ... import weights
from ...degrade.random_source import RandomSource
from ...evidence.metrics import psnr, ssim, to_uint8
from ...networks import devices
from ...weights.cards import Score
from ..adversarial import TrainedDiscriminator
from ..data import Corpus
from ..regimes import Stage


@dataclass(frozen=True, eq=False)
class Draw:
    """A batch of clean crops and the random numbers of its step.

    `clean`: ``(N, C, P, P)`` in [0, 1].
    `stage`: of the regime.
    `random`: has drawn the crops; goes on from there.
    `discriminator`: what the network is set against, in an adversarial stage.
    """

    clean: Tensor
    stage: Stage
    random: RandomSource
    discriminator: TrainedDiscriminator | None = None

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.clean.device

    def autocast(self) -> torch.autocast:
        """Return the context in which a network runs in training."""
        return devices.autocast(self.device, 'auto')


@dataclass(frozen=True, eq=False)
class Trial:
    """A test image in a case: the truth ``(H, W, C)`` uint8, what was seen, the baseline."""

    case: str
    truth: np.ndarray
    observed: Tensor
    baseline: Tensor
    told: tuple[Tensor, ...] = ()
    border: int = 0

    def on(self, device: torch.device) -> Trial:
        """Return the trial with what the network sees on `device`."""
        told = tuple(value.to(device) for value in self.told)
        return replace(self, observed=self.observed.to(device), told=told)


class Objective(ABC):
    """Degrades crops, computes the loss, and measures the finished network."""

    baseline = 'noisy'
    """What the table of a card compares with."""
    finding: str | None = None
    """What else is measured beside the PSNR."""
    optics = True
    """Whether the truth of a specimen is what a microscope shows of it, or its sharp self."""
    generative = False
    """Whether the network learns to invent detail; its results are then labelled."""

    @abstractmethod
    def initialise(self, network: nn.Module) -> None:
        """Set the weights that training starts from."""

    @abstractmethod
    def loss(self, network: nn.Module, draw: Draw) -> Tensor:
        """Degrade the crops, restore them, and return the loss."""

    @abstractmethod
    def describe(self) -> list[str]:
        """Return the lines of the card on degradation and loss."""

    @abstractmethod
    def validate(self, network: nn.Module, images: Sequence[np.ndarray]) -> float:
        """Return the mean PSNR in dB over images ``(H, W, C)`` uint8 and the cases of the card."""

    @abstractmethod
    def evaluate(
        self, checkpoint: Path, folder: Path, channels: int, limit: int | None = None
    ) -> list[Score]:
        """Measure a checkpoint on the first `limit` images below `folder`, by name.

        Without `limit`, on as many as the card is to have.
        """

    def crops(self, stage: Stage) -> tuple[int, int]:
        """Return the number of clean crops of a step, and their side in pixels."""
        return stage.batch, stage.patch

    def parts(self, network: nn.Module) -> list[nn.Module]:
        """Return the parts whose gradients are clipped apart."""
        return [network]

    def training_network(self, network: nn.Module) -> nn.Module:
        """Return `network` with the parts that only training needs."""
        return network

    def discriminator(self, network: nn.Module) -> TrainedDiscriminator | None:
        """Return the discriminator of adversarial stages, on its device; None without one."""
        return None


class TriedObjective(Objective):
    """An objective whose networks are measured on images that it degrades itself."""

    evaluated: int | None = 8
    """Images of a set that a card is about, the first by name; None for all."""

    @abstractmethod
    def trials(self, image: np.ndarray) -> Iterator[Trial]:
        """Degrade a test image ``(H, W, C)`` uint8 in every case of the card.

        Several trials of one case, with several kernels say, count as their mean.
        """

    def restore(self, network: nn.Module, trial: Trial) -> tuple[Tensor, float | None]:
        """Restore the image of a trial; the second value is the :attr:`finding`."""
        restored: Tensor = network(trial.observed)
        return restored, None

    def evaluate(
        self, checkpoint: Path, folder: Path, channels: int, limit: int | None = None
    ) -> list[Score]:
        network = weights.load(checkpoint)
        count = self.evaluated if limit is None else limit
        images = Corpus.read(folder, channels, smallest=64).images[:count]
        return self.measure(network, map(self.trials, images), folder.name)

    def validate(self, network: nn.Module, images: Sequence[np.ndarray]) -> float:
        """Return the mean PSNR of the first trial of every case."""
        first = ({trial.case: trial for trial in [*self.trials(x)][::-1]} for x in images)
        scores = self.measure(network, (trials.values() for trials in first), 'validation')
        return float(np.mean([score.restored for score in scores]))

    @torch.no_grad()
    def measure(
        self, network: nn.Module, images: Iterable[Iterable[Trial]], dataset: str
    ) -> list[Score]:
        """Return the means of PSNR and SSIM of 8-bit results, and of the finding, in each case.

        `network`: what is measured.
        `images`: the trials of each image.
        `dataset`: name of the set of images.
        """
        device, count = next(network.parameters()).device, 0
        found: dict[str, list[tuple[float, ...]]] = {}
        for count, trials in enumerate(images, 1):  # noqa: B007
            for trial in trials:
                restored, finding = self.restore(network, trial.on(device))
                row = _qualities(restored, trial)
                row += () if finding is None else (finding,)
                found.setdefault(trial.case, []).append(row)
        means = {case: np.mean(rows, axis=0).tolist() for case, rows in found.items()}
        return [Score(dataset, count, case, *row) for case, row in means.items()]


def to_tensor(image: np.ndarray) -> Tensor:
    """Return an image ``(H, W, C)`` as ``(1, C, H, W)`` float32."""
    return torch.from_numpy(np.ascontiguousarray(image, np.float32)).permute(2, 0, 1)[None]


def noisy_image(image: np.ndarray, sigma: float | np.ndarray) -> Tensor:
    """Add the noise of seed 0 to a test image, not clipped; `sigma` in [0, 1]."""
    return to_tensor(image / 255 + sigma * np.random.RandomState(0).normal(0, 1, image.shape))


def _qualities(restored: Tensor, trial: Trial) -> tuple[float, ...]:
    """Return PSNR before and after restoration, and SSIM after it, of 8-bit images."""
    before, after = (
        to_uint8(x[0].permute(1, 2, 0).float().cpu().numpy()) for x in (trial.baseline, restored)
    )
    first, second = (psnr(x, trial.truth, 255, border=trial.border) for x in (before, after))
    return first, second, ssim(after, trial.truth, 255, border=trial.border)
