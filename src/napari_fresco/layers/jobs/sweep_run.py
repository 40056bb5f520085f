"""A sweep beside the window: a small part of a layer with several settings, as one layer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...generators import Returning
from ...image.contact_sheet import ContactSheet
from ..comparing.looking import look_at
from ..images.excerpts import Excerpt
from ..images.layer_kinds import SWEEP
from .layer_restoration import Exclusive
from .step_reports import Report

if TYPE_CHECKING:
    from ...restoration.sweep import Sweep
    from ..images.selection import Selection
    from ..images.space import View
    from ..requests.layer_request import PanelRequest

PART = 128 * 128
"""Pixels of the part that is swept where no smaller region is chosen."""

_LARGEST = 512 * 512  # pixels of a region that is taken as it is
_BESIDE = 1.04  # widths of the image to the right of it


class SweepRun(Exclusive['Sweep']):
    """A sweep under way.

    `request`: what a run would do, of which a small part is taken.
    `layer`, `view`: the image, and what the viewer shows of it.
    `over`: values by name, of one or two settings.
    `viewer`: where the results are shown.
    `is_open`: whether the viewer is still there; the sweep ends when it is not.
    """

    def __init__(
        self,
        request: PanelRequest,
        layer: Any,
        view: View,
        over: Mapping[str, Sequence[Any]],
        viewer: Any,
        is_open: Callable[[], bool] = lambda: True,
    ) -> None:
        self._viewer, self._over = viewer, over
        self.request = replace(request, image=small_part(request.image, layer, view))
        self.outcome: Sweep | None = None
        self.sheet: ContactSheet | None = None
        self.layer: Any = None
        super().__init__(self._work, self._deliver, is_open)

    @property
    def busy_text(self) -> str:
        """The message of other panels while this runs."""
        return f'{self.request.busy_text}, a sweep'

    def values_at(self, position: Sequence[float]) -> Mapping[str, Any] | None:
        """Return the values of the result at a place in the world of the viewer; None beside it."""
        there = self.layer is not None and self.layer in self._viewer.layers
        if not there or self.sheet is None or self.outcome is None or not self.layer.visible:
            return None
        row, column = self.layer.world_to_data(position)[-2:]
        number = self.sheet.at(row, column)
        return None if number is None else self.outcome.cells[number].values

    def _work(self, cancel: threading.Event) -> Generator[Report, None, Sweep]:
        from ...restoration.sweep import iterate_sweep

        total = int(np.prod([len(values) for values in self._over.values()]))
        asked = {n: v for n, v in self.request.arguments().items() if n not in self._over}
        cells = Returning(iterate_sweep(asked.pop('image'), self._over, cancel=cancel, **asked))
        for done, _ in enumerate(cells, 1):
            yield Report(done, total)
        return cells.result

    def _deliver(self, outcome: Sweep) -> list[Any]:
        self.outcome = outcome
        if not outcome.cells:
            return []
        self.sheet = outcome.contact_sheet()
        self.layer = self._viewer.add_image(self.sheet.pixels, **self._keywords(outcome))
        look_at(self._viewer, self.layer)
        return [self.layer]

    def _keywords(self, outcome: Sweep) -> dict[str, Any]:
        part, look = self.request.image, self.request.look
        rgb = self.sheet is not None and self.sheet.pixels.ndim == 3
        along = [f'{name} {where}' for where, name in zip(_WHERE, outcome.over, strict=False)]
        names = ', '.join(along) if len(along) > 1 else next(iter(outcome.over))
        title = f'{self.request.source} sweep: {names.replace("_", " ")}'
        columns = part.grid[part.spatial[1]]
        space = self.request.space.along(part.spatial)
        finer = self.request.scale
        return {
            'name': title,
            'rgb': rgb,
            'metadata': {SWEEP: {name: list(values) for name, values in outcome.over.items()}},
            **space.part((0, _BESIDE * columns), (finer, finer)),
            **look.like(rgb=rgb),
        }


_WHERE = ('down', 'across')


def small_part(chosen: Selection, layer: Any, view: View) -> Selection:
    """Return the chosen part of a layer if that is small, else the middle of what is on show.

    Of a stack it is the plane on show.
    """
    single = all(chosen.index[axis].stop - chosen.index[axis].start == 1 for axis in chosen.leading)
    if single and not chosen.is_whole and chosen.size <= _LARGEST:
        return chosen
    return Excerpt.on_show(layer, view, PART, margin=False).part
