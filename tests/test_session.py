"""A session keeps networks over calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco

from .test_pool import loads as loads

NOISY = np.random.default_rng(0).normal(100, 20, (24, 24))


def test_weights_are_read_once_per_session(loads: list[str]) -> None:
    alone = fresco.restore(NOISY, method='ffdnet', sigma=20, device='cpu')
    del loads[:]
    with fresco.Session(device='cpu') as session:
        for _ in range(2):
            result = session.restore(NOISY, method='ffdnet', sigma=20)
        stack = session.restore(np.stack([NOISY] * 2), method='ffdnet', sigma=20)
    assert loads == ['ffdnet_gray']
    np.testing.assert_array_equal(result.image, alone.image)
    np.testing.assert_array_equal(stack.image[1], alone.image)
    assert result.provenance['weights'] == alone.provenance['weights']
    assert result.provenance['device'] == 'cpu'


def test_a_session_names_the_networks_of_the_call_alone() -> None:
    with fresco.Session() as session:
        session.restore(NOISY, method='ffdnet', sigma=20)
        record = session.restore(NOISY, method='dncnn').provenance
    assert len(record['weights']) == 1
    assert record['weights'][0]['name'].startswith('dncnn')


def test_a_session_can_be_used_after_it_was_closed(loads: list[str]) -> None:
    session = fresco.Session()
    for _ in range(2):
        session.restore(NOISY, method='ffdnet', sigma=20)
        session.close()
    assert len(loads) == 2


@pytest.mark.parametrize('callback', [lambda step: False])
def test_a_callback_cancels(callback: Any) -> None:
    with fresco.Session() as session:
        result = session.restore(
            NOISY, method='deepred', task='denoise', sigma=20, callback=callback, iterations=50
        )
    assert result.finish == 'cancelled'
