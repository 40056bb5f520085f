"""Evidence as graphs: what is drawn is what the measures say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco import evidence
from napari_fresco.errors import ImageError
from napari_fresco.evidence.evaluation import evidence_graphs
from napari_fresco.evidence.measure_rows import rows

RANDOM = np.random.default_rng(3)
TRUTH = 100 + 300 * ndimage.gaussian_filter(RANDOM.normal(size=(96, 96)), 2)
FIRST, SECOND = TRUTH + RANDOM.normal(0, 10, (2, 96, 96))
SMOOTH = ndimage.gaussian_filter(FIRST, 1.5)
SPACED = fresco.Image(FIRST, 'YX', {'Y': (0.1, 'um'), 'X': (0.1, 'um')})


def named(found: list[evidence.Graph]) -> dict[str, evidence.Graph]:
    return {graph.name: graph for graph in found}


def test_two_frames_tell_the_resolution_in_numbers_and_as_a_graph() -> None:
    curve = evidence.frc(FIRST, SECOND, 0.1)
    told = evidence.evaluate(SMOOTH, SPACED, second=SECOND, noise=10.0)['resolution']
    assert told['input_two_frames'] == pytest.approx(curve.resolution)
    graph = named(evidence_graphs(SMOOTH, SPACED, second=SECOND, noise=10.0))['FRC, two frames']
    np.testing.assert_allclose(graph.traces[0].y, curve.values)
    assert graph.mark == pytest.approx(curve.cutoff)
    assert graph.across == 'cycles per um'
    assert f'{curve.resolution:.3g} um' in graph.caption


def test_a_split_by_noise_that_is_told_wrong_draws_nothing() -> None:
    right = named(evidence_graphs(SMOOTH, FIRST, noise=10.0))
    wrong = named(evidence_graphs(SMOOTH, FIRST, noise=3.0))
    assert 'FRC of the image, its noise split' in right
    assert 'FRC of the image, its noise split' not in wrong


def test_noise_alone_lies_on_the_line_of_the_residual() -> None:
    graph = named(evidence_graphs(TRUTH, FIRST, noise=10.0))['Residual']
    np.testing.assert_allclose(graph.traces[0].y, graph.traces[1].y, atol=0.25)


def test_a_truth_is_compared_with_result_and_image() -> None:
    graph = named(evidence_graphs(SMOOTH, FIRST, truth=TRUTH, noise=10.0))['FRC with the truth']
    assert [trace.name for trace in graph.traces] == ['result', 'image', '1/7']


def test_frames_of_another_size_are_refused() -> None:
    with pytest.raises(ImageError, match='second frame has planes'):
        evidence.evaluate(SMOOTH, FIRST, second=SECOND[:80], noise=10.0)


def test_every_number_has_a_meaning_and_lengths_have_units() -> None:
    told = rows(evidence.evaluate(SMOOTH, SPACED, truth=TRUTH, second=SECOND, noise=10.0))
    assert all(row.meaning for row in told)
    assert {row.unit for row in told if row.group == 'resolution'} == {'um'}
    assert {row.unit for row in told if row.name in ('RSE', 'sigma', 'RMSE')} == {'image units'}
    assert not any(row.name == 'unit' for row in told)
