"""Presets of cameras: a JSON file, with maps of the pixels beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..declare.names import named_once
from ..errors import FileError, ParameterError
from ..image.layout import Layout
from ..image.model import Image
from ..noise.camera import Camera
from .files import write, write_json

_FAR_BELOW = 3.0  # read noises
_DARKEST = 0.1  # percentile
_LOOKED_AT = 1 << 18


def write_camera(
    path: str | Path,
    preset: Mapping[str, Any],
    maps: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write a preset, and maps as TIFF files beside it, named with their SHA-256.

    `preset`: gain, offset, read noise, and what else is known, such as name, type and binning.
    `maps`: planes such as the offset of each pixel, by name.
    """
    path, named = Path(path), {}
    for name, values in (maps or {}).items():
        file = path.with_name(f'{path.stem}.{name}.tif')
        write(file, Image(np.asarray(values, np.float32), 'YX'), overwrite=overwrite)
        named[name] = {'file': file.name, 'sha256': _hash(file)}
    write_json(path, {**preset, **({'maps': named} if named else {})}, overwrite=overwrite)


def read_camera(path: str | Path) -> dict[str, Any]:
    """Read a preset and look whether its maps are there and unchanged.

    Raises FileError when it is no preset of a camera, or a map is missing or another.
    """
    path = Path(path)
    try:
        preset = json.loads(path.read_text(encoding='utf-8'), object_pairs_hook=named_once)
    except OSError as error:
        raise FileError(f'{path} cannot be read: {error.strerror}') from None
    except ValueError as error:
        raise FileError(f'{path} is no preset of a camera: {error}') from None
    if not isinstance(preset, dict) or preset.get('kind') != 'camera':
        raise FileError(f'{path} is no preset of a camera; give what "camera" or a panel has saved')
    for name, facts in preset.get('maps', {}).items():
        file = path.with_name(facts['file'])
        if not file.is_file():
            raise FileError(f'{path} names the {name} map {file.name}, which is not beside it')
        if _hash(file) != facts['sha256']:
            raise FileError(f'{file} is not the {name} map that {path.name} was saved with')
    return preset


def camera_of(preset: Mapping[str, Any]) -> Camera:
    """Return gain, offset and read noise of a preset."""
    return Camera(*(float(preset[name]) for name in Camera._fields))


def doubts_about_camera(preset: Mapping[str, Any], image: Image) -> list[str]:
    """Return the doubts about a preset for an image.

    Raises ParameterError when the image has another bit depth or binning.
    """
    made, has = preset.get('type'), str(image.dtype)
    if made and np.dtype(made).kind in 'ui' and image.dtype.kind in 'ui' and made != has:
        raise ParameterError(
            f'the camera was calibrated for {made}, the image is {has}: calibrate for this bit '
            'depth, or choose another preset'
        )
    binned, own = preset.get('binning'), image.metadata.get('binning')
    if binned is not None and own is not None and binned != own:
        raise ParameterError(
            f'the camera was calibrated with binning {binned}, the image has {own}: choose a '
            'preset for this binning'
        )
    camera, dark = camera_of(preset), _darkest(image)
    if dark < camera.offset - _FAR_BELOW * camera.read_noise:
        return [
            f'the darkest pixels of the image, {dark:.4g}, lie far below the offset '
            f'{camera.offset:.4g} of the camera: is this its image?'
        ]
    return []


def _darkest(image: Image) -> float:
    layout = Layout.of(image)
    indices = list(layout.planes())
    plane = layout.colours(layout.read(image.data, indices[len(indices) // 2])).ravel()
    return float(np.nanpercentile(plane[:: max(1, plane.size // _LOOKED_AT)], _DARKEST))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
