"""The named degradations, as data. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..brief import Brief
from ..declare.fields import Parameter, Parameters
from ..declare.names import spelled, unknown
from ..errors import MethodError
from . import declarations

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class Simulated(Brief):
    """A degraded image, and the truth about it.

    Attributes
    ----------
    image : ndarray or Image
        Degraded; type, axes and intensity units are those of the original, and it is an
        Image where the original is one.
    truth : ndarray, Image or None
        What a perfect restoration would give: the original, cropped to multiples
        of `scale` or as the degradation changes its target. None only while
        a plane is being degraded: its original.
    kernel : ndarray or None
        Blur kernel, sums to 1; ``record['kernel']`` says what sampling it goes with.
    mask : ndarray of bool or None
        True where damaged: stack axes, rows, columns.
    noise_map : ndarray or None
        Standard deviation of the noise in image units: stack axes, rows, columns.
    scale : int
        How many times fewer rows and columns the image has than the truth.
    record : mapping
        How it was made, ready for JSON.
    """

    image: Any
    truth: Any = None
    kernel: Array | None = None
    mask: NDArray[np.bool_] | None = None
    noise_map: Array | None = None
    scale: int = 1
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Simulation:
    """A named degradation.

    Attributes
    ----------
    name, title, help : str
        Identifier in code, name shown to people, and what it does in one line.
    parameters_class : type
        The frozen dataclass that declares its parameters.
    outputs : tuple of str
        Which of 'kernel', 'mask' and 'noise_map' it gives.
    clips : bool
        It works in [0, 1] only, as files of bytes do.
    """

    name: str
    title: str
    help: str
    parameters_class: type[Parameters]
    outputs: tuple[str, ...] = ()
    clips: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The declared parameters, in the order in which they are shown."""
        return self.parameters_class.declared()


_ALL = (
    Simulation(
        'gaussian_noise', 'Gaussian noise', 'White noise of one level.', declarations.GaussianNoise
    ),
    Simulation(
        'noise_map',
        'Noise map',
        'White noise of a level that varies over the image, as VIRNet is trained and tested with.',
        declarations.NoiseMap,
        ('noise_map',),
    ),
    Simulation(
        'camera_noise',
        'Camera noise',
        'Photon noise and read noise of a camera.',
        declarations.PhotonNoise,
        ('noise_map',),
    ),
    Simulation(
        'salt_and_pepper',
        'Salt and pepper',
        'Single pixels turned black or white.',
        declarations.SaltAndPepper,
        ('mask',),
    ),
    Simulation(
        'classical',
        'Blur, decimation and noise',
        'The model of DPIR and USRNet: blur, keep the upper left pixel of every cell, add noise.',
        declarations.Classical,
        ('kernel',),
    ),
    Simulation(
        'virnet',
        'Gaussian blur and bicubic',
        'The model of VIRNet: blur by a Gaussian, shrink bicubically, add noise.',
        declarations.Virnet,
        ('kernel',),
    ),
    Simulation(
        'bicubic', 'Bicubic downsampling', "MATLAB's antialiased imresize.", declarations.Bicubic
    ),
    Simulation('jpeg', 'JPEG', 'JPEG compression.', declarations.Jpeg, clips=True),
    Simulation(
        'bsrgan',
        'BSRGAN',
        'Blur, downsampling, noise, camera and JPEG in random order.',
        declarations.Bsrgan,
        clips=True,
    ),
    Simulation(
        'bsrgan_plus',
        'BSRGAN plus',
        'Two rounds of blur, resizing, four kinds of noise and JPEG, in random order.',
        declarations.BsrganPlus,
        clips=True,
    ),
    Simulation(
        'scunet',
        'Mixed noise (after SCUNet)',
        'Two rounds of Gaussian, speckle, photon and camera noise and JPEG; a substitute, for '
        'the pipeline of SCUNet was never published.',
        declarations.Scunet,
        clips=True,
    ),
    Simulation(
        'mosaic',
        'Colour mosaic',
        'One colour per pixel, as a camera records it; takes RGB.',
        declarations.ColourMosaic,
    ),
    Simulation('lines', 'Lines', 'Horizontal lines are lost.', declarations.Lines, ('mask',)),
    Simulation(
        'grid', 'Grid', 'Horizontal and vertical lines are lost.', declarations.Lines, ('mask',)
    ),
    Simulation('text', 'Text', 'Words are printed over it.', declarations.Text, ('mask',)),
    Simulation(
        'craquelure',
        'Craquelure',
        'A network of cracks, as in aged paint.',
        declarations.Craquelure,
        ('mask',),
    ),
    Simulation(
        'flakes',
        'Flake losses',
        'Rounded patches of paint have fallen off.',
        declarations.Flakes,
        ('mask',),
    ),
)

DEGRADATIONS: Mapping[str, Simulation] = MappingProxyType({each.name: each for each in _ALL})
"""Every named degradation, by name."""


def find_degradation(name: str) -> Simulation:
    """Return the degradation called `name`.

    Raises
    ------
    MethodError
        When there is none; the message lists them.
    """
    if spelled(name) in DEGRADATIONS:
        return DEGRADATIONS[spelled(name)]
    raise MethodError(unknown(name, DEGRADATIONS, 'degradation'))
