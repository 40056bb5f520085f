"""The noise of the image: estimated, given as a number, or as a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal
from qtpy.QtWidgets import QPushButton

from ...declare.options import OPTIONS
from ...layers.images.layer_kinds import VARIANCE, may_be_noise
from ..methods.parameter_rows import DeclaredRow
from ..widgets import texts
from ..widgets.choosers import LayerChooser, WordList
from ..widgets.form import Section, named_button, note
from ..widgets.rows import Number, help_of

if TYPE_CHECKING:
    import napari

    from ...noise.camera import Camera
    from ...restoration.noise_estimate import FoundNoise

AUTO, VALUE, MAP = 'Automatic', 'Number', 'Map layer'
AUTO_MODEL, CAMERA_MODEL = 'auto', 'poisson-gaussian'
CAMERA = ('gain', 'offset', 'read_noise')


class NoiseLevel:
    """The noise level as one value: ``'auto'``, a number in image units, or a map layer."""

    changed = Signal(object)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        words, level = {word: word for word in (AUTO, VALUE, MAP)}, OPTIONS['sigma']
        self.mode = WordList('sigma_from', level.label, words, help_of(level))
        self.number = Number(
            _SIGMA, name='sigma_number', label='σ (image units)', tooltip=help_of(level)
        )
        self.map = LayerChooser(viewer, may_be_noise, 'sigma_map', 'σ map', tooltip=_MAP_HELP)
        for widget in (self.mode, self.number, self.map):
            widget.changed.connect(self._on_changed)

    @property
    def value(self) -> Any:
        """The chosen level; None where a map is wanted and there is none.

        Raises ParameterError when the number is none.
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
    """Noise model and noise level.

    `viewer`: whose layers may be noise maps.
    `declared`: rows of the group 'noise', which all methods declare alike.
    """

    def __init__(self, viewer: napari.viewer.Viewer, declared: Sequence[DeclaredRow]) -> None:
        super().__init__('Noise')
        rows = {row.parameter.name: row.widget for row in declared}
        self.level = NoiseLevel(viewer)
        self._model, self._camera = rows['noise'], {name: rows[name] for name in CAMERA}
        self.estimate_button = QPushButton('Estimate')
        self.estimate_button.setToolTip('Find the noise of the chosen image now, and fill it in')
        self._found = note()
        self.camera_button = named_button('Camera …', 'noise_camera', _CAMERA_HELP)
        self.add(self._model, self.estimate_button, self.camera_button)
        self.add(self.level.mode)
        self.add(self.level.number)
        self.add(self.level.map)
        self._root = self.add_text(note('A variance map: its square root is taken as σ.'))
        for row in self._camera.values():
            self.add(row)
        self._found_row = self.add_text(self._found)
        self._found_row.show(False)
        self.used = note()
        self.used.setObjectName('noise_used')
        self.used.setToolTip('<p>The noise that a run works with, or has worked with.</p>')
        self._last = ''
        self.form.add_wide(self.used)
        self.refresh()

    @property
    def sigma(self) -> Any:
        """The number, ``'auto'``, or the map layer (None while there is none)."""
        return 'auto' if self.told_by_camera else self.level.value

    @property
    def told_by_camera(self) -> bool:
        """Whether gain, offset and read noise tell the noise level."""
        return bool(self._model.value == CAMERA_MODEL)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Parameters that are not shown, and so must not count."""
        return () if self.told_by_camera else CAMERA

    @property
    def holds_variance(self) -> bool:
        """Whether the map holds variances, whose square root is the noise."""
        chosen = not self.told_by_camera and self.level.mode.value == MAP
        return chosen and VARIANCE in getattr(self.level.map.value, 'metadata', ())

    @property
    def chosen(self) -> tuple[Any, ...]:
        """All choices, to be compared with earlier ones."""
        number = self.level.number.native.text()
        camera = (row.native.text() for row in self._camera.values())
        return self._model.value, self.level.mode.value, number, *camera

    def fill_in(self, found: FoundNoise) -> None:
        """Choose the estimated noise for the run, and describe it."""
        self.reset()
        self.level.number.value = found.level
        if found.camera is not None:
            self.use_camera(found.camera, _described(found))
            return
        if found.is_one:
            self.level.value = found.level
        self.say(_described(found))

    def use_camera(self, camera: Camera, said: str) -> None:
        """Choose the noise of a camera, and show its source."""
        for name, value in camera._asdict().items():
            self._camera[name].value = value
        self._model.value = CAMERA_MODEL
        self.say(said)

    def reset(self) -> None:
        """Leave the noise to the run."""
        self._model.value = self.level.value = AUTO_MODEL
        for row in self._camera.values():
            row.value = None
        self.say('')

    @property
    def said(self) -> str:
        """The text about the estimated noise."""
        return str(self._found.text())

    def say(self, text: str) -> None:
        """Show a line about the noise that was found."""
        self._found.setText(text)
        self._found_row.show(bool(text))

    def note_run(self, record: Mapping[str, Any]) -> None:
        """Show with which noise and range a run has worked."""
        self._last = texts.worked_with(record)
        self.refresh()

    def forget_run(self) -> None:
        """Remove the text about the last run."""
        self._last = ''
        self.refresh()

    @property
    def _plan(self) -> str:
        """The noise that a run would work with."""
        if self.told_by_camera:
            given = all(row.native.text() for row in self._camera.values())
            rest = '' if given else '; what is empty is found in the image'
            return f'Photon noise with these numbers{rest}.'
        mode = self.level.mode.value
        if mode == AUTO:
            return 'Found in the image when it runs.'
        if mode == MAP:
            return 'As the map says.'
        return f'σ {self.level.number.native.text() or "missing"}, the same everywhere.'

    def refresh(self) -> None:
        """Show the fields that the present choices need."""
        self.used.setText(' '.join(filter(None, (self._plan, self._last))))
        camera = self.told_by_camera
        mode = AUTO if camera else self.level.mode.value
        self.rows['sigma_from'].show(not camera)
        self.rows['sigma_number'].show(mode == VALUE)
        self.rows['sigma_map'].show(mode == MAP)
        self._root.show(self.holds_variance)
        for name in CAMERA:
            self.rows[name].show(camera)


def _described(found: FoundNoise) -> str:
    """Return the estimated noise in words, and where a run finds it better by itself."""
    span = f'{found.low:.4g} to {found.high:.4g}'
    if found.camera is not None:
        return f'Photon noise; σ about {found.level:.4g}.'
    if found.is_one:
        return f'Noise that does not grow with the intensity, σ {found.level:.4g}.'
    what = 'Photon noise that differs' if found.cameras else f'σ differs, {span},'
    return f'{what} from place to place or from plane to plane: Automatic follows it.'


_SIGMA = replace(
    OPTIONS['sigma'], type=float, default=5.0, label='σ', unit='image units', minimum=0
)
_CAMERA_HELP = (
    '<p>Gain, offset and read noise of a camera: from the image, or from dark and flat frames; '
    'kept as presets</p>'
)
_MAP_HELP = (
    '<p>Image layer with a σ for every pixel, in the units of the image; or a variance map, such '
    'as VIRNet estimates, of which the square root is taken.</p>'
)
