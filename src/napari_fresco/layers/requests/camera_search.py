"""Gain, offset and read noise found from layers: the image, or stacks of dark and flat frames."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from ... import __version__
from ...errors import ParameterError
from ...evidence.graphs import Graph
from ...evidence.transfer_graph import image_levels, transfer_graph
from ...noise.camera import Camera, estimate_camera
from ...noise.level import estimate_noise
from ...noise.photon_transfer import photon_transfer
from ..images.selection import Selection

Work = Callable[[threading.Event], Generator[Any, None, 'FoundCamera']]


class FoundCamera(NamedTuple):
    """The outcome of the search for a camera.

    `camera`: None where the noise does not grow with the intensity.
    `how`: how it was found, or what was found instead.
    `preset`: what is to be saved; empty where there is no camera.
    `graph`: the photon-transfer plot; None where nothing can be drawn.
    `maps`: planes by name, to be saved with the preset.
    """

    camera: Camera | None
    how: str
    preset: dict[str, Any]
    graph: Graph | None = None
    maps: Mapping[str, Any] | None = None


def from_image(part: Selection) -> Work:
    """Return the work that estimates a camera from a part of an image layer."""

    def work(cancel: threading.Event) -> Generator[Any, None, FoundCamera]:
        yield
        image = part.image()
        camera = estimate_camera(image)
        yield
        means, variances = image_levels(image)
        graph = transfer_graph(means, variances, camera) if len(means) > 1 else None
        if camera is None:
            level = estimate_noise(image)
            said = f'no photon noise that could be told; σ {level:.4g} image units'
            return FoundCamera(None, said, {}, graph)
        how = 'found in one image, which cannot tell the offset: it is assumed'
        facts = {'type': str(image.dtype), 'binning': image.metadata.get('binning')}
        preset = _preset(camera, f'one image: {part.name}', facts)
        return FoundCamera(camera, how, preset, graph)

    return work


def from_stacks(dark: Any, flats: Sequence[Any]) -> Work:
    """Return the work that calibrates a camera from stacks ``(T, H, W)`` of frames.

    Raises ParameterError when a stack is missing.
    """
    if dark is None or not flats:
        raise ParameterError('choose a stack of dark frames, and one or more stacks of even light')

    def work(cancel: threading.Event) -> Generator[Any, None, FoundCamera]:
        yield
        found = photon_transfer(np.asarray(dark), [np.asarray(flat) for flat in flats])
        camera = found.camera
        means = np.concatenate(([camera.offset], found.level_mean))
        variances = np.concatenate(([found.dark_variance], found.level_variance))
        how = (
            f'found from {found.frames} frames, {len(found.level_mean)} levels of light and the '
            f'dark: gain to ± {found.gain_error:.2g}, largest misfit {found.misfit:.1%}, '
            f'{int(found.hot.sum())} hot pixels'
        )
        facts = {**found.preset(type=str(dark.dtype)), **_preset(camera, 'dark and flat stacks')}
        maps = {'offset': found.offset_map, 'variance': found.variance_map, 'hot': found.hot}
        return FoundCamera(camera, how, facts, transfer_graph(means, variances, camera), maps)

    return work


def _preset(camera: Camera, found: str, facts: dict[str, Any] | None = None) -> dict[str, Any]:
    made = {'date': date.today().isoformat(), 'version': __version__}
    return {'kind': 'camera', **camera._asdict(), 'found': found, **made, **(facts or {})}
