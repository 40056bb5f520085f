"""What a named degradation is, what it is told, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..declare.fields import Parameter, Parameters
from .planes import Floats


@dataclass(frozen=True, eq=False)
class Simulated:
    """A degraded image, and the truth about it.

    Attributes
    ----------
    image : ndarray
        Degraded; type, axes and intensity units are those of the original.
    truth : ndarray or None
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

    image: NDArray[Any]
    truth: NDArray[Any] | None = None
    kernel: Floats | None = None
    mask: NDArray[np.bool_] | None = None
    noise_map: Floats | None = None
    scale: int = 1
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Conditions:
    """What a degradation needs beside a plane and its parameters.

    Attributes
    ----------
    scene : numpy.random.Generator
        For what all planes of a stack share: kernel, noise map, damage.
    pixels : numpy.random.Generator
        For what differs from plane to plane: noise.
    low, span : float
        Intensity of black, and of white above black, in image units.
    """

    scene: np.random.Generator
    pixels: np.random.Generator
    low: float = 0.0
    span: float = 1.0


@dataclass(frozen=True)
class Simulation:
    """A named degradation.

    Attributes
    ----------
    name, title, help : str
        Identifier in code, name shown to people, and what it does in one line.
    parameters_class : type
        The frozen dataclass that declares its parameters.
    degrade : callable
        From a plane ``(H, W)`` or ``(H, W, 3)`` with black 0 and white 1, the
        parameters and the :class:`Conditions` to a :class:`Simulated` in the same units.
    outputs : tuple of str
        Which of 'kernel', 'mask' and 'noise_map' it gives.
    clips : bool
        It works in [0, 1] only, as files of bytes do.
    """

    name: str
    title: str
    help: str
    parameters_class: type[Parameters]
    degrade: Callable[[Floats, Any, Conditions], Simulated]
    outputs: tuple[str, ...] = ()
    clips: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The declared parameters, in the order in which they are shown."""
        return self.parameters_class.declared()
