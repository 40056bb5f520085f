"""``weights``: list, fetch, add, check and export checkpoints."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from .. import weights as store
from ..errors import WeightsError
from ..weights.cache import pin_file, pinned


@click.group()
def weights() -> None:
    """List, fetch, add, check and export the weights of the networks."""


@weights.command('list')
def list_() -> None:
    """List all known weights: their use, and whether they are on this computer.

    Generative ones invent plausible detail. Files are bundled, cached (fetched
    or added), in the folder that NAPARI_FRESCO_WEIGHTS names, or absent. Hashes
    are known, pinned when the first file came, or open until one comes. PSNR is
    ours where we trained the network, and published where the authors did.
    """
    click.echo(_line(_COLUMNS))
    for found in sorted(store.status(), key=lambda found: found.place != 'bundled'):
        click.echo(_line(_row(found)))
        click.echo(_details(found.entry))


_COLUMNS = ('name', 'task', 'image', 'scale', 'kind', 'file', 'size', 'hash')
_WIDTHS = (26, 13, 6, 6, 10, 7, 14, 0)
_PLACES = {'cache': 'cached', 'missing': 'absent'}
_INDENT = '    '
_PAGE = 118


def _line(row: tuple[str, ...]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, _WIDTHS, strict=True)]
    return '  '.join(cells).rstrip()


def _row(found: store.Status) -> tuple[str, ...]:
    entry = found.entry
    return (
        entry.name,
        entry.task,
        'gray' if entry.channels == 1 else 'colour',
        entry.describe_scales(),
        'generative' if entry.generative else '',
        _PLACES.get(found.place, found.place),
        entry.describe_size() if found.path is None else _size(found.path),
        _trust(entry),
    )


def _size(path: Path) -> str:
    return f'{path.stat().st_size / 1e6:.1f} MB'


def _trust(entry: store.Entry) -> str:
    """Return where the hash comes from by which a file is recognised."""
    if entry.hashed:
        return 'known'
    return 'open' if pinned(entry) is None else 'pinned'


def _details(entry: store.Entry) -> str:
    """Return PSNR and licence, indented."""
    text = f'PSNR: {_quality(entry)}. Licence: {entry.licence}'
    return textwrap.fill(text, _PAGE, initial_indent=_INDENT, subsequent_indent=_INDENT)


def _quality(entry: store.Entry) -> str:
    from ..weights.cards import card

    if entry.quality is not None:
        return entry.quality
    known = card(entry.name)
    return 'not measured' if known is None else known.summary()


@weights.command()
@click.argument('name')
@click.option('--quiet', '-q', is_flag=True, help='No progress bar.')
def get(name: str, quiet: bool) -> None:
    """Fetch the weights NAME into the cache and check them.

    Where no hash of the file is published, that of the first one is pinned: a
    file with another one is refused from then on.
    """
    entry = store.entry(name)
    before = pinned(entry)
    click.echo(str(store.get(name, progress=not quiet)))
    _say_pinned(entry, before)


@weights.command()
@click.argument('name')
@click.argument('file', type=click.Path(path_type=Path))
def add(name: str, file: Path) -> None:
    """Check FILE and copy it into the cache as the weights NAME."""
    entry = store.entry(name)
    before = pinned(entry)
    click.echo(str(store.add(name, file)))
    _say_pinned(entry, before)


def _say_pinned(entry: store.Entry, before: str | None) -> None:
    now = pinned(entry)
    if now != before:
        click.echo(
            f'No hash of this file is published: its sha256, {now}, is pinned in '
            f'{pin_file(entry)}; from now on a file of {entry.name} with another one is refused.',
            err=True,
        )


@weights.command()
@click.argument('names', nargs=-1)
def check(names: tuple[str, ...]) -> None:
    """Check hash and contents of weights; all that are here by default."""
    chosen = names or tuple(s.entry.name for s in store.status() if s.path is not None)
    faults = []
    for name in chosen:
        try:
            click.echo(f'{name}: {store.check(name)} {_FINDINGS[_trust(store.entry(name))]}')
        except WeightsError as error:
            faults.append(str(error))
    if faults:
        raise WeightsError('; '.join(faults))


_FINDINGS = {
    'known': 'is as it should be',
    'pinned': 'is as it should be, and the same file as the first that came',
    'open': 'has the right names and shapes; no hash of it is published or pinned',
}


@weights.command()
@click.argument('name')
@click.option(
    '--bioimageio', is_flag=True, required=True, help='As a package of bioimage.io: a .zip file.'
)
@click.option('--output', '-o', type=click.Path(path_type=Path), help='NAME.zip by default.')
@click.option('--overwrite', is_flag=True, help='Replace an existing file.')
def export(name: str, bioimageio: bool, output: Path | None, overwrite: bool) -> None:
    """Write the weights NAME of this project for other programs.

    A package of bioimage.io holds the network as TorchScript, an example, the card
    and a description; ilastik, deepImageJ and others run it.
    """
    target = output or Path(f'{name}.zip')
    click.echo(str(store.export_bioimageio(name, target, overwrite=overwrite)))
