"""``restore`` and ``batch``: files in, files out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..catalogue import find_method, find_task
from ..files import (
    SUFFIXES,
    ImageFile,
    check_output,
    read_image,
    read_mask,
    write_image,
    write_json,
)
from ..types import FileError, FrescoError, ParameterError, Result
from .options import given_parameters, parameter_options

F = TypeVar('F', bound=Callable[..., Any])

_COMMON = (
    click.option('--method', '-m', required=True, help='Method; see `napari-fresco methods`.'),
    click.option('--task', '-t', help="Task; the method's first one by default."),
    click.option('--kernel', type=click.Path(path_type=Path), help='Blur kernel file.'),
    click.option(
        '--sigma', default='auto', help='Noise: a number in image units, a map file, or auto.'
    ),
    click.option('--scale', type=int, default=1, help='Factor of super-resolution.'),
    click.option('--axes', help='A letter for each axis, such as ZYX; known for TIFF, PNG, JPEG.'),
    click.option('--data-range', type=float, nargs=2, help='Intensities of black and white.'),
    click.option('--tile', type=int, help='Side of the tiles that networks see, in pixels.'),
    click.option('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps.'),
    click.option('--seed', type=int, default=0, help='Makes a run repeatable.'),
    click.option(
        '--keep-known/--no-keep-known', default=None, help='Undamaged pixels bit for bit.'
    ),
    click.option('--params', type=click.Path(path_type=Path), help='Preset, a JSON file.'),
    click.option('--overwrite', is_flag=True, help='Replace existing files.'),
    click.option('--quiet', '-q', is_flag=True, help='No progress bar, no report.'),
)


def _common(function: F) -> F:
    for option in reversed(_COMMON):
        function = option(function)
    return function


@click.command()
@click.argument('image', type=click.Path(path_type=Path))
@click.option('--output', '-o', required=True, type=click.Path(path_type=Path), help='Result.')
@click.option('--mask', type=click.Path(path_type=Path), help='Nonzero where damaged.')
@click.option('--save-variance', type=click.Path(path_type=Path), help='Variance map file.')
@click.option('--save-kernel', type=click.Path(path_type=Path), help='Kernel file.')
@click.option('--save-provenance', type=click.Path(path_type=Path), help='JSON file.')
@_common
@parameter_options
def restore(image: Path, output: Path, mask: Path | None, **options: Any) -> None:
    """Restore IMAGE (TIFF, PNG, JPEG or NPY) and write the result."""
    extras = {k: options.pop(f'save_{k}') for k in ('variance', 'kernel', 'provenance')}
    overwrite = options['overwrite']
    _check_outputs(output, extras, overwrite)
    result = _restore_file(image, output, mask, options)
    _write_extras(result, extras, overwrite)


@click.command()
@click.argument('folder', type=click.Path(path_type=Path))
@click.option('--output', '-o', required=True, type=click.Path(path_type=Path), help='Folder.')
@click.option('--mask', type=click.Path(path_type=Path), help='A mask, or a folder of them.')
@_common
@parameter_options
def batch(folder: Path, output: Path, mask: Path | None, **options: Any) -> None:
    """Restore every image of FOLDER into another folder, under the same names.

    Masks in a folder belong to the images of the same stem. A file that fails
    is reported, the others are restored, and the exit status is 2.
    """
    images = _images(folder)
    if output.resolve() == folder.resolve():
        raise FileError(f'{output} holds the originals; choose another folder for the results')
    output.mkdir(parents=True, exist_ok=True)
    failed = 0
    for image in images:
        try:
            _restore_file(image, output / image.name, _mask_for(image, mask), dict(options))
        except FrescoError as error:
            failed += 1
            click.echo(f'error: {image}: {error}', err=True)
    if failed:
        raise FileError(f'{failed} of {len(images)} images failed; the others are in {output}')


def _restore_file(
    image: Path, output: Path, mask: Path | None, options: dict[str, Any]
) -> Result:
    method = find_method(options.pop('method'))
    task = find_task(method, options.pop('task'))
    overwrite, quiet = options.pop('overwrite'), options.pop('quiet')
    parameters = given_parameters(method, options)
    check_output(output, overwrite=overwrite)
    source = read_image(image)
    axes = options['axes'] or source.axes

    from .. import api

    result = api.restore(
        source.data,
        method=method.name,
        task=task,
        mask=None if mask is None else read_mask(mask),
        kernel=_kernel(options['kernel']),
        sigma=_sigma(options['sigma']),
        scale=options['scale'],
        axes=axes,
        rgb=source.rgb if options['axes'] is None else None,
        data_range=options['data_range'],
        tile=options['tile'],
        device=options['device'],
        seed=options['seed'],
        keep_known=options['keep_known'],
        params=options['params'],
        progress=not quiet and sys.stderr.isatty(),
        **parameters,
    )
    write_image(
        output, result.image, like=source, scale_factor=options['scale'], overwrite=overwrite
    )
    if not quiet:
        _report(output, result)
    return result


def _report(output: Path, result: Result) -> None:
    record = result.provenance
    click.echo(f'{output}: {record["title"]} {record["task"]}, {record["seconds"]} s')
    for warning in record['warnings']:
        click.echo(f'warning: {warning}', err=True)


def _kernel(path: Path | None) -> Any:
    if path is None:
        return None
    from ..physics import kernels

    return kernels.read(path)


def _sigma(text: str) -> Any:
    if text == 'auto':
        return text
    try:
        return float(text)
    except ValueError:
        pass
    if not Path(text).exists():
        raise ParameterError(
            f'--sigma = {text!r}; give a number in image units, the file of a map, or auto'
        )
    return read_image(text).data


def _check_outputs(output: Path, extras: dict[str, Path | None], overwrite: bool) -> None:
    """Refuse what cannot be written before any work is done."""
    check_output(output, overwrite=overwrite)
    for kind, path in extras.items():
        if path is not None:
            suffixes = ('.json',) if kind == 'provenance' else SUFFIXES
            check_output(path, suffixes=suffixes, overwrite=overwrite)


def _write_extras(result: Result, extras: dict[str, Path | None], overwrite: bool) -> None:
    for kind in ('variance', 'kernel'):
        path, array = extras[kind], getattr(result, kind)
        if path is None:
            continue
        if array is None:
            raise ParameterError(f'--save-{kind}: this run gave no {kind}; the image was written')
        write_image(path, array.astype('float32'), like=ImageFile(array), overwrite=overwrite)
    if extras['provenance'] is not None:
        write_json(extras['provenance'], result.provenance, overwrite=overwrite)


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise FileError(f'{folder} is not a folder; `restore` takes a single image')
    images = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    if not images:
        raise FileError(f'{folder} holds no image; known suffixes: {", ".join(SUFFIXES)}')
    return images


def _mask_for(image: Path, mask: Path | None) -> Path | None:
    if mask is None or not mask.is_dir():
        return mask
    found = [p for p in sorted(mask.glob(f'{image.stem}.*')) if p.suffix.lower() in SUFFIXES]
    if not found:
        raise FileError(f'{mask} holds no mask {image.stem}.*')
    return found[0]
