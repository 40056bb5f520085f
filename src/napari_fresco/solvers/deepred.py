"""Deep image prior and DeepRED as a solver: settings per task, stopping, restarts.

An untrained network is fitted to the one image at hand, so nothing is learned from
other images; a denoiser may pull the result towards images it knows (RED). The
network would in the end fit the noise too: a rule stops it before that.

References
----------
G. Mataev, P. Milanfar, M. Elad, "DeepRED: Deep Image Prior Powered by RED", ICCV Workshops 2019;
D. Ulyanov, A. Vedaldi, V. Lempitsky, "Deep Image Prior", CVPR 2018.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from .. import weights
from ..catalogue import DeepREDParameters
from ..networks.hourglass import Preset, Skip, SkipConfig
from ..physics.operators import Mask
from ..types import DivergedError, Problem, Step, Task, Tools
from .admm import Fit, Hourglass, Iterate, Operator, Settings, Update, iterate
from .stopping import Discrepancy, MovingVariance, Never, StoppingRule, WindowedVariance

INPUT_AMPLITUDE = 0.1
"""The fixed input of the network is uniform between 0 and this."""

BACKTRACK = 5.0
"""Fall of the fit, in decibels, that is taken for an accident of the optimiser."""

LEAST_NOISE_RATIO = 0.1
"""A noise map is not taken to fall below this part of its root mean square."""


@dataclass(frozen=True)
class Recipe:
    """Settings of one task, where the user gives none.

    Attributes
    ----------
    iterations : int
        Most steps of Adam; the stopping rule usually ends before.
    learning_rate, decay : float
        Step size, and the factor by which it shrinks every 1000 iterations.
    input_noise : float
        Standard deviation of the noise on the network's input.
    regularization, penalty : float
        Weights lambda and mu; 0 for plain deep image prior.
    strength, least : float
        Strength of the RED denoiser as a multiple of the noise, and the least
        one in working units.
    """

    iterations: int
    learning_rate: float
    input_noise: float
    decay: float = 1.0
    regularization: float = 0.0
    penalty: float = 0.0
    strength: float = 1.0
    least: float = 5 / 255


# Ulyanov et al., notebooks; deblurring is ours.
_PLAIN: dict[Task, Recipe] = {
    'denoise': Recipe(3000, 0.01, 1 / 30),
    'deblur': Recipe(3000, 0.004, 0.01, decay=0.9),
    'super_resolve': Recipe(2000, 0.01, 0.03),
    'inpaint': Recipe(3000, 0.01, 0.03),
}

# Mataev et al. and the mixed-degradation variant.
_RED: dict[Task, Recipe] = {
    'denoise': Recipe(3000, 0.008, 0.033, regularization=0.5, penalty=0.5),
    'deblur': Recipe(3000, 0.004, 0.01, decay=0.9, regularization=0.02, penalty=0.04),
    'super_resolve': Recipe(2000, 0.001, 0.02, regularization=0.1, penalty=0.2),
    'inpaint': Recipe(3000, 0.001, 0.02, regularization=0.05, penalty=0.06),
}


def recipe(task: Task, *, prior: bool) -> Recipe:
    """Return the settings of `task`, with a RED denoiser or without."""
    return (_RED if prior else _PLAIN)[task]


def deepred(problem: Problem, params: DeepREDParameters, tools: Tools) -> Iterator[Step]:
    """Restore one plane by deep image prior, with RED unless ``params.prior`` is 'none'.

    Each step shows the moving average of the outputs; the last one is final
    and holds the average at which the stopping rule was best, averaged over
    the restarts. A run whose loss is not finite starts again once.

    Parameters
    ----------
    problem : Problem
        Denoising, deblurring, super-resolution or inpainting with any
        degradation; a noise map weighs the data term and steers the denoiser.
    params : DeepREDParameters
        What the user asked for.
    tools : Tools
        Lends denoiser, random numbers, device and fast arithmetic.

    Raises
    ------
    DivergedError
        When the loss is not finite twice, before there was any estimate.
    """
    setup = Setup.of(problem, params, tools)
    finished: list[Tensor] = []
    for number in range(params.restarts):
        finished.append((yield from _run(setup, number, finished)))
    

@dataclass(frozen=True, eq=False)
class Setup:
    """Everything that the runs on one plane share."""

    fit: Fit
    level: float
    start: Tensor
    denoise: Operator | None
    settings: Settings
    config: SkipConfig
    params: DeepREDParameters
    tools: Tools

    @classmethod
    def of(cls, problem: Problem, params: DeepREDParameters, tools: Tools) -> Setup:
        """Choose network, weights and strengths for `problem`."""
