"""Pixels of a plane that no restoration changes, put back into its result as they came.

Known pixels beside damage, missing values, outliers, borders of one value, and alpha.
"""

from __future__ import annotations

import numpy as np

from ..image.layout import Array
from ..noise.patches import Bools
from .plane_reader import Pixels
from .request import Request


def with_given_back(
    image: Array, request: Request, pixels: Pixels, painted: Bools | None = None
) -> Array:
    """Return a restored plane with all that is to come back as it was.

    `image`: in the type of the result.
    `painted`: damage that is filled; by default all, else the rest is given back as well.
    """
    r = request
    colours = pixels.colours.astype(r.dtype, copy=False)
    if r.keep_known and pixels.mask is not None:
        lost = pixels.mask if painted is None else painted
        image = np.where(lost if image.ndim == pixels.dims else lost[..., None], image, colours)
    if r.inputs.scale == 1 and not r.facts.gains_colour and not r.options.repair:
        image = _with_outliers(image, colours, pixels)
    image = _with_borders(image, colours, pixels, r.inputs.scale)
    image = _with_missing(image, colours, pixels, r.inputs.scale)
    if r.facts.gains_colour:
        return image
    image = _in_colours(image, r, pixels, painted)
    return r.layout.with_alpha(image, _enlarged(_alpha(r, pixels, painted), r.inputs.scale))


def _alpha(r: Request, pixels: Pixels, painted: Bools | None) -> Array:
    """Return the alpha of a plane, opaque where a hole in the picture was filled."""
    alpha, holes = r.layout.alpha(pixels.data), pixels.holes
    if holes is None:
        return alpha
    filled = holes if painted is None else holes & painted
    opaque = np.iinfo(alpha.dtype).max if alpha.dtype.kind == 'u' else max(alpha.max(), 1)
    return np.where(filled[..., None], opaque, alpha).astype(alpha.dtype, copy=False)


def without_unmeasured(found: Array, request: Request, pixels: Pixels) -> Array:
    """Return a map with NaN where the image has no value or is given back as it came."""
    scale, missing = request.inputs.scale, pixels.unfilled
    if missing is not None and missing.any():
        absent = _enlarged(missing, scale)
        found[absent.any(axis=-1) if absent.ndim > found.ndim else absent] = np.nan
    if pixels.borders is not None:
        found[_enlarged(pixels.borders, scale)] = np.nan
    return found


def unrestored(data: Array, request: Request) -> Array:
    """Return a plane as it came, in the size, type and channels of a result."""
    image = _enlarged(data, request.inputs.scale).astype(request.dtype, copy=False)
    return np.stack([image] * 3, axis=-1) if request.facts.gains_colour else image


def _in_colours(image: Array, r: Request, pixels: Pixels, painted: Bools | None) -> Array:
    """Return a gray picture that was stored in colour as it was shown, tint and all."""
    tint, scale = r.layout.tint, r.inputs.scale
    if tint is None:
        return image
    made = pixels.filled if painted is None else painted
    if pixels.hot is not None and (scale > 1 or r.options.repair):
        made = made | pixels.hot
    return tint.in_colours(image, _enlarged(pixels.data[..., :3], scale), _enlarged(made, scale))


def _with_outliers(image: Array, colours: Array, pixels: Pixels) -> Array:
    """Put outliers back, but those in damage that was filled."""
    hot = pixels.hot
    if hot is None:
        return image
    if pixels.mask is not None:
        hot = hot & ~(pixels.mask if hot.ndim == pixels.dims else pixels.mask[..., None])
    return np.where(hot, colours, image)


def _with_borders(image: Array, colours: Array, pixels: Pixels, scale: int) -> Array:
    """Put borders of one value, and those with hardly any noise, back."""
    if pixels.borders is None:
        return image
    borders, given = _enlarged(pixels.borders, scale), _enlarged(colours, scale)
    return np.where(borders if image.ndim == borders.ndim else borders[..., None], given, image)


def _with_missing(image: Array, colours: Array, pixels: Pixels, scale: int) -> Array:
    """Put missing values back; in floats no value is NaN."""
    missing = pixels.unfilled
    if missing is None or not missing.any():
        return image
    if image.dtype.kind == 'f':
        colours = np.where(np.isfinite(colours) & missing, np.nan, colours)
    missing, colours = (_enlarged(a, scale) for a in (missing, colours))
    if image.ndim > missing.ndim:
        missing, colours = missing[..., None], colours[..., None]
    return np.where(missing, colours, image).astype(image.dtype, copy=False)


def _enlarged(data: Array, scale: int) -> Array:
    return data.repeat(scale, axis=0).repeat(scale, axis=1) if scale > 1 else data
