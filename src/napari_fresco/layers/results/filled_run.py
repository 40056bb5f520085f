"""The run that filled the losses of a result, kept with it so that a record can repeat it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ImageError
from ...image.model import data_of, in_memory
from ...intervention.drawn_mask import DrawnMask
from ...intervention.fill_run import FillRun
from ...types import Result
from ..masks.mask_layers import Marked

if TYPE_CHECKING:
    from ..requests.layer_request import PanelRequest


def run_of(request: PanelRequest, result: Result) -> FillRun | None:
    """Return the run that filled losses; None where none were, or not in one plane."""
    part = request.image
    if result.filled is None or not result.filled.any() or len(part.index) != 2:
        return None
    box = None if part.is_whole else (part.index[0], part.index[1])
    return FillRun(result.provenance, _drawn(request), box=box)


def _drawn(request: PanelRequest) -> DrawnMask:
    """Return the mask of a request on the grid of its whole layer."""
    mask: Any = request.mask
    if isinstance(mask, Marked):
        return mask.drawn
    damage = np.asarray(in_memory(data_of(mask))) != 0
    part, whole = request.image, np.zeros(request.image.grid, bool)
    size = tuple(s.stop - s.start for s in part.index)
    if damage.shape != size:
        raise ImageError(f'a mask of shape {damage.shape} does not fit a part of shape {size}')
    whole[part.index] = damage
    return DrawnMask(whole)
