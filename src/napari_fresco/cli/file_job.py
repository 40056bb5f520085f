"""What ``restore`` and ``batch`` do to one file: read, restore, write."""

from __future__ import annotations

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

from ..declare.fields import read_preset
from ..declare.methods import ESTIMATORS, METHODS, Method, find_method, find_task
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
from ..types import Result, Task
from .naming import read_named
from .options import given_parameters

BESIDE = ('variance', 'uncertainty', 'latent', 'kernel', 'provenance')
"""What can be kept beside the image."""

_MAPS = (*TIFF, '.npy')  # formats of floating-point numbers
_ADVICE = {
    'variance': '; --sigma virnet has it estimated',
    'uncertainty': '; add --ensemble, or --latent sample for VDIR',
    'latent': '; VDIR does with --show-latent',
    'kernel': '',
}


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
            if kind in _ADVICE and kind not in job.gives():
                raise ParameterError(
                    f'--save-{kind}: {job.method.name} gives no {kind} for task {job.task}'
                    f'{_ADVICE[kind]}'
                )

    def write(self, result: Result, source: ImageFile, job: Job) -> None:
        """Write everything that is kept."""
        scale, overwrite = job.arguments['scale'], job.overwrite
        for kind, path in self.kept().items():
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
    method, task
        What to do.
    arguments : dict
        Of :func:`napari_fresco.restore`, without image, mask and axes.
    axes, rgb
        As given; None leaves it to the file.
    overwrite, quiet : bool
        Replace existing files; print nothing.
    cancelled : threading.Event
        Set by Ctrl-C: the best estimate so far is the result.
    """

    method: Method
    task: Task
    arguments: dict[str, Any]
    axes: str | None
    rgb: bool | None
    overwrite: bool
    quiet: bool
    cancelled: threading.Event

    @classmethod
    def of(cls, options: dict[str, Any]) -> Job:
        """Check the options that do not depend on an image, and read their files."""
        method = find_method(options['method'])
        task = find_task(method, options['task'])
        given = given_parameters(method, METHODS.values(), options, 'methods')
        values = {**read_preset(options['params']), **given}
        method.parameters_class.create(values)
        kept = ('scale', 'data_range', 'tile', 'device', 'seed', 'keep_known')
        arguments = {
            'method': method.name,
            'task': task,
            'kernel': _kernel(options['kernel'], options['kernel_index']),
            'sigma': _sigma(options['sigma']),
            'params': values,
            **{name: options[name] for name in kept},
        }
        return cls(
            method,
            task,
            arguments,
            options['axes'],
            options['rgb'],
            options['overwrite'],
            options['quiet'],
            threading.Event(),
        )

    def gives(self) -> set[str]:
        """Return what the result will hold beside the image."""
        params, sigma, given = self.arguments['params'], self.arguments['sigma'], {'provenance'}
        estimated = isinstance(sigma, str) and sigma in ESTIMATORS
        if 'variance' in self.method.outputs or estimated:
            given.add('variance')
        if params.get('ensemble') or params.get('latent') == 'sample':
            given.add('uncertainty')
        if params.get('show_latent'):
            given.add('latent')
        if 'kernel' in self.method.outputs and self.task in ('deblur', 'super_resolve'):
            given.add('kernel')
        return given

    def run(self, image: Path, outputs: Outputs, mask: Path | None) -> Result:
        """Restore the file `image` and write the result."""
        outputs.check(self)
        source = self._read(image, outputs.image)
        damage = None if mask is None else read_mask(mask)

        from ..restoration.api import restore

        with _interrupts(self.cancelled):
            result = restore(
                source.data,
                mask=damage,
                axes=source.axes,
                progress=not self.quiet and sys.stderr.isatty(),
                callback=lambda step: not self.cancelled.is_set(),
                **self.arguments,
            )
        outputs.write(result, source, self)
        if not self.quiet:
            _report(outputs.image, result)
        return result

    def _read(self, image: Path, output: Path) -> ImageFile:
        """Read `image` with all its axes named, and make sure that `output` can hold it."""
        named, layout = read_named(image, self.axes, self.rgb)
        gained = 'S' if self.task == 'demosaic' else ''
        shape = layout.shape + (3,) * len(gained)
        check_holds(output, layout.dtype, shape, f'{named.axes}{gained}')
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


def _report(output: Path, result: Result) -> None:
    record = result.provenance
    partial = ', cancelled: the best estimate so far' if result.finish == 'cancelled' else ''
    click.echo(f'{output}: {record["title"]} {record["task"]}, {record["seconds"]} s{partial}')
    for warning in record['warnings']:
        click.echo(f'warning: {warning}', err=True)


def _kernel(path: Path | None, index: int | None) -> Any:
    if path is not None and str(path) in ESTIMATORS:
        return str(path)
    if path is None:
        if index is not None:
            raise ParameterError('--kernel-index picks from a file of kernels; give --kernel too')
        return None
    from ..physics import kernels

    return kernels.read(path, index)


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
