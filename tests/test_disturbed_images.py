"""Disturbances that are no noise: stripes, moved rows, salt and pepper, stuck lines, overflow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.evidence.check_limits import LIMITS, checked
from napari_fresco.evidence.remedies import fitting
from napari_fresco.noise.bidirectional import MOVED, scan_shift
from napari_fresco.noise.cut_ground import cut_off_ground
from napari_fresco.noise.impulses import impulses
from napari_fresco.noise.lattice import alternation
from napari_fresco.noise.repeated_lines import repeated_lines
from napari_fresco.noise.stripes import STRIPED, stripes
from napari_fresco.noise.stuck_lines import stuck_lines
from napari_fresco.noise.wrapped import wrapped
from napari_fresco.restoration.hot_pixels import hot_pixels_of

N = 192
Array = NDArray[Any]
Y, X = np.mgrid[:N, :N]


def specimen() -> Array:
    """Draw cells of different brightness, with fine detail."""
    spots = np.zeros((N, N))
    random = np.random.default_rng(2)
    spots[tuple(random.integers(0, N, (2, 60)))] = random.uniform(500, 4000, 60)
    disc = np.hypot(Y - 80, X - 50) < 28
    return np.clip(30 + 90 * disc + ndimage.gaussian_filter(spots, 1.6), 0, 225)


def noisy(image: Array, sigma: float = 8.0, seed: int = 0) -> Array:
    return image + np.random.default_rng(seed).normal(0, sigma, image.shape)


def as_bytes(image: Array) -> NDArray[np.uint8]:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def failed(image: Array, **how: Any) -> dict[str, str]:
    result = fresco.restore(image, method='ffdnet', **how)
    return {check.name: check.message for check in result.checks if not check.ok}


@pytest.mark.parametrize('period', [4.2, 9.3, 14.0])
@pytest.mark.parametrize('axis', [0, 1])
def test_periodic_stripes_are_found_with_their_period(period: float, axis: int) -> None:
    hum = 8 * np.sin(2 * np.pi * (Y, X)[axis] / period)
    found = stripes(noisy(specimen()) + hum)
    assert found.strength > STRIPED
    assert found.axis == axis
    assert found.period == pytest.approx(period, rel=0.07)


def test_a_run_on_stripes_says_so() -> None:
    hum = 12 * np.sin(2 * np.pi * Y / 9.3)
    said = failed(as_bytes(noisy(specimen()) + hum))
    assert 'rows have stripes, every 9' in said['stripes']
    colours = np.stack([specimen(), specimen().T, specimen()[::-1]], axis=-1)
    assert 'stripes' in failed(as_bytes(noisy(colours) + hum[..., None]))


def test_what_is_periodic_in_a_part_is_a_picture() -> None:
    lines = 40.0 * (np.abs((Y + 3 * np.sin(X / 11)) % 11) < 4)
    fence = np.where(Y > N / 2, 30 * np.sin(2 * np.pi * X / 9.3), 0)
    for picture in (lines, specimen() + fence, specimen(), np.zeros((N, N))):
        for image in (picture, noisy(picture)):
            assert stripes(image).strength <= STRIPED


@pytest.mark.parametrize('shift', [-2, -0.5, 0.5, 1, 3])
@pytest.mark.parametrize('axis', [0, 1])
def test_rows_of_a_scan_to_and_fro_are_put_back_as_told(shift: float, axis: int) -> None:
    image = specimen() if axis == 0 else specimen().T
    image[1::2] = ndimage.shift(image[1::2], (0, shift), mode='grid-wrap')
    image = noisy(image if axis == 0 else image.T)
    found = scan_shift(image)
    assert (found.pixels, found.axis) == (shift, axis)
    said = failed(image.astype(np.float32))['scan']
    advice = said.partition('such as ')[2].partition(', and mend')[0]
    exec(advice, {'np': np, 'ndimage': ndimage, 'image': image})
    assert scan_shift(image).gain <= MOVED


def test_pictures_have_no_row_moved() -> None:
    slanted = 60 * np.sin(0.9 * X + 1.1 * Y)
    mosaic = specimen() * np.tile([[0.6, 1.0], [1.0, 0.4]], (N // 2, N // 2))
    for picture in (specimen(), slanted, mosaic, np.zeros((N, N))):
        for image in (picture, noisy(picture)):
            assert scan_shift(image).gain <= MOVED


def salted(share: float) -> tuple[NDArray[np.uint8], Array]:
    image, chance = as_bytes(noisy(specimen() + 25, 5)), np.random.default_rng(3).random((N, N))
    struck = (chance < share / 2) | (chance > 1 - share / 2)
    return np.where(struck, np.where(chance < 0.5, 0, 255), image).astype(np.uint8), struck


@pytest.mark.parametrize('share', [0.01, 0.05, 0.1])
def test_salt_and_pepper_are_outliers_and_no_grain(share: float) -> None:
    image, struck = salted(share)
    found = impulses(image)
    assert found is not None
    assert found[struck].mean() > 0.75
    assert found[~struck].mean() < 0.002
    result = fresco.restore(image, method='ffdnet')
    (said,) = result.provenance['warnings']
    assert 'salt and pepper' in said
    assert 'repair=True' in said
    assert abs(result.provenance['planes'][0]['sigma'] - 5) < 1
    repaired = fresco.restore(image, method='ffdnet', repair=True).image
    before, after = (np.sqrt(np.mean((x - specimen() - 25.0) ** 2)) for x in (image, repaired))
    assert after < 0.35 * before


@pytest.mark.parametrize('hot', [1, 80], ids=['one', 'many'])
def test_dead_pixels_are_found_beside_hot_ones(hot: int) -> None:
    frame = (noisy(10 * specimen(), 30) + 300).clip(1, 4095).astype(np.uint16)
    clean, places = frame.copy(), np.random.default_rng(5).permutation(N * N)[: 80 + hot]
    frame.flat[places] = np.where(np.arange(len(places)) < 80, 0, 65535)
    found = hot_pixels_of(frame, method='ffdnet', task='denoise')
    assert found.flat[places].mean() > 0.95
    kernel, away = fresco.kernels.gaussian(1.2, size=9), np.ones((N, N), bool)
    away.flat[places] = False
    away = ndimage.binary_erosion(away, iterations=3, border_value=1)
    first, second = (
        fresco.restore(x, method='richardson_lucy', kernel=kernel).image[away].astype(float)
        for x in (clean, frame)
    )
    assert np.sqrt(np.mean((first - second) ** 2)) < 20  # of noise of 30


def test_clipped_light_and_dark_ground_are_no_salt_and_pepper() -> None:
    loud = noisy(specimen(), 40)
    counts = np.random.default_rng(0).poisson(specimen() / 60)
    for image in (as_bytes(loud), as_bytes(2 * loud), counts, as_bytes(specimen()), X % 2):
        assert impulses(image) is None


def test_stuck_rows_and_columns_are_outliers() -> None:
    image = as_bytes(noisy(specimen() / 6 + 10, 3))
    image[40], image[90:92], image[:, 70] = 25, 0, 30
    found = stuck_lines(image)
    assert found is not None
    assert found[[40, 90, 91]].all()
    assert found[:, 70].all()
    assert found.sum() == 4 * N - 3
    (said,) = fresco.restore(image, method='ffdnet').provenance['warnings']
    assert f'{4 * N - 3} values' in said
    repaired = fresco.restore(image, method='ffdnet', repair=True).image
    assert np.abs(repaired[40] - specimen()[40] / 6 - 10).mean() < 2.5


def test_flat_pictures_have_no_stuck_lines() -> None:
    letters = np.where(np.hypot(Y - 60, X - 60) < 30, 10, 250)
    dark = np.random.default_rng(0).poisson(0.05, (N, N))
    bars = 1.0 * np.broadcast_to(X % 7 < 2, (N, N))
    for image in (letters, dark, bars, noisy(specimen()), np.zeros((N, N))):
        assert stuck_lines(image) is None


def test_numbers_that_ran_over_are_found() -> None:
    bright = noisy(np.minimum(2.2 * specimen(), 250), 10)
    over = np.rint(bright).astype(int).astype(np.uint8)
    under = np.rint(noisy(specimen() - 28, 10)).astype(int).astype(np.uint8)
    for image in (over, under):
        assert wrapped(image) > 0
        assert 'a whole range of uint8' in failed(image)['wrapped']
    sixteen = np.rint(256 * noisy(specimen() - 28, 10)).astype(int).astype(np.uint16)
    assert wrapped(sixteen) > 0
    for image in (as_bytes(bright), as_bytes(noisy(specimen(), 60)), bright):
        assert wrapped(image) == 0
    assert 'wrapped' not in failed(salted(0.1)[0])


@pytest.mark.parametrize('sigma', [0, 2])
@pytest.mark.parametrize('dtype', [np.uint8, np.int16])
def test_bright_areas_that_ran_over_are_found(sigma: float, dtype: Any) -> None:
    info = np.iinfo(dtype)
    hill = 60 + 240 * np.exp(-((Y - 90) ** 2 + (X - 80) ** 2) / 2 / 40**2)
    values = info.min + (info.max / 255 * (1 if info.min == 0 else 2)) * noisy(hill, sigma)
    over = np.rint(values).astype(int).astype(dtype)
    assert f'{info.max} + 1 is {info.min}' in failed(over)['wrapped']
    colours = np.stack([as_bytes(hill), (0.5 * hill).astype(np.uint8), hill.astype(int)], -1)
    assert 'wrapped' in failed(colours.astype(np.uint8))
    clipped = np.clip(np.rint(values), info.min, info.max).astype(dtype)
    letters = np.where(np.hypot(Y % 24 - 12, X % 24 - 12) < 8, 0, 255).astype(np.uint8)
    dark = noisy(specimen() / 8)
    framed = [np.pad(as_bytes(dark), 20, constant_values=white) for white in (248, 253)]
    on_paper = [as_bytes(noisy(image.astype(float), 1)) for image in framed]
    for image in (clipped, letters, as_bytes(ndimage.gaussian_filter(letters, 0.6)), *on_paper):
        assert wrapped(image) == 0


def test_ground_that_was_cut_off_at_black_is_said() -> None:
    random = np.random.default_rng(4)
    spots = np.zeros((N, N))
    spots[tuple(random.integers(0, N, (2, 40)))] = random.uniform(500, 4000, 40)
    light = ndimage.gaussian_filter(spots, 1.6)
    frame = 2 * random.poisson(light + 10) + random.normal(0, 3, (N, N)) - 20
    cut = np.clip(frame, 0, None)

    def said(image: Array) -> list[str]:
        warnings = fresco.restore(image, method='ffdnet').provenance['warnings']
        return [text for text in warnings if 'the ground is cut off' in text]

    (text,) = said(cut.round().astype(np.uint16))
    assert f'{np.mean(cut.round() == 0):.0%} of the pixels are black' in text
    assert said(cut.astype(np.float32))
    assert not said(frame.astype(np.float32))
    lost = np.zeros((N, N), bool)
    lost[:60] = True
    assert cut_off_ground(np.where(lost, -1e6, cut), lost) > 0.4
    for mean in (0.05, 0.2, 0.7, 2.0):  # of photons, of which single ones are counted
        assert cut_off_ground(random.poisson(mean + light / 50)) == 0
    half = np.clip(noisy(np.where(X < N / 2, 0.0, 60.0)), 0, None)
    for image in (half, as_bytes(noisy(specimen())), np.zeros((N, N)), 255.0 * (X % 3 == 0)):
        assert cut_off_ground(image) == 0


def test_lines_that_repeat_the_one_before_are_named() -> None:
    image = noisy(specimen())
    assert 'repeated' not in failed(image)
    image[[40, 41, 99]] = image[[39, 39, 98]]
    assert 'rows 40, 41, 99 repeat' in failed(image)['repeated']
    assert 'columns 40, 41, 99 repeat' in failed(np.dstack([image.T] * 3))['repeated']
    bars, enlarged = 1.0 * np.broadcast_to(X % 7 < 2, (N, N)), np.repeat(noisy(specimen()), 2, 0)
    framed = np.pad(noisy(specimen()), 4, mode='edge')
    for picture in (specimen().round(), bars, enlarged, framed, np.zeros((N, N))):
        assert not any(len(lines) for lines in repeated_lines(picture))


def test_the_limits_are_those_of_the_measures() -> None:
    limits = [LIMITS[name][1] for name in ('stripes', 'scan')]
    assert limits == [STRIPED, MOVED]


def test_little_and_nothing_is_told_of_nothing() -> None:
    nothing = np.full((N, N), np.nan)
    for image in (nothing, np.zeros((5, 5)), np.zeros((2, 40), np.uint8)):
        assert stripes(image).strength == 1
        assert scan_shift(image).gain == 0
        assert wrapped(image) == 0
        assert impulses(image) is None
        assert stuck_lines(image) is None
    holes = noisy(specimen()) + 12 * np.sin(2 * np.pi * Y / 9.3)
    lost = np.zeros((N, N), bool)
    lost[30:40, 30:60] = True
    holes[lost] = 1e6
    assert stripes(holes, lost).strength > STRIPED


def test_rows_that_are_moved_are_no_mosaic() -> None:
    both = [checked('mosaic', 100, 'choose demosaic'), checked('scan', 1, 'move them back')]
    told = {check.name: check.message for check in fitting(both)}
    assert told['scan'] == 'move them back'
    assert "see check 'scan'" in told['mosaic']
    (alone,) = fitting(both[:1])
    assert alone.message == 'choose demosaic'


def test_speckle_is_said_and_its_logarithm_is_better() -> None:
    truth = (specimen() + 10) * (0.1 + X / N) ** 2
    image = truth * np.random.default_rng(0).gamma(4, 1 / 4, truth.shape)
    result = fresco.restore(image, method='ffdnet')
    (said,) = (text for text in result.provenance['warnings'] if 'speckle' in text)
    assert '50% of the intensity' in said
    logarithm = fresco.restore(np.log(image), method='ffdnet', noise='gaussian').image
    better = np.exp(logarithm) * image.mean() / np.exp(logarithm).mean()
    assert np.square(better - truth).mean() < np.square(result.image - truth).mean()


def test_photon_noise_is_no_speckle() -> None:
    random = np.random.default_rng(0)
    for peak in (2, 40, 1000):
        counts = random.poisson(specimen() / 255 * peak)
        for image in (counts, 2.0 * counts + random.normal(100, 3, counts.shape)):
            said = fresco.restore(image, method='ffdnet').provenance['warnings']
            assert not [text for text in said if 'speckle' in text]


@pytest.mark.parametrize('judge', [alternation, stripes, scan_shift])
def test_the_level_of_an_image_says_nothing_of_its_disturbances(judge: Any) -> None:
    image = noisy(specimen() + 20 * np.sin(2 * np.pi * Y / 9))
    image[1::2] = np.roll(image[1::2], 2, axis=1)
    np.testing.assert_allclose(judge(1e10 + image), judge(image), rtol=1e-3)


@pytest.mark.parametrize('how', [{'task': 'super_resolve', 'scale': 2}, {'task': 'deblur'}])
def test_pixels_that_stand_alone_within_the_range_are_said_and_gone_as_told(
    how: dict[str, Any],
) -> None:
    kernel = fresco.kernels.gaussian(1.2, size=9)
    how = {**how, 'method': 'usrnet', 'kernel': kernel}

    def said(image: Array) -> str:
        checks = fresco.restore(image.astype(np.float32), **how).checks
        return next(check.message for check in checks if check.name == 'outliers')

    random = np.random.default_rng(6)
    image = noisy(ndimage.convolve(specimen(), kernel, mode='reflect'), 4)
    struck = np.where(random.random(image.shape) < 0.005, image + 100, image)
    counts = random.poisson(specimen() / 150)
    assert not said(image)
    assert not said(counts)
    told = said(struck)
    names = {'np': np, 'ndimage': ndimage, 'fresco': fresco, 'image': struck}
    exec(told.partition('in each channel ')[2], names)
    assert np.abs(names['image'] - image).max() < 60
    assert (names['image'] != struck).mean() < 0.01


def _enlarged_and_deblurred() -> list[tuple[Array, dict[str, Any]]]:
    kernel = fresco.kernels.gaussian(1.6, size=11)
    blurred = ndimage.convolve(specimen(), kernel, mode='reflect')
    return [
        (blurred, {'task': 'deblur', 'method': method, 'kernel': kernel, **more})
        for method, more in (
            ('dpir', {'iterations': 2}),
            ('usrnet', {}),
            ('richardson_lucy', {'iterations': 5}),
            ('wiener', {}),
        )
    ] + [
        (blurred[::2, ::2], {'task': 'super_resolve', 'scale': 2, 'method': method, **more})
        for method, more in (('usrnet', {'kernel': kernel}), ('virnet', {}))
    ]


@pytest.mark.parametrize(('image', 'how'), _enlarged_and_deblurred())
@pytest.mark.parametrize('axis', [0, 1], ids=['rows', 'columns'])
def test_noise_that_lines_share_is_said_and_gone_as_told(
    image: Array, how: dict[str, Any], axis: int
) -> None:
    def said(image: Array) -> str:
        checks = fresco.restore(image.astype(np.float32), **how).checks
        return next(check.message for check in checks if check.name == 'lines')

    image = noisy(image, 4)
    lines = np.random.default_rng(1).normal(0, 6, image.shape[axis])
    disturbed = image + (lines[:, None] if axis == 0 else lines)
    assert not said(image)
    told = said(disturbed)
    assert told.startswith(('rows', 'columns')[axis])
    names = {'np': np, 'ndimage': ndimage, 'image': disturbed}
    exec(told.partition('such as ')[2], names)
    mended = names['image'] - image
    assert mended.std() < 0.5 * lines.std()
