"""The quality at which an image was saved as JPEG, and how deblocking goes by it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import napari_fresco as fresco
from napari_fresco.image import sheet
from napari_fresco.noise.jpeg_quality import jpeg_quality
from napari_fresco.restoration import parts, scene

Array = NDArray[Any]
GRAY, COLOUR = data.camera()[100:196, 100:196], data.astronaut()[40:136, 160:256]


def saved(picture: Array, quality: int) -> Array:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, 'JPEG', quality=quality)
    return np.asarray(Image.open(file))


def error(a: Array, b: Array) -> float:
    return float(np.sqrt(np.mean((a.astype(float) - b) ** 2)))


@pytest.mark.parametrize('picture', [GRAY, COLOUR], ids=['gray', 'colour'])
@pytest.mark.parametrize('quality', [8, 30, 75, 92])
def test_the_quality_is_found(picture: Array, quality: int) -> None:
    jpeg = saved(picture, quality)
    for same in (jpeg, jpeg.astype(np.float32), jpeg[3:, 5:], jpeg[:90, :71]):
        assert jpeg_quality(same) == quality


def test_what_was_no_jpeg_has_no_quality() -> None:
    noisy = GRAY + np.random.default_rng(0).normal(0, 8, GRAY.shape)
    jpeg = saved(GRAY, 40)
    larger = np.asarray(Image.fromarray(jpeg).resize((150, 150)))
    for image in (GRAY, noisy.round().clip(0, 255), jpeg / 255, larger, jpeg[:20], 0 * GRAY):
        assert jpeg_quality(image) is None


@pytest.mark.parametrize('quality', [20, 75])
def test_deblocking_goes_by_the_quality_that_it_finds(quality: int) -> None:
    jpeg = saved(GRAY, quality)
    found = fresco.restore(jpeg, method='dpir', task='deblock')
    told = fresco.restore(jpeg, method='dpir', task='deblock', quality=quality)
    np.testing.assert_array_equal(found.image, told.image)
    assert found.provenance['planes'][0]['jpeg_quality'] == quality
    assert not [said for said in found.provenance['warnings'] if 'JPEG' in said]
    assert error(found.image, GRAY) < error(jpeg, GRAY)


@pytest.mark.parametrize(
    ('image', 'told', 'said'),
    [
        (saved(GRAY, 75), {'quality': 40}, 'saved as JPEG of quality 75: leave it out'),
        (saved(GRAY, 95), {}, 'hardly any artefacts'),
        (GRAY, {}, 'no trace of JPEG'),
        (GRAY, {'quality': 40}, 'detail is taken away as artefacts'),
    ],
    ids=['told wrongly', 'fine', 'none', 'none but told'],
)
def test_deblocking_what_has_no_such_blocks_is_said(
    image: Array, told: dict[str, int], said: str
) -> None:
    result = fresco.restore(image, method='dpir', task='deblock', **told)
    assert [text for text in result.provenance['warnings'] if said in text]
    if not told:
        assert error(result.image, image) < 2


def test_the_quality_of_a_large_plane_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its blocks are deblocked alike, and a search takes half a second."""
    asked = []
    monkeypatch.setattr(sheet, 'LARGEST', 50 * 50)
    monkeypatch.setattr(parts, '_SIDE', 128)
    monkeypatch.setattr(scene, 'jpeg_quality', lambda plane: asked.append(plane) or 30)
    jpeg = saved(data.camera()[100:148, :400], 30)
    result = fresco.restore(jpeg, method='dpir', task='deblock')
    assert len(result.provenance['planes']) > 1
    assert len(asked) == 1
