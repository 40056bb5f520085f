"""Point spread functions measured from images of many beads. No torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from ...errors import KernelError
from ...image.model import Image, values_of
from ...image.units import converted
from ..number_checks import odd_size, positive
from .bead import depth_of, level_of, recentred, rim_depth, support_of
from .kernel import Kernel

Array = NDArray[np.float64]

_SMOOTHING = 1.0
"""Standard deviation in pixels with which maxima are looked for."""
_ABOVE = 8.0
"""Standard deviations of the smoothed noise that a bead rises above the background."""
_DIMMEST = 0.1
"""Part of the height of the brightest maximum below which none is looked at."""
_NEIGHBOUR = 0.1
"""Part of its height above which another maximum disturbs a bead."""
_ALIKE = 1.3
"""How much wider or longer than the median bead one may be."""
_LONGEST = 2.0
"""Length over width of a bead that is none, whatever the others are."""
_REACH = 3.0
"""Half of the window in widths at half maximum."""
_FEW = 3
_JUDGED = 25
"""How many of the brightest say how wide a bead is."""
_LEAST_TRANSFER = 0.3
"""Transfer of a bead up to which its size can be taken out."""


def from_beads(
    image: Any,
    *,
    diameter: float | None = None,
    spacing: Mapping[str, tuple[float, str]] | None = None,
    size: int | None = None,
    planes: int | None = None,
    saturation: float | None = None,
) -> Kernel:
    r"""Measure a point spread function from all good beads in an image or a volume.

    Maxima that rise above the noise are beads. Those are left out that the border cuts, that have
    a neighbour within a window, that are saturated, or that are longer or wider than the others,
    as clusters are. Of each the median of the rim of its middle planes is subtracted, its centre
    is moved onto a pixel by cubic splines, and all are averaged, bright ones more. What a sphere of
    `diameter` D adds is divided out where it transfers more than 0.3,

    .. math:: \hat P = P B / (B^2 + \epsilon), \quad B = 3(\sin q - q\cos q)/q^3,
              \quad q = \pi D|f|,

    with :math:`\epsilon` the power of the noise over that of the signal.

    Parameters
    ----------
    image : array_like or Image
        Y, X or Z, Y, X, a single channel; an image brings its spacing.
    diameter : float, optional
        Of the beads in µm; without it their size stays in the result: it adds D²/20 to the
        variance along each axis.
    spacing : mapping, optional
        As :class:`Kernel` has it; `diameter` needs it.
    size, planes : int, optional
        Odd numbers of pixels along Y and X and along Z; by default six widths at half maximum.
    saturation : float, optional
        Value at which the camera is full; by default the largest of an integer type, and
        whatever several pixels share as the largest.

    Returns
    -------
    Kernel
        With spacing; `notes` say how many beads were taken and why others were not.

    Raises
    ------
    KernelError
        When there is no usable bead, or the image is neither a plane nor a volume.
    """
    values, spacing = _read(image, spacing)
    if planes is not None and values.ndim == 2:
        raise KernelError(f'planes = {planes} are asked of a single plane; leave it out')
    beads = _Beads.find(values, size, planes, saturation)
    if not beads.kept:
        raise KernelError(
            f'no bead can be used: {_counted(beads.refused) or "nothing rises above the noise"}; '
            'give an image of separate beads with dark background, or a smaller size'
        )
    mean, noise = beads.averaged()
    if diameter is not None:
        mean = _without_sphere(mean, diameter, spacing, noise)
    widths = _extent(mean, np.unravel_index(int(np.argmax(mean)), mean.shape))
    return Kernel(
        np.clip(mean, 0, None),
        spacing or None,
        source=f'measured from {len(beads.kept)} bead{"s" * (len(beads.kept) > 1)}',
        warnings=tuple(_doubts(beads, diameter, spacing, widths)),
        notes=(_taken(beads),),
        metadata={
            'beads': len(beads.kept),
            'refused': dict(beads.refused),
            **({} if diameter is None else {'diameter': float(diameter)}),
        },
    )


@dataclass(frozen=True, eq=False)
class _Beads:
    """Beads that were found: their places, the ones to keep, and why others are not."""

    values: Array
    sizes: tuple[int, ...]
    kept: list[tuple[Array, float]]
    """Centre and height of each."""
    refused: Counter[str]

    @classmethod
    def find(
        cls, values: Any, size: int | None, planes: int | None, saturation: float | None
    ) -> _Beads:
        """Find the beads in an image."""
        full = _full(values, saturation)
        values = values.astype(np.float64)
        places, heights, level = _maxima(values)
        if not len(places):
            return cls(values, (1,) * values.ndim, [], Counter())
        brightest = places[np.argsort(heights)[::-1][:_JUDGED]]
        sizes = _window(values - level, brightest, size, planes)
        refused: Counter[str] = Counter()
        good: list[tuple[Array, float, Array]] = []
        for place, height in zip(places, heights, strict=True):
            why = _fault(values, place, height, places, heights, sizes, full)
            if why:
                refused[why] += 1
                continue
            centre, moments = _core(values, place, level)
            good.append((centre, height, moments))
        usual = np.median([m for _, _, m in good], axis=0) if good else np.ones(values.ndim)
        kept = []
        for centre, height, moments in good:
            alike = np.all(moments < _ALIKE**2 * usual) and _length(moments) < _LONGEST
            refused['not like the others'] += not alike
            kept += [(centre, height)] if alike else []
        return cls(values, sizes, kept, +refused)

    def averaged(self) -> tuple[Array, float]:
        """Return the mean bead, 0 where it is not above its noise, and the noise."""
        total, weights = np.zeros(self.sizes), 0.0
        border = rim_depth(tuple(self.sizes)) == 0
        for centre, height in self.kept:
            bead = recentred(self.values, centre.tolist(), self.sizes)
            total += height * (bead - np.median(bead[border]))
            weights += height**2
        mean = total / weights
        noise = level_of(mean[border])[1]
        middle = tuple(n // 2 for n in self.sizes)
        return np.where(support_of(mean, noise, middle), mean, 0.0), noise


def _read(
    image: Any, spacing: Mapping[str, tuple[float, str]] | None
) -> tuple[NDArray[Any], dict[str, tuple[float, str]]]:
    """Return pixels and spacing of a plane or a volume."""
    if isinstance(image, Image):
        axes = [a for a in image.axes if image.length(a) > 1]
        if not set(axes) <= set('ZYX'):
            raise KernelError(
                f'beads are looked for in axes Y, X or Z, Y, X, not in {image.axes} of shape '
                f'{image.shape}; give one channel or time'
            )
        spacing = spacing or {a: image.spacing[a] for a in axes if a in image.spacing}
        image = np.asarray(image.data).squeeze()
    values = values_of(image, 'image', KernelError)
    if values.ndim not in (2, 3) or values.dtype.kind not in 'buif' or min(values.shape) < 5:
        raise KernelError(
            'beads are looked for in real numbers with axes Y, X or Z, Y, X and 5 pixels along '
            f'each, not in {values.dtype} of shape {values.shape}'
        )
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise KernelError(f'the image of beads holds {bad} NaN or infinite pixels')
    return values, dict(spacing or {})


def _full(values: NDArray[Any], saturation: float | None) -> float:
    """Return the value from which a pixel is saturated."""
    if saturation is not None:
        return saturation
    top = values.max()
    shared = np.count_nonzero(values == top) > 2
    known = float(np.iinfo(values.dtype).max) if values.dtype.kind in 'ui' else math.inf
    return float(top) if shared else known


def _maxima(values: Array) -> tuple[NDArray[np.int64], Array, float]:
    """Return places and heights of the maxima above the noise, and the background."""
    smooth = ndimage.gaussian_filter(values, _SMOOTHING)
    level, noise = level_of(smooth)
    least = max(_ABOVE * noise, _DIMMEST * float(smooth.max() - level), 1e-9 * abs(level))
    peaks = (smooth == ndimage.maximum_filter(smooth, 5)) & (smooth - level > least)
    # Equal neighbours, as in a saturated bead, are one maximum.
    labels, count = ndimage.label(peaks, np.ones((3,) * values.ndim))
    centres = ndimage.center_of_mass(peaks, labels, range(1, count + 1))
    places = np.rint(np.array(centres).reshape(count, values.ndim)).astype(np.int64)
    return places, smooth[tuple(places.T)] - level, level


def _window(
    signal: Array, places: NDArray[np.int64], size: int | None, planes: int | None
) -> tuple[int, ...]:
    """Return the size of a window that holds a usual bead."""
    found = np.median([_extent(signal, place) for place in places], axis=0)
    alone = places[0] if len(places) == 1 else np.array(signal.shape) // 2
    room = np.minimum(alone, np.array(signal.shape) - 1 - alone)
    found[-2:] = found[-2:].max()
    room[-2:] = room[-2:].min()
    sizes = []
    for axis, (width, most) in enumerate(zip(found, room, strict=True)):
        said = planes if signal.ndim == 3 and axis == 0 else size
        sizes.append(odd_size(said, min(math.ceil(_REACH * max(width, 2)), int(most))))
    return tuple(sizes)


def _extent(values: Array, peak: Sequence[Any]) -> list[float]:
    """Return the number of pixels around `peak` above its half, along each axis."""
    found = []
    for axis in range(values.ndim):
        line = values[tuple(slice(None) if a == axis else p for a, p in enumerate(peak))]
        above = np.pad(line >= line[peak[axis]] / 2, 1)
        place = int(peak[axis]) + 1
        found.append(float(np.argmin(above[place::-1]) + np.argmin(above[place:]) - 1))
    return found


def _fault(
    values: Array,
    place: NDArray[np.int64],
    height: float,
    places: NDArray[np.int64],
    heights: Array,
    sizes: Sequence[int],
    full: float,
) -> str:
    """Say why a bead is not to be used, or nothing."""
    half = np.array(sizes) // 2
    if (place < half).any() or (place + half >= values.shape).any():
        return 'cut by the border'
    near = (np.abs(places - place) <= np.array(sizes)).all(axis=1)
    if np.count_nonzero(near & (heights > _NEIGHBOUR * height)) > 1:
        return 'with a neighbour'
    core = tuple(slice(max(p - 2, 0), p + 3) for p in place)
    return 'saturated' if values[core].max() >= full else ''


def _core(values: Array, place: NDArray[np.int64], level: float) -> tuple[Array, Array]:
    """Return the centre of the part of a bead above half of its height, and its variances.

    The last two variances are those along the longest and the shortest direction in the plane.
    """
    reach = 1
    while True:  # until the part lies inside of the box
        box = tuple(slice(max(p - reach, 0), p + reach + 1) for p in place)
        signal = values[box] - level
        half = signal[tuple(p - b.start for p, b in zip(place, box, strict=True))] / 2
        inside = np.clip(signal - half, 0, None)
        if inside[depth_of(inside.shape) == 0].max() <= 0 or reach > max(values.shape):
            break
        reach *= 2
    labels, _ = ndimage.label(inside > 0)
    inside = np.where(
        labels == labels[tuple(p - b.start for p, b in zip(place, box, strict=True))], inside, 0
    )
    centre = np.array(ndimage.center_of_mass(inside))
    away = [i - c for i, c in zip(np.indices(inside.shape), centre, strict=True)]
    total = inside.sum()
    spread = [[(inside * a * b).sum() / total for a in away[-2:]] for b in away[-2:]]
    plane = np.linalg.eigvalsh(np.array(spread))[::-1]
    along = [(inside * a * a).sum() / total for a in away[:-2]]
    return centre + [b.start for b in box], np.array([*along, *plane]) + 1 / 12


def _length(moments: Array) -> float:
    """Return length over width in the plane."""
    return float(math.sqrt(moments[-2] / moments[-1]))


def _without_sphere(
    mean: Array, diameter: float, spacing: Mapping[str, tuple[float, str]], noise: float
) -> Array:
    """Divide the transform of a sphere out of the mean bead."""
    positive('diameter', diameter)
    axes = 'ZYX'[-mean.ndim :]
    known = [converted(*spacing[a], 'um') if a in spacing else None for a in axes]
    steps = [step for step in known if step]
    if len(steps) < len(axes):
        raise KernelError(
            f'diameter = {diameter:g} µm needs the spacing of axes {", ".join(axes)} as lengths; '
            "give spacing={'Y': (0.1, 'um'), ...}"
        )
    shape = [fft.next_fast_len(2 * n, real=True) for n in mean.shape]
    pairs = list(zip(shape, steps, strict=True))
    lines = [np.fft.fftfreq(n, s) for n, s in pairs[:-1]] + [np.fft.rfftfreq(*pairs[-1])]
    q = math.pi * diameter * np.sqrt(sum(f**2 for f in np.meshgrid(*lines, indexing='ij')))
    q = np.maximum(q, 1e-3)
    sphere = 3 * (np.sin(q) - q * np.cos(q)) / q**3
    # Lobes beyond the first zero are passed by no microscope whose blur is wider than the bead.
    first = (sphere > _LEAST_TRANSFER) & (q < math.pi)
    ratio = noise**2 * mean.size / mean.sum() ** 2
    inverse = np.where(first, sphere / (sphere**2 + ratio), 0) * (1 + ratio)
    spectrum = fft.rfftn(mean, shape) * inverse
    return np.asarray(fft.irfftn(spectrum, shape)[tuple(slice(n) for n in mean.shape)])


def _doubts(
    beads: _Beads,
    diameter: float | None,
    spacing: Mapping[str, tuple[float, str]],
    widths: Sequence[float],
) -> list[str]:
    said = []
    if len(beads.kept) < _FEW:
        said.append(
            f'only {len(beads.kept)} of {len(beads.kept) + beads.refused.total()} beads could be '
            f'used ({_counted(beads.refused) or "no more were found"}), so their noise stays in '
            'the point spread function'
        )
    step = converted(*spacing['X'], 'um') if 'X' in spacing else None
    if diameter is not None and step and diameter > widths[-1] * step:
        said.append(
            f'beads of {diameter:g} µm are larger than the blur, {widths[-1] * step:.2g} µm; finer '
            'than that it cannot be told: use beads of 0.1 to 0.2 µm'
        )
    return said


def _taken(beads: _Beads) -> str:
    found = len(beads.kept) + beads.refused.total()
    why = _counted(beads.refused)
    return f'{len(beads.kept)} of {found} beads were used' + (f': {why} were not' if why else '')


def _counted(refused: Counter[str]) -> str:
    return ', '.join(f'{count} {why}' for why, count in refused.items())
