"""A result as one HTML file: pictures, checks, evidence, and all that repeats it."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..declare.tasks import TASKS
from ..errors import FileError, ImageError
from ..image.given import path_of
from ..image.layout import Layout
from ..image.model import Image, data_of
from ..types import Result
from .channel_noise import noise_of
from .check_limits import in_words
from .evaluation import Floats, evaluate, evidence_graphs
from .graphs import Graph
from .measure_rows import rows
from .origin import check_origin
from .page import page, picture
from .plane_pairs import ComparedWith, middle_index
from .repeat import command_line, methods_paragraph, missing_files, python_call

_SUFFIXES = ('.html', '.htm')
_ENDS = (0.2, 99.8)  # percentiles that become black and white


def report(
    result: Result,
    image: Any,
    path: str | Path,
    *,
    truth: Any = None,
    kernel: Any = None,
    files: Mapping[str, Any] | None = None,
) -> None:
    """Write a report of a result, one HTML file that needs nothing else.

    It holds the middle plane before and after, their difference and what was filled in, checks,
    evidence, warnings, parameters, weights with their hashes, environment, a paragraph for the
    methods section, and the command and the Python that repeat the run.

    Parameters
    ----------
    result : Result
        What was restored.
    image : Image or array-like
        What it was made of.
    path : path
        Ends with ``.html``; what is there is replaced.
    truth, kernel
        As for :func:`napari_fresco.evidence.evaluate`; the kernel of the result by default.
    files : mapping, optional
        Names of files, for the command: 'image', 'output', 'mask', 'kernel', 'sigma'; and
        'channels' that were picked.

    Raises
    ------
    ImageError
        When `result` is no :class:`Result`, or was made of another image than this.
    FileError
        When `path` has another suffix or cannot be written.
    """
    if not isinstance(result, Result):
        raise ImageError(
            f'result is a {type(result).__name__}, and a report needs all that a run gave: '
            'the Result of fresco.restore, not its image alone'
        )
    path = path_of(path, "fresco.evidence.report(result, image, 'run.html')")
    if path.suffix.lower() not in _SUFFIXES:
        raise FileError(f'{path}: a report is an HTML file; give a name that ends with .html')
    check_origin(result.provenance, _as_restored(image, result))
    text = report_text(result, image, truth=truth, kernel=kernel, files=files)
    try:
        path.write_text(text, encoding='utf-8')
    except OSError as error:
        raise FileError(f'{path} cannot be written: {error.strerror}') from None


def report_text(
    result: Result,
    image: Any,
    *,
    truth: Any = None,
    kernel: Any = None,
    files: Mapping[str, Any] | None = None,
) -> str:
    """Return the text that :func:`report` writes."""
    record, source = result.provenance, _as_restored(image, result)
    kernel = _kernel_of(result) if kernel is None else kernel
    noise = noise_of(record, count=source.length('C'))
    asked: ComparedWith = {'truth': truth, 'kernel': kernel, 'noise': noise, 'task': record['task']}
    numbers = evaluate(result.image, source, **asked)
    checks = record.get('checks', ())
    failed = [check for check in checks if not check['ok']]
    return page(
        __package__,
        'report.html',
        title=f'{record["title"]}: {record["task"].replace("_", " ")}',
        finish=result.finish,
        failed=failed,
        verdict=_verdict(result, failed),
        pictures=_pictures(source, result),
        curves=[_drawn(graph) for graph in evidence_graphs(result.image, source, **asked)],
        checks=[{**check, 'allowed': in_words(check['limit'])} for check in checks],
        warnings=[*record['warnings'], *record.get('notes', ())],
        evidence=rows(numbers),
        methods=methods_paragraph(record),
        command=command_line(record, files),
        missing=missing_files(record, files),
        python=python_call(record, files),
        tables=_tables(record),
    )


def _as_restored(image: Any, result: Result) -> Image:
    """Return the image with the axes that an array was restored with."""
    if isinstance(image, Image):
        return image
    options = result.provenance['options']
    return Image.of(image, axes=options.get('axes'), rgb=options.get('rgb'))


def _kernel_of(result: Result) -> Any:
    kernel = result.kernel
    deblurred = 'kernel' in TASKS[result.provenance['task']].needs
    return kernel if deblurred else None


def _verdict(result: Result, failed: Sequence[Any]) -> str:
    if result.finish == 'cancelled':
        return 'Cancelled: this is the best estimate so far, not a result.'
    made = len(result.provenance.get('checks', ()))
    if failed:
        return f'{len(failed)} of {made} checks failed: {", ".join(c["name"] for c in failed)}.'
    kind = result.provenance['kind']
    return f'{f"All {made} checks passed" if made else "No check was made"}; the result is {kind}.'


def _middle(
    source: Image, result: Result, channel: int
) -> tuple[Floats, Floats, NDArray[np.bool_] | None]:
    """Return the middle plane of a channel before and after, and its filled pixels."""
    layout = Layout.of(source)
    index = middle_index(layout, channel)
    axes = source.axes if np.ndim(data_of(result.image)) == source.ndim else source.axes + 'S'
    restored = Image.of(result.image, axes=axes)
    pair = [
        each.colours(each.read(one.data, index)).astype(np.float64)
        for one, each in ((source, layout), (restored, Layout.of(restored)))
    ]
    filled = None
    if result.filled is not None and result.filled.any():
        marks = Image(result.filled.astype(np.uint8), source.axes.replace('S', ''))
        filled = Layout.of(marks).read(marks.data, index) > 0
    return np.nan_to_num(pair[0]), np.nan_to_num(pair[1]), filled


def _pictures(source: Image, result: Result) -> list[dict[str, str]]:
    """Return the pictures of the middle plane, of that of each channel where there are several."""
    names = source.channel_names or ('',)
    return [
        {**one, 'name': f'{one["name"]}, {name}' if name else one['name']}
        for channel, name in enumerate(names)
        for one in _pictures_of(*_middle(source, result, channel), source)
    ]


def _pictures_of(
    before: Floats, after: Floats, filled: NDArray[np.bool_] | None, source: Image
) -> list[dict[str, str]]:
    low, high = np.percentile(before, _ENDS)
    high = high if high > low else low + 1
    shades = [np.clip((each - low) / (high - low), 0, 1) for each in (before, after)]
    shown = f'{low:.5g} is black, {high:.5g} white'
    step = source.pixel_sizes.get('X')
    size = f'{before.shape[1]} x {before.shape[0]} pixels' + (
        f' of {step[0]:.4g} {step[1]}' if step else ''
    )
    found = [
        picture('Before', f'{size}; {shown}', shades[0]),
        picture('After', shown, shades[1]),
    ]
    if before.shape == after.shape:
        change = after - before
        most = float(np.percentile(np.abs(change), 99.8)) or 1.0
        caption = f'after - before; red is {most:.4g} more, blue as much less'
        found.append(picture('Difference', caption, _diverging(change / most)))
    if filled is not None and filled.shape == before.shape[:2]:
        gray = shades[0].mean(axis=-1) if shades[0].ndim == 3 else shades[0]
        marked = np.stack([np.where(filled, 1.0, 0.7 * gray), *(0.7 * gray * ~filled,) * 2], -1)
        caption = f'red: {filled.mean():.2%} were filled in and are not measured'
        found.append(picture('Filled in', caption, marked))
    return found


def _diverging(change: Floats) -> Floats:
    """Return -1 as blue, 0 as white and 1 as red."""
    change = np.clip(change.mean(axis=-1) if change.ndim == 3 else change, -1, 1)
    return np.stack([1 - np.maximum(-change, 0), 1 - np.abs(change), 1 - np.maximum(change, 0)], -1)


def _drawn(graph: Graph) -> dict[str, Any]:
    """Return a graph in the coordinates of the page."""
    right = max(float(trace.x.max()) for trace in graph.traces)
    top = 1.1 * max(1e-9, *(float(trace.y.max()) for trace in graph.traces))
    lines = [
        {
            'points': ' '.join(
                f'{30 + 280 * a / right:.1f},{170 - 160 * max(b, 0.0) / top:.1f}'
                for a, b in zip(trace.x, trace.y, strict=True)
            ),
            'name': trace.name,
            'dashed': trace.style == 'dashed',
        }
        for trace in graph.traces
    ]
    text = {'name': graph.name, 'caption': f'{graph.caption} ({graph.across})', 'lines': lines}
    mark = None if graph.mark is None else f'{30 + 280 * graph.mark / right:.1f}'
    return {**text, 'mark': mark, 'end': f'{right:.3g}', 'top': f'{top:.2g}'}


def _tables(record: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, Any]]]]:
    weights = [(w['name'], f'SHA-256 {w["sha256"]}') for w in record['weights']]
    places = ('version', 'torch', 'device', 'seconds', 'steps', 'seed', 'input_sha256')
    environment = [(name.replace('_', ' '), record[name]) for name in (*places, 'input_shape')]
    environment += [(f'{name} in the file', value) for name, value in record['read'].items()]
    environment += [('python', platform.python_version()), ('system', platform.platform())]
    facts = ('noise', 'data_range', 'mask', 'kernel', 'estimate')
    return [
        ('Parameters', list(record['parameters'].items())),
        ('Options', list(record['options'].items())),
        ('What was found', [(name.replace('_', ' '), record[name]) for name in facts]),
        ('Weights', weights),
        ('Environment', environment),
    ]
