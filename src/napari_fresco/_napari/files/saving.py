"""The writers that napari calls, with errors that it passes on.

Which of two plugins saves a layer as ``.tif``, ``.png`` or ``.jpg``, where none is named, goes by
the order in which Python finds them on the disk (npe2 0.10): no manifest can say that it is first.
So these writers may also be given layers that have nothing to do with this plugin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import FrescoError
from . import readers_writers

Writer = Callable[..., list[str]]


def _passing_on(write: Writer) -> Writer:
    """Raise what napari shows: it takes a ValueError, as ours are, for a writer that is missing."""

    def written(path: str, *layers: Any) -> list[str]:
        try:
            return write(path, *layers)
        except FrescoError as error:
            raise OSError(error.in_window) from error

    return written


write_tiff = _passing_on(readers_writers.write_tiff)
write_picture = _passing_on(readers_writers.write_picture)
write_labels_tiff = _passing_on(readers_writers.write_labels_tiff)
write_labels_picture = _passing_on(readers_writers.write_labels_picture)
write_zarr = _passing_on(readers_writers.write_zarr)
write_zarr_with_labels = _passing_on(readers_writers.write_zarr_with_labels)
