"""Adding layers while what the user has selected stays selected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def selection_kept(viewer: Any) -> Iterator[None]:
    """Add layers; what is selected stays so, and the window does not hear of it in between.

    napari selects each new layer, and shows its controls for nothing where the former one is
    selected again at once. Without a selection the new layer is selected, as ever.

    `viewer`: whose layers are added; none may be removed meanwhile.
    """
    selection = viewer.layers.selection
    before = set(selection)
    if not before:
        yield
        return
    with selection.events.blocker_all():
        try:
            yield
        finally:
            if len(before) == 1:
                (selection.active,) = before
            else:
                selection.clear()
                selection.update(before)
