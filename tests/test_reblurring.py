"""Results are blurred again as their images are, planes and volumes: laws, and reports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco import evidence
from napari_fresco.errors import KernelError
from napari_fresco.evidence.reblurring import blurred, kernel_of

from .command_line import printed

RANDOM = np.random.default_rng(0)
SPACING = {'Z': (0.2, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')}
GAUSSIAN = np.zeros((5, 7, 7))
GAUSSIAN[2, 3, 3] = 1
GAUSSIAN = ndimage.gaussian_filter(GAUSSIAN, (0.8, 1.2, 1.2))
GAUSSIAN /= GAUSSIAN.sum()
TRUTH = 100 + 4000 * np.maximum(ndimage.gaussian_filter(RANDOM.normal(size=(20, 40, 48)), 1.5), 0)
SEEN = ndimage.convolve(TRUTH, GAUSSIAN) + RANDOM.normal(0, 5, TRUTH.shape)
STACK = fresco.Image(SEEN.astype(np.float32), 'ZYX', SPACING)
SHARP = fresco.Image(TRUTH.astype(np.float32), 'ZYX', SPACING)


@pytest.mark.parametrize('shape', [(3, 3), (4, 5), (6, 2), (25, 31)])
def test_a_plane_is_blurred_as_by_convolution_with_mirrored_borders(shape: tuple[int, int]) -> None:
    plane, kernel = RANDOM.normal(size=(20, 24, 3)), RANDOM.uniform(size=shape)
    expected = ndimage.convolve(plane, kernel[..., None], mode='reflect')
    np.testing.assert_allclose(blurred(plane, kernel), expected, atol=1e-10)


def test_kernels_are_taken_as_a_restoration_takes_them() -> None:
    image = fresco.Image(GAUSSIAN[2:3], 'ZYX', SPACING)
    np.testing.assert_allclose(kernel_of(image).values, GAUSSIAN[2] / GAUSSIAN[2].sum())
    with pytest.raises(KernelError, match='three axes'):
        evidence.residual(SEEN[9], TRUTH[9], 5.0, GAUSSIAN)
    with pytest.raises(KernelError, match='three axes'):
        evidence.error_map(SEEN[9], TRUTH[9], kernel=GAUSSIAN)


@pytest.mark.parametrize(
    ('result', 'image', 'kernel'),
    [
        (SHARP, STACK, GAUSSIAN),
        (SHARP, STACK, fresco.Image(GAUSSIAN, 'ZYX', SPACING)),
        (SHARP, STACK, fresco.kernels.Kernel(GAUSSIAN, SPACING)),
        (TRUTH, SEEN, GAUSSIAN),
        (TRUTH.transpose(1, 2, 0), fresco.Image(SEEN.transpose(1, 2, 0), 'YXZ'), GAUSSIAN),
    ],
)
def test_the_truth_of_a_volume_explains_it(result: Any, image: Any, kernel: Any) -> None:
    found = evidence.evaluate(result, image, kernel=kernel, noise=5.0)
    assert found['residual']['planes'] == 5
    assert found['residual']['rms'] == pytest.approx(1, abs=0.03)
    assert found['error_map']['rse'] == pytest.approx(5, rel=0.03)
    checks = {check['name']: check for check in found['checks']}
    assert checks['consistency']['value'] == pytest.approx(1, abs=0.1)
    names = [graph.name for graph in evidence.evidence_graphs(result, image, kernel=kernel)]
    assert 'Residual' in names


def test_what_cannot_be_judged_says_why() -> None:
    ends = fresco.Image(STACK.data[:3], 'ZYX', SPACING)
    short = evidence.evaluate(TRUTH[:3], ends, kernel=GAUSSIAN, noise=0.5)
    assert 'beyond the stack' in short['residual']
    assert 'consistency' not in {check['name'] for check in short['checks']}
    unknown = evidence.evaluate(SHARP, STACK, task='deblur', noise=5.0)
    assert 'is not known' in unknown['residual']
    assert unknown['error_map']['rsp'] > 0.9
    assert {check['name'] for check in unknown['checks']} == {'overshoot'}
    graphs = evidence.evidence_graphs(SHARP, STACK, task='deblur', noise=5.0)
    assert 'Residual' not in [graph.name for graph in graphs]
    in_time = fresco.Image(STACK.data, 'TYX')
    with pytest.raises(KernelError, match='has no Z'):
        evidence.evaluate(fresco.Image(SHARP.data, 'TYX'), in_time, kernel=GAUSSIAN)
    coarse = fresco.Image(GAUSSIAN, 'ZYX', {'Y': (0.2, 'um')})
    with pytest.raises(KernelError, match='spacing'):
        evidence.evaluate(SHARP, STACK, kernel=coarse)


def test_photon_noise_is_expected_of_what_was_seen() -> None:
    light = np.zeros((48, 48))
    light[8:40:8, 8:40:8] = 4000
    kernel = fresco.kernels.gaussian(2.0)
    seen = RANDOM.poisson(blurred(light + 20, kernel)).astype(np.float32)
    camera = fresco.Camera(1.0, 0.0, 0.0)
    checks = evidence.evaluate(light + 20, seen, kernel=kernel, noise=camera)['checks']
    value = next(check['value'] for check in checks if check['name'] == 'consistency')
    assert value == pytest.approx(1, abs=0.15)


def test_the_report_of_a_volume_judges_it_with_its_kernel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, image in (('stack', STACK), ('psf', fresco.Image(GAUSSIAN, 'ZYX', SPACING))):
        fresco.write(tmp_path / f'{name}.ome.tif', image)
    told = {'method': 'wiener', 'task': 'deblur', 'sigma': 5.0}
    result = fresco.restore(STACK, kernel=GAUSSIAN, **told)
    array = fresco.restore(STACK.data, kernel=GAUSSIAN, axes='ZYX', **told)
    for made, image in ((result, STACK), (array, STACK.data)):
        text = evidence.report_text(made, image)
        rms = re.search(r'<td>rms</td><td>([\d.]+) ', text)
        assert rms is not None
        assert float(rms[1]) == pytest.approx(1, abs=0.25)
    fresco.write(tmp_path / 'sharp.ome.tif', result.image)
    paths = [tmp_path / f'{name}.ome.tif' for name in ('sharp', 'stack', 'psf')]
    said = printed(capsys, 'evaluate', paths[0], '-i', paths[1], '--kernel', paths[2])
    assert re.search(r'residual +planes +5 planes', said)
