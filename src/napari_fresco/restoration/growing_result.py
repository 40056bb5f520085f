"""A result that is written into a store as it grows, instead of into memory."""

from __future__ import annotations

import numpy as np

from ..io.zarr_writing import GrowingImage
from .request import Request


def growing(request: Request, samples: int) -> GrowingImage:
    """Begin the store that the result is written into."""
    r = request
    lengths = {r.layout.axes[i]: r.layout.shape[i] for i in r.layout.order}
    lengths |= {axis: lengths[axis] * r.inputs.scale for axis in 'YX'}
    lengths.pop('S', None)
    lengths |= {'S': samples} if samples > 1 else {}
    nothing = np.broadcast_to(np.zeros((), r.dtype), tuple(lengths.values()))
    image = r.image.like(nothing, axes=''.join(lengths), scale=r.inputs.scale)
    assert r.output is not None
    return GrowingImage(r.output, image)
