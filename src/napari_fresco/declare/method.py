"""The facts of a method: its tasks, inputs, outputs and parameters, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..types import Kind, Task
from .fields import Parameter, Parameters
from .tasks import TASKS


@dataclass(frozen=True)
class Method:
    """A restoration method as data.

    Attributes
    ----------
    name, title : str
        Identifier in code and name shown to people.
    plain, summary : str
        What it is in a few words that say more than the name, and in one sentence.
    tasks : tuple of Task
        What the method can be asked to do; the first is the default.
    blind : bool
        True when the method needs neither noise level nor kernel.
    outputs : tuple of str
        Subset of 'image', 'variance', 'kernel', 'spread', 'latent'; some come only with some
        parameters, see :meth:`gives`.
    kind : Kind
        How far the result can be trusted as a measurement.
    citation : str
        Reference of the method.
    parameters_class : type
        The frozen dataclass that declares its parameters.
    solver : str
        ``'module:function'``, imported when a restoration starts.
    downsampling : {'bicubic', 'lanczos2', 'unknown'}
        What super-resolution inverts when no kernel is given; a method for
        which it is 'unknown' takes no kernel.
    scales : tuple of int
        Factors of super-resolution.
    local : bool
        What is done to a pixel hangs on its surroundings alone, so that parts can be restored
        apart.
    least_noise : float
        Noise, of a range of 255, under which denoising errs more than the noise does.
    volumes : bool
        Whether a kernel with three axes restores volumes as one.
    window : tuple of int
        For how many axes light from beyond the border is part of its model.
    linear : bool
        It is one linear filter, whose residual has a colour of its own: it tells nothing of the
        kernel.
    undecided : tuple of (str, object)
        Parameters, and the values at which ``settle`` of the solver's module decides for all parts.
    """

    name: str
    title: str
    plain: str
    summary: str
    tasks: tuple[Task, ...]
    blind: bool
    outputs: tuple[str, ...]
    kind: Kind
    citation: str
    parameters_class: type[Parameters]
    solver: str
    downsampling: Literal['bicubic', 'lanczos2', 'unknown'] = 'bicubic'
    scales: tuple[int, ...] = (2, 3, 4, 5, 6, 7, 8)
    local: bool = True
    least_noise: float = 0.0
    volumes: bool = False
    window: tuple[int, ...] = ()
    linear: bool = False
    undecided: tuple[tuple[str, object], ...] = ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The declared parameters, in the order in which they are shown."""
        return self.parameters_class.declared()

    @property
    def needs(self) -> Mapping[Task, tuple[str, ...]]:
        """Options without which a task cannot run: 'mask', 'kernel'."""
        return {task: needs for task in self.tasks if (needs := TASKS[task].needs)}

    def checks(self, task: Task) -> tuple[str, ...]:
        """Return the checks that say something of a result of `task`."""
        return tuple(n for n in TASKS[task].checks if not (self.linear and n == 'fit'))

    def takes(self, task: Task) -> tuple[str, ...]:
        """Return the options that change what it does for `task`, of those that only some take."""
        found = {'sigma': self.blind, 'kernel': self.downsampling == 'unknown'}
        return tuple(name for name in TASKS[task].takes if not found.get(name))

    def reads_noise(self, task: Task) -> bool:
        """Return whether the result of `task` depends on the given noise level."""
        return 'sigma' in self.takes(task)

    def models_noise(self, task: Task) -> bool:
        """Return whether a noise model matters: to tell the level, or to stabilise photon noise."""
        return self.reads_noise(task) or TASKS[task].pointwise

    def uses(self, parameter: Parameter, task: Task) -> bool:
        """Return whether a parameter, or an option of the call, matters for `task`."""
        if parameter.name in TASKS[task].takes:
            return parameter.name in self.takes(task)
        if parameter.group == 'noise' and not self.models_noise(task):
            return False
        beside = parameter.goes_with
        return parameter.serves(task) and (beside is None or beside[0] in self.takes(task))

    def estimable(self, task: Task) -> tuple[str, ...]:
        """Return which options another method can estimate first."""
        return tuple(name for name in TASKS[task].estimable if name in self.takes(task))

    def gives(self, task: Task) -> tuple[str, ...]:
        """Return the parts that the result of `task` always holds, beginning with the image."""
        asked = {p.gives[1] for p in self.parameters if p.gives}
        sometimes = asked | ({'kernel'} - set(TASKS[task].gives))
        return tuple(name for name in self.outputs if name not in sometimes)

    def gives_if_asked(self, task: Task | None = None) -> dict[str, list[tuple[str, Any]]]:
        """Return what the result can hold besides, and parameters and values that ask for it.

        `task`: of this one; of any by default.
        """
        asked: dict[str, list[tuple[str, Any]]] = {}
        for p in self.parameters:
            if p.gives is not None and (task is None or p.serves(task)):
                asked.setdefault(p.gives[1], []).append((p.name, p.gives[0]))
        return asked
