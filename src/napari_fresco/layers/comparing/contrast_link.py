"""Layers that are drawn with one contrast, however it is changed."""

from __future__ import annotations

from typing import Any

from ..images.identity import key_of

_SHARED = ('contrast_limits', 'gamma')


class ContrastLink:
    """Ties the contrast of gray layers together; colours have none.

    `viewer`: whose layers they are.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._tied: list[str] = []

    @property
    def is_tied(self) -> bool:
        """Whether layers share their contrast."""
        return len(self._layers()) > 1

    def tie(self, *layers: Any) -> None:
        """Draw layers with the contrast of the first one, from now on."""
        self.loosen()
        first, *others = [layer for layer in layers if not layer.rgb] or [None]
        for other in others:
            other.contrast_limits_range = first.contrast_limits_range
            other.contrast_limits, other.gamma = first.contrast_limits, first.gamma
        if others:
            self._viewer.layers.link_layers([first, *others], _SHARED)
            self._tied = [key_of(layer) for layer in (first, *others)]

    def loosen(self) -> None:
        """Let each layer have its own contrast again."""
        layers = self._layers()
        if len(layers) > 1:
            self._viewer.layers.unlink_layers(layers, _SHARED)
        self._tied = []

    def _layers(self) -> list[Any]:
        return [layer for layer in self._viewer.layers if key_of(layer) in self._tied]
