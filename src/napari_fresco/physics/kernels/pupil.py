r"""The light of a point behind the pupil of an objective: phases, focus, radial profiles.

With :math:`s_n(\rho) = \sqrt{n^2 - \mathrm{NA}^2\rho^2}` an emitter `depth` below the coverslip,
seen with the stage at focus d, has the phase of Gibson and Lanni,

.. math:: W(\rho, d) = z_p s_{n_s} + (t_i^* - d) s_{n_i} - t_i^* s_{n_i^*}
          + t_g s_{n_g} - t_g^* s_{n_g^*},

where d is how far the objective has come nearer to the sample than it was designed for. No torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy import special

from .microscope_optics import MicroscopeOptics

Array = NDArray[np.float64]

_NODES = 8
_PANEL = 4.0
"""Radians of phase that one panel of Gauss's rule may hold."""
_CAUSTIC = 0.95
"""Part of the pupil whose foci are searched for the brightest."""


def profile(optics: MicroscopeOptics, wavelength: float, radii: Array, focus: Array) -> Array:
    """Return the intensity in the image of a point, in units that all planes share.

    `wavelength`: vacuum wavelength in µm.
    `radii`: distances from the axis in µm, ``(R,)``.
    `focus`: places d of the stage in µm, ``(Z,)``.
    Returns ``(R, Z)``.
    """
    k = 2 * math.pi / wavelength
    reach = k * optics.effective_na * float(np.abs(radii).max())
    rho, weight = _quadrature(optics, reach + k * _swing(optics, focus))
    light = weight[:, None] * np.exp(1j * k * phase(optics, rho, focus))
    x = k * optics.na * np.outer(radii, rho)
    j0 = special.j0(x)
    amplitudes = pupil_amplitudes(optics, rho)
    total = np.abs(j0 @ (amplitudes[0][:, None] * light)) ** 2
    if len(amplitudes) > 1:
        j1 = special.j1(x)
        with np.errstate(divide='ignore', invalid='ignore'):
            j2 = np.where(np.abs(x) > 1e-4, 2 * j1 / x - j0, x**2 / 8)
        total += 2 * np.abs(j1 @ (amplitudes[1][:, None] * light)) ** 2
        total += np.abs(j2 @ (amplitudes[2][:, None] * light)) ** 2
    return np.asarray(total)


def light_of_a_plane(optics: MicroscopeOptics, wavelength: float) -> float:
    """Return the integral of :func:`profile` over any plane, by Parseval's theorem."""
    rho, weight = _quadrature(optics, 0)
    powers = zip((1, 2, 1), pupil_amplitudes(optics, rho), strict=False)
    power = sum(many * (weight * amplitude**2).sum() for many, amplitude in powers)
    return float(2 * math.pi * power / (2 * math.pi / wavelength * optics.na) ** 2)


def phase(optics: MicroscopeOptics, rho: Array, focus: Array) -> Array:
    """Return W in µm at places of the pupil and of the stage, ``(len(rho), len(focus))``."""
    o = optics
    fixed = (
        (o.depth, o.sample),
        (o.working_distance, o.refractive_index),
        (-o.working_distance, o.immersion_design),
        (o.coverslip, o.coverslip_index),
        (-o.coverslip_design, o.coverslip_index_design),
    )
    still = sum(length * _fall(o, n, rho) for length, n in fixed)
    return np.asarray(still)[:, None] - np.outer(_fall(o, o.refractive_index, rho), focus)


def pupil_amplitudes(optics: MicroscopeOptics, rho: Array) -> tuple[Array, ...]:
    """Return the factors of the phase: of a scalar wave, or of I0, I1 and I2 of Richards and Wolf.

    Where light goes from the immersion into a medium of another index, Fresnel's transmission of
    that one step is reckoned with.
    """
    if not optics.is_vectorial:
        return (np.full(rho.shape, 2.0),)
    n, m = optics.refractive_index, optics.sample
    cos_n = np.sqrt(1 - np.minimum(optics.na * rho / n, 1) ** 2)
    sin_m = np.minimum(optics.na * rho / m, 1)
    cos_m = np.sqrt(1 - sin_m**2)
    across = 2 * n * cos_n / (n * cos_n + m * cos_m)
    along = 2 * n * cos_n / (m * cos_n + n * cos_m)
    apodised = 1 / np.sqrt(np.maximum(cos_n, 1e-12))
    return (
        apodised * (across + along * cos_m),
        apodised * along * sin_m,
        apodised * (across - along * cos_m),
    )


def foci(optics: MicroscopeOptics, rho: Array) -> Array:
    """Return where the rays through places of the pupil meet the axis, as focus d."""
    o = optics

    def root(n: float) -> Array:
        return np.sqrt(np.maximum(n**2 - (o.na * rho) ** 2, 1e-12))

    others = (
        o.depth / root(o.sample)
        + o.coverslip / root(o.coverslip_index)
        - o.coverslip_design / root(o.coverslip_index_design)
        - o.working_distance / root(o.immersion_design)
    )
    return np.asarray(o.working_distance + root(o.refractive_index) * others)


def caustic(optics: MicroscopeOptics) -> tuple[float, float]:
    """Return the nearest and the farthest focus of the rays."""
    along = foci(optics, np.linspace(0, _CAUSTIC, 96) * optics.effective_na / optics.na)
    return float(along.min()), float(along.max())


def brightest(optics: MicroscopeOptics) -> float:
    """Return the focus d at which the point is brightest on the axis."""
    near, far = caustic(optics)
    if far - near < 1e-6 * optics.axial_period:
        return (near + far) / 2
    step = optics.axial_period / 12
    places = np.arange(near - 12 * step, far + 12 * step, step)
    dark = _darkness(optics, places)
    best = float(places[int(np.argmin(dark(places)))])
    found = scipy.optimize.minimize_scalar(  # loaded at its first use, for it takes long
        lambda d: float(dark(np.array([d]))[0]), bounds=(best - step, best + step), method='bounded'
    )
    return float(found.x)


def _darkness(optics: MicroscopeOptics, places: Array) -> Callable[[Array], Array]:
    """Return the negative intensity on the axis as a function of d within `places`."""
    parts = []
    for wavelength in set(optics.forming):
        k = 2 * math.pi / wavelength
        rho, weight = _quadrature(optics, k * _swing(optics, places[[0, -1]]))
        pupil = weight * pupil_amplitudes(optics, rho)[0]
        parts.append((k, rho, pupil / pupil.sum()))

    def dark(focus: Array) -> Array:
        fields = [pupil @ np.exp(1j * k * phase(optics, rho, focus)) for k, rho, pupil in parts]
        return np.asarray(-np.prod(np.abs(fields) ** 2, axis=0))

    return dark


def _quadrature(optics: MicroscopeOptics, swing: float) -> tuple[Array, Array]:
    r"""Return places in the pupil and their weights, :math:`\rho\,d\rho` included.

    Gauss's rule in panels along the angle of :math:`\rho = \rho_m \sin\psi`, in which the edge of a
    full hemisphere of light is smooth.

    `swing`: radians that the integrand turns through.
    """
    panels = 4 + math.ceil(swing / _PANEL)
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    psi = ((np.arange(panels)[:, None] + (x + 1) / 2) / panels).ravel() * math.pi / 2
    edge = optics.effective_na / optics.na
    rho = edge * np.sin(psi)
    steps = np.tile(weight, panels) * (math.pi / 4 / panels)
    return rho, steps * rho * edge * np.cos(psi)


def _swing(optics: MicroscopeOptics, focus: Array) -> float:
    """Return the change of the phase from the middle to the edge of the pupil, in µm."""
    rho = np.linspace(0, 1, 400) * optics.effective_na / optics.na
    ends = phase(optics, rho, np.array([focus.min(), focus.max()]))
    return float(np.abs(np.diff(ends, axis=0)).sum(axis=0).max())


def _fall(optics: MicroscopeOptics, n: float, rho: Array) -> Array:
    """Return s_n at places of the pupil less its value in the middle."""
    return np.asarray(np.sqrt(np.maximum(n**2 - (optics.na * rho) ** 2, 0)) - n)
