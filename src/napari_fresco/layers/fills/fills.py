"""The fills of a layer that grows: their pixels, their runs, and the original pixels.

A fill is detectable (each has a number), documented (each run is recorded) and reversible (the
original pixels come back).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from ...errors import MaskError
from ...evidence.fill_error import calibration_of, errors_of
from ...intervention.drawn_mask import DrawnMask
from ...intervention.fill_run import OF_RUN, FillRun
from ..images.source_layer import Source
from ..results.made import Made, now

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..images.selection import Selection

RUNS = 'fills'
"""Where the provenance of a layer that grows lists its runs."""


@dataclass(frozen=True)
class Fill:
    """One loss that was filled.

    `number`: by which it is called.
    `box`: where it lies, on the axes of the layer without colours.
    `pixels`: how many were filled.
    `run`: index of the run that filled it last.
    `undone`: whether the original pixels are there again.
    `expected_error`, `nine_of_ten`: root mean square errors in the units of the image that half,
        and nine of ten, of like losses stay below; None where that is not known.
    """

    number: int
    box: tuple[slice, ...]
    pixels: int
    run: int
    undone: bool
    expected_error: float | None = None
    nine_of_ten: float | None = None


@dataclass(eq=False)
class Fills:
    """The fills of a layer, and the image that they were made in.

    `original`: full resolution data of the photograph, which is never written to.
    `source_id`: unique id of its layer.
    `numbers`: ``(...)`` on the axes of the layer without colours: 0, the number of the fill, or
        that of one that was undone, below 0.
    `runs`: a record for each run, ready for JSON: what was asked, and which fills came of it.
    `unknown`, `taken`: what each run did not know, and what became of its result, packed to bits.
    `boxes`: where each fill lies, by its number less 1.
    `undone`: numbers of the fills whose original pixels are there again.
    `denoised`: whether the noise of the rest was removed.
    `source`: the photograph, in case the fills are to be made again.
    `made`: what each run was asked.
    `undos`: when which fill was undone.
    `errors`: what half, and nine of ten, of fills like one stay below, by its number, if it is
        known.
    """

    original: Any
    source_id: str
    numbers: NDArray[np.int32]
    runs: list[dict[str, Any]] = field(default_factory=list)
    unknown: list[NDArray[np.uint8]] = field(default_factory=list)
    taken: list[NDArray[np.uint8]] = field(default_factory=list)
    boxes: list[tuple[slice, ...]] = field(default_factory=list)
    undone: set[int] = field(default_factory=set)
    denoised: bool = False
    source: Source | None = None
    made: list[Made] = field(default_factory=list)
    undos: list[tuple[str, int]] = field(default_factory=list)
    errors: dict[int, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def none_yet(cls, part: Selection, source_id: str) -> Fills:
        """Return the state of a photograph without fills."""
        return cls(part.data, source_id, np.zeros(part.grid, np.int32), source=part.source)

    @property
    def count(self) -> int:
        """Number of fills that were not undone."""
        return len(self.boxes) - len(self.undone)  # known without a look at all pixels

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
        """Return the fill of a number.

        Raises MaskError when there is none of that number.
        """
        if not 0 < number <= len(self.boxes):
            raise MaskError(f'there is no fill {number}; there are {self.count}')
        box = self.boxes[number - 1]
        inside = self.numbers[box]
        pixels = int(np.count_nonzero(np.abs(inside) == number))
        made = [i for i, run in enumerate(self.runs) if _holds(run, number)]
        expected = self.errors.get(number, (None, None))
        return Fill(number, box, pixels, made[-1], number in self.undone, *expected)

    @property
    def filled(self) -> NDArray[np.bool_]:
        """The newly painted pixels, on the axes of the layer without colours."""
        return self.numbers > 0

    def of_run(self, run: int) -> list[int]:
        """Return the numbers of the fills that a run has made."""
        first, last = self.runs[run]['numbers']
        return [*range(first, last + 1), *self.runs[run]['again']]

    def painted(self) -> NDArray[np.bool_]:
        """Return what any run has painted, undone or not; it says nothing of the noise."""
        found = np.zeros(self.numbers.shape, bool)
        for unknown, taken in zip(self.unknown, self.taken, strict=True):
            found |= self._unpacked(unknown & taken)
        return found

    def fill_runs(self) -> list[FillRun]:
        """Return the runs, as they can be repeated on a photograph of one plane."""
        found = []
        for run, unknown, taken in zip(self.runs, self.unknown, self.taken, strict=True):
            box = tuple(slice(*ends) for ends in run['part'])
            whole = all(
                each == slice(0, n) for each, n in zip(box, self.numbers.shape, strict=True)
            )
            mask = DrawnMask(self._unpacked(unknown))
            part = None if whole else (box[0], box[1])
            found.append(FillRun(run, mask, self._unpacked(taken), part))
        return found

    def unknown_to(self, run: int) -> NDArray[np.bool_]:
        """Return the pixels of the layer that a run did not know."""
        return self._unpacked(self.unknown[run])

    def _unpacked(self, bits: NDArray[np.uint8]) -> NDArray[np.bool_]:
        flat = np.unpackbits(bits, count=self.numbers.size)
        return flat.astype(bool).reshape(self.numbers.shape)

    def _packed(self, part: Selection, marks: NDArray[np.bool_]) -> NDArray[np.uint8]:
        whole = np.zeros(self.numbers.shape, bool)
        whole[part.index] = marks
        return np.packbits(whole)

    def grown(
        self,
        data: Any,
        part: Selection,
        pixels: NDArray[Any],
        filled: NDArray[np.bool_],
        unknown: NDArray[np.bool_],
        record: Mapping[str, Any],
    ) -> NDArray[Any]:
        """Return a copy of the layer's `data` with the result of a run, and take note of it.

        `part`: the part of the layer that the run has worked on.
        `pixels`, `filled`: its result, and where that was newly painted.
        `unknown`: what it did not know in the whole layer: what it was to fill, and what else is
            damaged.
        `record`: its provenance.
        """
        grown = np.array(data, dtype=np.result_type(data.dtype, pixels.dtype))
        rest = not record['keep_known']
        taken = filled | (self.numbers[part.index] == 0) if rest else filled
        grown[part.index][taken] = pixels[taken]
        self.denoised = self.denoised or rest
        said = {name: record[name] for name in OF_RUN if name in record}
        self.note(said, part, filled, taken, unknown)
        return grown

    def note(
        self,
        said: Mapping[str, Any],
        part: Selection,
        filled: NDArray[np.bool_],
        taken: NDArray[np.bool_],
        unknown: NDArray[np.bool_],
    ) -> None:
        """Give numbers to the fills of a run, and note how it was made.

        `said`: of its provenance.
        `taken`: what became of its result; else as for :meth:`grown`.
        """
        numbers = self.numbers[part.index]
        numbers[filled] = np.abs(numbers[filled])
        new, again = filled & (numbers == 0), np.unique(numbers[filled])
        self.undone.difference_update(again.tolist())
        first = self.highest + 1
        labels, count = ndimage.label(new, _beside(part))
        numbers[new] = labels[new] + (first - 1)
        self.boxes += (_in_layer(box, part) for box in ndimage.find_objects(labels))
        self.unknown.append(np.packbits(unknown))
        self.taken.append(self._packed(part, taken))
        self.runs.append(
            {
                **said,
                'part': [[int(s.start), int(s.stop)] for s in part.index],
                'numbers': [first, first + count - 1],
                'again': [int(n) for n in again if n],
                'undone': [],
            }
        )
        self._expect(unknown)

    def _expect(self, unknown: NDArray[np.bool_]) -> None:
        """Note how far off the fills of the last run are expected to be; not known of stacks."""
        if self.numbers.ndim != 2:
            return
        run = self.runs[-1]
        known = calibration_of(run['method'], run.get('parameters', {}))
        pieces = np.abs(self.numbers)  # what was undone is damage again
        found = errors_of(known, _colours(self.original), pieces, self.highest, unknown)
        for number in self.of_run(-1):
            self.errors.pop(number, None)
            expected, most = found.expected[number - 1], found.nine_of_ten[number - 1]
            if np.isfinite(expected):
                self.errors[number] = (float(expected), float(most))

    def undo(self, data: Any, number: int) -> NDArray[Any]:
        """Return a copy of the layer's `data` with the original pixels of a fill.

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
        self.undone.add(number)
        self.runs[found.run]['undone'].append(number)
        self.undos.append((now(), number))
        return back


def _colours(pixels: Any) -> NDArray[Any]:
    """Return the colours ``(H, W)`` or ``(H, W, 3)`` of pixels, without alpha."""
    found = np.asarray(pixels)
    return found[..., :3] if found.ndim > 2 else found


def _holds(run: Mapping[str, Any], number: int) -> bool:
    first, last = run['numbers']
    return first <= number <= last or number in run['again']


def _in_layer(box: tuple[slice, ...], part: Selection) -> tuple[slice, ...]:
    """Return a box of a part as one of its layer."""
    return tuple(
        slice(own.start + at.start, own.start + at.stop)
        for at, own in zip(box, part.index, strict=True)
    )


def _beside(part: Selection) -> NDArray[np.bool_]:
    """Return which elements belong to one loss: neighbours in rows and columns, aslant too."""
    structure = np.zeros((3,) * len(part.index), bool)
    around = tuple(slice(None) if axis in part.spatial else 1 for axis in range(structure.ndim))
    structure[around] = True
    return structure
