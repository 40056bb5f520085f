r"""The blur of a photograph: straight motion or defocus, told by the dark bands of its spectrum.

The power spectrum of a blurred, noisy picture is :math:`S(f)\,(|K(f)|^2 + N/S(f))`, and that of
a sharp one falls smoothly, about as :math:`S \propto |f|^{-2}`. What is left of the logarithm
once a smooth fall is taken off is therefore compared with

.. math:: \log\left(|K_\theta(f)|^2 + \epsilon\,|f|^2 / f_0^2\right),

less its own smooth fall, for lines of every length and angle and discs of every radius. The best
correlation decides. It is the matched filter to the pair of dips that a line, and to the ring
that a disc leaves in the cepstrum. No torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import j1

from ...errors import KernelError
from ...image.one_plane import pixels_of
from ..fill import harmonic
from .kernel import Kernel
from .shapes import disk, motion

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

REGION = 576
"""Side of the part of a large photograph that is looked at, in pixels: the one with most edges."""
WINDOW, LEAST = 128, 64
"""Side of the windows whose spectra are averaged, and the least that tells anything."""
UNKNOWN = 0.1
"""Share of a window that may be damaged or saturated."""
BAND = (0.02, 0.35)
"""Frequencies that are compared, in cycles per pixel: beyond, JPEG leaves nothing."""
NOISES = (0.001, 0.003, 0.01, 0.03, 0.07, 0.15, 0.3)
"""Noise in relation to the picture at :data:`MIDDLE`."""
MIDDLE = 0.1
BOUNDS = {'motion': (4.0, 32.0), 'defocus': (1.5, 15.0)}
"""Lengths and radii that are looked for, in pixels."""
AGREE = {'motion': 0.65, 'defocus': 0.55}
"""Least correlation; sharp pictures of letters, bars and bricks come to 0.53 and 0.4."""
FLAT = 0.1
"""Energy of a window in relation to the median of all, below which it is flat."""
EVERYWHERE = 0.08
"""Least correlation in nine windows of ten: what only a part of the picture shows is no blur."""


@dataclass(frozen=True)
class SimpleBlur:
    """A kind of blur with its numbers.

    `kind`: 'motion' or 'defocus'.
    `extent`: length of the motion, or radius of the disc, in pixels.
    `angle`: of the motion, degrees anticlockwise from the horizontal.
    """

    kind: str
    extent: float
    angle: float = 0.0

    @property
    def values(self) -> Floats:
        """The kernel."""
        if self.kind == 'motion':
            return motion(self.extent, self.angle)
        return disk(self.extent)

    @property
    def words(self) -> str:
        """Its name, for people."""
        if self.kind == 'motion':
            return f'a straight motion over {self.extent:.1f} px at {self.angle:.0f}°'
        return f'a defocus of radius {self.extent:.1f} px'

    def kernel(self, agreement: float) -> Kernel:
        """Return it as a kernel with its source."""
        straight = self.kind == 'motion'
        numbers = {'length': self.extent, 'angle': self.angle} if straight else {}
        numbers = {name: round(n, 2) for name, n in (numbers or {'radius': self.extent}).items()}
        made_of = {'kind': self.kind, **numbers, 'agreement': round(agreement, 3)}
        return Kernel(self.values, source=f'found in the image: {self.words}', metadata=made_of)


def from_photograph(image: Any, unknown: Any = None) -> Kernel:
    r"""Find the motion or defocus blur of a photograph in its spectrum.

    Of a large photograph the 576 x 576 pixels with most edges are looked at. The logarithms of
    the power spectra of 128 x 128 windows are averaged, and compared with those of straight
    motions of 4 to 32 pixels and of discs with a radius of 1.5 to 15 pixels, under noise.

    Parameters
    ----------
    image : array_like
        Y, X or Y, X, RGB, in any units: a·y + b gives the same.
    unknown : array_like, optional
        Y, X, nonzero where the picture is damaged or saturated.

    Returns
    -------
    Kernel
        ``metadata`` holds ``kind`` ('motion' with ``length`` in pixels and ``angle`` in degrees
        anticlockwise from the horizontal, or 'defocus' with ``radius`` in pixels), and
        ``agreement``, the correlation of both spectra, from 0 to 1.

    Raises
    ------
    KernelError
        When neither kind fits, or the image is too small or no plane.

    Notes
    -----
    A blur of another kind, such as the curved path of a shaking hand or a soft lens, is refused
    rather than forced into a line.
    """
    plane = pixels_of(image, 'photograph', KernelError)
    if plane.ndim not in (2, 3) or (plane.ndim == 3 and plane.shape[-1] not in (1, 3, 4)):
        raise KernelError(f'the photograph has shape {plane.shape}; give Y, X or Y, X, RGB')
    hidden = None if unknown is None else pixels_of(unknown, 'unknown', KernelError) != 0
    if hidden is not None and hidden.shape != plane.shape[:2]:
        raise KernelError(
            f'unknown has shape {hidden.shape}, but the photograph has {plane.shape[:2]} pixels'
        )
    return blur_of_planes([(plane[..., :3] if plane.ndim == 3 else plane, hidden)])


def blur_of_planes(planes: Iterable[tuple[NDArray[Any], Bools | None]]) -> Kernel:
    """Return the blur that `planes` of one stack share; each comes with its unknown pixels.

    Raises KernelError when no kind fits.
    """
    spectra = [s for plane, unknown in planes for s in _spectra(*_region(plane, unknown))]
    if not spectra:
        raise KernelError(
            f'the image holds no {LEAST} x {LEAST} undamaged pixels with edges, from which its '
            'blur could be found; give the kernel'
        )
    side = min(s.shape[0] for s in spectra)
    seen = _Spectrum(np.array([s for s in spectra if s.shape[0] == side]))
    found = max((seen.best(kind) for kind in AGREE), key=seen.agreement)
    agreement = seen.agreement(found)
    low, high = BOUNDS[found.kind]
    inside = low <= found.extent <= high
    if not inside or agreement < AGREE[found.kind] or seen.everywhere(found) < EVERYWHERE:
        raise KernelError(
            'no blur of one kind was found, neither straight motion nor defocus; give a region '
            'with edges that is blurred alike, or the kernel'
        )
    return replace(found, angle=found.angle % 180).kernel(agreement)


class _Spectrum:
    """Logarithms of power spectra on half of the plane of frequencies, less a smooth fall."""

    def __init__(self, power: Floats) -> None:
        self.side = power.shape[-1]
        lines = np.fft.fftfreq(self.side)
        fy, fx = np.meshgrid(lines, lines, indexing='ij')
        radius = np.hypot(fy, fx)
        # Borders and JPEG blocks leave crosses along the axes.
        off = 1.5 / self.side
        self.used = (radius > BAND[0]) & (radius < BAND[1]) & (fy > off) & (abs(fx) > off)
        self.fy, self.fx, self.radius = fy[self.used], fx[self.used], radius[self.used]
        fall, turn = np.log(self.radius), np.arctan2(self.fy, self.fx)
        waves = [f(k * turn) for k in (2, 4) for f in (np.cos, np.sin)]
        smooth = np.stack([np.ones_like(fall), fall, fall**2, *waves], axis=1)
        self.smooth = np.linalg.qr(smooth)[0]
        logs = np.log(power[:, self.used] + np.finfo(float).tiny)
        self.each = _unit(self._uneven(logs))
        self.mean = _unit(self._uneven(logs.mean(axis=0)))

    def agreement(self, blur: SimpleBlur) -> float:
        """Return the correlation with the spectrum of `blur`."""
        return float((self._models(blur) @ self.mean).max())

    def everywhere(self, blur: SimpleBlur) -> float:
        """Return the correlation that nine windows of ten exceed."""
        models = self._models(blur)
        return float(np.quantile(self.each @ models[np.argmax(models @ self.mean)], 0.1))

    def best(self, kind: str) -> SimpleBlur:
        """Return the blur of a kind that agrees best: on a coarse grid, then finer and finer."""
        found = max(_grid(kind), key=self._roughly)
        step, turn = (0.5, 4.0) if kind == 'motion' else (0.25, 0.0)
        while step > 0.02:
            found = max(_around(found, step, turn), key=self.agreement)
            step, turn = step / 2, turn / 2
        return found

    def _roughly(self, blur: SimpleBlur) -> float:
        """Return the agreement with the closed form of the spectrum, at two noise levels."""
        return float((self._normal(self._closed_form(blur), NOISES[2::3]) @ self.mean).max())

    def _models(self, blur: SimpleBlur) -> Floats:
        """Return the expected spectrum after `blur`, for each noise level."""
        padded = np.zeros((self.side, self.side))
        values = blur.values
        half = values.shape[0] // 2
        padded[: values.shape[0], : values.shape[1]] = values
        power = np.abs(np.fft.fft2(np.roll(padded, (-half, -half), (0, 1)))) ** 2
        return self._normal(power[self.used], NOISES)

    def _normal(self, power: Floats, noises: Iterable[float]) -> Floats:
        raised = (self.radius / MIDDLE) ** 2
        return _unit(self._uneven(np.log(np.stack([power + e * raised for e in noises]))))

    def _closed_form(self, blur: SimpleBlur) -> Floats:
        if blur.kind == 'motion':
            angle = math.radians(blur.angle)
            along = self.fx * math.cos(angle) - self.fy * math.sin(angle)
            return np.asarray(np.sinc(along * blur.extent) ** 2)
        q = 2 * np.pi * blur.extent * self.radius
        return np.asarray((2 * j1(q) / q) ** 2)

    def _uneven(self, logs: Floats) -> Floats:
        """Return logarithms without their smooth fall."""
        return np.asarray(logs - (logs @ self.smooth) @ self.smooth.T)


def _grid(kind: str) -> Iterator[SimpleBlur]:
    low, high = BOUNDS[kind]
    if kind == 'motion':
        for length in np.arange(low, high + 1):
            turn = np.clip(120 / length, 4, 15)  # long motions leave narrow bands
            yield from (SimpleBlur(kind, float(length), float(a)) for a in np.arange(0, 180, turn))
    else:
        yield from (SimpleBlur(kind, float(radius)) for radius in np.arange(low, high, 0.25))


def _around(blur: SimpleBlur, step: float, turn: float) -> list[SimpleBlur]:
    return [
        replace(blur, extent=max(blur.extent + i * step, 1.0), angle=blur.angle + j * turn)
        for i in (-1, 0, 1)
        for j in ((-1, 0, 1) if turn else (0,))
    ]


def _unit(values: Floats) -> Floats:
    norm = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.asarray(values / np.maximum(norm, np.finfo(float).tiny))


def _region(plane: NDArray[Any], unknown: Bools | None) -> tuple[Floats, Bools | None]:
    """Return the gray values of the part with most edges, and its unknown pixels."""
    rows, cols = _place(plane if plane.ndim == 2 else plane[..., plane.shape[-1] // 2])
    part = np.asarray(plane[rows, cols], np.float64)
    gray = part.mean(axis=-1) if part.ndim == 3 else part
    hidden = ~np.isfinite(gray)
    if unknown is not None:
        hidden |= unknown[rows, cols]
    return gray, hidden if hidden.any() else None


def _place(gray: NDArray[Any]) -> tuple[slice, slice]:
    """Return where the part with most edges lies."""
    if max(gray.shape) <= REGION:
        return slice(None), slice(None)
    values = np.nan_to_num(np.asarray(gray, np.float32), posinf=0, neginf=0)
    edges: NDArray[np.float32] = np.zeros_like(values)
    edges[1:] += np.abs(np.diff(values, axis=0))
    edges[:, 1:] += np.abs(np.diff(values, axis=1))
    for axis in (0, 1):
        edges = np.add.reduceat(edges, np.arange(0, edges.shape[axis], LEAST), axis=axis)
    most = REGION // LEAST
    blocks = min(most, edges.shape[0]), min(most, edges.shape[1])
    sums = np.lib.stride_tricks.sliding_window_view(edges, blocks).sum(axis=(2, 3))
    row, col = np.unravel_index(int(sums.argmax()), sums.shape)
    return (
        slice(row * LEAST, row * LEAST + REGION),
        slice(col * LEAST, col * LEAST + REGION),
    )


def _spectra(gray: Floats, hidden: Bools | None) -> Iterator[Floats]:
    """Yield the power spectra of overlapping windows, without damaged and flat ones."""
    side = min(WINDOW, *gray.shape)
    if side < LEAST or (hidden is not None and hidden.all()):
        return
    values = gray if hidden is None else harmonic(np.where(hidden, 0.0, gray), ~hidden)
    taper = np.outer(*[np.hanning(side + 2)[1:-1]] * 2)
    power = []
    for place in _windows(gray.shape, side):
        if hidden is None or hidden[place].mean() <= UNKNOWN:
            window = values[place] - np.average(values[place], weights=taper)
            power.append(np.abs(np.fft.fft2(window * taper)) ** 2)
    energies = np.array([each[1:, 1:].sum() for each in power])
    for each, energy in zip(power, energies, strict=True):
        if energy > FLAT * np.median(energies):
            yield each


def _windows(shape: tuple[int, ...], side: int) -> Iterator[tuple[slice, ...]]:
    """Yield places that overlap by half and reach all borders."""
    for row in _starts(shape[0], side):
        for col in _starts(shape[1], side):
            yield slice(row, row + side), slice(col, col + side)


def _starts(size: int, side: int) -> list[int]:
    number = math.ceil(2 * (size - side) / side) + 1
    return [round(start) for start in np.linspace(0, size - side, number).tolist()]
