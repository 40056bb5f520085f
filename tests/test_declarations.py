"""Laws of the declarations: every method and task, every option and parameter, every face."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import napari_fresco as fresco
from napari_fresco.cli import cli
from napari_fresco.declare.call import Call
from napari_fresco.declare.fields import Parameter, flag
from napari_fresco.declare.method import Method
from napari_fresco.declare.methods import METHODS
from napari_fresco.declare.options import OPTIONS, Options
from napari_fresco.declare.tasks import TASKS
from napari_fresco.errors import FrescoError, MethodError, ParameterError
from napari_fresco.types import Task

PAIRS = [pytest.param(m, task, id=f'{m.name}-{task}') for m in METHODS.values() for task in m.tasks]
SOURCE = Path(fresco.__file__).parent
GIVEN: dict[str, Any] = {
    'mask': np.eye(8),
    'kernel': np.ones((3, 3)),
    'sigma': 5.0,
    'scale': 2,
    'keep_known': True,
    'neighbours': 2,
    'along': 'T',
}


def needed(method: Method, task: Task) -> dict[str, Any]:
    return {name: GIVEN[name] for name in TASKS[task].needs if name in method.takes(task)}


def other_value(p: Parameter) -> Any:
    """Return an allowed value that is not the default."""
    if p.type is bool:
        return not p.default
    if p.choices:
        return next(choice for choice in p.choices if choice != p.default)
    if p.type is str:
        return 'something'
    limits = [n for n in (p.minimum, p.maximum) if n is not None and n != p.default]
    return p.type(limits[0] if limits else 3)


def fitting(p: Parameter) -> dict[str, Any]:
    """Return another value of `p`, and what it takes to matter."""
    given = {p.name: other_value(p), **({p.only_with[0]: p.only_with[1]} if p.only_with else {})}
    option, wanted = p.goes_with or ('', None)
    return {**given, option: GIVEN[option]} if wanted else given


def test_every_task_is_declared_and_its_needs_are_taken() -> None:
    assert set(TASKS) == set(Task.__args__)
    for facts in TASKS.values():
        assert set(facts.needs) <= set(facts.takes) <= set(OPTIONS)
        assert set(facts.estimable) <= set(facts.takes)
        assert facts.reads_noise == ('sigma' in facts.takes)


def test_what_serves_some_tasks_is_said_once() -> None:
    for option in OPTIONS.values():
        takers = tuple(t for t, facts in TASKS.items() if option.name in facts.takes)
        assert option.tasks == takers, option.name


def test_the_public_signature_is_that_of_the_options() -> None:
    signature = inspect.signature(fresco.restore).parameters
    for option in OPTIONS.values():
        assert signature[option.name].default == option.default, option.name
    beside = {'image', 'method', 'task', 'params', 'progress', 'callback', 'method_parameters'}
    beside |= {'output', 'preset'}
    assert set(signature) - set(OPTIONS) == beside


def test_no_parameter_is_called_like_an_option() -> None:
    assert not {p.name for m in METHODS.values() for p in m.parameters} & set(OPTIONS)


@pytest.mark.parametrize(('method', 'task'), PAIRS)
def test_needs_are_enforced(method, task) -> None:
    assert Call.of(method.name, task, given=needed(method, task)).warnings == ()
    for name in needed(method, task):
        with pytest.raises(FrescoError, match=f'needs a {name}'):
            Call.of(method.name, task)


@pytest.mark.parametrize(('method', 'task'), PAIRS)
def test_superfluous_options_are_refused_or_said(method, task) -> None:
    for name, value in GIVEN.items():
        given = {**needed(method, task), name: value}
        if name in method.takes(task):
            assert Call.of(method.name, task, given=given).warnings == ()
        elif name == 'sigma':
            assert 'sigma is not used' in Call.of(method.name, task, given=given).warnings[0]
        else:
            with pytest.raises((MethodError, ParameterError), match=name):
                Call.of(method.name, task, given=given)


@pytest.mark.parametrize(('method', 'task'), PAIRS)
def test_parameters_are_used_or_said_or_refused(method, task) -> None:
    for p in method.parameters:
        given = {**needed(method, task), **fitting(p)}
        if method.uses(p, task):
            assert Call.of(method.name, task, given=given).warnings == ()
        elif p.group == 'degradation' or p.gives is not None:
            given = {**needed(method, task), p.name: other_value(p)}
            with pytest.raises(ParameterError, match=f'{p.name} = .* does not use it'):
                Call.of(method.name, task, given=given)
        else:
            assert f'{p.name} is not used' in Call.of(method.name, task, given=given).warnings[0]


@pytest.mark.parametrize(('method', 'task'), PAIRS)
def test_a_preset_of_another_task_is_taken_and_said(method, task) -> None:
    listed = [p for p in method.parameters if not p.only_with and not p.goes_with]
    preset = {p.name: other_value(p) for p in listed}
    said = ' '.join(Call.of(method.name, task, preset, needed(method, task)).warnings)
    for p in listed:
        assert (f'{p.name} is not used' in said) == (not method.uses(p, task)), p.name
    whole = method.parameters_class().to_dict()
    assert Call.of(method.name, task, whole, needed(method, task)).warnings == ()


def test_a_parameter_without_the_one_that_it_goes_with_is_said() -> None:
    assert 'latent' in Call.of('vdir', given={'samples': 3}).warnings[0]
    enlarge = {'task': 'super_resolve', 'given': {'scale': 2, 'kernel_position': 'centred'}}
    assert 'only matters with kernel' in Call.of('dpir', **enlarge).warnings[0]
    assumed = {'scale': 2, 'assume': 'bicubic', 'kernel': np.ones((3, 3))}
    said = Call.of('usrnet', 'super_resolve', given=assumed).warnings
    assert 'only matters without kernel' in said[0]


@pytest.mark.parametrize('method', METHODS.values(), ids=METHODS.keys())
def test_unknown_names_suggest_the_nearest(method) -> None:
    for name in (*OPTIONS, *(p.name for p in method.parameters)):
        with pytest.raises(ParameterError, match=f'did you mean {name!r}'):
            Call.of(method.name, given={f'{name}x': 1})


@pytest.mark.parametrize(('method', 'task'), PAIRS)
def test_what_a_method_gives_is_declared(method, task) -> None:
    always = set(Call.of(method.name, task, given=needed(method, task)).gives)
    assert always == set(method.gives(task)) <= set(method.outputs)
    for output, ways in method.gives_if_asked(task).items():
        assert output not in always
        for name, value in ways:
            asked = {**needed(method, task), name: value}
            assert output in Call.of(method.name, task, given=asked).gives
    if 'sigma' in method.estimable(task):
        assert (
            'variance'
            in Call.of(method.name, task, given={**needed(method, task), 'sigma': 'virnet'}).gives
        )


@pytest.mark.parametrize('value', [-1, 1.5, 'a', None, True, 2**63])
def test_bad_seed(value) -> None:
    with pytest.raises(ParameterError, match='seed'):
        Options.create({'seed': value})


@pytest.mark.parametrize('value', [0, -5, 63, 128.5, 'big', True])
def test_bad_tile(value) -> None:
    with pytest.raises(ParameterError, match='tile'):
        Options.create({'tile': value})


@pytest.mark.parametrize('value', [2**63 - 1, np.int64(2**62), np.uint8(4), 3.0])
def test_seeds_are_exact(value) -> None:
    assert Options.create({'seed': value}).seed == int(value)


@pytest.mark.parametrize('command', ['restore', 'batch'])
def test_the_command_line_has_every_option(command) -> None:
    text = CliRunner().invoke(cli, [command, '--help']).output
    for p in (*OPTIONS.values(), *(p for m in METHODS.values() for p in m.parameters)):
        assert flag(p.name) in text, p.name


@pytest.mark.parametrize('method', METHODS.values(), ids=METHODS.keys())
def test_a_method_is_described_with_all_that_it_takes(method) -> None:
    text = CliRunner().invoke(cli, ['methods', method.name]).output
    for p in (*method.parameters, *OPTIONS.values()):
        used = any(method.uses(p, task) for task in method.tasks)
        assert (f'{flag(p.name)}\n' in text) == used, p.name


def test_the_record_has_every_option_and_parameter() -> None:
    image = np.random.default_rng(0).integers(0, 255, (12, 14), dtype=np.uint8)
    given = {'sigma': 5.0, 'seed': 3, 'device': 'cpu', 'data_range': (0, 200), 'model': 'box'}
    record = fresco.restore(image, method='dpir', **given).provenance
    assert set(record['options']) == set(OPTIONS)
    assert (record['options']['seed'], record['options']['data_range']) == (3, [0, 200])
    assert set(record['parameters']) == {p.name for p in METHODS['dpir'].parameters}


def test_what_is_not_used_is_in_the_record() -> None:
    image = np.full((12, 14), 90, np.uint8)
    record = fresco.restore(image, method='scunet', sigma=5.0, device='cpu').provenance
    assert any('sigma is not used' in warning for warning in record['warnings'])


def test_tasks_are_compared_in_the_declarations_alone() -> None:
    """Whatever depends on the task asks the table; tables of solvers are keyed, not compared."""
    found = []
    for path in sorted(SOURCE.rglob('*.py')):
        if 'declare' in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Compare):
                inside = [n for side in (node.left, *node.comparators) for n in ast.walk(side)]
                names = {n.value for n in inside if isinstance(n, ast.Constant)}
                if names & set(TASKS):
                    found.append(f'{path.relative_to(SOURCE)}:{node.lineno}')
    assert not found
