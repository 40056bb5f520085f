"""Parameters that several methods share: noise, camera, boundary, arithmetic, weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .fields import Parameters, param

ByChannel = Mapping[str | int, float | None]
"""A number for each channel, by its name or number; None where it is to be found."""


def uncertainty_param() -> Any:
    """Declare the map of errors, which needs an image and its noise on the grid of the result."""
    return param(
        False,
        'Map the standard deviation of the error, found by restoring simulated noise as well: '
        'twenty times slower.',
        tasks=('denoise',),
        gives=(True, 'uncertainty'),
    )


@dataclass(frozen=True)
class CommonParameters(Parameters):
    """Parameters of every method: the noise model and the blur.

    Where a method does not let the user choose, its answer is a property here.
    """

    noise: str = param(
        'auto',
        'Noise model; "poisson-gaussian" is photon noise with read noise, "auto" takes it for '
        'one-channel images that are denoised, deblurred or enlarged, where no noise level is '
        'given and the noise grows with the intensity.',
        choices=('auto', 'gaussian', 'poisson-gaussian'),
        label='Noise model',
        group='noise',
    )
    gain: float | ByChannel | None = param(
        None,
        'Camera gain of the Poisson-Gaussian model; estimated when empty.',
        unit='image units per photo-electron',
        minimum=1e-12,
        group='noise',
        by_channel=True,
    )
    offset: float | ByChannel | None = param(
        None,
        'Camera offset (dark level); estimated when empty.',
        unit='image units',
        group='noise',
        by_channel=True,
    )
    read_noise: float | ByChannel | None = param(
        None,
        'Standard deviation of the read noise; estimated when empty.',
        unit='image units',
        minimum=0,
        group='noise',
        by_channel=True,
    )
    boundary: str = param(
        'auto',
        'Beyond the border, "circular" repeats the image and "extend" continues it smoothly.',
        choices=('auto', 'circular', 'extend'),
        tasks=('deblur', 'super_resolve'),
        group='degradation',
        goes_with=('kernel', None),
    )
    kernel_position: str = param(
        'auto',
        'Where a given kernel looks: "centred" on its middle pixel, so that pixel s i of the '
        'result lies on pixel i of the image, or "shifted" to the upper left by (s - 1)/2, as '
        'USRNet has it, so that both cover the same field; "auto" follows its centre of mass.',
        choices=('auto', 'centred', 'shifted'),
        tasks=('super_resolve',),
        group='degradation',
        goes_with=('kernel', True),
    )

    @property
    def precision(self) -> str:
        """Arithmetic of the networks."""
        return 'float32'

    @property
    def ensemble(self) -> bool:
        """Whether the eight turns and flips are averaged: not where the result is random."""
        return False

    @property
    def uncertainty(self) -> bool:
        """Whether the error is mapped: not where every repetition takes minutes."""
        return False

    @property
    def assume(self) -> str:
        """The blur where no kernel is given."""
        return 'bicubic'


@dataclass(frozen=True)
class ArithmeticParameters(CommonParameters):
    """Parameters of every method that has a network."""

    precision: str = param(
        'auto',
        'Arithmetic of the networks: "auto" takes bfloat16 where that is fast and noise or the '
        'error of fills hides its rounding; "int8" rounds DRUNet more where noise is strong, on '
        'processors with VNNI: faster, up to 0.05 dB less.',
        choices=('auto', 'float32', 'bfloat16', 'int8'),
        group='advanced',
    )


@dataclass(frozen=True)
class DeterministicParameters(ArithmeticParameters):
    """Parameters of every method that gives the same result each time."""

    ensemble: bool = param(
        False,
        'Average over the eight turns and flips and map their spread: slightly better, eight '
        'times slower.',
        gives=(True, 'spread'),
        group='advanced',
    )


@dataclass(frozen=True)
class NetworkParameters(DeterministicParameters):
    """A method that is one trained network."""

    model: str = param('auto', 'Weights: a registry name, a file, or "auto" for the bundled ones.')
