"""Python's searches for garbage are kept out of moments in which a window waits."""

from __future__ import annotations

import gc

import pytest

from napari_fresco.runtime.garbage import imported_unsearched, set_aside


class Node:
    def __init__(self) -> None:
        self.itself = self


def test_what_is_imported_starts_no_search_and_counts_for_none(full_searches: list[int]) -> None:
    with imported_unsearched():
        kept = [Node() for _ in range(200_000)]
        assert not gc.isenabled()
    assert gc.isenabled()
    assert not gc.get_freeze_count()
    assert max(gc.get_count()) < 700
    assert len(kept) == 200_000
    assert not full_searches


def test_who_searches_himself_is_not_disturbed() -> None:
    gc.disable()
    try:
        with imported_unsearched():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    gc.freeze()
    frozen = gc.get_freeze_count()
    try:
        with imported_unsearched(), set_aside():
            pass
        assert gc.get_freeze_count() == pytest.approx(frozen, rel=0.01)
    finally:
        gc.unfreeze()


def test_a_search_passes_over_what_was_there_and_the_next_one_sees_it(
    full_searches: list[int],
) -> None:
    there = len(gc.get_objects())
    with set_aside():
        gc.collect()
    gc.collect()
    assert full_searches[0] < there / 10
    assert full_searches[1] > there / 2
    assert not gc.get_freeze_count()
