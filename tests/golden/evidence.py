"""Golden files of the measures of evidence: independent packages and printed formulas."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_fresco import evidence
from napari_fresco.image.anscombe import Anscombe
from napari_fresco.noise.curve import Blocks, fit_curve
from napari_fresco.noise.photon_transfer import photon_transfer

from .base import Golden


def _curve(golden: Golden, curve: evidence.Correlation, name: str, end: str = '') -> None:
    meta, out = golden.meta, golden.outputs
    # The mean has been taken off: what is left at frequency zero is dust of the arithmetic.
    first = 0 if meta.get('window') == 'hann' else 1
    close = {'rtol': meta.get('rtol_frc', 0), 'atol': meta['atol_frc']}
    np.testing.assert_allclose(curve.values[first:], out[name + end][first:], **close)
    np.testing.assert_allclose(curve.frequency, out['frequency' + end], rtol=1e-9)
    np.testing.assert_array_equal(curve.count, out['count' + end])


def frc_two_images(golden: Golden) -> None:
    meta, out = golden.meta, golden.outputs
    a, b = golden.inputs['a'], golden.inputs['b']
    curve = evidence.frc(a, b, meta['spacing'], window=meta['window'])
    _curve(golden, curve, 'frc')
    np.testing.assert_allclose(curve.half_bit, out['half_bit'], rtol=1e-9)
    assert abs(curve.cutoff - out['cutoff_seventh']) <= meta['atol_cutoff']
    assert abs(curve.cutoff_at(curve.half_bit) - out['cutoff_half_bit']) <= meta['atol_cutoff']


def frc_checkerboard(golden: Golden) -> None:
    curve = evidence.frc_checkerboard(golden.inputs['image'])
    _curve(golden, curve, 'frc')
    np.testing.assert_allclose(curve.resolution, golden.outputs['resolution'], rtol=1e-4)


def fsc_volume(golden: Golden) -> None:
    meta, out = golden.meta, golden.outputs
    for axis, end in ((None, ''), (0, '_z'), (1, '_y'), (2, '_x')):
        curve = evidence.fsc(
            golden.inputs['a'],
            golden.inputs['b'],
            meta['spacing'],
            window=meta['window'],
            axis=axis,
            half_angle=meta['cone_half_angle_degrees'],
        )
        _curve(golden, curve, 'fsc', end)
        assert abs(curve.cutoff - out[f'cutoff_seventh{end}']) <= meta['atol_cutoff']


def decorrelation(golden: Golden) -> None:
    meta, out = golden.meta, golden.outputs
    found = evidence.decorrelation(
        golden.inputs['image'], radii=meta['radii'], filters=meta['filters'], apodise=0
    )
    np.testing.assert_allclose(found.radius, out['radius'], atol=1e-12)
    np.testing.assert_allclose(found.curve, out['d0'], rtol=0, atol=meta['atol_d0'])
    assert abs(found.amplitude - out['amplitude']) <= meta['atol_d0']
    assert abs(found.cutoff - out['cutoff']) <= meta['atol_cutoff']
    np.testing.assert_allclose(found.resolution, out['resolution'], rtol=meta['rtol_resolution'])


def rse_rsp(golden: Golden) -> None:
    meta, out = golden.meta, golden.outputs
    image, result = golden.inputs['reference'], golden.inputs['result']
    found = evidence.error_map(image, result, sigma=meta['sigma'])
    assert abs(found.sigma - out['sigma']) <= meta['atol_sigma']
    for name in ('alpha', 'beta', 'rse', 'rsp'):
        np.testing.assert_allclose(getattr(found, name), out[name], rtol=meta['rtol'])
    np.testing.assert_allclose(found.map, np.abs(out['error_map']), rtol=0, atol=meta['atol_map'])


def binomial_split(golden: Golden) -> None:
    meta, out = golden.meta, golden.outputs
    counts, p, many = golden.inputs['counts'], meta['p'], meta['sigmas']
    first, second = evidence.split_counts(counts, p, meta['seed'])
    np.testing.assert_array_equal(first + second, counts)
    assert min(first.min(), second.min()) >= 0
    assert abs(first.sum() - p * counts.sum()) <= many * np.sqrt(p * (1 - p) * counts.sum())
    noise = first - p * counts
    spread = float(np.sum(noise**2))
    assert abs(spread - out['var_given_counts']) <= many * out['standard_error_of_sum']
    least = many / np.sqrt(counts.size)
    assert abs(_correlation(noise, counts)) < least
    assert abs(_correlation(noise[:, 1:], noise[:, :-1])) < least
    again = evidence.split_counts(counts, p, meta['seed'])[0]
    np.testing.assert_array_equal(first, again)
    assert (first != evidence.split_counts(counts, p, meta['seed'] + 1)[0]).any()


def residual_whiteness(golden: Golden) -> None:
    meta, out = golden.meta, golden.outputs
    found = evidence.whiteness(golden.inputs['residual'], lag=meta['lag'])
    pairs = {
        'rho': found.correlation,
        'box_pierce': found.statistic,
        'degrees': found.degrees,
        'p_value': found.p_value,
        'lag_one': found.lag_one,
        'ring_power': found.ring_power,
        'low_over_high': found.low_over_high,
        'exponential_distance': found.exponential_distance,
    }
    for name, value in pairs.items():
        np.testing.assert_allclose(value, out[name], rtol=meta['rtol'], atol=meta['atol'])
    assert (found.p_value > meta['level']) == meta['expected_white']


def chi2_residual(golden: Golden) -> None:
    meta, out = golden.meta, golden.outputs
    result = golden.inputs['result'].astype(np.float64)
    variance = meta['gain'] * (result - meta['offset']) + meta['read_noise'] ** 2
    found = evidence.chi_square(golden.inputs['image'] - result, variance, side=meta['side'])
    np.testing.assert_allclose(found.total, out['global'], rtol=meta['rtol'])
    np.testing.assert_allclose(found.z_score, out['z_score'], rtol=meta['rtol'])
    np.testing.assert_allclose(found.local, out['local'], rtol=0, atol=meta['atol_local'])
    assert found.flagged.mean() == out['fraction_flagged']


def gat_inverse_exact(golden: Golden) -> None:
    meta, out = golden.meta, golden.outputs
    transform = Anscombe(meta['gain'], meta['offset'], meta['read_noise'])
    found = transform.inverse(out['stable_mean'])
    atol = meta['atol_electrons'] * meta['gain']
    np.testing.assert_allclose(found, out['intensity'], rtol=meta['rtol'], atol=atol)


def photon_transfer_fit(golden: Golden) -> None:
    meta, out = golden.meta, golden.outputs
    found = photon_transfer(golden.inputs['dark'], list(golden.inputs['flats']))
    np.testing.assert_allclose(found.camera.gain, out['gain'], rtol=meta['rtol_gain'])
    np.testing.assert_allclose(found.camera.read_noise, out['read_noise'], rtol=meta['rtol_read'])
    assert abs(found.camera.offset - out['offset']) <= meta['atol_offset']
    np.testing.assert_allclose(found.gain_error, out['gain_error'], rtol=0.05)
    np.testing.assert_allclose(found.level_mean, out['level_mean'] + found.camera.offset, rtol=1e-6)
    np.testing.assert_allclose(found.level_variance, out['level_variance'], rtol=1e-6)
    np.testing.assert_array_equal(found.hot, out['hot'])
    for name in ('offset_map', 'variance_map'):
        maps: Any = getattr(found, name)
        np.testing.assert_allclose(maps, out[name], rtol=0, atol=meta['atol_map'])


def noise_one_image(golden: Golden) -> None:
    meta, out = golden.meta, golden.outputs
    verdicts = set()
    for image in golden.inputs['images']:
        curve = fit_curve(Blocks.of(image.astype(np.float64)))
        assert curve is not None
        verdicts.add(curve.verdict)
        if curve.verdict == 'photon':
            sigma = curve.sigma(out['level'])
            np.testing.assert_allclose(sigma, out['sigma'], rtol=meta['rtol_sigma'])
    assert len(verdicts) == 1 or not meta['same_verdict']


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


CASES = {
    f'evidence/{case.__name__}': case
    for case in (
        frc_two_images,
        frc_checkerboard,
        fsc_volume,
        decorrelation,
        rse_rsp,
        binomial_split,
        residual_whiteness,
        chi2_residual,
        gat_inverse_exact,
        photon_transfer_fit,
        noise_one_image,
    )
}
