"""Whether a result was made of the image that it is held against: its record has a hash of that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ImageError
from ..image.layout import Layout
from ..image.model import Image, in_memory

_MOST = 2**30  # bytes that are read for a hash; of a larger image the shape has to do


def check_origin(record: Mapping[str, Any], image: Image, name: str = 'the image') -> None:
    """Refuse an image that the result with this record was not made of.

    Parameters
    ----------
    record : mapping
        The provenance of the result. An empty one, and one without a hash, such as that of a
        run that was cancelled, tell less and refuse less.
    image : Image
        What the result is held against, as a whole.
    name : str
        What the image is called in the message.

    Raises
    ------
    ImageError
        When shape or pixels are others.
    """
    shape, told = record.get('input_shape'), record.get('input_sha256')
    if shape is not None and list(shape) != list(image.shape):
        raise ImageError(
            f'{name} has shape {image.shape}, but the result was made of one of {tuple(shape)}; '
            'give the image that it was made of'
        )
    small = np.prod(image.shape) * image.dtype.itemsize <= _MOST
    if told is not None and small and told not in _hashes(image, record.get('input_axes')):
        raise ImageError(
            f'{name} has other pixels than the image that the result was made of (SHA-256 of that: '
            f'{told[:16]}): its record does not belong to it; give that image, or restore this one'
        )


def _hashes(image: Image, axes: str | None) -> set[str]:
    """Return the hashes of an image that is restored in planes and, if it can be, in volumes.

    `axes`: by which letters its axes went in that run, where that is known.
    """
    pixels = in_memory(image.data)
    pixels = pixels.astype(pixels.dtype.newbyteorder('='), copy=False)
    named = Image(pixels, axes if axes and len(axes) == image.ndim else image.axes)
    orders = {Layout.of(named, dims).order for dims in ((2, 3) if 'Z' in named.axes else (2,))}
    return {
        hashlib.sha256(np.ascontiguousarray(pixels.transpose(order)).tobytes()).hexdigest()
        for order in orders
    }
