"""The kinds of blur kernel that can be made from numbers, declared like methods are."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..declare.fields import Parameters, param
from ..physics import kernels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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

    na: float = param(
        1.4, 'Numerical aperture of the objective.', minimum=0.02, maximum=1.7, label='NA'
    )
    wavelength: float = param(
        0.52, 'Vacuum wavelength of the emission.', unit='µm', minimum=0.2, maximum=2
    )
    pixel_size: float = param(
        0.065, 'Pixel size in the sample.', unit='µm', minimum=0.001, maximum=100
    )
    refractive_index: float = param(
        1.515,
        'Immersion medium: oil 1.515, water 1.33, air 1.',
        minimum=1,
        maximum=2,
        label='Refr. index',
    )
    defocus: float = param(
        0.0, 'Distance from the focal plane.', unit='µm', minimum=-50, maximum=50
    )
    kind: str = param(
        'widefield', 'Type of microscope.', choices=('widefield', 'confocal'), label='Mode'
    )


@dataclass(frozen=True)
class Kind:
    """One kind of kernel: its name for people, its numbers, and what makes it."""

    title: str
    parameters: type[Parameters]
    make: Callable[..., NDArray[np.float64]]


KINDS: Mapping[str, Kind] = {
    kind.title: kind
    for kind in (
        Kind('Gaussian', Gaussian, kernels.gaussian),
        Kind('Motion', Motion, kernels.motion),
        Kind('Disk (defocus)', Disk, kernels.disk),
        Kind('Microscope', Microscope, kernels.microscope),
    )
}


def make(kind: Kind, values: Mapping[str, Any]) -> tuple[NDArray[np.float64], str]:
    """Make a kernel; return it with a warning in words, or nothing to warn of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        kernel = kind.make(**values)
    return kernel, '; '.join(str(warning.message) for warning in caught)
