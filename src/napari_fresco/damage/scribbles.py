"""A pixel classifier that learns cracks, or any other damage, from a few scribbles."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import feature, filters

from ..errors import MaskError, MethodError
from ..image.one_plane import PlaneLike, pixels_of
from .cracks import Mask, crack_evidence, long_pieces
from .gaps import gaps_closed
from .in_tiles import Progress, tiles
from .line_filters import Floats, oriented

DAMAGE, PAINT = 1, 2
"""Labels of scribbles."""

_TREES, _DEPTH, _LEAF = 30, 16, 3
_BLURS = (1, 3, 8)  # pixels
_LEVELS = (0.08, 0.16, 0.05, 0.02)
"""Shares of the strongest response: at the first two the length of the piece around a pixel is a
feature; between the last two (with hysteresis) a pixel vouches for itself as a crack."""
_TILE, _MARGIN = 512, 64
_CONTINUED = (1.3, 5.0)  # across and along: probability that goes on along a line
_LOW, _HIGH = 0.65, 0.88  # probabilities between which damage goes on
_SHORTEST, _SHORTEST_JOINED = 12.0, 24.0  # pixels: of a piece, and of what gaps were closed of
_SHORTEST_PROPOSED = 15.0
_DOUBT = 0.05  # probability below which the scribbles object to what is proposed
_VOUCHING, _MOST_VOUCHING = 0.15, 24_000  # part of the pixels that are drawn to vouch


class Features(NamedTuple):
    """The features of a classifier, computed once for all rounds of scribbles."""

    values: Floats  # (H, W, features)
    response: Floats  # (H, W), as of crack_response
    levels: tuple[float, ...]  # of the response, above which its strongest shares lie


class Learned(NamedTuple):
    """The outcome of learning from scribbles."""

    mask: Mask  # (H, W), True where damaged
    probability: Floats  # (H, W), 0 to 1; scribbled pixels are certain


class Lessons(NamedTuple):
    """Training samples: the pixels that scribbles mark, and a sample of the others."""

    values: Floats  # (N, features)
    labels: NDArray[np.uint8]  # (N,), 1 or 2
    others: Floats  # (M, features)
    proposed: Mask  # (M,), whether they vouch for themselves as cracks
    like_lines: Mask  # (M,)


def learn_from_scribbles(image: PlaneLike | Features, scribbles: PlaneLike) -> Learned:
    """Learn from scribbles which pixels are damaged.

    Meant for a loop: propose, scribble over what is wrong (1 on what is damaged, 2 on what is
    paint), learn, look, scribble again. Where nobody has scribbled, the proposal of
    :func:`~napari_fresco.damage.propose_cracks` vouches for itself.

    Parameters
    ----------
    image : array_like or Image, ``(H, W)`` or ``(H, W, 3)``, or the Features of one
        Gray or sRGB image; integers fill the range of their type, floats lie in [0, 1].
        Pass the result of :func:`scribble_features` to compute it once for all rounds.
    scribbles : array_like or Image of int, ``(H, W)``
        1 = damage, 2 = paint, 0 = not said. Both must occur.

    Returns
    -------
    Learned
        The mask and the probability it was thresholded from; scribbled pixels are as scribbled.

    Raises
    ------
    MaskError
        If the scribbles do not fit the image or lack a label.
    MethodError
        If scikit-learn is not installed.

    Notes
    -----
    Thirty extremely randomized trees [1]_ on colours, edges and line filters at several scales.
    The same scribbles give the same mask. Probabilities are raised where they go on along a line;
    gaps between pieces are closed where a crack probably goes on, and what stays short is dropped.

    .. [1] P. Geurts, D. Ernst and L. Wehenkel, "Extremely randomized trees", Machine Learning 63,
       3-42, 2006.
    """
    seen = image if isinstance(image, Features) else scribble_features(image)
    forest = forest_of([lessons_of(seen, scribbles)])
    return decided(probability_of(forest, seen), _labels(scribbles))


def scribble_features(image: PlaneLike, levels: tuple[float, ...] | None = None) -> Features:
    """Return the features of each pixel of `image`, for :func:`learn_from_scribbles`.

    Parameters
    ----------
    image : array_like or Image, ``(H, W)`` or ``(H, W, 3)``
        Gray or sRGB image; integers fill the range of their type, floats lie in [0, 1].
    levels : tuple of float, optional
        Levels of the Features of another part of the same image, so that both parts are judged
        alike.

    Returns
    -------
    Features
        About 65 float32 values for each pixel: take a part of a large image.
    """
    seen = crack_evidence(image)
    if levels is None:
        shares = [1 - share for share in _LEVELS]
        levels = tuple(float(level) for level in np.quantile(seen.response, shares))
    planes = [plane for band in seen.bands for plane in (*band[:3], *band[4:])]
    planes += [plane / seen.liveliness for band in seen.bands for plane in band[:2]]
    planes += [seen.long, seen.long / seen.liveliness, seen.hue, seen.liveliness, seen.response]
    planes += [ndimage.maximum_filter(seen.response, 5)]
    planes += [ndimage.gaussian_filter(np.maximum(seen.response, 0), 3)]
    colours = (seen.lightness, seen.chroma.real, seen.chroma.imag)
    planes += [ndimage.gaussian_filter(plane, blur) for blur in _BLURS for plane in colours]
    planes += [seen.lightness - ndimage.gaussian_filter(seen.lightness, _BLURS[-1])]
    slopes = ((0, 1), (1, 0))
    planes += [
        ndimage.gaussian_filter(seen.lightness, s, order=o) for s in (0.8, 1.6) for o in slopes
    ]
    planes += [_piece_lengths(seen.response > level) for level in levels[:2]]
    basic = feature.multiscale_basic_features(seen.lightness, sigma_min=0.7, sigma_max=6)  # type: ignore[no-untyped-call]
    values = np.concatenate([np.stack(planes, axis=-1), basic], axis=-1)
    return Features(values.astype(np.float32), seen.response, levels)


def learned_steps(
    image: PlaneLike,
    lessons: Sequence[Lessons],
    levels: tuple[float, ...],
    scribbles: PlaneLike,
) -> Generator[Progress, None, Learned]:
    """Apply a classifier learned on parts of a large image to all of it, tile by tile.

    `lessons`: of those parts.
    `levels`: of the Features of one of them.
    `scribbles`: of the whole image.
    """
    pixels, forest = pixels_of(image), forest_of(lessons)
    found = np.empty(pixels.shape[:2], np.float32)
    parts = list(tiles(pixels.shape, _TILE, _MARGIN))
    for number, tile in enumerate(parts):
        yield Progress(number, len(parts))
        seen = scribble_features(pixels[tile.seen], levels)
        found[tile.inner] = probability_of(forest, seen)[tile.within]
    return decided(found, _labels(scribbles))


def lessons_of(seen: Features, scribbles: PlaneLike, partly: bool = False) -> Lessons:
    """Return the training samples of scribbles.

    `partly`: whether they are those of a part of an image, which need not have both labels.
    """
    said = _checked(scribbles, seen.response.shape, partly)
    scribbled = said > 0
    share = min(_VOUCHING, _MOST_VOUCHING / said.size)
    drawn = ~scribbled & (np.random.default_rng(0).random(said.shape) < share)
    return Lessons(
        seen.values[scribbled],
        said[scribbled],
        seen.values[drawn],
        _proposed(seen)[drawn],
        (seen.response > seen.levels[1])[drawn],
    )


def forest_of(lessons: Sequence[Lessons]) -> Any:
    """Return trees grown from scribbles, and from pixels that vouch for the proposal.

    A pixel of a line vouches only if trees grown from the scribbles alone do not object, or
    else strokes of the brush like those that were scribbled away would vouch for themselves.
    """
    values, labels, others, proposed, like_lines = map(np.concatenate, zip(*lessons, strict=True))
    _need_both(labels)
    damage = _trees().fit(values, labels).predict_proba(others)[:, 0]
    agreed = np.where(proposed, damage, np.where(like_lines, 1 - damage, 1)) > _DOUBT
    vouched = np.where(proposed, DAMAGE, PAINT)[agreed]
    everything = np.concatenate([values, others[agreed]])
    return _trees().fit(everything, np.concatenate([labels, vouched]).astype(np.uint8))


def probability_of(forest: Any, seen: Features) -> Floats:
    """Return the probability of damage, raised where it goes on along a line."""
    flat = seen.values.reshape(-1, seen.values.shape[-1])
    damage = forest.predict_proba(flat)[:, 0].reshape(seen.response.shape)
    line = oriented(np.asarray(-damage, np.float32), *_CONTINUED, 12, steps=False).real.max(axis=0)
    return np.asarray(np.clip(damage + line, 0, 1), np.float32)


def decided(probability: Floats, said: NDArray[Any]) -> Learned:
    """Return the decision from a probability; scribbled pixels are as scribbled."""
    probability[said == DAMAGE], probability[said == PAINT] = 1, 0
    sure = filters.apply_hysteresis_threshold(probability, _LOW, _HIGH)  # type: ignore[no-untyped-call]
    mask = long_pieces(sure, _SHORTEST) | (said == DAMAGE)
    joined = long_pieces(gaps_closed(mask, probability, said == PAINT), _SHORTEST_JOINED)
    return Learned(joined | (said == DAMAGE), probability)


def _proposed(seen: Features) -> Mask:
    low, high = seen.levels[2:]
    marked = filters.apply_hysteresis_threshold(seen.response, low, high)  # type: ignore[no-untyped-call]
    return long_pieces(marked, _SHORTEST_PROPOSED)


def _piece_lengths(mask: Mask) -> Floats:
    """Return the length of the frame of the piece that each pixel belongs to."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    frames = ndimage.find_objects(labels)
    lengths = [np.hypot(rows.stop - rows.start, cols.stop - cols.start) for rows, cols in frames]
    return np.asarray(ndimage.maximum_filter(np.array([0, *lengths])[labels], 3), np.float32)


def _checked(scribbles: PlaneLike, shape: tuple[int, ...], partly: bool) -> NDArray[np.uint8]:
    said = _labels(scribbles)
    if said.shape != shape:
        raise MaskError(f'the scribbles have shape {said.shape}, the image {shape}; give the same')
    if not partly:
        _need_both(said)
    return np.where((said == DAMAGE) | (said == PAINT), said, 0).astype(np.uint8)


def _labels(scribbles: PlaneLike) -> NDArray[Any]:
    return pixels_of(scribbles, 'the scribbles', MaskError)


def _need_both(labels: NDArray[Any]) -> None:
    names = {'1 (damage)': DAMAGE, '2 (paint)': PAINT}
    missing = [name for name, label in names.items() if not (labels == label).any()]
    if missing:
        raise MaskError(f'no scribble has label {" nor ".join(missing)}; draw at least one of each')


def _trees() -> Any:
    try:
        from sklearn.ensemble import ExtraTreesClassifier
    except ImportError as error:
        raise MethodError(
            'learning from scribbles needs scikit-learn: pip install "napari-fresco[scribbles]"'
        ) from error
    return ExtraTreesClassifier(
        _TREES,
        max_depth=_DEPTH,
        min_samples_leaf=_LEAF,  # strokes run over the rim of what they mean
        class_weight='balanced',
        random_state=0,
        n_jobs=-1,
    )
