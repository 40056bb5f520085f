"""Options that pick an image of a file and name its axes: the same in all commands that read some.

`--series` of files of several images, `--channel` of images of several channels, and `--axes` and
`--rgb` of files that do not tell them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ..image.model import Image
from ..io.files import list_series, read

F = TypeVar('F', bound=Callable[..., Any])

_OPTIONS = {
    'series': click.option('--series', help='Number or name of the image in files of several.'),
    'channels': click.option(
        '--channel',
        'channels',
        multiple=True,
        metavar='NAME|NUMBER',
        help='Channel, by name or number from 0; give it again for more. Default: all.',
    ),
    'axes': click.option(
        '--axes', help='A letter for each axis, such as ZYX; known for TIFF, PNG, JPEG.'
    ),
    'rgb': click.option(
        '--rgb/--no-rgb', default=None, help='Whether three or four samples are colour.'
    ),
}


def picking(*names: str) -> Callable[[F], F]:
    """Return a decorator that adds the options called 'series', 'channels', 'axes' and 'rgb'."""

    def decorate(function: F) -> F:
        for name in reversed(names):
            function = _OPTIONS[name](function)
        return function

    return decorate


def read_picked(
    path: Path,
    *,
    series: str | None = None,
    channels: Sequence[str] = (),
    axes: str | None = None,
    rgb: bool | None = None,
    one_of_several: bool = False,
) -> Image:
    """Read an image as the options say.

    `one_of_several`: whether the options hold for several files, and say nothing of those that
        have one image, or one channel.

    Raises FileError or ImageError when there is no such image or channel.
    """
    alone = one_of_several and series is not None and len(list_series(path)) == 1
    found = read(path, series=None if alone else series)
    if axes is not None or rgb is not None:
        found = Image.of(found, axes=axes, rgb=rgb)
    gray = one_of_several and found.length('C') == 1
    return found.channel(*channels) if channels and not gray else found
