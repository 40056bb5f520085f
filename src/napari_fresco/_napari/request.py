"""What a panel asks for: everything a worker needs, without widgets, layers or torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..method import Method
from ..types import Task
from .layers import Selection, Space
from .masks import Marked

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
    kernel : ndarray, optional
        Blur kernel.
    sigma : float, Selection or 'auto'
        Noise in image units, a map of it, or that it is to be estimated.
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
    kernel: NDArray[Any] | None = None
    sigma: float | str | Selection = 'auto'
    reference: Selection | None = None
    scale: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name of the result layer."""
        return f'{self.source} [{self.method.title}]'

    @property
    def busy_text(self) -> str:
        """What other panels say while this runs."""
        return f'{self.method.title} on {self.source}'

    def arguments(self) -> dict[str, Any]:
        """Load the arrays and return the keywords of :func:`napari_fresco.iterate`."""
        sigma = self.sigma.load_ordered() if isinstance(self.sigma, Selection) else self.sigma
        return {
            'image': self.image.load(),
            'axes': self.image.axes,
            'method': self.method.name,
            'task': self.task,
            'mask': None if self.mask is None else self.mask.load(),
            'kernel': self.kernel,
            'sigma': sigma,
            'scale': self.scale,
            **self.settings,
            **self.parameters,
        }
