"""The machine and the versions that measured numbers depend on."""

from __future__ import annotations

import os
import platform
from typing import Any

import torch

from ..networks.devices import abilities

__all__ = ['machine', 'processors']


def machine() -> dict[str, Any]:
    """Return the facts that numbers depend on: processor, threads, versions, GPU, load."""
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        'processor': _processor(),
        'processors': processors(),
        'abilities': abilities(),
        'gpus': gpus,
        'torch': str(torch.__version__),
        'python': platform.python_version(),
        'system': platform.platform(),
        'load': round(os.getloadavg()[0], 2) if hasattr(os, 'getloadavg') else None,
    }


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def _processor() -> str:
    query = getattr(torch.cpu, 'get_capabilities', None)
    name = query().get('cpu_name') if query is not None else None
    return str(name or platform.processor() or platform.machine())
