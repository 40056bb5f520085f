"""Losses of paint: grown from a click, or outliers of colour and texture."""

from __future__ import annotations

from operator import index
from typing import Any, NamedTuple

import numpy as np
from scipy import cluster, ndimage
from skimage import filters, segmentation

from ..declare.fields import shown
from ..errors import ParameterError
from ..image.one_plane import PlaneLike
from .colours import lab_of
from .cracks import Mask
from .line_filters import Floats
from .mask_edits import holes_of, remove_small

_SMOOTH = 1.0  # pixels, so that grain does not stop the flood
_RIM = 2  # pixels that this mixes with what lies around
_PALETTE = 12  # colours
_PIXELS = 20_000  # that the palette is learned from
_GRAIN = 1e-3
_RARE = 0.05  # a colour of the palette with less than this part of the image may be a loss
_TEXTURE = 4  # pixels


def propose_losses(
    image: PlaneLike,
    click: tuple[int, int] | None = None,
    *,
    tolerance: float = 10.0,
    smallest: int = 40,
) -> Mask:
    """Propose losses of paint: regions grown from clicks, or outliers of the palette.

    Parameters
    ----------
    image : array_like or Image, ``(H, W)`` or ``(H, W, 3)``
        Gray or sRGB image; integers fill the range of their type, floats lie in [0, 1].
    click : (int, int), optional
        Row and column of a pixel inside a loss. Without it, outliers are proposed.
    tolerance : float
        Colour difference (CIE 1976, in L*a*b*) up to which the region around a click grows.
    smallest : int
        Pixels of the smallest loss among outliers.

    Returns
    -------
    ndarray of bool, ``(H, W)``
        True where a loss is proposed.

    Raises
    ------
    ParameterError
        If the click lies outside the image or a number is not positive.

    Notes
    -----
    Outliers: the palette is the 12 means (k-means) of colour and local spread of lightness;
    those that cover less than 5 % of the image are left out, and what lies farther from the
    rest than Otsu's threshold is proposed. Rare colours that are meant, such as gold, are
    proposed too, and losses with a colour of the palette are not: a click is surer.
    """
    if click is not None:
        return flooded(colours_of(image), click, _positive(tolerance, 'tolerance'))
    return losses_above(loss_response(image), tolerance, smallest)


def loss_response(image: PlaneLike) -> Floats:
    """Return the distance of each pixel to the palette, to be thresholded by :func:`losses_above`.

    Parameters
    ----------
    image : array_like or Image, ``(H, W)`` or ``(H, W, 3)``
        Gray or sRGB image; integers fill the range of their type, floats lie in [0, 1].

    Returns
    -------
    ndarray of float32, ``(H, W)``
        Colour difference (CIE 1976) to the nearest common colour and texture of the image.
    """
    lab = lab_of(image)
    return _foreign(lab, _smooth(lab))


def losses_above(response: Floats, tolerance: float = 10.0, smallest: int = 40) -> Mask:
    """Threshold a response of :func:`loss_response`; fast enough for a slider.

    Parameters
    ----------
    response : ndarray, ``(H, W)``
        Colour difference to the palette.
    tolerance : float
        Colour difference that is no loss; Otsu's threshold counts where it is higher.
    smallest : int
        Pixels of the smallest loss.

    Returns
    -------
    ndarray of bool, ``(H, W)``
    """
    _positive(smallest, 'smallest')
    otsu = filters.threshold_otsu(response)  # type: ignore[no-untyped-call]
    far = response > max(float(otsu), _positive(tolerance, 'tolerance'))
    return remove_small(ndimage.binary_opening(far), smallest)


class Colours(NamedTuple):
    """L*, a* and b* of an image, ``(H, W, 3)``: as they are, and without grain."""

    lab: Floats
    smooth: Floats


def colours_of(image: PlaneLike) -> Colours:
    """Return the colours of an image for :func:`flooded`."""
    lab = lab_of(image)
    return Colours(lab, _smooth(lab))


def flooded(seen: Colours, click: tuple[int, int], tolerance: float) -> Mask:
    """Return the region grown from a click, its holes filled.

    The flood runs through smooth colours, which grain does not stop; the rim, which is mixed with
    what lies around, is judged by the colours as they are.
    """
    row, col = _place(click)
    shape = seen.lab.shape[:2]
    if not (0 <= row < shape[0] and 0 <= col < shape[1]):
        raise ParameterError(f'the click {click} lies outside the image of shape {shape}')
    wanted = seen.smooth[row, col]
    alike = np.linalg.norm(seen.smooth - wanted, axis=-1) <= tolerance
    grown = segmentation.flood(alike, (row, col))  # type: ignore[no-untyped-call]
    rim = ndimage.binary_dilation(grown, iterations=_RIM) & ~grown
    grown[rim] = np.linalg.norm(seen.lab[rim] - wanted, axis=-1) <= 2 * tolerance
    return np.asarray(grown | holes_of(grown))


def _place(click: Any) -> tuple[int, int]:
    """Return the row and column of a click."""
    try:
        row, col = (index(number) for number in click)
    except (TypeError, ValueError):
        raise ParameterError(
            f'{shown("click", click)} is not one pixel; give its row and column, (row, column), '
            'and join the losses of several clicks with |'
        ) from None
    return row, col


def _smooth(lab: Floats) -> Floats:
    return np.asarray(ndimage.gaussian_filter(lab, (_SMOOTH, _SMOOTH, 0)))


def _positive(number: float, name: str) -> float:
    if not number > 0:
        raise ParameterError(f'{name} = {number!r} must be above 0')
    return number


def _foreign(lab: Floats, smooth: Floats) -> Floats:
    """Return the distance of each pixel from the nearest common colour and texture."""
    spread = ndimage.gaussian_filter((lab[..., 0] - smooth[..., 0]) ** 2, _TEXTURE)
    seen = np.concatenate([smooth, 2 * np.sqrt(spread)[..., None]], axis=-1).astype(np.float64)
    flat = seen.reshape(-1, seen.shape[-1])
    random = np.random.default_rng(0)
    some = flat[random.integers(len(flat), size=_PIXELS)]
    some += random.normal(0, _GRAIN, some.shape)  # k-means needs colours that differ
    palette, members = cluster.vq.kmeans2(some, _PALETTE, minit='++', seed=0)
    shares = np.bincount(members, minlength=_PALETTE) / len(members)
    common = palette[shares >= min(_RARE, float(shares.max()))]
    far = cluster.vq.vq(flat, common)[1].reshape(lab.shape[:2])
    return np.asarray(far, np.float32)
