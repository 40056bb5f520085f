"""A named degradation on an image of any type and axis order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..declare.fields import Parameter, Parameters
from ..image.intensity import Affine, intensity_range
from ..image.layout import Layout
from ..image.model import Image
from ..image.output import to_dtype
from .simulation import Simulated, Simulation, find_degradation

Array = NDArray[Any]

SEED = Parameter('seed', int, 0, 'Makes a result repeatable.', 'Seed', minimum=0)


def apply(
    image: Any,
    name: str,
    parameters: Mapping[str, Any] | Parameters | None = None,
    *,
    seed: int = 0,
    axes: str | None = None,
    rgb: bool | None = None,
    data_range: tuple[float, float] | None = None,
) -> Simulated:
    """Degrade an image by one of :data:`~napari_fresco.degrade.DEGRADATIONS`.

    A stack is degraded plane by plane: kernel, noise map and drawn damage are the
    same for all of its planes, the noise is not.

    Parameters
    ----------
    image : array_like or Image
        Integers or floating-point numbers, gray, RGB or RGBA, with any number of
        stack axes.
    name : str
        Which degradation.
    parameters : mapping or Parameters, optional
        Its declared parameters; see ``DEGRADATIONS[name].parameters``.
    seed : int
        Makes the result repeatable.
    axes, rgb
        As in :func:`napari_fresco.restore`.
    data_range : tuple of float, optional
        Intensities of black and white; by default 0 to 255 for bytes, 0 to 1 for
        floats within, the range of the image for everything else.

    Returns
    -------
    Simulated
        An image of the type, axes and units of the original, rounded and clipped
        where these are integers; ``record['warnings']`` counts what was clipped.

    Raises
    ------
    MethodError, ParameterError, ImageError
        When the name, a parameter or the image is not usable.
    """
    simulation = find_degradation(name)
    given = parameters.to_dict() if isinstance(parameters, Parameters) else parameters
    chosen = simulation.parameters_class.create(given)
    source, seed = Image.of(image, axes=axes, rgb=rgb), SEED.check(seed)
    layout = Layout.of(source)
    range_ = intensity_range(source.data, layout, data_range)
    parts = list(_planes(source.data, layout, range_, simulation, chosen, seed))
    planes, beyond, clipped = zip(*parts, strict=True)
    whole = _joined(planes, layout)
    if isinstance(image, Image):
        whole = _as_images(whole, source)
    record = {
        'simulation': simulation.name,
        'title': simulation.title,
        'parameters': chosen.to_dict(),
        'seed': seed,
        'data_range': [range_.low, range_.high],
        'scale': whole.scale,
        **whole.record,
        'version': version('napari-fresco'),
        'warnings': _warnings(simulation, layout, sum(beyond), sum(clipped)),
    }
    return replace(whole, record=record)


def _planes(
    data: Any, layout: Layout, range_: Affine, simulation: Simulation, chosen: Parameters, seed: int
) -> Iterator[tuple[Simulated, int, int]]:
    """Yield every plane degraded, with the numbers of values clipped before and after."""
    from .named import degraded  # brings in torch

    for number, index in enumerate(layout.planes()):
        plane, beyond = layout.read(data, index), 0
        working = np.asarray(range_.to_working(layout.colours(plane)), np.float64)
        if simulation.clips:
            beyond = int(np.count_nonzero((working < 0) | (working > 1)))
            working = np.clip(working, 0, 1)
        name, low, span = simulation.name, range_.low, range_.span
        made = degraded(working, name, chosen, (seed, number), low, span)
        done, clipped = _in_image_units(made, plane, range_, layout)
        yield done, beyond, clipped


def _in_image_units(
    degraded: Simulated, plane: Array, range_: Affine, layout: Layout
) -> tuple[Simulated, int]:
    """Return a degraded plane in the units and type of `plane`; count what the type clips."""
    alpha, original = layout.alpha(plane), layout.colours(plane)
    image, clipped = to_dtype(range_.to_image(degraded.image), plane.dtype)
    if degraded.mask is not None:  # what is not damaged stays bit for bit
        known = ~degraded.mask
        image[known] = original[known]
    rows, cols = (n * degraded.scale for n in image.shape[:2])
    if degraded.truth is None:
        truth = original[:rows, :cols]
    else:
        truth, _ = to_dtype(range_.to_image(degraded.truth), plane.dtype)
    if image.ndim == original.ndim:  # no mosaic
        image = layout.with_alpha(image, alpha[: rows : degraded.scale, : cols : degraded.scale])
    truth = layout.with_alpha(truth, alpha[:rows, :cols])
    levels = None if degraded.noise_map is None else degraded.noise_map * range_.span
    return replace(degraded, image=image, truth=truth, noise_map=levels), clipped


def _joined(planes: Sequence[Simulated], layout: Layout) -> Simulated:
    """Stack the planes along the axes of the image."""
    first = planes[0]
    return replace(
        first,
        image=_ordered(_stacked([p.image for p in planes], layout), layout),
        truth=_ordered(_stacked([p.truth for p in planes], layout), layout),
        mask=None if first.mask is None else _stacked([p.mask for p in planes], layout),
        noise_map=(
            None if first.noise_map is None else _stacked([p.noise_map for p in planes], layout)
        ),
    )


def _as_images(made: Simulated, source: Image) -> Simulated:
    """Return image and truth with the spacing and all that belongs to the original."""
    samples = made.image.ndim == source.ndim
    axes = source.axes if samples else source.axes.replace('S', '')
    shift = made.record.get('geometry', {}).get('offset', (0.0, 0.0))
    image = source.like(made.image, axes=axes, scale=1 / made.scale, shift=shift)
    return replace(made, image=image, truth=source.like(made.truth))


def _stacked(parts: Sequence[Any], layout: Layout) -> Array:
    return np.stack(parts).reshape(*layout.leading, *parts[0].shape)


def _ordered(array: Array, layout: Layout) -> Array:
    """Return an array with its axes as in the image; it may lack the samples."""
    return np.ascontiguousarray(array.transpose(np.argsort(layout.order[: array.ndim])))


def _warnings(simulation: Simulation, layout: Layout, beyond: int, clipped: int) -> list[str]:
    warnings = []
    if beyond:
        warnings.append(
            f'{beyond} values beyond the data range were clipped, for {simulation.title} works '
            'between black and white; give data_range to keep them'
        )
    if clipped:
        warnings.append(f'{clipped} values were clipped to fit {layout.dtype}')
    return warnings
