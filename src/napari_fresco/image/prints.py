"""Resolutions of prints, which are no sizes of pixels in a specimen or on a wall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_print(metadata: Mapping[str, Any]) -> bool:
    """Say whether the resolution of a file is that of a print, in dots per inch."""
    plain = metadata.get('flavour') in ('plain', None)
    known = 'format' in metadata or 'flavour' in metadata or 'resolution_unit' in metadata
    return known and plain and metadata.get('resolution_unit', 'inch') == 'inch'
