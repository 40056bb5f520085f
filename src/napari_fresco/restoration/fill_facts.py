"""The losses that a run has filled, in its provenance: how many, how wide, and what to expect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..declare.recommendations import VALIDATED
from ..evidence.fill_error import calibration_of, loss_errors
from ..noise.patches import Bools
from .block import Block

Facts = Mapping[str, Any]


def fill_facts(block: Block, painted: Bools) -> dict[str, Any] | None:
    """Return the facts of the losses that were filled in a plane; None where none were.

    `painted`: ``(H, W)``, the filled pixels. Volumes have none: their losses were not looked at.
    """
    pixels = block.pixels
    if pixels.dims != 2 or not painted.any():
        return None
    r = block.request
    known = calibration_of(r.method.name, r.params.to_dict())
    found = loss_errors(known, pixels.colours, painted, pixels.unknown)
    told = found.expected[np.isfinite(found.expected)]
    return {
        'losses': len(found.widths),
        'widest': float(found.widths.max()),
        'wider': int(np.count_nonzero(found.widths > VALIDATED)),
        'expected_error': [float(told.min()), float(told.max())] if told.size else None,
    }


def fills_in_all(planes: Iterable[Facts]) -> dict[str, Any] | None:
    """Return the facts of the losses of all planes together; None where none were filled."""
    each = [plane['fills'] for plane in planes if plane.get('fills')]
    if not each:
        return None
    ranges = [fills['expected_error'] for fills in each if fills['expected_error']]
    return {
        'losses': sum(fills['losses'] for fills in each),
        'widest': max(fills['widest'] for fills in each),
        'wider': sum(fills['wider'] for fills in each),
        'expected_error': [min(low for low, _ in ranges), max(high for _, high in ranges)]
        if ranges
        else None,
    }


def said_of_fills(fills: Facts | None) -> Iterator[str]:
    """Yield what is to be expected of the fills, in sentences."""
    if fills is None:
        return
    if fills['expected_error'] is not None:
        low, high = (f'{value:.3g}' for value in fills['expected_error'])
        span = low if low == high else f'{low} to {high}'
        yield (
            f'fills of losses like these were off by {span} (root mean square, in the units of the '
            'image) where the truth is known; that is an expectation, not a measurement of these'
        )
    if fills['wider']:
        yield (
            f'{fills["wider"]} of {fills["losses"]} losses are wider than {VALIDATED} px: nothing '
            'as wide was tested, and no error is told for them'
        )
