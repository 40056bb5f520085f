"""``train``: reproduce a bundled checkpoint, or train its network on images of one's own."""

from __future__ import annotations

from pathlib import Path

import click

_FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument('name')
@click.option(
    '--data',
    type=_FOLDER,
    help='Folder of clean images, searched with its sub-folders; stacks are read plane by plane. '
    'Without it a one-channel network is trained on micrographs that are drawn.',
)
@click.option('--output', '-o', type=_FOLDER, help='Folder of the run; runs/NAME by default.')
@click.option('--minutes', type=float, help='Time to train for; the schedule is made to fit.')
@click.option('--steps', type=int, help="Steps to train for; by default the recipe's.")
@click.option(
    '--learning-rate',
    type=float,
    help="Peak step size; by default the recipe's. To go on from weights, give about half of it.",
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
@click.option('--quiet', '-q', is_flag=True, help='No progress bar, no remarks.')
def train(
    name: str,
    data: Path | None,
    output: Path | None,
    minutes: float | None,
    steps: int | None,
    learning_rate: float | None,
    start_from: str | None,
    resume: bool,
    device: str,
    evaluate: tuple[Path, ...],
    quiet: bool,
) -> None:
    """Train the network of the checkpoint NAME on clean images, which are degraded on the way.

    OUTPUT gets NAME.safetensors, whose path methods take as --model, a model card, log.csv
    with the validation curve, and state.pt to resume from.
    """
    from .. import training

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
