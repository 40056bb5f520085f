"""Where bfloat16 is taken unasked, its rounding does not show."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import napari_fresco as fresco
from napari_fresco import samples, weights
from napari_fresco.networks import devices
from napari_fresco.runtime import denoisers
from napari_fresco.runtime.tiled_network import BFLOAT16_SIGMAS
from napari_fresco.weights.registry import Entry, registry

CPU = torch.device('cpu')
MEASURED = [known for known in registry().values() if known.bfloat16 is not None]


def _error(known: Entry, precision: str, light: np.ndarray, noisy: np.ndarray) -> float:
    told = {} if known.role in ('scunet', 'virnet', 'dncnn') else {'sigma': known.bfloat16}
    restored = fresco.restore(
        noisy,
        method=str(known.role),
        task='denoise',
        model=known.name,
        precision=precision,
        data_range=(0, 255),
        device='cpu',
        **told,
    )
    return float(np.square(np.asarray(restored.image) - light).mean())


@pytest.mark.parametrize('known', MEASURED, ids=lambda known: known.name)
def test_at_its_level_rounding_costs_next_to_nothing(known: Entry) -> None:
    assert known.bundled
    light = samples.mural().truth[64:192, 64:192].astype(np.float32)
    light = light if known.channels == 3 else light.mean(axis=-1)
    noisy = light + np.random.default_rng(0).normal(0, known.bfloat16, light.shape)
    noisy = noisy.astype(np.float32)
    exact = _error(known, 'float32', light, noisy)
    fast = _error(known, 'bfloat16', light, noisy)
    assert exact != fast
    assert 10 * np.log10(fast / exact) < 0.03


def test_levels_of_weights_come_before_those_of_their_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, 'has_fast_bfloat16', lambda device: True)
    own = denoisers.make('dncnn_compact_gray', channels=1, device=CPU)
    entered = registry()['dncnn_compact_gray'].bfloat16
    assert own.tiled.least_sigma == entered / 255 < BFLOAT16_SIGMAS['dncnn']
    x = torch.rand(1, 1, 40, 40)
    own(x, 10 / 255)
    assert own.tiled.arithmetic == 'bfloat16'
    own(x, 1 / 255)
    assert own.tiled.arithmetic == 'float32'
    foreign = weights.load('dncnn_compact_gray')
    foreign.bfloat16_sigma = None
    other = denoisers.NetworkDenoiser(foreign, device=CPU)
    other(x, 10 / 255)
    assert other.tiled.arithmetic == 'float32'
