"""The state of a run in its folder: written whole or not at all, and read with care."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from ..errors import FileError
from ..io.atomic import remove_stale, write_atomically
from .regimes import Regime


def write(path: Path, content: bytes) -> None:
    """Write a file of a run; one that is there stays whole until the new one is.

    Raises FileError when it cannot be written, as on a full disk.
    """
    try:
        remove_stale(path.parent)
        write_atomically(path, lambda part: part.write_bytes(content))
    except OSError as error:
        raise FileError(
            f'{path} cannot be written: {error.strerror or error}; make room or give leave '
            'there, then go on with --resume'
        ) from None


def write_state(path: Path, regime: Regime, state: Mapping[str, Any]) -> None:
    """Write the state of an unfinished run of `regime`.

    Raises FileError as :func:`write`.
    """
    # Straight into a file, a full disk would end in an internal error of PyTorch.
    buffer = BytesIO()
    torch.save({**state, **_identity(regime)}, buffer)
    write(path, buffer.getvalue())


@contextmanager
def state_of(path: Path, regime: Regime, device: torch.device) -> Iterator[dict[str, Any]]:
    """Lend the state that :func:`write_state` has written, to be taken over within.

    Raises FileError when the file is damaged or is the state of something else.
    """
    try:
        content = BytesIO(path.read_bytes())
    except OSError as error:
        raise FileError(f'{path} cannot be read: {error.strerror or error}') from None
    try:
        state: dict[str, Any] = torch.load(content, map_location=device, weights_only=True)
        _check(state, path, regime)
        yield state
    except FileError:
        raise
    except Exception as error:
        # Damaged and foreign files fail in every way that their bytes can lead to.
        raise FileError(
            f'{path} is damaged, or is no state of a run of {regime.name} by this version '
            f'({type(error).__name__}); remove it to begin anew, or give another folder'
        ) from None


def _identity(regime: Regime) -> dict[str, Any]:
    return {'recipe': regime.name, 'specimens': regime.specimens}


def _check(state: Mapping[str, Any], path: Path, regime: Regime) -> None:
    """Refuse the state of another regime, or one that has seen other images."""
    name = state['recipe']
    if name != regime.name:
        raise FileError(
            f'{path} is a run of {name}, not of {regime.name}; resume {name}, or give another '
            'folder (--output)'
        )
    alone = state['specimens'] == 1
    if alone != (regime.specimens == 1):
        advice = 'without images: leave --data out' if alone else 'on images: give them (--data)'
        raise FileError(f'{path} is a run {advice} to go on with it')
