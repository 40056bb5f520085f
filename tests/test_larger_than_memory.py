"""Results written as they grow, and planes restored block by block."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import yaozarrs
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.declare.call import Call
from napari_fresco.errors import FileError
from napari_fresco.image import sheet
from napari_fresco.io import zarr_reading
from napari_fresco.restoration import parts
from napari_fresco.restoration.plane_reader import Pixels
from napari_fresco.restoration.request import Request
from napari_fresco.runtime.tiling import Span
from napari_fresco.solvers import fitted_steps

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


@pytest.mark.parametrize('over', [0.999, 1.001])
def test_blocks_take_the_steps_of_the_whole_though_their_noise_differs(
    blocks: None, monkeypatch: pytest.MonkeyPatch, over: float
) -> None:
    """Dark on the left, bright on the right, and the limit of few steps between their noises."""
    shares: list[float] = []
    guess = fitted_steps.first_guess

    def seen(*args: Any) -> Any:
        found = guess(*args)
        shares.append(found.share)
        return found

    monkeypatch.setattr(fitted_steps, 'first_guess', seen)
    random = np.random.default_rng(3)
    light = np.linspace(5, 900, 640) * (1 + 0.3 * np.sin(np.indices((48, 640))[0] / 5))
    counts = random.poisson(light).astype(np.float32)
    asked: dict[str, Any] = {'method': 'dpir', 'task': 'deblur', 'gain': 1, 'offset': 0}
    asked |= {'read_noise': 1, 'kernel': fresco.kernels.gaussian(1.5), 'data_range': (0, 1200)}
    monkeypatch.setattr(fitted_steps, 'MOST_SHARE', 1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet, 'LARGEST', 10**9)
        fresco.restore(counts, **asked)
    monkeypatch.setattr(fitted_steps, 'MOST_SHARE', over * shares[0])
    whole, cut = whole_and_in_blocks(counts, **asked)
    assert len(cut.provenance['planes']) == 5
    assert max(shares) - min(shares) < 1e-9
    assert cut.provenance['steps'] == 5 * whole.provenance['steps']
    apart = np.abs(whole.image - cut.image)[:, 64:-64]  # the whole is joined to a torus
    assert (apart / np.sqrt(light[:, 64:-64])).max() < 0.5


@pytest.mark.parametrize(
    ('chosen', 'steps'),
    [({'method': 'wiener'}, 1), ({'method': 'ircnn', 'model': 'ircnn_gray'}, 8)],
)
def test_blocks_are_told_one_noise_though_some_come_out_noisier(
    monkeypatch: pytest.MonkeyPatch, chosen: dict[str, str], steps: int
) -> None:
    """Coarse noise on the left, fine noise on the right: apart, blocks would doubt one of them."""
    monkeypatch.setattr(sheet, 'LARGEST', 50 * 50)
    monkeypatch.setattr(parts, '_SIDE', 256)
    random = np.random.default_rng(0)
    y, x = np.indices((160, 1100))
    noise = random.normal(0, 20, y.shape)
    coarse = 56 * ndimage.gaussian_filter(random.normal(0, 1, y.shape), 0.8)
    noise[:, :400] = coarse[:, :400]
    image = (400 + 300 * np.sin(y / 9) * np.cos(x / 7) + noise).astype(np.float32)
    kernel = fresco.kernels.gaussian(1.5)
    whole, cut = whole_and_in_blocks(image, task='deblur', kernel=kernel, **chosen)
    apart = np.abs(whole.image - cut.image)[:, 64:-64]  # the whole is joined to a torus
    assert apart.max() < 20
    told = [
        [line for line in one.provenance['warnings'] if 'times the noise was told' in line]
        for one in (whole, cut)
    ]
    assert [line.removesuffix(' (on 5 planes)') for line in told[1]] == told[0]
    assert told[0]
    assert cut.provenance['steps'] == 5 * steps


def test_masks_are_cut_alike(blocks: None) -> None:
    gray, mask = specimen(40, 540), np.zeros((40, 540), bool)
    mask[10:14, 120:132] = True
    options = {'method': 'dpir', 'task': 'inpaint', 'mask': mask, 'iterations': 2}
    whole, cut = whole_and_in_blocks(gray, **options)
    np.testing.assert_array_equal(cut.image[~mask], gray[~mask])
    np.testing.assert_array_equal(cut.filled, mask)
    assert np.abs(whole.image.astype(int) - cut.image).max() <= 25


def test_a_loss_across_a_cut_is_filled_once_and_whole(
    blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, '_REACH_AROUND_LOSSES', 64)
    gray, mask = specimen(60, 300), np.zeros((60, 300), bool)
    mask[20:40, 115:145] = mask[10:13, 128:300] = True  # the first cut is at column 128
    options = {'method': 'dpir', 'task': 'inpaint', 'mask': mask, 'iterations': 1}
    options |= {'sigma': 25.0, 'data_range': (0, 2000), 'keep_known': True}
    filled = [step.painted for step in fresco.iterate(gray, **options) if step.painted is not None]
    result = fresco.restore(gray, **options)
    np.testing.assert_array_equal(result.filled, mask)
    np.testing.assert_array_equal(result.image[~mask], gray[~mask])
    assert all((before <= after).all() for before, after in pairwise(filled))
    block = fresco.restore(gray[:, : 128 + 64], **options | {'mask': mask[:, : 128 + 64]})
    wide = np.s_[20:40, 115:145]
    np.testing.assert_array_equal(result.image[wide], block.image[wide])
    assert result.provenance['input_sha256'] == hashlib.sha256(gray.tobytes()).hexdigest()


def test_a_deconvolution_in_blocks_has_no_seams(blocks: None) -> None:
    options = {'method': 'dpir', 'task': 'deblur', 'sigma': 25.0, 'iterations': 3}
    options |= {'kernel': np.outer([1, 2, 4, 2, 1], [1, 2, 4, 2, 1]), 'boundary': 'extend'}
    options |= {'precision': 'float32'}  # bfloat16 alone moves a value by a fiftieth of the noise
    whole, cut = whole_and_in_blocks(specimen(40, 540, dtype='float32'), **options)
    change = np.abs(whole.image - cut.image)
    assert change[:, 40:-40].max() < 0.02 * 25
    assert change.max() < 0.5 * 25  # a border is continued towards the opposite one


def test_doubts_about_a_large_plane_are_looked_for_in_one_block(
    blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, '_SIDE', 32)
    monkeypatch.setattr(parts, '_REACH_AROUND_LOSSES', 32)
    seen, of = [], Pixels.of

    def spied(data: np.ndarray, *given: Any, **options: Any) -> Pixels:
        seen.append(data.shape)
        return of(data, *given, **options)

    monkeypatch.setattr(Pixels, 'of', spied)
    image, mask = specimen(48, 1600), np.zeros((48, 1600), bool)
    mask[10:14, 1450:1490] = True
    session = fresco.Session()
    assert 'sigma = 200' in ' '.join(session.doubts(image, method='ffdnet', sigma=200))
    assert not session.doubts(image, method='dpir', task='inpaint', mask=mask)
    assert max(columns for _, columns in seen) < 1600 / 2


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


def light(*shape: int) -> np.ndarray:
    """A blurred volume under photon noise, on the offset of a camera."""
    random, truth = np.random.default_rng(len(shape)), np.full(shape, 20.0)
    truth[tuple(random.integers(n, size=truth.size // 300) for n in shape)] = 5000
    return 100 + random.poisson(ndimage.gaussian_filter(truth, 2.0)).astype('float32')


BALL = np.exp(-((np.indices((5, 7, 7)) - np.array([2, 3, 3]).reshape(3, 1, 1, 1)) ** 2) / 2).prod(0)
LUCY = {'method': 'richardson_lucy', 'task': 'deblur', 'kernel': BALL, 'device': 'cpu'}


@pytest.fixture
def columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every volume be large, and its blocks small, with the reach that they have."""
    monkeypatch.setattr(sheet, 'LARGEST_VOLUME', 9 * 9)
    monkeypatch.setattr(parts, '_GRID', 32)
    monkeypatch.setattr(parts, '_REACH_OF_VOLUMES', 16)


def whole_and_in_columns(image: Any, **options: Any) -> tuple[Any, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet, 'LARGEST_VOLUME', 10**9)
        whole = fresco.restore(image, **options)
    return whole, fresco.restore(image, **options)


@pytest.mark.parametrize('axes', ['ZYX', 'YXZ'])
def test_columns_of_a_volume_are_the_whole(columns: None, axes: str) -> None:
    data = light(9, 40, 100)
    data[3, 20, 31:34] = np.nan
    image = fresco.Image(data.transpose(['ZYX'.index(axis) for axis in axes]), axes)
    told = {'stopping': 'none', 'iterations': 8, 'accelerate': False, 'sigma': 5.0}
    whole, cut = whole_and_in_columns(image, **LUCY, **told)
    assert len(cut.provenance['planes']) == 2 * 4
    assert whole.provenance['input_sha256'] == cut.provenance['input_sha256']
    np.testing.assert_array_equal(np.isnan(cut.image.data), np.isnan(image.data))
    change = np.nan_to_num(cut.image.data - whole.image.data)
    assert np.abs(change).max() < 1e-3 * np.nanmax(whole.image.data)


@pytest.mark.parametrize('method', ['richardson_lucy', 'wiener', 'dpir'])
def test_hot_voxels_of_columns_are_those_of_the_whole(columns: None, method: str) -> None:
    data, hot = light(9, 40, 100), np.zeros((9, 40, 100), bool)
    hot.flat[np.random.default_rng(1).choice(hot.size, 40, replace=False)] = True
    data[:, :, 32:] = 100 + (data[:, :, 32:] - 100) // 16
    data[hot] += 9000
    told = LUCY | {'method': method} | ({} if method == 'wiener' else {'iterations': 4})
    told |= {'model': 'ffdnet', 'precision': 'float32'} if method == 'dpir' else {}
    whole, cut = whole_and_in_columns(fresco.Image(data, 'ZYX'), **told)
    given = [result.image.data == data for result in (whole, cut)]
    np.testing.assert_array_equal(*given)
    assert given[0][hot].all()
    change = np.abs(cut.image.data - whole.image.data)[~hot]
    assert change.max() < 0.04 * np.ptp(whole.image.data[~hot])


def test_columns_decide_together_when_to_stop(columns: None) -> None:
    dim = light(9, 40, 100)
    dim[..., 50:] = 100 + (dim[..., 50:] - 100) // 8  # alone it would stop earlier
    steps = list(fresco.iterate(fresco.Image(dim, 'ZYX'), **LUCY, sigma=12.0))
    assert steps[-1].index == steps[-1].total < 8 * 100
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet, 'LARGEST_VOLUME', 10**9)
        whole = list(fresco.iterate(fresco.Image(dim, 'ZYX'), **LUCY, sigma=12.0))
    assert steps[-1].total == 8 * whole[-1].index


def test_columns_are_filtered_as_the_whole(columns: None) -> None:
    dim = light(9, 40, 100)
    dim[..., 50:] = 100 + (dim[..., 50:] - 100) // 8
    told = LUCY | {'method': 'wiener', 'sigma': 12.0, 'boundary': 'extend'}
    whole, cut = whole_and_in_columns(fresco.Image(dim, 'ZYX'), **told)
    change = np.abs(whole.image.data - cut.image.data)
    assert change[..., 6:-6].max() < 1e-3 * np.ptp(whole.image.data)


def test_pilots_are_spread_over_a_volume(columns: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, '_TOGETHER', 9 * 200 * 200)
    call = Call.of('richardson_lucy', 'deblur', None, {'kernel': BALL})
    request = Request.prepare(fresco.Image(np.ones((9, 640, 1000)), 'ZYX'), call)
    found = [each.tile for each in parts.pilots(request, ()) if each.tile is not None]
    assert len(found) == 16
    assert sum(np.prod([s.high - s.low for s in tile.spans]) for tile in found) <= 9 * 200 * 200
    assert {tile.spans[0] for tile in found} == {Span(0, 9, 0, 9)}


def test_columns_are_judged_by_the_whole(columns: None) -> None:
    image = fresco.Image(light(9, 40, 100), 'ZYX')
    whole, cut = whole_and_in_columns(image, **LUCY, iterations=2)
    assert cut.provenance['noise'] == whole.provenance['noise']
    assert len({tuple(each['range']) for each in cut.provenance['planes']}) == 1


@pytest.mark.parametrize('axes', ['CZYX', 'ZCYX'])
def test_volumes_grow_in_a_store_column_by_column(columns: None, tmp_path: Path, axes: str) -> None:
    both = np.stack([light(9, 40, 50), light(9, 40, 50)], axes.index('C'))
    image = fresco.Image(both, axes)
    told = {**LUCY, 'iterations': 2, 'sigma': 5.0}
    stored = fresco.restore(image, output=tmp_path / 'a.zarr', **told)
    assert stored.image.axes == axes
    np.testing.assert_array_equal(stored.image.data, fresco.restore(image, **told).image.data)


def test_a_volume_that_memory_cannot_hold_is_refused(
    columns: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('napari_fresco.networks.devices.memory_budget', lambda device: 10**6)
    said = r'9 x 40 x 96 voxels at a time .* takes about 0\.0061 GB, and 0\.001 GB are free on cpu'
    with pytest.raises(fresco.FrescoError, match=said):
        fresco.restore(fresco.Image(light(9, 40, 100), 'ZYX'), **LUCY)


def test_a_large_volume_is_judged_by_columns_of_some_planes() -> None:
    data = np.arange(40 * 600 * 700).reshape(40, 600, 700)
    missing = data % 7 == 0
    seen = sheet.sheet_of(fresco.Image(data, 'ZYX', missing=missing), dims=3)
    assert seen.shape == seen.missing.shape == (14, 512, 512)
    pixels = seen.data[:, :, :]
    np.testing.assert_array_equal(pixels[:, :128, -128:], data[::3, :128, 704 - 192 :][..., :128])
    np.testing.assert_array_equal(seen.missing, pixels % 7 == 0)


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


def test_what_was_filled_is_a_label_of_the_store(tmp_path: Path) -> None:
    mask = np.zeros((40, 36), bool)
    mask[10:14, 20:30] = True
    told = {'method': 'dpir', 'task': 'inpaint', 'mask': mask, 'iterations': 2}
    stored = fresco.restore(
        fresco.Image(specimen(40, 36), 'YX'), output=tmp_path / 'a.zarr', **told
    )
    np.testing.assert_array_equal(stored.filled, mask)
    filled = fresco.read(tmp_path / 'a.zarr/labels/filled')
    np.testing.assert_array_equal(filled.data, mask)
    assert filled.metadata['labels']


def test_a_frame_without_names_of_its_axes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match='holds axes TCZYX'):
        fresco.restore(specimen(3, 40, 40), method='ffdnet', output=tmp_path / 'a.zarr')
    assert not list(tmp_path.iterdir())
