"""Maps, kernels and latents beside a result: gray, and over the image whatever its axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .conftest import Dock, FakeSolver, Finish


def corners(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the outer corners of a plane of `shape`."""
    return np.full(2, -0.5), np.array(shape) - 0.5


def test_colours_are_averaged(model: Any, dock: Dock, solver: FakeSolver, finish: Finish) -> None:
    model.add_image(np.zeros((4, 6, 3), np.uint8), name='wall', rgb=True)
    variance = np.arange(4 * 6 * 3.0).reshape(4, 6, 3)
    solver.maps = {'variance': variance, 'uncertainty': np.full((4, 6, 3), (3.0, 4.0, 0.0))}
    finish(dock(model, 'ffdnet'))
    np.testing.assert_allclose(model.layers['wall [FFDNet] variance'].data, variance.mean(axis=-1))
    deviation = model.layers['wall [FFDNet] uncertainty']
    np.testing.assert_allclose(deviation.data, np.sqrt(25 / 3))
    assert deviation.metadata['napari_fresco_uncertainty']
    assert not deviation.visible


@pytest.mark.parametrize('scale', [1, 2, 3])
def test_a_latent_lies_over_its_image(
    model: Any, dock: Dock, solver: FakeSolver, finish: Finish, scale: int
) -> None:
    image = model.add_image(
        np.zeros((20, 30)), name='wall', scale=(0.5, 2), translate=(7, -3), rotate=30, shear=[0.2]
    )
    solver.maps = {'latent': np.random.default_rng(0).normal(size=(4, 5, 8))}
    panel = dock(model, 'dpir')
    if scale > 1:
        panel.task.value = 'super_resolve'
        panel.scale.value = scale
    finish(panel)
    latent = model.layers['wall [DPIR] latent']
    np.testing.assert_array_equal(latent.data, solver.maps['latent'])
    for mine, its in zip(corners((5, 8)), corners((20, 30)), strict=True):
        np.testing.assert_allclose(latent.data_to_world((2, *mine)), (2, *image.data_to_world(its)))


def test_maps_of_a_stack_follow_its_axes(
    model: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    model.add_image(np.zeros((8, 9, 3)), name='film', axis_labels=('y', 'x', 't'), rgb=False)
    planes = np.arange(3 * 8 * 9.0).reshape(3, 8, 9)
    latent = np.arange(3 * 4 * 2 * 3.0).reshape(3, 4, 2, 3)
    solver.maps = {'variance': planes, 'uncertainty': planes, 'spread': planes, 'latent': latent}
    panel = dock(model, 'ffdnet')
    panel.extent.value = 'Whole stack'
    finish(panel)
    for name in ('variance', 'uncertainty', 'spread'):
        data = model.layers[f'film [FFDNet] {name}'].data
        np.testing.assert_allclose(data, np.moveaxis(planes, 0, -1))
    layer = model.layers['film [FFDNet] latent']
    assert layer.axis_labels == ('latent', 'y', 'x', 't')
    np.testing.assert_array_equal(layer.data[1, ..., 2], latent[2, 1])


def test_a_map_on_the_grid_of_the_result_lies_on_the_result(
    model: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    model.add_image(np.zeros((20, 30)), name='wall')
    geometry = {'scale': 2, 'offset': [0.0, 0.0]}  # a centred kernel was given
    solver.facts, solver.maps = {'geometry': geometry}, {'uncertainty': np.ones((40, 60))}
    panel = dock(model, 'dpir')
    panel.task.value = 'super_resolve'
    finish(panel)
    result, deviation = (model.layers[f'wall [DPIR]{part}'] for part in ('', ' uncertainty'))
    np.testing.assert_allclose(deviation.translate, result.translate)
    np.testing.assert_allclose(deviation.scale, result.scale)


def test_the_reference_of_an_enlarged_image_is_on_the_fine_grid(
    model: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    image = model.add_image(np.full((20, 30), 0.25), name='wall')
    truth = model.add_image(np.full((41, 61), 0.6), name='truth')
    panel = dock(model, 'dpir')
    panel.image.value, panel.reference.value = image, truth
    assert "'truth' has shape (41, 61)" in panel.bar.message.text()
    panel.task.value = 'super_resolve'
    finish(panel)
    assert 'PSNR 20.00 dB' in panel.bar.message.text()


@pytest.mark.parametrize(('offset', 'position'), [(-0.25, 'shifted'), (0.0, 'centred')])
def test_a_kernel_layer_says_where_the_kernel_looks(
    model: Any, dock: Dock, solver: FakeSolver, finish: Finish, offset: float, position: str
) -> None:
    model.add_image(np.zeros((20, 30)), name='wall')
    solver.kernel = np.ones((3, 3)) / 9
    solver.facts = {
        'geometry': {'scale': 2, 'offset': [offset, offset]},
        'kernel': {'downsampling': 'direct', 'scale': 2, 'fwhm': [3.0, 3.0], 'angle': 0.0},
    }
    panel = dock(model, 'dpir')
    panel.task.value = 'super_resolve'
    finish(panel)
    layer = model.layers['wall [DPIR] kernel']
    assert layer.metadata['napari_fresco_kernel'] == {
        **solver.facts['kernel'],
        'position': position,
    }
    panel.kernel.value = layer
    assert panel.request().parameters == {'kernel_position': position}
