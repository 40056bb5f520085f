"""The numbers of one DIP or DeepRED run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Update = Literal['fixed-point', 'gradient', 'mixed']


@dataclass(frozen=True)
class Growth:
    """Lets lambda and mu grow while the network fits the image.

    After an iteration whose output is closer to y than `threshold` decibels,
    both weights grow by `increase` and the threshold by `rise`.
    """

    threshold: float = 20.0
    rise: float = 0.01
    increase: float = 0.03


@dataclass(frozen=True)
class Settings:
    """Numbers of one run.

    `iterations`: steps of Adam.
    `learning_rate`, `decay`, `decay_every`: step size, and the factor by which it shrinks every so
        many iterations.
    `input_noise`: standard deviation of the noise on the network's input.
    `total_variation`: weight of the total variation of the output, a sum over its pixels.
    `regularization`, `penalty`: weights lambda of the RED term and mu of the constraint.
    `update`: {'fixed-point', 'gradient', 'mixed'}, how x is updated; 'mixed' changes to the
        gradient half way.
    `step`: length c of the gradient step; None means ``0.5 / (lambda + mu)``.
    `denoise_every`: iterations between two calls of the denoiser.
    `delayed`: use each denoised image one period late, as DeepRED's authors do, whose denoiser runs
        in a thread beside the network.
    `growth`: whether lambda and mu grow.
    `low`, `high`: range of x, and the values to which the network's 0 and 1 are mapped.
    `backtrack`: fall of the fit, in decibels, after which earlier weights are put back.
    """

    iterations: int
    learning_rate: float
    decay: float = 1.0
    decay_every: int = 1000
    input_noise: float = 0.0
    total_variation: float = 0.0
    regularization: float = 0.0
    penalty: float = 0.0
    update: Update = 'fixed-point'
    step: float | None = None
    denoise_every: int = 1
    delayed: bool = False
    growth: Growth | None = None
    low: float = 0.0
    high: float = 1.0
    backtrack: float | None = None
