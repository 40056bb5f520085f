"""A result in numbers: against the truth, against the image it was made of, and by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..image.model import data_of
from ..noise.camera import Camera
from . import metrics
from .channels_together import in_all
from .check_limits import worst
from .checks import check_result
from .correlation import frc, frc_checkerboard, ring_correlation
from .decorrelation import decorrelation
from .error_map import ErrorMap, error_map, explained
from .graphs import Graph, graphs
from .plane_outcome import Outcome
from .plane_pairs import Compared, ComparedWith, Plane, colours_of, inner_of, middle_of
from .residual import examined

Floats = NDArray[np.float64]
Numbers = dict[str, float]

_BY_ITSELF = ('clipping', 'rounding', 'overshoot')  # what needs no residual


def evaluate(
    result: Any,
    image: Any,
    *,
    peak: float | None = None,
    **others: Unpack[ComparedWith],
) -> dict[str, Any]:
    """Measure a result.

    Parameters
    ----------
    result, image, truth : Image or array-like
        What was restored, what it was made of, and what it should be. Of a stack at most 8
        planes of each channel, spread over it, are measured.
    second : Image or array-like, optional
        Another exposure of the image, which tells the resolution.
    kernel : array-like, Image or Kernel, optional
        What the result is blurred by before it is compared with the image, as it was given to
        the restoration: 2-D, or 3-D for a stack with Z.
    noise : float, Camera or sequence of them, optional
        Noise of the image, or of each of its channels; found in it by default.
    peak : float, optional
        Intensity of white, for PSNR and SSIM; by default 255 for bytes, else the range of the
        truth.
    task : str, optional
        What was done; by default 'deblur' with a kernel, else 'denoise'. It tells which checks
        make sense.

    Returns
    -------
    dict
        JSON-ready groups of numbers: 'truth' (PSNR, SSIM, root mean square error, and the same
        for the image), 'light' (share of the light that is kept), 'noise', 'residual',
        'error_map', 'resolution' (in units of the spacing of Y, else in pixels), and 'checks'
        with what fails and its remedy. A group that cannot be measured is a sentence that says
        why. Pixels that light from beyond the image reaches are left out of 'residual',
        'error_map' and 'checks', and so are such planes where the kernel is that of a volume.
        Of an image with several channels 'channels' has the groups of each, by its name: as of
        that channel alone. Beside it stand the means of those that all channels have, and the
        worst of their checks, whose messages name the channel.

    Raises
    ------
    ImageError
        When the images do not belong together.
    KernelError
        When the kernel does not belong to the image.
    """
    compared = Compared(result, image, **others)
    each = {name: _evaluated(own, peak) for name, own in compared.each_channel()}
    return in_all(each) if compared.source.channel_names else each['']


def _evaluated(compared: Compared, peak: float | None) -> dict[str, Any]:
    """Measure an image of one channel."""
    planes, total = compared.spread()
    noise, enlarged = compared.noise, compared.enlarged
    groups: dict[str, Any] = {'planes': {'measured': len(planes), 'all': total}}
    groups['noise'] = noise._asdict() if isinstance(noise, Camera) else {'sigma': float(noise)}
    if compared.truth is not None:
        groups['truth'] = _against_truth(planes, peak or _peak(compared.truth), enlarged)
    groups['light'] = _light(planes)
    groups |= _unexplained(compared, planes)
    step, unit = compared.source.pixel_sizes.get('Y', (1.0, 'pixel'))
    groups['resolution'] = _resolution(planes, step, enlarged) | {'unit': unit}
    groups['checks'] = [] if enlarged else _checks(compared, planes)
    return groups


def evidence_graphs(result: Any, image: Any, **others: Unpack[ComparedWith]) -> list[Graph]:
    """Return the graphs of a result: correlations, residual, decorrelation.

    Parameters
    ----------
    result, image, truth, second, kernel, noise, task
        As for :func:`evaluate`. The middle of the middle plane is drawn, colours averaged; of
        several channels that of each, whose name the graph bears.

    Returns
    -------
    list of Graph
        Frequencies in cycles per unit of the spacing of Y, else per pixel. A ring correlation of
        the image with itself is only there where its halves share no noise, and the residual
        only where :func:`evaluate` measures it.

    Raises
    ------
    ImageError
        When the images do not belong together.
    """
    compared = Compared(result, image, **others)
    return [
        graph._replace(name=f'{name}: {graph.name}' if name else graph.name)
        for name, own in compared.each_channel()
        for graph in _drawn(own)
    ]


def _drawn(compared: Compared) -> list[Graph]:
    """Return the graphs of an image of one channel."""
    own, restored, wanted, again, predicted = (_gray(each) for each in compared.middle())
    assert own is not None
    assert restored is not None
    step, unit = compared.source.pixel_sizes.get('Y', (1.0, 'pixel'))
    wanted = None if wanted is None or wanted.shape != own.shape else wanted
    seen = None if compared.unjudged else predicted
    told: dict[str, Any] = {'truth': wanted, 'second': again, 'step': step, 'unit': unit}
    return graphs(own, restored, compared.noise, seen, compared.reach, **told)


def _gray(plane: Floats | None) -> Floats | None:
    """Return the mean of the colours of the middle of a plane."""
    return None if plane is None else np.asarray(colours_of(middle_of(plane)).mean(axis=0))


def _peak(truth: Any) -> float:
    data = np.asarray(data_of(truth))
    return 255.0 if data.dtype == np.uint8 else float(np.ptp(data)) or 1.0


def _against_truth(planes: Iterable[Plane], peak: float, enlarged: bool) -> dict[str, Any]:
    rows = []
    for plane in planes:
        assert plane.truth is not None
        row = _closeness(plane.result, plane.truth, peak)
        if not enlarged:
            row |= {f'input_{k}': v for k, v in _closeness(plane.image, plane.truth, peak).items()}
        rows.append(row)
    return {**_averaged(rows), 'peak': peak}


def _closeness(image: Floats, truth: Floats, peak: float) -> Numbers:
    if image.shape != truth.shape:
        raise ImageError(f'the images differ in shape: {image.shape} and {truth.shape}')
    found = {
        'psnr': metrics.psnr(image, truth, peak),
        'rmse': float(np.sqrt(np.mean((image - truth) ** 2))),
    }
    if min(image.shape[:2]) >= 11:
        found['ssim'] = metrics.ssim(image, truth, peak)
    return found


def _light(planes: Iterable[Plane]) -> Numbers:
    pairs = [(plane.image.mean(), plane.result.mean()) for plane in planes]
    before, after = map(float, np.mean(pairs, axis=0))
    return {'before': before, 'after': after, 'kept': after / before if before else math.nan}


def _unexplained(compared: Compared, planes: Sequence[Plane]) -> dict[str, Any]:
    """Return what the result leaves of the image: groups 'residual' and 'error_map'."""
    why, noise = compared.unjudged, compared.noise
    judged = [plane for plane in planes if plane.predicted is not None]
    if not why and not judged:
        why = (
            'not measured: light from beyond the stack, which is not known, reaches every plane '
            'that was looked at'
        )
    if why:
        error = _mean(_sharpness, planes) if compared.kernel_unknown else why
        return {'residual': why, 'error_map': error}
    in_planes = {'planes': len(judged)} if compared.blur and compared.blur.of_volume else {}
    measures = {
        'residual': lambda y, x, seen: _residual(y, x, seen, noise),
        'error_map': _explained if compared.blur else _sharpness,
    }
    found = {name: _mean(measure, judged, compared.reach) for name, measure in measures.items()}
    return {n: x if isinstance(x, str) else {**in_planes, **x} for n, x in found.items()}


def _residual(y: Floats, x: Floats, seen: Floats, noise: Any) -> Numbers:
    found = examined(y, x, seen, noise)
    return {
        'rms': found.rms,
        'chi_square': found.chi_square.total,
        'flagged': float(found.chi_square.flagged.mean()),
        'lag_one': found.whiteness.lag_one,
        'low_over_high': found.whiteness.low_over_high,
        'structure': found.structure,
        'edges': found.edges,
    }


def _explained(y: Floats, x: Floats, seen: Floats) -> Numbers:
    return _numbers(explained(y, seen))


def _sharpness(y: Floats, x: Floats, seen: Floats | None = None) -> Numbers:
    return _numbers(error_map(y, x))


def _numbers(found: ErrorMap) -> Numbers:
    return {'rse': found.rse, 'rsp': found.rsp, 'alpha': found.alpha, 'beta': found.beta}


def _mean(measure: Any, planes: Iterable[Plane], reach: int = 0) -> Numbers | str:
    """Return the mean of measures over planes and colours; or the reason why there is none.

    `reach`: pixels from the border that are left out.
    """
    try:
        rows = []
        for plane in planes:
            told = (plane.image, plane.result, plane.predicted)
            each = [colours_of(middle_of(inner_of(x, reach))) for x in told if x is not None]
            rows += [measure(*colour) for colour in zip(*each, strict=True)]
        return _averaged(rows)
    except ValueError as error:  # a FrescoError, too
        return f'not measured: {error}'


def _checks(compared: Compared, planes: Iterable[Plane]) -> list[dict[str, Any]]:
    """Return the checks of results of this task, the worst of all planes."""
    found, noise, dtype = [], compared.noise, compared.result.dtype
    names = compared.facts.checks
    for y, x, _, _, seen in planes:
        sigma: Floats | float | None = None
        if seen is not None:
            sigma = np.sqrt(noise.variance(seen)) if isinstance(noise, Camera) else noise
        outcome = Outcome(
            observed=y,
            restored=x,
            given=x.astype(dtype),
            predicted=x if seen is None else seen,
            sigma=sigma,
            offset=noise.offset if isinstance(noise, Camera) else min(float(y.min()), 0.0),
            span=float(np.ptp(y)) or 1.0,
            margin=compared.reach,
            of_volume=bool(compared.blur and compared.blur.of_volume),
        )
        known = names if seen is not None else [name for name in names if name in _BY_ITSELF]
        found.append(check_result(outcome, known))
    return [asdict(check) for check in worst(found)]


def _resolution(planes: list[Plane], step: float, enlarged: bool) -> dict[str, Any]:
    """Return resolutions of the middle plane; those of a restored image alone mean nothing."""
    plane = planes[len(planes) // 2]
    y, x = (colours_of(middle_of(each)).mean(axis=0) for each in plane[:2])
    found: dict[str, Any] = {}
    if min(y.shape) >= 16:
        found['input_decorrelation'] = _finite(decorrelation(y, step).resolution)
        found['input_checkerboard'] = _finite(frc_checkerboard(y, step).resolution)
        if plane.second is not None:
            second = colours_of(middle_of(plane.second)).mean(axis=0)
            found['input_two_frames'] = _finite(frc(y, second, step).resolution)
        if plane.truth is not None and not enlarged:
            truth = colours_of(middle_of(plane.truth)).mean(axis=0)
            found['input_with_truth'] = _finite(ring_correlation(y, truth, step).resolution)
            found['result_with_truth'] = _finite(ring_correlation(x, truth, step).resolution)
    return found


def _averaged(rows: list[Numbers]) -> Numbers:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
