"""The fills of a layer, whichever way they came: their runs, and the pixels that are new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...intervention.fill_run import FillRun
from ..images.layer_kinds import FILLS, KEPT_RUNS, PAINTED, RUN
from .fills import Fills

if TYPE_CHECKING:
    import napari
    import numpy as np
    from numpy.typing import NDArray


def runs_of(layer: napari.layers.Image) -> tuple[FillRun, ...]:
    """Return the runs that filled losses of a result layer; none where they are unknown."""
    return runs_in(layer.metadata)


def filled_in(layer: napari.layers.Image, runs: tuple[FillRun, ...]) -> NDArray[np.bool_] | None:
    """Return the filled pixels on the grid of the photograph; None where they are unknown."""
    known = painted_in(layer.metadata)
    return known if known is not None or not runs else runs[0].painted()


def runs_in(metadata: Mapping[str, Any]) -> tuple[FillRun, ...]:
    """Return the runs that filled losses of a layer of one plane; none where they are unknown."""
    fills, run = metadata.get(FILLS), metadata.get(RUN)
    if isinstance(fills, Fills):
        return tuple(fills.fill_runs()) if fills.numbers.ndim == 2 else ()
    return (run,) if isinstance(run, FillRun) else tuple(metadata.get(KEPT_RUNS, ()))


def painted_in(metadata: Mapping[str, Any]) -> NDArray[np.bool_] | None:
    """Return what was newly painted in a layer; None where nothing says it."""
    fills, run = metadata.get(FILLS), metadata.get(RUN)
    if isinstance(fills, Fills):
        return fills.filled
    return run.painted() if isinstance(run, FillRun) else metadata.get(PAINTED)
