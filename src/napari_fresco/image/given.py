"""Arrays and names of files as they are given: one in the place of the other is told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError, FrescoError, ImageError

_NUMBERS = 'buifcmMSUV'  # kinds of numpy types that are said to be wrong where they are


def as_array(source: Any, what: str = 'image', error: type[FrescoError] = ImageError) -> Any:
    """Return what is given as an array-like with ``shape``, ``dtype`` and slices.

    numpy, dask, zarr and torch arrays pass as they are; anything else goes
    through :func:`numpy.asarray`.

    `what`: its name in messages, such as ``'mask'``.
    `error`: raised when it is no array, as the sentence that says what it is instead.
    """
    if hasattr(source, 'data_vars'):  # xarray
        raise error(f'{what} is a Dataset of several variables; give one: data[name]')
    if hasattr(source, 'toarray') and hasattr(source, 'nnz'):  # scipy
        raise error(f'{what} is a sparse matrix; give its .toarray()')
    if all(hasattr(source, name) for name in ('shape', 'dtype', '__getitem__')):
        if any(n != n for n in source.shape):  # NaN: dask has not counted
            raise error(
                f'{what} has lengths that are not known yet, {source.shape}; call its '
                'compute_chunk_sizes() first'
            )
        return source
    if isinstance(source, str | Path):
        raise error(
            f'{what} = {str(source)!r} is the name of a file, not its pixels; read it first: '
            f'fresco.read({str(source)!r})'
        )
    if source is None:
        raise error(f'{what} = None; give an array, or an Image: fresco.read(path)')
    if hasattr(source, 'image'):
        raise error(f'{what} is a whole {type(source).__name__}, not pixels; give its .image')
    try:
        array = np.asarray(source)
    except ValueError as wrong:
        raise error(f'{what} is not an array: {wrong}') from None
    if array.dtype.kind not in _NUMBERS:
        raise error(f'{what} is a {type(source).__name__}, not an array; give one, or an Image')
    return array


def path_of(given: Any, call: str) -> Path:
    """Return what is given as the name of a file as a path.

    `call`: how the function is called, for the message.
    Raises FileError when it is no name, such as pixels in its place.
    """
    if isinstance(given, str | os.PathLike):
        return Path(given)
    raise FileError(
        f'the name of a file is wanted, and a {type(given).__name__} was given; call {call}'
    )
