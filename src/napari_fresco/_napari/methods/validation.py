"""The reasons why a method cannot run on the chosen input, in one sentence each."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ... import weights
from ...declare.method import Method
from ...errors import FrescoError
from ...layers.images.selection import select, select_same
from ...layers.requests.noise_map import select_noise
from ...types import Task
from ..widgets.texts import sentence
from .linking import estimator_problem
from .offered_models import checkpoint, is_here, weights_problem

if TYPE_CHECKING:
    import napari

NO_IMAGE = 'Open an image to restore, for example with File > Open Sample > Fresco.'
GET, FILE = 'Get …', 'File …'
"""Buttons beside the model."""
NO_MAP = 'Choose an image layer that holds the σ map.'
TOLD_BY_CAMERA = (
    'Photon and read noise tell the noise level; to have it estimated, choose auto or gaussian as '
    'the noise model.'
)


def size_problem(
    image: napari.layers.Image,
    *,
    noise: napari.layers.Image | None,
    reference: napari.layers.Image | None,
    scale: int,
) -> str:
    """Say which layer is not on the grid of the image, or nothing.

    `image`: what is to be restored.
    `noise`: map of its noise.
    `reference`: what the result is compared with.
    `scale`: enlargement.
    """
    try:
        whole = select(image)
        if noise is not None:
            select_noise(noise, whole)
        if reference is not None:
            select_same(reference, whole, scale)
    except FrescoError as error:
        return sentence(error)
    return ''


def missing_weights(
    method: Method,
    task: Task,
    *,
    model: str,
    channels: int,
    scale: int,
    estimated: Collection[str],
    folded: bool = False,
    may_fetch: bool = True,
) -> str:
    """Name the missing weights, or the task that there are none for; else empty.

    `folded`: whether the row of the model is folded away.
    `may_fetch`: whether the user lets weights be fetched.
    """
    own = weights_problem(method, task, channels, scale) if model == 'auto' else ''
    known = checkpoint(method, task, model=model, channels=channels, scale=scale)
    if known is not None and not is_here(known):
        own = absent(method, known, folded, may_fetch)
    return own or (estimator_problem(task, channels, scale) if 'sigma' in estimated else '')


def absent(
    method: Method, known: weights.Entry, folded: bool = False, may_fetch: bool = True
) -> str:
    """Name the missing file of weights, and how to get it."""
    size = known.describe_size()
    file = f'{known.file} ({size})' if size else known.file
    missing = f'{method.title} needs weights that are not on this computer: {file}.'
    where = 'beside the model, below Advanced' if folded else 'beside the model'
    if not known.urls:
        return f'{missing} Download it from {known.page} and choose it with "{FILE}" {where}.'
    if may_fetch:
        return f'{missing} Press "{GET}" {where}, or put the file into {weights.cache_folder()}.'
    return (
        f'{missing} Network use is set to "never" in Preferences: set it to "ask" and open the '
        f'panel anew, or put the file from {known.urls[0]} into {weights.cache_folder()}.'
    )
