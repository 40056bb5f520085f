"""``restore`` and ``batch``: files in, files out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from glob import glob
from pathlib import Path
from typing import Any, TypeVar

import click

from ..declare.methods import METHODS
from ..errors import FileError, FrescoError
from ..io.files import READABLE, SUFFIXES, images_in, make_folder
from ..io.zarr_store import is_store
from ..restoration.session import Session
from .file_job import BESIDE, FileJob, Outputs
from .flags import call_options, parameter_options

F = TypeVar('F', bound=Callable[..., Any])

_FILE = click.Path(path_type=Path)
_COMMON = (
    click.option('--method', '-m', required=True, help='Method; see `napari-fresco methods`.'),
    click.option('--task', '-t', help="Task; the method's first one by default."),
    click.option('--kernel-index', type=int, help='Which kernel, from 0, of a file of several.'),
    click.option('--series', help='Number or name of the image in a file of several.'),
    click.option('--params', type=_FILE, help='Preset, a JSON file.'),
    click.option('--overwrite', is_flag=True, help='Replace existing files.'),
    click.option('--quiet', '-q', is_flag=True, help='No progress bar, no report.'),
)
_CANCELLED = 130


def _common(function: F) -> F:
    function = parameter_options(METHODS.values())(function)
    function = call_options()(function)
    for option in reversed(_COMMON):
        function = option(function)
    return function


@click.command()
@click.argument('image', type=_FILE)
@click.option('--output', '-o', required=True, type=_FILE, help='Result.')
@click.option('--save-variance', type=_FILE, help='Variance map, .tif or .npy.')
@click.option('--save-uncertainty', type=_FILE, help='Uncertainty map, .tif or .npy.')
@click.option('--save-latent', type=_FILE, help='Latent maps, .tif or .npy.')
@click.option('--save-kernel', type=_FILE, help='Kernel, .tif or .npy.')
@click.option('--save-provenance', type=_FILE, help='Record of the making, .json.')
@click.option('--report', 'save_report', type=_FILE, help='Report, .html.')
@_common
def restore(image: Path, output: Path, **options: Any) -> int:
    """Restore IMAGE (TIFF, OME-Zarr, PNG, JPEG or NPY) and write the result.

    Ctrl-C ends the iteration after the present step and writes the best
    estimate so far; the exit status is then 130.
    """
    outputs = Outputs(output, **{kind: options[f'save_{kind}'] for kind in BESIDE})
    with Session() as session:
        result = FileJob.of(options).run(image, outputs, session)
    return _CANCELLED if result.finish == 'cancelled' else 0


@click.command()
@click.argument('images', nargs=-1, required=True)
@click.option('--output', '-o', required=True, type=_FILE, help='Folder.')
@click.option('--suffix', help='Suffix of the results, such as .tif; that of each image.')
@click.option('--save-variance', is_flag=True, help='Keep STEM.variance.tif.')
@click.option('--save-uncertainty', is_flag=True, help='Keep STEM.uncertainty.tif.')
@click.option('--save-latent', is_flag=True, help='Keep STEM.latent.tif.')
@click.option('--save-kernel', is_flag=True, help='Keep STEM.kernel.tif.')
@click.option('--save-provenance', is_flag=True, help='Keep STEM.json.')
@click.option('--save-report', is_flag=True, help='Keep STEM.html.')
@_common
def batch(images: tuple[str, ...], output: Path, **options: Any) -> int:
    """Restore IMAGES (folders, files or patterns) into a folder, under the same names.

    Masks in a folder belong to the images of the same stem. What is there already
    is passed over, so that the same command goes on where it was interrupted. A file
    that fails is reported, the others are restored, and the exit status is 2.
    """
    sources = _images(images)
    targets = _targets(sources, output, options)
    job = FileJob.of(options)
    make_folder(output)
    failed = 0
    with Session() as session:
        for image, outputs in zip(sources, targets, strict=True):
            if outputs.finished() and not job.overwrite:
                job.say(f'{outputs.image}: exists, passed over; --overwrite makes it again')
                continue
            try:
                own = replace(job, mask=_mask_for(image, job.mask))
                result = own.run(image, outputs, session, partial=False)
            except FrescoError as error:
                failed += 1
                click.echo(f'error: {image}: {" ".join(str(error).split())}', err=True)
                continue
            if result.finish == 'cancelled':
                return _CANCELLED
    if failed:
        raise FileError(f'{failed} of {len(sources)} images failed; the others are in {output}')
    return 0


def _images(names: Sequence[str]) -> list[Path]:
    """Return the images in folders, of patterns, and as they are named."""
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir() and not is_store(path):
            inside = images_in(path)
        else:
            inside = [path] if path.exists() else [Path(p) for p in sorted(glob(name))]
        if not inside:
            raise FileError(f'{name} holds no image; known suffixes: {", ".join(SUFFIXES)}')
        found += inside
    return found


def _targets(sources: Sequence[Path], folder: Path, options: dict[str, Any]) -> list[Outputs]:
    """Return where the results of `sources` go, all different and none an original."""
    suffix = options['suffix']
    if suffix is not None and suffix.lower() not in SUFFIXES:
        raise FileError(f'--suffix {suffix} cannot be written; choose {", ".join(SUFFIXES)}')
    texts = {'provenance': '.json', 'report': '.html'}
    extras = {kind: texts.get(kind, f'.{kind}.tif') for kind in BESIDE}
    kept = {kind: end for kind, end in extras.items() if options[f'save_{kind}']}
    targets = []
    for source in sources:
        name = source.name if suffix is None else source.stem + suffix
        beside = {kind: folder / f'{source.stem}{end}' for kind, end in kept.items()}
        targets.append(Outputs(folder / name, **beside))
    taken = {source.resolve() for source in sources}
    for outputs in targets:
        for path in outputs.kept().values():
            if path.resolve() in taken:
                raise FileError(
                    f'{path} would be written over an original or another result; '
                    'choose another folder, or restore these images apart'
                )
            taken.add(path.resolve())
    return targets


def _mask_for(image: Path, mask: Path | None) -> Path | None:
    if mask is None or not mask.is_dir():
        return mask
    found = [p for p in images_in(mask, READABLE) if p.stem == image.stem]
    if not found:
        raise FileError(f'{mask} holds no mask {image.stem}.*')
    return found[0]
