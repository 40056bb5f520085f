"""One line on how a run will be computed: device, arithmetic, tiles, time and memory."""

from __future__ import annotations

from html import escape
from typing import Any

from ...errors import FrescoError
from ...layers.jobs.pace import Pace, pace_of
from ..widgets.form import note
from ..widgets.rows import AUTO
from ..widgets.texts import duration
from .choices import Choices

_BEGIN = 'Time and memory are known after the first run.'
_GIGABYTE = 10**9
_LITTLE = 0.05  # GB


class StateLine:
    """A forecast of the next run; the tooltip gives the reasons.

    `choices`: what is chosen in the panel.
    """

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self.native = note()
        self.native.setObjectName('state')

    def follow(self) -> None:
        """Update the line to the choices."""
        method, task = self._choices.method.name, self._choices.input.task
        pace = pace_of(method, task)
        if pace is None:
            told = [self._device(None), *self._tile(None)]
            chosen = [text for text, _ in told if text]
            self._show(' · '.join(chosen) or _BEGIN, [why for _, why in told])
            return
        told = [self._device(pace), self._arithmetic(pace), *self._tile(pace), *self._cost(pace)]
        self._show(' · '.join(text for text, _ in told if text), [why for _, why in told])

    def _show(self, text: str, why: list[str]) -> None:
        self.native.setText(text)
        self.native.setToolTip(''.join(f'<p>{escape(each)}</p>' for each in why if each))

    def _device(self, pace: Pace | None) -> tuple[str, str]:
        chosen = str(self._row('device'))
        if chosen != AUTO:
            return chosen.upper(), f'{chosen}, as chosen under Advanced or in Preferences.'
        if pace is None:
            return '', 'The device is automatic: a GPU where there is one.'
        if pace.device == 'cpu':
            return 'CPU, no GPU found', 'The processor, since torch finds no GPU.'
        return pace.device.upper(), f'{pace.device}, the GPU that torch finds.'

    def _arithmetic(self, pace: Pace) -> tuple[str, str]:
        kinds = sorted({str(each['arithmetic']) for each in pace.networks})
        if not kinds:
            return '', ''
        said = ' and '.join(kinds)
        if self._row('precision') not in (AUTO, None):
            return said, f'{said}, as chosen under Advanced.'
        if 'bfloat16' in kinds:
            return said, 'bfloat16: it is fast here, and the noise hides its rounding.'
        return said, 'float32: bfloat16 is not fast here, or there is too little noise to hide it.'

    def _tile(self, pace: Pace | None) -> list[tuple[str, str]]:
        chosen = self._row('tile')
        if chosen is not None:
            return [(f'tiles of {chosen} px', 'Tiles as chosen under Advanced or in Preferences.')]
        if pace is None or not pace.networks:
            return []
        if pace.around:
            return [('around the losses', 'Only the surroundings of losses are worked on.')]
        tiles = [each['tile'] for each in pace.networks if each['tile'] is not None]
        if not tiles:
            return [('in one piece', 'In one piece: the last image fitted into memory.')]
        side = min(tiles)
        return [(f'tiles of {side} px', f'Tiles of {side} px are what fits into memory.')]

    def _cost(self, pace: Pace) -> list[tuple[str, str]]:
        pixels, plane = self._pixels()
        if not pixels:
            return []
        found = []
        if pace.seconds is not None:
            text = f'about {duration(pace.seconds * pixels)}'
            found.append((text, 'The time goes by the last run of this method here.'))
        gigabytes = pace.memory(plane) / _GIGABYTE
        if gigabytes > _LITTLE:
            found.append((f'{gigabytes:.1f} GB', 'Memory that the network takes at once, about.'))
        return found

    def _pixels(self) -> tuple[int, int]:
        """Return the pixels of the chosen part, and of one plane of it."""
        if self._choices.image is None:
            return 0, 0
        try:
            part = self._choices.part()
        except FrescoError:
            return 0, 0
        rows, columns = (part.index[axis].stop - part.index[axis].start for axis in part.spatial)
        return part.size, rows * columns

    def _row(self, name: str) -> Any:
        row = self._choices.rows.of(self._choices.method).get(name)
        try:
            return None if row is None else row.value
        except FrescoError:
            return None
