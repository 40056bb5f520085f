"""Point spread functions on grids of voxels: the light of a point, plane by plane. No torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...errors import ParameterError
from ..number_checks import odd_size, positive
from . import plausibility
from .kernel import Kernel
from .microscope_optics import AIRY_RADIUS, MicroscopeOptics
from .pupil import Array, brightest, caustic, light_of_a_plane, profile

_PER_WAVELENGTH = 32
"""Radii of a profile per wavelength over numerical aperture."""
_DEGREE = 5
_STEEPEST = 0.999


@dataclass(frozen=True)
class VoxelGrid:
    """The grid of a point spread function.

    `pixel_size`, `size`: in µm, and an odd number.
    `z_step`, `planes`: in µm, None for a plane, and an odd number.
    `defocus`: of the middle plane from the brightest, in µm.
    """

    pixel_size: float
    size: int
    z_step: float | None = None
    planes: int = 1
    defocus: float = 0.0

    @classmethod
    def of(
        cls,
        optics: MicroscopeOptics,
        pixel_size: float,
        size: int | None = None,
        z_step: float | None = None,
        planes: int | None = None,
        defocus: float = 0.0,
    ) -> VoxelGrid:
        """Check a grid; give it the size that `optics` need where none is said."""
        positive('pixel_size', pixel_size)
        plausibility.check_pixel(optics, pixel_size)
        if not (math.isfinite(defocus) and abs(defocus) <= 200 * optics.wavelength):
            raise ParameterError(
                f'defocus = {defocus} must lie within 200 wavelengths, {200 * optics.wavelength:g}'
            )
        if z_step is None:
            if planes is not None:
                raise ParameterError(f'planes = {planes} need z_step, their distance in µm')
            planes = 1
        else:
            positive('z_step', z_step)
            near, far = caustic(optics)
            reach = (2 if optics.is_scanned else 3) * optics.axial_period + far - near
            plausibility.check_step(z_step, reach)
            planes = odd_size(planes, reach / z_step, 'planes', 'plane')
        deep = abs(defocus) + (0 if optics.is_scanned else planes // 2 * (z_step or 0))
        slope = math.tan(math.asin(min(optics.na / optics.refractive_index, _STEEPEST)))
        airy = AIRY_RADIUS * max(optics.forming) / optics.na
        size = odd_size(size, (5 * airy + deep * slope) / pixel_size)
        return cls(pixel_size, size, z_step, planes, defocus)

    @property
    def heights(self) -> Array:
        """Distances of the planes from the brightest one in µm."""
        steps = np.arange(self.planes, dtype=np.float64) - self.planes // 2
        return self.defocus + steps * (self.z_step or 0.0)


def point_spread(
    optics: MicroscopeOptics, grid: VoxelGrid, integrate: bool | None = None
) -> Kernel:
    """Return the point spread function of `optics` on `grid`, with spacing, doubts and numbers."""
    integrate = not optics.is_scanned if integrate is None else integrate
    focus = brightest(optics)
    order = _order(optics, grid.pixel_size) if integrate else 1
    places, weights = _places(grid, order)
    step = max(optics.forming) / optics.na / _PER_WAVELENGTH
    # A few radii beyond the axis, where the profile goes on as its mirror image.
    radii = np.arange(-_DEGREE, math.ceil(places.max() / step) + _DEGREE) * step
    values = _read(radii, _intensity(optics, radii, focus, grid.heights), places, weights)
    volume = _unfolded(np.maximum(values, 0), grid.size)
    doubts, notes = plausibility.doubts(optics, grid.pixel_size, grid.z_step)
    inside = float(volume.sum(axis=(1, 2)).min()) * grid.pixel_size**2
    facts = {**optics.facts(), 'focus': focus, 'pixel_size': grid.pixel_size}
    facts |= {'z_step': grid.z_step} if grid.z_step else {}
    facts |= {'defocus': grid.defocus, 'integrated': integrate}
    if optics.kind == 'widefield':
        facts['light_inside'] = inside / light_of_a_plane(optics, optics.wavelength)
    steps = {'Z': grid.z_step, 'Y': grid.pixel_size, 'X': grid.pixel_size}
    return Kernel(
        volume if grid.z_step else volume[0],
        {axis: (size, 'um') for axis, size in steps.items() if size},
        source=_in_words(optics),
        warnings=doubts,
        notes=(*notes, *_remarks(optics, grid, facts)),
        metadata=facts,
    )


def _intensity(optics: MicroscopeOptics, radii: Array, focus: float, heights: Array) -> Array:
    """Return the image of a point at some radii and heights above the brightest plane."""
    o, places = optics, focus + heights
    if o.kind == 'widefield':
        return profile(o, o.wavelength, radii, places)
    if o.kind == 'light_sheet':
        sheet = np.exp(-2 * (heights / o.sheet_waist) ** 2)
        return profile(o, o.wavelength, radii, places) * sheet
    exciting = profile(o, o.exciting, radii, places)
    if o.kind == 'two_photon':
        return exciting**2
    return exciting * _through_pinhole(o, radii, places)


def _through_pinhole(optics: MicroscopeOptics, radii: Array, places: Array) -> Array:
    """Return the emission that a round pinhole lets through; all equal without one.

    Rings of radius s around the axis have the part arccos((r² + s² - R²) / 2rs) / π of their
    length in a pinhole of radius R at r; the angle of a circle takes away the root at both ends.
    """
    hole = optics.pinhole_radius
    if math.isinf(hole):
        return np.ones((len(radii), len(places)))
    if hole == 0:
        return profile(optics, optics.wavelength, radii, places)
    step = radii[1] - radii[0]
    wider = np.append(radii, radii[-1] + step * np.arange(1, math.ceil(hole / step) + _DEGREE))
    light = profile(optics, optics.wavelength, wider, places)
    x, weight = np.polynomial.legendre.leggauss(16 + math.ceil(12 * optics.pinhole))
    r = np.abs(radii)[:, None]
    full = np.maximum(hole - r, 0)
    inner = (x + 1) / 2 * full
    turn = (x + 1) / 2 * math.pi
    low, high = np.abs(hole - r), hole + r
    outer = (low + high) / 2 - (high - low) / 2 * np.cos(turn)
    with np.errstate(divide='ignore', invalid='ignore'):
        angle = np.arccos(np.clip((r**2 + outer**2 - hole**2) / (2 * r * outer), -1, 1))
    angle = np.where(r > 0, angle, 0.0)
    rings = np.concatenate([inner, outer], axis=1)
    weights = np.concatenate(
        [
            weight / 2 * full * 2 * math.pi * inner,
            weight / 2 * math.pi * (high - low) / 2 * np.sin(turn) * 2 * angle * outer,
        ],
        axis=1,
    )
    return _read(wider, light, rings, weights)


def _order(optics: MicroscopeOptics, pixel_size: float) -> int:
    """Return the number of Gauss's nodes along a pixel that average over it to 1e-5."""
    return max(3, math.ceil(16 * pixel_size * optics.na / min(optics.forming)) - 1)


def _places(grid: VoxelGrid, order: int) -> tuple[Array, Array]:
    """Return distances from the axis within the pixels of an eighth of a plane, and weights.

    Returns ``(pixels, order²)`` twice; pixels as :func:`_eighth` counts them.
    """
    x, weight = np.polynomial.legendre.leggauss(order)
    rows, columns = _eighth(grid.size)
    inside = x / 2
    along, across = np.meshgrid(inside, inside, indexing='ij')
    distances = np.hypot(rows[:, None] + along.ravel(), columns[:, None] + across.ravel())
    weights = np.outer(weight, weight).ravel() / 4
    return distances * grid.pixel_size, np.broadcast_to(weights, distances.shape)


def _eighth(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns from the middle of the pixels that all others mirror."""
    rows, columns = np.tril_indices(size // 2 + 1)
    return np.asarray(rows), np.asarray(columns)


def _unfolded(values: Array, size: int) -> Array:
    """Return whole planes ``(Z, size, size)`` from an eighth of each, ``(pixels, Z)``."""
    rows, columns = _eighth(size)
    which = np.empty((size // 2 + 1,) * 2, dtype=np.int64)
    which[rows, columns] = which[columns, rows] = np.arange(len(rows))
    away = np.abs(np.arange(size) - size // 2)
    return np.asarray(values.T[:, which[np.ix_(away, away)]])


def _read(radii: Array, values: Array, places: Array, weights: Array) -> Array:
    """Return weighted sums of splines through `values` at groups of radii.

    `radii`, `values`: ``(R,)`` evenly spaced and ``(R, Z)``.
    `places`, `weights`: ``(N, M)``.
    Returns ``(N, Z)``.
    """
    from scipy.interpolate import BSpline, make_interp_spline  # half a second

    spline = make_interp_spline(radii, values, k=_DEGREE)
    basis = BSpline.design_matrix(places.ravel(), spline.t, _DEGREE)
    groups, many = places.shape
    starts = np.arange(groups + 1) * many
    sums = sparse.csr_array(
        (np.ravel(weights), np.arange(groups * many), starts), shape=(groups, groups * many)
    )
    return np.asarray(sums @ basis @ spline.c)


def _in_words(o: MicroscopeOptics) -> str:
    light = [] if o.kind == 'two_photon' else [f'emission {o.wavelength:g} µm']
    if o.kind != 'widefield':
        light.insert(0, f'excitation {o.exciting:g} µm')
    if o.kind == 'confocal':
        light.append(f'pinhole {o.pinhole:g} Airy units')
    model = 'vectorial' if o.is_vectorial else 'scalar'
    kind = o.kind.replace('_', '-')
    return f'{kind} microscope, NA {o.na:g}, n {o.refractive_index:g}, {", ".join(light)}, {model}'


def _remarks(optics: MicroscopeOptics, grid: VoxelGrid, facts: dict[str, Any]) -> list[str]:
    """Return remarks on the light outside of the window, and on the stage."""
    said = []
    if grid.z_step and optics.kind == 'widefield':
        reach = grid.planes // 2 * grid.z_step
        said.append(
            f'every plane of a widefield image holds the same light; haze from more than '
            f'{reach:.3g} µm above or below is not described'
        )
    lost = 1 - facts.get('light_inside', 1.0)
    if lost > plausibility.DIM:
        said.append(f'up to {100 * lost:.0f} % of the light of a plane falls outside of the window')
    if abs(facts['focus']) > 1e-3:
        said.append(
            f'the point, {optics.depth:g} µm below the coverslip, is brightest where the stage '
            f'stands at {facts["focus"]:.2f} µm; that is the middle plane'
        )
    return said
