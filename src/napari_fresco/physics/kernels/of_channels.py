"""Kernels of an image: one for all of its channels, or one for each, by name or number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import ImageError, KernelError
from ...image.channels import number_of
from ...image.model import Image


def kernels_by_channel(value: Any, image: Image) -> tuple[Any, ...]:
    """Return what is given as a kernel for each channel of an image, or the one for all.

    `value`: of several a mapping from names or numbers of channels.
    Raises KernelError when a channel has none, or is none of the image.
    """
    if not isinstance(value, Mapping):
        return (value,)
    count = image.length('C') if 'C' in image.axes else 0
    if not count:
        raise KernelError(
            f'kernel has entries for channels ({", ".join(map(str, value))}), but the image, with '
            f'axes {image.axes} and shape {image.shape}, has none; give one kernel, or call the '
            'axis of channels C, such as axes="CYX"'
        )
    try:
        known = {number_of(name, image.channels, count): own for name, own in value.items()}
    except ImageError as error:
        raise KernelError(f'kernel: {error}') from None
    missing = [n for n in range(count) if n not in known]
    if missing:
        names = image.channels or tuple(map(str, range(count)))
        raise KernelError(
            f'kernel has an entry for {", ".join(map(str, value))}, but none for channel '
            f'{", ".join(names[n] for n in missing)}; give one for each, or restore the others '
            'alone, image.channel(...)'
        )
    return tuple(known[n] for n in range(count))
