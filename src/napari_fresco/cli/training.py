"""``train``: reproduce a bundled checkpoint."""

from __future__ import annotations

from pathlib import Path

import click

from ..files import make_folder


@click.command()
@click.argument('name')
@click.option('--data', required=True, type=click.Path(path_type=Path), help='Training images.')
@click.option('--output', '-o', type=click.Path(path_type=Path), help='Folder; runs/NAME.')
@click.option('--steps', type=int, help="Steps in all, instead of the recipe's.")
@click.option('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps.')
@click.option(
    '--evaluate',
    multiple=True,
    type=click.Path(path_type=Path),
    help='Folder of test images for the model card; may be given several times.',
)
@click.option('--quiet', '-q', is_flag=True, help='No progress bar.')
def train(
    name: str,
    data: Path,
    output: Path | None,
    steps: int | None,
    device: str,
    evaluate: tuple[Path, ...],
    quiet: bool,
) -> None:
    """Train the checkpoint NAME; a run that was broken off in OUTPUT goes on."""
    from .. import training

    training.find_recipe(name)
    folder = output or Path('runs') / name
    make_folder(folder)
    weights = training.train(
        name,
        data,
        folder,
        steps=steps,
        device=device,
        evaluate_on=evaluate,
        progress=not quiet,
    )
    click.echo(str(weights))
