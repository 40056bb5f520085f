"""The plan of a training queue: a TOML file that says which checkpoints take turns. No torch."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import FileError, ParameterError
from .regimes import find_regime


@dataclass(frozen=True)
class PlanEntry:
    """A checkpoint of the plan; omitted fields are the regime's.

    `name`: of the regime.
    `data`: folder of clean images; None draws micrographs.
    `minutes`, `steps`: how long it is trained in all; one of them.
    `learning_rate`: peak step size.
    `start_from`: weights to start from; by default the bundled ones of this name, if there are any.
    `evaluate`: folders of test images.
    """

    name: str
    data: Path | None = None
    minutes: float | None = None
    steps: int | None = None
    learning_rate: float | None = None
    start_from: str | None = None
    evaluate: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The checkpoints of a queue and its settings.

    `checkpoint`: what takes turns, in this order.
    `output`: folder with a folder for each run, and ``offered``.
    `slice_minutes`: length of a turn.
    `save_minutes`: time between two savings of the state: what a kill loses at most.
    `threads`: of the processor; None for all.
    `images`: how many images of each test folder are measured after a turn; None for all.
    `device`: as in :func:`napari_fresco.restore`.
    """

    checkpoint: tuple[PlanEntry, ...]
    output: Path = Path('runs')
    slice_minutes: float = 30.0
    save_minutes: float = 3.0
    threads: int | None = None
    images: int | None = None
    device: str = 'auto'


def read_plan(path: Path) -> Plan:
    """Read a plan; its relative paths are relative to its own folder.

    Raises FileError when there is no such file, or it is no TOML.
    Raises ParameterError when it says something that a plan does not have, or that cannot be.
    Raises WeightsError when no regime has the name of a checkpoint.
    """
    try:
        content = tomllib.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise FileError(f'{path} cannot be read: {error.strerror or error}') from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileError(f'{path} is no TOML file: {error}') from None
    listed = content.get('checkpoint')
    if not isinstance(listed, list) or not listed:
        raise ParameterError(f'{path} has no [[checkpoint]]; give at least one, with its name')
    entries = tuple(_entry(one, path) for one in listed)
    names = [entry.name for entry in entries]
    if len(set(names)) < len(names):
        raise ParameterError(f'{path} names a checkpoint twice: {", ".join(names)}')
    known = _checked(Plan, content, path, path.name)
    known['output'] = path.parent / known.get('output', 'runs')
    plan = Plan(**{**known, 'checkpoint': entries})
    _check_positive(plan, ('slice_minutes', 'save_minutes', 'threads', 'images'), path.name)
    return plan


def _entry(record: Any, path: Path) -> PlanEntry:
    if not isinstance(record, dict):
        raise ParameterError(f'{path} has a checkpoint = {record!r}; write [[checkpoint]]')
    place = f'{path.name}, checkpoint {record.get("name", "without a name")}'
    known = _checked(PlanEntry, record, path, place)
    if known.get('data') is not None:
        known['data'] = path.parent / known['data']
    folders = known.get('evaluate', ())
    folders = [folders] if isinstance(folders, str) else folders
    known['evaluate'] = tuple(path.parent / folder for folder in folders)
    entry = PlanEntry(**known)
    find_regime(entry.name)
    _check_positive(entry, ('minutes', 'steps', 'learning_rate'), place)
    if entry.minutes is not None and entry.steps is not None:
        raise ParameterError(f'{place}: both minutes and steps are given; give one of them')
    return entry


_TYPES: Mapping[str, tuple[type, ...]] = {
    'checkpoint': (list,),
    'evaluate': (str, list),
    'minutes': (int, float),
    'slice_minutes': (int, float),
    'save_minutes': (int, float),
    'learning_rate': (int, float),
    'steps': (int,),
    'threads': (int,),
    'images': (int,),
}


def _checked(kind: type[Any], record: Mapping[str, Any], path: Path, place: str) -> dict[str, Any]:
    """Return the entries of a table, if all of them are known and of the right type."""
    known = {field.name: field for field in fields(kind)}
    unknown = sorted(record.keys() - known.keys())
    if unknown:
        raise ParameterError(
            f'{place}: {", ".join(unknown)} is unknown; known are {", ".join(known)}'
        )
    lacking = [n for n, f in known.items() if f.default is MISSING and n not in record]
    if lacking:
        raise ParameterError(f'{path} lacks {", ".join(lacking)} of {place}')
    for name, value in record.items():
        types = _TYPES.get(name, (str,))
        if not isinstance(value, types) or isinstance(value, bool):
            raise ParameterError(f'{place}: {name} = {value!r}; give {_described(types)}')
    return dict(record)


def _described(types: Iterable[type]) -> str:
    names = {int: 'a number', float: 'a number', str: 'a text', list: 'a list'}
    return ' or '.join(dict.fromkeys(names[one] for one in types))


def _check_positive(record: PlanEntry | Plan, names: Iterable[str], place: str) -> None:
    for name in names:
        value = getattr(record, name)
        if value is not None and not 0 < value < float('inf'):
            raise ParameterError(f'{place}: {name} = {value}; give a number above 0')
