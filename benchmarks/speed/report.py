"""What the speed benchmark found, as tables for people and for programs."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from napari_fresco.networks.devices import ABILITIES
from napari_fresco.training.machine import machine

Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One way of doing one work.

    Attributes
    ----------
    case, configuration : str
        What was done.
    variant : str
        'auto' and 'float32' are ours; 'authors', 'deepinv'.
    seconds, cpu_seconds : float
        Medians of wall and processor time. On a busy machine trust the latter,
        with one thread.
    peak_mb : float
        Most memory of the process, or of the GPU; 0 where not known.
    gflops : float
        10^9 floating-point operations in convolutions and products per second.
    outside : float or None
        Part of the time not spent in the network, where it was taken.
    faster, faster_cpu : float
        Speed relative to the base of the case, by wall and by processor time: the authors' way,
        or NLM for denoising filters.
    faster_than_peer : float or None
        Speed relative to deepinv, by wall time.
    mark : float or None
        Speed relative to the base that was set as the aim.
    decibels : float or None
        PSNR of the result, where the truth is known.
    """

    case: str
    configuration: str
    variant: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    gflops: float
    outside: float | None
    faster: float
    faster_cpu: float
    faster_than_peer: float | None
    mark: float | None
    decibels: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the mark was reached; None without one."""
        return None if self.mark is None else self.faster >= self.mark


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a plain-text table."""
    cells = [_HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(_HEADER))]
    lines = [
        '  '.join(
            cell.ljust(width) if i < _TEXT else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    return '\n'.join([lines[0], '-' * len(lines[0]), *lines[1:]])


def markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    rule = ['---' if i < _TEXT else '---:' for i in range(len(_HEADER))]
    lines = [_HEADER, rule, *(_cells(row) for row in rows)]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines) + '\n'


def to_json(rows: Sequence[Row]) -> str:
    """Return the rows and the machine as JSON."""
    return json.dumps({'machine': machine(), 'rows': [asdict(row) for row in rows]}, indent=2)


def to_csv(rows: Sequence[Row]) -> str:
    """Return the rows as comma-separated values, each with the machine."""
    text = io.StringIO()
    where = {'machine': describe_machine()}
    fields = [field.name for field in dataclasses.fields(Row)]
    writer = csv.DictWriter(text, [*fields, *where], lineterminator='\n')
    writer.writeheader()
    writer.writerows({**asdict(row), **where} for row in rows)
    return text.getvalue()


def describe_machine() -> str:
    """Say in a line what the numbers depend on."""
    known = machine()
    return '; '.join(
        (
            f'{known["processors"]} cores of {known["processor"]}',
            f'{", ".join(known["abilities"])} (of {", ".join(ABILITIES)})',
            *known['gpus'],
            f'torch {known["torch"]}',
            f'load {known["load"]}',
        )
    )


_HEADER = (
    'work',
    'way',
    'wall s',
    'CPU s',
    'peak MB',
    'GFLOP/s',
    'outside',
    'x base',
    '(CPU)',
    'x deepinv',
    'mark',
    'dB',
)
_TEXT = 2  # columns of text before the numbers


def _cells(row: Row) -> list[str]:
    judged = {None: '', True: ' ok', False: ' missed'}[row.reached]
    return [
        row.case,
        row.variant,
        f'{row.seconds:.4g}',
        f'{row.cpu_seconds:.4g}',
        f'{row.peak_mb:.0f}' if row.peak_mb else '-',
        f'{row.gflops:.0f}' if row.gflops >= 1 else '-',
        '-' if row.outside is None else f'{row.outside:.1%}',
        f'{row.faster:.2f}',
        f'{row.faster_cpu:.2f}',
        '-' if row.faster_than_peer is None else f'{row.faster_than_peer:.2f}',
        '-' if row.mark is None else f'{row.mark:g}{judged}',
        '-' if row.decibels is None else f'{row.decibels:.2f}',
    ]
