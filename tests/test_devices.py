"""Devices, precision and memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_fresco.errors import DeviceError, ParameterError
from napari_fresco.networks import devices

CPU = torch.device('cpu')


def with_features(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(devices, '_cpu_features', lambda: frozenset(names))


def test_pick_prefers_the_first_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    assert str(devices.pick()) == str(devices.pick('cuda')) == 'cuda:0'
    assert str(devices.pick('cuda:1')) == 'cuda:1'
    assert devices.pick(torch.device('cpu')) == CPU


def test_a_missing_device_is_an_error_that_names_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 0)
    monkeypatch.setattr(torch.backends.mps, 'is_available', lambda: False)
    assert devices.pick() == CPU
    for name in ('cuda', 'cuda:7', 'mps', 'tpu', ''):
        with pytest.raises(DeviceError, match=r'give one of auto, cpu$'):
            devices.pick(name)


@pytest.mark.parametrize('feature', ['avx512_bf16', 'amx_bf16'])
def test_bfloat16_is_fast_on_processors_that_have_it(
    feature: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_features(monkeypatch, 'avx2', feature)
    assert devices.has_fast_bfloat16(CPU)
    with_features(monkeypatch, 'avx2', 'avx512_f')
    assert not devices.has_fast_bfloat16(CPU)
    assert not devices.has_fast_bfloat16(torch.device('mps'))


@pytest.mark.parametrize(('capability', 'fast'), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_bfloat16_is_fast_on_gpus_from_capability_8(
    capability: tuple[int, int], fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, 'get_device_capability', lambda device: capability)
    assert devices.has_fast_bfloat16(torch.device('cuda:0')) is fast


def test_processor_features_are_read_where_torch_does_not_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(torch.cpu, 'get_capabilities', raising=False)
    text = 'processor : 0\nflags\t\t: fpu avx2 avx512_bf16\n'
    monkeypatch.setattr(Path, 'read_text', lambda path, encoding: text)
    devices._cpu_features.cache_clear()
    try:
        assert devices._cpu_features() == {'fpu', 'avx2', 'avx512_bf16'}
    finally:
        devices._cpu_features.cache_clear()


@pytest.mark.parametrize(
    ('precision', 'sigma', 'expected'),
    [
        ('auto', None, True),
        ('auto', devices.BFLOAT16_SIGMA, True),
        ('auto', 0.99 * devices.BFLOAT16_SIGMA, False),
        ('auto', 0.0, False),
        ('float32', 0.5, False),
        ('bfloat16', 0.0, True),
    ],
)
def test_noise_decides_the_precision(
    precision: str, sigma: float | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_features(monkeypatch, 'avx512_bf16')
    a = torch.ones(4, 4)
    with devices.autocast(CPU, precision, sigma):
        assert ((a @ a).dtype == torch.bfloat16) is expected


def test_auto_is_float32_where_bfloat16_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    with_features(monkeypatch)
    assert not devices.uses_bfloat16(CPU, 'auto', 0.5)
    with torch.autocast('cpu', torch.bfloat16), devices.autocast(CPU, 'float32'):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_an_unknown_precision_is_an_error() -> None:
    with pytest.raises(ParameterError, match='float16'):
        devices.autocast(CPU, 'float16')


def test_the_allocator_is_tuned_on_glibc_and_harmless_elsewhere() -> None:
    code = 'from napari_fresco.networks import devices as d;'
    code += ' print(d.tune_allocator(), d.tune_allocator())'
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    first, second = run.stdout.split()
    assert first == second
    if sys.platform != 'linux':
        assert first == 'False'


def test_memory_goes_back_to_the_system() -> None:
    status = Path('/proc/self/status')
    if not devices.tune_allocator() or not status.exists():
        pytest.skip('needs glibc on Linux')

    def resident() -> int:
        lines = status.read_text(encoding='ascii').splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith('VmRSS')))

    blocks = [torch.ones(4 << 20, dtype=torch.uint8) for _ in range(32)]
    used = resident()
    blocks.clear()
    devices.free(CPU)
    assert used - resident() > 100 * 1024

    devices.tune_allocator(during_run=False)
    blocks = [torch.ones(150 << 20, dtype=torch.uint8) for _ in range(2)]
    used = resident()
    blocks.clear()
    assert used - resident() > 100 * 1024, 'the arrays of others go back without us'


def test_the_memory_budget_respects_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert devices.memory_budget(CPU) > 0
    monkeypatch.setattr(devices, '_CGROUP', tmp_path)
    (tmp_path / 'memory.max').write_text('max\n')
    (tmp_path / 'memory.current').write_text('7\n')
    assert devices._container_budget() is None
    (tmp_path / 'memory.max').write_text('1007\n')
    assert devices.memory_budget(CPU) == 1000


def test_an_unknown_amount_of_memory_is_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, '_available', lambda: None)
    monkeypatch.setattr(devices, '_container_budget', lambda: None)
    assert devices.memory_budget(CPU) == devices.UNKNOWN_MEMORY


def test_out_of_memory_is_recognised() -> None:
    assert devices.is_out_of_memory(MemoryError())
    assert devices.is_out_of_memory(torch.cuda.OutOfMemoryError('CUDA out of memory'))
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50)
    assert devices.is_out_of_memory(caught.value)
    assert not devices.is_out_of_memory(RuntimeError('shapes do not match'))
    assert not devices.is_out_of_memory(ValueError('out of memory'))
    devices.free(CPU)


def test_a_level_of_numpy_chooses_the_arithmetic_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, 'has_fast_bfloat16', lambda device: True)
    with devices.autocast(torch.device('cpu'), 'auto', np.float64(0.5)):
        assert torch.is_autocast_enabled('cpu')


def test_a_memory_budget_can_be_named(monkeypatch) -> None:
    cpu = torch.device('cpu')
    monkeypatch.setenv(devices.MEMORY_VARIABLE, '')
    free = devices.memory_budget(cpu)
    monkeypatch.setenv(devices.MEMORY_VARIABLE, '0.5')
    assert devices.memory_budget(cpu) == min(free, 500_000_000)
    monkeypatch.setenv(devices.MEMORY_VARIABLE, '1e9')
    assert devices.memory_budget(cpu) > 500_000_000
    for wrong in ('much', '0', '-1'):
        monkeypatch.setenv(devices.MEMORY_VARIABLE, wrong)
        with pytest.raises(ParameterError, match='gigabytes'):
            devices.memory_budget(cpu)


def test_between_runs_some_memory_is_kept_and_not_too_much(monkeypatch) -> None:
    library = devices._glibc()
    if library is None or not hasattr(library, 'mallinfo2'):
        pytest.skip('needs glibc that tells what it holds')
    devices.tune_allocator()
    devices.free(CPU)
    blocks = [torch.ones(4 << 20, dtype=torch.uint8) for _ in range(16)]
    blocks.clear()
    held = devices._unused(library)
    assert held >= 50 << 20
    devices.free(CPU, keep=True)
    assert devices._unused(library) == held
    monkeypatch.setattr(devices, '_KEPT', 20 << 20)
    trimmed = []
    monkeypatch.setattr(library, 'malloc_trim', trimmed.append)
    devices.free(CPU, keep=True)
    assert trimmed == [0]
