"""The noise of the image: estimated, given as a number, or as a map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from magicgui.widgets.bases import ValueWidget
from psygnal import Signal
from qtpy.QtWidgets import QPushButton

from ..declare.fields import Parameter
from ..layers.layer_kinds import VARIANCE, may_be_noise
from .choosers import LayerChooser, WordList
from .form import Section, note
from .rows import Number

if TYPE_CHECKING:
    import napari

AUTO, VALUE, MAP = 'Automatic', 'Number', 'Map layer'
CAMERA_MODEL = 'poisson-gaussian'
_CAMERA = ('gain', 'offset', 'read_noise')


class NoiseLevel:
    """The noise level as one value: ``'auto'``, a number in image units, or a map layer."""

    changed = Signal(object)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self.mode = WordList(
            'sigma_from', 'Noise σ', {word: word for word in (AUTO, VALUE, MAP)}, _SIGMA_HELP
        )
        self.number = Number(
            _SIGMA, name='sigma_number', label='σ (image units)', tooltip=_SIGMA_HELP
        )
        self.map = LayerChooser(viewer, may_be_noise, 'sigma_map', 'σ map', tooltip=_MAP_HELP)
        for widget in (self.mode, self.number, self.map):
            widget.changed.connect(self._on_changed)

    @property
    def value(self) -> Any:
        """What is chosen; None where a map is wanted and there is none.

        Raises
        ------
        ParameterError
            When the number is none.
        """
        mode = self.mode.value
        if mode == AUTO:
            return 'auto'
        return self.number.value if mode == VALUE else self.map.value

    @value.setter
    def value(self, value: Any) -> None:
        if isinstance(value, str) and value == 'auto':
            self.mode.value = AUTO
        elif hasattr(value, 'unique_id'):
            self.map.value = value
            self.mode.value = MAP
        else:
            self.number.value = value
            self.mode.value = VALUE

    def _on_changed(self) -> None:
        self.changed.emit(self)


class NoiseSection(Section):
    """Noise level and noise model.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose layers may be noise maps.
    rows : mapping of str to ValueWidget
        Rows of the parameters of the group 'noise'.
    """

    def __init__(self, viewer: napari.viewer.Viewer, rows: Mapping[str, ValueWidget[Any]]) -> None:
        super().__init__('Noise')
        self.level = NoiseLevel(viewer)
        self._model = rows.get('noise')
        self._camera = [name for name in _CAMERA if name in rows]
        self.estimate_button = QPushButton('Estimate')
        self.estimate_button.setToolTip('Estimate the noise of the chosen image now')
        self.add(self.level.mode, self.estimate_button)
        self.add(self.level.number)
        self.add(self.level.map)
        self._root = self.add_text(note('A variance map: its square root is taken as σ.'))
        for row in rows.values():
            self.add(row)
        self.refresh()

    @property
    def sigma(self) -> Any:
        """The number, ``'auto'``, or the map layer (None while there is none)."""
        return 'auto' if self.told_by_camera else self.level.value

    @property
    def told_by_camera(self) -> bool:
        """Whether gain, offset and read noise tell the noise level."""
        return self._model is not None and self._model.value == CAMERA_MODEL

    @property
    def hidden(self) -> tuple[str, ...]:
        """Parameters that are not shown, and so must not count."""
        return () if self.told_by_camera else _CAMERA

    @property
    def holds_variance(self) -> bool:
        """Whether the map holds variances, whose square root is the noise."""
        chosen = not self.told_by_camera and self.level.mode.value == MAP
        return chosen and VARIANCE in getattr(self.level.map.value, 'metadata', ())

    def refresh(self) -> None:
        """Show the fields that the present choices need."""
        camera = self.told_by_camera
        mode = AUTO if camera else self.level.mode.value
        self.rows['sigma_from'].show(not camera)
        self.rows['sigma_number'].show(mode == VALUE)
        self.rows['sigma_map'].show(mode == MAP)
        self._root.show(self.holds_variance)
        for name in self._camera:
            self.rows[name].show(camera)


_SIGMA = Parameter(
    'sigma', float, 5.0, 'Standard deviation of the noise.', 'σ', 'image units', minimum=0
)
_SIGMA_HELP = (
    '<p>Standard deviation of the noise in the units of the image: 25 for a strongly noisy '
    '8-bit photograph, 120 for a 12-bit camera frame. Automatic estimates it from each plane, and '
    'judges once for a stack whether it grows with the intensity.</p>'
)
_MAP_HELP = (
    '<p>Image layer with a σ for every pixel, in the units of the image; or a variance map, such '
    'as VIRNet estimates, of which the square root is taken.</p>'
)
