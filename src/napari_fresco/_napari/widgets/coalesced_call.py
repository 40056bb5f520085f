"""A call that may trigger itself, such as a refresh that changes the choices it shows."""

from __future__ import annotations

from collections.abc import Callable

_MOST = 3


class CoalescedCall:
    """Turns nested calls of a function into repeats after the running one.

    `act`: what is called, at most three times in a row.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._under_way = self._asked = False

    def go(self) -> None:
        """Call it, or once more when the call under way has ended."""
        self._asked = True
        if self._under_way:
            return
        self._under_way = True
        try:
            for _ in range(_MOST):
                self._asked = False
                self._act()
                if not self._asked:
                    break
        finally:
            self._under_way = False
