"""Are the checkpoints as good as their cards say? They are measured again, in the same way.

On images that no card knows there is nothing to compare with; they are measured all the same.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import weights
from ..errors import FileError, ParameterError, WeightsError
from ..weights.cards import Card, Score, card, number
from . import find_regime
from .machine import machine
from .targets import of

__all__ = [
    'TOLERANCE',
    'Comparison',
    'Subject',
    'markdown',
    'measure',
    'needed',
    'subjects',
    'to_json',
]

TOLERANCE = 0.05
"""dB below its card from which on a checkpoint counts as worse."""

SOURCES = {
    'bsd68': 'testsets of github.com/cszn/DnCNN',
    'set12': 'testsets of github.com/cszn/DnCNN',
    'cbsd68': 'testsets of github.com/cszn/FFDNet',
    'mcmaster': 'testsets of github.com/cszn/FFDNet',
    'set5': 'M. Bevilacqua et al., BMVC 2012',
    'cc15': 'github.com/csjunxu/MCWNNM-ICCV2017',
}
"""Where the sets of the cards come from; none of them may be passed on with the package."""


@dataclass(frozen=True)
class Subject:
    """A checkpoint that is measured: name or path as given, file, card."""

    name: str
    file: Path
    card: Card

    @property
    def datasets(self) -> dict[str, int]:
        """Sets that the card has scores of, and how many images of each."""
        return {score.dataset: score.images for score in self.card.scores}


@dataclass(frozen=True)
class Comparison:
    """One case, then and now.

    `weights`, `dataset`, `case`: what was measured on what.
    `images`: how many images were measured now.
    `before`: PSNR in dB of the baseline now: what is seen, or the simple method.
    `card`, `now`: PSNR in dB; None where it was not measured, or on another number of images.
    `ssim`: as measured now.
    `target`: PSNR in dB that was to be reached on the whole set.
    """

    weights: str
    dataset: str
    images: int
    case: str
    before: float | None
    card: float | None
    now: float | None
    ssim: float | None
    target: float | None

    @property
    def difference(self) -> float | None:
        """What was gained since the card, in dB."""
        return None if self.card is None or self.now is None else self.now - self.card

    @property
    def comparable(self) -> bool:
        """Whether there is anything to compare with."""
        return self.card is not None or self.target is not None

    @property
    def worse(self) -> bool:
        """Whether the card promises more than there is."""
        return self.difference is not None and self.difference < -TOLERANCE


def subjects(names: Sequence[str] = ()) -> list[Subject]:
    """Return checkpoints with their cards; all bundled ones by default.

    `names`: names of bundled checkpoints, or paths of files with their cards beside them.
    Raises WeightsError when a name is unknown or has no card.
    Raises FileError when a path has no card beside it.
    """
    bundled = [name for name, known in weights.registry().items() if known.bundled]
    return [_subject(name) for name in names or [n for n in bundled if card(n) is not None]]


def needed(chosen: Iterable[Subject]) -> str:
    """Return in words which sets of images are needed, and where they come from."""
    datasets = dict.fromkeys(name for subject in chosen for name in subject.datasets)
    lines = [f'  {name:<10} {SOURCES.get(name, "your own")}' for name in datasets]
    return '\n'.join(['a folder with these sets of images somewhere in it, by name:', *lines])


def measure(
    chosen: Sequence[Subject],
    data: Path,
    limit: int | None = None,
    progress: Callable[[list[Comparison]], object] | None = None,
) -> list[Comparison]:
    """Measure checkpoints again.

    `chosen`: what to measure.
    `data`: folder with the sets of the cards somewhere in it; sets that are absent are left out.
        Where all are, its own images are measured in the cases of the cards, by the checkpoints
        that take such images.
    `limit`: only the first images of each set; compared is what the card has of as many.
    `progress`: gets the rows of each checkpoint as soon as they are known.
    Raises ParameterError when `limit` is below 1.
    Raises FileError when there is no set and no image, or when one cannot be read.
    """
    if limit is not None and limit < 1:
        raise ParameterError(f'limit = {limit}; give a whole number of at least 1')
    folders = set_folders(data, dict.fromkeys(name for s in chosen for name in s.datasets))
    rows: list[Comparison] = []
    refusal: FileError | None = None
    for subject in chosen:
        try:
            found = list(_again(subject, folders, limit) if folders else _own(subject, data, limit))
        except FileError as error:
            if folders:
                raise
            found, refusal = [], error
        rows += found
        if progress is not None and found:
            progress(found)
    if refusal is not None and not rows:
        raise FileError(
            f'{data} has none of the sets; give {needed(chosen)}\nor any images: {refusal}'
        )
    return rows


def markdown(rows: Sequence[Comparison]) -> str:
    """Return the rows as a Markdown table; without comparison where there is nothing to compare."""
    columns: list[tuple[str, Callable[[Comparison], str]]] = [
        ('weights', lambda row: row.weights),
        ('images', lambda row: f'{row.dataset} ({row.images})'),
        ('case', lambda row: row.case),
    ]
    if any(row.comparable for row in rows):
        columns += [
            ('card, dB', lambda row: number(row.card)),
            ('now, dB', lambda row: number(row.now)),
            ('difference', lambda row: number(row.difference, '+.2f') + ' worse' * row.worse),
            ('SSIM', lambda row: number(row.ssim, '.4f')),
            ('target, dB', lambda row: number(row.target)),
        ]
    else:
        columns += [
            ('before, dB', lambda row: number(row.before)),
            ('restored, dB', lambda row: number(row.now)),
            ('SSIM', lambda row: number(row.ssim, '.4f')),
        ]
    lines = [[title for title, _ in columns], ['---'] * 3 + ['---:'] * (len(columns) - 3)]
    lines += [[cell(row) for _, cell in columns] for row in rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines) + '\n'


def to_json(rows: Sequence[Comparison]) -> str:
    """Return the rows and the machine as JSON."""
    return json.dumps({'machine': machine(), 'rows': [asdict(row) for row in rows]}, indent=2)


def _subject(name: str) -> Subject:
    if name in weights.registry():
        known = card(name)
        if known is None:
            raise WeightsError(
                f'{name} has no card; give bundled weights, or the path of a file with its card '
                'beside it'
            )
        return Subject(name, weights.path(name), known)
    file = Path(name)
    if not file.exists():
        weights.entry(name)  # says what there is
    return Subject(name, file, Card.read(file.with_suffix('.json')))


def set_folders(data: Path, names: Iterable[str]) -> dict[str, Path]:
    """Return the folders of the sets below `data`, the outermost of each name, by name."""
    below = sorted((p for p in (data, *data.rglob('*')) if p.is_dir()), key=lambda p: len(p.parts))
    named = {path.name.lower(): path for path in reversed(below)}
    return {name: named[name.lower()] for name in names if name.lower() in named}


def _again(
    subject: Subject, folders: Mapping[str, Path], limit: int | None
) -> Iterator[Comparison]:
    """Measure what the card has, as far as the sets are there."""
    for name, images in subject.datasets.items():
        if name in folders:
            yield from _rows(subject, name, folders[name], min(images, limit or images))


def _own(subject: Subject, data: Path, limit: int | None) -> Iterator[Comparison]:
    """Measure on images that the card does not know: on all of them, if there is no limit."""
    folder = data.resolve()
    yield from _rows(subject, folder.name, folder, limit or sys.maxsize)


def _rows(subject: Subject, dataset: str, folder: Path, images: int) -> list[Comparison]:
    from . import objectives

    known = subject.card
    objective = objectives.make(find_regime(known.name).objective)
    now = {s.case: s for s in objective.evaluate(subject.file, folder, known.channels, images)}
    then = {s.case: s for s in known.scores if s.dataset == dataset}
    return [_row(subject, dataset, case, then.get(case), now.get(case)) for case in {**then, **now}]


def _row(
    subject: Subject, dataset: str, case: str, then: Score | None, now: Score | None
) -> Comparison:
    images = now.images if now else 0
    comparable = then is not None and then.images == images
    return Comparison(
        weights=subject.name,
        dataset=dataset,
        images=images,
        case=case,
        before=now.baseline if now else None,
        card=then.restored if then is not None and comparable else None,
        now=now.restored if now else None,
        ssim=now.ssim if now else None,
        target=_target(subject.card.name, dataset, case, now),
    )


def _target(name: str, dataset: str, case: str, score: Score | None) -> float | None:
    """Return the PSNR that is to be reached; a gain counts from what the image had before."""
    for target in of(name):
        if (target.dataset, target.case) == (dataset, case) and target.kind != 'finding':
            if target.kind == 'PSNR':
                return target.goal
            return None if score is None else score.baseline + target.goal
    return None
