"""``bench``: how good the weights are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..io.files import check_output

if TYPE_CHECKING:
    from ..training.card_check import Subject


@click.group()
def bench() -> None:
    """Measure the quality of the weights."""


@bench.command()
@click.argument('names', nargs=-1)
@click.option('--data', type=click.Path(path_type=Path), help='Folder with the test images.')
@click.option('--limit', type=int, help='Only the first images of each set.')
@click.option('--gates', is_flag=True, help='Say what keeps them from being bundled.')
@click.option('--output', '-o', type=click.Path(path_type=Path), help='.md or .json file.')
@click.option('--overwrite', is_flag=True, help='Replace an existing file.')
@click.pass_context
def weights(
    context: click.Context,
    names: tuple[str, ...],
    data: Path | None,
    limit: int | None,
    gates: bool,
    output: Path | None,
    overwrite: bool,
) -> None:
    """Measure weights again and compare with their cards; all bundled ones by default.

    NAMES are names of bundled weights, or paths of your own files with their cards
    beside them. Without --data, say which images are needed. A folder with none of
    these sets is measured as it is, and compared with nothing. The exit status is 1 when
    something is worse than its card by more than 0.05 dB.

    With --gates files of one's own are compared with the bundled ones of their name instead:
    PSNR, little noise, drift, spots, half precision, size. The exit status is 1 when one fails.
    """
    from ..training.card_check import (
        TOLERANCE,
        Comparison,
        markdown,
        measure,
        needed,
        subjects,
        to_json,
    )

    chosen = subjects(names)
    if data is None:
        click.echo(f'--data is {needed(chosen)}')
        return
    if gates:
        context.exit(_gates(chosen, data, limit))
    if output is not None:
        check_output(output, suffixes=('.md', '.json'), overwrite=overwrite)

    def show(rows: list[Comparison]) -> None:
        click.echo(markdown(rows))

    rows = measure(chosen, data, limit, show)
    if output is not None:
        text = to_json(rows) if output.suffix == '.json' else markdown(rows)
        output.write_text(text, encoding='utf-8')
    if not any(row.comparable for row in rows):
        click.echo('nothing to compare with: the cards are about other images')
    worse = sum(row.worse for row in rows)
    if worse:
        click.echo(f'{worse} of {len(rows)} values are more than {TOLERANCE:g} dB below the card')
        context.exit(1)


def _gates(chosen: Sequence[Subject], data: Path, limit: int | None) -> int:
    """Print a table of the gates; return the exit status."""
    from ..training.card_check import set_folders
    from ..training.gates import measure_gates

    click.echo('| weights | gate | found | |\n| --- | --- | --- | --- |')
    failed = False
    for subject in chosen:
        folders = tuple(set_folders(data, subject.datasets).values()) or (data.resolve(),)
        for gate in measure_gates(subject.file, subject.card, folders, limit):
            verdict = 'holds' if gate.holds else '**fails**'
            click.echo(f'| {subject.name} | {gate.name} | {gate.found} | {verdict} |')
            failed |= not gate.holds
    return int(failed)
