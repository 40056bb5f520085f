"""Results written as they grow, and planes restored block by block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import yaozarrs

import napari_fresco as fresco
from napari_fresco.errors import FileError
from napari_fresco.image import sheet
from napari_fresco.io import zarr_reading
from napari_fresco.restoration import parts

RANDOM = np.random.default_rng(0)


def specimen(*shape: int, dtype: str = 'uint16') -> np.ndarray:
    """Blobs on a ground, with noise."""
    y, x = np.indices(shape[-2:])
    truth = 400 + 300 * np.sin(y / 9) * np.cos(x / 7) + 2 * x
    return (truth + RANDOM.normal(0, 25, shape)).clip(0).astype(dtype)


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every plane above 50 x 50 be large, its blocks small, and its judge the whole."""
    monkeypatch.setattr(sheet, 'LARGEST', 50 * 50)
    monkeypatch.setattr(parts, '_SIDE', 128)


def whole_and_in_blocks(image: Any, **options: Any) -> tuple[Any, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet, 'LARGEST', 10**9)
        whole = fresco.restore(image, **options)
    return whole, fresco.restore(image, **options)


@pytest.mark.parametrize('sigma', [25.0, 'auto'])
def test_blocks_are_the_whole(blocks: None, sigma: Any) -> None:
    image = specimen(48, 640)
    whole, cut = whole_and_in_blocks(image, method='ffdnet', sigma=sigma)
    # Light is kept for every block instead of for the plane: hundredths of the noise.
    assert np.abs(whole.image.astype(int) - cut.image).max() <= 1
    assert (whole.image != cut.image).mean() < 0.5
    assert whole.provenance['input_sha256'] == cut.provenance['input_sha256']
    assert whole.provenance['noise'] == cut.provenance['noise']
    assert len({tuple(plane['range']) for plane in cut.provenance['planes']}) == 1
    assert len(cut.provenance['planes']) == 5


def test_blocks_of_a_stack_with_axes_of_any_order_are_the_whole(blocks: None) -> None:
    data = np.stack([specimen(40, 540), specimen(40, 540) // 2]).transpose(1, 2, 0)
    image = fresco.Image(data, 'YXC', channels=('a', 'b'))
    whole, cut = whole_and_in_blocks(image, method='ffdnet')
    assert (cut.image.axes, cut.image.shape) == ('YXC', (40, 540, 2))
    assert np.abs(whole.image.data.astype(int) - cut.image.data).max() <= 1


def test_missing_pixels_and_colours_are_cut_alike(blocks: None) -> None:
    colours = np.stack([specimen(40, 540, dtype='float32')] * 3, axis=-1)
    colours[20:24, 30:34] = np.nan
    whole, cut = whole_and_in_blocks(fresco.Image(colours, 'YXS'), method='ffdnet', sigma=25.0)
    np.testing.assert_array_equal(np.isnan(whole.image.data), np.isnan(cut.image.data))
    assert np.nanmax(np.abs(whole.image.data - cut.image.data)) < 0.05 * 25


def test_masks_are_cut_alike(blocks: None) -> None:
    gray, mask = specimen(40, 540), np.zeros((40, 540), bool)
    mask[10:14, 120:132] = True
    options = {'method': 'dpir', 'task': 'inpaint', 'mask': mask, 'iterations': 2}
    whole, cut = whole_and_in_blocks(gray, **options)
    np.testing.assert_array_equal(cut.image[~mask], gray[~mask])
    np.testing.assert_array_equal(cut.filled, mask)
    assert np.abs(whole.image.astype(int) - cut.image).max() <= 25


def test_a_deconvolution_in_blocks_has_no_seams(blocks: None) -> None:
    options = {'method': 'dpir', 'task': 'deblur', 'sigma': 25.0, 'iterations': 3}
    options |= {'kernel': np.outer([1, 2, 4, 2, 1], [1, 2, 4, 2, 1]), 'boundary': 'extend'}
    options |= {'precision': 'float32'}  # bfloat16 alone moves a value by a fiftieth of the noise
    whole, cut = whole_and_in_blocks(specimen(40, 540, dtype='float32'), **options)
    change = np.abs(whole.image - cut.image)
    assert change[:, 40:-40].max() < 0.02 * 25
    assert change.max() < 0.5 * 25  # a border is continued towards the opposite one


def test_a_large_plane_is_judged_by_squares_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, 'LARGEST', 100)
    monkeypatch.setattr(sheet, '_SIDE', 64)
    data = specimen(2, 700, 600)
    mask = np.zeros((700, 600), bool)
    mask[:, :5] = True
    seen = sheet.sheet_of(fresco.Image(data, 'ZYX'), mask)
    assert seen.shape == (2, 256, 256)
    np.testing.assert_array_equal(
        seen.data[(1, slice(None), slice(None))][:64, :64], data[1, :64, :64]
    )
    assert seen.missing[:, :5].all()
    assert not seen.missing[:, 5:].any()


def test_cancelled_blocks_give_back_what_is_left(blocks: None) -> None:
    image = specimen(40, 400)
    result = fresco.restore(image, method='ffdnet', sigma=25, callback=lambda step: step.index < 2)
    assert result.finish == 'cancelled'
    assert (result.image[:, :128] != image[:, :128]).mean() > 0.5
    np.testing.assert_array_equal(result.image[:, 300:], image[:, 300:])


@pytest.mark.parametrize('axes', ['CZYX', 'ZCYX', 'YXS', 'YX'])
def test_a_result_in_a_store_is_the_one_in_memory(tmp_path: Path, axes: str) -> None:
    lengths = {'C': 2, 'Z': 3, 'Y': 40, 'X': 36, 'S': 3}
    data = (RANDOM.random([lengths[axis] for axis in axes]) * 200).astype('uint8')
    spacing = {'Y': (0.1, 'um'), 'X': (0.1, 'um')}
    image = fresco.Image(data, axes, spacing, channels=('a', 'b') if 'C' in axes else ())
    memory = fresco.restore(image, method='ffdnet', sigma=20)
    stored = fresco.restore(image, method='ffdnet', sigma=20, output=tmp_path / 'a.ome.zarr')
    assert (stored.image.axes, stored.image.dtype) == (axes, np.uint8)
    np.testing.assert_array_equal(stored.image.data, memory.image.data)
    yaozarrs.validate_zarr_store(str(tmp_path / 'a.ome.zarr'))
    back = fresco.read(tmp_path / 'a.ome.zarr')
    assert (back.spacing, back.channels) == (image.spacing, image.channels)
    assert back.metadata['provenance']['input_sha256'] == memory.provenance['input_sha256']
    with pytest.raises(FileError, match='exists'):
        fresco.restore(image, method='ffdnet', sigma=20, output=tmp_path / 'a.ome.zarr')


def test_a_store_grows_block_by_block_and_stays_lazy(
    blocks: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zarr_reading, 'LARGE', 1000)
    data = specimen(2, 40, 260)
    lazy = da.from_array(data, chunks=(1, 20, 64))
    path, seen = tmp_path / 'a.zarr', []

    def look(step: Any) -> bool:
        seen.append(bool(np.asarray(fresco.read(path).data[0, :40, :128]).any()))
        return True

    image = fresco.Image(lazy, 'ZYX')
    result = fresco.restore(image, method='ffdnet', sigma=25, output=path, callback=look)
    assert seen[0] is False
    assert seen[-1] is True
    assert isinstance(result.image.data, da.Array)
    memory = fresco.restore(image, method='ffdnet', sigma=25)
    np.testing.assert_array_equal(result.image.data, memory.image.data)


def test_a_store_that_was_broken_off_says_so(tmp_path: Path) -> None:
    image = fresco.Image(specimen(3, 40, 40), 'ZYX')
    result = fresco.restore(
        image,
        method='ffdnet',
        sigma=25,
        output=tmp_path / 'a.zarr',
        callback=lambda step: step.index < 2,
    )
    assert result.finish == 'cancelled'
    assert 'not complete' in fresco.read(tmp_path / 'a.zarr').metadata['warnings'][0]


def test_a_frame_without_names_of_its_axes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match='holds axes TCZYX'):
        fresco.restore(specimen(3, 40, 40), method='ffdnet', output=tmp_path / 'a.zarr')
    assert not list(tmp_path.iterdir())
