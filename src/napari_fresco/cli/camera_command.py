"""``camera``: gain, offset and read noise, from one image or from dark and flat stacks."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click
import numpy as np

from .. import __version__
from ..errors import ParameterError
from ..image.model import Image
from ..io.camera_preset import write_camera
from ..io.files import check_output
from ..noise.camera import Camera, estimate_camera
from ..noise.level import estimate_noise
from ..noise.photon_transfer import photon_transfer
from .picking import picking, read_picked

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument('image', type=_FILE, required=False)
@click.option('--gain', type=float, help='What is known: image units per photo-electron.')
@click.option('--offset', type=float, help='What is known: intensity without light.')
@click.option('--read-noise', type=float, help='What is known, in image units.')
@click.option('--dark', type=_FILE, help='Stack of frames without light.')
@click.option('--flat', type=_FILE, multiple=True, help='Stack of even light; one for each level.')
@picking('series', 'channels', 'axes')
@click.option('--name', help='Name of the camera, for the preset.')
@click.option('--output', '-o', type=_FILE, help='Preset, .json, for --params of restore.')
@click.option('--overwrite', is_flag=True, help='Replace an existing file.')
def camera(
    image: Path | None,
    dark: Path | None,
    flat: tuple[Path, ...],
    name: str | None,
    output: Path | None,
    overwrite: bool,
    gain: float | None,
    offset: float | None,
    read_noise: float | None,
    **picked: Any,
) -> None:
    """Estimate gain, offset and read noise from IMAGE, or from --dark and --flat stacks.

    One image tells the noise at each intensity, but not the offset; two or more levels of light
    and a dark stack tell all. Where there is no photon noise, say so.
    """
    if (image is None) == (dark is None) or (dark is None) != (not flat):
        raise ParameterError('give an image, or --dark and --flat stacks')
    if output is not None:
        check_output(output, suffixes=('.json',), overwrite=overwrite)
    maps: dict[str, Any] = {}
    if image is None:
        preset: dict[str, Any] | None
        preset, maps = _calibrated(dark, flat, picked)
    else:
        known = {'gain': gain, 'offset': offset, 'read_noise': read_noise}
        preset = _estimated(read_picked(image, **picked), image.name, known)
    if output is None or preset is None:
        return
    facts = {'name': name, 'date': date.today().isoformat(), 'version': __version__}
    write_camera(output, {**preset, **facts}, maps, overwrite=overwrite)
    click.echo(f'{output}: use it with --params {output}')


def _calibrated(
    dark: Path | None, flats: tuple[Path, ...], picked: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Calibrate from stacks, print the camera, and return it with the maps of the pixels."""
    assert dark is not None
    darks, *lit = (read_picked(path, **picked, one_of_several=True) for path in (dark, *flats))
    found = photon_transfer(np.asarray(darks.data), [np.asarray(each.data) for each in lit])
    _say(found.camera)
    click.echo(
        f'found from {found.frames} frames, {len(found.level_mean)} levels of light and the dark: '
        f'gain to ± {found.gain_error:.2g}, largest misfit {found.misfit:.1%}, '
        f'{found.hot.sum()} hot pixels'
    )
    if skipped := len(flats) - len(found.level_mean):
        click.echo(f'{skipped} saturated levels were left out')
    maps = {'offset': found.offset_map, 'variance': found.variance_map, 'hot': found.hot}
    return found.preset(type=str(darks.dtype), found='dark and flat stacks'), maps


def _estimated(whole: Image, name: str, known: dict[str, Any]) -> dict[str, Any] | None:
    """Estimate from one image, channel by channel; return the preset, if it is one camera."""
    cameras = []
    dtype = str(whole.dtype)
    for label, image in whole.each_channel():
        found = estimate_camera(image, **known)
        cameras.append(found)
        if label:
            click.echo(f'channel {label}')
        if found is None:
            click.echo(
                'no photon noise: the noise does not clearly grow with the intensity; its standard '
                f'deviation is {estimate_noise(image):.4g} image units'
            )
            continue
        _say(found)
        if known['offset'] is None and known['read_noise'] is None and found[1:] != (0, 0):
            click.echo(
                'the offset is assumed to be the dark level, for one image cannot tell it; '
                'give --offset if it is known'
            )
    if len(cameras) > 1 or cameras[0] is None:
        return None
    return {
        'kind': 'camera',
        **cameras[0]._asdict(),
        'type': dtype,
        'found': f'one image: {name}',
    }


def _say(found: Camera) -> None:
    click.echo(f'gain       {found.gain:.4g} image units per photo-electron')
    click.echo(f'offset     {found.offset:.5g} image units')
    click.echo(
        f'read noise {found.read_noise:.4g} image units, '
        f'{found.read_noise / found.gain:.3g} photo-electrons'
    )
