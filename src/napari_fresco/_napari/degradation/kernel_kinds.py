"""The kinds of blur kernel that can be made from numbers, declared like methods are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...declare.fields import Parameters, param
from ...physics import kernels
from ...physics.kernels import microscope_optics as optics
from ...physics.kernels.point_spread import VoxelGrid, point_spread

_ANGLE = 'Direction, anticlockwise from the horizontal.'


@dataclass(frozen=True)
class Gaussian(Parameters):
    """A Gaussian, round or elongated."""

    sigma: float = param(1.5, 'Standard deviation.', unit='px', minimum=0.1, maximum=50, label='σ')
    sigma_y: float | None = param(
        None,
        'Standard deviation across; empty for a round one.',
        unit='px',
        minimum=0.1,
        label='σ across',
    )
    angle: float = param(0.0, _ANGLE, unit='°', minimum=-180, maximum=180)


@dataclass(frozen=True)
class Motion(Parameters):
    """A straight, uniform motion during the exposure."""

    length: float = param(9.0, 'Distance travelled.', unit='px', minimum=1, maximum=200)
    angle: float = param(0.0, _ANGLE, unit='°', minimum=-180, maximum=180)


@dataclass(frozen=True)
class Disk(Parameters):
    """A lens out of focus, without diffraction."""

    radius: float = param(3.0, 'Radius of the blur circle.', unit='px', minimum=0.5, maximum=100)


@dataclass(frozen=True)
class Microscope(Parameters):
    """A fluorescence microscope."""

    kind: str = param('widefield', 'Type of microscope.', choices=optics.KINDS, label='Mode')
    na: float = param(
        1.4, 'Numerical aperture of the objective.', minimum=0.02, maximum=1.7, label='NA'
    )
    refractive_index: float = param(
        1.515,
        'Immersion medium: oil 1.515, glycerol 1.47, water 1.33, air 1.',
        minimum=1,
        maximum=2,
        label='Refr. index',
    )
    wavelength: float = param(
        0.52, 'Vacuum wavelength of the emission.', unit='µm', minimum=0.2, maximum=2,
        label='Emission',
    )  # fmt: skip
    excitation: float | None = param(
        None, 'Vacuum wavelength of the excitation; two photons: that of the laser.', unit='µm',
        minimum=0.2, maximum=2,
    )  # fmt: skip
    pinhole: float = param(
        1.0, 'Diameter of the pinhole; 0 for a closed one.', unit='Airy', minimum=0, maximum=100
    )
    sheet_na: float | None = param(
        0.06, 'Numerical aperture that makes the light sheet.', minimum=0.001, maximum=1,
        label='NA of sheet',
    )  # fmt: skip
    pixel_size: float = param(
        0.065, 'Pixel size in the sample.', unit='µm', minimum=0.001, maximum=100
    )
    z_step: float | None = param(
        None,
        'Distance of the planes of a volume, as the stage moves; empty for the kernel of a plane.',
        unit='µm', minimum=0.001, maximum=100, label='Z step',
    )  # fmt: skip
    planes: int | None = param(
        None, 'Odd number of planes; empty: a few depths of focus.', minimum=1, maximum=255
    )
    size: int | None = param(
        None, 'Odd number of pixels along Y and X; empty: what the blur needs.', unit='px',
        minimum=3, maximum=255, label='Size',
    )  # fmt: skip
    defocus: float = param(
        0.0, 'Distance of the plane, or the middle one, from the brightest.', unit='µm',
        minimum=-50, maximum=50,
    )  # fmt: skip
    sample_index: float | None = param(
        None, 'Refractive index around the structures; empty: that of the immersion.', minimum=1,
        maximum=2, label='Sample index',
    )  # fmt: skip
    depth: float = param(
        0.0, 'Depth of the structures below the coverslip.', unit='µm', minimum=0, maximum=1000
    )
    coverslip: float = param(
        170.0, 'Thickness of the coverslip; objectives are made for 170.', unit='µm', minimum=0,
        maximum=2000,
    )  # fmt: skip
    model: str = param(
        'auto', 'Scalar (Gibson-Lanni) or vectorial light; auto: vectorial above NA 0.9.',
        choices=optics.MODELS,
    )  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One kind of kernel: its title, its parameters, and the function that makes it."""

    title: str
    parameters: type[Parameters]
    make: Callable[..., Any]


def microscope_kernel(
    pixel_size: float,
    size: int | None,
    z_step: float | None,
    planes: int | None,
    defocus: float,
    **numbers: Any,
) -> kernels.Kernel:
    """Return the point spread function of a microscope with its doubts and numbers."""
    planes = planes if z_step else None
    setup = optics.MicroscopeOptics(**numbers)
    grid = VoxelGrid.of(setup, pixel_size, size, z_step, planes, defocus)
    return point_spread(setup, grid)


def unused(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the numbers of a microscope that make no difference beside the others."""
    return (
        *optics.UNUSED[values['kind']],
        *(() if values['z_step'] else ('planes',)),
    )


KINDS: Mapping[str, Kind] = {
    kind.title: kind
    for kind in (
        Kind('Gaussian', Gaussian, kernels.gaussian),
        Kind('Motion', Motion, kernels.motion),
        Kind('Disk (defocus)', Disk, kernels.disk),
        Kind('Microscope', Microscope, microscope_kernel),
    )
}


def make(kind: Kind, values: Mapping[str, Any]) -> kernels.Kernel:
    """Make a kernel, with its numbers and the doubts about them."""
    made = kind.make(**values)
    if isinstance(made, kernels.Kernel):
        return made
    numbers = {name: value for name, value in values.items() if value is not None}
    return kernels.Kernel(made, source=kind.title, metadata={'kind': kind.title, **numbers})
