"""A real viewer, and a restoration that a test can drive step by step."""

from __future__ import annotations

import copy
import functools
import os
import threading
import weakref
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml

os.environ.setdefault('NAPARI_CONFIG', '')

from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy

from napari_fresco import weights
from napari_fresco._napari import commands
from napari_fresco._napari.widgets.settings import Preferences
from napari_fresco._napari.window import tour
from napari_fresco.declare.call import Call
from napari_fresco.declare.methods import METHODS
from napari_fresco.image.model import Image
from napari_fresco.layers.jobs.layer_restoration import running
from napari_fresco.restoration.session import Session
from napari_fresco.types import Result, Step

from . import tiny
from .signals import pump, until

_PATIENCE = 60

Dock = Callable[[Any, str], Any]
"""Opens the panel of a method in a viewer."""
Finish = Callable[[Any], None]
"""Runs a panel to its end."""


@dataclass
class FakeSolver:
    """Stands in for :func:`napari_fresco.iterate`: doubles the image, a step at a time.

    With `gated` every step waits for :meth:`allow`. `facts` go into the provenance, and
    `kernel` and `maps` into the result.
    """

    steps: int = 3
    gated: bool = False
    error: BaseException | None = None
    variance: bool = False
    kernel: np.ndarray | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    tensors: list[weakref.ref[torch.Tensor]] = field(default_factory=list)
    clean: threading.Event = field(default_factory=threading.Event)
    threads: set[int] = field(default_factory=set)
    _gate: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def allow(self, steps: int = 1) -> None:
        """Let the solver do `steps` more."""
        self._gate.release(steps)

    def iterate(
        self, image: Any, *, cancel: threading.Event, **given: Any
    ) -> Generator[Step, None, Result]:
        given = {k: np.asarray(v.data) if isinstance(v, Image) else v for k, v in given.items()}
        given['axes'], array = image.axes, np.asarray(image.data)
        self.calls.append({'image': array, **given})
        scale = given.get('scale', 1)
        held = torch.zeros(1000)
        self.tensors.append(weakref.ref(held))
        finish = 'completed'
        try:
            for index in range(1, self.steps + 1):
                if self.gated and not self._gate.acquire(timeout=_PATIENCE):
                    raise AssertionError('the test let no further step happen')
                self.threads.add(threading.get_ident())
                if self.error is not None and index == 2:
                    raise self.error
                x = torch.full((1, 1, 4, 4), float(index))
                self.tensors.append(weakref.ref(x))
                plane = _first_plane(array, given['axes']) * index
                yield Step(
                    index, self.steps, x, residual=x.mean() / index**2, to_image=_giver(plane)
                )
                if cancel.is_set():
                    finish = 'cancelled'
                    break
        finally:
            self.clean.set()
        return Result(
            _enlarged(array * 2, given['axes'], scale),
            np.ones(array.shape) if self.variance else self.maps.get('variance'),
            self.kernel,
            finish,
            {**_provenance(given, scale, finish), **self.facts},
            uncertainty=self.maps.get('uncertainty'),
            spread=self.maps.get('spread'),
            latent=self.maps.get('latent'),
        )


def _giver(plane: np.ndarray) -> Callable[[torch.Tensor], np.ndarray]:
    return lambda x: plane


def _first_plane(array: np.ndarray, axes: str) -> np.ndarray:
    index = tuple(slice(None) if letter in 'YXS' else 0 for letter in axes)
    return array[index]


def _enlarged(array: np.ndarray, axes: str, scale: int) -> np.ndarray:
    for axis, letter in enumerate(axes):
        if letter in 'YX':
            array = np.repeat(array, scale, axis=axis)
    return array


def _provenance(given: dict[str, Any], scale: int, finish: str) -> dict[str, Any]:
    offset = (1 - scale) / (2 * scale)
    return {
        'method': given['method'],
        'kind': METHODS[given['method']].kind,
        'geometry': {'scale': scale, 'offset': [offset, offset]},
        'seconds': 1.5,
        'steps': 1,
        'device': 'cpu',
        'finish': finish,
        'warnings': [],
    }


@pytest.fixture
def solver(monkeypatch: pytest.MonkeyPatch) -> FakeSolver:
    """Put the fake in the place of the real iteration, with the real signature."""
    fake = FakeSolver()

    def iterate(self: Session, image: Any, *, cancel: Any = None, **given: Any) -> Any:
        asked = {name: value for name, value in given.items() if not name.startswith('context')}
        asked = {name: value for name, value in asked.items() if name not in ('params', 'axes')}
        Call.of(asked.pop('method'), asked.pop('task'), None, asked)
        return fake.iterate(image, cancel=cancel, **given)

    monkeypatch.setattr(Session, 'iterate', iterate)
    return fake


@pytest.fixture(scope='session', autouse=True)
def quick_viewers() -> Iterator[None]:
    """Spare every viewer that all manifests are read anew."""

    @functools.cache
    def parsed(text: str) -> Any:
        return yaml.safe_load(text)

    def read(stream: Any) -> Any:
        return copy.deepcopy(parsed(stream.read()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('npe2.manifest._bases._load_yaml_no_duplicates', read, raising=False)
        yield


@pytest.fixture
def viewer(make_napari_viewer_proxy: Callable[..., Any], idle: None) -> Any:
    """A viewer with its window, which forbids threads to touch it."""
    return make_napari_viewer_proxy()


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, qtbot: Any, idle: None) -> Any:
    """A viewer without a window: as good to a panel, and quicker."""
    monkeypatch.setenv('NAPARI_ENSURE_PLUGIN_MAIN_THREAD', '1')
    return PublicOnlyProxy(ViewerModel())


@pytest.fixture(autouse=True)
def toured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody be a new user, whom the first panel offers a tour."""
    monkeypatch.setattr(tour, 'read_preferences', lambda: Preferences(offer_tour=False))


@pytest.fixture
def idle(qtbot: Any) -> Iterator[None]:
    """No job outlives a test."""
    yield
    if running.restoration is not None:
        running.restoration.cancel()
    pump(lambda: running.restoration is None)


@pytest.fixture
def tiny_networks(tmp_path: Path) -> Iterator[None]:
    """Networks of the new methods, small and untrained, in place of all others."""
    with pytest.MonkeyPatch.context() as patch:
        tiny.install(tmp_path, patch)
        yield
    weights.registry.cache_clear()


@pytest.fixture
def dock(qtbot: Any) -> Dock:
    """Open the panel of a method, in a dock where there is a window."""

    def open_panel(viewer: Any, method: str) -> Any:
        panel = getattr(commands, method)(viewer)
        if hasattr(viewer, 'window'):
            viewer.window.add_dock_widget(panel, name=panel.method.title)
        else:
            qtbot.addWidget(panel.native)
        return panel

    return open_panel


@pytest.fixture
def finish(qtbot: Any) -> Finish:
    """Run a panel to its end."""

    def run(panel: Any) -> None:
        with until(running.ended):
            panel.run()

    return run


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Collect what the user is told."""
    told = SimpleNamespace(errors=[], infos=[])
    from napari_fresco._napari import menu_actions
    from napari_fresco._napari.degradation import kernel_panel, simulate_panel
    from napari_fresco._napari.restoring import panel
    from napari_fresco._napari.running import folder_offer, panel_runs
    from napari_fresco._napari.widgets import clipboard

    for module in (panel, panel_runs, kernel_panel, simulate_panel, clipboard, folder_offer):
        monkeypatch.setattr(module, 'show_error', told.errors.append)
    for module in (clipboard, menu_actions):
        monkeypatch.setattr(module, 'show_info', told.infos.append)
    return told
