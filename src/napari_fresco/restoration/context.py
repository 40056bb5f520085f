"""The whole that an image was cut from, and where in it the image lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..image.model import Image


@dataclass(frozen=True, eq=False)
class Context:
    """The whole that an image is a part of, where its range and its noise are found.

    Attributes
    ----------
    whole : Image
        Such as the layer that a region or a slice was cut from.
    index : tuple of int, optional
        The plane of the whole, along its stack axes, that a single plane was cut from.
    origin : tuple of int, optional
        Where in the whole, which has the same axes, the image begins: a place for each axis but S.
    """

    whole: Image
    index: tuple[int, ...] | None = None
    origin: tuple[int, ...] | None = None

    @classmethod
    def of(
        cls,
        whole: Any,
        index: tuple[int, ...] | None = None,
        origin: tuple[int, ...] | None = None,
    ) -> Context | None:
        """Return the context for an image or an array; None without one."""
        return None if whole is None else cls(Image.of(whole), index, origin)

    def begin(self, image: Image) -> dict[str, int]:
        """Return where `image` begins in the whole, by axis; empty where that is unknown."""
        if not self.origin:
            return {}
        return dict(zip(image.axes.replace('S', ''), self.origin, strict=True))
