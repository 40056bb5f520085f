"""How long the window stands still: the longest block of its thread in each action.

    xvfb-run -a -s '-screen 0 1280x800x24' python benchmarks/window.py

Actions of a user on a micrograph of 512 x 512 while DeepRED restores a photograph beside, and, for
what is napari's own, actions without a panel. A block lasts from one look at what the mouse and the
keys have done to the next, also one that napari's bar of progress takes within another: in
milliseconds of the clock, and of the processor in this thread, which says more where other
processes are at work. Each action is done twice in one session, for the first one of a kind imports
and compiles.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

os.environ['NAPARI_CONFIG'] = ''  # a new user's settings
os.environ.setdefault('QT_API', 'pyqt6')

import napari  # noqa: TID251 (the window is what is measured)
import numpy as np
from common import show
from qtpy.QtCore import QAbstractEventDispatcher  # noqa: TID251
from qtpy.QtWidgets import QApplication  # noqa: TID251

from napari_fresco import samples
from napari_fresco._napari.window.opening import open_panel, open_soon
from napari_fresco.layers.comparing.side_by_side import grid_of
from napari_fresco.layers.images.removal import take_away

LASTING = 1.5  # seconds in which an action may have consequences
SIDE = 512
OF_NAPARI = 'napari: '
Action = Callable[[], object]


def blocks(act: Action) -> tuple[float, float]:
    """Return the longest block in an action and after it: by the clock, by the processor, in ms."""
    longest, busiest = 0.0, 0.0
    began, used = time.monotonic(), time.thread_time()

    def look() -> None:
        nonlocal longest, busiest, began, used
        longest = max(longest, time.monotonic() - began)
        busiest = max(busiest, time.thread_time() - used)
        began, used = time.monotonic(), time.thread_time()

    dispatcher = QAbstractEventDispatcher.instance()
    dispatcher.awake.connect(look)
    ending = time.monotonic() + LASTING
    step: Action = act
    while time.monotonic() < ending:
        step()
        look()
        step = QApplication.processEvents
        time.sleep(0.001)
        began, used = time.monotonic(), time.thread_time()
    dispatcher.awake.disconnect(look)
    return 1000 * longest, 1000 * busiest


def actions(viewer: Any) -> Iterator[tuple[str, Action]]:
    """Yield what a user does, by name, in this order."""
    image = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    yield f'{OF_NAPARI}add an image', lambda: viewer.add_image(image, name='plain')
    yield f'{OF_NAPARI}write its name', lambda: name_in_picture(viewer.layers['plain'])
    grid = grid_of(viewer)
    yield f'{OF_NAPARI}its grid', lambda: setattr(grid, 'enabled', True)
    yield f'{OF_NAPARI}no grid', lambda: setattr(grid, 'enabled', False)
    yield f'{OF_NAPARI}hide it', lambda: setattr(viewer.layers['plain'], 'visible', False)
    yield f'{OF_NAPARI}remove it', lambda: viewer.layers.remove('plain')
    line = [[[9, 9], [99, 99]]]
    yield f'{OF_NAPARI}add a line', lambda: viewer.add_shapes(line, shape_type='line', name='line')
    yield f'{OF_NAPARI}remove it, unsearched', lambda: take_away(viewer, viewer.layers['line'])
    for name in ('restore', 'fill_losses', 'compare', 'document', 'damage_mask', 'evidence'):
        yield f'open {name.replace("_", " ")}', lambda name=name: open_soon(viewer, name)
    restore, compare = (open_panel(viewer, name) for name in ('restore', 'compare'))
    yield 'choose a task', lambda: setattr(restore.task, 'value', 'denoise')
    yield 'choose another', lambda: setattr(restore.task, 'value', 'deblur')
    compare.first.value, compare.second.value = 'micrograph', 'micrograph truth'
    for name in ('Swipe', 'Grid', 'Line profile'):
        buttons = {
            'Swipe': compare.swipe_button,
            'Grid': compare.grid_button,
            'Line profile': compare.profile.button,
        }
        yield f'{name} on', buttons[name].click
        yield f'{name} off', buttons[name].click
    yield 'Measure', compare.run


def name_in_picture(layer: Any) -> None:
    layer.name_overlay.visible = True


def main() -> None:
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1280, 800)
    sample, wall = samples.micrograph(), samples.mural()
    for name, plane in (('micrograph truth', sample.truth), ('micrograph', sample.image)):
        viewer.add_image(np.pad(plane, [(0, SIDE - n) for n in plane.shape], 'reflect'), name=name)
    viewer.add_image(wall.image[:128, :128], name='wall', visible=False)
    panel = open_panel(viewer, 'deepred')
    panel.image.value, panel.task.value = viewer.layers['wall'], 'denoise'
    panel.run()
    blocks(lambda: None)
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(2):
        for name, act in actions(viewer):
            found.setdefault(name, []).append(blocks(act))
            with suppress(KeyError):
                viewer.layers.selection.active = viewer.layers['micrograph']
    assert panel.bar.at_work, 'the restoration has ended before the window was measured'
    rows = [
        [name, *(f'{value:.0f}' for each in both for value in each)] for name, both in found.items()
    ]
    show(['block, ms', 'first: clock', 'processor', 'then: clock', 'processor'], rows)
    sys.stdout.flush()
    os._exit(0)  # napari asks whether to close, and nobody answers


if __name__ == '__main__':
    main()
