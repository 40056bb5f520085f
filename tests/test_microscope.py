"""Physical laws of the point spread functions of microscopes, and doubts in words."""

from __future__ import annotations

import json
import math
import warnings
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import make_interp_spline

from napari_fresco.errors import ParameterError
from napari_fresco.physics import kernels
from napari_fresco.physics.kernels import Kernel

OIL: dict[str, Any] = {'na': 1.4, 'wavelength': 0.52, 'pixel_size': 0.065}
WATER: dict[str, Any] = {
    'na': 0.8, 'wavelength': 0.52, 'pixel_size': 0.08, 'refractive_index': 1.333,
}  # fmt: skip
EXTRA: dict[str, dict[str, Any]] = {
    'widefield': {},
    'confocal': {'excitation': 0.488},
    'two_photon': {'excitation': 0.92},
    'light_sheet': {'excitation': 0.488, 'sheet_na': 0.06},
}


def make(base: dict[str, Any], **values: Any) -> Kernel:
    kernel = kernels.microscope(**{'z_step': 0.2, 'planes': 15, 'size': 41, **base, **values})
    assert isinstance(kernel, Kernel)
    return kernel


def width(line: np.ndarray, step: float) -> float:
    """Return the full width at half maximum around the middle of a symmetric line."""
    x = np.linspace(0, len(line) // 2, 20001)
    values = make_interp_spline(np.arange(len(line)), line, k=3)(len(line) // 2 + x)
    return float(2 * step * x[np.argmax(values < values[0] / 2)])


def distance(a: Any, b: Any) -> float:
    a, b = (np.asarray(k) / np.sum(np.asarray(k)) for k in (a, b))
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize('model', ['scalar', 'vectorial'])
@pytest.mark.parametrize('kind', EXTRA)
def test_a_volume_is_normalised_round_and_even_in_z(kind: str, model: str) -> None:
    kernel = make(WATER, kind=kind, model=model, **EXTRA[kind])
    assert kernel.shape == (15, 41, 41)
    assert kernel.values.sum() == pytest.approx(1, abs=1e-12)
    assert kernel.values.min() >= 0
    peak = np.unravel_index(kernel.values.argmax(), kernel.shape)
    assert peak == tuple(n // 2 for n in kernel.shape)
    for turned in (
        kernel.values[::-1],
        kernel.values[:, ::-1],
        kernel.values.transpose(0, 2, 1),
    ):
        np.testing.assert_allclose(kernel.values, turned, atol=1e-12)
    assert kernel.spacing == {'Z': (0.2, 'um'), 'Y': (0.08, 'um'), 'X': (0.08, 'um')}
    assert kernel.metadata['kind'] == kind
    json.dumps(kernel.metadata)


@pytest.mark.parametrize('kind', EXTRA)
def test_a_plane_is_the_middle_of_a_volume(kind: str) -> None:
    numbers = {**WATER, 'kind': kind, 'size': 31, **EXTRA[kind]}
    middle = make(numbers, planes=5).values[2]
    plane = kernels.microscope(**numbers)
    assert isinstance(plane, np.ndarray)
    np.testing.assert_allclose(middle / middle.sum(), plane, atol=1e-12)
    upper = make(numbers, planes=5).values[4]
    off = np.asarray(kernels.microscope(**numbers, defocus=0.4))
    np.testing.assert_allclose(upper / upper.sum(), off, atol=1e-12)


def test_widths_are_those_of_the_textbook() -> None:
    low: dict[str, Any] = {
        'na': 0.3, 'wavelength': 0.5, 'pixel_size': 0.1, 'refractive_index': 1.0,
    }  # fmt: skip
    fine = make(low, z_step=0.5, planes=61, model='scalar', integrate=False).values
    assert width(fine[30, 20], 0.1) == pytest.approx(0.5145 * 0.5 / 0.3, rel=0.002)
    # On the axis a pupil of nearly even phase slope makes sinc²(z (1 - cos α) / λ).
    axial = 0.886 * 0.5 / (1 - math.sqrt(1 - 0.3**2))
    assert width(fine[:, 20, 20], 0.5) == pytest.approx(axial, rel=0.01)
    first = make(OIL, z_step=0.05, planes=41, pixel_size=0.02, size=61, integrate=False)
    assert width(first.values[20, 30], 0.02) == pytest.approx(0.210, abs=0.001)
    assert width(first.values[:, 30, 30], 0.05) == pytest.approx(0.507, abs=0.002)
    scalar = make(
        OIL, z_step=0.05, planes=41, pixel_size=0.02, size=61, integrate=False, model='scalar'
    )
    assert width(scalar.values[20, 30], 0.02) == pytest.approx(0.191, abs=0.001)


def test_planes_that_have_nothing_of_each_other_are_refused() -> None:
    assert make(WATER, z_step=2.0).warnings
    for base, step in ((WATER, 200.0), (OIL, 20.0)):
        with pytest.raises(ParameterError, match='larger than the blur along z'):
            make(base, z_step=step)


def test_vectorial_and_scalar_agree_where_rays_are_nearly_parallel() -> None:
    low = {**WATER, 'na': 0.1, 'pixel_size': 0.8, 'z_step': 10}
    assert distance(make(low, model='vectorial'), make(low, model='scalar')) < 0.005
    assert make(WATER).metadata['model'] == 'scalar'
    assert make(OIL).metadata['model'] == 'vectorial'


@pytest.mark.parametrize(
    ('kind', 'cutoff'),
    [('widefield', 2 * 0.8 / 0.52), ('confocal', 4 * 0.8 / 0.5), ('two_photon', 4 * 0.8 / 0.92)],
)
def test_nothing_is_passed_beyond_the_cut_off(kind: str, cutoff: float) -> None:
    numbers = {**WATER, 'kind': kind, **EXTRA[kind]}
    if kind == 'confocal':
        numbers |= {'excitation': 0.5, 'wavelength': 0.5, 'pinhole': 0}
    kernel = make(numbers, pixel_size=0.06, planes=1, size=255, integrate=False).values[0]
    window = np.hanning(257)[1:-1]
    spectrum = np.abs(np.fft.fft2(kernel * np.outer(window, window)))
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(255, 0.06)] * 2))
    beyond = frequency > cutoff + 3 / (255 * 0.06)
    assert beyond.any()
    assert spectrum[beyond].max() < 1e-4 * spectrum.max()
    inside = (frequency > 0.7 * cutoff) & (frequency < 0.75 * cutoff)
    assert spectrum[inside].min() > 1e-4 * spectrum.max()


@pytest.mark.parametrize('model', ['scalar', 'vectorial'])
def test_every_plane_of_widefield_holds_the_same_light(model: str) -> None:
    kernel = make(WATER, planes=5, z_step=0.5, size=255, model=model)
    light = kernel.values.sum(axis=(1, 2))
    np.testing.assert_allclose(light, light.mean(), rtol=0.005)
    assert kernel.metadata['light_inside'] == pytest.approx(0.975, abs=0.025)
    assert not any('outside of the window' in note for note in kernel.notes[1:])
    narrow = make(WATER, planes=15, z_step=0.5, size=21, model=model)
    assert any('outside of the window' in note for note in narrow.notes)
    assert narrow.metadata['light_inside'] < 0.5
    sheet = make({**WATER, **EXTRA['light_sheet']}, kind='light_sheet', z_step=0.5, size=255)
    light = sheet.values.sum(axis=(1, 2))
    waist = 0.488 / (math.pi * 0.06)
    expected = np.exp(-2 * (0.5 * np.arange(-7, 8) / waist) ** 2)
    np.testing.assert_allclose(light / light[7], expected, rtol=0.03)


def test_the_pinhole_goes_from_a_product_to_the_excitation_alone() -> None:
    numbers = {**OIL, 'pixel_size': 0.045, 'kind': 'confocal', 'excitation': 0.488}
    by_pinhole = {p: make(numbers, pinhole=p) for p in (0, 0.01, 0.5, 1, 2, 8, 100, math.inf)}
    excitation = make(OIL, pixel_size=0.045, wavelength=0.488, integrate=False)
    emission = make(OIL, pixel_size=0.045, integrate=False)
    assert distance(by_pinhole[0], excitation.values * emission.values) < 1e-6
    assert distance(by_pinhole[0.01], by_pinhole[0]) < 1e-3
    assert distance(by_pinhole[math.inf], excitation) < 1e-6
    assert distance(by_pinhole[100], excitation) < 0.02
    steps = [distance(k, by_pinhole[0]) for k in by_pinhole.values()]
    assert steps == sorted(steps)
    squared = make(numbers, excitation=0.52, pinhole=0).values
    assert distance(squared, emission.values**2) < 1e-6
    two = make(OIL, pixel_size=0.045, kind='two_photon', excitation=0.52)
    assert distance(two, emission.values**2) < 1e-6


def test_pixels_average_over_their_area() -> None:
    coarse = make(WATER, pixel_size=0.15, size=21).values
    fine = make(WATER, pixel_size=0.15 / 5, size=105, integrate=False).values
    summed = fine.reshape(15, 21, 5, 21, 5).sum((2, 4))
    assert distance(coarse, summed) < 0.01
    assert distance(coarse, make(WATER, pixel_size=0.15, size=21, integrate=False)) > 0.03


ABERRATED: dict[str, Any] = {'na': 1.3, 'wavelength': 0.52, 'pixel_size': 0.08, 'planes': 41}


@pytest.mark.parametrize('model', ['scalar', 'vectorial'])
def test_an_aberrated_function_is_centred_on_its_brightest_plane_and_tails_deeper(
    model: str,
) -> None:
    kernel = make(ABERRATED, sample_index=1.38, depth=20, z_step=0.4, model=model)
    axis = kernel.values[:, 20, 20]
    assert int(axis.argmax()) == 20
    # In a sample of lower index the rays of the rim meet deeper, so the light tails there.
    assert axis[24:].sum() > 3 * axis[:17].sum()
    shallow = make(ABERRATED, sample_index=1.38, depth=5, model=model)
    assert shallow.metadata['focus'] == pytest.approx(6.01, abs=0.15)
    assert any('brightest where the stage stands' in note for note in shallow.notes)
    assert any('changes with depth' in note for note in shallow.notes)


def test_glass_too_thick_and_too_thin_mirror_each_other() -> None:
    dry = {**WATER, 'refractive_index': 1.0}
    thick, thin = (make(dry, coverslip=t, z_step=0.5) for t in (180, 160))
    assert thick.metadata['focus'] == pytest.approx(-thin.metadata['focus'], abs=1e-3)
    assert distance(thick, thin.values[::-1]) < 1e-3
    assert distance(thick, thin) > 0.05


def test_a_matched_sample_only_moves_the_focus() -> None:
    deep = make(OIL, depth=7.5)
    assert deep.metadata['focus'] == pytest.approx(7.5)
    assert distance(deep, make(OIL)) < 1e-6
    thick = make({**OIL, 'coverslip': 180.0})  # glass as oil
    assert distance(thick, make(OIL)) < 1e-6
    dipping = make(WATER, coverslip=0, coverslip_design=0)
    assert distance(dipping, make(WATER)) < 1e-9


def test_light_beyond_the_index_of_the_sample_does_not_arrive() -> None:
    water = make(OIL, sample_index=1.33, depth=0.0)
    assert any('NA 1.33 was taken' in said for said in water.warnings)
    assert make(OIL, sample_index=1.45, depth=1.0).warnings == ()


@pytest.mark.parametrize(
    ('values', 'said', 'word'),
    [
        ({'pixel_size': 0.1}, 'warnings', 'pixel_size = 0.1 undersamples: the optics need 0.0929'),
        ({'z_step': 0.3}, 'warnings', 'z_step = 0.3 undersamples: the optics need 0.278'),
        ({'wavelength': 1.5}, 'warnings', 'wavelength = 1.5 µm is not light'),
        ({'wavelength': 0.52, 'na': 0.02, 'pixel_size': 2.5}, 'warnings', 'unusual'),
        ({'kind': 'confocal', 'excitation': 0.6}, 'warnings', 'exchanged'),
        ({'kind': 'confocal', 'excitation': 0.488}, 'notes', 'coarser than 0.0436'),
        ({'kind': 'confocal', 'pixel_size': 0.1}, 'warnings', 'undersamples'),
        ({'kind': 'two_photon', 'excitation': 0.92, 'z_step': 0.3}, 'notes', 'z step of 0.3 µm'),
        ({}, 'notes', 'haze from more than 1.4 µm'),
    ],
)
def test_doubts_are_said(values: dict[str, Any], said: str, word: str) -> None:
    kernel = make(OIL, **values)
    assert any(word in sentence for sentence in getattr(kernel, said)), (
        kernel.warnings, kernel.notes,
    )  # fmt: skip


def test_good_numbers_raise_no_doubt() -> None:
    assert make(OIL).warnings == ()
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        kernels.microscope(**OIL)


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({'wavelength': 520}, r'write wavelength = 0\.52 for 520 nm'),
        ({'kind': 'two_photon'}, 'needs excitation'),
        ({'kind': 'light_sheet'}, 'needs sheet_na'),
        ({'kind': 'confocal', 'excitation': 488}, r'excitation = 0\.488'),
        ({'kind': 'confocal', 'pinhole': -1}, 'pinhole'),
        ({'model': 'exact'}, "'auto', 'scalar' or 'vectorial'"),
        ({'sample_index': 0.9}, 'sample_index'),
        ({'depth': -1}, 'depth'),
        ({'coverslip': math.nan}, 'coverslip'),
        ({'z_step': 0}, 'z_step'),
        ({'planes': 4}, 'odd'),
        ({'z_step': None, 'planes': 5}, 'need z_step'),
    ],
)
def test_impossible_volumes_are_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        kernels.microscope(**{**OIL, 'z_step': 0.2, **values})


def test_the_window_fits_what_it_holds() -> None:
    narrow = kernels.microscope(**OIL, z_step=0.1, kind='confocal', excitation=0.488)
    assert isinstance(narrow, Kernel)
    light = narrow.values.sum(axis=(1, 2))
    assert light[[0, -1]].max() < 0.02 * light.max()
    assert all(n % 2 for n in narrow.shape)
    wide = kernels.microscope(**OIL, z_step=0.2)
    assert isinstance(wide, Kernel)
    assert wide.metadata['light_inside'] > 0.8


def test_a_volume_is_quick() -> None:
    """The work is that of a few hundred radii, whatever the number of voxels."""
    kernel = make(OIL, size=255, planes=63, z_step=0.1)
    assert kernel.shape == (63, 255, 255)
