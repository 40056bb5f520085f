"""The wavelengths that an image tells of its channels, in µm as kernels have them."""

from __future__ import annotations

from collections.abc import Sequence

from ...image.model import Image

_NAMES = ('excitation', 'wavelength')


def wavelengths_of(image: Image) -> tuple[tuple[float | None, float | None], ...]:
    """Return excitation and emission of each channel of an image in µm, None where unknown.

    Nothing where the image does not tell them of each.
    """
    told: Sequence[Sequence[float | None]] = image.metadata.get('wavelengths') or ()
    if len(told) != image.length('C'):
        return ()
    pairs = ([wave / 1000 if wave else None for wave in pair] for pair in told)
    return tuple((pair[0], pair[1]) for pair in pairs)


def known_light(image: Image) -> dict[str, float]:
    """Return the wavelengths of an image of one channel as the metadata of a kernel has them."""
    waves = wavelengths_of(image)
    if len(waves) != 1:
        return {}
    pairs = zip(_NAMES, waves[0], strict=True)
    return {name: wave for name, wave in pairs if wave}
