"""Resolutions of prints, which are no sizes of pixels in a specimen or on a wall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_print(metadata: Mapping[str, Any]) -> bool:
    """Say whether the resolution of a file is that of a print: readers note the dots per inch."""
    return metadata.get('resolution_unit') == 'inch'
