"""Single passes: denoising, its ensemble, JPEG deblocking; the authors' tilers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import napari_fresco as fresco
from napari_fresco import weights
from napari_fresco.evidence import metrics
from napari_fresco.physics.operators import Identity
from napari_fresco.physics.problem import Problem
from napari_fresco.solvers import feedforward

from .golden import authors_dpir
from .simulation import Tools, psnr, run, simulated, wiener


@pytest.mark.parametrize('name', ['drunet', 'ffdnet', 'dncnn'])
def test_single_pass_methods_ask_for_their_network(name: str) -> None:
    problem, truth = simulated('denoise', 0.1)
    tools = Tools(wiener)
    (step,) = run(problem, tools, name)
    assert tools.asked == [(name, 3)]
    assert tools.told == [0.1]
    assert psnr(step.x, truth) > psnr(problem.y, truth) + 3
    run(problem, tools, name, model='mine.pth')
    assert tools.asked[-1] == ('mine.pth', 3)


@pytest.mark.parametrize(('model', 'said'), [('ffdnet_gray', 1), ('drunet_compact_gray', 0)])
def test_a_file_of_another_network_is_called_by_its_name(model: str, said: int) -> None:
    image = np.random.default_rng(0).normal(100, 10, (24, 24)).astype(np.float32)
    result = fresco.restore(image, method='drunet', model=model, device='cpu')
    words = [w for w in result.provenance['warnings'] if 'an FFDNet, not a DRUNet' in w]
    assert len(words) == said


def test_deblocking_networks_are_told_the_quality() -> None:
    problem, _ = simulated('deblock', 0.0)
    tools = Tools(wiener)
    run(problem, tools, model='drunet_deblocking_color', quality=30)
    assert tools.told == [0.7]
    run(problem, tools, model='ffdnet_color', quality=30)
    assert tools.told[1] == feedforward.jpeg_sigma(30)


def test_deblocking_falls_back_on_the_denoiser(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise weights.WeightsError(name)

    problem, _ = simulated('deblock', 0.0)
    tools = Tools(wiener)
    monkeypatch.setattr(weights, 'path', missing)
    run(problem, tools, quality=10)
    monkeypatch.setattr(weights, 'path', lambda name: name)
    run(problem, tools, quality=10)
    assert [name for name, _ in tools.asked] == ['drunet', 'drunet_deblocking_color']
    assert tools.told == [feedforward.jpeg_sigma(10), 0.9]


def test_deblocking_clamps_its_input() -> None:
    y = torch.tensor([-0.2, 0.5, 1.3]).reshape(1, 1, 1, 3)
    (step,) = run(Problem('deblock', y, Identity(), 0.0), Tools(lambda x, s: x))
    assert step.x.flatten().tolist() == [0.0, 0.5, 1.0]


def test_better_quality_needs_less_deblocking() -> None:
    levels = [feedforward.jpeg_sigma(quality) for quality in range(1, 101)]
    assert levels == sorted(levels, reverse=True)
    assert 0 < levels[-1] < levels[0] < 0.2


def test_gray_networks_deblock_the_luma_of_colour_images() -> None:
    problem, _ = simulated('deblock', 0.0)
    tools = Tools(lambda x, s: x + 0.05, channels=1)
    (step,) = run(problem, tools)
    before, after = (
        metrics.rgb_to_ycbcr(x[0].permute(1, 2, 0).double().numpy()) for x in (problem.y, step.x)
    )
    np.testing.assert_allclose(after - before, [[[0.05, 0, 0]]] * np.ones_like(before), atol=1e-6)


@pytest.mark.parametrize('mode', range(6))
@pytest.mark.parametrize(('height', 'width'), [(16, 24), (50, 35)])
def test_the_authors_tiles_agree_where_context_does_not_matter(
    mode: int, height: int, width: int
) -> None:
    x = torch.rand(1, 2, height, width)
    run = authors_dpir.TestMode(mode, refield=8, min_size=20, modulo=4)
    assert torch.allclose(run(lambda v: 2 * v[:, :1], x), 2 * x[:, :1])
