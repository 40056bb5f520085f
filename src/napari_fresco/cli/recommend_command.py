"""``recommend``: a method for an image, why, and the command that runs it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from ..declare.fields import flag
from ..declare.recommendations import Recommendation
from ..declare.tasks import TASKS
from ..io.files import SUFFIXES
from ..io.kernel_calibration import read_kernel
from ..io.mask_files import read_mask
from ..io.pictures import is_lossy
from .picking import picking, read_picked

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument('image', type=_FILE)
@click.option('--task', '-t', help='What is to be done; by default what the others ask for.')
@click.option('--mask', type=_FILE, help='Damage to fill, nonzero.')
@click.option('--kernel', type=_FILE, help='Blur to undo.')
@click.option('--scale', type=int, help='Enlargement.')
@picking('axes', 'series', 'channels')
def recommend(
    image: Path, task: Any, series: str | None, channels: tuple[str, ...], **given: Any
) -> None:
    """Look at IMAGE and say which method suits it, why, and with which command."""
    from ..restoration.image_facts import recommend as found_for

    asked = {name: value for name, value in given.items() if value is not None}
    said = found_for(
        read_picked(image, series=series, channels=channels),
        task=task,
        **{name: _read(name, value) for name, value in asked.items()},
    )
    click.echo(f'{said.method} ({said.task}): {said.reason}')
    if said.caution:
        click.echo(f'mind: {said.caution}')
    options = {'series': series, 'channel': channels or None, **asked, **said.options}
    click.echo(command(image, said, {n: v for n, v in options.items() if v is not None}))


def command(image: Path, said: Recommendation, options: dict[str, Any]) -> str:
    """Return the command that does what is recommended; its result lies beside the image."""
    name, _, suffixes = image.name.partition('.')
    suffixes = suffixes if image.suffix.lower() in SUFFIXES else 'tif'
    if is_lossy(image) and 'mask' in TASKS[said.task].needs:
        suffixes = 'png'  # which keeps what was known
    output = image.with_name(f'{name}-{said.method}.{suffixes}')
    words = ['napari-fresco', 'restore', image, '-o', output]
    words += ['--method', said.method, '--task', said.task]
    for name, value in options.items():
        for each in value if isinstance(value, tuple) else (value,):
            words += [flag(name), each]
    return shlex.join(map(str, words))


def _read(name: str, value: Any) -> Any:
    if name == 'mask':
        return read_mask(value)
    return read_kernel(value) if name == 'kernel' else value
