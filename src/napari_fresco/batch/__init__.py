"""Folders of images: a recipe, its plan, and a run that can be broken off and goes on.

A file is finished when its results are there and were made of the same image, mask,
kernel and noise map by the same recipe and weights; it is then passed over. So the
same call after a crash, a power cut or a full disk does only the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..generators import result_of
from .batch_run import BatchOutcome, BatchReport, iterate
from .planning import BatchPlan
from .recipe import BatchRecipe
from .records import FileRecord

__all__ = [
    'BatchOutcome',
    'BatchPlan',
    'BatchRecipe',
    'BatchReport',
    'FileRecord',
    'iterate',
    'plan',
    'run',
]


def plan(
    recipe: BatchRecipe | Mapping[str, Any] | str | Path, *, overwrite: bool = False
) -> BatchPlan:
    """Return the plan of a recipe; nothing is written.

    Parameters
    ----------
    recipe : BatchRecipe, mapping or path
        A recipe, its keys and values, or a YAML or JSON file of them.
    overwrite : bool
        Make finished files again, and replace those of other origin.

    Returns
    -------
    BatchPlan
        ``lines()`` tells it as text.

    Raises
    ------
    FrescoError
        When the recipe cannot be carried out, or there is no image.
    """
    if isinstance(recipe, str | Path):
        recipe = BatchRecipe.read(recipe)
    elif not isinstance(recipe, BatchRecipe):
        recipe = BatchRecipe.of(recipe)
    return BatchPlan.of(recipe, overwrite=overwrite)


def run(
    recipe: BatchRecipe | Mapping[str, Any] | str | Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    overwrite: bool = False,
) -> BatchOutcome:
    """Carry out a recipe; a file that fails is recorded and the others go on.

    Parameters
    ----------
    recipe, overwrite
        As for :func:`plan`.
    workers : int, optional
        Processes on this machine, which share its cores, each with one GPU. By default one for
        each GPU, else this process alone. A script that asks for several starts under
        ``if __name__ == '__main__':``.
    scheduler : str, optional
        Address of a dask.distributed scheduler whose workers see the same files under the same
        names, such as ``'tcp://host:8786'``.

    Returns
    -------
    BatchOutcome
        ``records`` of all files, ``failed`` of those without a result.

    Raises
    ------
    FrescoError
        When the recipe cannot be carried out, nothing can be written, or the scheduler does
        not answer.
    """
    todo = plan(recipe, overwrite=overwrite)
    return result_of(iterate(todo, workers=workers, scheduler=scheduler))
