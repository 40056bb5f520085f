"""The command line ``napari-fresco``: the same names, defaults and errors as in Python.

Commands import what they need when they run, so that ``--help`` is immediate.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from importlib import import_module
from typing import Any

import click

from ..declare.names import unknown
from ..declare.tasks import TASKS
from ..errors import FrescoError

_HOMES = {
    'recommend': 'recommend_command',
    'restore': 'restoring',
    'batch': 'restoring',
    'evaluate': 'evaluate_command',
    'condition': 'intervention_commands',
    'repeat': 'intervention_commands',
    'camera': 'camera_command',
    'methods': 'describing',
    'presets': 'describing',
    'cite': 'cite_command',
    'weights': 'weights_command',
    'train': 'train_command',
    'bench': 'bench_command',
    'simulate': 'simulating',
    'demo': 'demo_command',
}

_WORDS = dict.fromkeys((*TASKS, 'deconvolve', 'fill', 'recover'), 'restore')
"""What others call commands."""

# Newer versions of click raise this for a group without a command; older ones print the help.
_NO_COMMAND: Any = getattr(click.exceptions, 'NoArgsIsHelpError', click.exceptions.Exit)


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _HOMES and not args[0].startswith('-'):
            ctx.fail(unknown(args[0], _HOMES, 'command', _WORDS))
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={'help_option_names': ['-h', '--help']})
@click.version_option(package_name='napari-fresco')
def cli() -> None:
    """Restore images: denoise, deblur, super-resolve, inpaint."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; errors of the user are one line and exit status 2."""
    if not sys.warnoptions:
        warnings.simplefilter('ignore')  # results carry their warnings; these are for programmers
    logging.getLogger('tifffile').setLevel(logging.CRITICAL)
    try:
        code = cli.main(arguments, prog_name='napari-fresco', standalone_mode=False)
        sys.stdout.flush()
    except _NO_COMMAND as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        _fail(error.format_message())
    except FrescoError as error:
        _fail(error.in_shell)
    except (click.Abort, KeyboardInterrupt):
        print('cancelled', file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # of `napari-fresco methods | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(f'{error.filename or "file system"}: {error.strerror or error}')
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> None:
    print('error: ' + ' '.join(message.split()), file=sys.stderr)
    sys.exit(2)
