"""Several images in one file: which one is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import FileError

_SMALL = 0.5  # sides of a thumbnail, relative to its picture
_AUXILIARY = ('thumbnail', 'label', 'macro', 'overview', 'preview')


@dataclass(frozen=True)
class Series:
    """One of the images in a file.

    `name`: what the file calls it, or nothing.
    `axes`: a letter for each axis.
    `shape`: lengths of the axes.
    `reduced`: whether the file calls it a reduced version of another one.
    """

    name: str
    axes: str
    shape: tuple[int, ...]
    reduced: bool = False

    @property
    def plane(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.shape[self.axes.index('Y')], self.shape[self.axes.index('X')]

    def __str__(self) -> str:
        size = ' x '.join(map(str, self.plane))
        return f'{self.name} ({size})' if self.name else size


def main_series(found: Sequence[Series]) -> list[int]:
    """Return which of the images are no thumbnails of another one."""
    areas = [rows * columns for rows, columns in (each.plane for each in found)]
    largest = found[areas.index(max(areas))]
    return [i for i, each in enumerate(found) if not _is_thumbnail(each, largest)]


def pick(
    found: Sequence[Series], asked: int | str | None, path: Path
) -> tuple[int, tuple[str, ...]]:
    """Return the wanted image, and a note on the others.

    Raises FileError when there are several and none was asked for, or the one asked for is not
        there.
    """
    listed = ', '.join(f'{i}: {each}' for i, each in enumerate(found))
    if asked is not None:
        names = [each.name for each in found]
        index = names.index(asked) if asked in names else asked
        if isinstance(index, str) and index.isdigit():
            index = int(index)
        if isinstance(index, str) or not 0 <= index < len(found):
            raise FileError(f'{path} has no series {asked!r}; it holds {listed}')
        return index, ()
    main = main_series(found)
    if len(main) > 1:
        said = f'{path} holds {len(main)} images; choose one by'
        raise FileError(f'{said} series=: {listed}', in_shell=f'{said} --series: {listed}')
    if len(found) > 1:
        return main[0], (
            f'the file holds {len(found)} images ({listed}); number {main[0]} was read, the '
            'others are its thumbnails',
        )
    return 0, ()


def _is_thumbnail(one: Series, largest: Series) -> bool:
    if one is largest:
        return False
    if one.reduced or one.name.lower() in _AUXILIARY:
        return True
    ratios = [a / b for a, b in zip(one.plane, largest.plane, strict=True)]
    rounding = 1.5 / min(one.plane)
    return max(ratios) <= _SMALL and abs(ratios[0] / ratios[1] - 1) <= 0.03 + rounding
