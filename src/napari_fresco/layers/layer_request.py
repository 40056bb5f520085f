"""What a panel asks for: everything a worker needs, without widgets, layers or torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..declare.methods import METHODS, Method
from ..types import Task
from .mask_layers import Marked
from .selection import Selection, Space

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Look:
    """How a layer is drawn; results are drawn alike."""

    colormap: Any
    contrast_limits: tuple[float, float]
    gamma: float


@dataclass(frozen=True, eq=False)
class PanelRequest:
    """One restoration, decided on.

    Attributes
    ----------
    method, task : Method, Task
        What to do.
    source : str
        Name of the image layer.
    image : Selection
        The part of it to restore.
    space, look : Space, Look
        Copies of how the layer lies and is drawn, in case it is deleted meanwhile.
    mask : Marked, optional
        Damage.
    kernel : ndarray or str, optional
        Blur kernel, or the method that estimates it first.
    sampled : int or None
        Scale for which the kernel was turned from bicubic to direct sampling.
    sigma : float, Selection or str
        Noise in image units, a map of it, 'auto', or the method that estimates it first.
    variance : bool
        Whether the map holds variances.
    reference : Selection, optional
        The truth to compare with.
    scale : int
        Factor of super-resolution.
    settings : mapping
        Further keywords of :func:`napari_fresco.iterate`.
    parameters : mapping
        Parameters of the method that differ from their defaults.
    """

    method: Method
    task: Task
    source: str
    image: Selection
    space: Space
    look: Look
    mask: Marked | None = None
    kernel: NDArray[Any] | str | None = None
    sampled: int | None = None
    sigma: float | str | Selection = 'auto'
    variance: bool = False
    reference: Selection | None = None
    scale: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name of the result layer."""
        return f'{self.source} [{self._titles}]'

    @property
    def busy_text(self) -> str:
        """What other panels say while this runs."""
        return f'{self._titles} on {self.source}'

    @property
    def _titles(self) -> str:
        first = METHODS.get(self.sigma) if isinstance(self.sigma, str) else None
        return self.method.title if first is None else f'{first.title} + {self.method.title}'

    def arguments(self) -> dict[str, Any]:
        """Load the arrays and return the keywords of :func:`napari_fresco.iterate`."""
        return {
            'image': self.image.load(),
            'axes': self.image.axes,
            'method': self.method.name,
            'task': self.task,
            'mask': None if self.mask is None else self.mask.load(),
            'kernel': self.kernel,
            'sigma': self._sigma(),
            'scale': self.scale,
            **self.settings,
            **self.parameters,
        }

    def _sigma(self) -> Any:
        if not isinstance(self.sigma, Selection):
            return self.sigma
        noise = self.sigma.load_ordered()
        return np.sqrt(np.maximum(noise, 0)) if self.variance else noise
