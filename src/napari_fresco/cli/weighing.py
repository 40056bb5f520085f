"""``weights``: list, fetch, add and check checkpoints."""

from __future__ import annotations

from pathlib import Path

import click

from .. import weights as store


@click.group()
def weights() -> None:
    """List, fetch, add and check the weights of the networks."""


@weights.command('list')
def list_() -> None:
    """List all known weights: what they are for, and whether they are on this computer.

    Generative ones invent plausible detail. Files are bundled, cached (fetched
    or added), in the folder that NAPARI_FRESCO_WEIGHTS names, or absent.
    """
    for row in (_COLUMNS, *map(_row, store.status())):
        cells = [cell.ljust(width) for cell, width in zip(row, _WIDTHS, strict=True)]
        click.echo('  '.join(cells).rstrip())


_COLUMNS = ('name', 'task', 'image', 'scale', 'kind', 'file', 'size', 'licence')
_WIDTHS = (24, 13, 6, 6, 10, 7, 7, 0)
_PLACES = {'cache': 'cached', 'missing': 'absent'}


def _row(found: store.Status) -> tuple[str, ...]:
    entry = found.entry
    return (
        entry.name,
        entry.task,
        'gray' if entry.channels == 1 else 'colour',
        entry.describe_scales(),
        'generative' if entry.generative else '',
        _PLACES.get(found.place, found.place),
        f'{entry.size / 1e6:.1f} MB' if entry.size else '',
        entry.licence,
    )


@weights.command()
@click.argument('name')
@click.option('--quiet', '-q', is_flag=True, help='No progress bar.')
def get(name: str, quiet: bool) -> None:
    """Fetch the weights NAME into the cache and check their hash."""
    click.echo(str(store.get(name, progress=not quiet)))


@weights.command()
@click.argument('name')
@click.argument('file', type=click.Path(path_type=Path))
def add(name: str, file: Path) -> None:
    """Check FILE and copy it into the cache as the weights NAME."""
    click.echo(str(store.add(name, file)))


@weights.command()
@click.argument('names', nargs=-1)
def check(names: tuple[str, ...]) -> None:
    """Check hash and contents of weights; all that are here by default."""
    chosen = names or tuple(s.entry.name for s in store.status() if s.path is not None)
    for name in chosen:
        click.echo(f'{name}: {store.check(name)} is as it should be')
