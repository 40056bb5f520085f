"""Cards say what was measured, targets what was hoped for; both can be measured again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import io

from napari_fresco import samples, weights
from napari_fresco.errors import FileError, ParameterError, WeightsError
from napari_fresco.evidence.metrics import psnr, ssim, to_uint8
from napari_fresco.training import REGIMES, objectives
from napari_fresco.training import card_check as bench
from napari_fresco.training.card import write_card
from napari_fresco.training.data import Corpus
from napari_fresco.training.evaluate import evaluate
from napari_fresco.training.targets import AIMS, TARGETS, Target
from napari_fresco.weights.cards import CARDS, Card, Score, card
from napari_fresco.weights.registry import BUNDLED, file_sha256

from .command_line import call

NAMES = sorted(path.stem for path in CARDS.glob('*.json'))
SCORE = Score('bsd68', 68, 'sigma 25', 20.5, 29.25, 0.8123, None)

words = st.text(max_size=20)
decibels = st.floats(allow_nan=False)
numbers = st.integers(0, 10**6)


def notes() -> Any:
    return st.lists(words, max_size=3).map(tuple)


scores = st.builds(
    Score, words, numbers, words, decibels, decibels, st.none() | decibels, st.none() | decibels
)
configs = st.dictionaries(words, st.booleans() | numbers | st.tuples(numbers, numbers), max_size=3)
cards = st.builds(
    Card,
    words,
    words,
    configs,
    st.sampled_from((1, 3)),
    st.lists(st.tuples(words, numbers), max_size=3).map(tuple),
    notes(),
    notes(),
    numbers,
    st.floats(0, 1e6),
    words,
    st.dictionaries(words, words, max_size=2),
    words,
    started_from=st.none() | words,
    half_loss_db=st.none() | decibels,
    scores=st.lists(scores, max_size=3).map(tuple),
    baseline=words,
    finding=st.none() | words,
    fails=notes(),
    history=notes(),
)


@pytest.fixture(scope='module')
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('card') / 'card.json'


@settings(max_examples=40)
@given(known=cards)
def test_what_is_written_is_read(known: Card, file: Path) -> None:
    known.write(file)
    assert Card.read(file) == known


@settings(max_examples=40)
@given(known=cards)
def test_a_page_has_what_the_card_has(known: Card) -> None:
    page = known.markdown()
    for text in (*known.learnt, *known.stages, *known.fails, *known.history, known.sha256):
        assert text in page
    for folder, count in known.data:
        assert f'{folder} ({count} images)' in page
    for score in known.scores:
        assert f'| {score.dataset} ({score.images}) | {score.case} |' in page
        assert f' {score.baseline:.2f} | {score.restored:.2f} |' in page
        assert score.ssim is None or f'| {score.ssim:.4f} |' in page
    assert known.summary()


@pytest.mark.parametrize(
    'text', ['', '{', '[]', '{"name": "x"}', '{"scores": [{"dataset": "x"}]}', '\udcff']
)
def test_rubbish_is_no_card(text: str, tmp_path: Path) -> None:
    file = tmp_path / 'card.json'
    file.write_bytes(text.encode('utf-8', 'surrogateescape'))
    with pytest.raises(FileError, match='is no model card'):
        Card.read(file)


def test_a_card_that_is_absent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match='cannot be read'):
        Card.read(tmp_path / 'card.json')
    assert card('drunet_gray') is None


def test_every_bundled_file_has_a_card_of_its_own() -> None:
    assert sorted(path.stem for path in BUNDLED.glob('*.safetensors')) == NAMES
    for name in NAMES:
        known, entry = card(name), weights.entry(name)
        assert known is not None
        assert known.sha256 == entry.sha256 == file_sha256(weights.path(name)), name
        assert (known.name, known.architecture, known.channels) == (
            name,
            entry.architecture,
            entry.channels,
        )
        # The registry writes lists where the card has tuples.
        assert json.dumps(dict(known.config)) == json.dumps(dict(entry.config)), name
        assert known.licence == entry.licence
        assert known.scores


def test_the_summary_is_of_the_largest_set() -> None:
    known = card('ffdnet_gray')
    assert known is not None
    scores = [Score('bsd68', 68, f'sigma {s}', 20, x) for s, x in ((15, 31.5), (25, 29.1))]
    small = Score('set12', 12, 'sigma 15', 20, 33)
    text = 'BSD68 31.50/29.10 dB at sigma 15/25'
    for order in ((small, *scores), (*scores, small)):
        assert replace(known, scores=order).summary() == text
    part = replace(known, scores=(replace(small, images=1),), baseline='bicubic')
    assert part.summary() == 'set12 (1 image) 33.00 dB at sigma 15 (bicubic 20.00)'
    assert replace(known, scores=()).summary() == 'not measured'


def test_marks_and_limits_are_about_regimes() -> None:
    assert {target.name for target in TARGETS} <= REGIMES.keys()
    assert {name for names, _ in AIMS for name in names} <= REGIMES.keys()
    assert len(
        {(target.name, target.dataset, target.case, target.kind) for target in TARGETS}
    ) == len(TARGETS)
    for target in TARGETS:
        assert target.authors is None or target.margin(target.authors) >= 0, target
    for regime in REGIMES.values():
        assert all(regime.objective.limits)


@pytest.mark.parametrize(
    ('kind', 'aim', 'margin'), [('PSNR', 29.0, 0.25), ('gain', 8.0, 0.75), ('finding', 5.0, 1.5)]
)
def test_marks_find_their_score(kind: Any, aim: float, margin: float) -> None:
    target = Target('ffdnet_gray', 'bsd68', 'sigma 25', aim, kind=kind)
    score = replace(SCORE, finding=3.5)
    assert target.score([replace(score, case='sigma 5'), replace(score, dataset='x')]) is None
    found = target.score([replace(score, case='sigma 5'), score])
    assert found == score
    value = target.value(score)
    assert value is not None
    assert target.margin(value) == pytest.approx(margin)


def test_cards_and_marks_need_no_torch() -> None:
    code = (
        'import sys; import napari_fresco.weights.cards, napari_fresco.training.targets; '
        'import napari_fresco.training.objective_declarations; '
        'print({"torch", "numpy"} & sys.modules.keys())'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'set()'


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of evaluation data: two small pieces of the samples as 'bsd68'."""
    folder = tmp_path_factory.mktemp('eval')
    (folder / 'natural' / 'bsd68').mkdir(parents=True)
    truth = samples.mural().truth
    pieces = (truth[100:164, 200:272, 1], truth[40:104, 60:124, 0])
    for number, piece in enumerate(pieces):
        io.imsave(folder / f'natural/bsd68/{number}.png', piece, check_contrast=False)
    return folder


def test_scores_are_those_of_the_8_bit_images(data: Path) -> None:
    folder = data / 'natural/bsd68'
    (score,) = evaluate(lambda x, sigma: x, folder, [25], 1, limit=1)
    image = Corpus.read(folder, 1, 16).images[0]
    noisy = to_uint8(image / 255 + np.random.RandomState(0).normal(0, 25 / 255, image.shape))
    assert (score.dataset, score.images, score.case) == ('bsd68', 1, 'sigma 25')
    # A denoiser works in single precision, so that a pixel may be rounded otherwise.
    assert score.restored == pytest.approx(score.baseline, abs=1e-3)
    assert score.baseline == pytest.approx(psnr(noisy, image, 255))
    assert score.ssim == pytest.approx(ssim(noisy, image, 255), abs=1e-4)
    assert evaluate(lambda x, sigma: x, folder, [25], 1)[0].images == 2


def test_a_run_writes_its_card(tmp_path: Path) -> None:
    regime = REGIMES['drunet_compact_gray']
    run: Any = SimpleNamespace(
        regime=regime,
        objective=objectives.make(regime.objective),
        seconds=90.0,
        core_hours=0.0456,
        device=torch.device('cpu'),
        step=10,
        stage_steps=[10],
        started_from=None,
    )
    corpus = Corpus((), (('bsd432', 432), ('micrographs', 69)))
    file = tmp_path / 'drunet_compact_gray.safetensors'
    file.write_bytes(b'weights')
    poor = replace(SCORE, restored=19.25678, finding=0.0123456)
    path = write_card(run, corpus, file, [SCORE, poor], 0.00123456)
    known = Card.read(path)
    assert path == tmp_path / 'drunet_compact_gray.json'
    assert path.with_suffix('.md').read_text() == known.markdown()
    assert known.sha256 == file_sha256(file)
    assert (known.steps, known.minutes, known.half_loss_db) == (10, 1.5, 0.00123)
    assert known.core_hours == 0.05
    assert [stage.split()[0] for stage in known.stages] == ['10']
    assert known.data == corpus.folders
    assert set(run.objective.describe()) <= set(known.learnt)
    assert known.scores == (SCORE, replace(poor, restored=19.257, finding=0.0123))
    assert known.fails[-1] == 'bsd68, sigma 25: 19.26 dB, where noisy has 20.50 dB'


def test_bench_says_what_it_needs(capsys: Any) -> None:
    assert call('bench', 'weights', 'ffdnet_gray') == 0
    text = capsys.readouterr().out
    assert 'bsd68 ' in text
    assert 'set5' not in text
    assert call('bench', 'weights') == 0
    datasets = {name for subject in bench.subjects() for name in subject.datasets}
    assert set(re.findall(r'^  (\w+) ', capsys.readouterr().out, re.MULTILINE)) == datasets
    assert datasets <= bench.SOURCES.keys()


def test_bench_compares_only_as_many_images(data: Path, tmp_path: Path, capsys: Any) -> None:
    output = tmp_path / 'rows.md'
    assert call('bench', 'weights', 'ffdnet_gray', '--data', data, '--limit', 1, '-o', output) == 0
    lines = output.read_text().splitlines()
    assert output.read_text() in capsys.readouterr().out
    assert len(lines) == 2 + 3
    for line in lines[2:]:
        _, name, images, _, then, now, difference, similar, target, _ = line.split('|')
        assert (name.strip(), images.strip(), then.strip()) == ('ffdnet_gray', 'bsd68 (1)', '-')
        assert difference.strip() == '-'
        assert float(now) > 20
        assert 0 < float(similar) < 1
        assert float(target) in {m.goal for m in TARGETS}


@pytest.fixture
def own(data: Path, tmp_path: Path) -> Path:
    """A checkpoint of one's own, with a card of what it measures on `data`."""
    file = tmp_path / 'mine.safetensors'
    file.write_bytes(weights.path('ffdnet_gray').read_bytes())
    objective = objectives.make(REGIMES['ffdnet_gray'].objective)
    measured = tuple(objective.evaluate(file, data / 'natural/bsd68', 1, 2))
    bundled = card('ffdnet_gray')
    assert bundled is not None
    replace(bundled, scores=measured).write(file.with_suffix('.json'))
    return file


def test_bench_repeats_what_a_card_says(own: Path, data: Path, tmp_path: Path) -> None:
    output = tmp_path / 'rows.json'
    assert call('bench', 'weights', own, '--data', data, '-o', output) == 0
    rows = json.loads(output.read_text())['rows']
    assert rows == [asdict(row) for row in bench.measure(bench.subjects([str(own)]), data)]
    assert [row['case'] for row in rows] == ['sigma 15', 'sigma 25', 'sigma 50']
    assert all(row['now'] == row['card'] for row in rows)


@pytest.mark.parametrize(('promised', 'code'), [(0.04, 0), (0.06, 1), (-3.0, 0)])
def test_bench_fails_when_a_card_promises_more(
    own: Path, data: Path, promised: float, code: int, capsys: Any
) -> None:
    beside = own.with_suffix('.json')
    known = Card.read(beside)
    first, *rest = known.scores
    changed = (replace(first, restored=first.restored + promised), *rest)
    replace(known, scores=changed).write(beside)
    assert call('bench', 'weights', own, '--data', data) == code
    assert ('1 of 3 values are more than 0.05 dB below the card' in capsys.readouterr().out) == code


def test_bench_refuses_what_it_cannot_measure(own: Path, data: Path, tmp_path: Path) -> None:
    chosen = bench.subjects([str(own)])
    with pytest.raises(ParameterError, match='limit = 0'):
        bench.measure(chosen, data, 0)
    with pytest.raises(FileError, match=r'has none of the sets; give a folder(?s:.)*bsd68'):
        bench.measure(chosen, tmp_path)
    with pytest.raises(WeightsError, match='drunet_gray has no card'):
        bench.subjects(['drunet_gray'])
    with pytest.raises(WeightsError, match='unknown weights'):
        bench.subjects(['nothing'])
    own.with_suffix('.json').unlink()
    with pytest.raises(FileError, match=r'mine\.json cannot be read'):
        bench.subjects([str(own)])
