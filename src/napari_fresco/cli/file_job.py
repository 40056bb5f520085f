"""What ``restore`` and ``batch`` do to one file: read, restore, write."""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from ..declare.call import Call
from ..declare.fields import read_preset
from ..declare.methods import ESTIMATORS, METHODS, find_method
from ..declare.tasks import TASKS
from ..errors import FileError, ParameterError
from ..image.letters import UNNAMED, leading_first
from ..image.model import Image
from ..io.files import (
    SUFFIXES,
    TIFF,
    check_holds,
    check_output,
    list_series,
    read,
    read_mask,
    write,
    write_json,
    write_text,
)
from ..restoration.session import Session
from ..types import Result
from .flags import flag, given_options, given_parameters

BESIDE = ('variance', 'uncertainty', 'latent', 'kernel', 'provenance', 'report')
"""What can be kept beside the image."""

_TEXTS = {'provenance': ('.json',), 'report': ('.html',)}
_MAPS = (*TIFF, '.npy')  # formats of floating-point numbers
_KEPT = ('flavour', 'compression', 'predictor', 'resolution_unit')  # of a file, for its maps


@dataclass(frozen=True)
class Outputs:
    """Where the parts of a result go; None for what is not kept."""

    image: Path
    variance: Path | None = None
    uncertainty: Path | None = None
    latent: Path | None = None
    kernel: Path | None = None
    provenance: Path | None = None
    report: Path | None = None

    def kept(self) -> dict[str, Path]:
        """Return the paths that are given, by kind."""
        kinds = ('image', *BESIDE)
        return {kind: path for kind in kinds if (path := getattr(self, kind)) is not None}

    def check(self, job: FileJob) -> None:
        """Refuse what cannot be written, before any work is done.

        Raises FileError when a path cannot be written, or two are the same.
        Raises ParameterError when the method does not give what is to be kept.
        """
        formats = {'image': SUFFIXES, **_TEXTS}
        paths = self.kept()
        for kind, path in paths.items():
            check_output(path, suffixes=formats.get(kind, _MAPS), overwrite=job.overwrite)
        if len({path.resolve() for path in paths.values()}) < len(paths):
            raise FileError(f'two results would be written to {self.image}; name different files')
        for kind in paths:
            if kind not in _TEXTS and kind not in job.call.gives:
                raise ParameterError(
                    f'--save-{kind}: {job.call.method.name} gives no {kind} for task '
                    f'{job.call.task}{_advice(kind, job.call)}'
                )

    def finished(self) -> bool:
        """Return whether everything that is kept is there."""
        return all(path.exists() for path in self.kept().values())

    def numbered(self, number: int) -> Outputs:
        """Return the places of one of several images: ``a_1.png``, ``a_2.png`` and so on."""
        paths = {k: p.with_name(f'{p.stem}_{number}{p.suffix}') for k, p in self.kept().items()}
        return replace(self, **paths)

    def write(self, parts: Sequence[tuple[Image, Result]], job: FileJob) -> None:
        """Write everything that is kept; several images go into one file."""
        for kind, path in reversed(self.kept().items()):  # who sees the image sees everything
            if kind == 'provenance':
                records = [result.provenance for _, result in parts]
                record = records[0] if len(records) == 1 else {'images': records}
                write_json(path, record, overwrite=job.overwrite)
                continue
            if kind == 'report':
                _write_reports(path, parts, self.image, job)
                continue
            made = [_made(kind, *part, job.call.options.scale) for part in parts]
            contents = [image for image in made if image is not None]
            if contents:
                write(path, contents, overwrite=job.overwrite)


@dataclass(frozen=True, eq=False)
class FileJob:
    """A restoration that waits for its image.

    `call`: what is asked, checked as far as it does not depend on the image.
    `given`: options and parameters, as :func:`napari_fresco.restore` takes them.
    `mask`: file, or folder, of the damage.
    `overwrite`, `quiet`: replace existing files; print nothing.
    `cancelled`: set by Ctrl-C: the best estimate so far is the result.
    `series`: number or name of the image in a file of several; None restores them all.
    """

    call: Call
    given: dict[str, Any]
    mask: Path | None
    overwrite: bool
    quiet: bool
    cancelled: threading.Event
    series: str | None = None

    @classmethod
    def of(cls, options: dict[str, Any]) -> FileJob:
        """Check the options that do not depend on an image, and read their files."""
        method = find_method(options['method'])
        named = given_options(options)
        mask = named.pop('mask', None)
        index = options['kernel_index']
        if 'kernel' in named or index is not None:
            named['kernel'] = _kernel(named.get('kernel'), index)
        for name, parse in _READERS.items():
            if name in named:
                named[name] = parse(named[name])
        own = given_parameters(method, METHODS.values(), options, 'methods')
        given = {'task': options['task'], 'params': read_preset(options['params'])}
        call = Call.of(method.name, **given, given={**named, **own, 'mask': mask})
        return cls(
            call,
            {'method': method.name, **given, **named, **own},
            None if mask is None else Path(mask),
            options['overwrite'],
            options['quiet'],
            threading.Event(),
            options['series'],
        )

    def run(
        self, image: Path, outputs: Outputs, session: Session, *, partial: bool = True
    ) -> Result:
        """Restore the file `image` and write the result, if it is whole or may be `partial`."""
        several = self._several(image)
        if len(several) > 1 and outputs.image.suffix.lower() not in TIFF:
            places = [outputs.numbered(i + 1) for i in range(len(several))]
        else:
            places = [outputs]
        for place in places:
            place.check(self)
        sources = [self._read(image, outputs.image, each) for each in several]
        groups = [sources] if len(places) == 1 else [[source] for source in sources]
        damage = None if self.mask is None else read_mask(self.mask)
        for place, group in zip(places, groups, strict=True):
            result = self._run(group, place, damage, session, partial=partial)
        return result

    def _run(
        self,
        sources: Sequence[Image],
        outputs: Outputs,
        damage: Image | None,
        session: Session,
        *,
        partial: bool,
    ) -> Result:
        """Restore images, and write them into one file."""
        parts: list[tuple[Image, Result]] = []
        for source in sources:
            with _interrupts(self.cancelled):
                result = session.restore(
                    source,
                    progress=not self.quiet and sys.stderr.isatty(),
                    callback=lambda step: not self.cancelled.is_set(),
                    **{**self.given, 'mask': damage, 'axes': None, 'rgb': None},
                )
            parts.append((source, result))
        written = partial or result.finish != 'cancelled'
        if written:
            outputs.write(parts, self)
        path = sources[0].metadata['path']
        self.say(_summary(outputs.image, result) if written else f'{path}: cancelled')
        if not self.quiet:
            for warning in _warnings(parts):
                click.echo(f'warning: {path}: {warning}', err=True)
            for message in _failed(parts):
                click.echo(f'check: {path}: {message}', err=True)
        return result

    def say(self, text: str) -> None:
        """Print a line, unless silence is asked for."""
        if not self.quiet:
            click.echo(text)

    def _several(self, image: Path) -> list[int | str | None]:
        """Return which of the images in a file are meant; None for the only one."""
        if self.series is not None:
            return [self.series]
        found = list_series(image)
        if len(found) > 1 and not self.quiet:
            names = ', '.join(name for _, name in found)
            click.echo(
                f'note: {image} holds {len(found)} images, all of which are restored: {names}; '
                '--series picks one',
                err=True,
            )
        return [None] if len(found) == 1 else [number for number, _ in found]

    def _read(self, path: Path, output: Path, series: int | str | None) -> Image:
        """Read an image with all its axes named, and make sure that `output` can hold it."""
        options = self.call.options
        image = Image.of(read(path, series=series), axes=options.axes, rgb=options.rgb)
        gained = TASKS[self.call.task].gains_colour and 'S' not in image.axes
        dtype = image.dtype if options.dtype is None else np.dtype(options.dtype)
        shape = image.shape + (3,) * gained
        check_holds(output, dtype, shape, image.axes + 'S' * gained)
        return image


@contextmanager
def _interrupts(cancelled: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C set `cancelled`; the second one ends the program at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.getsignal(signal.SIGINT)

    def interrupt(number: int, frame: Any) -> None:
        del number, frame
        cancelled.set()
        signal.signal(signal.SIGINT, former)
        click.echo('cancelling after this step; press Ctrl-C again to stop at once', err=True)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def _summary(output: Path, result: Result) -> str:
    record = result.provenance
    partial = ', cancelled: the best estimate so far' if result.finish == 'cancelled' else ''
    return f'{output}: {record["title"]} {record["task"]}, {record["seconds"]} s{partial}'


def _made(kind: str, source: Image, result: Result, scale: int) -> Image | None:
    """Return a part of a result as an image with what belongs to its source."""
    data = getattr(result, kind)
    if data is None or isinstance(data, Image):
        return data
    if kind == 'image':
        return source.like(data, scale=scale)
    data = np.asarray(data, np.float32)
    if kind in ('kernel', 'latent'):
        return Image(data, UNNAMED[: data.ndim - 2] + 'YX')
    axes = leading_first(source.axes)
    axes = axes if data.ndim == len(axes) else axes.replace('S', '')
    kept = {key: source.metadata[key] for key in _KEPT if key in source.metadata}
    return replace(source.like(data, axes=axes, scale=scale), metadata=kept)


def _write_reports(
    path: Path, parts: Sequence[tuple[Image, Result]], output: Path, job: FileJob
) -> None:
    """Write a report of each image: ``a.html``, then ``a_2.html`` and so on."""
    from ..evidence import report_text

    for number, (source, result) in enumerate(parts, 1):
        place = path if number == 1 else path.with_name(f'{path.stem}_{number}{path.suffix}')
        files = {'image': str(source.metadata['path']), 'output': str(output)}
        files |= {} if job.mask is None else {'mask': str(job.mask)}
        text = report_text(result, source, files=files)
        write_text(place, text, overwrite=job.overwrite)


def _warnings(parts: Sequence[tuple[Image, Result]]) -> list[str]:
    """Return what reading and restoring have to say, once."""
    said = [each for source, _ in parts for each in source.metadata.get('warnings', ())]
    said += [each for _, result in parts for each in result.provenance['warnings']]
    return list(dict.fromkeys(said))


def _failed(parts: Sequence[tuple[Image, Result]]) -> list[str]:
    """Return what the checks found, once and beyond what is a warning already."""
    found = [check.message for _, result in parts for check in result.checks if not check.ok]
    return [message for message in dict.fromkeys(found) if message not in _warnings(parts)]


def _advice(kind: str, call: Call) -> str:
    """Say how the result can be made to hold `kind`, if it can."""
    ways = [
        flag(name) if value is True else f'{flag(name)} {value}'
        for name, value in call.method.gives_if_asked().get(kind, ())
    ]
    if kind in METHODS[ESTIMATORS[0]].outputs and 'sigma' in call.method.estimable(call.task):
        ways.append(f'--sigma {ESTIMATORS[0]}')
    return f'; add {" or ".join(ways)}' if ways else ''


def _kernel(path: str | None, index: int | None) -> Any:
    if path in ESTIMATORS:
        return path
    if path is None:
        raise ParameterError('--kernel-index picks from a file of kernels; give --kernel too')
    from ..physics import kernels

    return kernels.read(Path(path), index)


def _sigma(text: str) -> Any:
    if text == 'auto' or text in ESTIMATORS:
        return text
    try:
        return float(text)
    except ValueError:
        pass
    if not Path(text).exists():
        raise ParameterError(
            f'--sigma = {text!r}; give a number in image units, the file of a map, auto or virnet'
        )
    return read(text)


def _spacing(text: str) -> dict[str, tuple[float, str]]:
    """Read ``Z=0.3um,Y=0.1um``."""
    found = {}
    for part in text.split(','):
        match = re.fullmatch(r'\s*([A-Za-z])\s*=\s*([0-9.eE+-]+)\s*(.*?)\s*', part)
        try:
            axis, number, unit = match.groups() if match else ('', '', '')
            found[axis.upper()] = (float(number), unit)
        except ValueError:
            raise ParameterError(
                f'--spacing = {text!r}; give a distance and its unit for each axis, such as '
                'Z=0.3um,Y=0.1um,X=0.1um'
            ) from None
    return found


_READERS = {'sigma': _sigma, 'spacing': _spacing}
