"""The command line ``napari-fresco``: the same names, defaults and errors as in Python.

Commands import what they need when they run, so that ``--help`` is immediate.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from ..types import FrescoError

_HOMES = {
    'restore': 'restoring',
    'batch': 'restoring',
    'methods': 'describing',
    'weights': 'weighing',
    'train': 'training',
    'bench': 'measuring',
    'demo': 'showing',
}


class _Commands(click.Group):
    """Commands that are imported when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _HOMES:
            return None
        module = import_module(f'.{_HOMES[cmd_name]}', __name__)
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=_Commands, context_settings={'help_option_names': ['-h', '--help']})
@click.version_option(package_name='napari-fresco')
def cli() -> None:
    """Restore images: denoise, deblur, super-resolve, inpaint."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; errors of the user are one line and exit status 2."""
    try:
        code = cli.main(arguments, prog_name='napari-fresco', standalone_mode=False)
    except click.ClickException as error:
        _fail(error.format_message())
    except FrescoError as error:
        _fail(str(error))
    except (click.Abort, KeyboardInterrupt):
        print('cancelled', file=sys.stderr)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> None:
    print('error: ' + ' '.join(message.split()), file=sys.stderr)
    sys.exit(2)
