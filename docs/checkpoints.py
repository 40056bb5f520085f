"""The page of all checkpoints with their marks, and a page for each, made from their cards."""

from collections import Counter
from pathlib import Path

import mkdocs_gen_files

from napari_fresco.training.targets import MARKS, REMARKS, Mark
from napari_fresco.weights.cards import Card, card
from napari_fresco.weights.registry import registry

PAGES = Path(__file__).parent / 'pages'


def table(header: str, rows: list[tuple[str, ...]]) -> str:
    """Return rows as a Markdown table; the names of the columns are parted by ' | '."""
    rule = ' | '.join('---' for _ in header.split(' | '))
    lines = [header, rule, *(' | '.join(row) for row in rows)]
    return '\n'.join(f'| {line} |' for line in lines) + '\n'


def overview(cards: dict[str, Card]) -> str:
    """Return a table of all cards."""
    rows = []
    for name, known in cards.items():
        entry = registry()[name]
        image = 'gray' if known.channels == 1 else 'colour'
        size = f'{(entry.size or 0) / 1e6:.1f}'
        minutes = f'{known.minutes:.0f}'
        rows.append((link(name), entry.task, image, size, minutes, known.summary()))
    return table('checkpoint | task | image | MB | minutes of training | measured', rows)


def marks(cards: dict[str, Card]) -> str:
    """Return how many marks are reached, a table of all of them, and the other aims."""
    rows, verdicts = [], []
    for mark in MARKS:
        known = cards.get(mark.name)
        row, verdict = judged(mark, known)
        verdicts.append(verdict)
        rows.append((link(mark.name) if known else mark.name, *row))
    counted = ', '.join(f'{count} {verdict}' for verdict, count in Counter(verdicts).items())
    aims = [f'- {", ".join(names)}: {remark}' for names, remark in REMARKS]
    header = "checkpoint | images | case | mark | measured | difference |  | authors' model"
    parts = [f'Of {len(MARKS)} marks: {counted}.\n', table(header, rows)]
    return '\n'.join([*parts, 'Aims that no single number tells:\n', *aims])


def judged(mark: Mark, known: Card | None) -> tuple[tuple[str, ...], str]:
    """Return what a row of the table says of a mark, and the verdict."""
    score = mark.score(known.scores) if known else None
    value = mark.value(score) if score else None
    images = mark.dataset + (f' ({score.images})' if score else '')
    aim, authors = quantity(mark, mark.mark), quantity(mark, mark.authors)
    if score is None or value is None:
        return (images, mark.case, aim, '-', '-', 'not measured', authors), 'not measured'
    missed = mark.margin(value) < 0
    verdict = ('missed' if missed else 'reached') + ' on a part' * (not score.whole)
    shown = f'**{verdict}**' if missed else verdict
    difference = f'{value - mark.mark:+.2f}'
    return (images, mark.case, aim, quantity(mark, value), difference, shown, authors), verdict


def quantity(mark: Mark, value: float | None) -> str:
    """Return a value of the kind that is marked."""
    if value is None:
        return '-'
    forms = {'PSNR': '{:.2f}', 'gain': 'gain {:.2f}', 'finding': 'error {:.1f} %'}
    return forms[mark.kind].format(value)


def link(name: str) -> str:
    """Return a link to the page of a checkpoint."""
    return f'[{name}]({name}.md)'


def page(known: Card) -> str:
    """Return the page of a checkpoint: its card, its marks, its picture."""
    parts = [known.markdown()]
    rows = [judged(mark, known)[0] for mark in MARKS if mark.name == known.name]
    if rows:
        header = "images | case | mark | measured | difference |  | authors' model"
        parts += ['## Marks\n', table(header, rows)]
    if (PAGES / f'images/cards/{known.name}.jpg').exists():
        words = 'A mural, a micrograph and a photograph: degraded, restored and true'
        parts += ['## A look\n', f'![{words}](../images/cards/{known.name}.jpg)', '']
    return '\n'.join(parts)


CARDS = {name: known for name in registry() if (known := card(name)) is not None}
text = (PAGES / 'checkpoints/index.md').read_text(encoding='utf-8')
for place, fill in (('<!-- overview -->', overview), ('<!-- marks -->', marks)):
    text = text.replace(place, fill(CARDS))
with mkdocs_gen_files.open('checkpoints/index.md', 'w') as file:
    file.write(text)
for known in CARDS.values():
    with mkdocs_gen_files.open(f'checkpoints/{known.name}.md', 'w') as file:
        file.write(page(known))
