"""``simulate``: degrade an image, so that a method can be tried where the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np

from ..errors import FileError, ParameterError
from ..files import (
    SUFFIXES,
    TIFF,
    ImageFile,
    check_holds,
    check_output,
    read_image,
    write_image,
    write_json,
)
from ..image import Layout
from ..params import Parameter
from ..simulate import DEGRADATIONS, Simulated, Simulation, apply, find_degradation
from .options import flag

F = TypeVar('F', bound=Callable[..., Any])

_FILE = click.Path(path_type=Path)
_MAPS = (*TIFF, '.npy')  # formats of floating-point numbers
_PARTS = {
    'kernel': _MAPS,
    'mask': (*_MAPS, '.png'),
    'noise_map': _MAPS,
    'truth': SUFFIXES,
    'record': ('.json',),
}
_TYPES = {int: (click.FLOAT, 'N'), float: (click.FLOAT, 'NUMBER'), str: (click.STRING, 'TEXT')}


def _declared() -> dict[str, list[tuple[Simulation, Parameter]]]:
    found: dict[str, list[tuple[Simulation, Parameter]]] = {}
    for simulation in DEGRADATIONS.values():
        for p in simulation.parameters:
            found.setdefault(p.name, []).append((simulation, p))
    return found


def _parameter_options(function: F) -> F:
    """Add an option for every parameter of every degradation."""
    for name, owners in reversed(_declared().items()):
        kind = owners[0][1].type
        if kind is bool:
            both = f'{flag(name)}/--no-{flag(name)[2:]}'
            option = click.option(both, name, default=None, help=_help(owners))
        else:
            # The declaration tells whole numbers from others, here as everywhere.
            type_, metavar = _TYPES[kind]
            option = click.option(flag(name), name, type=type_, metavar=metavar, help=_help(owners))
        function = option(function)
    return function


def _help(owners: Sequence[tuple[Simulation, Parameter]]) -> str:
    """Say what a parameter means to each degradation that has it."""
    meanings: dict[str, list[str]] = {}
    for simulation, p in owners:
        default = '' if p.default is None else f' Default: {p.default}.'
        text = f'{p.help} Allowed: {p.allowed()}.{default}'
        meanings.setdefault(text, []).append(simulation.name)
    return ' '.join(f'[{", ".join(names)}] {text}' for text, names in meanings.items())


@click.command(
    epilog='Degradations: ' + '; '.join(f'{s.name}: {s.help}' for s in DEGRADATIONS.values())
)
@click.argument('image', type=_FILE)
@click.option('--output', '-o', required=True, type=_FILE, help='Degraded image.')
@click.option('--degradation', '-d', required=True, help='Which one; they are listed below.')
@click.option('--seed', type=int, default=0, show_default=True, help='Makes a run repeatable.')
@click.option('--save-kernel', type=_FILE, help='Blur kernel, .tif or .npy.')
@click.option('--save-mask', type=_FILE, help='Damage, nonzero where lost: .png, .tif or .npy.')
@click.option('--save-map', type=_FILE, help='Standard deviation of the noise, .tif or .npy.')
@click.option('--save-truth', type=_FILE, help='What a perfect restoration would give.')
@click.option('--save-record', type=_FILE, help='How it was made, .json.')
@click.option('--axes', help='A letter for each axis, such as ZYX; known for TIFF, PNG, JPEG.')
@click.option('--rgb/--no-rgb', default=None, help='Whether three or four samples are colour.')
@click.option('--data-range', type=float, nargs=2, help='Intensities of black and white.')
@click.option('--overwrite', is_flag=True, help='Replace existing files.')
@click.option('--quiet', '-q', is_flag=True, help='No report.')
@_parameter_options
def simulate(image: Path, output: Path, degradation: str, **options: Any) -> None:
    """Degrade IMAGE (TIFF, PNG, JPEG or NPY) and write the result.

    Type, axes and intensity units stay those of IMAGE. The same seed gives the same result.
    """
    chosen, overwrite = find_degradation(degradation), options['overwrite']
    values = _given(chosen, options)
    chosen.parameters_class.create(values)
    parts = {name: path for name in _PARTS if (path := options[f'save_{_word(name)}'])}
    _check_outputs(chosen, output, parts, overwrite=overwrite)
    source, layout = _read(image, options['axes'], options['rgb'])
    shapes = _shapes(source, layout, degradation)
    for name, path in {'image': output, **parts}.items():
        if name in shapes:
            check_holds(path, *shapes[name])
    result = apply(
        source.data,
        degradation,
        values,
        seed=options['seed'],
        axes=source.axes,
        data_range=options['data_range'],
    )
    _write(result, source, shapes, {'image': output, **parts}, overwrite=overwrite)
    if not options['quiet']:
        click.echo(f'{output}: {chosen.title}, seed {options["seed"]}')
        for warning in result.record['warnings']:
            click.echo(f'warning: {warning}', err=True)


def _given(chosen: Simulation, options: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that were given, if the degradation has them."""
    known = {p.name for p in chosen.parameters}
    values = {k: v for k, v in options.items() if v is not None and k in _declared()}
    for name in values:
        if name not in known:
            owners = ', '.join(s.name for s, _ in _declared()[name])
            raise ParameterError(
                f'{flag(name)} is no parameter of {chosen.name}; degradations that have it: '
                f'{owners}'
            )
    return values


def _check_outputs(
    chosen: Simulation, output: Path, parts: Mapping[str, Path], *, overwrite: bool
) -> None:
    """Refuse what cannot be written, before any work is done."""
    check_output(output, overwrite=overwrite)
    for name, path in parts.items():
        check_output(path, suffixes=_PARTS[name], overwrite=overwrite)
        if name not in (*chosen.outputs, 'truth', 'record'):
            givers = ', '.join(s.name for s in DEGRADATIONS.values() if name in s.outputs)
            raise ParameterError(
                f'--save-{_word(name)}: {chosen.name} gives no {_word(name)}; '
                f'degradations that do: {givers}'
            )
    if len({path.resolve() for path in (output, *parts.values())}) <= len(parts):
        raise FileError(f'two results would be written to {output}; name different files')


def _read(path: Path, axes: str | None, rgb: bool | None) -> tuple[ImageFile, Layout]:
    """Read an image, and name all of its axes."""
    source = read_image(path)
    named = axes or source.axes
    rgb = source.rgb if rgb is None and axes is None else rgb
    layout = Layout.of(source.data, named, rgb)
    unnamed = 'Q' * len(layout.leading) + 'YXS'
    letters = list((named or unnamed[: len(layout.shape)]).upper().replace('S', 'C'))
    if layout.samples:
        letters[layout.order[-1]] = 'S'
    return replace(source, axes=''.join(letters)), layout


def _shapes(source: ImageFile, layout: Layout, degradation: str) -> dict[str, Any]:
    """Return type, shape and axes of the images to be written, whose sides may yet shrink."""
    axes = source.axes or ''
    flat = ''.join(axes[i] for i in layout.order[: len(layout.leading)]) + 'YX'
    shape = (*layout.leading, *layout.plane_shape)
    if degradation == 'mosaic':
        image = (layout.dtype, shape, axes.replace('S', ''))
    else:
        image = (layout.dtype, layout.shape, axes)
    return {
        'image': image,
        'truth': (layout.dtype, layout.shape, axes),
        'mask': (np.dtype(np.uint8), shape, flat),
        'noise_map': (np.dtype(np.float32), shape, flat),
    }


def _write(
    result: Simulated,
    source: ImageFile,
    shapes: Mapping[str, Any],
    paths: Mapping[str, Path],
    *,
    overwrite: bool,
) -> None:
    marked = None if result.mask is None else np.where(result.mask, 255, 0).astype(np.uint8)
    levels = None if result.noise_map is None else result.noise_map.astype(np.float32)
    contents = {'image': result.image, 'truth': result.truth, 'mask': marked, 'noise_map': levels}
    for name, data in contents.items():
        if name in paths and data is not None:
            like = replace(source, axes=shapes[name][2])
            factor = 1 / result.scale if name == 'image' else 1
            write_image(paths[name], data, like=like, scale_factor=factor, overwrite=overwrite)
    if 'kernel' in paths and result.kernel is not None:
        kernel = result.kernel.astype(np.float32)
        write_image(paths['kernel'], kernel, overwrite=overwrite)
    if 'record' in paths:
        write_json(paths['record'], result.record, overwrite=overwrite)


def _word(part: str) -> str:
    """Return how options name a part of the result."""
    return part.removeprefix('noise_')
