"""Insert-only layers: nothing but the fill, so that the photograph stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ImageError, MaskError
from ..image.hole_width import depth_of
from ..image.model import Image, values_of
from ..io.files import write
from .photograph import Bools, Pixels, filled_of, plane_of, result_of


def insert(
    image: Any, result: Any, filled: ArrayLike | Image | None = None, *, name: str = 'insert'
) -> Image:
    """Return the fill as a layer of its own, to lie above the untouched photograph.

    Parameters
    ----------
    image : Image or array-like, ``(H, W)`` or ``(H, W, 3 or 4)``
        The photograph: uint8, uint16 or float in [0, 1].
    result : Result, Image or array-like
        What was made of it, with the same shape and type.
    filled : array-like, ``(H, W)``, optional
        Nonzero where it was filled; by default what the result says.
    name : str
        What the page of a TIFF file is called.

    Returns
    -------
    Image
        ``(H, W, 4)`` RGBA of the type of the photograph with straight alpha: full where it was
        filled, 0 elsewhere, where the colours are 0 too. Resolution, colour profile and EXIF are
        those of the photograph.

    Raises
    ------
    ImageError
        When the result does not fit the photograph, or differs from it where nothing was filled:
        then the layer would not tell all that was done.
    MaskError
        When it is not known what was filled.

    Examples
    --------
    >>> import numpy as np, napari_fresco as fresco
    >>> wall = np.full((8, 8, 3), 90, np.uint8)
    >>> done, loss = wall.copy(), np.zeros((8, 8), bool)
    >>> loss[2:4, 2:4], done[2:4, 2:4] = True, 120
    >>> layer = fresco.intervention.insert(wall, done, loss)
    >>> bool((fresco.intervention.composed(wall, layer) == done).all())
    True
    """
    photograph = plane_of(image)
    made = result_of(result, photograph)
    marks = filled_of(result, filled, photograph.shape)
    touched = _differs(made, photograph) & ~marks
    if touched.any():
        raise ImageError(
            f'the result differs from the photograph in {int(touched.sum())} pixels that were not '
            'filled, so that an insert would not tell all; restore with keep_known=True'
        )
    layer = np.zeros((*photograph.shape[:2], 4), photograph.dtype)
    layer[..., :3][marks] = made[marks][..., :3] if made.ndim == 3 else made[marks][:, None]
    layer[..., 3][marks] = _full(photograph.dtype)
    like = image if isinstance(image, Image) else Image.of(photograph)
    kept = {axis: pair for axis, pair in like.spacing.items() if axis in 'YX'}
    places = {axis: first for axis, first in like.origin.items() if axis in 'YX'}
    metadata = {**like.metadata, 'page_name': name}
    for key in ('extrasamples', 'photometric', 'colormap', 'sample_axis', 'planarconfig'):
        metadata.pop(key, None)  # of the samples of the photograph
    return Image(layer, 'YXS', kept, places, metadata=metadata)


def composed(image: Any, layer: Any) -> Pixels:
    """Return a photograph with an insert laid over it, bit for bit the result.

    Parameters
    ----------
    image : Image or array-like, ``(H, W)`` or ``(H, W, 3 or 4)``
    layer : Image or array-like, ``(H, W, 4)``
        Made by :func:`insert`.

    Returns
    -------
    ndarray
        Of the shape and type of the photograph.
    """
    photograph, over = plane_of(image), plane_of(layer, 'the insert')
    if over.shape != (*photograph.shape[:2], 4) or over.dtype != photograph.dtype:
        raise ImageError(
            f'the insert is {over.dtype} of shape {over.shape}; a photograph of {photograph.dtype} '
            f'and shape {photograph.shape} takes RGBA of its own size and type'
        )
    lies = over[..., 3] > 0
    if photograph.ndim == 2:
        return np.where(lies, over[..., 0], photograph)
    done = photograph.copy()
    done[..., :3][lies] = over[..., :3][lies]
    alpha = done[..., 3:]
    alpha[lies[..., None] & (alpha == 0)] = _full(done.dtype)  # a hole that was filled is opaque
    return done


def outline(filled: ArrayLike, width: float = 2.0) -> Bools:
    """Return the rim of the filled pixels, inside them.

    Parameters
    ----------
    filled : array-like, ``(H, W)``
        Nonzero where it was filled.
    width : float
        Of the rim, in pixels.

    Returns
    -------
    ndarray of bool, ``(H, W)``
    """
    marks: Bools = np.squeeze(values_of(filled, 'filled', MaskError)) != 0
    return np.asarray(marks & (depth_of(marks, 'constant') <= width))


def write_inserts(
    path: str | Path, inserts: Mapping[str, Image], *, overwrite: bool = False
) -> None:
    """Write inserts to a file: several, such as hypotheses or classes, as pages of one TIFF.

    Parameters
    ----------
    path : str or Path
        ``.tif`` (ExtraSamples 2) or, of one insert, ``.png`` (colour type 6).
    inserts : mapping of str to Image
        By name, which is that of the page (tag 285).
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    FileError
        When the file exists or the format cannot hold them.
    """
    pages = [
        replace(layer, metadata={**layer.metadata, 'flavour': 'plain', 'page_name': name})
        for name, layer in inserts.items()
    ]
    write(path, pages, overwrite=overwrite)


def _differs(made: Pixels, photograph: Pixels) -> Bools:
    same = (made == photograph) | ((made != made) & (photograph != photograph))
    return np.asarray(~(same.all(axis=-1) if same.ndim == 3 else same))


def _full(dtype: np.dtype[Any]) -> Any:
    return 1 if dtype.kind == 'f' else np.iinfo(dtype).max
