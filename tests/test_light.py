"""Light is neither made nor lost, little noise does no harm, and bright objects spare dim ones."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

import napari_fresco as fresco
from napari_fresco.image.intensity import bright_objects
from napari_fresco.image.light import with_light_of
from napari_fresco.image.output import to_dtype


def scene(n=128):
    y, x = np.mgrid[:n, :n] / n
    return 0.2 + 0.5 * np.exp(-((y - 0.5) ** 2 + (x - 0.4) ** 2) * 20) + 0.2 * (x > 0.7)


def rmse(a, b, where=...):
    return float(np.sqrt(np.mean((np.asarray(a, float)[where] - b[where]) ** 2)))


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize('mean', [0.3, 0.8])
def test_counts_of_few_photons_keep_their_total(mean, dtype):
    truth = scene(160) / scene(160).mean() * mean
    counts = np.random.default_rng(0).poisson(truth).astype(dtype)
    result = fresco.restore(counts, method='ffdnet').image
    assert result.sum(dtype=float) == pytest.approx(counts.sum(dtype=float), rel=0.02)


def test_light_that_moved_is_put_back_and_good_results_stay():
    truth = 100 * scene(160)
    y = truth + np.random.default_rng(0).normal(0, 3, truth.shape)
    known = np.ones(truth.shape, bool)
    kept = with_light_of(y, truth, 3.0, known)
    assert np.abs(kept - truth).max() < 0.1
    dimmer = truth - 3 * (np.arange(160) > 80)
    back = with_light_of(y, dimmer, 3.0, known)
    assert back[:, 110:].mean() == pytest.approx(truth[:, 110:].mean(), abs=0.2)
    assert rmse(back, truth) < 0.5 * rmse(dimmer, truth)


def test_what_is_put_back_in_places_adds_up_to_the_whole():
    y = np.random.default_rng(0).poisson(np.ones((192, 192))).astype(float)
    dimmer = np.ones(y.shape)
    dimmer[80:112, 80:112] = 0.2
    kept = with_light_of(y, dimmer, 1.0, dark=0.0)
    assert kept[80:112, 80:112].mean() > 0.6
    assert kept.sum() == pytest.approx(y.sum(), rel=0.001)


def test_what_is_unknown_moves_no_light():
    truth = 100 * scene(160)
    known = np.ones(truth.shape, bool)
    known[40:80, 40:80] = False
    y = np.where(known, truth, 1e6)
    assert np.abs(with_light_of(y, truth, 3.0, known) - truth).max() < 1e-6


def test_whole_numbers_keep_the_mean_of_small_ones():
    values = np.full((200, 200), 0.3)
    rounded, _ = to_dtype(values, np.dtype(np.uint8), dark=0.0, seed=1)
    assert rounded.mean() == pytest.approx(0.3, rel=0.03)
    assert (rounded == to_dtype(values, np.dtype(np.uint8), dark=0.0, seed=1)[0]).all()
    assert not to_dtype(values, np.dtype(np.uint8))[0].any()
    large = np.full((20, 20), 100.3)
    assert (to_dtype(large, np.dtype(np.uint8), dark=0.0)[0] == 100).all()


def test_planes_of_a_stack_are_rounded_apart_and_as_they_are_alone():
    """What chance adds to one plane is gone from the mean of many."""
    counts = np.random.default_rng(0).poisson(0.4, (16, 48, 48)).astype(np.uint8)
    told = {'method': 'ffdnet', 'noise': 'poisson-gaussian', 'gain': 1.0, 'offset': 0.0}
    told |= {'read_noise': 0.0}
    whole = fresco.restore(counts, axes='TYX', **told).image
    exact = fresco.restore(counts, axes='TYX', dtype='float32', **told).image
    chance = whole.mean(axis=0) - exact.mean(axis=0)
    assert chance.std() < 0.6 / np.sqrt(16)  # of single planes it is at most a half
    np.testing.assert_array_equal(fresco.restore(counts[3], **told).image, whole[3])


@pytest.mark.parametrize('colours', [(), (3,)])
def test_what_is_below_the_lowest_number_is_taken_from_around_it(colours):
    values = np.full((160, 200, *colours), 0.4)
    values[:, 100:] = 0.1
    values[10::20, 5::20] = 6.0
    values[12::20, 5::20] = -2.0  # as beside edges that are sharpened
    rounded, clipped = to_dtype(values, np.dtype(np.uint8), dark=0.0)
    assert clipped == np.count_nonzero(values < -1)
    assert rounded.sum() == pytest.approx(values.sum(), rel=0.02)
    assert rounded[:, :80].sum() == pytest.approx(values[:, :80].sum(), rel=0.03)


@pytest.mark.parametrize('method', ['ffdnet', 'drunet'])
@pytest.mark.parametrize('sigma', [0.2, 0.5])
def test_hardly_any_noise_is_not_made_more(method, sigma):
    y, x = np.mgrid[:96, :96]
    truth = 255 * np.clip(scene(96) + 0.1 * np.sin(x * 1.3 + y * 0.7), 0, 1)
    noisy = truth + np.random.default_rng(0).normal(0, sigma, truth.shape)
    result = fresco.restore(noisy, method=method, sigma=sigma).image
    assert rmse(result, truth) <= 1.005 * rmse(noisy, truth)


@pytest.mark.parametrize(
    ('method', 'sigma', 'most'),
    [('drunet', 1, 1.03), ('drunet', 2, 0.95), ('virnet', 1, 1.01), ('virnet', 2, 1.01)],
)
def test_texture_is_not_taken_away_with_little_noise(method, sigma, most):
    truth = data.coins().astype(float)
    noisy = truth + np.random.default_rng(0).normal(0, sigma, truth.shape)
    noisy = noisy.round().clip(0, 255).astype(np.uint8)
    result = fresco.restore(noisy, method=method)
    assert rmse(result.image, truth) < most * rmse(noisy, truth)
    if method == 'virnet':  # it finds up to three times the noise
        assert {check.name for check in result.checks if not check.ok} & {'sigma', 'noise'}


@pytest.mark.parametrize('method', ['scunet', 'vdir', 'virnet'])
def test_smooth_noise_that_colours_do_not_share_is_taken_away(method):
    """Cameras interpolate their colours, so that single pixels hardly show their noise."""
    truth = data.astronaut()[:128, 120:248].astype(float)
    noise = np.random.default_rng(0).normal(0, 1, truth.shape)
    soft = ndimage.gaussian_filter(noise, (1.2, 1.2, 0))
    noisy = (truth + 8 * soft / soft.std()).round().clip(0, 255).astype(np.uint8)
    result = fresco.restore(noisy, method=method)
    assert rmse(result.image, truth) < 0.95 * rmse(noisy, truth)
    assert not {'noise', 'worse'} & {check.name for check in result.checks if not check.ok}


@pytest.mark.parametrize('method', ['ffdnet', 'virnet'])
def test_bright_parts_of_a_dark_frame_lose_their_noise(method):
    """Photon noise of the dark is no measure of that of the light, whoever finds it."""
    y, x = np.mgrid[:128, :128] / 128
    truth = 60 * np.exp(-((y - 0.5) ** 2 + (x - 0.4) ** 2) * 60)
    counts = np.random.default_rng(0).poisson(truth).astype(np.uint8)
    bright = truth > 10
    result = fresco.restore(counts, method=method, dtype='float32').image
    assert rmse(result, truth, bright) < 0.5 * rmse(counts, truth, bright)


def test_debris_spares_the_rest_and_keeps_its_value():
    truth = 100 + 400 * scene()
    clean = truth + np.random.default_rng(0).normal(0, 30, truth.shape)
    dirty = clean.copy()
    dirty[20:34, 30:44] = 50_000
    far = np.ones(truth.shape, bool)
    far[8:46, 18:56] = False
    good, result = (fresco.restore(each, method='ffdnet').image for each in (clean, dirty))
    assert rmse(result, truth, far) < 1.2 * rmse(good, truth, far)
    assert result[24:30, 34:40] == pytest.approx(50_000, rel=0.01)
    assert bright_objects(dirty) is not None
    assert bright_objects(clean) is None
