"""What is given in the place of pixels: names of files are named, Images and masks are taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco import damage, evidence, intervention
from napari_fresco.errors import FrescoError, KernelError, MaskError, ParameterError

PIXELS = np.random.default_rng(0).integers(0, 255, (48, 40), dtype=np.uint8)
MASK = np.zeros((48, 40), bool)
MASK[10:16, 8:20] = True
IMAGE = fresco.Image(PIXELS, 'YX')
TURNED = fresco.Image(PIXELS.T, 'XY')  # the same picture


@pytest.mark.parametrize(
    'taken',
    [
        lambda given: fresco.restore(given, method='ffdnet'),
        fresco.recommend,
        fresco.estimate_noise,
        fresco.estimate_camera,
        lambda given: evidence.evaluate(PIXELS, given),
        lambda given: evidence.evaluate(given, PIXELS),
        lambda given: evidence.frc(given, PIXELS),
        evidence.decorrelation,
        lambda given: evidence.error_map(given, PIXELS),
        lambda given: evidence.residual(PIXELS, given, 1.0),
        lambda given: fresco.metrics.psnr(given, PIXELS),
        fresco.kernels.from_photograph,
        fresco.kernels.from_beads,
        damage.propose_cracks,
        damage.propose_losses,
        damage.scribble_features,
        lambda given: damage.grow(given, 1),
        lambda given: intervention.insert(given, PIXELS, MASK),
        intervention.condition,
        intervention.outline,
        lambda given: fresco.write('a.tif', given),
    ],
)
def test_what_is_no_image_is_called_by_its_name(taken: Callable[[Any], Any]) -> None:
    for path in ('wall.png', Path('wall.png')):
        with pytest.raises(FrescoError, match=r"read it first: fresco\.read\('wall\.png'\)"):
            taken(path)
    with pytest.raises(FrescoError, match=r'= None; give an array, or an Image: fresco\.read'):
        taken(None)
    with pytest.raises(FrescoError, match=r'a whole Result, not pixels; give its \.image'):
        taken(fresco.Result(PIXELS, None, None, 'completed', {}))


def test_masks_and_kernels_that_are_names_of_files_are_refused_as_such() -> None:
    with pytest.raises(MaskError, match=r"fresco\.read\('m\.png'\)"):
        fresco.restore(IMAGE, method='dpir', task='inpaint', mask='m.png')
    with pytest.raises(MaskError, match=r"fresco\.read\('m\.png'\)"):
        fresco.recommend(IMAGE, mask='m.png')
    with pytest.raises(MaskError, match=r"fresco\.read\('m\.png'\)"):
        fresco.estimate_noise(IMAGE, mask='m.png')
    for kernel in ('psf.tif', Path('psf.tif')):
        with pytest.raises(KernelError, match=r"fresco\.kernels\.read\('psf\.tif'\)"):
            fresco.restore(IMAGE, method='dpir', task='deblur', kernel=kernel)


def test_functions_of_pictures_take_images_by_the_names_of_their_axes() -> None:
    scribbles = np.zeros((48, 40), np.uint8)
    scribbles[12, 8:20], scribbles[40, 8:20] = 1, 2
    cases: list[tuple[Callable[[Any], Any], Any]] = [
        (damage.propose_cracks, PIXELS),
        (damage.propose_losses, PIXELS),
        (lambda given: damage.propose_losses(given, click=(3, 30)), PIXELS),
        (lambda given: damage.learn_from_scribbles(given, scribbles).mask, PIXELS),
        (lambda given: damage.learn_from_scribbles(PIXELS, given).mask, scribbles),
        (lambda given: damage.grow(given, 2), MASK),
        (lambda given: damage.shrink(given, 1), MASK),
        (intervention.outline, MASK),
        (lambda given: fresco.metrics.psnr(given, PIXELS // 2), PIXELS),
        (lambda given: evidence.frc(given, PIXELS[::-1]).values, PIXELS),
    ]
    for taken, array in cases:
        assert np.array_equal(taken(fresco.Image(array, 'YX')), taken(array))
    cracks = damage.propose_cracks(TURNED)
    assert np.array_equal(cracks, damage.propose_cracks(PIXELS))
    with pytest.raises(FrescoError, match='give one plane'):
        damage.propose_cracks(fresco.Image(np.stack([PIXELS, PIXELS]), 'ZYX'))


def test_a_drawn_mask_stands_where_a_mask_does() -> None:
    drawn = intervention.DrawnMask(MASK, grow=1)
    assert np.array_equal(np.asarray(drawn), drawn.damage())
    found = intervention.hypotheses(IMAGE, drawn, seeds=(0, 1), iterations=1)
    assert np.array_equal(found.filled, drawn.damage())


@pytest.mark.parametrize('click', [[(10, 10), (20, 20)], 5, (1.5, 2), (1, 2, 3)])
def test_a_click_is_one_pixel(click: Any) -> None:
    with pytest.raises(ParameterError, match='is not one pixel; give its row and column'):
        damage.propose_losses(IMAGE, click=click)
