"""Training of the bundled checkpoints: recipes, objectives, loop, evaluation and model card."""

from __future__ import annotations

from pathlib import Path

from ..errors import ParameterError
from .recipes import RECIPES, Recipe, find_recipe

__all__ = ['RECIPES', 'Recipe', 'find_recipe', 'train']


def train(
    name: str,
    data: Path,
    out: Path,
    *,
    steps: int | None = None,
    device: str = 'auto',
    evaluate_on: tuple[Path, ...] = (),
    progress: bool = True,
) -> Path:
    """Train a checkpoint, measure it, and write weights and model card.

    Parameters
    ----------
    name : str
        A recipe, see :data:`RECIPES`.
    data : Path
        Folder of 8-bit training images, searched with its sub-folders.
    out : Path
        Folder of the run; a run that was broken off there is resumed.
    steps : int, optional
        Steps in all, instead of the recipe's; its stages are scaled.
    device : str
        As in :func:`napari_fresco.restore`.
    evaluate_on : tuple of Path
        Folders of test images that the card gives the PSNR for.

    Returns
    -------
    Path
        The weights, ``out/NAME.safetensors``; the card lies beside them.

    Raises
    ------
    FrescoError
        When the recipe is unknown, the data unusable or `steps` is below 1.
    """
    recipe = find_recipe(name)
    if steps is not None:
        if steps < 1:
            raise ParameterError(f'steps = {steps}; give a whole number of at least 1')
        recipe = recipe.shortened(steps)

    from .. import devices
    from .card import write_card
    from .data import Corpus
    from .loop import Run

    devices.tune_allocator()
    run = Run(recipe, Path(out), devices.pick(device))
    smallest = max(run.objective.crops(stage)[1] for stage in recipe.stages)
    corpus = Corpus.read(Path(data), recipe.channels, smallest)
    weights = run.train(corpus, progress=progress)
    scores = [
        score
        for folder in evaluate_on
        for score in run.objective.evaluate(weights, folder, recipe.channels)
    ]
    write_card(run, corpus, weights, scores)
    return weights
