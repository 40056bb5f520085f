"""The request of a panel: everything a worker needs, without widgets, layers or torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ...declare.method import Method
from ...declare.methods import METHODS
from ...types import Task
from ..images.layer_kinds import MADE_OF
from ..images.look import Look
from ..images.selection import Selection
from ..images.space import Space
from ..masks.whole_damage import whole_damage

if TYPE_CHECKING:
    from ...image.model import Image
    from ..masks.mask_layers import Marked


@dataclass(frozen=True, eq=False)
class PanelRequest:
    """One restoration, decided on.

    `method`, `task`: what to do.
    `source`: name of the image layer.
    `image`: the part of it to restore.
    `space`, `look`: copies of how the layer lies and is drawn, in case it is deleted meanwhile.
    `mask`: damage.
    `kernel`: blur kernel, 'auto', or the method that estimates it first.
    `sampled`: scale for which the kernel was turned from bicubic to direct sampling.
    `sigma`: noise in image units, a map of it, 'auto', or the method that estimates it first.
    `variance`: whether the map holds variances.
    `reference`: the truth to compare with.
    `scale`: factor of super-resolution.
    `settings`: further keywords of :func:`napari_fresco.iterate`.
    `parameters`: parameters of the method that differ from their defaults.
    `source_id`: unique id of the image layer.
    `full_size`: whether the result of a part is given in a copy of the whole layer.
    `filled`: whether what was newly painted is a layer of labels.
    `asked_in`: name of the panel that asked; empty where a script did.
    `titled`: what the result is called beside its source; by default as the method.
    `unseen`: what tells nothing of the noise of the whole layer, such as earlier fills; by default
        its damage.
    """

    method: Method
    task: Task
    source: str
    image: Selection
    space: Space
    look: Look
    mask: Marked | Any = None
    kernel: Any = None
    sampled: int | None = None
    sigma: float | str | Selection | Any = 'auto'
    variance: bool = False
    reference: Selection | None = None
    scale: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source_id: str = ''
    full_size: bool = False
    filled: bool = False
    asked_in: str = ''
    titled: str = ''
    unseen: Any = None

    @property
    def panel(self) -> str:
        """Name of the panel that shows how the run goes: by default that of the method."""
        return self.asked_in or self.method.name

    @property
    def title(self) -> str:
        """Name of the result layer."""
        return f'{self.source} [{self.titled or self.titles}]'

    @property
    def made_of(self) -> dict[str, str]:
        """The metadata by which its layers know the image that they were made of."""
        return {MADE_OF: self.source_id} if self.source_id else {}

    @property
    def busy_text(self) -> str:
        """The message of other panels while this runs."""
        return f'{self.titles} on {self.source}'

    @property
    def titles(self) -> str:
        """Names of the methods that run."""
        first = METHODS.get(self.sigma) if isinstance(self.sigma, str) else None
        return self.method.title if first is None else f'{first.title} + {self.method.title}'

    @property
    def maps_noise(self) -> bool:
        """Whether the noise is given as a map."""
        return not isinstance(self.sigma, str | Real | Mapping)

    def arguments(self) -> dict[str, Any]:
        """Return the keywords of :func:`napari_fresco.iterate`, masks and maps in memory."""
        return {
            'image': self._known(self.image.image()),
            'method': self.method.name,
            'task': self.task,
            'mask': self.mask.image() if hasattr(self.mask, 'image') else self.mask,
            'kernel': self.kernel,
            'sigma': self.noise(),
            'scale': self.scale,
            **self.settings,
            **self.parameters,
            **self._context(),
        }

    def _known(self, image: Image) -> Image:
        """Return the image with what is on record of its own making, if it is a result itself."""
        source = self.image.source
        if source is None or 'finish' not in source.record:
            return image
        return replace(image, metadata={**image.metadata, 'provenance': source.record})

    def _context(self) -> dict[str, Any]:
        """Return the whole that a part is restored like: its intensities and its noise."""
        part = self.image
        if part.is_whole and self.unseen is None:
            return {}
        place = tuple(part.index[axis] for axis in part.leading)
        single = all(s.stop - s.start == 1 for s in place)
        index = {'context_index': tuple(s.start for s in place)} if single and place else {}
        begins = {'context_origin': tuple(s.start for s in part.index)}
        lent = begins if self.settings.get('neighbours') else {}
        whole, unseen = part.whole_image(), self.unseen
        if unseen is None and self.mask is not None:
            unseen = whole_damage(part, self.mask)
        if unseen is not None:
            unseen = unseen if whole.missing is None else unseen | whole.missing
            whole = replace(whole, missing=unseen)
        return {'context': whole, **index, **lent}

    @property
    def is_volume(self) -> bool:
        """Whether volumes are restored as one."""
        return getattr(self.kernel, 'ndim', 2) == 3

    def noise(self) -> Any:
        """Return the noise as :func:`napari_fresco.restore` takes it, a map of it in memory."""
        if not isinstance(self.sigma, Selection):
            return self.sigma
        noise = self.sigma.image()
        if not self.variance:
            return noise
        return replace(noise, data=np.sqrt(np.maximum(np.asarray(noise.data), 0)))
