"""What has been filled in a layer that grows: which pixels, by which run, and what was there.

A fill is detectable (each has a number), documented (each run is recorded) and reversible (the
original pixels come back).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from ..errors import MaskError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .selection import Selection

RUNS = 'fills'
"""Where the provenance of a layer that grows lists its runs."""

_OF_RUN = (
    'method', 'task', 'parameters', 'options', 'seed', 'keep_known', 'sigma', 'mask', 'weights',
    'kind', 'version', 'torch', 'seconds', 'device', 'finish', 'input_sha256', 'warnings',
)  # fmt: skip


@dataclass(frozen=True)
class Fill:
    """One loss that was filled.

    `number`: by which it is called.
    `box`: where it lies, on the axes of the layer without colours.
    `pixels`: how many were filled.
    `run`: index of the run that filled it last.
    `undone`: whether the original pixels are there again.
    """

    number: int
    box: tuple[slice, ...]
    pixels: int
    run: int
    undone: bool


@dataclass(eq=False)
class Fills:
    """The fills of a layer, and the image that they were made in.

    `original`: full resolution data of the photograph, which is never written to.
    `source_id`: unique id of its layer.
    `numbers`: ``(...)`` on the axes of the layer without colours: 0, the number of the fill, or
        that of one that was undone, below 0.
    `runs`: a record for each run, ready for JSON: what was asked, and which fills came of it.
    `masks`: what each run was to fill, packed to bits.
    `denoised`: whether the noise of the rest was removed.
    """

    original: Any
    source_id: str
    numbers: NDArray[np.int32]
    runs: list[dict[str, Any]] = field(default_factory=list)
    masks: list[NDArray[np.uint8]] = field(default_factory=list)
    denoised: bool = False

    @classmethod
    def none_yet(cls, part: Selection, source_id: str) -> Fills:
        """Return what a photograph begins with."""
        return cls(part.data, source_id, np.zeros(part.grid, np.int32))

    @property
    def count(self) -> int:
        """How many fills there are that were not undone."""
        found = np.unique(self.numbers)
        return int((found > 0).sum())

    @property
    def highest(self) -> int:
        """The highest number that was ever given."""
        return max((run['numbers'][1] for run in self.runs), default=0)

    def at(self, place: Collection[float]) -> int:
        """Return the number of the fill at an element of the layer, undone or not; else 0."""
        index = tuple(round(x) for x in place)
        inside = all(0 <= i < n for i, n in zip(index, self.numbers.shape, strict=True))
        return abs(int(self.numbers[index])) if inside else 0

    def fill(self, number: int) -> Fill:
        """Return what is known of a fill.

        Raises MaskError when there is none of that number.
        """
        found = ndimage.find_objects((np.abs(self.numbers) == number).astype(np.uint8))
        if number <= 0 or not found:
            raise MaskError(f'there is no fill {number}; there are {self.count}')
        inside = self.numbers[found[0]]
        undone = not (inside == number).any()
        pixels = int(np.count_nonzero(np.abs(inside) == number))
        made = [i for i, run in enumerate(self.runs) if _holds(run, number)]
        return Fill(number, found[0], pixels, made[-1], undone)

    @property
    def filled(self) -> NDArray[np.bool_]:
        """What is newly painted, on the axes of the layer without colours."""
        return self.numbers > 0

    def mask_of(self, run: int) -> NDArray[np.bool_]:
        """Return what a run was to fill, on the axes of the layer without colours."""
        size = self.numbers.size
        return np.unpackbits(self.masks[run], count=size).astype(bool).reshape(self.numbers.shape)

    def grown(
        self,
        data: Any,
        part: Selection,
        pixels: NDArray[Any],
        filled: NDArray[np.bool_],
        asked: NDArray[np.bool_],
        record: Mapping[str, Any],
    ) -> NDArray[Any]:
        """Return a copy of the layer's `data` with the result of a run, and take note of it.

        `part`: the part of the layer that the run has worked on.
        `pixels`, `filled`: its result, and where that was newly painted.
        `asked`: where it was to be.
        `record`: its provenance.
        """
        grown = np.array(data, dtype=np.result_type(data.dtype, pixels.dtype))
        numbers = self.numbers[part.index]
        rest = not record['keep_known']
        taken = filled | (numbers == 0) if rest else filled
        grown[part.index][taken] = pixels[taken]
        self.denoised = self.denoised or rest
        numbers[filled] = np.abs(numbers[filled])
        new, again = filled & (numbers == 0), np.unique(numbers[filled])
        first = self.highest + 1
        labels, count = ndimage.label(new, _beside(part))
        numbers[new] = labels[new] + (first - 1)
        whole = np.zeros(self.numbers.shape, bool)
        whole[part.index] = asked
        self.masks.append(np.packbits(whole))
        said = {name: record[name] for name in _OF_RUN if name in record}
        self.runs.append(
            {
                **said,
                'part': [[int(s.start), int(s.stop)] for s in part.index],
                'numbers': [first, first + count - 1],
                'again': [int(n) for n in again if n],
                'undone': [],
            }
        )
        return grown

    def undo(self, data: Any, number: int) -> NDArray[Any]:
        """Return a copy of the layer's `data` in which a fill is what was there before.

        It is filled again only when that is asked for.

        Raises MaskError when there is no such fill, or it is undone.
        """
        found = self.fill(number)
        if found.undone:
            raise MaskError(f'fill {number} is undone already')
        back = np.array(data)
        was = self.numbers[found.box] == number
        back[found.box][was] = np.asarray(self.original[found.box])[was]
        self.numbers[found.box][was] = -number
        self.runs[found.run]['undone'].append(number)
        return back


def _holds(run: Mapping[str, Any], number: int) -> bool:
    first, last = run['numbers']
    return first <= number <= last or number in run['again']


def _beside(part: Selection) -> NDArray[np.bool_]:
    """Return which elements belong to one loss: neighbours in rows and columns, aslant too."""
    structure = np.zeros((3,) * len(part.index), bool)
    around = tuple(slice(None) if axis in part.spatial else 1 for axis in range(structure.ndim))
    structure[around] = True
    return structure
