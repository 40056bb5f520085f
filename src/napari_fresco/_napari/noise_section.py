"""The noise of the image: estimated, given as a number, or as a map."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDoubleSpinBox, QPushButton

from ..layers.layer_kinds import VARIANCE, may_be_noise
from .choosers import LayerChooser
from .form import Section, combo_box, note
from .rows import Field

if TYPE_CHECKING:
    import napari

AUTO, VALUE, MAP = 'Automatic', 'Number', 'Map layer'
CAMERA_MODEL = 'poisson-gaussian'
_CAMERA = ('gain', 'offset', 'read_noise')


class NoiseSection(Section):
    """Noise level and noise model.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose layers may be noise maps.
    fields : list of Field
        Parameters of the group 'noise'.
    estimate : callable
        Returns the noise level of the chosen image, in image units.
    """

    changed = Signal()

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        fields: list[Field],
        estimate: Callable[[], float | None],
    ) -> None:
        super().__init__('Noise')
        self._estimate = estimate
        self._fields = {field.parameter.name: field for field in fields}
        self.mode = combo_box(AUTO, VALUE, MAP)
        self.number = _number_box()
        self.map = LayerChooser(viewer, may_be_noise)
        self.estimate_button = QPushButton('Estimate')
        self.estimate_button.setToolTip('Estimate the noise of the chosen image now')
        self._level = self.add('Noise σ', self.mode, self.estimate_button, tooltip=_SIGMA_HELP)
        self._number = self.add('σ (image units)', self.number, tooltip=_SIGMA_HELP)
        self._map = self.add('σ map', self.map, tooltip=_MAP_HELP)
        self._root = self.add('', note('A variance map: its square root is taken as σ.'))
        self._rows = {name: field.add_to(self) for name, field in self._fields.items()}
        self._listen()
        self.refresh()

    @property
    def sigma(self) -> float | str | Any:
        """The number, ``'auto'``, or the map layer (None while there is none)."""
        mode = self.mode.currentText()
        if mode == AUTO or self.told_by_camera:
            return 'auto'
        return self.number.value() if mode == VALUE else self.map.value

    @property
    def told_by_camera(self) -> bool:
        """Whether gain, offset and read noise tell the noise level."""
        model = self._fields.get('noise')
        return model is not None and model.value == CAMERA_MODEL

    @property
    def hidden(self) -> tuple[str, ...]:
        """Parameters that are not shown, and so must not count."""
        return () if self.told_by_camera else _CAMERA

    @property
    def holds_variance(self) -> bool:
        """Whether the map holds variances, whose square root is the noise."""
        layer = self.sigma
        return VARIANCE in getattr(layer, 'metadata', ())

    def estimate(self) -> None:
        """Put the estimated noise level into the number."""
        level = self._estimate()
        if level is not None:
            self.number.setValue(level)
            self.mode.setCurrentText(VALUE)

    def refresh(self) -> None:
        """Show the fields that the present choices need."""
        camera = self.told_by_camera
        mode = AUTO if camera else self.mode.currentText()
        self._level.show(not camera)
        self._number.show(mode == VALUE)
        self._map.show(mode == MAP)
        self._root.show(self.holds_variance)
        for name in _CAMERA:
            if name in self._rows:
                self._rows[name].show(camera)

    def _listen(self) -> None:
        self.mode.currentTextChanged.connect(self._on_changed)
        self.number.valueChanged.connect(self._on_changed)
        self.map.changed.connect(self._on_changed)
        self.estimate_button.clicked.connect(self.estimate)
        for field in self._fields.values():
            field.changed.connect(self._on_changed)

    def _on_changed(self, *args: Any) -> None:
        self.refresh()
        self.changed.emit()


_SIGMA_HELP = (
    '<p>Standard deviation of the noise in the units of the image: 25 for a strongly noisy '
    '8-bit photograph, 120 for a 12-bit camera frame. Automatic estimates it from each plane, and '
    'judges once for a stack whether it grows with the intensity.</p>'
)
_MAP_HELP = (
    '<p>Image layer with a σ for every pixel, in the units of the image; or a variance map, such '
    'as VIRNet estimates, of which the square root is taken.</p>'
)


def _number_box() -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(4)
    box.setRange(0.0001, 1e9)
    box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    box.setValue(5)
    return box
