"""A call of a method without its image, checked before any work is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from ..errors import FrescoError, KernelError, MaskError, MethodError, ParameterError
from ..types import Task
from .fields import Parameter, Parameters, as_flags, shown
from .method import Method
from .methods import ESTIMATORS, METHODS, find_method, find_task
from .names import unknown
from .options import OPTIONS, WORDS, Options
from .presets import Preset, PresetLike
from .tasks import TASKS

_NEEDED: Mapping[str, tuple[str, str, type[FrescoError]]] = MappingProxyType(
    {
        'mask': (
            'pass mask=..., nonzero where the image is damaged',
            'give --mask FILE, nonzero where the image is damaged (in a recipe, mask: FILE)',
            MaskError,
        ),
        'kernel': (
            'pass kernel=..., for example napari_fresco.kernels.gaussian(1.5)',
            'give --kernel FILE, or --kernel auto for a shaken or defocused photograph (in a '
            'recipe, kernel: FILE)',
            KernelError,
        ),
    }
)

_OF_LONE_PLANES = ('uncertainty', 'spread')


@dataclass(frozen=True, eq=False)
class Call:
    """A method, a task, options and parameters that agree with their declarations.

    `method`, `task`: what to do.
    `options`: what any method can be told.
    `parameters`: what this method can be told.
    `warnings`: what was given, but is not used.
    """

    method: Method
    task: Task
    options: Options
    parameters: Any
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        method: str | None,
        task: str | None = None,
        params: PresetLike = None,
        given: Mapping[str, Any] | None = None,
    ) -> Self:
        """Check names, types and ranges of what is `given`, and that it is used.

        `method`, `task`: names; those of the preset, or the method's first task by default.
        `params`: parameters of the method, or a preset.
        `given`: options and method parameters by name, and ``'preset'``; they count more than
            the preset, but for options that are left at their defaults.
        Raises MethodError for an unknown method or task, or an input that they do not take.
        Raises ParameterError for an unknown name, a wrong type, a value out of range, or one that
            describes another degradation than that of the task.
        """
        given = dict(given or {})
        preset = Preset.of(given.pop('preset', None)).under(Preset.of(params))
        chosen = method_of(method, preset)
        asked = find_task(chosen, task or preset.task)
        named = Options.create({k: v for k, v in given.items() if k in OPTIONS})
        options = Options.create({**preset.options, **named.changed()})
        own = {k: v for k, v in given.items() if k not in OPTIONS}
        names = [p.name for p in chosen.parameters]
        for name in own:
            if name not in names:
                raise ParameterError(unknown(name, [*names, *OPTIONS], words=WORDS))
        parameters = chosen.parameters_class.create({**preset.parameters, **own})
        warnings = _unused(chosen, asked, options, parameters, own)
        _check_options(chosen, asked, options)
        if 'sigma' in options.changed() and 'sigma' not in chosen.takes(asked):
            warnings.append(_said('sigma', chosen, asked))
        call = cls(chosen, asked, options, parameters, tuple(warnings))
        _check_maps(call)
        return call

    @property
    def gives(self) -> tuple[str, ...]:
        """The parts of the result."""
        values, sigma = self.parameters.to_dict(), self.options.sigma
        asked = [
            output
            for output, ways in self.method.gives_if_asked(self.task).items()
            if any(values[name] == value for name, value in ways)
        ]
        estimated = ['variance'] if isinstance(sigma, str) and sigma in ESTIMATORS else []
        return tuple(dict.fromkeys([*self.method.gives(self.task), *estimated, *asked]))


def method_of(method: str | None, preset: Preset) -> Method:
    """Return the method that is named, or that of the preset.

    Raises FrescoError when there is none, or they name two.
    """
    named = method if preset.method is None else preset.under(Preset(method=method)).method
    if named is None:
        missing = 'name a method, or a preset that does'
        guide = f'the guide "Which method for my image?" say which; methods: {", ".join(METHODS)}'
        raise MethodError(
            f'{missing}: fresco.recommend(image) and {guide}',
            in_shell=f'{missing}: napari-fresco recommend IMAGE and {guide}',
        )
    return find_method(named)


def _unused(
    method: Method, task: Task, options: Options, parameters: Parameters, given: Mapping[str, Any]
) -> list[str]:
    """Say which parameters are not used.

    Refuse those that describe another degradation, or ask for what the task does not give.
    """
    values, said = parameters.to_dict(), []
    declared = {p.name: p for p in method.parameters}
    for name in parameters.changed():
        p = declared[name]
        if not method.uses(p, task):
            if name in given and (p.group == 'degradation' or p.gives is not None):
                refused = _refused(p, method, task, values[name])
                raise ParameterError(refused, in_shell=as_flags(refused))
            said.append(_said(name, method, task))
        elif not p.applies(values) and p.only_with is not None:
            other, value = p.only_with
            said.append(f'{name} is not used: it only matters with {other}={value!r}')
        elif p.goes_with and p.goes_with[1] not in (None, p.goes_with[0] in options.changed()):
            other, wanted = p.goes_with
            said.append(
                f'{name} is not used: it only matters with{"" if wanted else "out"} {other}'
            )
    return said


def _check_options(method: Method, task: Task, options: Options) -> None:
    """Refuse options that are missing, or that describe what `task` does not undo."""
    changed, takes = options.changed(), method.takes(task)
    for name in TASKS[task].needs:
        if name in takes and name not in changed:
            advice, in_shell, error = _NEEDED[name]
            lacks = f'{method.name} needs a {name} for task {task!r}'
            raise error(f'{lacks}; {advice}', in_shell=f'{lacks}; {in_shell}')
    for name, value in changed.items():
        option = OPTIONS[name]
        superfluous = option.tasks and name not in takes and value is not False
        if superfluous and option.group != 'noise':
            error = MethodError if option.type is object else ParameterError
            said = _superfluous(option, method, task, value)
            raise error(said, in_shell=as_flags(said))


def _check_maps(call: Call) -> None:
    """Refuse maps that are found of planes restored alone, where neighbours help."""
    asked = call.method.gives_if_asked(call.task)
    for name in _OF_LONE_PLANES:
        if call.options.neighbours and name in call.gives:
            ways = ' or '.join(f'{p} = {value!r}' for p, value in asked[name])
            raise ParameterError(
                f'neighbours = {call.options.neighbours}, but the {name} that {ways} asks for is '
                'that of planes restored alone; leave one of them out'
            )


def _superfluous(option: Parameter, method: Method, task: Task, value: Any) -> str:
    given = f'a {option.name} was given' if option.type is object else shown(option.name, value)
    if option.serves(task):
        able = [m for m in METHODS.values() if task in m.tasks and option.name in m.takes(task)]
        return (
            f'{given}, but {method.name} finds out the {option.label.lower()} by itself; leave it '
            'out, or choose method=' + ' or '.join(repr(m.name) for m in able)
        )
    tasks = ' or '.join(f'task={each!r}' for each in option.tasks if each in method.tasks)
    choose = tasks or 'another method for ' + ' or '.join(map(repr, option.tasks))
    return f'{given}, but task {task!r} uses none; choose {choose}'


def _refused(p: Parameter, method: Method, task: Task, value: Any) -> str:
    users = (t for t in method.tasks if method.uses(p, t))
    choose = ' or '.join(['leave it out', *(f'choose task={user!r}' for user in users)])
    return f'{shown(p.name, value)}, but {method.name} does not use it for task {task!r}; {choose}'


def _said(name: str, method: Method, task: Task) -> str:
    return f'{name} is not used by {method.name} for task {task!r}'
