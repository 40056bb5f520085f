"""The optics of a fluorescence microscope as numbers, with their limits. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal, TypedDict

from ...errors import ParameterError
from ..number_checks import positive

Kind = Literal['widefield', 'confocal', 'two_photon', 'light_sheet']
Model = Literal['auto', 'scalar', 'vectorial']

KINDS = ('widefield', 'confocal', 'two_photon', 'light_sheet')
MODELS = ('auto', 'scalar', 'vectorial')
UNUSED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        'widefield': ('sheet_na', 'pinhole', 'excitation'),
        'confocal': ('sheet_na',),
        'two_photon': ('sheet_na', 'pinhole', 'wavelength'),
        'light_sheet': ('pinhole',),
    }
)
"""Numbers that make no difference to a kind."""
SCANNED = ('confocal', 'two_photon')
"""Kinds whose image is made point after point, so that no pixel averages over its area."""
SCALAR_NA = 0.9
"""Numerical aperture up to which light may be taken for a scalar."""
AIRY_RADIUS = 0.61
"""Radius of the first dark ring in wavelengths over numerical aperture."""
NANOMETRES = 10.0
"""A wavelength in µm above which it was given in nm."""
WIDEST_PINHOLE = 100.0
OIL = 1.515
"""Refractive index of immersion oil."""


class OpticsNumbers(TypedDict, total=False):
    """Further numbers of a microscope, beside its kind, its objective and the emission."""

    model: Model | str
    excitation: float | None
    pinhole: float
    sheet_na: float | None
    sample_index: float | None
    depth: float
    coverslip: float
    coverslip_index: float
    coverslip_design: float
    coverslip_index_design: float
    refractive_index_design: float | None
    working_distance: float


@dataclass(frozen=True)
class MicroscopeOptics:
    """A fluorescence microscope.

    Lengths are in micrometres; the parameters are those of
    :func:`~napari_fresco.physics.kernels.microscope`.

    Raises
    ------
    ParameterError
        When a number is out of range, or one that the kind needs is missing.
    """

    na: float
    wavelength: float
    refractive_index: float = OIL
    kind: Kind | str = 'widefield'
    model: Model | str = 'auto'
    excitation: float | None = None
    pinhole: float = 1.0
    sheet_na: float | None = None
    sample_index: float | None = None
    depth: float = 0.0
    coverslip: float = 170.0
    coverslip_index: float = 1.515
    coverslip_design: float = 170.0
    coverslip_index_design: float = 1.515
    refractive_index_design: float | None = None
    working_distance: float = 150.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, allowed in (('kind', KINDS), ('model', MODELS)):
            if getattr(self, name) not in allowed:
                raise ParameterError(
                    f'{name} = {getattr(self, name)!r} is not offered; choose '
                    f'{", ".join(map(repr, allowed[:-1]))} or {allowed[-1]!r}'
                )
        positive('na', self.na)
        for name in ('wavelength', 'excitation'):
            _check_wavelength(name, getattr(self, name))
        _check_index('refractive_index', self.refractive_index)
        if self.na > self.refractive_index:
            raise ParameterError(
                f'na = {self.na} exceeds refractive_index = {self.refractive_index}; give the '
                'index of the immersion medium (oil 1.515, water 1.33, air 1) or a smaller aperture'
            )
        self._check_layers()
        self._check_kind()

    @property
    def immersion_design(self) -> float:
        """Index of the immersion medium that the objective was made for."""
        return self.refractive_index_design or self.refractive_index

    @property
    def sample(self) -> float:
        """Index of the medium around the emitter."""
        return self.sample_index or self.refractive_index

    @property
    def effective_na(self) -> float:
        """Numerical aperture that light from the sample fills."""
        media = (self.sample, self.refractive_index, self.immersion_design)
        glass = (self.coverslip_index, self.coverslip_index_design)
        return min(self.na, *media, *(glass if self.coverslip or self.coverslip_design else ()))

    @property
    def is_vectorial(self) -> bool:
        """Whether polarisation is reckoned with."""
        return self.model == 'vectorial' or (self.model == 'auto' and self.na > SCALAR_NA)

    @property
    def is_scanned(self) -> bool:
        """Whether the image is made point after point."""
        return self.kind in SCANNED

    @property
    def exciting(self) -> float:
        """Vacuum wavelength of the excitation."""
        return self.excitation or self.wavelength

    @property
    def forming(self) -> tuple[float, ...]:
        """Vacuum wavelengths of the functions whose product the image is."""
        pairs = {
            'confocal': (self.exciting, self.wavelength),
            'two_photon': (self.exciting, self.exciting),
        }
        return pairs.get(self.kind, (self.wavelength,))

    @property
    def pinhole_radius(self) -> float:
        """Radius of the pinhole, projected back into the sample."""
        return self.pinhole * AIRY_RADIUS * self.wavelength / self.na

    @property
    def sheet_waist(self) -> float:
        """Distance from the middle of the light sheet to where it has 1/e² of its intensity."""
        return self.exciting / (math.pi * (self.sheet_na or math.inf))

    @property
    def axial_period(self) -> float:
        """Distance from the focus to the first dark place on the axis, without aberration."""
        n = self.refractive_index
        return max(self.forming) / (n - math.sqrt(n**2 - self.effective_na**2))

    def facts(self) -> dict[str, Any]:
        """Return the numbers that the kind uses, as plain data."""
        unused = UNUSED[self.kind]
        known = {k: v for k, v in asdict(self).items() if v is not None and k not in unused}
        return {**known, 'model': 'vectorial' if self.is_vectorial else 'scalar'}

    def _check_layers(self) -> None:
        indices = ('coverslip_index', 'coverslip_index_design')
        for name in indices:
            _check_index(name, getattr(self, name))
        for name in ('sample_index', 'refractive_index_design'):
            if getattr(self, name) is not None:
                _check_index(name, getattr(self, name))
        lengths = ('depth', 'coverslip', 'coverslip_design', 'working_distance')
        _check_range({name: getattr(self, name) for name in lengths}, 0, 1e5)

    def _check_kind(self) -> None:
        if not (math.isinf(self.pinhole) and self.pinhole > 0):
            _check_range({'pinhole': self.pinhole}, 0, WIDEST_PINHOLE)
        if self.kind == 'two_photon' and self.excitation is None:
            raise ParameterError(
                "kind = 'two_photon' needs excitation, the wavelength of the laser in µm, as 0.92"
            )
        if self.kind == 'light_sheet':
            if self.sheet_na is None:
                raise ParameterError(
                    "kind = 'light_sheet' needs sheet_na, the numerical aperture that makes the "
                    'sheet; for one of half thickness w (to 1/e²) it is excitation / (3.14 w)'
                )
            positive('sheet_na', self.sheet_na)


def _check_wavelength(name: str, value: float | None) -> None:
    if value is None:
        return
    positive(name, value)
    if value > NANOMETRES:
        raise ParameterError(
            f'{name} = {value:g} µm is no light; lengths are in µm, so write '
            f'{name} = {value / 1000:g} for {value:g} nm'
        )


def _check_index(name: str, value: float) -> None:
    _check_range({name: value}, 1, 4)


def _check_range(values: dict[str, float], least: float, most: float) -> None:
    for name, value in values.items():
        if not (isinstance(value, int | float) and least <= value <= most):
            raise ParameterError(f'{name} = {value!r} must be a number from {least:g} to {most:g}')
