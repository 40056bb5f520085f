"""A simulated degradation of a layer, and the layers that come of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import degrade
from ...errors import FrescoError
from ..images.identity import key_of
from ..images.layer_kinds import DAMAGE, KERNEL, METADATA, NOISE, TRUTH, TRUTH_ID
from ..images.look import Look
from ..images.selection import Selection
from ..images.space import Space
from .job import Job

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SimulationRequest:
    """A degradation, decided on.

    `name`, `parameters`, `seed`: as :func:`napari_fresco.degrade.apply` takes them.
    `source`, `source_id`: name and unique id of the image layer.
    `image`: the part of it to degrade.
    `space`, `look`: copies of how the layer lies and is drawn, in case it is deleted meanwhile.
    """

    name: str
    parameters: Mapping[str, Any]
    seed: int
    source: str
    source_id: str
    image: Selection
    space: Space
    look: Look

    @property
    def title(self) -> str:
        """Name of the degraded layer."""
        return f'{self.source} [{degrade.DEGRADATIONS[self.name].title}]'


@dataclass(frozen=True, eq=False)
class SimulationOutcome:
    """The outcome of a request.

    `simulated`: the degraded image, and the truth about it.
    `keeps_truth`: whether the truth is the source layer itself, but for rows and columns cut off.
    """

    simulated: degrade.Simulated
    keeps_truth: bool


def simulation_job(
    viewer: napari.viewer.Viewer, request: SimulationRequest, is_open: Callable[[], bool]
) -> Job[SimulationOutcome]:
    """Return the job that degrades a layer and adds what comes of it to `viewer`."""

    def work(cancel: threading.Event) -> Generator[Any, None, SimulationOutcome]:
        yield
        return _degraded(request)

    def deliver(made: SimulationOutcome) -> list[Any]:
        return [add_simulation(viewer, request, made)]

    return Job(request.title, work, deliver, is_open)


def _degraded(request: SimulationRequest) -> SimulationOutcome:
    part = request.image
    original = part.load()
    done = degrade.apply(
        original, request.name, request.parameters, seed=request.seed, axes=part.axes
    )
    if done.truth is None:
        raise FrescoError(f'{request.name} gives no truth')
    cut = tuple(slice(0, n) for n in done.truth.shape)
    whole = part.data.shape == original.shape
    return SimulationOutcome(done, whole and np.array_equal(done.truth, original[cut]))


def add_simulation(
    viewer: napari.viewer.Viewer, request: SimulationRequest, made: SimulationOutcome
) -> Any:
    """Add the degraded image, and the truth and causes of its degradation; return its layer."""
    done, truth, truth_id = made.simulated, request.source, request.source_id
    if not made.keeps_truth and done.truth is not None:
        layer = viewer.add_image(
            done.truth,
            name=f'{request.title} truth',
            visible=False,
            metadata={TRUTH: True},
            **_drawn(request, done.truth),
        )
        truth, truth_id = layer.name, key_of(layer)
    _add_causes(viewer, request, done)
    record = {**done.record, 'truth': truth, 'source': {'layer': request.source}}
    return viewer.add_image(
        done.image,
        name=request.title,
        metadata={METADATA: record, TRUTH_ID: truth_id},
        **_drawn(request, done.image, done),
    )


def _add_causes(
    viewer: napari.viewer.Viewer, request: SimulationRequest, done: degrade.Simulated
) -> None:
    """Add the kernel, the noise map and the damage of a simulation, those that it has."""
    if done.kernel is not None:
        viewer.add_image(done.kernel, name=f'{request.title} kernel', **_kernel(request, done))
    if done.noise_map is not None:
        viewer.add_image(
            request.image.unordered(done.noise_map),
            name=f'{request.title} noise σ',
            rgb=False,
            visible=False,
            colormap='magma',
            metadata={NOISE: True},
            **_placed(request, done),
        )
    if done.mask is not None:
        viewer.add_labels(
            request.image.unordered(done.mask).astype(np.uint8),
            name=f'{request.title} damage',
            opacity=0.5,
            metadata={DAMAGE: True},
            **_placed(request, done),
        )


def _drawn(
    request: SimulationRequest, image: NDArray[Any], done: degrade.Simulated | None = None
) -> dict[str, Any]:
    """Return layer keywords that place and draw `image` like the source."""
    rgb = image.ndim > len(request.image.index)
    return {'rgb': rgb, **request.look.like(rgb=rgb), **_placed(request, done)}


def _placed(request: SimulationRequest, done: degrade.Simulated | None) -> dict[str, Any]:
    """Return layer keywords that put the pixels where the simulation says that they lie."""
    geometry = {} if done is None else done.record.get('geometry', {})
    part = request.image
    origin, factor = part.origin, np.ones(len(part.index))
    for axis, offset in zip(part.spatial, geometry.get('offset', (0, 0)), strict=True):
        origin[axis] += offset
        factor[axis] = geometry.get('scale', 1)
    return request.space.part(origin, factor)


def _kernel(request: SimulationRequest, done: degrade.Simulated) -> dict[str, Any]:
    space = request.space.along(request.image.spatial)
    return {
        'rgb': False,
        'visible': False,
        'colormap': 'inferno',
        'metadata': {KERNEL: done.record.get('kernel', True), METADATA: dict(done.record)},
        'scale': space.scale,
        'units': space.units,
        'axis_labels': space.axis_labels,
    }
