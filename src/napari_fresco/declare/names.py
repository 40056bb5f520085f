"""Names as people write them: other cases and words than those declared, and what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

_NO_WORDS: Mapping[str, str] = MappingProxyType({})


def spelled(name: Any) -> str:
    """Return a name as names are declared: ``'Super-resolve'`` is ``'super_resolve'``."""
    return str(name).strip().lower().replace('-', '_').replace(' ', '_')


def named_once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return names with their values, as a hook for pairs of :func:`json.loads`.

    Raises ValueError when a name is given twice, of which JSON keeps the last value silently.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f'{name!r} is given twice; leave one of them')
        found[name] = value
    return found


def did_you_mean(
    name: Any, known: Iterable[str], words: Mapping[str, str] = _NO_WORDS, most: int = 1
) -> str:
    """Return ``; did you mean 'x'?`` with the nearest of the `known` names, or a full stop.

    `words`: other words, spelled as names are, for names; those for none of the known are left out.
    `most`: how many names are said.
    """
    by_spelling = {spelled(each): each for each in known}
    words = {word: name for word, name in words.items() if spelled(name) in by_spelling}
    wanted = spelled(name)
    near = (
        [wanted] if wanted in words else get_close_matches(wanted, [*by_spelling, *words], n=most)
    )
    if not near:
        return '.'
    meant = dict.fromkeys(words.get(each) or by_spelling[each] for each in near)
    return f'; did you mean {" or ".join(map(repr, meant))}?'


def unknown(
    name: Any,
    known: Iterable[str],
    what: str = 'parameter',
    words: Mapping[str, str] = _NO_WORDS,
) -> str:
    """Say that there is no parameter, or `what` else, called `name`, and which is nearest."""
    known = list(known)
    hint = did_you_mean(name, known, words)
    return f'unknown {what} {name!r}{hint} Known: {", ".join(known)}'
