"""The devices of networks: choice, precision, autocast, memory.

Nothing here measures time: the same machine always makes the same choice.
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch

from ..declare.options import MEMORY_VARIABLE
from ..errors import DeviceError, ParameterError

PRECISIONS: tuple[str, ...] = ('auto', 'float32', 'bfloat16', 'int8')

BFLOAT16_SIGMA = 7 / 255
"""Least noise (working units) at which the rounding of bfloat16 costs less than 0.02 dB.

Measured for DRUNet, whose image passes from the first to the last layer in
float32; chains of layers have their own in
:data:`napari_fresco.runtime.tiled_network.BFLOAT16_SIGMAS`.
"""

INT8_SIGMA = 10 / 255
"""Least noise beside an amplitude of one at which 8-bit integers cost DRUNet less than 0.05 dB."""

UNKNOWN_MEMORY = 2 << 30
"""Bytes taken as available where the system does not tell."""

ABILITIES = {
    'AVX2': {'avx2'},
    'AVX-512': {'avx512_f', 'avx512f'},
    'VNNI': {'avx512_vnni', 'avx_vnni'},
    'bfloat16': {'avx512_bf16', 'amx_bf16'},
    'AMX': {'amx_tile'},
}
"""What a processor may be able to do, and the names of instruction sets for it."""

_MEBIBYTE = 1 << 20
_KEPT = 128 * _MEBIBYTE  # of freed memory, at most, between runs
_TRIM_THRESHOLD, _TOP_PAD, _MAP_THRESHOLD, _MAPPED, _ARENAS = -1, -2, -3, -4, -8  # of glibc
_DURING_RUNS = {
    _TRIM_THRESHOLD: 2**31 - 1,
    _TOP_PAD: 64 * _MEBIBYTE,
    _MAP_THRESHOLD: 32 * _MEBIBYTE,
    _ARENAS: 1,  # threads of their own arena map all large blocks
}
_BETWEEN_RUNS = {_TRIM_THRESHOLD: _KEPT, _ARENAS: 0}
_UNMAPPED_BYTES = 512 * _MEBIBYTE
_GIGABYTE = 10**9
_CGROUP = Path('/sys/fs/cgroup')
_OUT_OF_MEMORY = ('out of memory', "can't allocate memory", 'not enough memory', 'bad_alloc')


def pick(name: str | torch.device = 'auto') -> torch.device:
    """Return the device called `name`.

    `name`: {'auto', 'cpu', 'cuda', 'cuda:N', 'mps'} or torch.device, 'auto' takes a CUDA GPU, else
        an Apple GPU, else the processor.
    Raises DeviceError when this machine has no such device; the message lists those it has.
    """
    present = _present()
    if str(name) == 'auto':
        return torch.device(present[-1])
    wanted = 'cuda:0' if str(name) == 'cuda' else str(name)
    if wanted not in present:
        raise DeviceError(
            f'device {str(name)!r} is not on this machine; give one of auto, {", ".join(present)}'
        )
    return torch.device(wanted)


def abilities() -> tuple[str, ...]:
    """Name the instructions of this processor that make networks fast, the most telling last."""
    return tuple(name for name, kinds in ABILITIES.items() if not _cpu_features().isdisjoint(kinds))


def has_fast_bfloat16(device: torch.device) -> bool:
    """Say whether `device` computes convolutions faster in bfloat16 than in float32.

    True for CUDA GPUs of compute capability 8 and later, and for processors
    with AVX512-BF16 or AMX-BF16; elsewhere bfloat16 is emulated or unproven.
    """
    if device.type == 'cuda':
        return torch.cuda.get_device_capability(device)[0] >= 8
    return device.type == 'cpu' and 'bfloat16' in abilities()


def uses_bfloat16(
    device: torch.device,
    precision: str = 'auto',
    sigma: float | None = None,
    least: float = BFLOAT16_SIGMA,
) -> bool:
    """Decide whether a network runs in bfloat16.

    `device`: where it runs.
    `precision`: {'auto', 'float32', 'bfloat16', 'int8'}, 'auto' means bfloat16 where it is fast and
        `sigma` reaches `least`; so does 'int8' for what is not computed in integers.
    `sigma`: least noise level handled, in working units; None when the caller knows that rounding
        does no harm, as in training.
    `least`: least noise level at which PSNR moves by less than 0.02 dB.
    Raises ParameterError when `precision` is unknown.
    """
    if checked_precision(precision) in ('float32', 'bfloat16'):
        return precision == 'bfloat16'
    return has_fast_bfloat16(device) and (sigma is None or sigma >= least)


def has_fast_integers(device: torch.device) -> bool:
    """Say whether `device` is a processor with VNNI: others add 8-bit products in 16 bits."""
    return device.type == 'cpu' and 'VNNI' in abilities()


def checked_precision(precision: str) -> str:
    """Return `precision`, or raise :class:`ParameterError` when it is unknown."""
    if precision not in PRECISIONS:
        raise ParameterError(
            f'precision = {precision!r} is not offered; choose one of {", ".join(PRECISIONS)}'
        )
    return precision


def autocast(
    device: torch.device,
    precision: str = 'auto',
    sigma: float | None = None,
    least: float = BFLOAT16_SIGMA,
) -> torch.autocast:
    """Return the context in which a network runs; see :func:`uses_bfloat16`.

    In float32 the context switches an enclosing autocast off. Convolutions on
    a GPU then still follow ``torch.backends.cudnn.allow_tf32``.
    """
    fast = uses_bfloat16(device, precision, sigma, least)
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=bool(fast))


def tune_allocator(during_run: bool = True) -> bool:
    """Keep freed memory in the process, which makes networks on the CPU 1.1 times faster.

    By default glibc returns every large block to the kernel and pays for
    fresh, zeroed pages at the next layer. The peak of memory stays the same, and
    :func:`free` returns it. Elsewhere than on glibc nothing happens.

    `during_run`: False goes back to what the other parts of the program expect: their large
        arrays are returned to the system as soon as they are let go.
    Returns True when the allocator was told.
    """
    library = _glibc()
    if library is None:
        return False
    settings = _DURING_RUNS if during_run else _BETWEEN_RUNS
    done = [library.mallopt(name, value) == 1 for name, value in settings.items()]
    return all(done)


@contextmanager
def unmapped(needed: int) -> Iterator[None]:
    """Keep the largest blocks in the process too, another 1.3 times faster from a megapixel on.

    They leave gaps between them, which doubled the peak of memory of large images: so only where
    the work at hand needs half a gigabyte at most.

    `needed`: bytes, about.
    """
    library = _glibc() if needed <= _UNMAPPED_BYTES else None
    if library is None:
        yield
        return
    library.mallopt(_MAPPED, 0)
    try:
        yield
    finally:
        library.mallopt(_MAPPED, 1 << 16)


def memory_budget(device: torch.device) -> int:
    """Return the bytes that may be allocated on `device` now.

    Raises ParameterError when the environment names a budget that is none.
    """
    return min(_free_memory(device), _budget_named())


def _budget_named() -> int:
    """Return the budget that the environment names, which may be more than there is."""
    text = os.environ.get(MEMORY_VARIABLE, '').strip()
    try:
        gigabytes = float(text) if text else math.inf
    except ValueError:
        gigabytes = math.nan
    if not gigabytes > 0:
        raise ParameterError(f'{MEMORY_VARIABLE} = {text!r}; give gigabytes, such as 4')
    return sys.maxsize if math.isinf(gigabytes) else int(gigabytes * _GIGABYTE)


def _free_memory(device: torch.device) -> int:
    if device.type == 'cuda':
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + unused
    if device.type == 'mps':
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    bounds = [b for b in (_available(), _container_budget()) if b is not None]
    return min(bounds, default=UNKNOWN_MEMORY)


def free(device: torch.device, *, cycles: bool = False, keep: bool = False) -> None:
    """Give memory that no tensor holds any more back to the device or the system.

    With `cycles` objects that hold one another are looked for too, as an exception and its
    frames do: thorough, but it takes longer than restoring a small image. With `keep` the process
    holds on to 128 MiB, which fetching again costs the next run of a small image a tenth of
    its time.
    """
    if cycles:
        gc.collect()
    if device.type == 'cuda':
        torch.cuda.empty_cache()
    elif device.type == 'mps':
        torch.mps.empty_cache()
    library = _glibc()
    if library is not None and not (keep and _unused(library) < _KEPT):
        library.malloc_trim(0)


def _unused(library: ctypes.CDLL) -> int:
    """Return the bytes that the allocator holds for further use; many where it does not tell."""
    if not hasattr(library, 'mallinfo2'):
        return _KEPT
    tell = library.mallinfo2
    tell.restype = _MallInfo
    return int(tell().fordblks)


class _MallInfo(ctypes.Structure):
    """The report of glibc on its allocator, in its order."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            'arena',
            'ordblks',
            'smblks',
            'hblks',
            'hblkhd',
            'usmblks',
            'fsmblks',
            'uordblks',
            'fordblks',
            'keepcost',
        )
    ]


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether `error` means that an allocation failed, on any device."""
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    message = str(error).lower()
    return isinstance(error, RuntimeError) and any(text in message for text in _OUT_OF_MEMORY)


@cache
def _glibc() -> ctypes.CDLL | None:
    """Return the C library if it is the one whose allocator we know."""
    if not sys.platform.startswith('linux'):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, 'mallopt') and hasattr(library, 'malloc_trim') else None


def _present() -> list[str]:
    """Name the devices of this machine, the preferred one last."""
    names = ['cpu']
    if torch.backends.mps.is_available():
        names.append('mps')
    return names + [f'cuda:{i}' for i in reversed(range(torch.cuda.device_count()))]


@cache
def _cpu_features() -> frozenset[str]:
    """Name the instruction sets of the processor, as far as the system tells."""
    query = getattr(torch.cpu, 'get_capabilities', None)
    if query is not None:
        return frozenset(name for name, there in query().items() if there is True)
    try:
        lines = Path('/proc/cpuinfo').read_text(encoding='ascii').splitlines()
    except (OSError, ValueError):
        return frozenset()
    flags = next((line for line in lines if line.startswith('flags')), ':')
    return frozenset(flags.split(':', 1)[1].split())


def _available() -> int | None:
    """Return the memory that Linux could hand out, or half of that of another Unix."""
    try:
        lines = Path('/proc/meminfo').read_text(encoding='ascii').splitlines()
        kibibytes = next(line.split()[1] for line in lines if line.startswith('MemAvailable'))
        return int(kibibytes) * 1024
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') // 2
    except (AttributeError, OSError, ValueError):
        return None


def _container_budget() -> int | None:
    """Return the memory left under the limit of a container, None without a limit."""
    try:
        limit = (_CGROUP / 'memory.max').read_text(encoding='ascii').strip()
        used = (_CGROUP / 'memory.current').read_text(encoding='ascii').strip()
    except OSError:
        return None
    return None if limit == 'max' else max(int(limit) - int(used), 0)
