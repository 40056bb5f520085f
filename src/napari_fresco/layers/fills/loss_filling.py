"""A run that fills losses into the one full-size layer that grows, loss after loss."""

from __future__ import annotations

import threading
from collections.abc import Collection, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import MaskError
from ...generators import Returning
from ...image.model import Image
from ..images.identity import with_key
from ..images.layer_kinds import FILLS, METADATA
from ..images.removal import take_away
from ..jobs.layer_restoration import Restoration
from ..jobs.step_reports import LayerOutcome, Report
from ..masks.whole_damage import whole_damage
from ..results.made import Made
from ..results.results import inserted, metadata_of, whole_place
from ..results.side_layers import as_pixels
from .fills import RUNS, Fills
from .growing_layer import growing_layer, show_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..images.selection import Selection
    from ..requests.layer_request import PanelRequest

TITLE = 'filled'
"""What the layer is called beside its photograph."""

NOTHING_LEFT = (
    'Everything that the mask marks is filled, or was undone and stays so: paint more, or click on '
    'a fill and fill it again.'
)


@dataclass(frozen=True, eq=False)
class Unfilled:
    """The pixels of a mask that are to be filled, and those that are unknown meanwhile.

    `marked`: damage of the part as it was marked, or its array; None where nothing is.
    `numbers`: fills of the whole layer, rows and columns last.
    `part`: the part that is worked on.
    `again`: numbers of fills that are filled again; by default what is marked and not filled.
    """

    marked: Any
    numbers: NDArray[np.int32]
    part: Selection
    again: tuple[int, ...] = ()

    def load(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return what is to be filled in the whole layer, and what is unknown: that too.

        Raises MaskError when nothing is to be filled, or the mask does not fit.
        """
        open_ = whole_damage(self.part, self.marked) & (self.numbers == 0)
        lost = np.zeros(self.numbers.shape, bool)
        box = self.box
        lost[box] = np.isin(np.abs(self.numbers[box]), self.again) if self.again else open_[box]
        if not lost.any():
            raise MaskError(NOTHING_LEFT)
        return lost, lost | open_ | (self.numbers < 0)

    @property
    def box(self) -> tuple[slice, ...]:
        """Where the part lies, rows and columns last."""
        return tuple(self.part.index[axis] for axis in (*self.part.leading, *self.part.spatial))


class LossFilling(Restoration):
    """Fills losses for the first time or again, and puts the fill into the layer that grows.

    `request`: what to do; its mask is what is marked, whether filled already or not.
    `viewer`: where the layer is, or comes to be.
    `again`: numbers of fills to fill again; none fills what is left.
    """

    def __init__(
        self, request: PanelRequest, viewer: Any, *, again: Collection[int] = (), **options: Any
    ) -> None:
        self.layer = growing_layer(viewer, request.source_id)
        known = None if self.layer is None else self.layer.metadata[FILLS]
        self._fills: Fills = known or Fills.none_yet(request.image, request.source_id)
        self._before = None if self.layer is None else self.layer.data
        self._lost: NDArray[np.bool_] | None = None
        self._unknown: NDArray[np.bool_] | None = None
        self._growing: NDArray[Any] | None = None
        self._grown: NDArray[Any] | None = None
        self._delivered = False
        options['keep'] = False  # a fill that is not liked is undone
        for number in again:
            self._fills.fill(number)  # refuses one that is not there
        super().__init__(self._asked(request, tuple(again)), viewer, **options)
        self._reports.wants_painted = True

    def _asked(self, request: PanelRequest, again: tuple[int, ...]) -> PanelRequest:
        """Return the request for the losses left, in the picture with its fills so far."""
        part = request.image
        mask = Unfilled(request.mask, part.ordered(self._fills.numbers), part, again)
        if self._before is not None:
            part = replace(part, data=self._before)
        settings = dict(request.settings)
        if self._fills.denoised:
            settings['keep_known'] = True  # noise is removed once
        return replace(request, image=part, mask=mask, settings=settings, titled=TITLE)

    def _work(self, cancel: threading.Event) -> Generator[Report, None, LayerOutcome]:
        asked: Any = self.request.mask
        part, (lost, unknown) = self.request.image, asked.load()
        self._lost = part.unordered(lost[asked.box])
        self._unknown = part.unordered(unknown)
        letters = ''.join(part.axes[axis] for axis in (*part.leading, *part.spatial))
        mask, image = Image(unknown[asked.box], letters), self._begun(part, unknown)
        self.request = replace(self.request, image=image, mask=mask, unseen=self._unseen(unknown))
        with closing(super()._work(cancel)) as work:
            steps = Returning(work)
            for report in steps:
                self._paint(report)
                yield report
        self._grown = self._grow(steps.result)
        return steps.result

    def _begun(self, part: Selection, unknown: NDArray[np.bool_]) -> Selection:
        """Return the part as a run sees it: the photograph where fills are to be filled again.

        It is then the same picture whatever was undone before, and in every repetition.
        """
        again = part.unordered(unknown) & (self._fills.numbers > 0)
        if not again.any():
            return part
        data = np.array(part.data)
        data[again] = np.asarray(self._fills.original)[again]
        return replace(part, data=data)

    def _unseen(self, unknown: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
        """Return what tells nothing of the noise of the picture; None where the mask says it."""
        part = self.request.image
        if part.is_whole and not self._fills.runs:
            return None
        unseen: NDArray[np.bool_] = unknown | part.ordered(self._fills.painted())
        return unseen

    def _grow(self, outcome: LayerOutcome) -> NDArray[Any] | None:
        """Return the picture with the outcome of the run; None where it filled nothing."""
        result, lost, unknown = outcome.result, self._lost, self._unknown
        if outcome.is_empty or result.filled is None or lost is None or unknown is None:
            return None
        filled = np.asarray(result.filled) & lost
        if not filled.any():
            return None
        pixels, record = as_pixels(result.image), result.provenance
        part = self.request.image
        return self._fills.grown(self._start, part, pixels, filled, unknown, record)

    def _put(self, outcome: LayerOutcome) -> list[Any]:
        """Put the outcome of the run into the layer that grows."""
        result = outcome.result
        if self._grown is None:
            return []
        self._show(self._grown)
        self._delivered = True
        asked, again = replace(self.request, mask=None), self._fills.runs[-1]['again']
        made = Made.of(asked, result.provenance, again=tuple(again))
        self._fills.made.append(made)
        metadata = metadata_of(self.request, result)
        metadata[METADATA] = {**metadata[METADATA], RUNS: self._fills.runs}
        self.layer.metadata = {**metadata, FILLS: self._fills}
        numbers = show_numbers(self.viewer, self.layer, make=self.request.filled)
        return [*numbers, self.layer]

    @property
    def _start(self) -> Any:
        """The picture that the run began with."""
        return self._fills.original if self._before is None else self._before

    def _paint(self, report: Report) -> None:
        """Let the picture grow in the worker thread, for a large one keeps a window waiting."""
        if report.preview is None or report.painted is None or self._lost is None:
            return
        if self._growing is None:
            self._growing = np.array(self._start)
        part = self.request.image
        where = _plane_of(part, report.plane)
        seen, lost = self._growing[where], self._lost[_inside(part, where)]
        if part.spatial[0] > part.spatial[1]:
            seen, lost = seen.swapaxes(0, 1), lost.swapaxes(0, 1)
        taken = report.painted & lost
        seen[taken] = report.preview[taken]

    def _draw_preview(self, report: Report) -> None:
        """Show the layer as it grows; a user who deletes it wants no other."""
        if report.preview is None or self._growing is None:
            return
        if self.layer is None or self.layer.data is self._before:
            self._show(self._growing)
        elif not self._is_there():
            self._reports.preview.clear()
            self._shade.lift()
        else:
            self.layer.refresh()

    def _drop_preview(self) -> None:
        """Put the former pixels back, where the run filled nothing."""
        if self._delivered or self.layer is None or not self._is_there():
            return
        if self._before is None:
            take_away(self.viewer, self.layer)
            self.layer = None
            self._shade.lift()
        elif self.layer.data is not self._before:
            self.layer.data = self._before

    def _show(self, data: NDArray[Any]) -> None:
        """Put pixels into the layer that grows, which may have to be made."""
        if self.layer is not None and self._is_there():
            self.layer.data = data
            return
        request = self.request
        rgb = request.image.rgb
        look = {'rgb': rgb, **whole_place(request), **request.look.like(rgb=rgb)}
        layers = self.viewer.layers
        source = with_key(layers, request.source_id)
        keywords = {
            'name': request.title,
            'metadata': {FILLS: self._fills, **request.made_of},
            **look,
        }
        self.layer = inserted(self.viewer, source, (data, keywords, 'image'), select=False)
        self._shade.cover(self.layer)

    def _is_there(self) -> bool:
        return any(each.unique_id == self.layer.unique_id for each in self.viewer.layers)


def _plane_of(part: Selection, plane: tuple[int, ...]) -> tuple[Any, ...]:
    """Return where a plane of a part lies in its layer."""
    where: list[Any] = list(part.index)
    for axis, index in zip(part.leading, plane, strict=False):
        where[axis] = part.index[axis].start + index
    return tuple(where)


def _inside(part: Selection, where: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the same place, counted from the beginning of the part."""
    return tuple(
        slice(None) if isinstance(at, slice) else at - own.start
        for at, own in zip(where, part.index, strict=True)
    )
