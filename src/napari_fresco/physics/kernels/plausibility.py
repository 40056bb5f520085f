"""Doubtful numbers of a microscope, in words. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...errors import ParameterError
from .microscope_optics import MicroscopeOptics

VISIBLE = (0.3, 1.3)
"""Wavelengths in µm with which fluorescence is seen or excited."""
PIXELS = (0.01, 2.0)
"""Pixel sizes in µm that microscopes have."""
MISMATCH = 0.1
"""Depth times difference of indices in µm, above which the function changes with depth."""
DIM = 0.02
"""Part of the light of a plane whose loss at the border is worth a word."""
ROUNDING = 1 + 1e-9
ASSUMABLE = {
    'na': 'NA {:g}',
    'refractive_index': 'refractive index {:g}',
    'wavelength': 'emission {:g} µm',
    'excitation': 'excitation {:g} µm',
    'pixel_size': 'pixel size {:g} µm',
    'pinhole': 'pinhole {:g} Airy units',
    'sheet_na': 'NA of the light sheet {:g}',
}
"""Numbers that may be assumed where nobody tells them, in words."""


class Sampling(NamedTuple):
    """The coarsest voxels in µm that hold what the optics pass."""

    lateral: float
    axial: float


def nyquist(optics: MicroscopeOptics) -> Sampling:
    r"""Return :math:`\lambda/4\mathrm{NA}` and :math:`\lambda/2n(1 - \cos\alpha)`.

    Halves of them at the wavelength of the excitation where the image is scanned: a product of
    two functions has the band of both.
    """
    o = optics
    depth_of_band = o.refractive_index - math.sqrt(o.refractive_index**2 - o.effective_na**2)
    wavelength, part = (o.exciting, 2) if o.is_scanned else (o.wavelength, 1)
    return Sampling(wavelength / (4 * part * o.na), wavelength / (2 * part * depth_of_band))


def check_pixel(optics: MicroscopeOptics, pixel_size: float) -> None:
    """Refuse pixels that are larger than the blur."""
    blur = max(optics.forming) / optics.na
    if pixel_size > blur * ROUNDING:
        raise ParameterError(
            f'pixel_size = {pixel_size:g} is larger than wavelength / na = {blur:.3g}, so '
            'the blur is finer than a pixel; check that all lengths are in one unit, µm'
        )


def check_step(z_step: float, reach: float) -> None:
    """Refuse planes that lie further apart than the blur reaches, ``reach`` in µm."""
    if z_step > reach:
        raise ParameterError(
            f'z_step = {z_step:g} is larger than the blur along z, {reach:.3g}, so no plane has '
            'light of another; check that all lengths are in one unit, µm, or leave z_step out'
        )


def doubts(
    optics: MicroscopeOptics, pixel_size: float, z_step: float | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return warnings and notes, a sentence each without a full stop.

    `pixel_size`, `z_step`: in µm; no step for a plane.
    """
    warnings = [*_of_light(optics), *_of_pixels(optics, pixel_size, z_step)]
    return tuple(warnings), tuple(_notes(optics, pixel_size, z_step))


def _of_light(o: MicroscopeOptics) -> Iterator[str]:
    for name, value in (('wavelength', o.wavelength), ('excitation', o.excitation)):
        if value is not None and not VISIBLE[0] <= value <= VISIBLE[1]:
            yield (
                f'{name} = {value:g} µm is not light that fluorescence is seen or excited with, '
                f'{VISIBLE[0]} to {VISIBLE[1]} µm'
            )
    if o.kind in ('confocal', 'light_sheet') and o.exciting > o.wavelength * ROUNDING:
        yield (
            f'the excitation, {o.exciting:g} µm, is longer than the emission, {o.wavelength:g} µm; '
            'were they exchanged?'
        )
    if o.effective_na < o.na:
        yield (
            f'na = {o.na:g} is more than the refractive index {o.effective_na:g} of the sample or '
            f'a layer before it; light beyond that does not arrive, so NA {o.effective_na:g} was '
            'taken'
        )


def _of_pixels(o: MicroscopeOptics, pixel: float, z_step: float | None) -> Iterator[str]:
    if not PIXELS[0] <= pixel <= PIXELS[1]:
        yield (
            f'pixel_size = {pixel:g} µm is unusual; it is the pitch of the camera over the '
            'magnification'
        )
    limit = nyquist(o)
    slack = 2 * ROUNDING if o.is_scanned else ROUNDING
    if pixel > limit.lateral * slack:
        yield (
            f'pixel_size = {pixel:g} undersamples: the optics need {limit.lateral:.3g} or less, so '
            'detail beyond the pixel grid cannot be told from aliasing'
        )
    if z_step is not None and z_step > limit.axial * slack:
        yield (
            f'z_step = {z_step:g} undersamples: the optics need {limit.axial:.3g} or less along z'
        )


def _notes(o: MicroscopeOptics, pixel: float, z_step: float | None) -> Iterator[str]:
    limit = nyquist(o)
    if o.is_scanned:
        pairs = (('pixel size', pixel, limit.lateral), ('z step', z_step or 0, limit.axial))
        for words, value, least in pairs:
            if least * ROUNDING < value <= 2 * least * ROUNDING:
                yield (
                    f'the {words} of {value:g} µm is coarser than {least:.3g}, which would hold '
                    'all that the optics pass; up to twice that is usual'
                )
    mismatch = abs(o.refractive_index - o.sample)
    if o.depth * mismatch > MISMATCH:
        yield (
            f'the sample has another index than the immersion ({o.sample:g}, '
            f'{o.refractive_index:g}), so the function changes with depth: this one is for '
            f'{o.depth:g} µm, and others are right {MISMATCH / mismatch:.2g} µm above and below'
        )


def doubt_of_assumed(numbers: Mapping[str, Any], deep: bool) -> str:
    """Say which numbers of a kernel nobody told, so that usual ones were taken; or nothing.

    `numbers`: the metadata of the kernel, which names them under 'assumed'.
    `deep`: whether it is that of a volume. In the focal plane the index of the immersion matters
        little.
    """
    names = [n for n in numbers.get('assumed', ()) if n in ASSUMABLE]
    if not deep and not numbers.get('defocus'):
        names = [name for name in names if name != 'refractive_index']
    told = ', '.join(ASSUMABLE[name].format(numbers.get(name)) for name in names)
    if not told:
        return ''
    return (
        f'the kernel was made with assumed numbers, which neither the image nor anybody told: '
        f'{told}; give those of the microscope'
    )
