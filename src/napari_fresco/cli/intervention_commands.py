"""``condition`` and ``repeat``: measures of the damage of a wall, and a recorded fill made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from ..errors import ParameterError
from ..image.model import Image, in_memory
from ..io.apart import check_apart
from ..io.files import check_output, write
from ..io.mask_files import as_mask
from .picking import picking, read_picked

_FILE = click.Path(path_type=Path)
_NARROW = 255  # the highest label of a class


@click.command()
@click.argument('mask', type=_FILE)
@click.option('--output', '-o', 'outputs', type=_FILE, multiple=True, required=True,
              help='.png, .csv, .geojson or .svg; may be given several times.')  # fmt: skip
@click.option('--mm-per-pixel', type=float, help='Size of a pixel on the wall.')
@click.option('--photograph', type=_FILE, help='What a .png lies over.')
@click.option('--painted', type=_FILE, help='Mask of the painted area, of which shares are told.')
@picking('series')
@click.option('--overwrite', is_flag=True, help='Replace existing files.')
@click.option('--quiet', '-q', is_flag=True, help='No table.')
def condition(
    mask: Path,
    outputs: tuple[Path, ...],
    mm_per_pixel: float | None,
    photograph: Path | None,
    painted: Path | None,
    series: str | None,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Measure the damage that MASK maps, class by class, and write it as a condition map.

    Labels are those of `fresco.damage.CLASSES`; a mask of one other value is damage of no class.
    """
    from ..intervention.condition import condition as measured
    from ..intervention.condition_files import SUFFIXES, numbers_of, write_condition

    for path in outputs:
        check_output(path, suffixes=SUFFIXES, overwrite=overwrite)
    check_apart(outputs, [path for path in (mask, photograph, painted) if path])
    image, area, picture = (
        None if path is None else read_picked(path, series=series, one_of_several=True)
        for path in (mask, painted, photograph)
    )
    assert image is not None
    shown = None if area is None else np.squeeze(np.asarray(as_mask(area, str(painted)).data))
    found = measured(_labels(mask, image), mm_per_pixel=mm_per_pixel, painted=shown)
    for path in outputs:
        write_condition(path, found, picture, overwrite=overwrite)
    if not quiet:
        for row in (*found.rows, found.total):
            click.echo(f'{row.name:<18} {"; ".join(numbers_of(row))}')


@click.command()
@click.argument('record', type=_FILE)
@click.option('--output', '-o', type=_FILE, required=True, help='The filled photograph.')
@click.option('--photograph', type=_FILE, help='Where it lies now.')
@picking('series')
@click.option('--device', help='As for restore; that of the record by default.')
@click.option('--overwrite', is_flag=True, help='Replace existing files.')
@click.option('--quiet', '-q', is_flag=True, help='Print nothing but errors and warnings.')
def repeat(
    record: Path,
    output: Path,
    photograph: Path | None,
    series: str | None,
    device: str | None,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Fill losses anew as RECORD (.json) of an intervention tells, from the masks beside it.

    The exit status is 1 where the result is not that of the record, bit for bit.
    """
    from ..intervention.replay import repeat as repeated

    check_output(output, overwrite=overwrite)
    check_apart([output], [path for path in (record, photograph) if path])
    again = repeated(record, photograph, series=series, device=device)
    check_apart([output], [Path(again.image.metadata.get('path', record))])
    write(output, again.image, overwrite=overwrite)
    for said in again.differences:
        click.echo(f'warning: {said}', err=True)
    if not quiet:
        same = 'the same' if again.same else 'another result'
        click.echo(f'{output}: {same} as on record')
    return 0 if again.same else 1


def _labels(path: Path, image: Image) -> Any:
    """Return the labels of a file: numbers of classes, or marked pixels."""
    values = np.squeeze(in_memory(image.data))
    if 'S' in image.axes or values.dtype.kind not in 'ui':
        return np.squeeze(np.asarray(as_mask(image, str(path)).data))
    if values.ndim != 2:
        raise ParameterError(f'{path} has axes {image.axes}; a condition map is of one plane')
    found = np.unique(values)
    alone = len(found[found != 0]) == 1 and int(found.max()) >= _NARROW
    return values != 0 if alone else values
