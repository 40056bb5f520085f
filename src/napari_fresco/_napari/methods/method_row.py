"""The row that chooses a method out of those that do the task."""

from __future__ import annotations

from collections.abc import Sequence

from ...declare.method import Method
from ...declare.methods import METHODS
from ...declare.tasks import TASKS
from ..widgets.choosers import WordList

_HELP = (
    '<p>The method that does it. What is set stays when another one is chosen; what only some '
    'have comes back with them.</p>'
)


class MethodRow(WordList):
    """A list of methods, each with its kind and its title.

    `methods`: those on offer at first.
    """

    def __init__(self, methods: Sequence[Method]) -> None:
        super().__init__('method', 'Method', _words(methods), _HELP)

    @property
    def method(self) -> Method:
        """The chosen method."""
        return METHODS[self.value]

    def offer_methods(self, methods: Sequence[Method]) -> None:
        """Offer other methods; one that is chosen stays where it is among them."""
        if list(self.choices) == [method.name for method in methods]:
            return
        if self.value not in [method.name for method in methods]:
            self.is_decided = False
        self.offer(_words(methods))


def _words(methods: Sequence[Method]) -> dict[str, str]:
    return {method.name: known_as(method) for method in methods}


def known_as(method: Method) -> str:
    """Return the kind of a method and its title."""
    return f'{method.plain} ({method.title})'


def command_title(method: Method) -> str:
    """Return the task of a method, its kind and its title."""
    does = ', '.join(TASKS[task].verb for task in method.tasks)
    plain = known_as(method)
    return f'{does[0].upper()}{does[1:]}: {plain[0].lower()}{plain[1:]}'
