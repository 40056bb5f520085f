"""Insert-only layers: photograph and layer together are the result, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from PIL import ImageCms

import napari_fresco as fresco
from napari_fresco.intervention import composed, insert, outline, write_inserts
from napari_fresco.io import png16

RANDOM = np.random.default_rng(0)
LOSS = np.zeros((24, 30), bool)
LOSS[3:9, 4:12] = LOSS[15, 5:25] = True
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
SHAPES = {'gray': (24, 30), 'RGB': (24, 30, 3), 'RGBA': (24, 30, 4)}


def filled(shape: str = 'RGB', dtype: str = 'uint8') -> tuple[Any, Any]:
    """Return a photograph and what was made of it; a filled pixel may be black."""
    kind = np.dtype(dtype)
    top = 1.0 if kind.kind == 'f' else np.iinfo(kind).max
    wall, done = ((RANDOM.random(SHAPES[shape]) * top).astype(kind) for _ in range(2))
    done[~LOSS] = wall[~LOSS]
    if shape == 'RGBA':
        done[..., 3] = wall[..., 3]
    done[3, 4, ...] = 0 if shape != 'RGBA' else [0, 0, 0, wall[3, 4, 3]]
    return wall, done


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('dtype', ['uint8', 'uint16', 'float32'])
def test_photograph_and_insert_are_the_result(shape: str, dtype: str) -> None:
    wall, done = filled(shape, dtype)
    layer = insert(wall, done, LOSS)
    assert layer.dtype == wall.dtype
    assert layer.shape == (24, 30, 4)
    alpha = layer.data[..., 3]
    assert set(np.unique(alpha)) == {0, 1 if dtype == 'float32' else np.iinfo(dtype).max}
    assert ((alpha > 0) == LOSS).all()
    assert not layer.data[~LOSS].any()
    assert (composed(wall, layer) == done).all()


def test_what_was_filled_is_taken_from_the_result() -> None:
    wall, _ = filled()
    result = fresco.restore(wall, method='dpir', task='inpaint', mask=LOSS, iterations=1)
    layer = insert(wall, result)
    assert (composed(wall, layer) == result.image).all()


def test_a_result_that_changed_more_is_refused() -> None:
    wall, done = filled()
    done[20, 2] ^= 1
    with pytest.raises(fresco.FrescoError, match='1 pixels that were not filled'):
        insert(wall, done, LOSS)
    with pytest.raises(fresco.FrescoError, match='not known what was filled'):
        insert(wall, wall)
    with pytest.raises(fresco.FrescoError, match='what was made of this photograph'):
        insert(wall, done[1:], LOSS)
    with pytest.raises(fresco.FrescoError, match='one value for each pixel'):
        insert(wall, wall, LOSS[1:])
    with pytest.raises(fresco.FrescoError, match='one plane'):
        insert(np.stack([wall[..., 0]] * 2), wall)
    with pytest.raises(fresco.FrescoError, match='of its own size'):
        composed(wall, insert(*filled(dtype='uint16'), LOSS))


@pytest.mark.parametrize('suffix', ['.tif', '.png'])
@pytest.mark.parametrize('dtype', ['uint8', 'uint16'])
def test_files_hold_straight_alpha_and_all_of_the_photograph(
    tmp_path: Path, suffix: str, dtype: str
) -> None:
    wall, done = filled(dtype=dtype)
    exif = Pillow.Exif()
    exif[271], exif[274] = 'the maker', 6
    photograph = tmp_path / 'wall.tif'
    fresco.write(
        photograph,
        fresco.Image(
            wall,
            'YXS',
            {'Y': (25.4 / 300, 'mm'), 'X': (25.4 / 300, 'mm')},
            metadata={'icc_profile': SRGB, 'exif': exif.tobytes(), 'resolution_unit': 'inch'},
        ),
    )
    image = fresco.read(photograph)
    path = tmp_path / f'insert{suffix}'
    write_inserts(path, {'fill': insert(image, done, LOSS)})
    if suffix == '.tif':
        with tifffile.TiffFile(path) as file:
            page = file.pages.first
            assert [int(kind) for kind in page.extrasamples] == [2]
            assert page.tags['PageName'].value == 'fill'
            assert page.samplesperpixel == 4
            counts, per = page.tags['XResolution'].value
            assert counts / per == pytest.approx(300)
    else:
        head = path.read_bytes()[:26]
        assert head[24:26] == bytes([8 if dtype == 'uint8' else 16, 6])
        assert png16.is_deep(head) == (dtype == 'uint16')
    back = fresco.read(path)
    assert (back.data == insert(image, done, LOSS).data).all()
    assert (composed(image, back) == done).all()
    assert back.spacing['X'][0] == pytest.approx(25.4 / 300, rel=1e-3)
    assert back.metadata['icc_profile'] == SRGB
    assert b'the maker' in back.metadata['exif']


def test_several_inserts_are_named_pages_of_one_file(tmp_path: Path) -> None:
    wall, done = filled()
    other = wall.copy()
    other[LOSS] = 7
    layers = {'first': insert(wall, done, LOSS), 'zweite Fassung ü': insert(wall, other, LOSS)}
    path = tmp_path / 'hypotheses.tif'
    write_inserts(path, layers)
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == 2
    for name, made in zip(layers, (done, other), strict=True):
        assert (composed(wall, fresco.read(path, series=name)) == made).all()
    with pytest.raises(fresco.FrescoError, match='only a TIFF file holds several'):
        write_inserts(tmp_path / 'hypotheses.png', layers)
    with pytest.raises(fresco.FrescoError, match='exists'):
        write_inserts(path, layers)


def test_an_outline_lies_inside_what_was_filled() -> None:
    rim = outline(LOSS, 2)
    assert not rim[~LOSS].any()
    assert rim[3:5, 4:12].all()
    assert not rim[5:7, 6:10].any()
    assert (rim[15] == LOSS[15]).all()
    assert not outline(np.zeros_like(LOSS)).any()
