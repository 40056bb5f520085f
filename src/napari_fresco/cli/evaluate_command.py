"""``evaluate``: the quality of a result, as a table, JSON and a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ..declare.presets import Preset
from ..errors import ImageError, ParameterError
from ..image.model import Image
from ..io.apart import check_apart
from ..io.files import check_output, write_json, write_text
from ..io.kernel_calibration import read_kernel
from ..noise.camera import Camera
from ..types import Result
from .picking import picking, read_picked
from .run_record import records_of

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument('result', type=_FILE)
@click.option('--input', '-i', 'image', type=_FILE, required=True, help='What it was made of.')
@click.option('--truth', type=_FILE, help='What it should be.')
@click.option('--second', type=_FILE, help='Another exposure of the input.')
@click.option('--kernel', type=_FILE, help='Blur that the result was freed from.')
@click.option('--noise', help='Noise of the input: a number in image units, or a camera preset.')
@picking('channels', 'series', 'axes')
@click.option('--provenance', type=_FILE, help='Record of the run; RESULT.json where it exists.')
@click.option('--json', 'table', type=_FILE, help='The numbers, .json.')
@click.option('--report', 'page', type=_FILE, help='A report, .html; needs the provenance.')
@click.option('--overwrite', is_flag=True, help='Replace existing files.')
@click.option('--quiet', '-q', is_flag=True, help='No table.')
def evaluate(
    result: Path,
    image: Path,
    truth: Path | None,
    second: Path | None,
    kernel: Path | None,
    noise: str | None,
    channels: tuple[str, ...],
    series: str | None,
    axes: str | None,
    provenance: Path | None,
    table: Path | None,
    page: Path | None,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Measure RESULT: against its input, against the truth if there is one, and by itself."""
    _check_outputs(table, page, (result, image, truth, second, kernel, provenance), overwrite)
    whole, made = (_read(each, series, axes) for each in (image, result))
    source = whole.channel(*channels) if channels else whole
    of_part = made.length('C') == source.length('C')
    record = _record(result, provenance, source if of_part else whole, image)
    if page is not None:
        _check_reportable(result, record, of_part=of_part)
    from ..evidence import evaluate as measured
    from ..evidence import report_text

    blur = None if kernel is None else read_kernel(kernel)
    picked = channels if whole.length('C') > source.length('C') else ()
    made = _picked_of(made, source, picked)
    wanted, frame = (
        None if path is None else _picked_of(_read(path, series, axes), source, picked)
        for path in (truth, second)
    )
    known = _noise_of(record, whole, () if of_part else picked) if noise is None else _noise(noise)
    asked: dict[str, Any] = {'truth': wanted, 'second': frame, 'kernel': blur, 'noise': known}
    numbers = measured(made, source, task=record.get('task'), **asked)
    if of_part:
        numbers['checks'] = record.get('checks') or numbers['checks']
    if not quiet:
        _show(numbers)
    if table is not None:
        write_json(table, numbers, overwrite=overwrite)
    if page is not None:
        rest = Result(made, None, None if blur is None else blur.values, record['finish'], record)
        files = {'image': str(image), 'output': str(result), 'channels': channels}
        text = report_text(rest, source, truth=wanted, kernel=blur, files=files)
        write_text(page, text, overwrite=overwrite)


def _check_outputs(
    table: Path | None, page: Path | None, given: Iterable[Path | None], overwrite: bool
) -> None:
    for path, suffix in ((table, '.json'), (page, '.html')):
        if path is not None:
            check_output(path, suffixes=(suffix,), overwrite=overwrite)
    check_apart(filter(None, (table, page)), filter(None, given))


def _check_reportable(result: Path, record: Mapping[str, Any], *, of_part: bool) -> None:
    if not record:
        raise ParameterError(
            '--report needs the record of the run; give --provenance, the file that restore writes '
            'with --save-provenance'
        )
    if not of_part:
        raise ParameterError(
            f'--report is of a whole run, and {result} has more channels than --channel picks; '
            'leave --channel out'
        )


def _read(path: Path, series: str | None, axes: str | None) -> Image:
    return read_picked(path, series=series, axes=axes, one_of_several=True)


def _record(result: Path, given: Path | None, source: Image, image: Path) -> dict[str, Any]:
    """Return the record of the run that made `result` of `source`; one of another run is not it."""
    from ..evidence.origin import check_origin

    said: ImageError | None = None
    for record in records_of(result, given):
        try:
            check_origin(record, source, str(image))
        except ImageError as error:
            said = error
        else:
            return record
    if said is not None:
        if given is not None:
            raise said
        click.echo(f'warning: the record beside {result} is not used: {said}', err=True)
    return {}


def _picked_of(other: Image, source: Image, picked: Sequence[str]) -> Image:
    """Return those channels of an image that were picked of the input, unless it has only them."""
    return other.channel(*picked) if picked and other.length('C') > source.length('C') else other


def _noise_of(record: Mapping[str, Any], whole: Image, picked: Sequence[str]) -> Any:
    """Return the noise that a run reckoned with, in the channels that are measured."""
    from ..evidence.channel_noise import noise_of
    from ..image.channels import number_of

    if not picked:
        return noise_of(record, count=len(record.get('noise', ())) or 1)
    numbers = [number_of(each, whole.channels, whole.length('C')) for each in picked]
    found = [noise_of(record, number) for number in numbers]
    return found if len(found) > 1 else found[0]


def _show(numbers: Mapping[str, Any]) -> None:
    from ..evidence.measure_rows import rows

    lines = rows(numbers)
    width = max(len('check'), *(len(row.group) for row in lines))
    for row in lines:
        click.echo(f'{row.group:<{width}} {row.name:<21} {row.value} {row.unit}'.rstrip())
    for check in numbers['checks']:
        text = 'ok' if check['ok'] else check['message']
        click.echo(f'{"check":<{width}} {check["name"]:<21} {check["value"]:.4g}  {text}')


def _noise(text: str) -> float | Camera:
    try:
        return float(text)
    except ValueError:
        return Camera(**Preset.of(text).parameters)
