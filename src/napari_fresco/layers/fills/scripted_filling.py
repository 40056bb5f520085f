"""Filling losses from a script, with a window or without."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, overload

from ...declare.recommendations import ImageFacts, recommended
from ...errors import MaskError
from ..images.identity import key_of
from ..images.layer_kinds import FILLS
from ..images.named_layers import find_layer
from ..jobs.scripted import layer_request
from .growing_layer import growing_layer
from .loss_filling import LossFilling

if TYPE_CHECKING:
    from ..jobs.job import Job
    from ..jobs.scripted import Part


@overload
def fill_losses(
    viewer: Any, layer: Any, *, wait: Literal[True] = True, **options: Any
) -> list[Any]: ...


@overload
def fill_losses(viewer: Any, layer: Any, *, wait: Literal[False], **options: Any) -> Job[Any]: ...


def fill_losses(
    viewer: Any,
    layer: Any,
    *,
    mask: Any = None,
    method: str | None = None,
    again: Collection[int] = (),
    keep_known: bool = True,
    part: Part = None,
    region: Any = None,
    filled: bool = False,
    mask_options: Mapping[str, Any] | None = None,
    wait: bool = True,
    **options: Any,
) -> Any:
    """Fill losses into one full-size layer, which later calls continue.

    What is filled already counts as known, so that a second call fills what is new in the mask,
    or what a cancelled one has left. Beside the losses every pixel is what it was.

    Parameters
    ----------
    viewer : napari.Viewer or napari.components.ViewerModel
        Needs no window, and no Qt.
    layer : Image or str
        The photograph.
    mask : Labels, Shapes, Image, str or array-like, optional
        Damage, as for :func:`restore_layer`; not needed for `again`.
    method : str, optional
        By default the one that is recommended for filling.
    again : sequence of int
        Numbers of fills to fill anew, with other options; what `mask` marks is not looked at.
    keep_known : bool
        Give all other pixels back bit for bit; else their noise is removed, once.
    filled : bool
        Keep a layer of labels with the numbers of the fills.
    part, region, mask_options, wait, **options
        As for :func:`restore_layer`; fills are filled again wherever they are.

    Returns
    -------
    list of Layer, or Job
        The layer that grows last; without waiting a job with ``.cancel()`` and ``.wait()``.

    Raises
    ------
    FrescoError
        When anything given is wrong, nothing is left to fill, or another layer is being restored.

    Examples
    --------
    >>> from napari.components import ViewerModel
    >>> from napari_fresco.layers import fill_losses, undo_fill
    >>> import numpy as np
    >>> viewer = ViewerModel()
    >>> wall = viewer.add_image(np.full((48, 48), 100, np.uint8), name='wall')
    >>> cracks = np.zeros((48, 48), bool)
    >>> cracks[20:22, 5:40] = True
    >>> [layer.name for layer in fill_losses(viewer, 'wall', mask=cracks, iterations=2)]
    ['wall [filled]']
    >>> undo_fill(viewer, 'wall', 1)
    1
    """
    image = find_layer(viewer, layer, 'image')
    if not again and mask is None:
        raise MaskError('filling needs a mask, or numbers of fills to fill again')
    grown = growing_layer(viewer, key_of(image))
    if again and grown is None:
        raise MaskError(f'nothing was filled in {image.name!r} yet')
    known = None if grown is None else grown.metadata[FILLS].numbers
    given = known != 0 if mask is None else mask
    asked = {'mask': given, 'keep_known': keep_known, **options}
    chosen = method or recommended('inpaint', ImageFacts()).method
    if again:
        part = region = None
    request = layer_request(viewer, image, chosen, 'inpaint', asked, part, region, mask_options)
    job = LossFilling(replace(request, filled=filled), viewer, again=again).start()
    return job.wait() if wait else job
