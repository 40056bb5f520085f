"""The layers and the class that are chosen in the panel on masks of damage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import napari

    from ...damage.classes import DamageClass


@dataclass(frozen=True)
class MaskChoice:
    """The layers and the class that are chosen, asked when they are needed.

    `viewer`: whose layers they are.
    `image`: returns the chosen image layer, or None.
    `mask`: returns the chosen mask, or None.
    `editable_mask`: returns it as labels; a new one where there is none.
    `kind`: returns the class that what is marked gets.
    """

    viewer: napari.viewer.Viewer
    image: Callable[[], Any]
    mask: Callable[[], Any]
    editable_mask: Callable[[], Any]
    kind: Callable[[], DamageClass]
