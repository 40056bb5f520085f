"""What has been loaded outlives a run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from napari_fresco import weights
from napari_fresco.runtime import denoisers
from napari_fresco.runtime.denoisers import FunctionDenoiser
from napari_fresco.runtime.pool import Pool
from napari_fresco.runtime.run import Workbench

CPU = torch.device('cpu')


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the weights that have been read."""
    seen: list[str] = []
    load = weights.load

    def counted(name: Any, device: Any = 'cpu') -> Any:
        seen.append(str(name))
        return load(name, device)

    monkeypatch.setattr(weights, 'load', counted)
    return seen


def test_weights_are_read_once_for_all_runs(loads: list[str]) -> None:
    pool = Pool()
    for precision, tile in (('auto', None), ('float32', None), ('auto', 64)):
        bench = Workbench(CPU, precision, tile, 0, pool)
        bench.denoiser('ffdnet', 1)
        bench.network('ffdnet_gray')
        assert len(bench.used()) == 2
        bench.close()
    assert loads == ['ffdnet_gray']


def test_a_run_of_its_own_keeps_nothing(loads: list[str]) -> None:
    for _ in range(2):
        bench = Workbench(CPU, 'auto', None, 0)
        bench.denoiser('ffdnet', 1)
        bench.close()
    assert len(loads) == 2


def test_a_file_that_was_replaced_is_read_again(loads: list[str], tmp_path: Path) -> None:
    pool, file = Pool(), tmp_path / 'mine.safetensors'
    hashes = []
    for name in ('ffdnet_gray', 'ffdnet_gray', 'ffdnet_color'):
        shutil.copyfile(weights.path(name), file)
        hashes.append(pool.network(str(file), CPU, 'auto', None).sha256)
    assert hashes[1] != hashes[2]
    pool.network(str(file), CPU, 'auto', None)
    assert len(loads) <= 3


def test_a_denoiser_that_is_registered_anew_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denoisers, '_factories', dict(denoisers._factories))
    pool = Pool()
    for factor in (1.0, 2.0):
        denoisers.register(
            'mine', lambda channels, device, f=factor: FunctionDenoiser(lambda x, sigma: x * f)
        )
        found = pool.denoiser('mine', 1, CPU, 'auto', None)
        assert pool.denoiser('mine', 1, CPU, 'auto', None) is found
        assert float(found(torch.ones(1, 1, 2, 2), 0.1).max()) == factor


def test_a_closed_pool_lets_go(loads: list[str]) -> None:
    pool = Pool()
    pool.denoiser('ffdnet', 1, CPU, 'auto', None)
    pool.close()
    pool.denoiser('ffdnet', 1, CPU, 'auto', None)
    assert len(loads) == 2
