"""Generators that report their progress and return a result at the end."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Generic, TypeVar

Report = TypeVar('Report')
R = TypeVar('R')


class Returning(Generic[Report, R]):
    """Iterates over the reports of a generator and keeps the value that it returns.

    Attributes
    ----------
    result : R
        The returned value; there once the iteration has come to its end.

    Examples
    --------
    >>> def count():
    ...     yield from (1, 2, 3)
    ...     return 'done'
    >>> steps = Returning(count())
    >>> [step for step in steps], steps.result
    ([1, 2, 3], 'done')
    """

    result: R

    def __init__(self, generator: Generator[Report, Any, R]) -> None:
        self._generator = generator

    def __iter__(self) -> Generator[Report, None, None]:
        self.result = yield from self._generator


def result_of(generator: Generator[Any, Any, R]) -> R:
    """Run a generator to its end and return its value."""
    steps = Returning(generator)
    for _ in steps:
        pass
    return steps.result
