"""The noise that a restoration would work with, found without restoring."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..noise.camera import Camera
from ..noise.level import picked_of_each
from .request import Request
from .scene import Scene

_PLANES = 5
_ENDS = (0.1, 0.9)  # quantiles of a level that differs from place to place
_ALIKE = 1.15  # levels of planes that one number can stand for


class FoundNoise(NamedTuple):
    """The noise of an image, in image units.

    `low`, `high`: standard deviation in the quietest and the noisiest of the planes that were
        looked at, or of their places.
    `camera`: photon and read noise, where one model of them holds for all planes.
    `cameras`: whether there is photon noise, even where its models differ.
    """

    low: float
    high: float
    camera: Camera | None = None
    cameras: bool = False

    @property
    def level(self) -> float:
        """A typical standard deviation."""
        return float(np.sqrt(self.low * self.high))

    @property
    def is_one(self) -> bool:
        """Whether one level, or one model, serves all planes as well as their own."""
        if self.cameras:
            return self.camera is not None
        return self.high <= _ALIKE * max(self.low, 1e-12 * self.high)


def found_noise(image: Any, *, cancel: threading.Event | None = None, **asked: Any) -> FoundNoise:
    """Return the noise that :func:`napari_fresco.iterate` would find with the same keywords.

    Up to five planes of each channel are looked at; a region or slice is judged like the whole that
    it was cut from.

    `asked`: as for :meth:`.request.Request.asked`.
    Raises FrescoError when something given does not fit.
    """
    request = Request.asked(image, **_automatic(asked))
    scene = Scene(request, cancel)
    levels, models = [], set()
    for index in picked_of_each(request.layout, _PLANES):
        scene.look_ahead(index)
        pixels = scene.read(index)
        level = scene.level(index, pixels, scene.range(index, pixels).span)
        models.add(scene.model(index).camera)
        if np.ndim(level) and scene.model(index).camera is None:
            levels += np.quantile(level, _ENDS).tolist()
        else:
            levels.append(float(np.sqrt(np.mean(np.square(level)))))
    cameras = [model for model in models if model is not None]
    one = cameras[0] if cameras and len(models) == 1 else None
    return FoundNoise(min(levels), max(levels), one, bool(cameras))


def _automatic(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options without a noise that is given already."""
    given = ('sigma', 'gain', 'offset', 'read_noise')
    return {name: value for name, value in options.items() if name not in given}
