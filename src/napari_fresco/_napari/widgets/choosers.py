"""Drop-down lists: of layers, which follow the viewer and hold no layer alive, and of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from qtpy.QtWidgets import QComboBox

from ...errors import FrescoError
from ...layers.images.identity import key_of, with_key
from ...layers.images.named_layers import is_layer, kind_of
from .listeners import Listeners

if TYPE_CHECKING:
    import napari

Accepts = Callable[['napari.layers.Layer'], bool]


class LayerChooser(ComboBox):
    """A list of the layers of a viewer that `accepts` lets through, the newest first.

    `viewer`: whose layers are offered.
    `accepts`: says whether a layer is offered.
    `name`, `label`, `tooltip`: as magicgui has them.
    `others`: entries that stand for no layer, and their values, the default first; without them a
        layer is always chosen while there is one.
    `adopt`: makes a layer of what is set and is none, such as an array.
    `describe`: returns how a layer is called in the list; its name by default.
    `prefers`: says whether a layer may be chosen unasked, as long as there is such a one.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        accepts: Accepts,
        name: str,
        label: str,
        *,
        tooltip: str,
        others: Mapping[str, Any] | None = None,
        adopt: Callable[[Any], napari.layers.Layer] | None = None,
        describe: Callable[[napari.layers.Layer], str] = lambda layer: str(layer.name),
        prefers: Accepts = lambda layer: True,
    ) -> None:
        self._viewer, self._accepts, self._adopt = viewer, accepts, adopt
        self._prefers = prefers
        self._describe = describe
        self._others = dict(others or {})
        super().__init__(name=name, label=label, tooltip=tooltip, nullable=True)
        listeners = Listeners(self.native)
        for event in ('inserted', 'removed', 'reordered', 'renamed'):
            listeners.listen(getattr(viewer.layers.events, event), self.reset_choices)

    @property
    def value(self) -> Any:
        """The chosen layer, the value of another entry, or None."""
        chosen = self._box.currentData()
        if chosen in self._others:
            return self._others[chosen]
        return with_key(self._viewer.layers, chosen)

    @value.setter
    def value(self, value: Any) -> None:
        if isinstance(value, str) and value in self._viewer.layers:
            value = self._viewer.layers[value]
        key = self._entry(value) if value is None or isinstance(value, str) else None
        if key is None and value is not None and not hasattr(value, 'unique_id') and self._adopt:
            value = self._adopt(value)
        place = self._box.findData(key or (key_of(value) if hasattr(value, 'unique_id') else None))
        if place < 0 and value is not None:
            offered = [self._box.itemText(i) for i in range(self._box.count())]
            own = self._told(value) if is_layer(value) else ''
            raise FrescoError(
                f'{self.label}: {getattr(value, "name", value)!r}{own} is not on offer; choose one '
                f'of {", ".join(offered) or "no layers: open one first"}'
            )
        self._box.setCurrentIndex(place)

    @property
    def text(self) -> str:
        """The chosen entry, as it is shown."""
        return str(self._box.currentText())

    def offers(self, layer: Any) -> bool:
        """Say whether `layer` is on the list."""
        return layer is not None and self._box.findData(key_of(layer)) >= 0

    def suggest(self, suits: Accepts, or_the_only: bool = True) -> None:
        """Where no layer is chosen yet, choose the newest that `suits`, else the only one."""
        self.reset_choices()
        if self.value is not None:
            return
        suitable = [layer for layer in self._viewer.layers if suits(layer)]
        if suitable:
            self.value = suitable[-1]
        elif or_the_only and self._box.count() == 1 + len(self._others):
            self._box.setCurrentIndex(self._box.count() - 1)

    def reset_choices(self, *_: Any) -> None:
        """Read the layers of the viewer again, keeping the choice where it still exists."""
        box, chosen = self._box, self._box.currentData()
        box.blockSignals(True)
        box.clear()
        for text in self._others:
            box.addItem(text, text)
        for layer in reversed(self._viewer.layers):
            if self._accepts(layer):
                box.addItem(self._describe(layer), key_of(layer))
        place = box.findData(chosen) if chosen is not None else -1
        box.setCurrentIndex(self._place_unasked() if place < 0 else place)
        box.blockSignals(False)
        if box.currentData() != chosen:
            self.changed.emit(self.value)

    def _told(self, layer: Any) -> str:
        """Return why a layer is not on the list, as far as that is known."""
        if with_key(self._viewer.layers, key_of(layer)) is None:
            return ', which is in another viewer or in none,'
        return f', a layer of {kind_of(layer)},'

    def _place_unasked(self) -> int:
        """Return the place of the first entry, or of the first layer that is preferred; else -1."""
        if self._others or not self._box.count():
            return min(0, self._box.count() - 1)
        offered = (layer for layer in reversed(self._viewer.layers) if self._accepts(layer))
        return next((i for i, layer in enumerate(offered) if self._prefers(layer)), 0)

    def _entry(self, value: str | None) -> str | None:
        """Return which entry that is no layer is called `value`, or stands for it."""
        return next((text for text, other in self._others.items() if value in (text, other)), None)

    @property
    def _box(self) -> QComboBox:
        box: QComboBox = self.native
        return box

    def _on_value_change(self, value: Any = None) -> None:
        self.changed.emit(self.value)


class WordList(ComboBox):
    """A drop-down list of values, each shown as a word.

    `name`, `label`, `tooltip`: as magicgui has them.
    `words`: the values and their words.
    """

    def __init__(self, name: str, label: str, words: Mapping[Any, str], tooltip: str) -> None:
        choices = [(word, value) for value, word in words.items()]
        super().__init__(name=name, label=label, tooltip=tooltip, choices=choices)
        self.is_decided = False
        """Whether a user or a script has chosen, so that nothing is suggested any more."""
        self.native.activated.connect(self._on_activated)

    @property
    def value(self) -> Any:
        """The chosen value."""
        return self.get_value()

    @value.setter
    def value(self, value: Any) -> None:
        if value not in self.choices:
            offered = ', '.join(map(repr, self.choices))
            raise FrescoError(f'{self.label}: {value!r} is not on offer; choose one of {offered}')
        self.is_decided = True
        self.set_value(value)

    def offer(self, words: Mapping[Any, str]) -> None:
        """Offer other values; the present one stays where it is among them."""
        self.choices = self._default_choices = [(word, value) for value, word in words.items()]

    def suggest(self, value: Any) -> None:
        """Choose a value unless one has been chosen."""
        if not self.is_decided:
            self.set_value(value)

    def _on_activated(self, index: int) -> None:
        self.is_decided = True
