"""The acts of a session that a batch can repeat, as recipes; and the reasons for the others."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ...batch import BatchRecipe
from ...physics.kernels import Kernel
from ..requests.channel_kernels import ChannelKernels
from ..requests.folder_recipe import recipe_of
from .session_acts import Act


@dataclass(eq=False)
class SessionRecipes:
    """Recipes that are found act by act; those that differ in their images alone become one.

    `folder`: of the recipes.
    `outcomes`: files that recipes write, by the things that they hold.
    """

    folder: Path
    outcomes: dict[int, str] = field(default_factory=dict)
    _found: dict[str, BatchRecipe] = field(default_factory=dict)

    def add(self, act: Act, image: str, sides: dict[str, str]) -> str:
        """Add an act; return why no recipe tells it, or nothing.

        `image`: the file that it was done to, from `folder`; empty where there is none.
        `sides`: files of mask, kernel and noise map.
        """
        problem = _problem(act, image)
        if problem:
            return problem
        recipe = recipe_of(
            replace(act.made.request, mask=sides.get('mask')),
            images=image,
            output=f'batch-{len(self._found) + 1}',
            beside=self.folder,
            files=sides,
        )
        told = {**recipe.to_dict(), 'images': None, 'output': None}
        key = json.dumps(told, sort_keys=True, default=str)
        before, stem = self._found.get(key), Path(image).stem
        if before is not None and stem in (Path(each).stem for each in before.images):
            key, before = f'{key} {len(self._found)}', None  # results are called like their images
        if before is not None:
            recipe = replace(before, images=(*before.images, image))
        self._found[key] = replace(recipe, name='{stem}.tif')
        self.outcomes[id(act.thing)] = f'{recipe.output}/{stem}.tif'
        return ''

    def write(self) -> list[Path]:
        """Write the recipes, numbered in the order that they are to be done in."""
        paths = []
        for number, recipe in enumerate(self._found.values(), 1):
            paths.append(self.folder / f'recipe-{number}.yaml')
            recipe.write(paths[-1])
        return paths


def _problem(act: Act, image: str) -> str:
    request = act.made.request
    if act.undone or (act.fills is not None and (len(act.fills.made) > 1 or act.fills.undos)):
        return 'filled run after run, or a fill was undone'
    if not request.image.is_whole:
        return 'a part of its image'
    apart = isinstance(request.kernel, ChannelKernels)
    kernels = request.kernel.values() if apart else [request.kernel]
    if any(isinstance(k, Kernel | np.ndarray) and np.asarray(k).min() < 0 for k in kernels):
        return 'its kernel has negative entries, which a file of a kernel may not have'
    if not image:
        return 'its image is no file, and no recipe gives it'
    if request.image.spatial != (len(request.image.index) - 2, len(request.image.index) - 1):
        return 'its rows and columns are not the last axes'
    return ''
