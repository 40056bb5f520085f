"""What each bundled checkpoint is trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ..types import WeightsError

_COMPACT = {'nc': (32, 64, 128, 256), 'nb': 2}


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
        Noise is drawn with sigma ~ U[0, sigma_max], on the 0-255 scale.
    steps, batch, patch : int
        Optimiser steps, crops in a batch and side of a crop in pixels.
    learning_rate : float
        Peak step size of Adam.
    seed : int
        Of initialisation, crops and noise.
    """

    name: str
    architecture: str
    config: Mapping[str, Any]
    channels: int
    sigma_max: float
    steps: int
    learning_rate: float
    batch: int = 16
    patch: int = 64
    seed: int = 0


def _recipes() -> tuple[Recipe, ...]:
    gray = {'in_nc': 1, 'out_nc': 1, 'nc': 64, 'nb': 15}
    color = {'in_nc': 3, 'out_nc': 3, 'nc': 96, 'nb': 12}
    return (
        Recipe('ffdnet_gray', 'ffdnet', gray, 1, 75, steps=5000, learning_rate=1e-3),
        Recipe('ffdnet_color', 'ffdnet', color, 3, 75, steps=4000, learning_rate=1e-3),
        Recipe(
            'drunet_compact_gray',
            'drunet',
            {'in_nc': 2, 'out_nc': 1, **_COMPACT},
            1,
            50,
            steps=3500,
            learning_rate=7e-4,
        ),
        Recipe(
            'drunet_compact_color',
            'drunet',
            {'in_nc': 4, 'out_nc': 3, **_COMPACT},
            3,
            50,
            steps=3500,
            learning_rate=7e-4,
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
