"""Condition maps as files: a picture with its legend, a table, polygons in mm, a drawing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image as Pillow
from PIL import ImageColor, ImageDraw, ImageFont

from ..errors import FileError, ParameterError
from ..image.given import path_of
from ..image.model import Image
from ..io.files import check_output, write, write_text
from .condition import ClassMeasures, Condition
from .inserts import outline
from .linear_light import from_linear, to_linear
from .photograph import Pixels, plane_of
from .polygons import Ring, polygons

_COLOURED, _DULLED = 0.65, 0.55  # shares of a class's colour, and of the light of the photograph
_LEGEND = 320  # pixels wide, of letters of 14
_LETTERS, _LINE = 14, 54  # the font of Pillow has no superscripts
_SMALLEST_LETTERS = 1000  # pixels of a photograph per size of letters
_DIGITS = 4


def write_condition(
    path: str | Path, found: Condition, photograph: Any = None, *, overwrite: bool = False
) -> None:
    """Write a condition map in the format of the suffix.

    Parameters
    ----------
    path : str or Path
        ``.png``: the map over the photograph, with a legend. ``.csv``: the table of classes.
        ``.geojson``: polygons with holes in mm (pixels without a scale), y upwards from the lower
        left corner. ``.svg``: outlines in the same units.
    found : Condition
        Made by :func:`condition`.
    photograph : Image or array-like, ``(H, W)`` or ``(H, W, 3 or 4)``, optional
        What the picture lies over; white by default.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    FileError
        When the suffix is another, or the file exists.
    ParameterError
        When the photograph has another size than the map.
    """
    path = path_of(path, "write_condition('map.png', found), the name first")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FileError(f'{path} is no file of a condition map; choose {", ".join(SUFFIXES)}')
    if suffix == '.png':
        picture = condition_picture(found, photograph)
        steps = (
            {} if found.mm_per_pixel is None else dict.fromkeys('YX', (found.mm_per_pixel, 'mm'))
        )
        write(path, Image(picture, 'YXS', steps), overwrite=overwrite)
        return
    check_output(path, suffixes=SUFFIXES, overwrite=overwrite)
    write_text(path, _TEXTS[suffix](found), suffixes=SUFFIXES, overwrite=overwrite)


def condition_picture(found: Condition, photograph: Any = None) -> Pixels:
    """Return the map over a photograph with its legend, ``(H, W, 3)``, uint8."""
    under = _under(found, photograph)
    for each, mask in found.masks.items():
        colour = np.array(ImageColor.getrgb(each.colour), float)
        rim = outline(mask, 1.0)
        under[mask] = (1 - _COLOURED) * under[mask] + _COLOURED * colour
        under[rim] = colour
    return _with_legend(np.rint(under).astype(np.uint8), found)


def condition_table(found: Condition) -> str:
    """Return the table of classes as CSV, the total last."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator='\n')
    table.writerow(ClassMeasures._fields)
    for row in (*found.rows, found.total):
        table.writerow([_short(value) for value in row])
    return out.getvalue()


def condition_geojson(found: Condition) -> str:
    """Return the polygons of all classes as GeoJSON, in mm where the scale is known."""
    unit = 'pixel' if found.mm_per_pixel is None else 'mm'
    features = []
    for each, mask in found.masks.items():
        row = next(row for row in found.rows if row.name == each.name)
        shapes = [[_closed(ring, found) for ring in shape] for shape in polygons(mask)]
        features.append(
            {
                'type': 'Feature',
                'properties': {**row._asdict(), 'value': each.value, 'unit': unit},
                'geometry': {'type': 'MultiPolygon', 'coordinates': shapes},
            }
        )
    told = {
        'unit': unit,
        'origin': 'lower left corner of the photograph, y upwards',
        'size': [_placed(n, found) for n in found.shape[::-1]],
        **{key: found.facts()[key] for key in ('mm_per_pixel', 'percent_of')},
    }
    record = {'type': 'FeatureCollection', 'properties': told, 'features': features}
    return json.dumps(record, separators=(',', ':')) + '\n'


def condition_svg(found: Condition) -> str:
    """Return outlines of all classes as a drawing to scale, with their names."""
    rows, columns = found.shape
    unit = '' if found.mm_per_pixel is None else 'mm'
    width, height = (_placed(n, found) for n in (columns, rows))
    groups = []
    for each, mask in found.masks.items():
        paths = (
            'M' + ' '.join(f'{x} {y}' for x, y in _ring(ring, found)) + 'Z'
            for shape in polygons(mask)
            for ring in shape
        )
        groups.append(
            f'<g id={quoteattr(each.name)} fill={quoteattr(each.colour)} fill-opacity="0.65" '
            f'fill-rule="evenodd"><title>{escape(each.name)}</title>'
            f'<path d="{" ".join(paths)}"/></g>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}{unit}" height="{height}{unit}" '
        f'viewBox="0 0 {width} {height}">\n' + '\n'.join(groups) + '\n</svg>\n'
    )


def numbers_of(row: ClassMeasures) -> Iterator[str]:
    """Yield the measures of a class in words."""
    pieces = f'{row.pieces} piece{"s" * (row.pieces != 1)}'
    area = f'{row.area_px} px' if row.area_cm2 is None else f'{_short(row.area_cm2)} cm²'
    yield f'{pieces}, {area}, {row.percent:.3g} %'
    if row.length_px is not None:
        known = row.length_cm is not None
        length = f'{_short(row.length_cm)} cm' if known else f'{_short(row.length_px)} px'
        widest = row.largest_width_mm if known else row.largest_width_px
        yield f'{length} long, to {_short(widest)} {"mm" if known else "px"} wide'


_TEXTS: Mapping[str, Callable[[Condition], str]] = MappingProxyType(
    {'.csv': condition_table, '.geojson': condition_geojson, '.svg': condition_svg}
)
SUFFIXES = ('.png', *_TEXTS)
"""Suffixes of the files of a condition map."""


def _under(found: Condition, photograph: Any) -> Any:
    """Return the photograph in gray and dulled, so that colours stand out from it."""
    if photograph is None:
        return np.full((*found.shape, 3), 255.0)
    pixels = plane_of(photograph)
    if pixels.shape[:2] != found.shape:
        raise ParameterError(
            f'the photograph has {pixels.shape[:2]} rows and columns, the map {found.shape}; give '
            'the photograph that was mapped'
        )
    light = to_linear(pixels if pixels.ndim == 3 else pixels[..., None]).mean(axis=-1)
    shades = from_linear(light * _DULLED, np.dtype(np.uint8)).astype(float)
    return np.repeat(shades[..., None], 3, axis=2)


def _with_legend(picture: Pixels, found: Condition) -> Pixels:
    size = max(1.0, max(picture.shape) / _SMALLEST_LETTERS)
    letters, line, wide = (round(n * size) for n in (_LETTERS, _LINE, _LEGEND))
    rows = (*found.rows, found.total)
    height = max(picture.shape[0], round((len(rows) + 1.5) * line))
    sheet = Pillow.new('RGB', (picture.shape[1] + wide, height), 'white')
    sheet.paste(Pillow.fromarray(picture), (0, 0))
    draw, left = ImageDraw.Draw(sheet), picture.shape[1] + letters
    plain, small = (ImageFont.load_default(n) for n in (letters, 0.8 * letters))
    for number, row in enumerate(rows):
        top = round((number + 0.4) * line)
        if row.colour:
            box = (left, top, left + 1.4 * letters, top + 1.4 * letters)
            draw.rectangle(box, fill=row.colour, outline='black')
        told = row.name if row is found.total else f'{row.name} ({row.decision})'
        draw.text((left + 2 * letters, top), told, fill='black', font=plain)
        text = '\n'.join(numbers_of(row))
        draw.text((left + 2 * letters, top + 1.2 * letters), text, fill='#444444', font=small)
    _draw_scale(draw, found, left, round((len(rows) + 0.6) * line), wide - 2 * letters, small)
    return np.asarray(sheet)


def _draw_scale(
    draw: ImageDraw.ImageDraw, found: Condition, left: int, top: int, most: int, font: Any
) -> None:
    """Draw a bar of a round length, where the size of a pixel is known."""
    if found.mm_per_pixel is None:
        draw.text((left, top), 'no scale is known', fill='#444444', font=font)
        return
    room = most * found.mm_per_pixel
    power = 10.0 ** np.floor(np.log10(room))
    length = max(step * power for step in (1, 2, 5) if step * power <= room)
    draw.rectangle((left, top, left + length / found.mm_per_pixel, top + 4), fill='black')
    draw.text((left, top + 8), f'{length:g} mm', fill='black', font=font)


def _placed(pixels: float, found: Condition) -> float:
    return round(float(pixels) * (found.mm_per_pixel or 1), _DIGITS)


def _ring(ring: Ring, found: Condition, height: float | None = None) -> list[list[float]]:
    """Return the corners of a ring as x and y; with `height` y counts upwards from there."""
    return [
        [_placed(x, found), _placed(y if height is None else height - y, found)] for x, y in ring
    ]


def _closed(ring: Ring, found: Condition) -> list[list[float]]:
    """Return a ring as GeoJSON has it: counterclockwise outside, its first corner repeated."""
    corners = _ring(ring[::-1], found, found.shape[0])
    return [*corners, corners[0]]


def _short(value: Any) -> Any:
    return f'{value:.{_DIGITS}g}' if isinstance(value, float) else '' if value is None else value
