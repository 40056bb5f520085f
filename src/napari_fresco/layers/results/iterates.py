"""Estimates of a run that are kept, so that an earlier one can be used instead of the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..images.layer_kinds import ITERATES, MADE, METADATA, RUN, LayerData
from ..images.look import Look
from ..images.space import Space

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from ...types import Step
    from ..requests.layer_request import PanelRequest

MOST = 8
"""How many are kept."""
_BYTES = 2**27  # for all of a run


class Iterate(NamedTuple):
    """An estimate, and which step it was of how many."""

    step: int
    total: int
    pixels: NDArray[Any]


@dataclass(eq=False)
class Iterates:
    """A few estimates, evenly spread over a run of unknown length.

    `wanted`: whether any are kept: of a single plane only, and not of one in a copy of the whole.
    """

    wanted: bool = False
    kept: list[Iterate] = field(default_factory=list)
    _every: int = 1

    @classmethod
    def of(cls, request: PanelRequest) -> Iterates:
        """Return the estimates at the beginning of a run: none."""
        index, spatial = request.image.index, request.image.spatial
        single = all(s.stop - s.start == 1 for a, s in enumerate(index) if a not in spatial)
        return cls(single and not request.full_size)

    def note(self, step: Step) -> None:
        """Keep a step, if it is one of those that are kept; the last one is the result."""
        if not self.wanted or step.index >= step.total or step.final or step.index % self._every:
            return
        pixels = np.array(step.image)
        if pixels.nbytes * 2 > _BYTES:
            self.wanted = False
            return
        self.kept.append(Iterate(step.index, step.total, pixels))
        while len(self.kept) > min(MOST, _BYTES // pixels.nbytes):
            self._every *= 2
            self.kept = [each for each in self.kept if each.step % self._every == 0]

    def give_to(self, layer: napari.layers.Image, others: Any) -> None:
        """Attach the kept estimates to a result, and detach those of other layers."""
        for other in others:
            other.metadata.pop(ITERATES, None)
        kept, self.kept = self.kept, []
        if kept:
            layer.metadata[ITERATES] = kept


def iterates_of(layer: napari.layers.Layer) -> list[Iterate]:
    """Return the estimates that a result still holds."""
    kept: list[Iterate] = layer.metadata.get(ITERATES, [])
    return kept


def iterate_layer(layer: napari.layers.Image, iterate: Iterate) -> LayerData:
    """Return an estimate as a layer, in the place and the look of the result of its run."""
    from ..images.selection import select

    part = select(layer)
    pixels = iterate.pixels
    if part.spatial[0] > part.spatial[1]:
        pixels = pixels.swapaxes(0, 1)
    data = pixels.reshape(np.shape(part.data))
    record: Mapping[str, Any] = layer.metadata.get(METADATA, {})
    told = {**record, 'iterate': {'step': iterate.step, 'of': iterate.total}}
    metadata = {n: v for n, v in layer.metadata.items() if n not in (ITERATES, MADE, RUN)}
    ndim = layer.ndim
    keywords = {
        'name': f'{layer.name} step {iterate.step}',
        'rgb': layer.rgb,
        'metadata': {**metadata, METADATA: told},
        **Space.of(layer).part(np.zeros(ndim), np.ones(ndim)),
        **Look.of(layer).like(rgb=layer.rgb),
    }
    return data, keywords, 'image'
