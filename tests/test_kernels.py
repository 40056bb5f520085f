"""Laws of the blur kernels, and what the checks refuse."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_fresco.errors import FrescoError, KernelError, ParameterError
from napari_fresco.image.model import Image
from napari_fresco.physics import kernels
from napari_fresco.physics.kernels import Kernel
from napari_fresco.physics.resample import imresize

from .arrays import blur

MAKERS: dict[str, Callable[[], np.ndarray]] = {
    'gaussian': lambda: kernels.gaussian(1.7),
    'gaussian even-free size': lambda: kernels.gaussian(3, 1, 25, size=15),
    'gaussian tiny': lambda: kernels.gaussian(0.05),
    'motion': lambda: kernels.motion(9.5, 33),
    'motion short': lambda: kernels.motion(0.2),
    'disk': lambda: kernels.disk(3.2),
    'disk small': lambda: kernels.disk(0.3),
    'microscope': lambda: kernels.microscope(1.4, 0.52, 0.08),
    'confocal': lambda: kernels.microscope(1.2, 0.52, 0.1, 1.33, kind='confocal'),
    'defocused': lambda: kernels.microscope(0.8, 0.6, 0.15, 1.0, defocus=1.5),
    'limit aperture': lambda: kernels.microscope(1.0, 0.6, 0.15, 1.0),
    'bicubic': lambda: kernels.bicubic(3),
    'bicubic 1': lambda: kernels.bicubic(1),
}


def centroid(kernel: np.ndarray) -> np.ndarray:
    """Return the centre of mass relative to the origin of the kernel."""
    return np.array(ndimage.center_of_mass(kernel)) - np.array(kernel.shape) // 2


@pytest.mark.parametrize('name', MAKERS)
def test_made_kernels_sum_to_one_and_have_a_centre(name: str) -> None:
    kernel = MAKERS[name]()
    assert kernel.dtype == np.float64
    assert kernel.ndim == 2
    assert kernel.shape[0] % 2 == 1
    assert kernel.sum() == pytest.approx(1, abs=1e-12)
    if 'bicubic' not in name:
        assert kernel.min() >= 0
        np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-14)


@pytest.mark.parametrize('name', ['gaussian', 'disk', 'microscope', 'confocal', 'defocused'])
def test_round_kernels_are_round(name: str) -> None:
    kernel = MAKERS[name]()
    np.testing.assert_allclose(kernel, np.rot90(kernel), atol=1e-14)
    assert kernels.fwhm(kernel).angle == 0


def test_a_gaussian_has_its_standard_deviations() -> None:
    kernel = kernels.gaussian(2, 3, size=41)
    rows, cols = np.indices(kernel.shape) - 20
    assert np.sqrt((kernel * cols**2).sum()) == pytest.approx(2, rel=1e-4)
    assert np.sqrt((kernel * rows**2).sum()) == pytest.approx(3, rel=1e-4)


@given(st.floats(-180, 180), st.floats(1.5, 3))
@settings(max_examples=15, deadline=None)
def test_the_widths_of_a_turned_gaussian_are_measured(angle: float, sigma: float) -> None:
    widths = kernels.fwhm(kernels.gaussian(2 * sigma, sigma, angle))
    assert widths.major == pytest.approx(2 * 2.3548 * sigma, rel=0.02)
    assert widths.minor == pytest.approx(2.3548 * sigma, rel=0.02)
    turn = (widths.angle - angle + 90) % 180 - 90
    assert abs(turn) < 3


def test_angles_run_anticlockwise_as_displayed() -> None:
    assert kernels.motion(9, 0)[5].sum() == pytest.approx(1)
    diagonal = kernels.motion(9, 45)
    assert diagonal[0:5, 6:].sum() > 0.35
    assert diagonal[0:5, 0:5].sum() < 0.01
    np.testing.assert_allclose(kernels.motion(9, 90), kernels.motion(9, 0).T, atol=1e-15)
    np.testing.assert_allclose(kernels.motion(9, 120), kernels.motion(9, -60), atol=1e-14)


def test_a_horizontal_motion_is_a_row_of_equal_weights() -> None:
    np.testing.assert_allclose(kernels.motion(5)[3], [0, 0.2, 0.2, 0.2, 0.2, 0.2, 0])


def test_a_disk_covers_its_area() -> None:
    kernel = kernels.disk(6)
    assert 1 / kernel.max() == pytest.approx(np.pi * 36, rel=0.01)


@pytest.mark.parametrize(('na', 'index'), [(0.3, 1.0), (0.9, 1.0), (1.4, 1.515)])
def test_the_airy_pattern_has_the_textbook_width(na: float, index: float) -> None:
    pixel = 0.5 / na / 24
    kernel = kernels.microscope(na, 0.5, pixel, index, size=61, model='scalar')
    assert kernels.fwhm(kernel).major * pixel == pytest.approx(0.5145 * 0.5 / na, rel=0.01)


def test_the_first_dark_ring_is_where_it_should_be() -> None:
    pixel = 0.01
    row = kernels.microscope(0.5, 0.5, pixel, 1.0, size=151)[75, 75:]
    ring = int(np.argmax(np.diff(row) > 0))
    assert ring * pixel == pytest.approx(0.61 * 0.5 / 0.5, abs=pixel)
    assert row[ring] < 1e-4 * row[0]


def test_confocal_is_narrower_and_defocus_wider() -> None:
    make = kernels.microscope
    sharp = kernels.fwhm(make(0.8, 0.6, 0.1, 1.0)).major
    closed, usual = (
        kernels.fwhm(make(0.8, 0.6, 0.1, 1.0, kind='confocal', pinhole=p)).major for p in (0, 1)
    )
    assert closed < 0.8 * sharp
    assert closed < usual < sharp
    above, below = (make(0.8, 0.6, 0.1, 1.0, defocus=z, size=41) for z in (1, -1))
    np.testing.assert_allclose(above, below, atol=1e-14)
    assert above.max() < 0.5 * make(0.8, 0.6, 0.1, 1.0, size=41).max()


def test_an_undersampled_microscope_says_so() -> None:
    with pytest.warns(UserWarning, match=r'undersamples.*0\.0929'):
        kernel = kernels.microscope(1.4, 0.52, 0.12)
    assert kernel.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({'na': 1.6}, 'exceeds refractive_index = 1.515'),
        ({'na': 0}, 'na = 0 must be a positive'),
        ({'wavelength': -1}, 'wavelength'),
        ({'pixel_size': float('nan')}, 'pixel_size'),
        ({'pixel_size': 80}, 'one unit'),
        ({'refractive_index': float('inf')}, 'refractive_index'),
        ({'defocus': float('inf')}, 'defocus'),
        ({'defocus': 1e9}, '200 wavelengths'),
        ({'size': 4}, 'odd'),
        ({'size': 2.5}, 'whole'),
        ({'kind': 'sted'}, 'widefield'),
    ],
)
def test_impossible_optics_are_refused(values: dict[str, float], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        kernels.microscope(**{'na': 1.4, 'wavelength': 0.52, 'pixel_size': 0.065, **values})


@pytest.mark.parametrize(
    'make',
    [
        lambda: kernels.gaussian(0),
        lambda: kernels.gaussian(1, -1),
        lambda: kernels.gaussian(1, angle=float('nan')),
        lambda: kernels.gaussian('wide'),
        lambda: kernels.motion(-3),
        lambda: kernels.disk(float('inf')),
        lambda: kernels.bicubic(0),
        lambda: kernels.bicubic(2.5),
        lambda: kernels.shift(np.ones((3, 3)), 0),
        lambda: kernels.shift(np.ones((3, 3)), True),
    ],
)
def test_bad_numbers_are_refused(make: Callable[[], np.ndarray]) -> None:
    with pytest.raises(ParameterError):
        make()


@pytest.mark.parametrize('scale', [1, 2, 3, 4, 5])
def test_bicubic_is_imresize_by_convolution(scale: int) -> None:
    image = np.random.default_rng(1).random((12 * scale, 13 * scale))
    ours = blur(image, kernels.bicubic(scale))[::scale, ::scale]
    reference = imresize(torch.from_numpy(image)[None, None], 1 / scale)[0, 0].numpy()
    inner = np.s_[3:-3, 3:-3]
    np.testing.assert_allclose(ours[inner], reference[inner], atol=1e-12)


@pytest.mark.parametrize('scale', [1, 2, 3, 4])
def test_a_shift_moves_the_centroid(scale: int) -> None:
    centred = kernels.gaussian(1.5, size=25)
    move = (scale - 1) / 2
    np.testing.assert_allclose(centroid(kernels.shift(centred, scale)), -move, atol=1e-5)
    back = kernels.shift(centred, scale, upper_left=False)
    np.testing.assert_allclose(centroid(back), move, atol=1e-5)
    np.testing.assert_allclose(centroid(kernels.bicubic(scale)), -move, atol=1e-12)


@pytest.mark.parametrize('noise', [0, 3.0])
@pytest.mark.parametrize('place', [(0, 0), (0.4, -0.3), (-2.7, 3.5)])
def test_a_bead_gives_its_point_spread_function(noise: float, place: tuple[float, float]) -> None:
    truth = kernels.microscope(0.7, 0.6, 0.1, 1.0, size=33)
    spectrum = ndimage.fourier_shift(np.fft.fft2(truth), place)
    light = 400 / truth.max() * np.fft.ifft2(spectrum).real
    crop = 100 + light + np.random.default_rng(0).normal(0, noise, truth.shape)
    kernel = kernels.from_bead(crop, size=21)
    assert kernel.shape == (21, 21)
    np.testing.assert_allclose(centroid(kernel), 0, atol=0.12)
    assert kernels.fwhm(kernel).major == pytest.approx(kernels.fwhm(truth).major, rel=0.06)
    cut = truth[6:-6, 6:-6]
    assert np.abs(kernel - cut).max() < 0.07 * cut.max()


def test_a_bead_crop_keeps_its_size_when_odd() -> None:
    crop = np.pad(kernels.gaussian(1.2, size=9), ((2, 2), (3, 4)))
    assert kernels.from_bead(crop).shape == (13, 13)
    assert kernels.from_bead((crop * 1e4).astype(np.uint16)).shape == (13, 13)


@pytest.mark.parametrize(
    ('crop', 'words'),
    [
        (np.ones((9, 9)), 'rises above'),
        (np.zeros((9, 9)), 'rises above'),
        (np.ones((2, 9)), 'at least 3 x 3'),
        (np.ones((9, 9, 3)), '2-D'),
        (np.pad(np.ones((1, 9)), ((0, 8), (0, 0))) * np.arange(9), 'border'),
        (np.full((9, 9), np.nan), '81 NaN'),
        (np.full((9, 9), 1j), 'real'),
        (np.random.default_rng(0).normal(100, 5, (15, 15)), 'rises above'),
    ],
)
def test_a_crop_without_a_bead_is_refused(crop: np.ndarray, words: str) -> None:
    with pytest.raises(KernelError, match=words):
        kernels.from_bead(crop)


@pytest.mark.parametrize(
    ('kernel', 'words'),
    [
        (np.ones(5), 'shape'),
        (np.ones((0, 3)), 'empty'),
        (np.ones((3, 3, 3)), 'one plane'),
        (-np.ones((3, 3)), '9 negative of 9.*np.clip'),
        (np.zeros((3, 3)), 'zero everywhere'),
        ([[1, np.nan], [np.inf, 1]], '2 NaN or infinite of 4'),
        (np.full((2, 2), 1j), 'real'),
        ('blur', 'array of numbers'),
        ([[1, 2], [3]], 'array of numbers'),
        ([['a', 'b']], 'array of numbers'),
        (None, 'shape|numbers'),
    ],
)
def test_unusable_kernels_are_refused(kernel: object, words: str) -> None:
    with pytest.raises(KernelError, match=words):
        kernels.normalise(kernel)


def test_a_signed_kernel_needs_leave_and_a_positive_sum() -> None:
    kernel = kernels.bicubic(2)
    with pytest.raises(KernelError, match='negative'):
        kernels.normalise(kernel)
    np.testing.assert_allclose(kernels.normalise(kernel, signed=True), kernel, atol=1e-15)
    with pytest.raises(KernelError, match='sum'):
        kernels.normalise([[1, -1], [-1, 1]], signed=True)


def test_normalising_does_not_touch_its_input() -> None:
    kernel = np.arange(6, dtype=np.uint8).reshape(2, 3)
    kernel.flags.writeable = False
    np.testing.assert_allclose(kernels.normalise(kernel), kernel / 15)


@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int16, np.uint8, np.complex64, np.bool_]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    )
)
@settings(max_examples=150, deadline=None)
def test_any_array_is_normalised_or_refused(array: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        try:
            kernel = kernels.normalise(array)
        except KernelError:
            return
    assert kernel.shape == array.shape
    assert kernel.sum() == pytest.approx(1)
    assert kernel.min() >= 0


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6)))
@settings(max_examples=100, deadline=None)
def test_any_crop_gives_a_kernel_or_is_refused(crop: np.ndarray) -> None:
    try:
        kernel = kernels.from_bead(np.clip(crop, -1e6, 1e6))
    except FrescoError:
        return
    assert kernel.sum() == pytest.approx(1)


def test_the_width_of_one_pixel_is_about_one_pixel() -> None:
    assert kernels.fwhm([[1]]).major == pytest.approx(1.1, abs=0.1)
    corner = kernels.fwhm(np.pad([[1.0]], ((0, 4), (0, 4))))
    assert corner.major == pytest.approx(1.1, abs=0.1)


def test_a_hollow_kernel_still_has_a_width() -> None:
    ring = kernels.disk(6)
    ring[4:-4, 4:-4] = 0
    assert kernels.fwhm(ring).major > 1


PSF = kernels.gaussian(1.5, size=13)


def bead_on(offset: float, noise: float, seed: int = 0, side: int = 65) -> np.ndarray:
    """Return counts of a bead of 3000 at its peak on the offset of a camera."""
    values = np.full((side, side), float(offset))
    edge = side // 2 - 6
    values[edge : edge + 13, edge : edge + 13] += 3000 * PSF / PSF.max()
    return values + np.random.default_rng(seed).normal(0, noise, values.shape)


@pytest.mark.parametrize('noise', [0, 1, 5, 15])
@pytest.mark.parametrize('offset', [50, 100, 1000])
def test_an_even_background_is_subtracted_and_said(offset: float, noise: float) -> None:
    bead = np.clip(np.rint(bead_on(offset, noise)), 0, None).astype(np.uint16)
    clean = Kernel.of(bead).without_offset()
    (said,) = clean.warnings
    assert 'background' in said
    share = offset * bead.size / bead.sum()
    assert f'{100 * share:.0f} %' in said or noise > 1
    assert max(clean.shape) <= (17 if noise < 5 else 41)  # trimmed to what the bead covers
    middle = [slice(n // 2 - 6, n // 2 + 7) for n in clean.shape]
    inside = np.pad(clean.values, 6)[tuple(slice(m.start + 6, m.stop + 6) for m in middle)]
    assert inside.sum() > 0.97
    np.testing.assert_allclose(inside / inside.sum(), PSF, atol=0.05 * PSF.max())
    assert clean.values.min() >= 0


@pytest.mark.parametrize(('noise', 'seed'), [(3, 0), (15, 1), (15, 2)])
def test_a_background_of_noise_cut_off_at_zero_is_subtracted(noise: float, seed: int) -> None:
    bead = np.clip(np.rint(bead_on(0, noise, seed)), 0, None).astype(np.uint16)
    clean = Kernel.of(bead).without_offset()
    assert 'background' in clean.warnings[0]
    rows, columns = ((n - 13) // 2 for n in clean.shape)
    inside = np.pad(clean.values, 6)[rows + 6 : rows + 19, columns + 6 : columns + 19]
    assert inside.sum() > 0.97
    np.testing.assert_allclose(inside / inside.sum(), PSF, atol=0.05 * PSF.max())
    np.testing.assert_allclose(kernels.from_bead(bead, size=13), PSF, atol=0.05 * PSF.max())


def test_hot_pixels_of_a_bead_are_no_light() -> None:
    bead = np.rint(bead_on(100, 5)).astype(np.uint16)
    bead[5, 5], bead[50, 8] = 20000, 900
    clean = Kernel.of(bead).without_offset()
    assert '2 hot pixels' in clean.warnings[0]
    assert np.abs(clean.centre_of_mass).max() < 0.1
    np.testing.assert_allclose(kernels.from_bead(bead, size=13), PSF, atol=0.05 * PSF.max())
    assert Kernel.of(np.eye(15)[:, ::-1] * np.arange(15)).without_offset().warnings == ()


@pytest.mark.parametrize(
    'kernel',
    [
        PSF,
        kernels.gaussian(1.5, size=41),
        kernels.gaussian(3, 1, 30),
        kernels.disk(5),
        kernels.motion(15, 40),
        kernels.box(9),
        kernels.bicubic(3),
        kernels.microscope(0.8, 0.6, 0.15, 1.0, defocus=2),
        kernels.microscope(1.4, 0.52, 0.08, kind='confocal'),
        np.clip(bead_on(0, 5), 0, None) * (bead_on(0, 0) > 1),
        np.ones((5, 5)),
        np.eye(15),
    ],
    ids=range(12),
)
def test_a_clean_kernel_is_left_alone(kernel: np.ndarray) -> None:
    given = Kernel.of(kernel, signed=True)
    clean = given.without_offset()
    assert clean.warnings == ()
    np.testing.assert_array_equal(clean.values, given.values)


def test_a_kernel_that_is_cut_off_is_pointed_out() -> None:
    cut = Kernel.of(kernels.gaussian(4, size=13))
    seen = cut.without_offset()
    assert 'border of the kernel is not dark' in seen.warnings[0]
    np.testing.assert_array_equal(seen.values, cut.values)


def test_a_kernel_stands_where_an_array_may() -> None:
    kernel = Kernel.of(PSF * 7)
    np.testing.assert_allclose(np.asarray(kernel), PSF, atol=1e-15)
    assert kernel.shape == (13, 13)
    assert kernel.ndim == 2
    assert kernel.offset == (0, 0)
    assert Kernel.of(kernel) is kernel
    tensor = Kernel.of(torch.from_numpy(PSF).float().requires_grad_())
    np.testing.assert_allclose(tensor.values, PSF, atol=1e-7)


def test_a_volume_is_a_kernel_but_not_for_a_plane() -> None:
    volume = Kernel.of(np.ones((3, 5, 7)), ndim=3, signed=False)
    assert volume.ndim == 3
    assert volume.values.sum() == pytest.approx(1)
    for value in (volume, np.ones((3, 5, 7))):
        with pytest.raises(KernelError, match=r'three axes.*two are needed.*one plane'):
            Kernel.of(value)
    with pytest.raises(KernelError, match='3-D'):
        Kernel.of(PSF, ndim=3)


def test_centring_moves_the_origin_and_loses_nothing() -> None:
    off = Kernel(np.pad(PSF, ((0, 4), (6, 0))), origin=(6, 12))
    assert off.offset == (-2, 3)
    centred = off.centred()
    assert centred.offset == (0, 0)
    assert centred.values.sum() == pytest.approx(1)
    np.testing.assert_allclose(centroid(centred.values), 0, atol=1e-12)
    half = Kernel(kernels.shift(PSF, 2), origin=(5.5, 5.5)).centred()
    np.testing.assert_allclose(centroid(half.values), 0, atol=0.02)
    with pytest.raises(KernelError, match='origin'):
        Kernel(PSF, origin=(6,))


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_all_conventions_of_where_a_kernel_looks(scale: int) -> None:
    away = -(scale - 1) / 2
    centred = Kernel.of(kernels.gaussian(1.5, size=25))
    for shifted in (centred.shifted(scale), Kernel.of(kernels.shift(centred, scale)).placed(scale)):
        np.testing.assert_allclose(shifted.offset, away)
        np.testing.assert_allclose(shifted.centre_of_mass, away, atol=1e-4)
    assert centred.placed(scale).offset == (0, 0)
    assert centred.placed(scale, 'shifted').offset == (away, away)
    back = centred.shifted(scale).shifted(scale, upper_left=False)
    np.testing.assert_allclose(back.offset, 0, atol=1e-12)
    direct = centred.direct(scale)
    np.testing.assert_allclose(direct.offset, away)
    np.testing.assert_allclose(
        direct.values, kernels.direct_sampling(centred.values, scale), atol=1e-15
    )
    assert direct.placed(scale) is direct  # its origin is known
    assert 'bicubic' in direct.source
    doubtful = Kernel.of(np.roll(centred.values, -1, 0)).placed(8)
    assert 'kernel_position' in doubtful.warnings[0]


def test_a_kernel_of_coarse_pixels_is_drawn_on_fine_ones() -> None:
    coarse = Kernel(kernels.gaussian(1.5), sampling='coarse', spacing={'Y': (0.2, 'um')})
    fine = coarse.fine(2)
    assert fine.sampling == 'fine'
    assert fine.spacing == {'Y': (0.1, 'um')}
    assert kernels.fwhm(fine.values).major == pytest.approx(
        2 * kernels.fwhm(coarse).major, rel=0.02
    )
    np.testing.assert_allclose(centroid(fine.values), 0, atol=1e-6)
    assert coarse.fine(1).shape == coarse.shape


def test_a_kernel_is_cut_to_an_image_or_refused() -> None:
    kernel = Kernel.of(kernels.gaussian(1, size=21))
    assert kernel.fitting((40, 21)) is kernel
    cut = kernel.fitting((12, 9))
    assert cut.shape == (11, 9)
    assert cut.values.sum() == pytest.approx(1)
    np.testing.assert_allclose(centroid(cut.values), 0, atol=1e-12)
    with pytest.raises(KernelError, match='wider than the image'):
        Kernel.of(kernels.box(21)).fitting((9, 9))
    with pytest.raises(KernelError, match='larger than the image'):
        kernel.check_fits((40, 20))


def test_the_dimensions_of_an_xarray_turn_a_kernel_upright() -> None:
    values = kernels.gaussian(2.0, size=9)[:, 2:7]
    turned = xarray.DataArray(values.T, dims=('x', 'y'))
    np.testing.assert_allclose(Kernel.of(turned).values, values / values.sum())


def test_an_image_is_a_kernel_with_its_spacing() -> None:
    image = Image(PSF[None, :, :, None], 'ZYXS', spacing={'Y': (100, 'nm'), 'X': (0.1, 'um')})
    kernel = Kernel.of(image)
    np.testing.assert_allclose(kernel.values, PSF, atol=1e-15)
    kernel.check_spacing({'Y': (0.1, 'um'), 'X': (1e-7, 'm'), 'T': (1, 's')})
    kernel.check_spacing({'Y': (1, 's')})  # nothing to compare
    kernel.check_spacing({'Y': (0.2, 'um')}, scale=2)
    with pytest.raises(KernelError, match=r'spacing of 100 nm on axis Y, the image of 0\.2 um'):
        kernel.check_spacing({'Y': (0.2, 'um')})
    with pytest.raises(KernelError, match='one plane of axis C'):
        Kernel.of(Image(np.ones((2, 5, 5)), 'CYX'))


def test_a_centre_of_mass_that_is_off_is_pointed_out() -> None:
    (said,) = Kernel.of(np.roll(PSF, (2, -1), (0, 1))).placed(1).warnings
    assert '+2.0 rows and -1.0 columns off its middle' in said
    for kernel in (PSF, kernels.gaussian(2, size=13)[:, :-1], kernels.motion(9, 30)):
        assert Kernel.of(kernel).placed(1).warnings == ()


def test_the_facts_of_a_kernel_are_plain_data() -> None:
    facts = Kernel.of(np.roll(PSF, 1, 1)).facts()
    assert facts['source'] == 'given'
    assert facts['shape'] == [13, 13]
    assert facts['centre_of_mass'] == pytest.approx([0, 1], abs=2e-3)
    json.dumps(facts)


@pytest.mark.parametrize(('planes', 'size'), [(15, 21), (33, 65)])
def test_the_haze_of_a_widefield_volume_is_no_background(planes: int, size: int) -> None:
    made = kernels.microscope(
        1.2, 0.52, 0.1, refractive_index=1.33, z_step=0.3, planes=planes, size=size
    )
    assert not Kernel(made.values).without_offset().warnings
    lifted = made.values + 0.2 * made.values.max()
    assert 'background' in Kernel(lifted / lifted.sum()).without_offset().warnings[0]
