"""``demo``: both samples, before and after."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    '--output',
    '-o',
    type=click.Path(path_type=Path),
    default=Path('demo-output'),
    show_default=True,
    help='Folder for figure and images.',
)
@click.option('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps.')
@click.option('--viewer/--no-viewer', default=True, help='Open napari if there is a screen.')
def demo(output: Path, device: str, viewer: bool) -> None:
    """Restore a damaged mural and a blurred micrograph; show them in napari."""
    from .demo import run

    run(output, device=device, viewer=viewer, echo=click.echo)
