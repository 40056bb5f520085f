"""``train``: reproduce a bundled checkpoint, or train its network on images of one's own."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

_FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument('name', required=False)
@click.option(
    '--data',
    type=_FOLDER,
    help='Folder of clean images, searched with its sub-folders; stacks are read plane by plane. '
    'Without it a one-channel network is trained on micrographs that are drawn.',
)
@click.option('--output', '-o', type=_FOLDER, help='Folder of the run; runs/NAME by default.')
@click.option('--minutes', type=float, help='Time to train for; the schedule is made to fit.')
@click.option('--steps', type=int, help="Steps to train for; by default the regime's.")
@click.option(
    '--learning-rate',
    type=float,
    help="Peak step size; by default the regime's. To go on from weights, give about half of it.",
)
@click.option(
    '--start-from',
    help='Weights to start from: a name of `napari-fresco weights list`, or a file. What fits is '
    'taken.',
)
@click.option(
    '--resume',
    is_flag=True,
    help='Go on with a run that was broken off in OUTPUT; its own minutes, steps and learning rate '
    'hold.',
)
@click.option('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps.')
@click.option(
    '--evaluate',
    multiple=True,
    type=_FOLDER,
    help='Folder of test images for the model card; may be given several times.',
)
@click.option(
    '--queue',
    type=_FOLDER,
    help='TOML file that says which checkpoints take turns; instead of all else.',
)
@click.option('--quiet', '-q', is_flag=True, help='No progress bar, no report at the start.')
def train(
    name: str | None,
    data: Path | None,
    output: Path | None,
    minutes: float | None,
    steps: int | None,
    learning_rate: float | None,
    start_from: str | None,
    resume: bool,
    device: str,
    evaluate: tuple[Path, ...],
    queue: Path | None,
    quiet: bool,
) -> None:
    """Train the network of the checkpoint NAME on clean images, which are degraded on the way.

    OUTPUT gets NAME.safetensors, whose path methods take as --model, a model card, log.csv
    with the validation curve, and state.pt to resume from.

    With --queue the checkpoints of a plan are trained by turns at lowest priority. It can be
    killed at any time; started again it goes on. What got better than the bundled weights and
    passes every gate lies in the folder "offered" of its output.
    """
    from .. import training

    if queue is not None:
        _work(queue, click.get_current_context())
        return
    if name is None:
        raise click.UsageError('give the NAME of a checkpoint, or a plan (--queue)')
    folder = output or Path('runs') / name
    try:
        weights = training.train(
            name,
            data,
            folder,
            minutes=minutes,
            steps=steps,
            learning_rate=learning_rate,
            start_from=start_from,
            resume=resume,
            device=device,
            evaluate_on=evaluate,
            progress=not quiet,
        )
    except KeyboardInterrupt:
        if not training.state_file(folder).exists():
            raise
        click.echo(f'interrupted; {folder} holds what --resume goes on with', err=True)
        raise SystemExit(130) from None
    click.echo(str(weights))


def _work(path: Path, context: click.Context) -> None:
    """Carry out a training plan."""
    from ..training.plan import read_plan
    from ..training.training_queue import check, work

    given = [
        name
        for name in context.params
        if name not in ('queue', 'quiet')
        and context.get_parameter_source(name) is not ParameterSource.DEFAULT
    ]
    if given:
        raise click.UsageError(f'--queue goes without {", ".join(given)}; the plan says it')
    plan = read_plan(path)
    check(plan)
    try:
        work(plan, (lambda line: None) if context.params['quiet'] else click.echo)
    except KeyboardInterrupt:
        click.echo('interrupted; the same command goes on', err=True)
        raise SystemExit(130) from None
