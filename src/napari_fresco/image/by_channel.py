"""Values beside an image, such as kernels and noise levels: one for all channels, or one each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import FrescoError, ImageError
from .channels import number_of
from .model import Image

_FOUND = dict.fromkeys(
    ('sigma', 'gain', 'offset', 'read_noise'), ", 'auto' where it is to be found"
)


def of_channels(value: Any, image: Image, what: str, error: type[FrescoError]) -> tuple[Any, ...]:
    """Return what is given for each channel, in their order, or the one value for all."""
    apart = isinstance(value, Mapping)
    return of_each_channel(value, image, what, error) if apart else (value,)


def of_each_channel(
    value: Mapping[Any, Any], image: Image, what: str, error: type[FrescoError]
) -> tuple[Any, ...]:
    """Return what is given by names or numbers of channels, in their order.

    `what`: its name in messages, such as ``'kernel'``.
    Raises FrescoError: `error`, when a channel has no entry or two, or is none of the image.
    """
    count = image.length('C') if 'C' in image.axes else 0
    if not count:
        raise error(
            f'{what} has entries for channels ({_listed(value)}), but the image, with axes '
            f'{image.axes} and shape {image.shape}, has none; give one for all, or call the axis '
            'of channels C, such as axes="CYX"'
        )
    names = image.channels or tuple(map(str, range(count)))
    known = numbered(value, image.channels, count, what, error)
    missing = [names[n] for n in range(count) if n not in known]
    if missing:
        there = f'an entry for {_listed(value)}, but none' if value else 'no entry'
        said = (
            f'{what} has {there} for channel {", ".join(missing)}; give one for each'
            f'{_FOUND.get(what, "")}, or restore the others alone, '
        )
        raise error(f'{said}image.channel(...)', in_shell=f'{said}--channel')
    return tuple(known[n] for n in range(count))


def numbered(
    value: Mapping[Any, Any],
    names: Sequence[str],
    count: int,
    what: str,
    error: type[FrescoError],
) -> dict[int, Any]:
    """Return what is given by names or numbers of `count` channels, by their numbers.

    Raises FrescoError: `error`, when there is no such channel, or one has two entries.
    """
    found: dict[int, Any] = {}
    told: dict[int, Any] = {}
    for name, own in value.items():
        try:
            number = number_of(name, names, count)
        except ImageError as misfit:
            raise error(f'{what}: {misfit}') from None
        if number in found:
            raise error(
                f'{what} has two entries for one channel, {told[number]} and {name}; give one'
            )
        found[number], told[number] = own, name
    return found


def each_entry(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the channels and entries of what may be given by channel; of one value '' and it."""
    if isinstance(value, Mapping):
        yield from ((str(name), own) for name, own in value.items())
    else:
        yield '', value


def _listed(value: Mapping[Any, Any]) -> str:
    return ', '.join(map(str, value))
