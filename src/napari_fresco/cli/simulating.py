"""``simulate``: degrade an image, so that a method can be tried where the truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from ..degrade import DEGRADATIONS, Simulated, Simulation, apply, find_degradation
from ..errors import ParameterError
from ..image.layout import Layout
from ..image.letters import leading_first
from ..image.model import Image
from ..io.apart import check_apart
from ..io.files import SUFFIXES, TIFF, check_holds, check_output, write, write_json
from .flags import given_parameters, parameter_options
from .picking import picking, read_picked

_FILE = click.Path(path_type=Path)
_MAPS = (*TIFF, '.npy')  # formats of floating-point numbers
_PARTS = {
    'kernel': _MAPS,
    'mask': (*_MAPS, '.png'),
    'noise_map': _MAPS,
    'truth': SUFFIXES,
    'record': ('.json',),
}


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
@picking('series', 'channels', 'axes', 'rgb')
@click.option('--data-range', type=float, nargs=2, help='Intensities of black and white.')
@click.option('--overwrite', is_flag=True, help='Replace existing files.')
@click.option('--quiet', '-q', is_flag=True, help='Print nothing but errors.')
@parameter_options(DEGRADATIONS.values())
def simulate(image: Path, output: Path, degradation: str, **options: Any) -> None:
    """Degrade IMAGE (TIFF, PNG, JPEG or NPY) and write the result.

    Type, axes and intensity units stay those of IMAGE. The same seed gives the same result.
    """
    chosen, overwrite = find_degradation(degradation), options['overwrite']
    values = given_parameters(chosen, DEGRADATIONS.values(), options, 'degradations')
    chosen.parameters_class.create(values)
    parts = {name: path for name in _PARTS if (path := options[f'save_{_word(name)}'])}
    _check_outputs(chosen, output, parts, overwrite=overwrite)
    check_apart([output, *parts.values()], [image])
    picked = {name: options[name] for name in ('series', 'channels', 'axes', 'rgb')}
    source = read_picked(image, **picked)
    shapes = _shapes(source, Layout.of(source), degradation)
    for name, path in {'image': output, **parts}.items():
        if name in shapes:
            check_holds(path, *shapes[name])
    result = apply(
        source, degradation, values, seed=options['seed'], data_range=options['data_range']
    )
    _write(result, source, shapes, {'image': output, **parts}, overwrite=overwrite)
    if not options['quiet']:
        click.echo(f'{output}: {chosen.title}, seed {options["seed"]}')
        for warning in result.record['warnings']:
            click.echo(f'warning: {warning}', err=True)


def _check_outputs(
    chosen: Simulation, output: Path, parts: Mapping[str, Path], *, overwrite: bool
) -> None:
    """Refuse outputs that cannot be written, before any work is done."""
    check_output(output, overwrite=overwrite)
    for name, path in parts.items():
        check_output(path, suffixes=_PARTS[name], overwrite=overwrite)
        if name not in (*chosen.outputs, 'truth', 'record'):
            givers = ', '.join(s.name for s in DEGRADATIONS.values() if name in s.outputs)
            raise ParameterError(
                f'--save-{_word(name)}: {chosen.name} gives no {_word(name)}; '
                f'degradations that do: {givers}'
            )


def _shapes(source: Image, layout: Layout, degradation: str) -> dict[str, Any]:
    """Return type, shape and axes of the images to be written, whose sides may yet shrink."""
    flat = leading_first(source.axes.replace('S', ''))
    shape = (*layout.leading, *layout.plane_shape)
    if degradation == 'mosaic':
        image = (layout.dtype, shape, source.axes.replace('S', ''))
    else:
        image = (layout.dtype, layout.shape, source.axes)
    return {
        'image': image,
        'truth': (layout.dtype, layout.shape, source.axes),
        'mask': (np.dtype(np.uint8), shape, flat),
        'noise_map': (np.dtype(np.float32), shape, flat),
    }


def _write(
    result: Simulated,
    source: Image,
    shapes: Mapping[str, Any],
    paths: Mapping[str, Path],
    *,
    overwrite: bool,
) -> None:
    marked = None if result.mask is None else np.where(result.mask, 255, 0).astype(np.uint8)
    levels = None if result.noise_map is None else result.noise_map.astype(np.float32)
    contents = {'image': result.image, 'truth': result.truth, 'mask': marked, 'noise_map': levels}
    for name, made in contents.items():
        if name in paths and made is not None:
            if not isinstance(made, Image):
                made = source.like(made, axes=shapes[name][2])
            write(paths[name], made, overwrite=overwrite)
    if 'kernel' in paths and result.kernel is not None:
        write(paths['kernel'], result.kernel.astype(np.float32), overwrite=overwrite)
    if 'record' in paths:
        write_json(paths['record'], result.record, overwrite=overwrite)


def _word(part: str) -> str:
    """Return the name of a part of the result in options."""
    return part.removeprefix('noise_')
