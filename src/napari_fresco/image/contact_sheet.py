"""Several images as one, each below a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from ..brief import Brief

_LETTERS, _STRIP, _GAP = 11, 15, 3  # pixels: size of letters, height of a line, space between cells


@dataclass(frozen=True, eq=False, repr=False)
class ContactSheet(Brief):
    """Images of one size in rows and columns.

    Attributes
    ----------
    pixels : ndarray
        ``(H, W)`` or ``(H, W, colours)``, of the type of the images.
    boxes : tuple of (slice, slice)
        Rows and columns of each image in it.
    """

    pixels: NDArray[Any]
    boxes: tuple[tuple[slice, slice], ...]

    @classmethod
    def of(cls, images: Sequence[NDArray[Any]], texts: Sequence[str], columns: int) -> Self:
        """Put images, row by row, below their texts; no images are an empty mosaic.

        `images`: of one shape and type, rows and columns first.
        `columns`: images side by side.
        """
        if not len(images):
            return cls(np.zeros((0, 0)), ())
        height, width, *colours = images[0].shape
        low = min(float(each.min()) for each in images)
        high = max(float(each.max()) for each in images)
        down, across = height + _STRIP + _GAP, width + _GAP
        rows = -(-len(images) // columns)
        shape = rows * down, min(columns, len(images)) * across, *colours
        pixels = np.full(shape, low, images[0].dtype)
        boxes = []
        for number, (image, text) in enumerate(zip(images, texts, strict=True)):
            top, left = (number // columns) * down, (number % columns) * across
            box = slice(top + _STRIP, top + _STRIP + height), slice(left, left + width)
            line = low + (high - low) * _written(text, width)
            pixels[top : top + _STRIP, left : left + width] = line[..., *(None,) * len(colours)]
            pixels[box] = image
            boxes.append(box)
        return cls(pixels, tuple(boxes))

    def at(self, row: float, column: float) -> int | None:
        """Return which image lies at a pixel, its line of text included; None beside them."""
        for number, (rows, columns) in enumerate(self.boxes):
            inside = rows.start - _STRIP <= row < rows.stop
            if inside and columns.start <= column < columns.stop:
                return number
        return None


def _written(text: str, width: int) -> NDArray[np.float64]:
    """Return a line of text, 1 where letters are."""
    line = Picture.new('L', (width, _STRIP))
    ImageDraw.Draw(line).text((2, 0), text, fill=255, font=ImageFont.load_default(_LETTERS))
    return np.asarray(line, np.float64) / 255
