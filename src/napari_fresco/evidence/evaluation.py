"""A result in numbers: against the truth, against the image it was made of, and by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..declare.tasks import find_task_facts
from ..errors import ImageError
from ..image.given import as_array
from ..image.layout import Layout
from ..image.model import Image, data_of, named
from ..noise.camera import Camera, estimate_camera
from ..noise.level import estimate_noise
from ..types import Task
from . import metrics
from .check_limits import worst
from .checks import check_result
from .correlation import frc, frc_checkerboard
from .decorrelation import decorrelation
from .error_map import error_map
from .graphs import Graph, graphs
from .plane_outcome import Outcome
from .residual import blurred, residual

Floats = NDArray[np.float64]
Numbers = dict[str, float]

_PLANES = 8
_PART = 1024  # side of the middle of a plane by which residual, error and resolution are told


class Plane(NamedTuple):
    """A plane ``(H, W)`` or ``(H, W, 3)`` of an image, its result, the truth, a second frame."""

    image: Floats
    result: Floats
    truth: Floats | None
    second: Floats | None


def evaluate(
    result: Any,
    image: Any,
    *,
    truth: Any = None,
    second: Any = None,
    kernel: Any = None,
    noise: float | Camera | None = None,
    peak: float | None = None,
    task: Task | None = None,
) -> dict[str, Any]:
    """Measure a result.

    Parameters
    ----------
    result, image, truth : Image or array-like
        What was restored, what it was made of, and what it should be. Of a stack at most 8
        planes, spread over it, are measured.
    second : Image or array-like, optional
        Another exposure of the image, which tells the resolution.
    kernel : array-like, optional
        What the result is blurred by before it is compared with the image.
    noise : float or Camera, optional
        Noise of the image; found in it by default.
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
        why.

    Raises
    ------
    ImageError
        When the images do not belong together.
    """
    source = Image.of(image)
    if not isinstance(result, Image):
        as_array(result, 'result')
    planes, total = _planes(source, result, truth, second)
    noise = _noise(source) if noise is None else noise
    enlarged = planes[0].result.shape != planes[0].image.shape
    groups: dict[str, Any] = {'planes': {'measured': len(planes), 'all': total}}
    groups['noise'] = noise._asdict() if isinstance(noise, Camera) else {'sigma': float(noise)}
    if truth is not None:
        groups['truth'] = _against_truth(planes, peak or _peak(truth), enlarged)
    groups['light'] = _light(planes)
    names = find_task_facts(task or ('denoise' if kernel is None else 'deblur')).checks
    why = ''
    if enlarged:
        why = 'not measured: the result has another size or other colours than the image'
    elif 'structure' not in names:
        why = f'not measured: what task {task!r} takes away is no noise'
    groups['residual'] = why or _mean(_residual, planes, noise, kernel)
    groups['error_map'] = why or _mean(_error, planes, kernel)
    step, unit = source.spacing.get('Y', (1.0, 'pixel'))
    groups['resolution'] = _resolution(planes, step, enlarged) | {'unit': unit}
    dtype = _like(result, source).dtype
    groups['checks'] = [] if enlarged else _checks(planes, noise, kernel, dtype, names)
    return groups


def evidence_graphs(
    result: Any,
    image: Any,
    *,
    truth: Any = None,
    second: Any = None,
    kernel: Any = None,
    noise: float | Camera | None = None,
) -> list[Graph]:
    """Return the graphs of a result: correlations, residual, decorrelation.

    Parameters
    ----------
    result, image, truth, second, kernel, noise
        As for :func:`evaluate`. The middle of the middle plane is drawn, colours averaged.

    Returns
    -------
    list of Graph
        Frequencies in cycles per unit of the spacing of Y, else per pixel. A ring correlation of
        the image with itself is only there where its halves share no noise.

    Raises
    ------
    ImageError
        When the images do not belong together.
    """
    source = Image.of(image)
    plane = read_plane(source, middle_index(source), alike(source, result, truth, second))
    grays = [None if each is None else colours_of(middle_of(each)).mean(axis=0) for each in plane]
    own, restored, wanted, again = grays
    assert own is not None
    assert restored is not None
    step, unit = source.spacing.get('Y', (1.0, 'pixel'))
    noise = _noise(source) if noise is None else noise
    wanted = None if wanted is None or wanted.shape != own.shape else wanted
    return graphs(own, restored, noise, kernel, truth=wanted, second=again, step=step, unit=unit)


def _planes(source: Image, *others: Any) -> tuple[list[Plane], int]:
    """Return planes spread over the stack, and their total number."""
    indices = list(Layout.of(source).planes())
    images = alike(source, *others)
    picked = indices[:: math.ceil(len(indices) / _PLANES)]
    return [read_plane(source, index, images) for index in picked], len(indices)


def middle_index(source: Image) -> tuple[int, ...]:
    """Return the index of the middle plane of an image."""
    layout = Layout.of(source)
    return list(layout.planes())[int(np.prod(layout.leading)) // 2]


def alike(source: Image, *others: Any) -> list[Image | None]:
    """Return others as images with the stack of `source`, or None where there are none."""
    return [None if each is None else _like(each, source) for each in others]


def read_plane(source: Image, index: tuple[int, ...], others: Sequence[Image | None]) -> Plane:
    """Read a plane of an image with its result, truth and second frame."""
    own = _read(source, Layout.of(source), index)
    restored, wanted, second = (
        None if each is None else _read(each, Layout.of(each), index) for each in others
    )
    assert restored is not None
    if wanted is not None and wanted.shape != restored.shape:
        raise ImageError(f'the truth has planes of {wanted.shape}, the result {restored.shape}')
    if second is not None and second.shape != own.shape:
        raise ImageError(f'the second frame has planes of {second.shape}, the image {own.shape}')
    return Plane(own, restored, wanted, second)


def _like(other: Any, source: Image) -> Image:
    """Return an image with the stack of `source`."""
    other = named(other)
    image = other if isinstance(other, Image) else Image.of(other, axes=_axes(other, source))
    mine, theirs = (Layout.of(each).leading for each in (source, image))
    if mine != theirs:
        raise ImageError(
            f'{image.shape} ({image.axes}) and {source.shape} ({source.axes}) do not belong '
            'together; give a result, an input and a truth of one stack'
        )
    return image


def _axes(other: Any, source: Image) -> str | None:
    return source.axes if np.ndim(other) == source.ndim else None


def _read(image: Image, layout: Layout, index: tuple[int, ...]) -> Floats:
    plane = layout.colours(layout.read(image.data, index)).astype(np.float64)
    finite = np.isfinite(plane)
    if not finite.all():
        plane = np.where(finite, plane, plane[finite].mean() if finite.any() else 0.0)
    return plane


def _noise(source: Image) -> float | Camera:
    """Return the estimated noise of an image."""
    return estimate_camera(source) or float(estimate_noise(source))


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


def _residual(y: Floats, x: Floats, noise: Any, kernel: Any) -> Numbers:
    found = residual(y, x, noise, kernel)
    return {
        'rms': found.rms,
        'chi_square': found.chi_square.total,
        'flagged': float(found.chi_square.flagged.mean()),
        'lag_one': found.whiteness.lag_one,
        'low_over_high': found.whiteness.low_over_high,
        'structure': found.structure,
        'edges': found.edges,
    }


def _error(y: Floats, x: Floats, kernel: Any) -> Numbers:
    found = error_map(y, x, kernel=kernel)
    return {'rse': found.rse, 'rsp': found.rsp, 'alpha': found.alpha, 'beta': found.beta}


def _mean(measure: Any, planes: Iterable[Plane], *given: Any) -> Numbers | str:
    """Return the mean of measures over planes and colours; or the reason why there is none."""
    try:
        return _averaged(
            [
                measure(y, x, *given)
                for plane in planes
                for y, x in zip(*(colours_of(middle_of(each)) for each in plane[:2]), strict=True)
            ]
        )
    except ValueError as error:  # a FrescoError, too
        return f'not measured: {error}'


def _checks(
    planes: Iterable[Plane],
    noise: float | Camera,
    kernel: Any,
    dtype: np.dtype[Any],
    names: Sequence[str],
) -> list[dict[str, Any]]:
    """Return the checks of results of this task, the worst of all planes."""
    found = []
    for y, x, *_ in planes:
        outcome = Outcome(
            observed=y,
            restored=x,
            given=x.astype(dtype),
            predicted=_predicted(x, kernel),
            sigma=np.sqrt(noise.variance(x)) if isinstance(noise, Camera) else noise,
            offset=noise.offset if isinstance(noise, Camera) else min(float(y.min()), 0.0),
            span=float(np.ptp(y)) or 1.0,
            margin=0 if kernel is None else math.ceil(max(np.shape(kernel)) / 2),
        )
        found.append(check_result(outcome, names))
    return [asdict(check) for check in worst(found)]


def _predicted(x: Floats, kernel: Any) -> Floats:
    if kernel is None:
        return x
    return np.stack([blurred(each, kernel) for each in colours_of(x)], -1).reshape(x.shape)


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
            found['input_with_truth'] = _finite(frc(y, truth, step).resolution)
            found['result_with_truth'] = _finite(frc(x, truth, step).resolution)
    return found


def middle_of(plane: Floats) -> Floats:
    """Return the middle of a large plane."""
    rows, columns = (max((n - _PART) // 2, 0) for n in plane.shape[:2])
    return plane[rows : rows + _PART, columns : columns + _PART]


def colours_of(plane: Floats) -> Floats:
    """Return the colours of a plane one behind the other."""
    return plane[None] if plane.ndim == 2 else np.moveaxis(plane, -1, 0)


def _averaged(rows: list[Numbers]) -> Numbers:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def noise_of(provenance: Mapping[str, Any]) -> float | Camera | None:
    """Return the noise that a run reckoned with; None where its record does not tell one."""
    if isinstance(provenance.get('sigma'), float | int):
        return float(provenance['sigma'])
    for model in provenance.get('noise', ()):
        if 'gain' in model:
            return Camera(model['gain'], model['offset'], model['read_noise'])
    return None
