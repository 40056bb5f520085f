"""The places of layers: transforms with units, and the view of a viewer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pint

if TYPE_CHECKING:
    import napari
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Space:
    """The place of a layer in the world: a copy, so that the layer may be deleted meanwhile."""

    scale: NDArray[np.float64]
    translate: NDArray[np.float64]
    rotate: NDArray[np.float64]
    shear: NDArray[np.float64]
    affine: NDArray[np.float64]
    units: tuple[Any, ...]
    axis_labels: tuple[str, ...]

    @classmethod
    def of(cls, layer: napari.layers.Layer) -> Space:
        """Copy the space of `layer`."""
        return cls(
            scale=np.array(layer.scale, dtype=float),
            translate=np.array(layer.translate, dtype=float),
            rotate=np.array(layer.rotate, dtype=float),
            shear=_shear_matrix(np.asarray(layer.shear, dtype=float), layer.ndim),
            affine=np.array(layer.affine.affine_matrix, dtype=float),
            units=tuple(layer.units),
            axis_labels=tuple(layer.axis_labels),
        )

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.scale)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Homogeneous matrix from elements of the data to the world, in the layer's own units."""
        placed = np.eye(self.ndim + 1)
        placed[:-1, :-1] = self.rotate @ self.shear @ np.diag(self.scale)
        placed[:-1, -1] = self.translate
        placed = self.affine @ placed
        return placed

    @property
    def is_default(self) -> bool:
        """Whether nobody has placed the layer: one unit for each pixel, from 0 on."""
        return np.allclose(self.matrix, np.eye(self.ndim + 1))

    def along(self, axes: Sequence[int]) -> Space:
        """Return the space of some of the axes, which the others are taken not to turn."""
        chosen = list(axes)
        homogeneous = [*chosen, self.ndim]
        return Space(
            scale=self.scale[chosen],
            translate=self.translate[chosen],
            rotate=self.rotate[np.ix_(chosen, chosen)],
            shear=self.shear[np.ix_(chosen, chosen)],
            affine=self.affine[np.ix_(homogeneous, homogeneous)],
            units=tuple(self.units[axis] for axis in chosen),
            axis_labels=tuple(self.axis_labels[axis] for axis in chosen),
        )

    def part(self, origin: ArrayLike, factor: ArrayLike) -> dict[str, Any]:
        """Return layer keywords for data whose element j lies at ``j / factor + origin``.

        napari maps data to world by ``A (R S D x + t)`` with D the scale. Replacing x
        by ``x / factor + origin`` gives the scale ``D / factor`` and the translation
        ``t + R S D origin``.
        """
        stretch = np.asarray(factor, dtype=float)
        linear = self.rotate @ self.shear @ np.diag(self.scale)
        return {
            'scale': self.scale / stretch,
            'translate': self.translate + linear @ np.asarray(origin, dtype=float),
            'rotate': self.rotate,
            'shear': self.shear,
            'affine': self.affine,
            'units': self.units,
            'axis_labels': self.axis_labels,
        }


@dataclass(frozen=True)
class View:
    """The view of a viewer: a copy of its dimensions and of the extent of its canvas.

    `order`: axes of the world; those on show are the last.
    `ndisplay`: 2 or 3.
    `point`: position of the sliders.
    `units`: of the world; None where its layers measure different things, and are drawn without
        units.
    `reach`: lowest and highest position on the canvas along the last two axes of `order`.
    """

    order: tuple[int, ...]
    ndisplay: int
    point: tuple[float, ...]
    units: tuple[Any, ...] | None
    reach: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    @classmethod
    def of(cls, viewer: Any) -> View:
        """Copy the view of `viewer`."""
        dims = viewer.dims
        return cls(
            tuple(int(axis) for axis in dims.order),
            int(dims.ndisplay),
            tuple(float(x) for x in dims.point),
            viewer.layers.extent.units if len(viewer.layers) else None,
            _reach(viewer) if dims.ndisplay == 2 else None,
        )

    def displayed(self, ndim: int) -> tuple[int, ...]:
        """Return the axes on show of a layer of `ndim` axes, in their order in the data."""
        offset = len(self.order) - ndim
        order = [axis - offset for axis in self.order if axis >= offset]
        order = [*range(-offset), *order] if offset < 0 else order
        return tuple(sorted(order[-min(self.ndisplay, ndim) :]))

    def to_layer(self, space: Space, values: Sequence[float]) -> NDArray[np.float64]:
        """Return positions along all axes of the world in the units of a layer."""
        offset = len(values) - space.ndim
        if offset < 0:
            padded = np.concatenate([np.zeros(-offset), values])
            known = None if self.units is None else (*space.units[:-offset], *self.units)
        else:
            padded = np.array(values[offset:], dtype=float)
            known = None if self.units is None else self.units[offset:]
        return padded if known is None else padded * unit_factors(known, space.units)

    def place(self, space: Space, shown: Collection[int]) -> NDArray[np.float64]:
        """Return where the sliders stand in the data of a layer; NaN along the axes `shown`."""
        hidden = [axis for axis in range(space.ndim) if axis not in shown]
        place = np.full(space.ndim, np.nan)
        if hidden:  # as napari has it, which leaves out what turns hidden axes into shown ones
            inverse = np.linalg.inv(space.matrix)
            position = self.to_layer(space, self.point)[hidden]
            place[hidden] = inverse[np.ix_(hidden, hidden)] @ position + inverse[hidden, -1]
        return place


def transfer(
    source: Space, target: Space, pairs: Sequence[int | None], units: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the map from elements of one layer to those of another, by way of the world.

    `source`, `target`: where the two lie.
    `pairs`: for each axis of `target` the one of `source` that runs along it; None where the source
        has none and stays at 0.
    `units`: whether the units count; napari draws without them where layers of one viewer measure
        different things.
    Returns ``target = matrix @ source + offset``.
    """
    known = [axis for axis in pairs if axis is not None]
    own = [target.units[i] for i, axis in enumerate(pairs) if axis is not None]
    factors = iter(unit_factors([source.units[axis] for axis in known], own) if units else ())
    between = np.zeros((target.ndim + 1, source.ndim + 1))
    between[-1, -1] = 1
    for row, axis in enumerate(pairs):
        if axis is not None:
            between[row, axis] = next(factors, 1.0)
    whole = np.linalg.inv(target.matrix) @ between @ source.matrix
    return whole[:-1, :-1], whole[:-1, -1]


def unit_factors(source: Sequence[Any], target: Sequence[Any]) -> NDArray[np.float64]:
    """Return the factors that convert values in units of `source` to those of `target`.

    Ones where one of the pairs measures different things, as napari draws them.
    """
    if any(a.dimensionality != b.dimensionality for a, b in zip(source, target, strict=True)):
        return np.ones(len(source))
    registry: Any = pint.get_application_registry()  # type: ignore[no-untyped-call]
    pairs = zip(source, target, strict=True)
    base = registry.get_base_units
    return np.array([float(base(a)[0] / base(b)[0]) for a, b in pairs])


def _shear_matrix(shear: NDArray[np.float64], ndim: int) -> NDArray[np.float64]:
    if shear.ndim == 2:
        return shear
    matrix = np.eye(ndim)
    matrix[np.triu_indices(ndim, k=1)] = shear
    return matrix


def _reach(viewer: Any) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    # A layer's corner_pixels, which would say it, do not know of units (napari 0.9).
    if not hasattr(viewer, 'canvas'):
        return None
    camera = viewer.scene.camera
    half = np.array(viewer.canvas.viewbox_size(viewer.layers), dtype=float) / camera.zoom / 2
    centre = np.array(camera.center[-2:], dtype=float)
    low, high = centre - half, centre + half
    return tuple(float(x) for x in low), tuple(float(x) for x in high)
