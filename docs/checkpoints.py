"""The page of all checkpoints with their targets, and a page for each, made from their cards."""

from collections import Counter
from functools import lru_cache
from pathlib import Path

from sphinx.application import Sphinx
from tables import table

from napari_fresco.training.targets import AIMS, TARGETS, Target
from napari_fresco.weights.cards import Card, card
from napari_fresco.weights.registry import registry

PAGES = Path(__file__).parent / 'pages'
CARDS = PAGES / 'checkpoints/cards'  # made anew by each build, not kept


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


def targets(cards: dict[str, Card]) -> str:
    """Return how many targets are reached, a table of all of them, and the other aims."""
    rows, verdicts = [], []
    for target in TARGETS:
        known = cards.get(target.name)
        row, verdict = compared(target, known)
        verdicts.append(verdict)
        rows.append((link(target.name) if known else target.name, *row))
    counted = ', '.join(f'{count} {verdict}' for verdict, count in Counter(verdicts).items())
    aims = [f'- {", ".join(names)}: {remark}' for names, remark in AIMS]
    header = "checkpoint | images | case | target | measured | difference |  | authors' model"
    parts = [f'Of {len(TARGETS)} targets: {counted}.\n', table(header, rows)]
    return '\n'.join([*parts, 'Aims that no single number tells:\n', *aims])


def compared(target: Target, known: Card | None) -> tuple[tuple[str, ...], str]:
    """Return what a row of the table says of a target, and the verdict."""
    score = target.score(known.scores) if known else None
    value = target.value(score) if score else None
    images = target.dataset + (f' ({score.images})' if score else '')
    aim, authors = quantity(target, target.goal), quantity(target, target.authors)
    if score is None or value is None:
        return (images, target.case, aim, '-', '-', 'not measured', authors), 'not measured'
    missed = target.margin(value) < 0
    verdict = ('missed' if missed else 'reached') + ' on a part' * (not score.whole)
    shown = f'**{verdict}**' if missed else verdict
    difference = f'{value - target.goal:+.2f}'
    return (images, target.case, aim, quantity(target, value), difference, shown, authors), verdict


def quantity(target: Target, value: float | None) -> str:
    """Return a value of the kind that is marked."""
    if value is None:
        return '-'
    forms = {'PSNR': '{:.2f}', 'gain': 'gain {:.2f}', 'finding': 'error {:.1f} %'}
    return forms[target.kind].format(value)


def link(name: str) -> str:
    """Return a link to the page of a checkpoint."""
    return f'[{name}](cards/{name}.md)'


def page(known: Card) -> str:
    """Return the page of a checkpoint: its card, its targets, its picture."""
    parts = [known.markdown()]
    rows = [compared(target, known)[0] for target in TARGETS if target.name == known.name]
    if rows:
        header = "images | case | target | measured | difference |  | authors' model"
        parts += ['## Marks\n', table(header, rows)]
    if (PAGES / f'images/cards/{known.name}.jpg').exists():
        words = 'A mural, a micrograph and a photograph: degraded, restored and true'
        parts += ['## A look\n', f'![{words}](../../images/cards/{known.name}.jpg)', '']
    return '\n'.join(parts)


@lru_cache(None)
def cards() -> dict[str, Card]:
    """Return the cards of all checkpoints that have one."""
    return {name: known for name in registry() if (known := card(name)) is not None}


def write_pages(app: Sphinx) -> None:
    """Write the page of each checkpoint."""
    CARDS.mkdir(exist_ok=True)
    for known in cards().values():
        (CARDS / f'{known.name}.md').write_text(page(known), encoding='utf-8')


def fill(app: Sphinx, name: str, content: list[str]) -> None:
    """Put the tables of all checkpoints where a page asks for them."""
    for mark, made in (('<!-- overview -->', overview), ('<!-- targets -->', targets)):
        if mark in content[0]:
            content[0] = content[0].replace(mark, made(cards()))


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the pages before any is read."""
    app.connect('builder-inited', write_pages)
    app.connect('source-read', fill)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
