"""The words of the panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ...layers.jobs.step_reports import LayerOutcome

KINDS: Mapping[str, tuple[str, str]] = {
    'data-consistent': (
        '#55708a',
        'Agrees with the measured data under the degradation you describe.',
    ),
    'feed-forward': (
        '#3671b8',
        "A network's best guess; check it before you measure in it.",
    ),
    'generative': (
        '#a5541f',
        'May show plausible detail that was never there; do not measure in it.',
    ),
}

_FINISHES = {
    'completed': 'Done {time}.',
    'stopped': 'Done {time}; stopped early by its own rule.',
    'cancelled': 'Cancelled {time}; the best estimate so far is kept.',
}
BADGES = _GOOD, _NEUTRAL, _DOUBTFUL = '#257a4a', '#656c79', '#a5541f'
"""Colours behind white words."""
_LONG = 600  # seconds
UNFINISHED = (
    'This estimate was not finished, and fails checks that the result may pass: let the run end '
    'before you follow their advice. Hold the pointer here for it.'
)
_NOTHING = 'Cancelled {time}: nothing was restored.'


class Verdict(NamedTuple):
    """The text and look of the badge of a result."""

    text: str
    colour: str
    help: str


def summary(outcome: LayerOutcome) -> str:
    """Return the outcome of a run in words."""
    record = outcome.result.provenance
    time = f'after {duration(record["seconds"])} on {record["device"].upper()}'
    meaning = KINDS[record['kind']][1]
    if outcome.is_empty:
        return _NOTHING.format(time=time)
    said = [_FINISHES[outcome.result.finish].format(time=time)]
    if outcome.psnr is not None:
        before = '' if outcome.before is None else f' ({outcome.before:.2f} dB before)'
        said.append(f'PSNR {outcome.psnr:.2f} dB{before}.')
    said.append(f'{record["kind"].capitalize()}: {meaning[0].lower()}{meaning[1:]}')
    said += [f'{sentence(note)}.' for note in record.get('notes', ())]
    return ' '.join(said)


def doubts(outcome: LayerOutcome) -> list[str]:
    """Return the doubts about a result: failed checks and warnings."""
    failed = [check.message or check.name for check in outcome.result.checks if not check.ok]
    said = dict.fromkeys([*failed, *outcome.result.provenance['warnings']])
    return [sentence(text).rstrip('.') + '.' for text in said]


def first(doubts: Sequence[str], most: int) -> list[str]:
    """Return the first doubts, and how many more there are."""
    return [*doubts[:most], f'… and {len(doubts) - most} more; hold the pointer here']


def verdict(outcome: LayerOutcome) -> Verdict:
    """Say in a word whether a result has been verified."""
    checks, found = outcome.result.checks, doubts(outcome)
    if outcome.result.finish == 'cancelled':
        return Verdict('partial', _DOUBTFUL, 'The run was cancelled before its end.')
    if found:
        return Verdict('see below', _DOUBTFUL, 'Something about this result is doubtful.')
    if checks:
        names = ', '.join(check.name for check in checks)
        return Verdict('checked', _GOOD, f'Every check of this result has passed: {names}.')
    return Verdict('not checked', _NEUTRAL, 'There is no check for this kind of result.')


def worked_with(record: Mapping[str, Any]) -> str:
    """Say with which noise and range of intensities a run has worked."""
    said = []
    for model in record.get('noise', ()):
        if 'gain' in model:
            numbers = camera(model['gain'], model['offset'], model['read_noise'])
            said.append(f'photon noise, {numbers} ({model["found"]})')
    levels = [plane['sigma'] for plane in record.get('planes', ()) if plane.get('sigma')]
    if levels and not said:
        span = dict.fromkeys((number(min(levels)), number(max(levels))))
        said.append(f'σ {" to ".join(span)}')
    if record.get('data_range'):
        low, high = record['data_range']
        said.append(f'range {number(low)} to {number(high)}')
    return f'Last run: {"; ".join(dict.fromkeys(said))}.' if said else ''


def verdict_of_checks(checks: Sequence[Mapping[str, Any]]) -> Verdict:
    """Return the verdict of recorded checks in a word."""
    failed = [check['name'] for check in checks if not check['ok']]
    if failed:
        text = f'{len(failed)} of {len(checks)} checks: look'
        return Verdict(text, _DOUBTFUL, f'Something is doubtful: {", ".join(failed)}.')
    if checks:
        return Verdict('all checks passed', _GOOD, f'{len(checks)} checks were made.')
    return Verdict('not checked', _NEUTRAL, 'There is no check for this kind of result.')


def patience(seconds: float) -> str:
    """Say that a run will take long, where it will."""
    if seconds < _LONG:
        return ''
    return (
        f'This takes about {duration(seconds)} more. Cancelling keeps the best estimate so far; a '
        'small region is much faster.'
    )


def duration(seconds: float) -> str:
    """Say a duration in words."""
    if seconds < 10:
        return f'{seconds:.1f} s'
    if seconds < 100:
        return f'{seconds:.0f} s'
    if seconds < 5400:
        return f'{seconds / 60:.0f} min'
    return f'{seconds / 3600:.1f} h'


def number(value: float) -> str:
    """Write a number with four significant digits."""
    return f'{value:.4g}'


def camera(gain: float, offset: float, read_noise: float) -> str:
    """Say the noise model of a camera in words."""
    return f'gain {number(gain)}, offset {number(offset)}, read noise {number(read_noise)}'


def sentence(error: object) -> str:
    """Return an error or a warning with a capital at its beginning."""
    text = str(error)
    return text[:1].upper() + text[1:]
