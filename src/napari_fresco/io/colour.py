"""Colour models: samples of any model turned into gray or RGB with straight alpha."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from ..image.model import Array

_SPACES = {b'GRAY': 'gray', b'RGB ': 'RGB', b'CMYK': 'CMYK', b'Lab ': 'Lab', b'YCbr': 'YCbCr'}
# XYZ relative to D50, as in profiles, to linear sRGB; adapted by Bradford (Lindbloom).
_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
_D50 = np.array([0.96422, 1.0, 0.82521])


def profile_space(profile: bytes | None) -> str:
    """Return the colour model that an ICC profile is for, or nothing where it does not say."""
    return '' if not profile else _SPACES.get(bytes(profile[16:20]), '')


def kept_profile(profile: bytes | None, colour: bool) -> tuple[bytes | None, tuple[str, ...]]:
    """Return a profile if it holds for such an image, and a note where it does not."""
    space = profile_space(profile)
    if not space or space == ('RGB' if colour else 'gray'):
        return profile, ()
    return None, (f'its ICC profile is for {space}, not for these samples, and was left out',)


def cmyk_to_rgb(samples: Array, profile: bytes | None) -> tuple[Array, bytes | None, str]:
    """Return CMYK as RGB, its new profile, and a note on the conversion.

    `samples`: ``(..., 4)``, 0 is no ink; of integers.
    `profile`: ICC profile of the press.
    """
    if profile_space(profile) == 'CMYK':
        try:
            return _through_profile(samples, profile), _srgb_profile(), 'through its profile'
        except (ImageCms.PyCMSError, OSError):
            pass
    top = np.iinfo(samples.dtype).max
    light = (top - samples).astype(np.float64)
    rgb = np.rint(light[..., :3] * light[..., 3:] / top).astype(samples.dtype)
    return rgb, None, 'without a usable profile'


def lab_to_rgb(samples: Array, *, icc: bool = False) -> Array:
    """Return CIE L*a*b* (D50) of a TIFF as sRGB of the same type.

    `samples`: ``(..., 3)`` uint8 or uint16: a* and b* are signed, or for `icc` offset.
    `icc`: whether they are encoded as in ICC profiles.
    """
    eight = samples.dtype == np.uint8
    top = 255.0 if eight else 65535.0
    chroma = samples[..., 1:].astype(np.float64) if icc else _signed(samples[..., 1:])
    chroma = (chroma - (128 if eight else 32768) * icc) / (1 if eight else 256)
    high = (samples[..., 0] / top * 100 + 16) / 116
    f = np.stack([high + chroma[..., 0] / 500, high, high - chroma[..., 1] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _D50
    linear = np.clip(xyz @ _TO_SRGB.T, 0, 1)
    gamma = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    rgb: Array = np.rint(gamma * top).astype(samples.dtype)
    return rgb


def palette_to_rgb(indices: Array, table: Any) -> Array:
    """Return the colours that the indices of a TIFF palette ``(3, n)`` stand for, uint8."""
    table = np.asarray(table)
    eight = table if table.max(initial=0) < 256 else table >> 8
    colours: Array = np.moveaxis(eight.astype(np.uint8), 0, -1)[indices]
    return colours


def ycbcr_to_rgb(samples: Array) -> Array:
    """Return YCbCr ``(..., 3)`` uint8 as RGB."""
    return _by_pillow(samples, 'YCbCr', lambda picture: picture.convert('RGB'))


def straight_alpha(samples: Array) -> Array:
    """Return samples with premultiplied alpha undone."""
    colours, alpha = samples[..., :-1].astype(np.float64), samples[..., -1:]
    top = 1.0 if samples.dtype.kind == 'f' else np.iinfo(samples.dtype).max
    divided = colours * top / np.maximum(alpha, 1e-12 if samples.dtype.kind == 'f' else 1)
    if samples.dtype.kind != 'f':
        divided = np.rint(np.clip(divided, 0, top))
    divided = np.where(alpha == 0, 0, divided)
    return np.concatenate([divided.astype(samples.dtype), alpha], axis=-1)


def _signed(values: Array) -> Array:
    return values.view(np.int8 if values.dtype == np.uint8 else np.int16).astype(np.float64)


def _through_profile(samples: Array, profile: bytes | None) -> Array:
    eight = samples if samples.dtype == np.uint8 else (samples >> 8).astype(np.uint8)
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile or b''))
    transform = ImageCms.buildTransform(source, ImageCms.createProfile('sRGB'), 'CMYK', 'RGB')
    rgb = _by_pillow(eight, 'CMYK', lambda picture: ImageCms.applyTransform(picture, transform))
    return rgb if samples.dtype == np.uint8 else rgb.astype(samples.dtype) * 257


def _by_pillow(samples: Array, mode: str, convert: Any) -> Array:
    flat = np.ascontiguousarray(samples.reshape(-1, samples.shape[-2], samples.shape[-1]))
    size = (flat.shape[1], flat.shape[0])
    rgb = np.asarray(convert(Pillow.frombytes(mode, size, flat.tobytes())))
    return rgb.reshape(*samples.shape[:-1], 3)


def _srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
