"""A sweep restores a part with several settings, and suggests one without knowing the truth."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.errors import FrescoError
from napari_fresco.image.contact_sheet import ContactSheet
from napari_fresco.physics.kernels.stretching import stretched
from napari_fresco.restoration.held_out import HeldOut
from napari_fresco.restoration.sweep import iterate_sweep

FFDNET: dict[str, Any] = {'method': 'ffdnet', 'task': 'denoise', 'device': 'cpu'}


@pytest.fixture(scope='module')
def scene() -> Any:
    blots = np.random.default_rng(0).normal(size=(64, 64))
    return 120 + 400 * ndimage.gaussian_filter(blots, 3)


@pytest.fixture(scope='module')
def noisy(scene: Any) -> Any:
    return (scene + np.random.default_rng(1).normal(0, 10, scene.shape)).round().astype(np.int16)


def test_the_suggestion_is_the_level_of_the_noise(noisy: Any, scene: Any) -> None:
    levels = (2.5, 5, 10, 20, 40)
    found = fresco.sweep(noisy, {'sigma': levels}, **FFDNET)
    errors = [np.mean((cell.image - scene) ** 2) for cell in found.cells]
    assert found.suggested is found.cells[int(np.argmin(errors))]
    assert found.suggested.values == {'sigma': 10}
    assert found.reason.startswith('Least error')
    one = fresco.restore(noisy, sigma=5, **FFDNET)
    np.testing.assert_array_equal(found.cells[1].image, one.image)


def test_held_out_errors_differ_as_the_true_ones_do(scene: Any) -> None:
    noise = np.random.default_rng(1).normal(0, 10, (9, *scene.shape))
    gained, true = [], []
    for each in noise:
        held = HeldOut.of(scene + each, 10.0)
        assert held is not None
        one, other = (ndimage.gaussian_filter(held.image, s) for s in (1, 4))
        gained.append(100 * (held.errors(other).mean() - held.errors(one).mean()))
        true.append(np.mean((other - scene) ** 2) - np.mean((one - scene) ** 2))
    assert np.mean(gained) == pytest.approx(np.mean(true), rel=0.1)


def test_the_width_of_a_kernel_is_swept_and_told(scene: Any) -> None:
    blur = fresco.kernels.gaussian(1.5)
    blurred = ndimage.gaussian_filter(scene, 1.5) + np.random.default_rng(2).normal(0, 1, (64, 64))
    found = fresco.sweep(
        blurred,
        {'kernel_width': (0.5, 1.0, 2.0), 'regularization': (1e-3, 1e-2)},
        method='wiener',
        task='deblur',
        kernel=blur,
    )
    assert len(found.cells) == 6
    assert found.suggested is not None
    assert found.suggested.values['kernel_width'] == 1  # the residual does not tell it
    assert 'with the kernel as given' in found.reason
    picture = found.contact_sheet()
    assert picture.pixels.shape[0] > 3 * 64
    assert 2 * 64 < picture.pixels.shape[1] < 3 * 64


@pytest.mark.parametrize('factor', [0.6, 1.0, 1.7])
def test_a_stretched_kernel_is_wider_by_its_factor(factor: float) -> None:
    wider = stretched(fresco.kernels.gaussian(3.0, 25), factor).values
    distance = np.arange(len(wider)) - len(wider) // 2
    width = np.sqrt((wider.sum(axis=0) * distance**2).sum())
    assert width == pytest.approx(3 * factor, rel=0.05)
    assert wider.sum() == pytest.approx(1)


def test_a_sweep_that_is_cancelled_keeps_what_is_finished(noisy: Any) -> None:
    cancel = threading.Event()
    steps = iterate_sweep(noisy, {'sigma': (5, 10, 20)}, cancel=cancel, **FFDNET)
    next(steps)
    cancel.set()
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert [cell.values['sigma'] for cell in end.value.value.cells] == [5]


def test_what_cannot_be_judged_has_no_suggestion() -> None:
    flat = np.full((32, 32), 7, np.uint8)
    assert fresco.sweep(flat, {'sigma': (5,)}, **FFDNET).suggested is None
    mask = np.zeros((32, 32), bool)
    mask[10:12, 4:20] = True
    found = fresco.sweep(
        flat, {'iterations': (1, 2)}, method='dpir', task='inpaint', mask=mask, device='cpu'
    )
    assert found.suggested is None
    assert 'Nothing but the truth' in found.reason


@pytest.mark.parametrize(
    ('over', 'match'),
    [
        ({}, 'one or two settings'),
        ({'sigma': ()}, 'one or two settings'),
        ({'sigma': range(1, 99)}, 'at most 64'),
        ({'sigmas': (1,)}, 'sigma'),
        ({'kernel_width': (1,)}, 'give one'),
        ({'precision': ('int4',)}, 'int4'),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(noisy: Any, over: Any, match: str) -> None:
    with pytest.raises(FrescoError, match=match):
        fresco.sweep(noisy, over, **FFDNET)


def test_a_stack_is_refused() -> None:
    with pytest.raises(FrescoError, match='one plane'):
        fresco.sweep(np.zeros((3, 16, 16)), {'sigma': (1,)}, **FFDNET)


def test_a_mosaic_knows_which_image_lies_where() -> None:
    images = [np.full((20, 30, 3), value, np.uint8) for value in (10, 20, 200)]
    mosaic = ContactSheet.of(images, ['a', 'b', 'c'], columns=2)
    for number, (rows, columns) in enumerate(mosaic.boxes):
        assert (mosaic.pixels[rows, columns] == images[number]).all()
        assert mosaic.at(rows.start, columns.start) == number
        assert mosaic.pixels[rows.start - 10 : rows.start, columns].max() > 60  # letters
    assert mosaic.at(mosaic.pixels.shape[0] - 1, mosaic.pixels.shape[1] - 1) is None
