"""Warnings that are held back come back, in whatever order threads leave."""

from __future__ import annotations

import threading
import warnings

import pytest

from napari_fresco.silence import without_warnings


def test_threads_that_overlap_leave_the_filters_as_they_were() -> None:
    before = list(warnings.filters), warnings.showwarning
    entered, first_left = threading.Event(), threading.Event()

    def second() -> None:
        with without_warnings():
            entered.set()
            first_left.wait(10)
            warnings.warn('held back', stacklevel=1)

    thread = threading.Thread(target=second)
    with without_warnings():
        thread.start()
        assert entered.wait(10)
    first_left.set()
    thread.join(10)
    assert (list(warnings.filters), warnings.showwarning) == before
    with pytest.warns(UserWarning, match='shown'):
        warnings.warn('shown', stacklevel=1)


def test_an_error_inside_puts_the_filters_back() -> None:
    before = list(warnings.filters)
    with pytest.raises(ValueError, match='any'), without_warnings():
        raise ValueError('any')
    assert list(warnings.filters) == before
