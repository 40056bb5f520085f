"""The report of an intervention: the record as one page of HTML, with pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..evidence.fill_error import MEANING
from ..evidence.page import page, picture
from ..evidence.repeat import methods_paragraph
from ..io.files import write_text
from .condition_files import condition_picture
from .photograph import Pixels, plane_of
from .record import NOT_GIVEN, NOTES, Intervention

_MOST_FILLS = 50
_CHANGE = 4  # times a difference is shown
_SPREAD = 20.0  # L*a*b* that is white


def report(
    told: Intervention, path: str | Path, *, record_name: str = '', overwrite: bool = False
) -> None:
    """Write the report of an intervention: one HTML file that needs nothing else.

    It holds what the record holds, with pictures: before, after, what is new alone, the difference,
    the rendering, the condition map, and where several hypotheses agree.

    Parameters
    ----------
    told : Intervention
        What there is to say.
    path : str or Path
        ``.html``.
    record_name : str
        Name of the JSON of the record, for the lines that repeat it; that of the page by default.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    FileError
        When the file exists or cannot be written.
    """
    name = record_name or f'{Path(path).stem}.json'
    write_text(path, report_page(told, name), overwrite=overwrite)


def report_page(told: Intervention, record_name: str = 'RECORD.json') -> str:
    """Return the text that :func:`report` writes."""
    facts = told.facts()
    fills = sorted(facts['fills'], key=lambda each: -each['area_px'])
    more = len(fills) - _MOST_FILLS
    condition = facts['condition'] or {}
    rows = [*condition.get('classes', ()), *([condition['total']] if condition else [])]
    return page(
        __package__,
        'intervention.html',
        title=_title(facts),
        summary=_summary(facts),
        opening=_opening(facts),
        pictures=list(_pictures(told)),
        classes=[_class_cells(row) for row in rows],
        percent_of=condition.get('percent_of', ''),
        left=[f'{each["name"]}: {each["area_px"]} px, {each["why"]}' for each in facts['left']],
        nothing_left='Everything on the condition map was filled.' if condition else NOT_GIVEN,
        limits=facts['limits'] or [NOT_GIVEN],
        runs=[(f'Run {i}', list(_run_rows(run))) for i, run in enumerate(facts['runs'], start=1)],
        fills_meaning=MEANING,
        fills=[_fill_cells(each) for each in fills[:_MOST_FILLS]],
        fills_note=f'The {_MOST_FILLS} largest; {more} more are in the record.' if more > 0 else '',
        methods=[methods_paragraph(run.provenance) for run in told.runs],
        record_name=record_name,
        closing=_closing(facts),
    )


def _title(facts: Mapping[str, Any]) -> str:
    name = facts['notes']['object']
    return 'Intervention' if name == NOT_GIVEN else f'Intervention: {name}'


def _summary(facts: Mapping[str, Any]) -> str:
    filled = facts['filled']
    area = filled['area_cm2']
    size = f'{filled["area_px"]} px' if area is None else f'{area:.4g} cm²'
    losses = f'{filled["losses"]} loss{"es" * (filled["losses"] != 1)}'
    text = f'{losses}, {size} or {filled["percent"]:.3g} % of the photograph, filled digitally. '
    if facts['insert_only']:
        return text + (
            'What was filled is a layer of its own: taken away, it leaves the photograph bit for '
            'bit as it was.'
        )
    return text + 'More than the losses was changed, such as noise: the photograph is the original.'


def _opening(facts: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, Any]]]]:
    said, scale = facts['photograph'], facts['scale']
    per = scale['mm_per_pixel']
    size = f'{said["columns"]} × {said["rows"]} px, {said["type"]}'
    told = [
        ('file', said['file']),
        ('SHA-256', said['sha256']),
        ('size', size),
        ('resolution', None if said['dpi'] is None else f'{said["dpi"]:g} dpi'),
        ('colour profile', said['profile']),
        ('camera', ' '.join(filter(None, (said['camera_maker'], said['camera'])))),
        ('taken', said['taken']),
        ('scale', None if per is None else f'{per:.4g} mm per pixel'),
        ('scale from', scale['source']),
    ]
    notes = [(NOTES[name], value) for name, value in facts['notes'].items()]
    return [('Intervention', notes), ('Photograph', [(n, v or NOT_GIVEN) for n, v in told])]


def _closing(facts: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, Any]]]]:
    drawn, several = facts['rendering'], facts['hypotheses']
    found: list[tuple[str, list[tuple[str, Any]]]] = []
    if drawn:
        rows = [('rendering', drawn['title']), *drawn['parameters'].items()]
        rows += [('mm per pixel', drawn['mm_per_pixel']), ('seed', drawn['seed'])]
        if drawn['fuses_at_m']:
            rows.append(('seen as one from', f'{drawn["fuses_at_m"]:g} m'))
        found.append(('Rendering', rows))
    if several:
        said = {n: f'{v:.3g}' if isinstance(v, float) else v for n, v in several.items()}
        found.append(('Hypotheses', [(n.replace('_', ' '), v) for n, v in said.items()]))
    hashes = [
        ('result, SHA-256 of its pixels', facts['result_sha256']),
        ('what was filled, SHA-256', facts['filled']['sha256']),
        ('photograph, SHA-256 of its pixels', facts['photograph']['pixels_sha256']),
        ('written', facts['written']),
        ('napari-fresco', facts['version']),
    ]
    return [*found, ('Hashes', hashes)]


def _run_rows(run: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    weights = ', '.join(f'{w["name"]} (SHA-256 {w["sha256"]})' for w in run.get('weights', ()))
    drawn = run['drawn']
    read = [f'label {drawn["label"]}' if drawn['label'] is not None else 'all labels']
    read += [f'grown by {drawn["grow"]:g} px'] if drawn['grow'] else []
    read += ['inverted'] if drawn['invert'] else []
    apart = [*drawn['leave'], *drawn['keep']]
    read += [f'without labels {apart}'] if apart else []
    yield 'method', f'{run["title"]}, {run["task"]}'
    yield 'kind of result', run.get('kind', NOT_GIVEN)
    yield 'model', weights or 'none'
    changed = {k: v for k, v in run.get('parameters', {}).items() if v is not None}
    yield 'parameters', ', '.join(f'{name} {value}' for name, value in changed.items())
    yield 'seed', run.get('seed')
    yield 'mask', ', '.join(read)
    yield 'seconds', run.get('seconds')
    yield 'version', f'napari-fresco {run.get("version")}, PyTorch {run.get("torch")}'
    yield 'device', run.get('device')
    for check in run.get('checks', ()):
        if not check['ok']:
            yield f'check {check["name"]}', check['message']
    for warning in run.get('warnings', ()):
        yield 'warning', warning


def _class_cells(row: Mapping[str, Any]) -> list[str]:
    return [
        row['name'],
        row['decision'] if row['colour'] else '',
        row['pieces'],
        _measure(row['area_cm2'], 'cm²', row['area_px']),
        f'{row["percent"]:.3g} %',
        _measure(row['length_cm'], 'cm', row['length_px']),
        _measure(row['median_width_mm'], 'mm', row['median_width_px']),
        _measure(row['largest_width_mm'], 'mm', row['largest_width_px']),
    ]


def _fill_cells(each: Mapping[str, Any]) -> list[Any]:
    box = each['box_mm'] or each['box_px']
    error = each['expected_error']
    return [
        each['number'],
        ', '.join(f'{n:g}' for n in box) + (' mm' if each['box_mm'] else ' px'),
        _measure(each['area_mm2'], 'mm²', each['area_px']),
        f'{_measure(each["widest_mm"], "mm", None)} {each["widest_px"]:.3g} px'.strip(),
        each['run'] or NOT_GIVEN,
        'not tested' if error is None else f'{error:.3g}; {each["nine_of_ten"]:.3g}',
    ]


def _measure(value: float | None, unit: str, pixels: float | None) -> str:
    if value is not None:
        return f'{value:.4g} {unit}'
    return '' if pixels is None else f'{pixels:.4g} px'


def _pictures(told: Intervention) -> Iterator[dict[str, str]]:
    before, after = _shown(told.before), _shown(told.made)
    yield picture('Before', 'the photograph', before)
    yield picture('After', 'with what was filled', after)
    share = 100 * np.count_nonzero(told.marks) / max(told.marks.size, 1)
    if told.insert is not None:
        alone = _shown(plane_of(told.insert))
        yield picture('Insert only', f'what is new, {share:.3g} % of the photograph', alone)
    yield picture('Filled', 'white: what was filled', told.marks.astype(np.uint8) * 255)
    change = _CHANGE * np.abs(after.astype(np.int16) - before)
    change = change.max(axis=-1) if change.ndim == 3 else change
    shown = np.minimum(change, 255).astype(np.uint8)
    yield picture('Difference', f'after and before, {_CHANGE} times', shown)
    if told.rendered is not None:
        how = f'{told.rendered.facts["title"]}, to be told from the original at close range'
        yield picture('Rendering', how, _shown(plane_of(told.rendered.image)))
    if told.condition is not None:
        image = told.photograph if told.condition.shape == told.before.shape[:2] else None
        yield picture('Condition', 'the map of damage', condition_picture(told.condition, image))
    if told.hypotheses is not None:
        spread = np.clip(told.hypotheses.spread / _SPREAD, 0, 1)
        said = f'where fills differ, white: {_SPREAD:g} in L*a*b* or more; no error bar'
        yield picture('Agreement of hypotheses', said, spread)


def _shown(pixels: Pixels) -> Pixels:
    """Return pixels as they are shown, 8 bits each."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind == 'f':
        return np.asarray(np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8))
    return np.asarray((pixels >> 8 * (pixels.dtype.itemsize - 1)).astype(np.uint8))
