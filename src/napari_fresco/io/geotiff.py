"""The place of the pixels of a GeoTIFF on the ground, read and written."""

from __future__ import annotations

from typing import Any

import tifffile

from ..image.model import Image

_PLACES = {33550: 'd', 33922: 'd', 34264: 'd', 34735: 'H', 34736: 'd', 34737: 's'}
_TYPES = {**_PLACES, 42112: 's'}  # and what GDAL adds


def facts(page: tifffile.TiffPage) -> dict[str, Any] | None:
    """Return the tags of a page that place it on the ground, and its size; None without any."""
    tags = {code: page.tags[code].value for code in _TYPES if code in page.tags}
    size = (page.imagelength, page.imagewidth)
    return {'tags': tags, 'size': size} if set(tags) & set(_PLACES) else None


def tags(image: Image) -> list[tuple[Any, ...]]:
    """Return these tags for an image of the size that they hold for: a part lies elsewhere."""
    said = image.metadata.get('geotiff')
    if not said or tuple(said['size']) != (image.length('Y'), image.length('X')):
        return []
    return [
        (code, _TYPES[code], 0 if _TYPES[code] == 's' else len(value), value, True)
        for code, value in said['tags'].items()
    ]
