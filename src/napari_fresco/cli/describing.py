"""``methods``: what there is, and what a method can be told."""

from __future__ import annotations

import click

from ..declare.methods import METHODS, Method, find_method
from .options import flag


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


def _describe(method: Method) -> None:
    click.echo(f'{method.title}: {method.summary}')
    click.echo(f'tasks: {", ".join(method.tasks)}')
    for task, needs in method.needs.items():
        click.echo(f'needs: {" and ".join(needs)} for {task}')
    click.echo(f'gives: {", ".join(method.outputs)} ({method.kind})')
    click.echo(f'reference: {method.citation}\n')
    for p in method.parameters:
        default = '' if p.default is None else f' [{p.default}]'
        tasks = f' ({", ".join(t for t in p.tasks if t in method.tasks)})' if p.tasks else ''
        click.echo(f'{flag(p.name)}{default}{tasks}\n    {p.help} Allowed: {p.allowed()}.')
