"""The image: pixels with named axes, and their metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FrescoError, ImageError
from .channels import metadata_of, missing_of, number_of
from .given import as_array
from .labelled import labelled_parts, tells_rows_and_columns
from .letters import doubt_of_guess, free_letter, guessed_axes, leading_missing, letters_of
from .place_on_ground import with_place
from .prints import is_print
from .spacings import Spacing, checked_spacing, parse_spacing

Array = NDArray[Any]

COLOURS = (1, 2, 3, 4)
"""Samples that axis S may have: gray, gray and alpha, RGB, RGBA."""


@dataclass(frozen=True, eq=False)
class Image:
    """Pixels with named axes, and their metadata.

    Attributes
    ----------
    data : array-like
        numpy, dask, zarr or torch; need not be in memory.
    axes : str
        A different upper-case letter for each axis: Y and X always, S samples of a
        colour (1 gray, 2 gray and alpha, 3 RGB, 4 RGBA), C channels, Z depth, T time;
        other letters are further axes of a stack.
    spacing : mapping of str to (float, str)
        Distance of two samples and its unit, such as ``{'Y': (0.1, 'um')}``, of the
        axes that have one.
    origin : mapping of str to float
        Position of the first sample, in the unit of the spacing; 0 where not given.
    channels : tuple of str
        Names along axis C, or none.
    missing : array-like of bool or None
        True at pixels without a value; broadcasts to stack axes, Y and X in this order.
        NaN and infinities are found when a plane is read.
    metadata : mapping
        What a file or layer said beside the pixels; see :mod:`napari_fresco.io.files`.

    Raises
    ------
    ImageError
        When `axes` or `channels` do not fit the data.
    """

    data: Any
    axes: str
    spacing: Spacing = field(default_factory=dict)
    origin: Mapping[str, float] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    missing: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        letters = letters_of(self.axes)
        object.__setattr__(self, 'axes', letters)
        fits = len(letters) == self.ndim == len(set(letters)) and {'Y', 'X'} <= set(letters)
        if not fits or not all('A' <= letter <= 'Z' for letter in letters):
            raise ImageError(
                f'axes {letters!r} does not fit an image of shape {self.shape}; give a different '
                "letter for each axis, with Y and X, such as 'ZYX' or 'YXS'"
            )
        if self.channels and ('C' not in letters or len(self.channels) != self.length('C')):
            raise ImageError(
                f'{len(self.channels)} channel names do not fit axes {letters} of shape '
                f'{self.shape}; give one for each position on axis C'
            )
        object.__setattr__(self, 'spacing', checked_spacing(self.spacing, letters))

    def __repr__(self) -> str:
        named = {'spacing': self.spacing, 'channels': self.channels}
        told = ''.join(f', {name}={value}' for name, value in named.items() if value)
        return f'Image({self.axes} {self.shape} {self.dtype}{told})'

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return the pixels alone, for functions that know arrays."""
        return np.array(in_memory(self.data), dtype=dtype, copy=copy)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return tuple(int(n) for n in self.data.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values, in numpy's spelling."""
        # torch spells its types in its own way, and numpy has no bfloat16.
        name = str(self.data.dtype).removeprefix('torch.').replace('bfloat16', 'float32')
        found: np.dtype[Any] = np.dtype(name if hasattr(self.data, 'detach') else self.data.dtype)
        return found

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.data.shape)

    @property
    def rgb(self) -> bool:
        """Whether axis S holds RGB or RGBA."""
        return 'S' in self.axes and self.length('S') in (3, 4)

    def length(self, axis: str) -> int:
        """Return the length of the axis with this letter; 1 if there is none."""
        return self.shape[self.axes.index(axis)] if axis in self.axes else 1

    @classmethod
    def of(
        cls,
        source: Any,
        *,
        axes: str | None = None,
        rgb: bool | None = None,
        spacing: Spacing | str | None = None,
    ) -> Image:
        """Return an array of any kind as an image.

        Parameters
        ----------
        source : Image or array-like
            An Image passes through. xarray brings its dimensions, coordinates and fill
            value, a masked array its missing pixels. Of other arrays the last two axes
            are Y and X, and a last axis of 1, 3 or 4 behind two others is S; of several last
            axes of 1, too.
        axes : str, optional
            A letter for each axis, such as ``'ZYX'``, instead.
        rgb : bool, optional
            Whether the last axis (or axis S or C) holds RGB or RGBA.
        spacing : mapping or str, optional
            Replaces that of the axes it names; ``'Z=0.3um,Y=0.1um'`` is one, too.

        Raises
        ------
        ImageError
            When the source is no array, or `axes` or `rgb` do not fit it.
        """
        image = source if isinstance(source, cls) else _imported(source, axes, rgb)
        letters = _letters(image.shape, axes, rgb, image.axes)
        if letters != image.axes:
            image = image.renamed(letters)
        if not spacing:
            return image
        spacing, said = parse_spacing(spacing), dict(image.metadata)
        if is_print(said) and set(spacing) & set('YX'):
            said['resolution_unit'] = 'cm'  # no longer that of a print
        return replace(image, spacing={**image.spacing, **spacing}, metadata=said)

    @property
    def pixel_sizes(self) -> Mapping[str, tuple[float, str]]:
        """Spacing of the axes without that of a print: what a kernel, mask or map lies on."""
        if not is_print(self.metadata):
            return self.spacing
        return {axis: pair for axis, pair in self.spacing.items() if axis not in 'YX'}

    def channel(self, *which: str | int) -> Image:
        """Return one channel, or several in this order, with what belongs to it.

        Parameters
        ----------
        *which : str or int
            Names, or numbers from 0.

        Returns
        -------
        Image
            Axis C stays, so that name, colour and wavelengths do.

        Raises
        ------
        ImageError
            When there is no such channel; the message names those that there are.

        Examples
        --------
        >>> import numpy as np
        >>> cells = Image(np.zeros((2, 8, 9)), 'CYX', channels=('DAPI', 'GFP'))
        >>> cells.channel('GFP')
        Image(CYX (1, 8, 9) float64, channels=('GFP',))
        """
        count = self.length('C') if 'C' in self.axes else 0
        if not (which and count):
            raise ImageError(
                f'channel {", ".join(map(repr, which))} was asked for, but the image has axes '
                f'{self.axes} and shape {self.shape}; give names or numbers of channels, and call '
                'their axis C, such as axes="CYX"'
            )
        chosen = [number_of(each, self.channels, count) for each in which]
        axis = self.axes.index('C')
        place = (slice(None),) * axis
        # One after the other, for not every lazy array takes a list.
        picked = [self.data[(*place, slice(n, n + 1))] for n in chosen]
        return replace(
            self,
            data=picked[0] if len(picked) == 1 else np.concatenate(picked, axis),
            channels=tuple(self.channels[n] for n in chosen if self.channels),
            missing=missing_of(self.missing, self.axes, chosen),
            metadata=metadata_of(self.metadata, chosen, count),
        )

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What several channels are called: by their numbers from 0 where they have no names."""
        count = self.length('C')
        names = self.channels or ('',) * count
        return tuple(name or str(i) for i, name in enumerate(names)) if count > 1 else ()

    def each_channel(self) -> Iterator[tuple[str, Image]]:
        """Yield the name and image of each of several channels; of one its image, without."""
        if not self.channel_names:
            yield '', self
        for number, name in enumerate(self.channel_names):
            yield name, self.channel(number)

    def renamed(self, axes: str) -> Image:
        """Return the same image with other letters; spacing and origin follow them."""
        if len(axes) != len(self.axes):
            raise ImageError(
                f'axes {axes!r} does not fit an image of shape {self.shape}; give one letter for '
                "each axis with Y and X once each, such as 'ZYX' or 'YXS'"
            )
        new = dict(zip(self.axes, axes, strict=True))
        return replace(
            self,
            axes=axes,
            spacing={new[axis]: value for axis, value in self.spacing.items()},
            origin={new[axis]: value for axis, value in self.origin.items()},
            channels=self.channels if new.get('C') == 'C' else (),
        )

    def noted(self, **facts: Any) -> Image:
        """Return the same image with more entries in its metadata."""
        return replace(self, metadata={**self.metadata, **facts})

    def like(
        self,
        data: Any,
        *,
        axes: str | None = None,
        scale: float = 1,
        shift: Sequence[float] = (0.0, 0.0),
        dtype: Any = None,
    ) -> Image:
        """Return `data` made of this image as an image with the same metadata.

        Parameters
        ----------
        data : array-like
            Pixels on the axes of this image; a new last axis is S.
        axes : str, optional
            Its axes, where they are others.
        scale : float
            How many times more pixels there are along Y and X.
        shift : sequence of float
            Where along Y and X the first of them lies, in pixels of this image.
        dtype : numpy.dtype, optional
            Type to return `data` in.
        """
        letters = axes or self.axes + 'S' * (len(data.shape) - self.ndim)
        missing = self.missing
        if missing is not None and scale != 1:
            fits = scale >= 1 and scale == int(scale)
            missing = _enlarged(np.asarray(missing), int(scale)) if fits else None
        kept = 'C' in letters and self.length('C') == data.shape[letters.index('C')]
        size = [data.shape[letters.index(axis)] for axis in 'YX']
        return replace(
            self,
            data=data if dtype is None else data.astype(dtype),
            axes=letters,
            spacing={
                axis: (step / scale if axis in 'YX' else step, unit)
                for axis, (step, unit) in self.spacing.items()
                if axis in letters
            },
            origin={a: value for a, value in self._moved(shift).items() if a in letters},
            channels=self.channels if kept else (),
            missing=missing,
            metadata=with_place(self.metadata, scale, shift, size),
        )

    def _moved(self, shift: Sequence[float]) -> dict[str, float]:
        """Return the origin moved along Y and X, where the image says where it lies there."""
        origin = dict(self.origin)
        if {'Y', 'X'} & set(origin):  # an axis at 0 is not named
            for axis, pixels in zip('YX', shift, strict=True):
                place = origin.pop(axis, 0.0) + pixels * self.spacing.get(axis, (1.0, ''))[0]
                origin |= {axis: place} if place else {}
        return origin


def single_axes(image: Image) -> str:
    """Return the stack axes of length 1, of which TIFF files keep nothing by themselves."""
    lengths = zip(image.axes, image.shape, strict=True)
    return ''.join(axis for axis, length in lengths if length == 1 and axis not in 'YXS')


def data_of(image: Any) -> Any:
    """Return the pixels of an image, and any other array as it is."""
    return image.data if isinstance(image, Image) else image


def is_labelled(source: Any) -> bool:
    """Whether dimensions name the axes of an array, as those of an xarray do."""
    return all(hasattr(source, name) for name in ('dims', 'coords', 'values', 'dtype'))


def named(source: Any) -> Any:
    """Return an xarray whose dimensions count as an image; anything else as it is."""
    known = is_labelled(source) and tells_rows_and_columns(source)
    return Image.of(source) if known else source


def in_memory(part: Any) -> Array:
    """Return a part of any array as a numpy array."""
    if hasattr(part, 'detach'):
        part = part.detach().cpu()
        part = part.float() if 'bfloat16' in str(part.dtype) else part
    values = np.asarray(part)
    # scipy and torch know no longer floats, and nobody has measured as many digits.
    return values.astype(np.float64) if values.dtype.char == 'g' else values


def values_of(source: Any, what: str = 'image', error: type[FrescoError] = ImageError) -> Array:
    """Return the values of an Image or an array, on their own axes; `error` where it is neither.

    `what`: its name in messages, such as ``'mask'``.
    """
    values = in_memory(source.data if isinstance(source, Image) else as_array(source, what, error))
    if values.dtype.kind not in 'buif':
        raise error(f'{what} has type {values.dtype}; give real numbers')
    return values


def _imported(source: Any, axes: str | None, rgb: bool | None) -> Image:
    """Return an array of any kind as an image; its own names count unless `axes` is given."""
    if hasattr(source, 'as_image'):  # a kernel, which has axes of its own
        own: Image = source.as_image()
        return own if axes is None else own.renamed(str(axes).upper())
    if is_labelled(source):
        return Image(**labelled_parts(source, _letters_given(axes)))
    array, missing = _without_mask(as_array(source))
    given = _letters(array.shape, axes, rgb, None)
    if missing is not None:
        missing = leading_missing(missing, given)
    doubt = '' if axes else doubt_of_guess(array.shape, given)
    said = {'warnings': (doubt,)} if doubt else {}
    return Image(array, given, missing=missing, metadata=said)


def _without_mask(array: Any) -> tuple[Any, Any]:
    """Return an array without its mask, and where that hides values."""
    if isinstance(array, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(array)
        return array.data, hidden if hidden.any() else None
    if isinstance(getattr(array, '_meta', None), np.ma.MaskedArray):
        from dask.array import ma

        return ma.getdata(array), ma.getmaskarray(array)
    return array, None


def _letters_given(axes: str | None) -> str | None:
    return None if axes is None else letters_of(axes).upper()


def _letters(shape: tuple[int, ...], axes: str | None, rgb: bool | None, own: str | None) -> str:
    """Return the letters of the axes: those given, else its `own`, else guessed ones."""
    letters = _letters_given(axes) or own
    if letters is None:
        return guessed_axes(tuple(shape), rgb)
    if len(letters) != len(shape):
        raise ImageError(
            f'axes {axes!r} does not fit an image of shape {tuple(shape)}; give one letter for '
            "each axis with Y and X once each, such as 'ZYX' or 'YXS'"
        )
    if rgb and 'S' not in letters:
        if 'C' in letters:
            return letters.replace('C', 'S')
        if own is not None and len(letters) > 2 and letters[-1] not in 'YX':
            return f'{letters[:-1]}S'
    if rgb is False and 'S' in letters:
        return letters.replace('S', free_letter(letters, 'C'))
    return letters


def _enlarged(missing: Array, scale: int) -> Array:
    for axis in (-2, -1):
        missing = missing.repeat(scale, axis) if missing.shape[axis] > 1 else missing
    return missing
