"""``bench``: how fast networks and solvers are on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from ..files import check_output


@click.group()
def bench() -> None:
    """Measure speed; quality is measured by the scripts in benchmarks/."""


@bench.command()
@click.option('--threads', type=int, help='Processor threads; all by default.')
@click.option('--device', default='cpu', show_default=True, help='cpu, cuda, cuda:N or mps.')
@click.option('--quick', is_flag=True, help='Small sizes, few rounds: shows that it works.')
@click.option('--peer/--no-peer', default=True, help='Time deepinv too, if installed.')
@click.option('--only', multiple=True, help='Name of a case; may be given several times.')
@click.option('--output', '-o', type=click.Path(path_type=Path), help='.md or .json file.')
@click.option('--overwrite', is_flag=True, help='Replace an existing file.')
def speed(
    threads: int | None,
    device: str,
    quick: bool,
    peer: bool,
    only: tuple[str, ...],
    output: Path | None,
    overwrite: bool,
) -> None:
    """Time each network and solver beside the authors' way of running it."""
    from ..bench.speed import Row, markdown, measure, table, to_json

    if output is not None:
        check_output(output, suffixes=('.md', '.json'), overwrite=overwrite)

    def show(rows: list[Row]) -> None:
        click.echo(table(rows))

    rows = measure(threads, quick=quick, peer=peer, device=device, only=only or None, progress=show)
    if output is not None:
        text = to_json(rows) if output.suffix == '.json' else markdown(rows)
        output.write_text(text, encoding='utf-8')
