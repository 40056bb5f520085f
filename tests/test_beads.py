"""Point spread functions from many beads: which are taken, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from napari_fresco.errors import KernelError
from napari_fresco.image.model import Image
from napari_fresco.physics import kernels

PLANE = np.asarray(kernels.microscope(0.8, 0.52, 0.1, 1.333, size=41))
VOLUME = kernels.microscope(
    1.0, 0.52, 0.08, 1.333, size=21, z_step=0.2, planes=15, kind='confocal', excitation=0.488
)
MICRON = {'Z': (0.2, 'um'), 'Y': (0.08, 'um'), 'X': (0.08, 'um')}
SHIFT = np.random.default_rng(3)
GRID = [(26 + 36 * i, 26 + 36 * j) for i in range(4) for j in range(4)]
PLACES = [tuple(np.array(place) + SHIFT.random(2)) for place in GRID]
DEEP = [(14.3, *place) for place in PLACES if max(place) < 110]


def sphere(shape: Sequence[int], steps: Sequence[float], diameter: float) -> np.ndarray:
    """Return the transform of a sphere, by the mean over its points of their phases."""
    q = np.pi * diameter * np.sqrt(sum(
        f**2 for f in np.meshgrid(*map(np.fft.fftfreq, shape, steps), indexing='ij')
    ))  # fmt: skip
    q = np.maximum(q, 1e-3)
    return np.asarray(3 * (np.sin(q) - q * np.cos(q)) / q**3)


def scene(
    psf: np.ndarray,
    places: Sequence[Sequence[float]],
    shape: Sequence[int],
    photons: Any = 2e4,
    blur: Any = 1.0,
    offset: float = 100.0,
) -> np.ndarray:
    """Return counts of beads on the offset of a camera."""
    frequencies = np.meshgrid(*map(np.fft.fftfreq, shape), indexing='ij')
    light = np.broadcast_to(photons, len(places))
    spectrum = sum(
        n * np.exp(-2j * np.pi * sum(f * p for f, p in zip(frequencies, place, strict=True)))
        for n, place in zip(light, places, strict=True)
    )
    padded = np.zeros(shape)
    padded[tuple(slice(n) for n in psf.shape)] = psf
    centred = np.roll(padded, [-(n // 2) for n in psf.shape], range(psf.ndim))
    image = np.fft.ifftn(np.fft.fftn(centred) * spectrum * blur).real
    noise = np.random.default_rng(0)
    return noise.poisson(np.clip(image, 0, None) + offset).astype(np.uint16)


def error(kernel: Any, truth: np.ndarray) -> float:
    """Return the largest error over the peak, on the window of the kernel."""
    cut = tuple(
        slice(n // 2 - m // 2, n // 2 - m // 2 + m)
        for n, m in zip(truth.shape, kernel.shape, strict=True)
    )
    part = truth[cut] / truth[cut].sum()
    return float(np.abs(kernel.values - part).max() / part.max())


def test_beads_of_a_plane_are_averaged() -> None:
    brightness = np.linspace(1e4, 4e4, 16)
    image = scene(PLANE, PLACES, (160, 160), brightness)
    kernel = kernels.from_beads(Image(image, 'YX', {'Y': (0.1, 'um'), 'X': (0.1, 'um')}))
    assert kernel.notes == ('16 of 16 beads were used',)
    assert kernel.warnings == ()
    assert kernel.source == 'measured from 16 beads'
    assert kernel.spacing == {'Y': (0.1, 'um'), 'X': (0.1, 'um')}
    assert kernel.values.sum() == pytest.approx(1)
    np.testing.assert_allclose(kernel.centre_of_mass, 0, atol=0.04)
    assert error(kernel, PLANE) < 0.04
    dim = scene(PLANE, PLACES, (160, 160), 1500)
    many, one = kernels.from_beads(dim), kernels.from_beads(dim[6:46, 6:46], size=many_size(dim))
    assert error(many, PLANE) < 0.1
    assert error(many, PLANE) < error(one, PLANE)
    assert 'only 1 of 1 beads' in one.warnings[0]


def many_size(image: np.ndarray) -> int:
    return kernels.from_beads(image).shape[0]


def test_beads_of_a_volume_are_averaged() -> None:
    image = scene(VOLUME.values, DEEP, (30, 124, 124), 4e4)
    kernel = kernels.from_beads(image, spacing=MICRON, size=21, planes=15)
    assert kernel.shape == (15, 21, 21)
    assert kernel.spacing == MICRON
    assert error(kernel, VOLUME.values) < 0.03
    free = kernels.from_beads(image)
    assert error(free, np.pad(VOLUME.values, 12)) < 0.1


@pytest.mark.parametrize('ndim', [2, 3])
def test_the_size_of_the_beads_is_taken_out(ndim: int) -> None:
    shape = (160, 160) if ndim == 2 else (30, 124, 124)
    psf = PLANE if ndim == 2 else VOLUME.values
    steps = (0.1, 0.1) if ndim == 2 else (0.2, 0.08, 0.08)
    spacing = dict(zip('ZYX'[-ndim:], [(s, 'um') for s in steps], strict=True))
    places = PLACES if ndim == 2 else DEEP
    diameter = 0.3 if ndim == 2 else 0.2
    image = scene(psf, places, shape, 5e5, sphere(shape, steps, diameter), 100)
    options: dict[str, Any] = {'size': 21, 'spacing': spacing}
    options |= {'planes': 15} if ndim == 3 else {}
    left, clean = (kernels.from_beads(image, diameter=d, **options) for d in (None, diameter))
    truth = kernels.fwhm(psf if ndim == 2 else psf[7])
    wide, narrow = (
        kernels.fwhm(k.values if ndim == 2 else k.values[k.shape[0] // 2]) for k in (left, clean)
    )
    assert wide.major > 1.05 * truth.major
    assert narrow.major == pytest.approx(truth.major, rel=0.025)
    assert error(clean, psf) < 0.3 * error(left, psf)
    assert clean.metadata['diameter'] == diameter


def test_bad_beads_are_left_out() -> None:
    close = [(26, 125.0), (34.5, 134)]  # beside the last bead of the first row
    cut = [(4.0, 80.0), (80.0, 157.0)]
    cluster = [(150.0, 62.0), (150.0, 64.8), (150.0, 67.6)]
    places = [*PLACES, *close, *cut]
    image = scene(PLANE, places, (160, 160), 4e4)
    kernel = kernels.from_beads(image)
    refused = kernel.metadata['refused']
    assert refused['with a neighbour'] >= 3
    assert refused['cut by the border'] == 2
    assert kernel.metadata['beads'] == 15 - (refused['with a neighbour'] - 3)
    assert error(kernel, PLANE) < 0.05
    assert 'with a neighbour' in kernel.notes[0]
    row = [*PLACES[:12], *cluster]
    found = kernels.from_beads(scene(PLANE, row, (180, 160), 2e4))
    assert found.metadata['refused'] == {'not like the others': 1}
    bright = np.full(16, 1e4)
    bright[5] = 9e5
    full = np.minimum(scene(PLANE, PLACES, (160, 160), bright), 4095)
    with_full = kernels.from_beads(full)
    assert with_full.metadata['refused'].get('saturated') == 1
    told = kernels.from_beads(scene(PLANE, PLACES, (160, 160), 1e4 + bright / 50), saturation=1500)
    assert told.metadata['refused'].get('saturated') == 1


@pytest.mark.parametrize(
    ('image', 'options', 'words'),
    [
        (np.full((50, 50), 7), {}, 'nothing rises above the noise'),
        (np.random.default_rng(0).normal(100, 5, (64, 64)), {}, 'nothing rises above the noise'),
        (np.ones((4, 40, 40)), {}, '5 pixels along each'),
        (np.full((9, 9), np.nan), {}, '81 NaN'),
        (PLANE, {'planes': 9}, 'planes = 9'),
        (np.ones(9), {}, 'axes Y, X or Z, Y, X'),
        (Image(np.ones((2, 40, 40)), 'CYX'), {}, 'one channel'),
        (scene(PLANE, PLACES, (160, 160)), {'diameter': 0.2}, 'needs the spacing of axes Y, X'),
        (scene(PLANE, [(20, 20), (28, 28)], (60, 60)), {}, '2 with a neighbour; give an image'),
    ],
)
def test_images_without_usable_beads_are_refused(
    image: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(KernelError, match=words):
        kernels.from_beads(image, **options)


def test_beads_larger_than_the_blur_are_pointed_out() -> None:
    spacing = {'Y': (0.1, 'um'), 'X': (0.1, 'um')}
    kernel = kernels.from_beads(scene(PLANE, PLACES, (160, 160)), diameter=1.0, spacing=spacing)
    assert any('larger than the blur' in said for said in kernel.warnings)
