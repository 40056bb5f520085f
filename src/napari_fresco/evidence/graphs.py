"""Evidence as graphs: resolution by correlation, spectrum of the residual, decorrelation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .correlation import ONE_SEVENTH, Correlation, frc, ring_correlation
from .decorrelation import decorrelation
from .plane_pairs import inner_of
from .residual import examined
from .splitting import split_noise

Floats = NDArray[np.float64]

_SMALLEST = 16  # pixels a side
_SMOOTH = 2.0  # pixels over which the intensity is averaged that tells the noise of a pixel
_HONEST = 4.0  # standard errors that the end of a correlation may lie off 0


class Trace(NamedTuple):
    """One line of a graph, or its points.

    Attributes
    ----------
    name : str
        What tells it from the others.
    x, y : ndarray
        Its points.
    style : {'line', 'dashed', 'dots'}
        Dashed is what the others are compared with.
    """

    name: str
    x: Floats
    y: Floats
    style: Literal['line', 'dashed', 'dots'] = 'line'


class Graph(NamedTuple):
    """A graph of curves, ready to be drawn.

    Attributes
    ----------
    name, caption : str
        What it is, and what it says.
    across : str
        What lies along the horizontal axis, with its unit.
    traces : tuple of Trace
        What is drawn.
    mark : float or None
        A place on the horizontal axis, such as a cut-off.
    from_zero : bool
        Whether the vertical axis begins at 0, or at the lowest value.
    """

    name: str
    caption: str
    across: str
    traces: tuple[Trace, ...]
    mark: float | None = None
    from_zero: bool = True


def graphs(
    image: Floats,
    result: Floats,
    noise: Any = None,
    seen: Floats | None = None,
    reach: int = 0,
    *,
    truth: Floats | None = None,
    second: Floats | None = None,
    step: float = 1.0,
    unit: str = 'pixel',
) -> list[Graph]:
    """Return the graphs of a plane.

    `image`, `result`: ``(H, W)``; where the result has another size, only the image is looked at.
    `noise`: of the image: standard deviation or Camera; without it there is no residual, either.
    `seen`: the result, blurred as the image is; without it there is no residual.
    `reach`: pixels from the border that light from beyond it reaches.
    `truth`: what the result should be.
    `second`: another exposure of the image.
    `step`, `unit`: distance of two pixels.
    """
    if min(image.shape) < _SMALLEST:
        return []
    alike = image.shape == result.shape
    found = list(_correlations(image, result if alike else None, noise, truth, second, step, unit))
    if alike and noise and seen is not None and (image != seen).any():
        own, made, predicted = (inner_of(each, reach) for each in (image, result, seen))
        found.append(_residual(own, made, predicted, noise))
    told = decorrelation(image)
    caption = f'of the image before; cut-off at {told.cutoff:.2f}'
    trace = (Trace('', told.radius, told.curve),)
    across = 'share of the Nyquist frequency'
    return [*found, Graph('Decorrelation', caption, across, trace, told.cutoff or None)]


def resolution_text(curve: Correlation, unit: str) -> str:
    """Say the resolution that a correlation tells."""
    if curve.cutoff >= curve.frequency[-1]:
        return f'signal up to the Nyquist frequency, {curve.resolution:.3g} {unit}'
    return f'resolution {curve.resolution:.3g} {unit} at 1/7'


def _correlations(
    image: Floats,
    result: Floats | None,
    noise: Any,
    truth: Floats | None,
    second: Floats | None,
    step: float,
    unit: str,
) -> Iterator[Graph]:
    if second is not None:
        yield _correlated('FRC, two frames', frc(image, second, step), unit)
    elif noise:
        curve = frc(*split_noise(image, _deviation(image, noise)), step)
        if _independent(curve):
            yield _correlated('FRC of the image, its noise split', curve, unit)
    if truth is not None and result is not None:
        own, before = (ring_correlation(each, truth, step) for each in (result, image))
        graph = _correlated('FRC with the truth', own, unit)
        yield graph._replace(
            traces=(
                Trace('result', own.frequency, own.values),
                Trace('image', before.frequency, before.values),
                graph.traces[-1],
            )
        )


def _correlated(name: str, curve: Correlation, unit: str) -> Graph:
    threshold = np.full(len(curve.values), ONE_SEVENTH)
    traces = (
        Trace('', curve.frequency, curve.values),
        Trace('1/7', curve.frequency, threshold, 'dashed'),
    )
    caption = resolution_text(curve, unit)
    return Graph(name, caption, f'cycles per {unit}', traces, curve.cutoff)


def _deviation(image: Floats, noise: Any) -> Floats | float:
    if not hasattr(noise, 'variance'):
        return float(noise)
    return np.asarray(np.sqrt(noise.variance(ndimage.gaussian_filter(image, _SMOOTH))))


def _independent(curve: Correlation) -> bool:
    """Say whether the halves of a split have nothing in common where there is only noise.

    They have where the noise was told wrong, or has a grain.
    """
    end = slice(len(curve.values) * 4 // 5, None)
    expected = 1 / math.sqrt(float(curve.count[end].sum()))
    return abs(float(curve.values[end].mean())) < _HONEST * expected


def _residual(image: Floats, result: Floats, seen: Floats, noise: Any) -> Graph:
    rings = examined(image, result, seen, noise).whiteness.ring_power
    frequency = (np.arange(len(rings)) + 0.5) / (2 * len(rings))
    caption = 'power of what was taken away; noise alone is 1 everywhere'
    level = Trace('noise', frequency, np.ones(len(rings)), 'dashed')
    traces = (Trace('', frequency, rings), level)
    return Graph('Residual', caption, 'cycles per pixel', traces)
