"""``restore`` and ``batch``: files in, files out."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from tqdm import tqdm

from ..batch import BatchOutcome, BatchPlan, BatchRecipe, FileRecord, iterate, plan
from ..batch.file_job import FileJob
from ..batch.outputs import BESIDE, Outputs
from ..batch.recipe import RECIPE_SUFFIXES
from ..batch.summary import line_of
from ..declare.call import method_of
from ..declare.methods import METHODS
from ..declare.presets import Preset
from ..errors import FileError, ParameterError
from ..generators import Returning
from ..image.spacings import parse_spacing
from ..io.files import SUFFIXES
from ..restoration.session import Session
from ..training.interrupts import held_back
from .flags import call_options, given_options, given_parameters, parameter_options
from .picking import picking

F = TypeVar('F', bound=Callable[..., Any])

_FILE = click.Path(path_type=Path)
_COMMON = (
    click.option('--task', '-t', help="Task; the method's first one by default."),
    click.option('--kernel-index', type=int, help='Which kernel, from 0, of a file of several.'),
    picking('series', 'channels'),
    click.option(
        '--preset',
        '--params',
        'preset',
        help='Name of a preset, see `napari-fresco presets`, or a JSON file.',
    ),
    click.option('--overwrite', is_flag=True, help='Replace existing files.'),
    click.option(
        '--quiet', '-q', is_flag=True, help='Print nothing but errors, and no progress bar.'
    ),
)
_CANCELLED = 130
_RUNNING = ('images', 'overwrite', 'quiet', 'workers', 'scheduler', 'dry_run')


def _common(function: F) -> F:
    function = parameter_options(METHODS.values())(function)
    function = call_options()(function)
    for option in reversed(_COMMON):
        function = option(function)
    return function


@click.command()
@click.argument('image', type=_FILE)
@click.option('--output', '-o', required=True, type=_FILE, help='Result.')
@click.option('--save-variance', type=_FILE, help='Variance map, .tif or .npy.')
@click.option('--save-uncertainty', type=_FILE, help='Uncertainty map, .tif or .npy.')
@click.option('--save-spread', type=_FILE, help='Spread among turns or samples, .tif or .npy.')
@click.option('--save-latent', type=_FILE, help='Latent maps, .tif or .npy.')
@click.option('--save-kernel', type=_FILE, help='Kernel, .tif or .npy.')
@click.option('--save-provenance', type=_FILE, help='Record of the making, .json.')
@click.option('--report', 'save_report', type=_FILE, help='Report, .html.')
@click.option('--method', '-m', help='Method, if the preset names none; see `methods`.')
@_common
def restore(image: Path, output: Path, **options: Any) -> int:
    """Restore IMAGE (TIFF, OME-Zarr, PNG, JPEG or NPY) and write the result.

    Ctrl-C ends the iteration after the present step and writes the best
    estimate so far, if there is one; the exit status is then 130.
    """
    outputs = Outputs(output, **{kind: options[f'save_{kind}'] for kind in BESIDE})
    quiet = options['quiet']
    job = FileJob.of(
        options['method'],
        options['task'],
        preset=options['preset'],
        overwrite=options['overwrite'],
        **_asked(options),
    )
    said: list[str] = []

    def doubtful(doubt: str) -> None:
        if doubt not in said:
            click.echo(f'warning: {image}: {doubt}', err=True)
        said.append(doubt)

    with Session(warn=False) as session, _interrupts() as cancelled:
        outcome = job.run(
            image,
            outputs,
            session,
            progress=not quiet and sys.stderr.isatty(),
            cancelled=cancelled,
            doubtful=None if quiet else doubtful,
        )
    if not quiet:
        click.echo(f'{output}: {outcome.summary}')
        _tell(str(image), outcome.told, outcome.warnings, outcome.failed, said)
    return _CANCELLED if outcome.cancelled else 0


@click.command()
@click.argument('images', nargs=-1, required=True, metavar='RECIPE.yaml | IMAGES...')
@click.option('--output', '-o', help='Folder of the results.')
@click.option('--suffix', help='Suffix of the results, such as .tif; that of each image.')
@click.option('--save-variance', is_flag=True, help='Keep STEM.variance.tif.')
@click.option('--save-uncertainty', is_flag=True, help='Keep STEM.uncertainty.tif.')
@click.option('--save-spread', is_flag=True, help='Keep STEM.spread.tif.')
@click.option('--save-latent', is_flag=True, help='Keep STEM.latent.tif.')
@click.option('--save-kernel', is_flag=True, help='Keep STEM.kernel.tif.')
@click.option('--save-provenance', is_flag=True, help='Keep STEM.json.')
@click.option('--save-report', is_flag=True, help='Keep STEM.html.')
@click.option('--records', help='Folder of log, summary and records; FOLDER.batch by default.')
@click.option('--method', '-m', help='Method, if the preset names none; see `methods`.')
@_common
@click.option('--workers', type=int, help='Processes; one for each GPU, else one, by default.')
@click.option('--scheduler', metavar='ADDRESS', help='A dask.distributed scheduler to send it to.')
@click.option('--dry-run', is_flag=True, help='Show what would be done, and do nothing.')
def batch(images: tuple[str, ...], **options: Any) -> int:
    """Carry out RECIPE.yaml, or restore IMAGES (folders, files or patterns) into a folder.

    Masks in a folder belong to the images of the same stem. What is finished is passed
    over, so that the same command does only the rest after whatever broke it off. A file
    that fails is reported, the others are restored, and the exit status is 2. Log, summary
    and records are beside the folder, in FOLDER.batch.
    """
    workers = options['workers']
    if workers is not None and workers < 1:
        raise ParameterError(f'--workers = {workers} is out of range; give 1 or more')
    todo = plan(_recipe(images, options), overwrite=options['overwrite'])
    if options['dry_run']:
        click.echo('\n'.join(todo.lines()))
        return 0
    outcome = _carry_out(todo, workers, options['scheduler'], options['quiet'])
    if outcome.problem:
        raise FileError(outcome.problem)
    if outcome.cancelled:
        done = outcome.counts['made'] + outcome.counts['finished']
        click.echo(
            f'cancelled: {done} of {outcome.total} images are done; the same command does the rest',
            err=True,
        )
    return _CANCELLED if outcome.cancelled else 0


def _carry_out(
    todo: BatchPlan, workers: int | None, scheduler: str | None, quiet: bool
) -> BatchOutcome:
    """Carry out a plan with a bar over its files, which moves with those at work, too."""
    shown = not quiet and sys.stderr.isatty()
    form = '{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total_fmt} files [{elapsed}<{remaining}]'
    with (
        tqdm(total=len(todo.files), desc='batch', disable=not shown, bar_format=form) as bar,
        _interrupts() as cancelled,
    ):
        work = iterate(todo, workers=workers, scheduler=scheduler, cancelled=cancelled)
        reports = Returning(work)
        for report in reports:
            bar.update(report.index + report.under_way - bar.n)
            if report.note:
                click.echo(f'note: {report.note}', err=True)
            if report.record is not None:
                with tqdm.external_write_mode():
                    _tell_of(report.record, quiet)
        return reports.result


def _recipe(images: tuple[str, ...], options: dict[str, Any]) -> BatchRecipe:
    """Return the recipe that is named, or the one that the options describe."""
    if len(images) == 1 and Path(images[0]).suffix.lower() in RECIPE_SUFFIXES:
        given = [n for n, v in options.items() if n not in _RUNNING and v not in (None, False, ())]
        if given:
            raise ParameterError(
                f'{images[0]} says what is done; write {", ".join(given)} into it, or leave it out'
            )
        return BatchRecipe.read(images[0])
    needed = ['output'] if options['preset'] else ['output', 'method']
    if missing := [f'--{name}' for name in needed if options[name] is None]:
        raise ParameterError(f'{" and ".join(missing)} must be given, or IMAGES be a recipe, .yaml')
    suffix = options['suffix']
    if suffix is not None and suffix.lower() not in SUFFIXES:
        raise FileError(f'--suffix {suffix} cannot be written; choose {", ".join(SUFFIXES)}')
    return BatchRecipe(
        images=images,
        output=options['output'],
        method=options['method'],
        task=options['task'],
        preset=options['preset'],
        name='{name}' if suffix is None else '{stem}' + suffix,
        keep=tuple(kind for kind in BESIDE if options[f'save_{kind}']),
        records=options['records'],
        base=Path(),
        **_asked(options),
    )


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a file job, checked as far as the command line knows them."""
    method = method_of(options['method'], Preset.of(options['preset']))
    named = given_options(options)
    if 'spacing' in named:
        named['spacing'] = parse_spacing(named['spacing'])
    return {
        'options': named,
        'parameters': given_parameters(method, METHODS.values(), options, 'methods'),
        'kernel_index': options['kernel_index'],
        'series': options['series'],
        'channels': options['channels'],
    }


def _tell_of(record: FileRecord, quiet: bool) -> None:
    """Print the outcome of a file."""
    wrong = bool(record.error)
    if wrong or not quiet:
        click.echo(line_of(record), err=wrong)
    if record.status == 'made' and not quiet:
        _tell(record.image, record.notes, record.warnings, record.checks)


def _tell(
    image: str, notes: Any, warnings: Any, checks: dict[str, str], said: Collection[str] = ()
) -> None:
    """Print the warnings of a result, but for those that were `said` already."""
    for note in notes:
        click.echo(f'note: {note}', err=True)
    for warning in warnings:
        if warning not in said:
            click.echo(f'warning: {image}: {warning}', err=True)
    for message in checks.values():
        if message not in warnings and message not in said:
            click.echo(f'check: {image}: {message}', err=True)


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Lend a function that says whether Ctrl-C was pressed; the second one ends the program."""
    said = threading.Event()
    with held_back() as came:

        def cancelled() -> bool:
            if came() and not said.is_set():
                said.set()
                click.echo('cancelling; press Ctrl-C again to stop at once', err=True)
            return came()

        yield cancelled
