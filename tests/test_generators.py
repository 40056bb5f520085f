"""Generators that report their progress and return a result."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

import pytest

from napari_fresco.generators import Returning, result_of


def counted(ended: list[str]) -> Generator[int, None, str]:
    try:
        yield from (1, 2, 3)
    finally:
        ended.append('closed')
    return 'done'


def test_reports_and_result() -> None:
    steps = Returning(counted([]))
    assert list(steps) == [1, 2, 3]
    assert steps.result == 'done' == result_of(counted([]))


def test_what_is_broken_off_has_no_result_and_is_closed() -> None:
    ended: list[str] = []
    with closing(counted(ended)) as work:
        steps = Returning(work)
        for number in steps:
            if number == 2:
                break
    assert ended == ['closed']
    with pytest.raises(AttributeError):
        _ = steps.result
