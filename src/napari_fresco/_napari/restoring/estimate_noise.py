"""The button *Estimate*: the noise of the chosen image, found beside the window and filled in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from ...errors import FrescoError
from ...image.carriers import as_shown
from ...image.layout import Layout
from ...layers.images.identity import key_of
from ...layers.images.selection import Selection
from ...layers.jobs.job import Job
from ...noise.camera import Camera, estimate_camera
from ...noise.level import estimate_noise
from ..degradation.camera_dialog import CameraDialog
from ..widgets.listeners import is_alive

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from ...layers.requests.layer_request import PanelRequest
    from ...restoration.noise_estimate import FoundNoise
    from ..degradation.noise_section import NoiseSection
    from .choices import Choices

_LARGEST_SIDE = 1024


class NoiseEstimate:
    """Finds the noise as a run would, and lets it go when another image is chosen.

    `choices`: what the noise is asked for.
    `section`: where it is filled in.
    """

    def __init__(self, choices: Choices, section: NoiseSection) -> None:
        self._choices, self._section = choices, section
        self._filled: tuple[str, tuple[Any, ...]] | None = None
        self._camera: CameraDialog | None = None

    def start(self, fail: Callable[[str], None]) -> Job[FoundNoise] | None:
        """Find the noise; return the job, or None where it cannot start.

        `fail`: told why, when nothing was found.
        """
        image, section = self._choices.image, self._section
        if image is None:
            return None
        if self._stands:
            section.reset()
        try:
            request = self._choices.noise_request()
        except FrescoError as error:
            fail(str(error))
            return None
        section.estimate_button.setEnabled(False)
        job = Job(f'Noise of {image.name}', _search(request), self._taker(key_of(image)))
        job.ended.connect(lambda: self._end(job.error, fail))
        return job.start()

    def open_camera(self, viewer: Any, parent: QWidget) -> CameraDialog:
        """Open the window that finds cameras and keeps them as presets."""
        if self._camera is None:
            self._camera = CameraDialog(viewer, self._part, self._section.use_camera, parent)
        self._camera.show()
        return self._camera

    def _part(self) -> Selection | None:
        return None if self._choices.image is None else self._choices.input.selection()

    def follow_image(self) -> None:
        """Drop the estimate when another image is chosen."""
        image = self._choices.image
        if image is None or self._filled is None or self._filled[0] == key_of(image):
            return
        if self._stands:
            self._section.reset()
        self._section.say('')
        self._filled = None

    @property
    def _stands(self) -> bool:
        """Whether the estimate is still in its row, unchanged."""
        return self._filled is not None and self._filled[1] == self._section.chosen

    def _taker(self, key: str) -> Callable[[FoundNoise], list[Any]]:
        def take(found: FoundNoise) -> list[Any]:
            image = self._choices.image if is_alive(self._section.native) else None
            if image is not None and key_of(image) == key:
                self._section.fill_in(found)
                self._filled = key, self._section.chosen
            return []

        return take

    def _end(self, error: str, fail: Callable[[str], None]) -> None:
        if is_alive(self._section.native):
            self._section.estimate_button.setEnabled(True)
        if error:
            fail(error)


def _search(
    request: PanelRequest,
) -> Callable[[threading.Event], Generator[Any, None, FoundNoise]]:
    def work(cancel: threading.Event) -> Generator[Any, None, FoundNoise]:
        from ...restoration.noise_estimate import found_noise

        yield
        return found_noise(**request.arguments(), cancel=cancel)

    return work


def noise_at_a_glance(part: Selection) -> tuple[float, Camera | None]:
    """Return standard deviation and photon noise of the middle plane of `part`, without torch.

    Of a large plane the central part is looked at.

    Raises FrescoError when the image is too small.
    """
    index = list(part.index)
    for axis, chosen in enumerate(index):
        middle, reach = (chosen.start + chosen.stop) // 2, _LARGEST_SIDE // 2
        if axis not in part.spatial:
            index[axis] = slice(middle, middle + 1)
        elif chosen.stop - chosen.start > _LARGEST_SIDE:
            index[axis] = slice(middle - reach, middle + reach)
    plane = part.narrowed(index).image()
    in_colours = as_shown(Layout.of(plane), plane).channels == 3
    return estimate_noise(plane), None if in_colours else estimate_camera(plane)
