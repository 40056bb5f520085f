"""The facts about a photograph in a record: file, size, resolution, profile, camera and date."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import tifffile
from PIL import Image as Pillow
from PIL import ImageCms

from ..image.channels import ASKED_SERIES
from ..image.model import Image
from ..io.calibration import tag_calibration
from ..io.exif import load
from ..io.files import TIFF
from ..io.fingerprint import content_sha256
from .drawn_mask import pixels_hash
from .photograph import plane_of

_TAGS = {'camera_maker': 271, 'camera': 272, 'author': 315}
_DETAILS = 34665
_TAKEN = 36867


def photograph_facts(photograph: Any) -> dict[str, Any]:
    """Return the facts about a photograph, ready for JSON; None where nothing is known."""
    pixels = plane_of(photograph)
    image = photograph if isinstance(photograph, Image) else Image.of(pixels)
    said = image.metadata
    path = Path(said['path']) if said.get('path') else None
    there = path is not None and path.is_file()
    dpi = _file_dpi(path) if path is not None and there else None
    return {
        'file': None if path is None else path.name,
        'path': None if path is None else str(path.resolve()),
        'series': said.get(ASKED_SERIES),
        'sha256': content_sha256(path) if path is not None and there else None,
        'pixels_sha256': pixels_hash(pixels),
        'rows': int(pixels.shape[0]),
        'columns': int(pixels.shape[1]),
        'samples': 1 if pixels.ndim == 2 else int(pixels.shape[2]),
        'type': str(pixels.dtype),
        'dpi': dpi,
        'profile': _profile_name(said.get('icc_profile')),
        **_exif_facts(said.get('exif')),
    }


def _file_dpi(path: Path) -> float | None:
    """Return the resolution in a file, before any scale was measured."""
    try:
        if path.suffix.lower() in TIFF:
            with tifffile.TiffFile(path) as file:
                steps, _ = tag_calibration(file.pages.first.tags)
            return round(25.4 / steps['X'][0], 2) if 'X' in steps else None
        with Pillow.open(path) as picture:
            dpi = picture.info.get('dpi')
            return None if not dpi else round(float(dpi[0]), 2)
    except (OSError, ValueError, tifffile.TiffFileError):
        return None


def _profile_name(profile: bytes | None) -> str | None:
    if not profile:
        return None
    try:
        return str(
            ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
        )
    except (ImageCms.PyCMSError, OSError):
        return 'unreadable'


def _exif_facts(block: bytes | None) -> dict[str, Any]:
    exif = load(block)
    facts = {name: str(exif[tag]).strip('\0 ') for name, tag in _TAGS.items() if tag in exif}
    taken = exif.get_ifd(_DETAILS).get(_TAKEN) or exif.get(306)
    return {
        **dict.fromkeys(_TAGS),
        **facts,
        'taken': None if taken is None else str(taken).strip('\0 '),
    }
