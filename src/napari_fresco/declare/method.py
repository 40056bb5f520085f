"""What a method is, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..types import Kind, Task
from .fields import Parameter, Parameters


@dataclass(frozen=True)
class Method:
    """A restoration method as data; see :mod:`napari_fresco.declare.methods`.

    Attributes
    ----------
    name, title : str
        Identifier in code and name shown to people.
    tasks : tuple of Task
        What the method can be asked to do; the first is the default.
    blind : bool
        True when the method needs neither noise level nor kernel.
    needs : mapping of Task to tuple of str
        Inputs without which a task cannot run: 'mask', 'kernel'.
    outputs : tuple of str
        Subset of 'image', 'variance', 'kernel', 'uncertainty', 'latent'.
    kind : Kind
        How far the result can be trusted as a measurement.
    citation : str
        Reference of the method.
    parameters_class : type
        The frozen dataclass that declares its parameters.
    solver : str
        ``'module:function'``, imported when a restoration starts.
    downsampling : {'bicubic', 'lanczos2', 'unknown'}
        What super-resolution inverts when no kernel is given; a method for
        which it is 'unknown' takes no kernel.
    scales : tuple of int
        Factors of super-resolution.
    """

    name: str
    title: str
    summary: str
    tasks: tuple[Task, ...]
    blind: bool
    needs: Mapping[Task, tuple[str, ...]]
    outputs: tuple[str, ...]
    kind: Kind
    citation: str
    parameters_class: type[Parameters]
    solver: str
    downsampling: Literal['bicubic', 'lanczos2', 'unknown'] = 'bicubic'
    scales: tuple[int, ...] = (2, 3, 4, 5, 6, 7, 8)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The declared parameters, in the order in which they are shown."""
        return self.parameters_class.declared()
