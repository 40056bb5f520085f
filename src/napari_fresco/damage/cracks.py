"""Cracks proposed without training: long thin dark lines with the same paint on both sides."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import filters, morphology, transform

from ..errors import ParameterError
from ..generators import result_of
from ..image.one_plane import PlaneLike
from .colours import checked, lab_of
from .in_tiles import Progress, tiles
from .line_filters import Floats, LineResponse, chosen, line_response, oriented

Mask = NDArray[np.bool_]
Tone = Literal['dark', 'light', 'both']

_WIDEST = 6.0  # pixels; the bands below cover cracks up to this width
_FINE, _MIDDLE, _WIDE = (1.0, 4.0), (1.7, 5.0), (3.2, 6.0)  # across and along, pixels
_LONG = (1.3, 10.0)
_ORIENTATIONS = 12
_DISK = 4  # pixels
_SURE = 3  # times the top-hat are believed of the three lines
_NEAR, _FAR = 6, 20  # pixels over which the liveliness of the paint is averaged
_QUIET = 0.8  # L*: below this, lines are grain
_CERTAIN = 0.4  # part of the marked share from which a crack may start
_NOTHING = 1e-3
_TILE, _MARGIN = 768, 112


class CrackEvidence(NamedTuple):
    """The evidence for and against a crack, ``(H, W)`` each, in L*, a*, b*."""

    lightness: Floats
    chroma: Any  # a* + i b*, complex64
    bands: tuple[LineResponse, ...]  # fine, middle, wide
    long: Floats  # strongest line over many pixels
    hue: Floats  # change of a*, b* along the middle line
    liveliness: Floats  # how lively the paint is around
    response: Floats


def propose_cracks(
    image: PlaneLike,
    mm_per_pixel: float | None = None,
    *,
    tone: Tone = 'dark',
    widest: float | None = None,
    shortest: float | None = None,
    share: float = 0.08,
) -> Mask:
    """Propose where an image has cracks.

    A proposal to be corrected, not a finding: a drawn line with the same colour on both sides
    looks like a crack to this filter. :func:`learn_from_scribbles` takes corrections.

    Parameters
    ----------
    image : array_like or Image, ``(H, W)`` or ``(H, W, 3)``
        Gray or sRGB image; integers fill the range of their type, floats lie in [0, 1].
    mm_per_pixel : float, optional
        Size of a pixel. When given, `widest` and `shortest` are in mm, otherwise in pixels.
    tone : {'dark', 'light', 'both'}
        Whether cracks are darker or lighter than the paint.
    widest : float, optional
        Width of the widest crack, 6 pixels by default; the image is reduced for wider ones.
    shortest : float, optional
        Length of the shortest crack, about; 15 pixels by default.
    share : float
        Part of the image that may be marked before short pieces are dropped, above 0 to 0.5.

    Returns
    -------
    ndarray of bool, ``(H, W)``
        True where a crack is proposed.

    Raises
    ------
    ParameterError
        If a parameter is out of range or the image has another shape.

    Notes
    -----
    The response of :func:`crack_response` is thresholded with hysteresis at percentiles: a crack
    reaches into the strongest 0.4 `share` and goes on through the strongest `share`.
    """
    response = crack_response(image, mm_per_pixel, tone=tone, widest=widest)
    length = 15.0 if shortest is None else shortest / (mm_per_pixel or 1)
    return cracks_above(response, share, length)


def crack_response(
    image: PlaneLike,
    mm_per_pixel: float | None = None,
    *,
    tone: Tone = 'dark',
    widest: float | None = None,
) -> Floats:
    """Return the response of each pixel to cracks, to be thresholded by :func:`cracks_above`.

    Parameters
    ----------
    image, mm_per_pixel, tone, widest
        See :func:`propose_cracks`.

    Returns
    -------
    ndarray of float32, ``(H, W)``
        Relative contrast of the crack, without unit; 0 or less where none is.

    Notes
    -----
    Three line filters f (second derivatives of elongated Gaussians on L*, the strongest of 12
    orientations) are added, up to 3 times the black top-hat t (what is darker than one side only is
    a rim). What speaks for paint is taken away: the difference of the two sides
    (rims and outlines have one, cracks do not), a line across (spots and foliage), a change of
    hue (strokes). The rest is divided by the liveliness of the paint nearby, so that a faint
    crack on a plain ground counts as much as a strong one in leaves:
    ``(min(f1 + f2 + f3, 3 t) - 0.7 step2 - step3 - cross2 - 0.5 hue) / liveliness``.
    """
    return result_of(crack_response_steps(image, mm_per_pixel, tone=tone, widest=widest))


def crack_response_steps(
    image: PlaneLike,
    mm_per_pixel: float | None = None,
    *,
    tone: Tone = 'dark',
    widest: float | None = None,
) -> Generator[Progress, None, Floats]:
    """Compute :func:`crack_response`, tile by tile."""
    if tone not in ('dark', 'light', 'both'):
        raise ParameterError(f"tone is {tone!r}; choose 'dark', 'light' or 'both'")
    if mm_per_pixel is not None and not mm_per_pixel > 0:
        raise ParameterError(f'mm_per_pixel = {mm_per_pixel!r} must be above 0')
    wide = _WIDEST if widest is None else widest / (mm_per_pixel or 1)
    if not wide > 0:
        raise ParameterError(f'widest = {widest!r} must be above 0')
    pixels = checked(image)
    shape, factor = pixels.shape[:2], min(_WIDEST / wide, 1.0)
    reduced = None
    if factor < 1:
        reduced = _resized(lab_of(pixels), [math.ceil(n * factor) for n in shape])
    grid = shape if reduced is None else reduced.shape[:2]
    signs = {'dark': (1,), 'light': (-1,), 'both': (1, -1)}[tone]
    found = np.full(grid, -np.inf, np.float32)
    parts = list(tiles(grid, _TILE, _MARGIN))
    for number, tile in enumerate(parts):
        yield Progress(number, len(parts))
        lab = lab_of(pixels[tile.seen]) if reduced is None else reduced[tile.seen]
        for sign in signs:
            seen = _evidence(lab * np.array([sign, 1, 1], np.float32))
            inner = found[tile.inner]
            np.maximum(inner, seen.response[tile.within], out=inner)
    return _resized(found, shape)


def cracks_above(
    response: Floats, share: float, shortest: float = 15, like: Floats | None = None
) -> Mask:
    """Threshold a response of :func:`crack_response`; fast enough for a slider.

    Parameters
    ----------
    response : ndarray, ``(H, W)``
        Response, or a probability of :func:`learn_from_scribbles`.
    share : float
        Part of the pixels that may be marked, above 0 to 0.5.
    shortest : float
        Pixels that the frame of a piece must be long, along its diagonal.
    like : ndarray, optional
        Response whose pixels `share` is a part of, such as that of the part of a large image that
        a threshold was chosen on; by default `response`.

    Returns
    -------
    ndarray of bool, ``(H, W)``
    """
    if not 0 < share <= 0.5:
        raise ParameterError(f'share = {share!r} must lie above 0 and be 0.5 at most')
    low, high = np.quantile(response if like is None else like, [1 - share, 1 - _CERTAIN * share])
    low, high = max(low, _NOTHING), max(high, _NOTHING)  # rounding errors of a flat image
    marked = filters.apply_hysteresis_threshold(response, low, high)  # type: ignore[no-untyped-call]
    return long_pieces(marked, shortest)


def long_pieces(mask: Mask, shortest: float) -> Mask:
    """Keep the pieces of `mask` whose frame is `shortest` pixels long along its diagonal."""
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    long = [
        math.hypot(rows.stop - rows.start, cols.stop - cols.start) >= shortest
        for rows, cols in ndimage.find_objects(labels)
    ]
    return np.asarray(np.array([False, *long])[labels]) if count else mask


def crack_evidence(image: PlaneLike) -> CrackEvidence:
    """Return the evidence for and against dark cracks in `image`, computed in one piece."""
    return _evidence(lab_of(image))


def _evidence(lab: Floats) -> CrackEvidence:
    lightness, chroma = lab[..., 0], lab[..., 1] + np.complex64(1j) * lab[..., 2]
    bands = tuple(line_response(lightness, *band) for band in (_FINE, _MIDDLE, _WIDE))
    fine, middle, wide = bands
    long = oriented(lightness, *_LONG, 2 * _ORIENTATIONS, steps=False).real.max(axis=0)
    hues = oriented(chroma, *_MIDDLE, _ORIENTATIONS, steps=False)
    hue = np.abs(chosen(hues, middle.orientation))
    near = ndimage.gaussian_filter(middle.level, _NEAR)
    liveliness = near + ndimage.gaussian_filter(fine.edge + middle.level, _FAR) + _QUIET
    line = np.minimum(fine.line + middle.line + long, _SURE * _top_hat(lightness))
    paint = 0.7 * middle.step + wide.step + np.maximum(middle.cross, 0) + 0.5 * hue
    response = np.asarray((line - paint) / liveliness, np.float32)
    return CrackEvidence(lightness, chroma, bands, long, hue, liveliness, response)


def _top_hat(lightness: Floats) -> Floats:
    """Return the depth of each pixel below the darker of its sides."""
    smooth = ndimage.gaussian_filter(lightness, 0.6)
    disk = morphology.disk(_DISK)  # type: ignore[no-untyped-call]
    return np.asarray(ndimage.grey_closing(smooth, footprint=disk) - smooth)


def _resized(planes: Floats, shape: Any) -> Floats:
    if tuple(shape) == planes.shape[:2]:
        return planes
    fitted = transform.resize(planes, shape, order=1, anti_aliasing=True)  # type: ignore[no-untyped-call]
    return np.asarray(fitted, np.float32)
