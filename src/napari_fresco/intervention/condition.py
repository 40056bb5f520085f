"""Condition maps: the kinds of damage, their extent, and their treatment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from ..brief import Brief
from ..damage.classes import CLASSES, DamageClass
from ..errors import MaskError
from ..image.model import values_of
from .crack_widths import measure_cracks
from .photograph import Bools, mm_per_pixel_of

LINES = ('crack', 'craquelure')
"""Classes whose length and width are measured."""

UNNAMED_COLOUR = '#b0b0b0'
_DAMAGE = DamageClass(1, 'damage', '#ff2ec4')


class ClassMeasures(NamedTuple):
    """The measures of a class of damage.

    Attributes
    ----------
    name, colour : str
    decision : {'fill', 'leave'}
    pieces : int
        That hold together, by corners too.
    area_px : int
    area_cm2 : float or None
        None where the size of a pixel is not known.
    percent : float
        Of the painted area.
    length_cm, median_width_mm, largest_width_mm : float or None
        Of cracks, along their skeleton; None for other classes, or without a scale.
    length_px, median_width_px, largest_width_px : float or None
        The same in pixels.
    """

    name: str
    colour: str
    decision: str
    pieces: int
    area_px: int
    area_cm2: float | None
    percent: float
    length_px: float | None = None
    length_cm: float | None = None
    median_width_px: float | None = None
    median_width_mm: float | None = None
    largest_width_px: float | None = None
    largest_width_mm: float | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Condition(Brief):
    """A map of damage and its measures.

    Attributes
    ----------
    masks : mapping of DamageClass to ndarray of bool, ``(H, W)``
        Where each class is; they may overlap.
    rows : tuple of ClassMeasures
        One for each class that occurs.
    total : ClassMeasures
        Everything that counts as damage, each pixel once.
    painted : ndarray of bool, ``(H, W)``, or None
        The painted area; None for the whole photograph.
    mm_per_pixel : float or None
    """

    masks: Mapping[DamageClass, Bools]
    rows: tuple[ClassMeasures, ...]
    total: ClassMeasures
    painted: Bools | None
    mm_per_pixel: float | None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = next(iter(self.masks.values())).shape
        return rows, columns

    def facts(self) -> dict[str, Any]:
        """Return the numbers, ready for JSON."""
        return {
            'mm_per_pixel': self.mm_per_pixel,
            'percent_of': 'the whole photograph' if self.painted is None else 'the painted area',
            'classes': [row._asdict() for row in self.rows],
            'total': self.total._asdict(),
        }


def condition(
    labels: Any,
    *,
    classes: Iterable[DamageClass] = CLASSES,
    mm_per_pixel: float | None = None,
    painted: ArrayLike | None = None,
) -> Condition:
    """Measure a map of damage.

    Parameters
    ----------
    labels : Image, array-like ``(H, W)``, or mapping of str to array-like
        Numbers of classes, 0 where there is no damage; True and False are damage of no class. A
        mapping has a mask for the name of each class, and they may overlap.
    classes : iterable of DamageClass
        What the numbers stand for. Numbers without a class are told by their number.
    mm_per_pixel : float, optional
        Size of a pixel on the wall; by default the spacing of an Image.
    painted : array-like, ``(H, W)``, optional
        Nonzero in the painted area, of which shares are told; the whole photograph by default.

    Returns
    -------
    Condition

    Raises
    ------
    MaskError
        When nothing is marked, or shapes differ.
    ParameterError
        When the size of a pixel is not above 0.

    Examples
    --------
    >>> import numpy as np, napari_fresco as fresco
    >>> labels = np.zeros((40, 40), np.uint8)
    >>> labels[10:20, 10:20] = 2
    >>> found = fresco.intervention.condition(labels, mm_per_pixel=0.5)
    >>> [(row.name, row.pieces, row.area_cm2) for row in found.rows]
    [('loss', 1, 0.25)]
    """
    masks = _masks(labels, tuple(classes))
    scale = mm_per_pixel_of(labels, mm_per_pixel)
    shapes = {mask.shape for mask in masks.values()}
    area = None if painted is None else np.squeeze(values_of(painted, 'painted', MaskError)) != 0
    if area is not None:
        shapes.add(area.shape)
    if len(shapes) > 1:
        raise MaskError(f'the masks have different shapes, {sorted(shapes)}; give them on one grid')
    if area is not None:
        masks = {each: mask & area for each, mask in masks.items()}
        masks = {each: mask for each, mask in masks.items() if mask.any()}
    if not masks:
        raise MaskError('nothing is marked: a condition map needs at least one class of damage')
    whole = next(iter(shapes))
    size = int(np.prod(whole)) if area is None else int(np.count_nonzero(area))
    rows = tuple(_measured(each, mask, size, scale) for each, mask in masks.items())
    union = np.zeros(whole, bool)
    for each, mask in masks.items():
        union |= mask & each.damaged
    total = _measured(DamageClass(1, 'all damage', ''), union, size, scale)
    return Condition(masks, rows, total, area, scale)


def _masks(labels: Any, classes: tuple[DamageClass, ...]) -> dict[DamageClass, Bools]:
    """Return where each class is that occurs, in the order of their numbers."""
    by_value = {each.value: each for each in classes}
    if isinstance(labels, Mapping):
        by_name = {each.name: each for each in classes}
        most = max(by_value, default=0)
        named = {
            by_name.get(name, DamageClass(most + 1 + i, str(name), UNNAMED_COLOUR)): _plane(mask)
            != 0
            for i, (name, mask) in enumerate(labels.items())
        }
        return {each: mask for each, mask in named.items() if mask.any()}
    plane = _plane(labels)
    if plane.dtype == bool:
        return {_DAMAGE: plane} if plane.any() else {}
    found = np.unique(plane[plane != 0])
    return {
        by_value.get(
            int(value), DamageClass(int(value), f'label {int(value)}', UNNAMED_COLOUR)
        ): plane == value
        for value in found
    }


def _plane(labels: Any) -> Any:
    plane = np.squeeze(values_of(labels, 'the map', MaskError))
    if plane.ndim != 2 or plane.dtype.kind not in 'bui':
        raise MaskError(
            f'the map has shape {plane.shape} and type {plane.dtype}; give one plane (H, W) of '
            'whole numbers'
        )
    return plane


def _measured(each: DamageClass, mask: Bools, size: int, scale: float | None) -> ClassMeasures:
    _, pieces = ndimage.label(mask, np.ones((3, 3)))
    pixels = int(np.count_nonzero(mask))
    row = ClassMeasures(
        each.name,
        each.colour,
        'fill' if each.filled else 'leave',
        int(pieces),
        pixels,
        None if scale is None else pixels * scale**2 / 100,
        100 * pixels / max(size, 1),
    )
    if each.name not in LINES:
        return row
    length, median, largest = measure_cracks(mask)
    row = row._replace(length_px=length, median_width_px=median, largest_width_px=largest)
    if scale is None:
        return row
    return row._replace(
        length_cm=length * scale / 10,
        median_width_mm=median * scale,
        largest_width_mm=largest * scale,
    )
