"""One run that filled losses: its provenance, its mask, and the used part of its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..brief import Brief
from ..types import Result
from .drawn_mask import DrawnMask
from .photograph import Bools

Box = tuple[slice, slice]

OF_RUN = (
    'method', 'title', 'task', 'kind', 'parameters', 'options', 'seed', 'keep_known', 'sigma',
    'data_range', 'noise', 'weights', 'device', 'version', 'torch', 'seconds', 'finish', 'mask',
    'input_sha256', 'citation', 'checks', 'warnings',
)  # fmt: skip
"""What of the provenance of a run is kept."""


@dataclass(frozen=True, eq=False, repr=False)
class FillRun(Brief):
    """One run that filled losses, as it can be repeated.

    Attributes
    ----------
    provenance : mapping
        Of its result.
    mask : DrawnMask
        On the grid of the photograph.
    taken : ndarray of bool, ``(H, W)``, or None
        Which pixels of its result became those of the picture; None for all.
    box : (slice, slice) or None
        Rows and columns of the photograph that it worked on, whose context was the photograph
        with its damage missing; None for all.
    """

    provenance: Mapping[str, Any]
    mask: DrawnMask
    taken: Bools | None = None
    box: Box | None = None

    @classmethod
    def of(cls, result: Result | Mapping[str, Any], mask: Any, **options: Any) -> Self:
        """Return a run from its result, or the provenance of that, and its mask."""
        record = result.provenance if isinstance(result, Result) else result
        return cls(record, DrawnMask.of(mask), **options)

    def painted(self) -> Bools:
        """Return the pixels it has painted, ``(H, W)``."""
        painted = self.mask.damage() if self.taken is None else self.taken
        if self.box is None:
            return painted
        inside = np.zeros_like(painted)
        inside[self.box] = painted[self.box]
        return inside


def box_of(facts: Mapping[str, Any]) -> Box | None:
    """Return the rows and columns that a record tells."""
    if facts.get('box') is None:
        return None
    (top, bottom), (left, right) = facts['box']
    return slice(top, bottom), slice(left, right)


def box_facts(box: Box | None) -> list[list[int]] | None:
    """Return rows and columns, ready for JSON."""
    return None if box is None else [[int(side.start), int(side.stop)] for side in box]
