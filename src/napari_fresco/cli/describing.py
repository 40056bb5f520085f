"""``methods`` and ``presets``: lists of them, and the parameters of a method."""

from __future__ import annotations

import click

from ..declare import presets as stored
from ..declare.fields import flag
from ..declare.method import Method
from ..declare.methods import METHODS, find_method
from ..declare.options import OPTIONS
from ..declare.tasks import TASKS
from .flags import said


@click.command()
@click.argument('name', required=False)
def methods(name: str | None) -> None:
    """List the methods, or the parameters of method NAME."""
    if name is None:
        for method in METHODS.values():
            blind = 'blind' if method.blind else ''
            tasks = ', '.join(method.tasks)
            click.echo(f'{method.name:<9} {method.kind:<16} {blind:<6} {tasks}')
        return
    _describe(find_method(name))


@click.command()
@click.argument('name', required=False)
def presets(name: str | None) -> None:
    """List the bundled presets, or print the file of preset NAME."""
    if name is not None:
        click.echo(stored.Preset.of(name).to_json(), nl=False)
        return
    for each, preset in stored.presets().items():
        click.echo(f'{each}\n    {preset.title}. {preset.about}')


def _describe(method: Method) -> None:
    click.echo(f'{method.title}: {method.summary}')
    for task in method.tasks:
        needs = f'; needs a {" and a ".join(needed)}' if (needed := TASKS[task].needs) else ''
        given = ', '.join(method.gives(task))
        click.echo(f'{task}: {TASKS[task].summary} Gives {given}{needs}')
    for output, ways in method.gives_if_asked().items():
        asked = ' or '.join(flag(n) if v is True else f'{flag(n)} {v}' for n, v in ways)
        click.echo(f'{output}: with {asked}')
    click.echo(f'kind: {method.kind}')
    click.echo(f'reference: {method.citation}\n')
    for p in (*method.parameters, *OPTIONS.values()):
        users = [task for task in method.tasks if method.uses(p, task)]
        if users:
            click.echo(f'{flag(p.name)}\n    {said(p, users if users != [*method.tasks] else ())}')
