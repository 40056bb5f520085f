"""Checks of one result do not contradict one another, and advise what the method can do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.evidence.check_limits import checked
from napari_fresco.evidence.checks import check_result
from napari_fresco.evidence.input_checks import sigma_told
from napari_fresco.evidence.plane_outcome import Outcome
from napari_fresco.evidence.remedies import fitting

RANDOM = np.random.default_rng(0)
FIELD = ndimage.gaussian_filter(RANDOM.normal(size=(64, 64)), 3)
TRUTH = (FIELD - FIELD.min()) / np.ptp(FIELD)
SEEN = (TRUTH + RANDOM.normal(0, 0.08, TRUTH.shape)).astype(np.float32)


def failed(result: fresco.Result) -> dict[str, str]:
    return {check.name: check.message for check in result.checks if not check.ok}


@pytest.mark.parametrize('sigma', [25.0, np.full(SEEN.shape, 2.0), np.abs(SEEN) + 0.3])
def test_sigma_far_too_large_is_the_first_thing_to_correct(sigma: float | np.ndarray) -> None:
    found = failed(fresco.restore(SEEN, method='ffdnet', sigma=sigma))
    assert 'times the noise that the image shows' in found['sigma']
    assert 'noise' in found
    for message in found.values():
        assert 'larger sigma' not in message
        assert 'remove them first' not in message


def test_a_map_that_is_right_is_not_accused() -> None:
    found = failed(fresco.restore(SEEN, method='ffdnet', sigma=np.full(SEEN.shape, 0.08)))
    assert 'sigma' not in found


def test_no_larger_sigma_is_advised_where_it_is_large_already() -> None:
    little, told = checked('noise', 0.5, 'give a larger sigma'), sigma_told(1.5, 1.0)
    assert told is not None
    assert told.ok
    assert 'smaller' in fitting([little, told])[0].message
    assert fitting([little])[0] == little
    assert fitting([checked('noise', 0.9, ''), told])[0].ok


def test_a_result_that_is_restored_again_is_not_advised_another_sigma() -> None:
    seen = fresco.Image(100 * SEEN, 'YX')
    first = fresco.restore(seen, method='ffdnet', sigma=8.0).image
    found = failed(fresco.restore(first, method='ffdnet', sigma=6.0))
    again = {name: said for name, said in found.items() if name in ('noise', 'structure')}
    assert again
    assert all('restored before (FFDNet, task denoise)' in said for said in again.values())
    mask = np.zeros(SEEN.shape, bool)
    mask[20:22, 20:40] = True
    filled = fresco.restore(seen, method='dpir', task='inpaint', mask=mask, iterations=1).image
    found = failed(fresco.restore(filled, method='ffdnet', sigma=2.0))
    assert found
    assert not any('restored before' in said for said in found.values())


def test_blind_methods_are_not_advised_to_take_another_sigma() -> None:
    outcome = Outcome(SEEN.astype(float), SEEN.astype(float), SEEN, SEEN.astype(float), 0.08)
    blurred = ndimage.gaussian_filter(outcome.restored, 4)
    for restored in (outcome.restored, blurred, 0.5 * outcome.restored):
        names = ('noise', 'whiteness', 'spectrum', 'fit', 'objects', 'structure', 'worse')
        judged = replace(outcome, restored=restored, predicted=restored)
        told = check_result(judged, names)
        blind = check_result(replace(judged, reads_noise=False), names)
        assert any('sigma' in check.message for check in told)
        assert not any('sigma' in check.message for check in blind)
        assert [check.value for check in told] == [check.value for check in blind]
    assert 'larger sigma' not in ''.join(failed(fresco.restore(SEEN, method='vdir')).values())


def test_weights_for_colours_are_doubted_on_gray_images() -> None:
    found = failed(fresco.restore(SEEN, method='ffdnet', model='ffdnet_color', sigma=0.08))
    assert 'gray' in found['training']
    colours = np.stack([SEEN, SEEN[::-1], SEEN.T], axis=-1)
    assert 'training' not in failed(
        fresco.restore(colours, method='ffdnet', model='ffdnet_color', sigma=0.08)
    )
