"""Whether a layer still shows the pixels that its restoration began with."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..images.identity import with_key
from ..images.selection import Selection, full_resolution

if TYPE_CHECKING:
    from ..requests.layer_request import PanelRequest

_MOST = 2**28  # bytes that are summed up whole, in 40 ms of the window; of more, spread rows


@dataclass(frozen=True, eq=False)
class WatchedPixels:
    """The pixels of a source layer when *Run* was pressed: a worker reads them later.

    `data`: the array itself; None where the layer is not in the viewer.
    `sum`: a checksum of the part that is restored; None of pixels that are not in memory.
    """

    viewer: Any
    request: PanelRequest
    data: Any
    sum: int | None

    @classmethod
    def of(cls, viewer: Any, request: PanelRequest) -> WatchedPixels:
        """Note the pixels that the source layer of a request has now."""
        data = _pixels(viewer, request)
        return cls(viewer, request, data, _checksum(data, request.image))

    def doubt(self) -> str:
        """Return what is to be said where the layer shows other pixels now; '' where not."""
        now = _pixels(self.viewer, self.request)
        if self.data is None or now is None:
            return ''
        name = self.request.source
        if now is not self.data:
            return (
                f'layer {name!r} was given other pixels while this ran: the result is that of the '
                'former ones; run again for those on show'
            )
        if _checksum(now, self.request.image) != self.sum:
            return (
                f'pixels of layer {name!r} were changed while this ran: the result is that of the '
                'former ones, of those on show, or of some of both; run again'
            )
        return ''


def _pixels(viewer: Any, request: PanelRequest) -> Any:
    layer = with_key(viewer.layers, request.source_id)
    return None if layer is None else full_resolution(layer)


def _checksum(data: Any, part: Selection) -> int | None:
    if type(data) is not np.ndarray:
        return None
    chosen = data[part.index]
    step = -(-chosen.nbytes // _MOST)
    rows = part.spatial[0]
    if step > 1:
        chosen = chosen[(slice(None),) * rows + (slice(None, None, step),)]
    return zlib.crc32(np.ascontiguousarray(chosen).data.cast('B')) if chosen.size else 0
