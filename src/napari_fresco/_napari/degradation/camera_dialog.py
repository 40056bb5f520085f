"""The window *Camera*: gain, offset and read noise, how they were found, and their presets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error, show_info
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...errors import FrescoError
from ...io.camera_preset import camera_of, doubts_about_camera, read_camera, write_camera
from ...layers.images.layer_kinds import is_picture
from ...layers.images.selection import Selection, full_resolution
from ...layers.jobs.job import Job
from ...layers.requests.camera_search import FoundCamera, from_image, from_stacks
from ..widgets import texts
from ..widgets.choosers import LayerChooser, WordList
from ..widgets.form import Section, named_button, note, side_by_side, stacked
from ..widgets.graph_view import GraphView
from ..widgets.listeners import Listeners, is_alive

if TYPE_CHECKING:
    import napari

    from ...noise.camera import Camera

IMAGE, STACKS = 'The image', 'Dark and flat stacks'
_PRESETS = 'Camera preset (*.json)'
_FIND, _FINDING = 'Find', 'Looking …'
_SUMMARY = (
    'variance = gain × (intensity − offset) + read noise². One image tells the line but not the '
    'offset; frames without light and of even light tell all three.'
)
_DARK_HELP = 'A stack of frames without light'
_FLATS_HELP = '<p>Stacks of evenly lit frames, one for each level of light; tick two or more.</p>'


class CameraDialog(QDialog):
    """Finds a camera, shows it, keeps it as a preset, and hands it to a panel.

    `viewer`: whose layers may hold dark and flat frames.
    `part`: tells the image that is chosen in the panel.
    `use`: takes a camera, and how it was found, into the panel.
    `parent`: the panel.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        part: Callable[[], Selection | None],
        use: Callable[[Camera, str], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle('Camera')
        self.setObjectName('camera_dialog')
        self._viewer, self._part, self._hand_over = viewer, part, use
        self.found: FoundCamera | None = None
        self.job: Job[FoundCamera] | None = None
        self._graph: QWidget | None = None
        self._choose()
        self._make_buttons()
        self._lay_out()
        links = Listeners(self)
        for event in ('inserted', 'removed', 'renamed'):
            links.listen(getattr(viewer.layers.events, event), self._list_flats)
        links.listen(self.source.changed, self.refresh)
        self._list_flats()
        self.refresh()

    def start(self) -> Job[FoundCamera] | None:
        """Start looking; None where that cannot start."""
        try:
            work = self._work()
        except FrescoError as error:
            self._fail(str(error))
            return None
        job = self.job = Job('Camera', work, self._take)
        job.ended.connect(partial(self._on_ended, job))
        job.start()
        self.refresh()
        return job

    def show_found(self, found: FoundCamera) -> None:
        """Show a camera that was estimated or read."""
        self.found = found
        lines = [f'{texts.sentence(found.how)}.']
        if found.camera is not None:
            gain, offset, read_noise = found.camera
            electrons = f' = {read_noise / gain:.3g} photo-electrons' if gain > 0 else ''
            lines = [
                f'Gain {gain:.4g} image units per photo-electron',
                f'Offset {offset:.5g} image units',
                f'Read noise {read_noise:.4g} image units{electrons}',
                *lines,
            ]
        self.numbers.setText('<br>'.join(lines))
        if self._graph is not None:
            self._graph.deleteLater()
            self._graph = None
        if found.graph is not None:
            self._graph = GraphView(found.graph)
            self._plot.addWidget(self._graph)
        self.refresh()

    def save_preset(self, path: Path) -> None:
        """Write the camera as a preset; raises FrescoError where that fails."""
        if self.found is not None and self.found.camera is not None:
            write_camera(path, self.found.preset, self.found.maps, overwrite=True)
            show_info(f'{path} holds the camera.')

    def load_preset(self, path: Path) -> None:
        """Read a preset and hold it against the image of the panel.

        Raises FrescoError when it is none, or the image is of another bit depth or binning.
        """
        preset, part = read_camera(path), self._part()
        doubts = [] if part is None else doubts_about_camera(preset, part.image())
        how = f'from preset {path.name}, {preset.get("found", "")}'
        self.show_found(FoundCamera(camera_of(preset), how, preset))
        self.message.setText(' '.join(map(texts.sentence, doubts)))

    def refresh(self, *_: Any) -> None:
        """Update rows and buttons to the choices and to the camera."""
        stacks, free = self.source.value == STACKS, self.job is None
        self._section.rows['dark'].show(stacks)
        self._flats_row.show(stacks)
        self.search.setText(_FIND if free else _FINDING)
        self.search.setEnabled(free)
        there = self.found is not None and self.found.camera is not None
        self.use.setEnabled(there)
        self.save.setEnabled(there)

    def _choose(self) -> None:
        self.source = WordList(
            'source', 'Found from', {IMAGE: IMAGE, STACKS: STACKS}, 'What tells the camera'
        )
        self.dark = LayerChooser(self._viewer, _is_stack, 'dark', 'Dark frames', tooltip=_DARK_HELP)
        self.flats = QListWidget()
        self.flats.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.flats.setMaximumHeight(96)
        self.flats.setObjectName('camera_flats')
        self.flats.setToolTip(_FLATS_HELP)
        self.numbers, self.message = note(), note()
        self.numbers.setObjectName('camera_numbers')
        self.message.setObjectName('camera_message')

    def _make_buttons(self) -> None:
        self.search = named_button(_FIND, 'camera_find', 'Measure the noise at each intensity')
        self.use = named_button(
            'Use in the panel', 'camera_use', 'Fill these numbers in, and reckon with photon noise'
        )
        self.save = named_button(
            'Save preset …', 'camera_save', '<p>Keep them as JSON, maps of the pixels beside it</p>'
        )
        self.load = named_button('Load preset …', 'camera_load', 'Read what was saved')
        self.search.clicked.connect(lambda: self.start())
        self.use.clicked.connect(self._on_use)
        self.save.clicked.connect(self._on_save)
        self.load.clicked.connect(self._on_load)

    def _lay_out(self) -> None:
        section = self._section = Section('Camera')
        section.add(self.source)
        section.add(self.dark)
        for row in (self.source, self.dark):
            row.native.setObjectName(f'camera_{row.name}')
        self._flats_row = section.form.add('Flat frames', self.flats, tooltip=_FLATS_HELP)
        plot = QWidget()
        self._plot = QVBoxLayout(plot)
        self._plot.setContentsMargins(0, 0, 0, 0)
        stacked(
            section.native,
            note(_SUMMARY),
            side_by_side(self.search, self.load),
            self.numbers,
            plot,
            self.message,
            side_by_side(self.use, self.save),
            into=self,
            margin=10,
            fill=True,
        )
        self.setMinimumWidth(380)

    def _work(self) -> Any:
        if self.source.value == STACKS:
            dark = self.dark.value
            data = None if dark is None else full_resolution(dark)
            return from_stacks(data, [full_resolution(each) for each in self._ticked()])
        part = self._part()
        if part is None:
            raise FrescoError('Choose an image in the panel first.')
        return from_image(part)

    def _ticked(self) -> list[Any]:
        items = [self.flats.item(i) for i in range(self.flats.count())]
        names = [x.text() for x in items if x and x.checkState() == Qt.CheckState.Checked]
        return [self._viewer.layers[name] for name in names if name in self._viewer.layers]

    def _list_flats(self, *_: Any) -> None:
        ticked = {layer.name for layer in self._ticked()}
        self.flats.clear()
        for layer in self._viewer.layers:
            if _is_stack(layer):
                item = QListWidgetItem(layer.name, self.flats)
                on = layer.name in ticked
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _take(self, found: FoundCamera) -> list[Any]:
        if is_alive(self):
            self.message.setText('')
            self.show_found(found)
        return []

    def _on_ended(self, job: Job[FoundCamera]) -> None:
        if not is_alive(self) or self.job is not job:
            return
        self.job = None
        if job.error:
            self._fail(job.error)
        self.refresh()

    def _on_use(self) -> None:
        if self.found is not None and self.found.camera is not None:
            self._hand_over(self.found.camera, f'{texts.sentence(self.found.how)}.')

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, 'Camera preset', 'camera.json', _PRESETS)
        self._with(path, self.save_preset)

    def _on_load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, 'Camera preset', '', _PRESETS)
        self._with(path, self.load_preset)

    def _with(self, path: str, act: Callable[[Path], None]) -> None:
        if not path:
            return
        try:
            act(Path(path) if path.endswith('.json') else Path(f'{path}.json'))
        except FrescoError as error:
            self._fail(str(error))

    def _fail(self, text: str) -> None:
        self.message.setText(text)
        show_error(text)


def _is_stack(layer: Any) -> bool:
    return is_picture(layer) and not layer.rgb and layer.ndim == 3
