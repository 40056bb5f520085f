"""Time each network and solver beside the authors' way of running it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from napari_fresco.errors import FrescoError
from napari_fresco.io.files import check_output

from .measure import measure
from .report import Row, describe_machine, markdown, table, to_csv, to_json

_WRITERS = {'.md': markdown, '.csv': to_csv, '.json': to_json}


def main() -> None:
    """Measure as the command line says, and print or write the table."""
    parser = argparse.ArgumentParser(prog='benchmarks.speed', description=__doc__)
    parser.add_argument('--threads', type=int, help='processor threads; all by default')
    parser.add_argument('--device', default='cpu', help='cpu (default), cuda, cuda:N or mps')
    parser.add_argument('--quick', action='store_true', help='small sizes: shows that it works')
    parser.add_argument('--no-peer', action='store_true', help='without deepinv')
    parser.add_argument('--only', action='append', help='name of a case; may be repeated')
    parser.add_argument('--output', '-o', type=Path, help='.md, .csv or .json file')
    parser.add_argument('--overwrite', action='store_true', help='replace an existing file')
    given = parser.parse_args()
    if given.output is not None:
        check_output(given.output, suffixes=tuple(_WRITERS), overwrite=given.overwrite)
    print(describe_machine(), flush=True)
    rows = measure(
        given.threads,
        quick=given.quick,
        peer=not given.no_peer,
        device=given.device,
        only=given.only,
        progress=_show,
    )
    if given.output is not None:
        given.output.write_text(_WRITERS[given.output.suffix](rows), encoding='utf-8')


def _show(rows: list[Row]) -> None:
    print(table(rows), flush=True)


if __name__ == '__main__':
    try:
        main()
    except FrescoError as error:
        sys.exit(f'error: {error}')
