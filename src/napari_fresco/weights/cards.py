"""Model cards: the data, the quality and the limits of a checkpoint; torch-free."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import FileError

CARDS = Path(__file__).with_name('cards')
"""Folder of the cards of the bundled checkpoints, ``NAME.json``."""

_TITLES = {'bsd68': 'BSD68', 'cbsd68': 'CBSD68', 'cc15': 'CC15', 'mcmaster': 'McMaster'}


@dataclass(frozen=True)
class Score:
    """Means over a set of images in one case.

    `dataset`, `images`: name of the set and number of images.
    `case`: what was done to them; noise levels are on the 0-255 scale.
    `baseline`, `restored`: PSNR in dB before, or by the simple method, and by the network; of 8-bit
        images, over all channels.
    `ssim`: structural similarity of the same 8-bit images, the same border left out, by
        :func:`napari_fresco.evidence.metrics.ssim`: scikit-image's ``structural_similarity`` with
        ``data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False``, averaged
        over the channels. None where it was not measured.
    `finding`: what else was measured; None for nothing.
    """

    dataset: str
    images: int
    case: str
    baseline: float
    restored: float
    ssim: float | None = None
    finding: float | None = None

    @property
    def whole(self) -> bool:
        """Whether these are all images of the set, as far as its name tells: bsd68, set12."""
        return self.dataset == self.dataset.rstrip('0123456789') + str(self.images)


@dataclass(frozen=True)
class Card:
    """The model card of one trained checkpoint.

    `name`, `architecture`: of the regime, and what :func:`~napari_fresco.networks.build` is told.
    `config`: configuration of the network; sequences in it are tuples.
    `channels`: 1 was trained on luminance, 3 on RGB.
    `data`: folders of the training images, and how many each had.
    `learnt`: degradation and loss, in words.
    `stages`: of the training, in words, one after the other.
    `steps`: in all.
    `minutes`: that they took.
    `device`: on which they were taken.
    `versions`: of the packages.
    `sha256`: of the weights file.
    `optimiser`: what took the steps.
    `seed`: of initialisation, crops and noise.
    `started_from`: checkpoint whose tensors were taken at the start.
    `licence`: terms of use of the weights.
    `half_loss_db`: PSNR in dB that is lost by storing them in half precision, where measured.
    `scores`: what was measured, see :attr:`baseline` and :attr:`finding`.
    `baseline`, `finding`: names of what the scores are compared with, and of what else was
        measured.
    `fails`: what it fails on.
    `history`: notes on how it came about.
    `core_hours`: processor time of the steps, where they were taken on a processor and it was
        measured.
    """

    name: str
    architecture: str
    config: Mapping[str, Any]
    channels: int
    data: tuple[tuple[str, int], ...]
    learnt: tuple[str, ...]
    stages: tuple[str, ...]
    steps: int
    minutes: float
    device: str
    versions: Mapping[str, str]
    sha256: str
    optimiser: str = 'Adam'
    seed: int = 0
    started_from: str | None = None
    licence: str = 'BSD-3-Clause'
    half_loss_db: float | None = None
    scores: tuple[Score, ...] = ()
    baseline: str = 'noisy'
    finding: str | None = None
    fails: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    core_hours: float | None = None

    @classmethod
    def read(cls, path: Path) -> Card:
        """Read the card that :meth:`write` has written.

        Raises FileError when there is none, or it is something else.
        """
        try:
            record = _tuples(json.loads(path.read_text(encoding='utf-8')))
            record['scores'] = tuple(Score(**score) for score in record['scores'])
            return cls(**record)
        except OSError as error:
            raise FileError(f'{path} cannot be read: {error.strerror or error}') from None
        except (ValueError, TypeError, KeyError) as error:
            raise FileError(
                f'{path} is no model card ({error}); napari-fresco train writes one beside '
                'the weights'
            ) from None

    def write(self, path: Path) -> None:
        """Write the card as JSON."""
        fields = (f'  {json.dumps(k)}: {_value(v)}' for k, v in asdict(self).items())
        path.write_text('{\n' + ',\n'.join(fields) + '\n}\n', encoding='utf-8')

    def markdown(self) -> str:
        """Return the card as a page of Markdown."""
        lines = [f'# {self.name}', '', *(f'- {fact}' for fact in self._facts())]
        start = f' --start-from {self.started_from}' if self.started_from else ''
        command = f'napari-fresco train {self.name} --data DIR --steps {self.steps}{start}'
        lines += ['', f'Train it again with `{command}`.', '']
        if self.scores:
            protocol = 'Of 8-bit output; degradations have a fixed seed for each image.'
            measured = table(self.scores, self.baseline, self.finding)
            lines += ['## Measured', '', protocol, '', measured, '']
        for title, notes in (('What it fails on', self.fails), ('History', self.history)):
            if notes:
                lines += [f'## {title}', '', *(f'- {note}' for note in notes), '']
        return '\n'.join(lines)

    def summary(self) -> str:
        """Return the measured PSNR in one line.

        It is of the set of most images (of the last one, if several are as large), in
        the first case and those that differ from it in their last word.
        """
        if not self.scores:
            return 'not measured'
        largest = max(reversed(self.scores), key=lambda score: score.images)
        scores = [
            s for s in self.scores if (s.dataset, s.images) == (largest.dataset, largest.images)
        ]
        stem = scores[0].case.rpartition(' ')[0]
        scores = [s for s in scores if s.case.rpartition(' ')[0] == stem]
        cases = '/'.join(s.case.rpartition(' ')[2] for s in scores)
        restored = '/'.join(f'{s.restored:.2f}' for s in scores)
        baseline = '/'.join(f'{s.baseline:.2f}' for s in scores)
        name = _TITLES.get(largest.dataset, largest.dataset)
        counted = '' if largest.whole else f' ({largest.images} image{"s" * (largest.images != 1)})'
        beside = '' if self.baseline == 'noisy' else f' ({self.baseline} {baseline})'
        return f'{name}{counted} {restored} dB at {f"{stem} {cases}".strip()}{beside}'

    def _facts(self) -> list[str]:
        """Return the facts apart from the scores, a line each."""
        config = ', '.join(f'{key} = {value}' for key, value in self.config.items())
        folders = ', '.join(f'{name} ({count} images)' for name, count in self.data) or 'no images'
        versions = ', '.join(f'{name} {number}' for name, number in self.versions.items())
        facts = [
            f'Architecture: {self.architecture}, {config}',
            f'Trained on: {folders}, as {"luminance" if self.channels == 1 else "RGB"}',
            *self.learnt,
            f'{self.optimiser}, seed {self.seed}, {self.steps} steps: '
            + '; then '.join(self.stages),
        ]
        if self.started_from is not None:
            facts.append(f'Started from: {self.started_from}')
        hours = '' if self.core_hours is None else f', {self.core_hours:.2f} core-hours'
        trained = f'Trained for {self.minutes:.0f} minutes on {self.device}{hours}'
        facts.append(f'{trained} ({versions})')
        if self.half_loss_db is not None:
            facts.append(f'Lost by half precision: {self.half_loss_db:.4f} dB')
        return [
            *facts,
            f'sha256 of `{self.name}.safetensors`: {self.sha256}',
            f'Licence: {self.licence}',
        ]


def card(name: str) -> Card | None:
    """Return the card of the bundled checkpoint `name`, None where there is none."""
    path = CARDS / f'{name}.json'
    return Card.read(path) if path.exists() else None


def table(scores: Sequence[Score], baseline: str = 'noisy', finding: str | None = None) -> str:
    """Return `scores` as a Markdown table; the names are those of its columns."""
    header = ['images', 'case', f'{baseline}, dB', 'restored, dB']
    similar = any(score.ssim is not None for score in scores)
    header += ['SSIM'] * similar + ([finding] if finding else [])
    rows = [header, ['---'] * len(header)]
    for s in scores:
        row = [f'{s.dataset} ({s.images})', s.case, f'{s.baseline:.2f}', f'{s.restored:.2f}']
        row += [number(s.ssim, '.4f')] * similar + ([number(s.finding, '.3g')] if finding else [])
        rows.append(row)
    return '\n'.join(f'| {" | ".join(row)} |' for row in rows)


def number(value: float | None, form: str = '.2f') -> str:
    """Return a number as text, '-' for None."""
    return '-' if value is None else format(value, form)


def _value(value: Any) -> str:
    """Return JSON in which every element of a list has a line of its own."""
    if not isinstance(value, tuple) or not value:
        return json.dumps(value, ensure_ascii=False)
    elements = (f'    {json.dumps(element, ensure_ascii=False)}' for element in value)
    return '[\n' + ',\n'.join(elements) + '\n  ]'


def _tuples(value: Any) -> Any:
    """Return the content of JSON, with tuples for lists."""
    if isinstance(value, dict):
        return {key: _tuples(element) for key, element in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
