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
    'recommend': (
        'recommend_command',
        'Say which method suits IMAGE, why, and with which command.',
    ),
    'restore': ('restoring', 'Restore IMAGE and write the result.'),
    'batch': ('restoring', 'Restore many images, or carry out RECIPE.yaml.'),
    'evaluate': (
        'evaluate_command',
        'Measure RESULT: against its input, the truth, and by itself.',
    ),
    'condition': ('intervention_commands', 'Measure the damage that MASK maps, class by class.'),
    'repeat': ('intervention_commands', 'Fill losses anew as the RECORD of an intervention tells.'),
    'camera': ('camera_command', 'Estimate gain, offset and read noise from images.'),
    'methods': ('describing', 'List the methods, or the parameters of method NAME.'),
    'presets': ('describing', 'List the presets, or print the file of preset NAME.'),
    'cite': ('cite_command', 'Print the references of methods, results and records.'),
    'weights': ('weights_command', 'List, fetch, add, check and export weights of networks.'),
    'train': ('train_command', 'Train the network of the checkpoint NAME on clean images.'),
    'bench': ('bench_command', 'Measure the quality of the weights.'),
    'simulate': ('simulating', 'Degrade IMAGE and write the result.'),
    'demo': ('demo_command', 'Restore two samples and show them in napari.'),
}
"""Module of each command, and what the list of commands says of it without importing it."""

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
        home, _ = _HOMES[cmd_name]
        command: click.Command = getattr(import_module(f'.{home}', __name__), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section('Commands'):
            formatter.write_dl([(name, told) for name, (_, told) in _HOMES.items()])

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
