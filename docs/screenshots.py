"""Pictures of the panels, of the present code: ``xvfb-run -a python docs/screenshots.py [FOLDER]``.

Without a folder they replace those of ``docs/pages/images/panels``, which pages show where the
documentation is built without a screen. Films show a panel at work.
"""

import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ['NAPARI_CONFIG'] = ''  # a new user's settings
os.environ.setdefault('QT_API', 'pyqt6')

import napari  # noqa: TID251 (the panels are what is shown)
import numpy as np
from PIL import Image
from qtpy.QtWidgets import QApplication  # noqa: TID251

from napari_fresco._napari.files import sample_data
from napari_fresco._napari.window.opening import open_panel
from napari_fresco.layers.images.layer_kinds import KERNEL

sys.path.insert(0, str(Path(__file__).parents[1] / 'benchmarks'))
from common import jpeg

SAMPLES = {'mural': sample_data.mural, 'micrograph': sample_data.micrograph}
PANELS = Path(__file__).parent / 'pages/images/panels'
SIZE = (1280, 800)
BYTES = 100_000  # of a picture
FILM_BYTES = 200_000
FRAMES = 8  # of a film
PLACES = (0.1, 0.3, 0.5, 0.7, 0.9, 0.7, 0.5, 0.3)  # of the line between two images
PATIENCE, LOOK = 300, 5  # seconds
CELLS = np.s_[90:250, 90:250]
WALL = np.s_[120:260, 180:360]


class Desk:
    """A window of a new user, and hands that press the buttons."""

    def __init__(self) -> None:
        self.viewer = napari.Viewer(show=True)
        self.viewer.window.resize(*SIZE)
        self.docks: list[Any] = []

    def lay_out(self, sample: str, part: tuple[slice, slice]) -> None:
        """Open a part of a sample as *File > Open Sample* does."""
        self.close()
        self.viewer.layers.clear()
        for data, keywords, kind in SAMPLES[sample]():
            whole = KERNEL in keywords.get('metadata', {})
            getattr(self.viewer, f'add_{kind}')(data if whole else data[part], **keywords)

    def open(self, title: str) -> Any:
        """Open a panel as the menu does."""
        panel = open_panel(self.viewer, title.lower().replace(' ', '_').replace('-', '_'))
        self.docks.append(getattr(panel, 'native', panel))
        return panel

    def close(self) -> None:
        """Close all panels."""
        while self.docks:
            self.viewer.window.remove_dock_widget(self.docks.pop())

    def restore(self, title: str, **rows: Any) -> Any:
        """Open the panel of a method, set its rows, run it and wait."""
        panel = self.open(title)
        for name, value in rows.items():
            getattr(panel, name).value = value
        panel.run()
        panel.wait(PATIENCE)
        return panel

    def half(self) -> Image.Image:
        """Return the window as it is, in half size."""
        return self.seen().resize((SIZE[0] // 2, SIZE[1] // 2))

    def settle(self) -> None:
        """Let the window lay out and draw what has changed, and panels look at the image."""
        lasting = time.monotonic() + LOOK
        while time.monotonic() < lasting:
            QApplication.processEvents()
        for _ in range(20):
            QApplication.processEvents()
        self.viewer.reset_view()
        for _ in range(20):
            QApplication.processEvents()

    def seen(self) -> Image.Image:
        """Return the window as it is."""
        return Image.fromarray(self.viewer.screenshot(canvas_only=False, flash=False)[..., :3])

    def film(self, title: str) -> list[Image.Image]:
        """Run a method and return the window at each preview, in half size."""
        panel = self.open(title)
        self.settle()
        frames, last = [self.half()], ''
        panel.run()
        while panel.bar.at_work:
            QApplication.processEvents()
            step = panel.bar.read_out.text()
            if step != last:
                last = step
                frames.append(self.half())
        panel.wait(PATIENCE)
        self.settle()
        frames.append(self.half())
        chosen = np.linspace(0, len(frames) - 1, FRAMES).round().astype(int)
        return [frames[i] for i in chosen]


def mural(desk: Desk) -> None:
    """Show a mural with its mask and the panel that is about to fill it."""
    desk.lay_out('mural', WALL)
    desk.open('Fill losses')


def filling(desk: Desk) -> list[Image.Image]:
    """Show how it is filled."""
    desk.lay_out('mural', WALL)
    desk.viewer.layers['mural damage'].visible = False
    return desk.film('Fill losses')


def swiping(desk: Desk) -> list[Image.Image]:
    """Show the mural left of a line that moves, and right of it what :func:`filling` has made."""
    desk.close()
    panel = desk.open('Compare')
    panel.swipe.button.click()
    desk.settle()
    frames = []
    for panel.swipe.at.value in PLACES:
        for _ in range(20):
            QApplication.processEvents()
        frames.append(desk.half())
    return frames


def animation(frames: list[Image.Image], last: int) -> bytes:
    """Return frames as a WebP that moves, in few bytes.

    `last`: milliseconds for which the last one stays.
    """
    for quality in range(80, 20, -5):
        file = io.BytesIO()
        lasting = [1200, *[500] * (len(frames) - 2), last]
        frames[0].save(
            file,
            'WebP',
            save_all=True,
            append_images=frames[1:],
            duration=lasting,
            loop=0,
            quality=quality,
        )
        if file.tell() <= FILM_BYTES:
            break
    return file.getvalue()


def micrograph(desk: Desk) -> None:
    """Show a micrograph that was denoised."""
    desk.lay_out('micrograph', CELLS)
    desk.restore('DRUNet')


def restore(desk: Desk) -> None:
    """Show what is recommended for a micrograph."""
    desk.lay_out('micrograph', CELLS)
    desk.open('Restore')


def kernel(desk: Desk) -> None:
    """Show the maker of point spread functions."""
    desk.lay_out('micrograph', CELLS)
    panel = desk.open('Blur kernel')
    panel.kind.value = 'Microscope'
    for name, value in {'na': 0.7, 'refractive_index': 1.0, 'wavelength': 0.6}.items():
        panel.fields['Microscope'][name].value = value


def damage(desk: Desk) -> None:
    """Show how damage is proposed."""
    desk.lay_out('mural', WALL)
    desk.viewer.layers['mural damage'].visible = False
    panel = desk.open('Damage mask')
    panel.mask_row.value = None
    panel.propose.preview.setChecked(True)
    panel.wait(PATIENCE)


def evidence(desk: Desk) -> None:
    """Show what is measured of a result."""
    desk.lay_out('micrograph', CELLS)
    desk.restore('DRUNet')
    desk.close()
    panel = desk.open('Evidence')
    panel.measure()
    panel.wait(PATIENCE)


def compare(desk: Desk) -> None:
    """Show a line across a micrograph, its result and the truth."""
    desk.lay_out('micrograph', CELLS)
    desk.restore('DPIR', task='deblur')
    desk.close()
    panel = desk.open('Compare')
    panel.run()
    panel.work.wait()
    panel.profile.button.click()


def document(desk: Desk) -> None:
    """Show a fill that was rendered in lines."""
    desk.lay_out('mural', WALL)
    desk.restore('Fill losses')
    desk.close()
    desk.viewer.layers['mural damage'].visible = False
    panel = desk.open('Document')
    for name, value in {'width': 2, 'length': 20}.items():
        panel.rendering_section.row(name).value = value
    panel.render_fill()
    panel.wait(PATIENCE)


def sweep(desk: Desk) -> None:
    """Show what a sweep makes of a micrograph."""
    desk.lay_out('micrograph', CELLS)
    panel = desk.open('Richardson-Lucy')
    dialog = panel.sweep()
    dialog.first.value, dialog.first_values.value = 'kernel_width', '0.8, 1, 1.25'
    dialog.second.value, dialog.second_values.value = 'total_variation', '0, 0.002, 0.02'
    dialog.begin()
    ending = time.monotonic() + PATIENCE
    while dialog.run is not None and time.monotonic() < ending:
        QApplication.processEvents()
    dialog.close()


SCENES: dict[str, Callable[[Desk], None]] = {
    scene.__name__: scene
    for scene in (mural, restore, micrograph, kernel, damage, evidence, compare, document, sweep)
}

FILMS: dict[Callable[[Desk], list[Image.Image]], int] = {filling: 3000, swiping: 500}
"""In this order, and for how long their last pictures stay."""


def main(folder: Path) -> None:
    """Write a picture of each scene."""
    folder.mkdir(parents=True, exist_ok=True)
    desk = Desk()
    for name, scene in SCENES.items():
        scene(desk)
        desk.settle()
        (folder / f'{name}.jpg').write_bytes(jpeg(desk.seen(), BYTES))
    for film, last in FILMS.items():
        (folder / f'{film.__name__}.webp').write_bytes(animation(film(desk), last))
    sys.stdout.flush()
    os._exit(0)  # napari asks whether to close, and nobody answers


if __name__ == '__main__':
    main(Path(sys.argv[1]) if sys.argv[1:] else PANELS)
