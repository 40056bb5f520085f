"""The photon-transfer plot: noise variance against intensity, with the line of a camera."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..image.layout import Layout
from ..image.model import Image
from ..noise.camera import Camera
from ..noise.curve import Blocks
from ..noise.level import channels_of
from .graphs import Graph, Trace

Floats = NDArray[np.float64]

_BINS, _FEWEST = 16, 8  # steps of intensity, and blocks that tell anything of one
_SMOOTH = 0.25  # share of the blocks of a step that have the least texture
_LARGEST = 1024  # side of the middle of a plane that is looked at


def transfer_graph(means: Any, variances: Any, camera: Camera | None) -> Graph:
    """Return the plot of the measured points and of the fitted line.

    `means`, `variances`: of each level.
    `camera`: None where there is no line.
    """
    x, y = np.asarray(means, np.float64), np.asarray(variances, np.float64)
    traces = [Trace('measured', x, y, 'dots')]
    if camera is not None:
        ends = np.array([min(camera.offset, float(x.min())), float(x.max())])
        traces.append(Trace('fitted', ends, camera.variance(ends), 'line'))
    caption = 'variance of the noise, in squared image units, at each intensity'
    return Graph('Photon transfer', caption, 'mean intensity (image units)', tuple(traces))


def image_levels(image: Any) -> tuple[Floats, Floats]:
    """Return mean and noise variance of the least textured blocks of steps of intensity.

    Blocks are chosen by their middle frequencies and measured by the high ones, so that the
    choice does not bias the measure. The middle plane is looked at.
    """
    source = Image.of(image)
    layout = Layout.of(source)
    indices = list(layout.planes())
    plane = layout.colours(layout.read(source.data, indices[len(indices) // 2]))
    top, left = (max(n - _LARGEST, 0) // 2 for n in plane.shape[:2])
    middle = plane[top : top + _LARGEST, left : left + _LARGEST].astype(np.float64)
    blocks = Blocks.joined([Blocks.of(channel) for channel in channels_of(middle)])
    if not len(blocks.mean):
        return np.empty(0), np.empty(0)
    edges = np.linspace(blocks.mean.min(), blocks.mean.max(), _BINS + 1)[1:-1]
    step = np.searchsorted(edges, blocks.mean)
    means, variances = [], []
    for i in range(_BINS):
        places = np.flatnonzero(step == i)
        if len(places) >= _FEWEST:
            few = places[np.argsort(blocks.middle[places], kind='stable')]
            few = few[: max(_FEWEST, round(_SMOOTH * len(few)))]
            means.append(float(blocks.mean[few].mean()))
            variances.append(float(blocks.high[few].mean()))
    return np.array(means), np.array(variances)
