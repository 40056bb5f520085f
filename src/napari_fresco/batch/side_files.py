"""Files of kernels, maps of the noise and strokes that lie beside an image, of channels too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..declare.methods import ESTIMATES
from ..declare.options import BY_CHANNEL
from ..errors import ParameterError
from ..image.by_channel import each_entry, numbered
from ..image.channels import number_of
from ..image.model import Image, in_memory
from ..io.files import read
from ..io.kernel_calibration import read_kernel
from ..io.mask_files import read_mask

SIDES = ('mask', 'kernel', 'sigma')
"""Options of a call that may name a file."""


def files_in(options: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the files that options name."""
    for value in options.values():
        yield from (Path(own) for _, own in each_entry(value) if is_file(own))


def told_sides(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files of mask, kernel and noise map by option, or by option and channel."""
    told: dict[str, Any] = {}
    for name in SIDES:
        files = {
            channel: str(own) for channel, own in each_entry(options.get(name)) if is_file(own)
        }
        if files:
            told[name] = files.get('', files)
    return told


def with_contents(options: Mapping[str, Any], kernel_index: int | None) -> dict[str, Any]:
    """Return options with the contents of their files, but for the mask.

    Raises FrescoError when a file is none, or holds no such thing.
    """
    named = dict(options)
    if 'kernel' in named or kernel_index is not None:
        named['kernel'] = _each(named.get('kernel'), lambda own: _kernel(own, kernel_index))
    if 'sigma' in named:
        named['sigma'] = _each(named['sigma'], _sigma)
    if 'guides' in named:
        named['guides'] = _guides(named['guides'])
    return named


def counted_from_file(
    given: Mapping[str, Any], image: Image, wanted: Sequence[int | str]
) -> dict[str, Any]:
    """Return options in which numbers of channels are those of `wanted`, not of the whole file.

    `image`: the whole, of which channels are picked.
    Raises ParameterError when an entry is of a channel that is not picked.
    """
    if not wanted:
        return dict(given)
    names, count = image.channels, image.length('C') if 'C' in image.axes else 0
    picked = [number_of(each, names, count) for each in wanted]
    return {
        name: _picked(name, value, image, picked)
        if name in BY_CHANNEL and isinstance(value, Mapping)
        else value
        for name, value in given.items()
    }


def _picked(
    name: str, value: Mapping[Any, Any], image: Image, picked: Sequence[int]
) -> dict[Any, Any]:
    """Return the entries of a value by channel by what the picked channels are called."""
    names = image.channels
    found = numbered(value, names, image.length('C'), name, ParameterError)
    for (told, _), number in zip(value.items(), found, strict=True):
        if number not in picked:
            raise ParameterError(
                f'{name} has an entry for channel {told}, which is not restored; leave it out, or '
                f'restore it, too: --channel {told}'
            )
    called = {
        n: names[n] if names and names.count(names[n]) == 1 else i for i, n in enumerate(picked)
    }
    return {str(called[number]): own for number, own in found.items()}


def _each(value: Any, contents: Any) -> Any:
    """Return the contents of what may be given by channel."""
    if isinstance(value, Mapping):
        return {channel: contents(own) for channel, own in value.items()}
    return contents(value)


def is_file(given: Any) -> bool:
    """Return whether a value of an option names a file that is there."""
    return isinstance(given, str | Path) and Path(given).exists()


def _kernel(path: Any, index: int | None) -> Any:
    if not isinstance(path, str | Path) and path is not None:
        return path
    if path in ESTIMATES:
        return path
    if path is None:
        raise ParameterError('--kernel-index picks from a file of kernels; give --kernel too')
    return read_kernel(Path(path), index)


def as_number(given: Any) -> Any:
    """Return a number for text such as ``'5'``; other values as they are."""
    try:
        return float(given) if isinstance(given, str | int) else given
    except ValueError:
        return given


def _sigma(given: Any) -> Any:
    given = as_number(given)
    if not isinstance(given, str | Path) or given in ESTIMATES:
        return given
    if not Path(given).exists():
        raise ParameterError(
            f'--sigma = {str(given)!r}; give a number in image units, the file of a map, '
            f'{" or ".join(ESTIMATES)}'
        )
    return read(given)


def _guides(given: Any) -> Any:
    """Return guides as they are, or the strokes that a file holds."""
    if not isinstance(given, str | Path) or ',' in str(given):
        return given
    if not Path(given).exists():
        raise ParameterError(
            f'--guides = {str(given)!r}; give the file of strokes drawn over the image, or corners '
            'as row,column such as "12,40 90,55"'
        )
    return in_memory(read_mask(given).data)
