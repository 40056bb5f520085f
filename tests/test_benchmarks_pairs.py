"""The benchmark scripts: fits, filters at their best, pairs of blind restorers, what is timed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import napari_fresco as fresco
from napari_fresco import samples
from napari_fresco.evidence import metrics
from napari_fresco.networks import devices
from napari_fresco.physics.kernels import from_covariance
from napari_fresco.training import find_regime, objectives

BENCHMARKS = Path(__file__).parents[1] / 'benchmarks'


@pytest.fixture(scope='module')
def scripts():
    """Return what imports a script, by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield import_module


@pytest.fixture(scope='module')
def micrographs(scripts):
    return scripts('micrographs')


@pytest.fixture(scope='module')
def classics(scripts):
    return scripts('classics')


@pytest.fixture(scope='module')
def blind(scripts):
    return scripts('blind')


@given(slope=st.floats(0.01, 100), offset=st.floats(-1000, 1000), seed=st.integers(0, 99))
def test_a_scaled_and_shifted_image_fits_alike(micrographs, slope, offset, seed):
    truth, image = np.random.default_rng(seed).normal(100, 20, (2, 12, 12))
    fitted = micrographs.fitted(image, truth)
    np.testing.assert_allclose(micrographs.fitted(slope * image + offset, truth), fitted, atol=1e-6)


@given(seed=st.integers(0, 99))
def test_no_other_line_is_closer(micrographs, seed):
    random = np.random.default_rng(seed)
    truth, image = random.normal(100, 20, (2, 12, 12))
    design = np.stack([image.ravel(), np.ones(image.size)], axis=1)
    best = design @ np.linalg.lstsq(design, truth.ravel(), rcond=None)[0]
    np.testing.assert_allclose(micrographs.fitted(image, truth).ravel(), best, atol=1e-6)


def test_a_constant_image_fits_by_the_mean(micrographs):
    truth = np.arange(16.0).reshape(4, 4)
    np.testing.assert_array_equal(micrographs.fitted(np.full((4, 4), 7), truth), truth.mean())


@settings(max_examples=30)
@given(top=st.floats(0, 12), strengths=st.lists(st.integers(1, 12), min_size=1, unique=True))
def test_the_best_strength_is_found(classics, top, strengths):
    """Whatever rises and then falls: nothing is missed by giving up after the top."""
    strengths = tuple(sorted(strengths))
    asked: list[tuple[float, float]] = []

    def denoise(image: Any, sigma: float, strength: float) -> Any:
        asked.append((sigma, strength))
        return image * strength

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(classics.STRENGTHS, 'fake', (denoise, strengths))
        strength, (image,) = classics.best(
            'fake', [np.ones((2, 2))], lambda images: -abs(images[0][0, 0] - top), [0.25]
        )
    assert abs(strength - top) == min(abs(s - top) for s in strengths)
    assert image[0, 0] == strength
    assert {sigma for sigma, _ in asked} == {0.25}


@pytest.mark.parametrize('shape', [(40, 48), (40, 48, 3)])
def test_every_filter_takes_noise_away(classics, shape):
    rows, columns = np.indices(shape[:2])
    truth = 0.5 + 0.2 * np.sin(rows / 9) * np.cos(columns / 11)
    truth = np.broadcast_to(truth if len(shape) == 2 else truth[..., None], shape)
    noisy = truth + np.random.default_rng(0).normal(0, 0.1, shape)

    def score(images: Any) -> float:
        return -float(np.mean((images[0] - truth) ** 2))

    for name in classics.SKIMAGE:
        _, (clean,) = classics.best(name, [noisy], score)
        assert clean.shape == shape
        assert score([clean]) > score([noisy]) / 2, name


def test_qualities_are_means_of_8_bit_images(scripts):
    common = scripts('common')
    random = np.random.default_rng(0)
    truths = [random.integers(0, 256, (16, 18, 3), dtype=np.uint8) for _ in range(2)]
    images = [
        np.clip(t / 255 + random.normal(0, s, t.shape), 0, 1)
        for t, s in zip(truths, (0.1, 0.2), strict=True)
    ]
    each = [(metrics.to_uint8(x), t, 255, 1) for x, t in zip(images, truths, strict=True)]
    expected = [
        np.mean([measure(*one) for one in each]) for measure in (metrics.psnr, metrics.ssim)
    ]
    assert common.mean_quality(images, truths, 1) == pytest.approx(tuple(expected))
    assert common.mean_psnr(images, truths, 1) == pytest.approx(expected[0])


@pytest.fixture(scope='module')
def picture():
    return samples.mural().truth[:64, :72]


def test_noise_has_the_number_of_the_image_as_seed(blind, picture):
    cases = blind.noise_cases([picture, picture])
    assert cases.keys() == {'mixed', *blind.PARTS}
    for name, case in cases.items():
        first, second = case.seen
        assert first.shape == second.shape == picture.shape
        assert not np.array_equal(first, second)
        assert all(x.min() >= 0 and x.max() <= 1 for x in case.seen)
        assert case.border == 0
        if name != 'mixed':
            assert all(np.array_equal(truth, picture) for truth in case.truths)
    alone = blind.noise_cases([picture])
    for name, case in alone.items():
        np.testing.assert_array_equal(case.seen[0], cases[name].seen[0])


def test_enlarging_has_the_pairs_of_the_cards(blind, picture):
    for name, case in blind.enlarging_cases([picture]).items():
        objective = objectives.make(find_regime(f'bsrnet_compact_{name}').objective)
        trials = [t for t in objective.trials(picture) if t.case == f'{name}, mixed']
        enlarged = blind._bicubic(case.seen, case.scale)
        for trial, image, truth in zip(trials, enlarged, case.truths, strict=True):
            np.testing.assert_array_equal(image, trial.baseline[0].permute(1, 2, 0))
            np.testing.assert_array_equal(truth, trial.truth)
            assert case.border == trial.border


@pytest.mark.parametrize('scale', [2, 4])
def test_enlarged_images_lie_on_the_same_grid(blind, scale):
    """Linear ramps stay where they are, away from the border, however they are enlarged."""
    small = np.indices((16, 20)).sum(0)[..., None] / 40
    fine = (np.indices((16 * scale, 20 * scale)).sum(0)[..., None] - scale + 1) / scale / 40
    inside = np.s_[4 * scale : -4 * scale, 4 * scale : -4 * scale]
    for resampling in blind.RESAMPLING.values():
        image = blind._resampled(small, scale, resampling)
        assert image.shape == fine.shape
        assert abs((image - fine)[inside].mean()) < 1e-6
    (image,) = blind._bicubic([small], scale)
    np.testing.assert_allclose(image[inside], fine[inside], atol=1e-5)


def test_gains_are_over_the_rival_or_the_best(blind):
    psnrs = {'x2': {'nearest': 20.0, 'bicubic': 21.0, 'filter': 22.5}, 'x4': {'bicubic': 19.0}}
    own = {'x2': (22.0, '')}
    assert list(blind._gains(own, psnrs, 'bicubic')) == ['+1.00', '']
    assert list(blind._gains(own, psnrs, 'the best')) == ['-0.50 (filter)', '']


@given(
    variances=st.tuples(st.floats(1, 4), st.floats(1, 4)),
    rho=st.floats(-0.6, 0.6),
    turned=st.booleans(),
)
def test_widths_are_those_of_the_kernel(scripts, variances, rho, turned):
    kernel = from_covariance(*variances, rho)
    mixed = rho * np.sqrt(np.prod(variances))
    axes = np.linalg.eigvalsh([[variances[0], mixed], [mixed, variances[1]]])
    found = scripts('virnet')._widths(np.rot90(kernel) if turned else kernel)
    np.testing.assert_allclose(found, np.sqrt(axes[::-1]), rtol=1e-3)


def test_models_stand_below_each_other(scripts, picture):
    vdir = scripts('vdir')
    models = ['vdir_jpeg_color', 'vdir_denoise_color']
    options = SimpleNamespace(
        models=models, filters=True, samples=0, precision='float32', device='cpu'
    )
    rows = list(vdir._measured([picture], 'jpeg_rgb', 10, options))
    assert [weights for _, _, weights, _, _ in rows] == models
    for before, filtered, _, after, gain in rows:
        assert before == pytest.approx(
            metrics.psnr(vdir.TABLES['jpeg_rgb'].degrade(picture, 10), picture, 255)
        )
        assert float(filtered.split()[0]) > before
        assert gain == pytest.approx(after - before)
    assert rows[0][3] != rows[1][3]


def test_seconds_outside_of_networks_are_a_part_of_all(scripts):
    around = scripts('around')
    with fresco.Session(device='cpu') as session:
        for work, networks in (('ffdnet', True), ('wiener deblurs', False)):
            image = around.picture('gray', 64, not networks)
            outside, whole = around.measure(session, work, image)
            assert 0 < outside <= whole
            assert (outside < whole) is networks
            assert around.judge(image) > 0


def test_pictures_to_be_timed_are_of_any_side(scripts):
    around = scripts('around')
    for side in (100, 512):
        shapes = [around.picture(name, side, blurred=True).shape for name in around.IMAGES]
        assert shapes == [(side, side), (side, side), (side, side, 3)]


@pytest.mark.skipif(
    not devices.has_fast_integers(torch.device('cpu')), reason='the processor has no VNNI'
)
def test_decibels_lost_say_where_integers_did_not_serve(scripts, picture, tmp_path, monkeypatch):
    folder = tmp_path / 'natural' / 'bsd68'
    folder.mkdir(parents=True)
    Image.fromarray(picture[..., 0]).save(folder / 'a.png')
    options = SimpleNamespace(data=tmp_path, limit=1)
    arithmetic = scripts('arithmetic')
    monkeypatch.setattr(arithmetic, 'SIGMAS', (10.0, 50.0))
    lost = arithmetic.lost_by('drunet_compact_gray', options)
    assert lost.keys() == {'bfloat16', 'int8'}
    weak, strong = lost['int8'].split(' / ')
    assert weak.endswith('(1)')
    assert abs(float(strong)) < 0.1
