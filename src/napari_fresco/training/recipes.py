"""What each bundled checkpoint is trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from ..errors import WeightsError

_COMPACT = {'nc': (32, 64, 128, 256), 'nb': 2}


@dataclass(frozen=True)
class Stage:
    """A part of the training, with a step size that rises, holds and falls to zero.

    Attributes
    ----------
    steps, batch, patch : int
        Optimiser steps, crops in a batch and side of a crop in pixels.
    learning_rate : float
        Peak step size of Adam.
    drift_weight : float
        Weight of the mean error of a crop in the loss. A denoiser that shifts
        flat areas by one level in 255 shifts them by twenty in the twenty
        iterations of a plug-and-play solver; the L1 loss hardly sees it.
    sigma_power : float
        Noise is drawn with ``sigma = sigma_max * u**sigma_power``, u ~ U[0, 1]; 2
        shows the network more of the little noise in which solvers end.
    """

    steps: int
    learning_rate: float
    batch: int = 16
    patch: int = 64
    drift_weight: float = 0.0
    sigma_power: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """How to train one checkpoint.

    Attributes
    ----------
    name, architecture : str
        Registry name of the checkpoint and what :func:`networks.build` is told.
    config : mapping
        Configuration of the network.
    channels : int
        1 trains on luminance, 3 on RGB.
    sigma_max : float
        Most noise, on the 0-255 scale.
    stages : tuple of Stage
        One after the other.
    seed : int
        Of initialisation, crops and noise.
    """

    name: str
    architecture: str
    config: Mapping[str, Any]
    channels: int
    sigma_max: float
    stages: tuple[Stage, ...]
    seed: int = 0

    @property
    def steps(self) -> int:
        """Steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    @property
    def patch(self) -> int:
        """Side of the largest crop."""
        return max(stage.patch for stage in self.stages)

    def at(self, step: int) -> tuple[Stage, int]:
        """Return the stage that `step` belongs to and the number of the step in it."""
        for stage in self.stages:
            if step < stage.steps:
                return stage, step
            step -= stage.steps
        raise IndexError(f'the recipe ends {step + 1} steps earlier')

    def shortened(self, steps: int) -> Recipe:
        """Return the recipe with its stages scaled to `steps` steps in all."""
        parts = [max(1, round(steps * stage.steps / self.steps)) for stage in self.stages]
        parts[-1] = max(1, steps - sum(parts[:-1]))
        stages = (replace(s, steps=n) for s, n in zip(self.stages, parts, strict=True))
        return replace(self, stages=tuple(stages))


def _recipes() -> tuple[Recipe, ...]:
    gray = {'in_nc': 1, 'out_nc': 1, 'nc': 64, 'nb': 15}
    color = {'in_nc': 3, 'out_nc': 3, 'nc': 96, 'nb': 12}
    compact = (
        Stage(3500, learning_rate=7e-4),
        Stage(1200, learning_rate=4e-4, batch=7, patch=96, drift_weight=1.0, sigma_power=2.0),
    )
    return (
        Recipe('ffdnet_gray', 'ffdnet', gray, 1, 75, (Stage(4000, 5e-4, batch=8),)),
        Recipe('ffdnet_color', 'ffdnet', color, 3, 75, (Stage(2800, 5e-4, batch=8),)),
        Recipe(
            'drunet_compact_gray', 'drunet', {'in_nc': 2, 'out_nc': 1, **_COMPACT}, 1, 50, compact
        ),
        Recipe(
            'drunet_compact_color', 'drunet', {'in_nc': 4, 'out_nc': 3, **_COMPACT}, 3, 50, compact
        ),
    )


RECIPES: Mapping[str, Recipe] = MappingProxyType({recipe.name: recipe for recipe in _recipes()})


def find_recipe(name: str) -> Recipe:
    """Return the recipe called `name`.

    Raises
    ------
    WeightsError
        When there is none; the message lists them.
    """
    if name not in RECIPES:
        raise WeightsError(f'no recipe trains {name!r}; recipes: {", ".join(RECIPES)}')
    return RECIPES[name]
