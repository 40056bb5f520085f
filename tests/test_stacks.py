"""Stacks: planes are read once and one by one; what is long can be cancelled at any time."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import pytest
from skimage import data

import napari_fresco as fresco
from napari_fresco.generators import Returning
from napari_fresco.image.blocks import BlockReader
from napari_fresco.image.layout import Layout
from napari_fresco.image.model import Image

Array = np.ndarray[Any, Any]


def noisy(planes: int, side: int = 24, seed: int = 0) -> Array:
    random = np.random.default_rng(seed)
    ramp = np.linspace(50, 200, side)
    return np.asarray(ramp + random.normal(0, 10, (planes, side, side)), np.float32)


class Counted:
    """An array that is not in memory, and notes which of its planes are read."""

    def __init__(self, data: Array, wait: float = 0.0) -> None:
        self._data, self._wait = data, wait
        self.shape, self.dtype = data.shape, data.dtype
        self.read: list[Any] = []

    def __getitem__(self, key: Any) -> Array:
        time.sleep(self._wait)
        self.read.append(key[0])
        return np.asarray(self._data[key])


def outcome(steps: Any, on_step: Callable[[Any], object] = lambda step: None) -> Any:
    returning = Returning(steps)
    for step in returning:
        on_step(step)
    return returning.result


@pytest.mark.parametrize('planes', [1, 3, 9, 40])
def test_every_plane_is_read_once_and_the_last_one_late(planes: int) -> None:
    image = Counted(noisy(planes))
    steps = fresco.iterate(image, method='ffdnet', device='cpu')
    next(steps)
    if planes > 4:
        assert planes - 1 not in image.read
    result = outcome(steps)
    assert sorted(image.read) == list(range(planes))
    assert result.restored == planes
    if planes <= 4:
        expected = fresco.restore(noisy(planes), method='ffdnet', device='cpu').image
        np.testing.assert_array_equal(result.image, expected)


@pytest.mark.parametrize('chunks', [(1, 1, -1, -1), (2, 3, -1, -1), (4, 6, 12, 5), (3, 2, -1, 24)])
def test_every_block_is_read_once(chunks: tuple[int, ...]) -> None:
    data = noisy(24).reshape(4, 6, 24, 24)
    reads: list[tuple[int, ...]] = []

    def block(chunk: Array, block_info: Any = None) -> Array:
        if block_info:
            reads.append(tuple(block_info[0]['chunk-location']))
        return chunk

    lazy = da.from_array(data, chunks=chunks).map_blocks(block, dtype=data.dtype, meta=data[:0])
    del reads[:]
    layout = Layout.of(Image.of(lazy, axes='TZYX'))
    blocks = BlockReader(lazy, layout)
    indices = list(layout.planes())
    sample = blocks.sample(indices)
    assert 0 < len(sample) <= 16
    for index in sample:
        np.testing.assert_array_equal(blocks.read(index, again=True), data[index])
    for index in indices:
        np.testing.assert_array_equal(blocks.read(index), data[index])
    assert len(reads) == len(set(reads)) == np.prod(lazy.numblocks)
    assert not blocks._waiting


@pytest.mark.parametrize('axes', ['TYX', 'YTX', 'YXT'])
def test_a_lazy_stack_is_restored_like_one_in_memory(axes: str) -> None:
    data = np.moveaxis(noisy(3), 0, axes.index('T'))
    lazy = da.from_array(data, chunks=7)
    one, other = (
        fresco.restore(x, method='ffdnet', axes=axes, device='cpu').image for x in (data, lazy)
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize('lazy', [False, True])
@pytest.mark.parametrize('after', [0, 2])
def test_a_cancel_ends_a_stack_of_any_length(lazy: bool, after: int) -> None:
    data = np.broadcast_to(noisy(1)[0], (20_000, 24, 24))
    fresco.restore(noisy(1)[0], method='ffdnet', device='cpu', sigma=10)  # imports what it takes
    cancel = threading.Event()
    began = [time.monotonic()]

    def stop(step: Any) -> None:
        if step.plane == (after - 1,):
            cancel.set()
            began[0] = time.monotonic()

    image = Counted(data, wait=0.001) if lazy else data
    if not after:
        cancel.set()
    steps = fresco.iterate(image, method='ffdnet', device='cpu', sigma=10, cancel=cancel)
    result = outcome(steps, stop)
    assert time.monotonic() - began[0] < 5  # two seconds on a machine that has nothing else to do
    assert (result.finish, result.restored) == ('cancelled', after)
    assert result.provenance['planes_restored'] == after
    assert result.provenance['input_sha256'] is None
    assert 'cancelled' in result.provenance['warnings'][-1]
    given_back = result.image[after]
    assert np.isnan(given_back).all() if lazy else np.array_equal(given_back, data[0])
    assert not np.array_equal(result.image[0], data[0]) or not after


def test_a_cancel_ends_the_preparation() -> None:
    image, cancel = Counted(noisy(600), wait=0.05), threading.Event()
    timer = threading.Timer(0.2, cancel.set)
    timer.start()
    result = outcome(fresco.iterate(image, method='ffdnet', device='cpu', cancel=cancel))
    assert (result.finish, result.restored) == ('cancelled', 0)
    assert len(image.read) < 16


def test_undamaged_planes_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = noisy(6)
    mask = np.zeros(stack.shape, bool)
    mask[3, 5:9, 5:9] = True
    seen: list[tuple[int, ...]] = []
    from napari_fresco.noise.patches import Patches

    cut = Patches.of.__func__  # type: ignore[attr-defined]
    counted = classmethod(lambda cls, *a, **k: seen.append(a[0].shape) or cut(cls, *a, **k))
    monkeypatch.setattr(Patches, 'of', counted)
    steps = fresco.iterate(
        stack, method='ircnn', task='inpaint', mask=mask, iterations=2, device='cpu'
    )
    planes = set()
    result = outcome(steps, lambda step: planes.add(step.plane))
    assert planes == {(3,)}
    assert len(seen) == 1
    np.testing.assert_array_equal(result.image[~mask], stack[~mask])
    np.testing.assert_array_equal(result.filled, mask)


def test_a_slice_is_restored_alone_as_in_the_stack() -> None:
    """Each plane has its own range: the last one is bleached, one is nearly constant."""
    ramp = np.linspace(0, 400, 24) * np.array([1.0, 0.3, 0.02])[:, None, None]
    stack = 100 + ramp + np.random.default_rng(0).normal(0, 10, (3, 24, 24))
    for method in ('ffdnet', 'virnet', 'dncnn'):
        whole = fresco.restore(stack, method=method, device='cpu').image
        for plane, restored in zip(stack, whole, strict=True):
            alone = fresco.restore(plane, method=method, device='cpu').image
            np.testing.assert_allclose(alone, restored, atol=1e-3)


_MEMORY = """
import sys, threading, time
import numpy as np, psutil
import napari_fresco as fresco
from napari_fresco.runtime import denoisers

keep = denoisers.FunctionDenoiser(lambda x, sigma: x, 'keep')  # the memory of the rest is meant
denoisers.register('keep', lambda channels, device: keep)

def peak(planes):
    stack = np.full((planes, 256, 256), 100, np.uint8)
    stack[:, ::3] += 20
    process, most, done = psutil.Process(), [0], threading.Event()
    def watch():
        while not done.is_set():
            most[0] = max(most[0], process.memory_info().rss)
            time.sleep(0.005)
    watcher = threading.Thread(target=watch)
    watcher.start()
    result = fresco.restore(stack, method='dpir', model='keep', iterations=1, sigma=5, device='cpu')
    done.set()
    watcher.join()
    return most[0] / 1e6, result.image.nbytes / 1e6

few, _ = peak(4)
many, size = peak(int(sys.argv[1]))
print(many - few, size)
"""


def test_memory_grows_by_the_result_alone() -> None:
    done = subprocess.run(
        [sys.executable, '-c', _MEMORY, '100'], capture_output=True, text=True, check=True
    )
    grown, size = map(float, done.stdout.split())
    assert grown < 3 * size + 10  # the stack itself, and its result


def test_a_part_is_restored_like_the_whole_it_was_cut_from() -> None:
    """On the range and the noise of its plane, though it is darker and less noisy itself."""
    stack = 100 + np.linspace(0, 400, 64) + np.random.default_rng(0).normal(0, 10, (2, 64, 64))
    whole = Image.of(stack)
    with fresco.Session(device='cpu') as session:
        restored = session.restore(stack, method='ffdnet')
        part = session.restore(stack[1, :, :40], method='ffdnet', context=whole, context_index=(1,))
    for name in ('range', 'sigma'):
        assert part.provenance['planes'][0][name] == restored.provenance['planes'][1][name]
    np.testing.assert_allclose(part.image[:, :16], restored.image[1, :, :16], atol=0.5)


def test_an_empty_plane_changes_nothing_of_the_others() -> None:
    """A padded one set the dark level of all, and was said to keep its noise."""
    light = 300 + 40 * data.coins()[40:168, 40:168].astype(float)
    plane = (2 * np.random.default_rng(0).poisson(light / 20) + 100).astype(np.float32)
    stack = np.stack([plane, np.zeros_like(plane)])
    alone, both = (fresco.restore(each, method='ffdnet') for each in (plane, stack))
    np.testing.assert_array_equal(both.image[0], alone.image)
    assert not both.image[1].any()
    noise = [next(c for c in result.checks if c.name == 'noise') for result in (alone, both)]
    assert noise[0] == noise[1]
