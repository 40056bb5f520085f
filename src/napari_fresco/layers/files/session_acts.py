"""The acts of a session in their order, found in the layers that they made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..fills.fills import Fills
from ..images.layer_kinds import FILLS, MADE, METADATA, is_picture
from ..images.selection import full_resolution, named_axes
from ..images.source_layer import Source
from ..results.made import Made


@dataclass(frozen=True, eq=False)
class Act:
    """A run, or a fill that was undone.

    `at`: when it ended.
    `made`: what was asked; of an undone fill the run that made it.
    `fills`: what it was filled into, where it only filled.
    `run`: which run of those it is.
    `undone`: number of the fill that was undone; 0 of a run.
    """

    at: str
    made: Made
    fills: Fills | None = None
    run: int = 0
    undone: int = 0

    @property
    def thing(self) -> Made | Fills:
        """A key of the layer that it made."""
        return self.made if self.fills is None else self.fills

    @property
    def source(self) -> Source | None:
        """The layer that it was done to."""
        return self.made.source if self.fills is None else self.fills.source

    @property
    def title(self) -> str:
        """Name of the layer that it gave."""
        return self.made.request.title

    @property
    def problem(self) -> str:
        """Why it cannot be repeated, or nothing."""
        if self.source is None:
            return 'nobody knows what it was made of'
        if self.made.record['finish'] == 'cancelled':
            return 'it was cancelled, and would run to its end'
        part = self.made.request.image
        said = part.space and named_axes(part.space.axis_labels)
        if said and said != part.spatial:
            return 'it was cut across the rows and columns of its layer'
        return ''


def acts_of(layers: Iterable[Any]) -> list[Act]:
    """Return the acts that made the layers of a viewer, those that are gone included."""
    found: dict[int, list[Act]] = {}
    for layer in layers:
        for known in (layer.metadata.get(MADE), layer.metadata.get(FILLS)):
            if isinstance(known, Made | Fills):
                _visit(known, found)
    every = [act for acts in found.values() for act in acts]
    return sorted(every, key=lambda act: act.at)


def _visit(thing: Made | Fills, found: dict[int, list[Act]]) -> None:
    if id(thing) in found:
        return
    found[id(thing)] = list(_acts(thing))
    source = thing.source
    if source is not None and source.made is not None:
        _visit(source.made, found)


def _acts(thing: Made | Fills) -> Iterator[Act]:
    if isinstance(thing, Made):
        yield Act(thing.at, thing)
        return
    if len(thing.made) < len(thing.runs):
        return  # which begins with what was made in another session
    for run, made in enumerate(thing.made):
        yield Act(made.at, made, thing, run)
    for at, number in thing.undos:
        run = max(n for n, made in enumerate(thing.made) if made.at < at)
        yield Act(at, thing.made[run], thing, run, number)


def shown(thing: Made | Fills, layers: Iterable[Any]) -> Any:
    """Return the layer that still shows the outcome of an act, or None."""
    for layer in layers:
        if isinstance(thing, Fills):
            if layer.metadata.get(FILLS) is thing:
                return layer
        elif layer.metadata.get(MADE) is thing and thing.pixels() is full_resolution(layer):
            return layer
    return None


def strangers(layers: Iterable[Any]) -> Iterator[str]:
    """Yield names of results whose pixels no run gives: changed since, or put together."""
    for layer in layers:
        made, fills = layer.metadata.get(MADE), layer.metadata.get(FILLS)
        if isinstance(fills, Fills) and len(fills.made) < len(fills.runs):
            yield str(layer.name)
        if made is not None and made.pixels() is not full_resolution(layer):
            yield str(layer.name)
        unknown = made is None and FILLS not in layer.metadata and is_picture(layer)
        if unknown and 'finish' in (layer.metadata.get(METADATA) or {}):
            yield str(layer.name)
