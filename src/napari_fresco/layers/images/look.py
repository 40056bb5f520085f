"""The look of a layer, for results that are drawn alike."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import napari

_ENUMS = ('blending', 'interpolation2d', 'interpolation3d', 'rendering', 'projection_mode')
_ALL = ('gamma', 'opacity', 'attenuation', *_ENUMS)
_VALUES = ('colormap', 'contrast_limits', 'iso_threshold')
_CUT = ('depiction', 'plane', 'experimental_clipping_planes')
_LETS_SHINE = ('additive', 'minimum', 'multiplicative')


@dataclass(frozen=True, eq=False)
class Look:
    """The look of a layer: a copy, so that the layer may be deleted meanwhile.

    `rgb`: whether it has colours of its own.
    `keywords`: of ``viewer.add_image``.
    `cut`: further ones for a layer on the same grid: the plane and the clipping planes of a volume,
        which lie among its pixels.
    """

    rgb: bool
    keywords: dict[str, Any]
    cut: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, layer: napari.layers.Image) -> Look:
        """Copy the look of `layer`."""
        names = [name for name in (*_ALL, *_VALUES) if hasattr(layer, name)]
        keywords = {name: getattr(layer, name) for name in names}
        for name in _ENUMS:
            if name in keywords:
                keywords[name] = str(getattr(keywords[name], 'value', keywords[name]))
        keywords['contrast_limits'] = tuple(float(x) for x in layer.contrast_limits)
        state = layer.as_layer_data_tuple()[1]
        cut = {name: deepcopy(state[name]) for name in _CUT if name in state}
        return cls(bool(layer.rgb), keywords, cut)

    @property
    def lets_shine(self) -> bool:
        """Whether the source would shine through a result that is drawn alike."""
        return self.keywords.get('blending') in _LETS_SHINE

    def like(self, *, rgb: bool) -> dict[str, Any]:
        """Return layer keywords that draw an image like the source; of gray as colour, the rest."""
        left_out = _VALUES if rgb != self.rgb else ('colormap',) if rgb else ()
        return {name: value for name, value in self.keywords.items() if name not in left_out}
