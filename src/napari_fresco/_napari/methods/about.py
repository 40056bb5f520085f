"""A method in one line: its inputs, its outputs, how far to trust it, and its authors."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...declare.method import Method
from ...types import Kind, Task
from .offered_models import fits_a_network

_NEEDED = {'mask': 'a mask of the damage', 'kernel': 'the blur kernel'}
_GIVEN = {
    'image': 'the image',
    'variance': 'a noise variance map',
    'kernel': 'the blur kernel',
    'uncertainty': 'an uncertainty map',
    'spread': 'the spread of what is averaged',
    'latent': 'latent maps',
}
_SLOW = (
    'Fits a network to each image: about a minute on two cores for 256 x 256 pixels, and as much '
    'more as there are more pixels. Cancelling keeps what has been reached.'
)


def about(method: Method, task: Task, kind: Kind | None = None, doubt: str = '') -> str:
    """Describe `method` for `task` in one line: inputs, outputs, trust and authors.

    `kind` is what it gives with the chosen weights, where that is not the usual, and `doubt`
    why they are not made for the image.
    """
    said = [
        f'Needs {needs(method, task)}.',
        f'Gives {gives(method, task)}.',
        f'{(kind or method.kind).capitalize()}.',
        f'{short_citation(method.citation)}.',
    ]
    return ' '.join([*said, *cautions(method, doubt)])


def cautions(method: Method, doubt: str = '') -> list[str]:
    """Return the cautions to show before `method` is run; `doubt` is as for :func:`about`."""
    slow, doubts = [_SLOW] if fits_a_network(method) else [], [f'{doubt}.'] if doubt else []
    return [*slow, *doubts]


def needs(method: Method, task: Task) -> str:
    """Describe the required and optional inputs of `method` beside the image."""
    required = [_NEEDED[name] for name in method.needs.get(task, ())]
    if method.reads_noise(task):
        required.append('the noise level (or estimates it)')
    optional = 'kernel' in method.takes(task) and 'kernel' not in method.needs.get(task, ())
    may = '; may be told the blur kernel' if optional else ''
    return (_listed(['the image', *required]) if required else 'nothing but the image') + may


def gives(method: Method, task: Task) -> str:
    """Describe the outputs of `method`; a kernel counts only where it is estimated."""
    given = [each for each in method.gives(task) if each not in method.takes(task)]
    always, asked = (
        _listed([_GIVEN[name] for name in names]) for names in (given, method.gives_if_asked(task))
    )
    return f'{always}; if asked, {asked}' if asked else always


def short_citation(citation: str) -> str:
    """Return first author and year of each work in a full reference.

    >>> short_citation('A. B. Lee, C. Wu, "On Noise", TIP 3, 2019, doi:10.1/2019.5')
    'Lee and Wu 2019'
    """
    return '; '.join(_short(work) for work in re.split(r';\s+(?=[A-Z]\.)', citation))


def _short(work: str) -> str:
    names, _, rest = work.partition('"')
    authors = [name.strip() for name in names.strip(' ,').split(',')]
    published = rest.partition('"')[2].partition('doi:')[0]
    years = re.findall(r'(?<![\w:.])(?:19|20)\d\d(?![\w.]\d)', published)
    surnames = [re.sub(r'^(?:[A-Z][\w-]*\.[ -]?)+', '', author).strip() for author in authors]
    who = {1: surnames[0], 2: ' and '.join(surnames[:2])}.get(len(surnames))
    return ' '.join([who or f'{surnames[0]} et al.', *years[-1:]])


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return ''.join(words)
    return f'{", ".join(words[:-1])} and {words[-1]}'
