"""The methods and tasks that a panel offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from ...declare.method import Method
from ...declare.tasks import TASKS
from ...layers.images.layer_kinds import may_be_restored
from ...types import Task
from .offered_models import first_scale, is_served


@dataclass(frozen=True)
class Offer:
    """The methods and tasks of a panel.

    `name`: tells the runs of its panel from those of others.
    `title`, `summary`: what stands at its top.
    `methods`, `tasks`: what there is to choose from; each task is one of some method.
    `guided`: whether lines that must continue through losses are asked for.
    `accepts`: says whether a layer is an image to work on.
    `asks`: whether tasks are named by what is wrong with an image.
    """

    name: str
    title: str
    summary: str
    methods: tuple[Method, ...]
    tasks: tuple[Task, ...]
    asks: bool = False
    guided: bool = False
    accepts: Callable[[Any], bool] = may_be_restored

    @classmethod
    def of(cls, method: Method) -> Self:
        """Return the offer of the panel of one method."""
        return cls(method.name, method.title, method.summary, (method,), method.tasks)

    def serving(self, task: Task) -> list[Method]:
        """Return the methods that do `task`, if possible those that there are weights for."""
        able = [method for method in self.methods if task in method.tasks]
        return [method for method in able if is_served(method, task)] or able

    def is_served(self, task: Task) -> bool:
        """Say whether there are weights for `task`."""
        return any(is_served(each, task) for each in self.methods if task in each.tasks)

    @property
    def asks_which(self) -> bool:
        """Whether the method is a choice."""
        return len(self.methods) > 1

    @property
    def words(self) -> dict[Task, str]:
        """The names of the tasks."""
        facts = {task: TASKS[task] for task in self.tasks}
        return {task: f.trouble if self.asks else f.title for task, f in facts.items()}

    @property
    def scales(self) -> tuple[int, int, int]:
        """The least and the greatest enlargement, and the one to begin with."""
        every = [scale for method in self.methods for scale in method.scales]
        first = min(first_scale(method) for method in self.methods)
        return min(every), max(every), first
