"""Point spread functions of microscopes, from their optics. No torch."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Unpack, overload

import numpy as np
from numpy.typing import NDArray

from ...declare.names import unknown
from ...errors import ParameterError
from .kernel import Kernel
from .microscope_optics import OIL, Kind, MicroscopeOptics, OpticsNumbers
from .plane_values import PlaneValues
from .point_spread import VoxelGrid, point_spread

_NO_NUMBERS = ('optics', 'return')


@overload
def microscope(
    na: float,
    wavelength: float,
    pixel_size: float,
    refractive_index: float | None = ...,
    defocus: float = ...,
    size: int | None = ...,
    kind: Kind | str = ...,
    *,
    z_step: None = ...,
    planes: None = ...,
    integrate: bool | None = ...,
    **optics: Unpack[OpticsNumbers],
) -> NDArray[np.float64]: ...


@overload
def microscope(
    na: float,
    wavelength: float,
    pixel_size: float,
    refractive_index: float | None = ...,
    defocus: float = ...,
    size: int | None = ...,
    kind: Kind | str = ...,
    *,
    z_step: float,
    planes: int | None = ...,
    integrate: bool | None = ...,
    **optics: Unpack[OpticsNumbers],
) -> Kernel: ...


def microscope(
    na: float,
    wavelength: float,
    pixel_size: float,
    refractive_index: float | None = None,
    defocus: float = 0.0,
    size: int | None = None,
    kind: Kind | str = 'widefield',
    *,
    z_step: float | None = None,
    planes: int | None = None,
    integrate: bool | None = None,
    **optics: Unpack[OpticsNumbers],
) -> NDArray[np.float64] | Kernel:
    r"""Make the point spread function of a fluorescence microscope, of a plane or a volume.

    The scalar model is Gibson and Lanni's: with the phase W that layers of other thickness or
    index than the objective was made for add,

    .. math:: h(r, d) = \left| \int_0^1 J_0(k\,\mathrm{NA}\,r\rho)\, e^{ikW(\rho, d)}
              \rho\,d\rho \right|^2, \quad k = 2\pi/\lambda.

    In focus and without aberration this is the Airy pattern, whose full width at half maximum is
    :math:`0.51\,\lambda/\mathrm{NA}`. The vectorial one is Richards and Wolf's for dipoles that
    turn freely, :math:`h = |I_0|^2 + 2|I_1|^2 + |I_2|^2`, with the same phase; at NA 1.4 it is
    10 % wider. A confocal image is :math:`h_{ex}\,(h_{em} * \text{pinhole})`, a two-photon one
    :math:`h_{ex}^2`, a light sheet multiplies by :math:`e^{-2z^2/w^2}` with
    :math:`w = \lambda_{ex}/(\pi\,\mathrm{NA}_{sheet})`.

    Parameters
    ----------
    na : float
        Numerical aperture, at most `refractive_index`.
    wavelength, pixel_size : float
        Vacuum wavelength of the emission and pixel pitch in the sample, in µm like all lengths.
    refractive_index : float, optional
        Index of the immersion medium (oil 1.515, water 1.33, air 1). By default that of oil is
        assumed, which the kernel remembers; a restoration of a volume with it says so.
    defocus : float
        Distance in µm of the (middle) plane from the brightest one; positive is deeper.
    size : int, optional
        Odd number of pixels; by default five Airy radii and, of camera images, the defocused
        cone on either side, at most 255 pixels in all.
    kind : {'widefield', 'confocal', 'two_photon', 'light_sheet'}
        What the microscope is.
    z_step : float, optional
        Distance of the planes of a volume, as the stage moves; without it a plane is made.
    planes : int, optional
        Odd number of planes; by default a few depths of focus on either side.
    integrate : bool, optional
        Average over the area of a pixel: by default True for cameras, False where points are
        scanned (say True where these were binned).
    model : {'auto', 'scalar', 'vectorial'}
        'auto': vectorial above NA 0.9.
    excitation : float, optional
        Vacuum wavelength of the excitation; by default that of the emission. Two photons need it.
    pinhole : float
        Diameter of the confocal pinhole in Airy units, 1.22 `wavelength` / `na`: 0 for a closed
        one, ``numpy.inf`` for none.
    sheet_na : float
        Numerical aperture that makes the light sheet, seen at its waist.
    sample_index : float, optional
        Index around the emitter; by default that of the immersion.
    depth : float
        Distance of the emitter from the coverslip in µm.
    coverslip, coverslip_index, coverslip_design, coverslip_index_design : float
        Thickness in µm and index of the coverslip, as it is and as the objective was made for;
        0 and 0 for a dipping objective.
    refractive_index_design : float, optional
        Immersion that the objective was made for; by default `refractive_index`.
    working_distance : float
        Thickness in µm of the immersion that the objective was made for; it matters only where
        the immersion has another index.

    Returns
    -------
    ndarray or Kernel
        A plane as float64 array of sum 1, which keeps its spacing and numbers for whoever takes it
        as a kernel. A volume, ``(planes, size, size)``, as :class:`Kernel` with spacing in µm,
        doubts in words (`warnings`, `notes`) and all numbers (`metadata`); its middle plane is the
        brightest, and ``metadata['focus']`` says at which stage position that is, from where the
        light of a point at the coverslip would focus. ``metadata['assumed']`` names numbers that
        nobody told.

    Raises
    ------
    ParameterError
        When a number is out of range, a needed one is missing, a length is not in µm, or a pixel
        is larger than :math:`\lambda/\mathrm{NA}`.

    Warns
    -----
    UserWarning
        For a plane, which has no place for them: what a volume has as `warnings`, such as pixels
        larger than :math:`\lambda/(4\mathrm{NA})`.

    References
    ----------
    S. F. Gibson, F. Lanni, "Experimental test of an analytical model of aberration in an
    oil-immersion objective lens", J. Opt. Soc. Am. A 9, 1992. B. Richards, E. Wolf,
    "Electromagnetic diffraction in optical systems II", Proc. R. Soc. A 253, 1959. P. Török,
    P. Varga et al., J. Opt. Soc. Am. A 12, 1995 (layers).
    """
    if strange := [name for name in optics if name not in OpticsNumbers.__annotations__]:
        known = [*microscope.__annotations__, *OpticsNumbers.__annotations__]
        raise ParameterError(unknown(strange[0], [n for n in known if n not in _NO_NUMBERS]))
    index = OIL if refractive_index is None else refractive_index
    numbers = MicroscopeOptics(na, wavelength, index, kind, **optics)
    grid = VoxelGrid.of(numbers, pixel_size, size, z_step, planes, defocus)
    kernel = point_spread(numbers, grid, integrate)
    if refractive_index is None:
        kernel = replace(kernel, metadata={**kernel.metadata, 'assumed': ['refractive_index']})
    if z_step is not None:
        return kernel
    for said in kernel.warnings:
        warnings.warn(said, stacklevel=2)
    return PlaneValues.of(replace(kernel, warnings=()))
