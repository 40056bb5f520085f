"""What ``restore`` and ``batch`` do to one file: read, restore, write."""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from ..declare.call import Call
from ..declare.fields import read_preset
from ..declare.methods import ESTIMATORS, METHODS, find_method
from ..declare.tasks import TASKS
from ..errors import FileError, ParameterError
from ..io.files import (
    SUFFIXES,
    TIFF,
    ImageFile,
    check_holds,
    check_output,
    read_image,
    read_mask,
    write_image,
    write_json,
)
from ..restoration.session import Session
from ..types import Result
from .naming import read_named
from .options import flag, given_options, given_parameters

BESIDE = ('variance', 'uncertainty', 'latent', 'kernel', 'provenance')
"""What can be kept beside the image."""

_MAPS = (*TIFF, '.npy')  # formats of floating-point numbers


@dataclass(frozen=True)
class Outputs:
    """Where the parts of a result go; None for what is not kept."""

    image: Path
    variance: Path | None = None
    uncertainty: Path | None = None
    latent: Path | None = None
    kernel: Path | None = None
    provenance: Path | None = None

    def kept(self) -> dict[str, Path]:
        """Return the paths that are given, by kind."""
        kinds = ('image', *BESIDE)
        return {kind: path for kind in kinds if (path := getattr(self, kind)) is not None}

    def check(self, job: Job) -> None:
        """Refuse what cannot be written, before any work is done.

        Raises
        ------
        FileError
            When a path cannot be written, or two are the same.
        ParameterError
            When the method does not give what is to be kept.
        """
        formats = {'image': SUFFIXES, 'provenance': ('.json',)}
        paths = self.kept()
        for kind, path in paths.items():
            check_output(path, suffixes=formats.get(kind, _MAPS), overwrite=job.overwrite)
        if len({path.resolve() for path in paths.values()}) < len(paths):
            raise FileError(f'two results would be written to {self.image}; name different files')
        for kind in paths:
            if kind != 'provenance' and kind not in job.call.gives:
                raise ParameterError(
                    f'--save-{kind}: {job.call.method.name} gives no {kind} for task '
                    f'{job.call.task}{_advice(kind, job.call)}'
                )

    def finished(self) -> bool:
        """Return whether everything that is kept is there."""
        return all(path.exists() for path in self.kept().values())

    def write(self, result: Result, source: ImageFile, job: Job) -> None:
        """Write everything that is kept."""
        scale, overwrite = job.call.options.scale, job.overwrite
        for kind, path in reversed(self.kept().items()):  # who sees the image sees everything
            if kind == 'provenance':
                write_json(path, result.provenance, overwrite=overwrite)
                continue
            data = getattr(result, kind)
            if data is None:
                continue
            if kind == 'image':
                write_image(path, data, like=source, scale_factor=scale, overwrite=overwrite)
            elif kind in ('kernel', 'latent'):
                write_image(path, data.astype(np.float32), overwrite=overwrite)
            else:
                like = source if data.ndim == source.data.ndim else ImageFile(data)
                map_ = data.astype(np.float32)
                write_image(path, map_, like=like, scale_factor=scale, overwrite=overwrite)


@dataclass(frozen=True, eq=False)
class Job:
    """A restoration that waits for its image.

    Attributes
    ----------
    call : Call
        What is asked, checked as far as it does not depend on the image.
    given : dict
        Options and parameters, as :func:`napari_fresco.restore` takes them.
    mask : Path or None
        File, or folder, of the damage.
    overwrite, quiet : bool
        Replace existing files; print nothing.
    cancelled : threading.Event
        Set by Ctrl-C: the best estimate so far is the result.
    """

    call: Call
    given: dict[str, Any]
    mask: Path | None
    overwrite: bool
    quiet: bool
    cancelled: threading.Event

    @classmethod
    def of(cls, options: dict[str, Any]) -> Job:
        """Check the options that do not depend on an image, and read their files."""
        method = find_method(options['method'])
        named = given_options(options)
        mask = named.pop('mask', None)
        index = options['kernel_index']
        if 'kernel' in named or index is not None:
            named['kernel'] = _kernel(named.get('kernel'), index)
        for name, read in _READERS.items():
            if name in named:
                named[name] = read(named[name])
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
        )

    def run(
        self, image: Path, outputs: Outputs, session: Session, *, partial: bool = True
    ) -> Result:
        """Restore the file `image` and write the result, if it is whole or may be `partial`."""
        outputs.check(self)
        source = self._read(image, outputs.image)
        damage = None if self.mask is None else read_mask(self.mask)
        with _interrupts(self.cancelled):
            result = session.restore(
                source.data,
                progress=not self.quiet and sys.stderr.isatty(),
                callback=lambda step: not self.cancelled.is_set(),
                **{**self.given, 'mask': damage, 'axes': source.axes, 'rgb': None},
            )
        written = partial or result.finish != 'cancelled'
        if written:
            outputs.write(result, source, self)
        self.say(_summary(outputs.image, result) if written else f'{image}: cancelled')
        if not self.quiet:
            for warning in result.provenance['warnings']:
                click.echo(f'warning: {warning}', err=True)
        return result

    def say(self, text: str) -> None:
        """Print a line, unless silence is asked for."""
        if not self.quiet:
            click.echo(text)

    def _read(self, image: Path, output: Path) -> ImageFile:
        """Read `image` with all its axes named, and make sure that `output` can hold it."""
        options = self.call.options
        named, layout = read_named(image, options.axes, options.rgb)
        gained = 'S' if TASKS[self.call.task].gains_colour else ''
        dtype = layout.dtype if options.dtype is None else np.dtype(options.dtype)
        check_holds(output, dtype, layout.shape + (3,) * len(gained), f'{named.axes}{gained}')
        return named


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
    return read_image(text).data


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
