"""Repeating a recorded intervention from its files alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..declare.options import OPTIONS
from ..errors import FileError, ParameterError
from ..image.model import Image
from ..io.files import read
from ..restoration.session import Session
from ..types import Result
from .drawn_mask import checked_file, pixels_hash
from .fill_run import FillRun, box_of
from .photograph import Bools, Pixels, plane_of
from .record import Intervention
from .run_files import read_marks, read_runs, run_facts

# What the files say themselves, what is found beside them, and where networks run.
_NOT_REPEATED = ('mask', 'axes', 'rgb', 'spacing', 'device')


class Repeated(NamedTuple):
    """The outcome of a repeated record.

    Attributes
    ----------
    image : Image
        The filled photograph.
    filled : ndarray of bool, ``(H, W)``
    same : bool
        Whether it is that of the record, bit for bit.
    differences : tuple of str
        What is not as it was: another version, other weights, another device. Empty where all is.
    """

    image: Image
    filled: Bools
    same: bool
    differences: tuple[str, ...]


def repeat(
    record: str | Path,
    photograph: Any = None,
    *,
    series: int | str | None = None,
    device: str | None = None,
    session: Session | None = None,
) -> Repeated:
    """Repeat all runs of a record in their order, from the photograph and the masks beside it.

    Parameters
    ----------
    record : str or Path
        The JSON that :meth:`Intervention.save` wrote. Its masks lie beside it.
    photograph : Image, array-like, str or Path, optional
        By default the file that the record names, where it was or beside the record.
    series : int or str, optional
        Number or name of the photograph in a file of several; that of the record by default.
    device : str, optional
        By default that of the record; another one may differ in the last bits.
    session : Session, optional
        Whose networks are used.

    Returns
    -------
    Repeated

    Raises
    ------
    FileError
        When a file is missing, or is another one than that of the record.
    ParameterError
        When a run used an array that a record does not hold, such as a map of the noise.

    Examples
    --------
    >>> repeat('wall.json').same  # doctest: +SKIP
    True
    """
    path = Path(record)
    facts = read_record(path)
    if not facts['runs']:
        raise ParameterError(
            f'{path} tells what was filled, but of no run that filled it; fill the losses anew'
        )
    before = _photograph(path.parent, facts['photograph'], photograph, series)
    pixels, runs = plane_of(before), read_runs(path.parent, facts['runs'])
    found: list[str] = []
    with nullcontext(session) if session is not None else Session(warn=False) as used:
        for number, (run, told) in enumerate(zip(runs, facts['runs'], strict=True), start=1):
            painted = _painted_before(runs[: number - 1])
            pixels, result = _again(used, before, pixels, told, run, painted, device)
            found += (f'run {number}: {each}' for each in _differences(told, result.provenance))
    filled = read_marks(path.parent, facts['filled'])
    undone = _painted(runs) & ~filled
    pixels = pixels.copy()
    pixels[undone] = plane_of(before)[undone]
    same = pixels_hash(pixels) == facts['result_sha256']
    return Repeated(_with(before, pixels), filled, same, tuple(found))


def hypothesis(told: Intervention, seed: int, *, session: Session | None = None) -> Pixels:
    """Fill the same losses once more, all runs in their order, with another seed.

    Parameters
    ----------
    told : Intervention
        Whose runs are known.
    seed : int
        Of every run.
    session : Session, optional
        Whose networks are used.

    Returns
    -------
    ndarray
        Another filled photograph, as likely as the first where losses are wide.

    Raises
    ------
    ParameterError
        When nobody knows the runs, or one used an array that is not kept.
    """
    if not told.runs:
        raise ParameterError('it is not known which runs filled the losses; fill them first')
    before = Image.of(told.photograph)
    pixels, painted = told.before, np.zeros_like(told.marks)
    with nullcontext(session) if session is not None else Session(warn=False) as used:
        for number, run in enumerate(told.runs):
            facts = run_facts(run)
            facts['options'] = {**facts['options'], 'seed': int(seed)}
            earlier = _painted_before(told.runs[:number])
            pixels, _ = _again(used, before, pixels, facts, run, earlier, None)
            painted |= run.painted()
    undone = painted & ~told.marks
    pixels = pixels.copy()
    pixels[undone] = told.before[undone]
    return pixels


def read_record(path: str | Path) -> dict[str, Any]:
    """Return a record of an intervention.

    Raises FileError when it is none.
    """
    try:
        facts = json.loads(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise FileError(f'{path} cannot be read: {error.strerror}') from None
    except ValueError as error:
        raise FileError(f'{path} is no record of an intervention: {error}') from None
    if not isinstance(facts, dict) or not {'photograph', 'runs', 'result_sha256'} <= facts.keys():
        run = isinstance(facts, dict) and 'finish' in facts
        advice = (
            'it is that of one run, which the command in its report repeats'
            if run
            else 'give the JSON beside its masks'
        )
        raise FileError(f'{path} is no record of an intervention; {advice}')
    return facts


def _photograph(
    folder: Path, facts: Mapping[str, Any], given: Any, series: int | str | None
) -> Image:
    """Return the photograph of a record, which has the pixels that it had."""
    if given is None or isinstance(given, str | Path):
        wanted = facts.get('series') if series is None else series
        image = read(_file(folder, facts) if given is None else given, series=wanted)
    else:
        image = Image.of(given)
    if pixels_hash(plane_of(image)) != facts['pixels_sha256']:
        raise FileError(
            f'the pixels of {image.metadata.get("path", "the photograph")} are not those of the '
            'record; give the photograph as it was'
        )
    return image


def _file(folder: Path, facts: Mapping[str, Any]) -> Path:
    if not facts.get('file'):
        raise FileError('the record names no file of the photograph; give photograph')
    there = [p for p in (Path(facts['path']), folder / facts['file']) if p.is_file()]
    if not there:
        raise FileError(
            f'{facts["file"]}, the photograph of the record, is neither beside it nor at '
            f'{facts["path"]}; put it there, or give photograph'
        )
    return checked_file(there[0], facts['sha256'], 'photograph') if facts['sha256'] else there[0]


def _again(
    session: Session,
    before: Image,
    pixels: Pixels,
    run: Mapping[str, Any],
    kept: FillRun,
    painted: Bools | None,
    device: str | None,
) -> tuple[Pixels, Result]:
    """Return the picture after a run, and its result.

    `painted`: what earlier runs have painted, which tells nothing of the noise.
    """
    box, taken, damage = box_of(run), kept.taken, kept.mask.damage()
    start = pixels if painted is None else _with_original(pixels, before, painted & damage)
    image = _with(before, start)
    given = {**_options(run), 'device': device or run.get('device', 'auto')}
    if box is not None or painted is not None:
        unseen = damage if painted is None else painted | damage
        given['context'] = replace(image, missing=unseen)
    if box is not None:
        image, damage = _with(before, start[box]), damage[box]
    result = session.restore(
        image,
        method=run['method'],
        task=run['task'],
        mask=Image(damage, 'YX'),
        params=run['parameters'],
        **given,
    )
    made = plane_of(result.image)
    grown = pixels.astype(made.dtype)
    inside = box or (slice(None), slice(None))
    if taken is None:
        grown[inside] = made
    else:
        chosen = taken[inside]
        grown[inside][chosen] = made[chosen]
    return grown, result


def _with_original(pixels: Pixels, before: Image, where: Bools) -> Pixels:
    """Return pixels with those of the photograph where a run does not know them."""
    start = pixels.copy()
    start[where] = plane_of(before)[where]
    return start


def _options(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a run as :func:`napari_fresco.restore` takes them."""
    found = {}
    for name, value in run['options'].items():
        if name not in OPTIONS or name in _NOT_REPEATED or value is None:
            continue
        if isinstance(value, Mapping) and 'shape' in value:
            raise ParameterError(
                f'{name} of a run was an array, which the record does not hold; repeat the run in '
                'Python with that array'
            )
        if value != OPTIONS[name].default:
            found[name] = value
    return found


def _differences(run: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield the differences of a repeated run, in words."""
    for name, words in (('version', 'napari-fresco'), ('torch', 'PyTorch'), ('device', 'device')):
        if run.get(name) != now.get(name):
            yield f'{words} was {run.get(name)}, is {now.get(name)}'
    before, after = (_weights(each) for each in (run, now))
    if before != after:
        yield f'weights were {before}, are {after}'
    if (run.get('mask') or {}).get('sha256') != (now.get('mask') or {}).get('sha256'):
        yield 'the damage that was read from the mask is another'
    if run.get('input_sha256') != now.get('input_sha256'):
        yield 'the picture that it began with is another'


def _weights(record: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    return [(each.get('name'), each.get('sha256')) for each in record.get('weights') or ()]


def _painted_before(runs: Iterable[FillRun]) -> Bools | None:
    """Return what runs have painted that one layer was filled by; None where there are none."""
    found = [each.mask.damage() & each.taken for each in runs if each.taken is not None]
    return np.any(found, axis=0) if found else None


def _painted(runs: Iterable[FillRun]) -> Bools:
    """Return the pixels that any run has painted."""
    found: Any = False
    for run in runs:
        found = found | run.painted()
    return np.asarray(found)


def _with(image: Image, pixels: Pixels) -> Image:
    """Return pixels with the belongings of an image of one plane."""
    axes = 'YX' if pixels.ndim == 2 else 'YXS'
    kept = {axis: pair for axis, pair in image.spacing.items() if axis in axes}
    return replace(
        image, data=pixels, axes=axes, spacing=kept, origin={}, channels=(), missing=None
    )
