"""Samples of TIFF files on their way to an image: names of axes, values, colours, facts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from ..image.letters import free_letter, leading_filled, leading_first
from ..image.model import COLOURS, Image
from . import calibration, colour, exif, geotiff, label_table, ome
from .pictures import orientation_note

_TRANSPOSING = (5, 6, 7, 8)  # orientations that exchange rows and columns
_PAGE_NAME = 285
_NODATA = 42113  # GDAL's tag of the value that stands for missing pixels
_ALPHA = (1, 2)  # associated and straight alpha among extra samples
_GRAYS = ('MINISBLACK', 'MINISWHITE')


def page_name(page: Any) -> str:
    tag = page.tags.get(_PAGE_NAME)
    return '' if tag is None else str(tag.value)


class SeriesSamples:
    """Samples of a series, on their way to an image."""

    def __init__(
        self,
        path: Path,
        file: tifffile.TiffFile,
        series: tifffile.TiffPageSeries,
        number: int,
        page: tifffile.TiffPage,
    ) -> None:
        self.path, self.file, self.number = path, file, number
        self.page: Any = page
        self.axes: str = _unique(series.axes)
        self.notes: tuple[str, ...] = ()
        self.imagej = dict(file.imagej_metadata or {}) if file.is_imagej else None
        tag = page.tags.get('InterColorProfile')
        self.profile: bytes | None = None if tag is None else bytes(tag.value)
        self.metadata: dict[str, Any] = {
            'format': 'TIFF',
            'flavour': 'ome' if file.is_ome else 'plain' if self.imagej is None else 'imagej',
        }

    def image(self, data: Any, notes: tuple[str, ...]) -> Image:
        """Return the image that the samples `data` stand for."""
        self.notes = notes
        data = self._named(data)
        missing = self._missing(data)
        data = self._values(data)
        facts = self._facts()
        data, missing, spacing = self._upright(data, missing, dict(facts.get('spacing', {})))
        for axis in reversed(facts.get('single', '')):
            if axis not in self.axes:
                data, missing = self._with_single(axis, str(facts.get('order', '')), data, missing)
        channels = tuple(map(str, facts.get('channels', ())))
        fitting = 'C' in self.axes and len(channels) == data.shape[self.axes.index('C')]
        if self.notes:
            self.metadata['warnings'] = self.notes
        return Image(
            data,
            self.axes,
            {axis: pair for axis, pair in spacing.items() if axis in self.axes},
            {a: value for a, value in facts.get('origin', {}).items() if a in self.axes},
            channels if fitting else (),
            missing,
            {key: value for key, value in self.metadata.items() if value is not None},
        )

    def _with_single(self, axis: str, order: str, data: Any, missing: Any) -> tuple[Any, Any]:
        """Put an axis of length 1 where the `order` of the file has it, else in front."""
        behind = order[order.index(axis) + 1 :] if axis in order else ''
        place = next((self.axes.index(other) for other in behind if other in self.axes), 0)
        self.axes = self.axes[:place] + axis + self.axes[place:]
        letters = leading_first(self.axes).replace('S', '')
        after = len(letters) - 1 - letters.index(axis)  # of the axes of what is missing
        if missing is not None and missing.ndim > after:
            missing = np.expand_dims(missing, missing.ndim - after)
        return data[(slice(None),) * place + (None,)], missing

    def _named(self, data: Any) -> Any:
        """Call the axis of samples S where they are a colour, else C or as the file names it."""
        page, count = self.page, int(self.page.samplesperpixel)
        if count == 1 or data.ndim < 3:
            return data
        contiguous = int(page.planarconfig or 1) == 1
        place = len(self.axes) - 1 if contiguous else self.axes.index('Y') - 1
        stated = calibration.stated_axes(calibration.description_of(page))
        # tifffile calls any 3 or 4 planes of integers RGB, whatever its caller says that they are.
        own = self.axes[place] if stated == self.axes and not contiguous else 'S'
        extra = tuple(int(kind) for kind in page.extrasamples or ())
        kind = page.photometric.name
        colours = count - len(extra) if kind not in _GRAYS else 1
        alpha = len(extra) == 1 and (extra[0] in _ALPHA or kind == 'RGB')
        coloured = count in COLOURS and (count == colours or (count == colours + 1 and alpha))
        coloured = coloured or kind == 'SEPARATED' or 'LAB' in kind
        if own in 'ZT':
            return data
        coloured = coloured and own != 'C'
        others = self.axes[:place] + self.axes[place + 1 :]
        letter = 'S' if coloured else free_letter(others, 'C')
        self.axes = self.axes[:place] + letter + self.axes[place + 1 :]
        self.metadata |= {
            'sample_axis': letter,
            'planarconfig': 'contig' if contiguous else 'separate',
            'extrasamples': extra or None,
            'photometric': None if coloured else kind.lower(),
        }
        return data

    def _values(self, data: Any) -> Any:
        """Return samples that mean gray or colours with black at zero."""
        kind, bits = self.page.photometric.name, int(self.page.bitspersample)
        if kind == 'PALETTE':
            return self._palette(data)
        if kind == 'MINISWHITE' and not self._holds_truth(data):
            # ImageJ says so of intensities that it shows by an inverted look-up table.
            own = self.imagej is not None
            self.metadata['photometric'] = 'inverted look-up table' if own else 'miniswhite'
            data = data if own else self._inverted(data, bits)
        elif kind == 'SEPARATED' and self.page.samplesperpixel == 4:
            rgb, self.profile, how = self._last(colour.cmyk_to_rgb, data, self.profile)
            self.notes += (f'its CMYK was converted to RGB {how}',)
            data = rgb
        elif kind in ('CIELAB', 'ICCLAB', 'ITULAB') and self.page.samplesperpixel == 3:
            data = self._last(lambda x: (colour.lab_to_rgb(x, icc=kind == 'ICCLAB'),), data)[0]
            self.notes, self.profile = (*self.notes, 'its L*a*b* was converted to sRGB'), None
        elif kind == 'YCBCR' and self.page.compression.name not in ('JPEG', 'OJPEG', 'JPEG_2000'):
            data = self._last(lambda x: (colour.ycbcr_to_rgb(x),), data)[0]
        if self.metadata.get('extrasamples') == (1,) and self.axes.count('S'):
            data = self._last(lambda x: (colour.straight_alpha(x),), data)[0]
            self.metadata['extrasamples'] = (2,)
        coloured = 'S' in self.axes and data.shape[self.axes.index('S')] > 2
        self.profile, notes = colour.kept_profile(self.profile, coloured)
        self.notes += notes
        self.metadata['icc_profile'] = self.profile
        if data.dtype == bool or (data.dtype == np.uint8 and bits < 8):
            top = 2**bits - 1 if data.dtype != bool else 1
            data = (data.astype(np.uint16) * 255 // top).astype(np.uint8)
        return data

    def _holds_truth(self, data: Any) -> bool:
        """Whether True means marked, not black: tifffile calls all of bool white-is-zero."""
        return data.dtype == bool and str(self.page.software).startswith('tifffile')

    def _inverted(self, data: Any, bits: int) -> Any:
        if data.dtype.kind == 'f':
            self.notes += ('it says that zero is white, which real numbers cannot be; left alone',)
            del self.metadata['photometric']
            return data
        if data.dtype == bool or data.dtype.kind == 'i' or bits >= 8 * data.dtype.itemsize:
            return ~data
        return (2**bits - 1 - data).astype(data.dtype)

    def _palette(self, data: Any) -> Any:
        """Return the colours of a palette; those of ImageJ are intensities."""
        if self.imagej is not None:
            self.metadata['colormap'] = np.asarray(self.page.colormap)
            return data
        self.axes += 'S'
        return colour.palette_to_rgb(np.asarray(data), self.page.colormap)

    def _last(self, convert: Any, data: Any, *more: Any) -> Any:
        """Convert with the samples on the last axis, where they are left."""
        place = self.axes.index('S')
        self.axes = self.axes.replace('S', '') + 'S'
        return convert(np.moveaxis(np.asarray(data), place, -1), *more)

    def _missing(self, data: Any) -> Any:
        tag = self.page.tags.get(_NODATA)
        try:
            value = float(str(tag.value).strip('\0 ')) if tag is not None else math.nan
        except ValueError:
            return None
        if math.isnan(value):  # found when planes are read
            return None
        self.metadata['nodata'] = value
        kind = data.dtype.kind
        limits = np.iinfo(data.dtype) if kind in 'iu' else None
        if limits and not (value.is_integer() and limits.min <= value <= limits.max):
            return None  # such as -9999 beside integers without a sign: no pixel has it
        stands = data == np.asarray(value, data.dtype) if kind in 'iuf' else None
        return None if stands is None else leading_filled(stands, self.axes)

    def _upright(self, data: Any, missing: Any, spacing: dict[str, Any]) -> tuple[Any, Any, Any]:
        """Turn the image as its orientation tag says that it is shown."""
        orientation = self._orientation
        if orientation not in range(2, 9):
            return data, missing, spacing
        self.notes += (orientation_note(orientation),)
        places = self.axes.index('Y'), self.axes.index('X')
        data = _turn(data, orientation, *places)
        missing = None if missing is None else _turn(missing, orientation, -2, -1)
        if orientation in _TRANSPOSING:
            swap = {'Y': 'X', 'X': 'Y'}
            spacing = {swap.get(axis, axis): pair for axis, pair in spacing.items()}
        return data, missing, spacing

    @property
    def _orientation(self) -> int:
        tag = self.page.tags.get(exif.ORIENTATION)
        return int(tag.value) if tag is not None else 1

    def _facts(self) -> dict[str, Any]:
        """Return spacing, origin and channels of the file; keep the rest."""
        said = self.metadata
        said['compression'] = None if self.page.compression == 1 else self.page.compression.name
        said['predictor'] = int(self.page.predictor or 1) > 1 or None
        said['bigtiff'] = self.file.is_bigtiff or None
        first = self.file.pages.first
        said['exif'] = exif.block_of_tiff(self.path, self.file)
        for key, tag in (('xmp', 700), ('iptc', 33723)):
            value = first.tags[tag].value if tag in first.tags else None
            said[key] = bytes(value) if isinstance(value, bytes) else None
        said['xmp'] = exif.upright_xmp(said['xmp'])
        if label_table.TAG in self.page.tags:
            said |= label_table.table_facts(self.page.tags[label_table.TAG].value)
        if self.file.is_ome:
            text = str(self.file.ome_metadata)
            found = ome.facts(text, self.number)
            said['ome'], said['series'] = text, self.number
            for key in ('wavelengths', 'colours', 'objective'):
                said[key] = found.get(key)
            return found
        if self.imagej is not None:
            return self._imagej_facts(self.imagej, first.tags)
        found, said['resolution_unit'] = calibration.tag_calibration(self.page.tags)
        said['page_name'] = page_name(self.page) or None
        said['geotiff'] = geotiff.facts(self.page) if self._orientation == 1 else None
        plain = calibration.plain_facts(calibration.description_of(self.page))
        said['text'] = plain.get('text')
        return {**plain, 'spacing': {**found, **plain.get('spacing', {})}}

    def _imagej_facts(self, said: dict[str, Any], tags: Any) -> dict[str, Any]:
        kept = {key: said[key] for key in calibration.IMAGEJ_KEPT if key in said}
        self.metadata['imagej'] = kept
        labels = kept.get('Labels', ())
        labels = (labels,) if isinstance(labels, str) else tuple(labels)
        names = calibration.channel_names(labels, int(said.get('channels', 1)))
        if not names and len(labels) == 1:
            names = labels  # kept where the axis of channels is
        single = str(said.get('single', ''))
        spacing = calibration.imagej_calibration(said, tags)
        return {'spacing': spacing, 'channels': names, 'single': single, 'order': 'TZCYX'}


def _turn(data: Any, orientation: int, rows: int, columns: int) -> Any:
    if orientation in _TRANSPOSING:
        data = data.swapaxes(rows, columns)
    flipped: list[Any] = [slice(None)] * data.ndim
    flipped[rows] = slice(None, None, -1 if orientation in (3, 4, 7, 8) else 1)
    flipped[columns] = slice(None, None, -1 if orientation in (2, 3, 6, 7) else 1)
    return data[tuple(flipped)]


def _unique(axes: Sequence[str]) -> str:
    """Return the letters of tifffile, those that occur twice or mean nothing replaced."""
    letters: list[str] = []
    for letter in axes:
        known = letter.isalpha() and letter not in letters
        letters.append(letter.upper() if known else free_letter({*axes, *letters}))
    return ''.join(letters)
