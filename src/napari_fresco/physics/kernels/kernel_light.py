"""The light that a kernel was made for, beside that of the channels which it is to restore."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...image.model import Image
from .kernel import Kernel
from .known_light import wavelengths_of

MISMATCH = 0.07
"""Relative difference of wavelengths from which on a kernel is in doubt."""

_OF_EXCITATION = ('two_photon',)  # whose blur is that of the laser
_NAMES = ('excitation', 'emission')


def doubts_of_light(kernel: Kernel, image: Image, channel: int | None = None) -> Iterator[str]:
    """Yield in which channels of an image the light is other than that of its kernel.

    Channels, or a kernel, whose wavelengths are not known are not spoken of, unless the channels
    differ from each other by as much.

    `channel`: the only one that the kernel is for.
    """
    names = image.channel_names
    waves = wavelengths_of(image)
    place = 0 if kernel.metadata.get('kind') in _OF_EXCITATION else 1
    made_for = kernel.metadata.get(('excitation', 'wavelength')[place])
    known = {number: pair[place] for number, pair in enumerate(waves) if pair[place]}
    if channel is not None:
        known = {number: wave for number, wave in known.items() if number == channel}
    if not made_for:
        yield from _of_unknown(known, names, place)
        return
    for number, wave in known.items():
        assert wave is not None
        share = made_for / wave - 1
        if abs(share) > MISMATCH:
            where = f'channel {names[number]}' if names else 'the image'
            width = 'wide' if share > 0 else 'narrow'
            yield (
                f'the kernel was made for {_NAMES[place]} at {1000 * made_for:.0f} nm, and {where} '
                f'has {1000 * wave:.0f} nm, so that it is {100 * abs(share):.0f} % too {width}: '
                f'{_remedy(names)}'
            )


def _of_unknown(known: dict[int, float | None], names: Sequence[str], place: int) -> Iterator[str]:
    """Yield that channels need kernels of their own, where the kernel does not say its light."""
    waves = [wave for wave in known.values() if wave]
    if len(waves) > 1 and max(waves) / min(waves) - 1 > MISMATCH:
        told = ', '.join(f'{names[n]} {1000 * wave:.0f} nm' for n, wave in known.items() if wave)
        yield (
            f'one kernel, which does not say for which light it was made, is applied to channels '
            f'of different {_NAMES[place]} ({told}): {_remedy(names)}'
        )


def _remedy(names: Sequence[str]) -> str:
    if not names:
        return 'make one for that wavelength'
    each = ', '.join(f'{name!r}: …' for name in names)
    return f'give one for each channel, kernel={{{each}}}, or restore them one by one'
