"""Planes that help each other to be denoised: what is gained, and that nothing is smeared."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch

import napari_fresco as fresco
from napari_fresco.errors import ParameterError
from napari_fresco.image import sheet
from napari_fresco.image.anscombe import Anscombe
from napari_fresco.restoration import parts
from napari_fresco.restoration.neighbours import Neighbours
from napari_fresco.solvers.across_planes import helped

Array = np.ndarray[Any, Any]
SIGMA = 10.0


def ground(side: int = 64) -> Array:
    """Return a textured ground."""
    y, x = np.indices((side, side))
    return 120 + 25 * np.sin(y / 4) * np.cos(x / 6) + 15 * np.sin((x + 2 * y) / 9)


def with_noise(clean: Array, seed: int = 0) -> Array:
    noise = np.random.default_rng(seed).normal(0, SIGMA, clean.shape)
    return (clean + noise).astype(np.float32)


def denoised(stack: Array, **options: Any) -> Array:
    told = {'method': 'ffdnet', 'sigma': SIGMA, 'device': 'cpu', 'axes': 'TYX'} | options
    return np.asarray(fresco.restore(stack, **told).image, np.float64)


def error(result: Array, clean: Array) -> float:
    return float(np.square(result - clean).mean())


def moving(peak: float, step: float, frames: int = 5) -> tuple[Array, Array]:
    """Return spots that move, on a textured ground, and where they are: ``(spots, frames, 2)``."""
    random, base = np.random.default_rng(1), ground(96)
    y, x = np.indices(base.shape)
    clean, track = np.repeat(base[None], frames, axis=0), []
    for start in [(r, c) for r in range(16, 90, 22) for c in range(16, 90, 22)]:
        angle = random.uniform(0, 2 * np.pi)
        moves = step * (np.arange(frames) - frames // 2)
        at = np.stack([start[0] + moves * np.sin(angle), start[1] + moves * np.cos(angle)], axis=1)
        for t, (row, column) in enumerate(at):
            clean[t] += peak * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 1.4**2))
        track.append(at)
    return clean, np.array(track)


def light(image: Array, places: Array) -> float:
    """Return the mean light of spots above the ground."""
    y, x = np.indices(image.shape)
    above = image - ground(len(image))
    near = [(y - row) ** 2 + (x - column) ** 2 <= 9 for row, column in places]
    return float(np.mean([above[where].sum() for where in near]))


def test_alike_planes_lose_more_noise() -> None:
    clean = np.repeat(ground()[None], 7, axis=0)
    noisy = with_noise(clean)
    alone = error(denoised(noisy), clean)
    errors = [error(denoised(noisy, neighbours=n)[3], clean[3]) for n in (1, 3)]
    assert errors[0] < 0.7 * alone
    assert errors[1] < 0.5 * alone


@pytest.mark.parametrize('method', ['drunet', 'dncnn', 'dpir', 'ircnn', 'virnet', 'vdir', 'scunet'])
def test_every_denoiser_is_helped(method: str) -> None:
    clean = np.repeat(ground(48)[None], 5, axis=0)
    noisy, told = with_noise(clean), {'method': method, 'sigma': 'auto'}
    assert error(denoised(noisy, neighbours=2, **told), clean) < 0.9 * error(
        denoised(noisy, **told), clean
    )


@pytest.mark.parametrize(
    ('method', 'peak', 'step'),
    [('ffdnet', 4, 4), ('ffdnet', 8, 1), ('ffdnet', 20, 4), ('virnet', 8, 4), ('scunet', 8, 4)],
)
def test_what_moves_is_not_smeared(method: str, peak: float, step: float) -> None:
    clean, track = moving(peak * SIGMA, step)
    noisy, middle = with_noise(clean), 2
    told = {'method': method, 'sigma': SIGMA if method == 'ffdnet' else 'auto'}
    alone, together = (denoised(noisy, neighbours=n, **told) for n in (0, 2))
    assert error(together[middle], clean[middle]) < error(alone[middle], clean[middle])
    whole = light(clean[middle], track[:, middle])
    own = [light(image[middle], track[:, middle]) / whole for image in (alone, together)]
    assert own[1] > own[0] - 0.06
    for other in (0, 1, 3, 4):
        lost = light(clean[other], track[:, middle]), light(alone[other], track[:, middle])
        ghost = light(together[other], track[:, middle]) - max(lost)
        assert ghost < 0.04 * whole


def test_what_a_denoiser_overlooked_in_a_plane_does_not_show_in_others() -> None:
    # A spot in one frame, of which the denoiser leaves nothing.
    y, x = np.indices((64, 64))
    spot = 8.0 * np.exp(-((y - 32.0) ** 2 + (x - 32.0) ** 2) / (2 * 1.5**2))
    noise = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 64, 64))).float()
    noisy, flat = noise.clone(), torch.zeros(5, 64, 64)
    noisy[3] += torch.from_numpy(spot).float()
    seen, unseen = (helped(each, flat, torch.ones(5, 1, 1), 2) for each in (noisy, noise))
    inside = torch.from_numpy((y - 32) ** 2 + (x - 32) ** 2 <= 16)
    assert float((seen - unseen)[inside].sum().abs()) < 0.01 * float(spot.sum())


def test_units_and_offsets_do_not_matter() -> None:
    clean = np.repeat(ground(32)[None], 3, axis=0)
    y, x = (torch.from_numpy(a.astype(np.float32)) for a in (with_noise(clean), clean))
    known = torch.full((3, 1, 1), SIGMA**2)
    once = helped(y, x, known, 1)
    for factor, offset in ((1e-6, 0.0), (1e6, 1e9)):
        again = helped(factor * y + offset, factor * x + offset, factor**2 * known, 1)
        rounding = 4e-7 * (offset / factor + 255)
        assert float((again - factor * once - offset).abs().max()) < factor * (1e-3 + rounding)


def test_a_map_of_the_noise_serves_like_its_number() -> None:
    y = torch.from_numpy(with_noise(np.repeat(ground(40)[None], 3, axis=0)))
    x = torch.from_numpy(np.repeat(ground(40)[None], 3, axis=0)).float()
    number, level = torch.full((3, 1, 1), SIGMA**2), torch.full((3, 40, 40), SIGMA**2)
    torch.testing.assert_close(helped(y, x, number, 1), helped(y, x, level, 1))


def test_a_plane_without_noise_or_neighbours_stays() -> None:
    x = torch.rand(3, 24, 24)
    assert torch.equal(helped(x[:1], 2 * x[:1], torch.ones(1, 1, 1), 0), 2 * x[0])
    assert torch.equal(helped(x, 2 * x, torch.zeros(3, 1, 1), 1), 2 * x[1])


def test_small_planes_are_helped() -> None:
    y = torch.rand(3, 5, 3)
    assert helped(y, y, torch.ones(3, 1, 1), 1).shape == (5, 3)
    assert bool(torch.isfinite(helped(y[:, :1, :1], y[:, :1, :1], torch.ones(3, 1, 1), 1)).all())


@pytest.mark.parametrize('camera', [(1.0, 0.0, 0.0), (2.0, 100.0, 3.0), (0.5, 10.0, 8.0)])
def test_the_mean_of_transformed_readings_undoes_the_inverse(camera: Any) -> None:
    transform, counts = Anscombe(*camera), np.concatenate([[-2, 0, 0.1], np.geomspace(0.2, 1e5)])
    image = transform.offset + transform.gain * counts
    back = transform.inverse(transform.mean(image))
    assert np.abs(back - image).max() < 2e-4 * transform.gain


@pytest.mark.parametrize('place', [0, 1, 3, 5])
def test_a_plane_depends_on_its_neighbours_alone(place: int) -> None:
    stack = with_noise(np.stack([ground(40) + 4 * k for k in range(6)]))
    part = slice(max(place - 1, 0), place + 2)
    whole = denoised(stack, neighbours=1)
    cut = denoised(stack[part], neighbours=1)
    np.testing.assert_array_equal(cut[place - part.start], whole[place])


def test_no_neighbours_are_planes_alone() -> None:
    stack = with_noise(np.repeat(ground(32)[None], 3, axis=0))
    np.testing.assert_array_equal(denoised(stack, neighbours=0)[1], denoised(stack[1], axes='YX'))


def test_a_stack_that_names_no_axis_is_a_line() -> None:
    stack = with_noise(np.repeat(ground(24)[None], 3, axis=0))
    named = denoised(stack, neighbours=1)
    np.testing.assert_array_equal(denoised(stack, neighbours=1, axes=None), named)


def test_each_axis_and_channel_is_a_line_of_its_own() -> None:
    base = ground(24)
    stack = with_noise(
        np.stack([np.stack([base + 9 * z + 50 * t for z in range(3)]) for t in (0, 1)])
    )
    both = denoised(stack, axes='TZYX', neighbours=1)
    np.testing.assert_array_equal(both[1], denoised(stack[1], axes='ZYX', neighbours=1))
    along = denoised(stack, axes='TZYX', neighbours=1, along='T')
    np.testing.assert_array_equal(along[:, 2], denoised(stack[:, 2], axes='TYX', neighbours=1))
    channels = denoised(stack, axes='CZYX', neighbours=1)
    np.testing.assert_array_equal(channels, both)
    last = denoised(stack.transpose(2, 3, 1, 0), axes='YXZC', neighbours=1)
    np.testing.assert_array_equal(last.transpose(3, 2, 0, 1), both)


def test_colours_are_helped() -> None:
    clean = np.repeat(np.stack([ground(40)] * 3, axis=-1)[None], 3, axis=0)
    clean[..., 1] -= 40
    noisy = with_noise(clean)
    told = {'axes': 'TYXS'}
    alone = error(denoised(noisy, **told), clean)
    assert error(denoised(noisy, neighbours=1, **told), clean) < 0.9 * alone


def test_photon_noise_is_helped_and_light_is_kept() -> None:
    photons = np.repeat(ground(64)[None], 5, axis=0)
    counts = np.random.default_rng(0).poisson(photons).astype(np.uint16)
    told = {'method': 'ffdnet', 'dtype': 'float32', 'axes': 'ZYX', 'device': 'cpu'}
    told |= {'gain': 1.0, 'offset': 0.0, 'read_noise': 0.0}
    alone, together = (fresco.restore(counts, neighbours=n, **told) for n in (0, 2))
    assert error(together.image, photons) < 0.7 * error(alone.image, photons)
    mean = counts.mean(axis=(1, 2))
    assert np.abs(together.image.mean(axis=(1, 2)) / mean - 1).max() < 2e-3
    assert together.provenance['options']['neighbours'] == 2


def test_blocks_of_large_planes_are_helped_like_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = with_noise(np.repeat(np.tile(ground(40), (1, 14))[None], 4, axis=0))
    whole = fresco.restore(stack, method='ffdnet', sigma=SIGMA, axes='ZYX', neighbours=1)
    monkeypatch.setattr(sheet, 'LARGEST', 50 * 50)
    monkeypatch.setattr(parts, '_SIDE', 128)
    cut = fresco.restore(stack, method='ffdnet', sigma=SIGMA, axes='ZYX', neighbours=1)
    assert len(cut.provenance['planes']) > len(whole.provenance['planes'])
    assert np.abs(whole.image - cut.image).max() < 0.05 * SIGMA
    assert whole.provenance['input_sha256'] == cut.provenance['input_sha256']


def test_lazy_stacks_are_read_as_far_as_the_neighbours() -> None:
    stack = with_noise(np.repeat(ground(24)[None], 8, axis=0))
    read: list[int] = []

    def plane(block: Array, block_info: Any = None) -> Array:
        read.append(block_info[0]['chunk-location'][0])
        return block

    source = da.from_array(stack, chunks=(1, 24, 24))
    lazy = source.map_blocks(plane, dtype=stack.dtype, meta=np.empty((0, 0, 0), stack.dtype))
    result = denoised(lazy, neighbours=1)
    np.testing.assert_array_equal(result, denoised(stack, neighbours=1))
    assert len(read) == 8


@pytest.mark.parametrize(('axes', 'most'), [('ZYX', 5), ('ZCYX', 10), ('CZYX', 5)])
def test_as_many_planes_wait_as_help(axes: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, after = [], Neighbours.after

    def counted(self: Neighbours, restored: Any) -> Any:
        yield from after(self, restored)
        waiting.append(sum(len(line.planes) for line in self._lines.values()))

    monkeypatch.setattr(Neighbours, 'after', counted)
    shape = [{'Z': 9, 'C': 2, 'Y': 16, 'X': 16}[axis] for axis in axes]
    denoised(with_noise(np.full(shape, 100.0)), axes=axes, neighbours=2)
    assert max(waiting) <= most
    assert waiting[-1] == 0


def test_a_missing_plane_parts_the_line() -> None:
    stack = with_noise(np.stack([ground(32) + 3 * k for k in range(5)]))
    holed = stack.copy()
    holed[2] = np.nan
    result = denoised(holed, neighbours=2)
    assert np.isnan(result[2]).all()
    np.testing.assert_array_equal(result[:2], denoised(stack[:2], neighbours=2))
    np.testing.assert_array_equal(result[3:], denoised(stack[3:], neighbours=2))


def test_a_cancelled_run_gives_what_was_denoised_alone() -> None:
    stack = with_noise(np.repeat(ground(24)[None], 6, axis=0))
    told = {'method': 'ffdnet', 'sigma': SIGMA, 'axes': 'ZYX', 'device': 'cpu'}
    result = fresco.restore(stack, neighbours=2, callback=lambda step: step.index < 2, **told)
    assert (result.finish, result.restored) == ('cancelled', 2)
    np.testing.assert_array_equal(result.image[1], denoised(stack[1], axes='YX'))
    np.testing.assert_array_equal(result.image[4], stack[4])
    assert any('neighbours' in text for text in result.provenance['warnings'])


@pytest.mark.parametrize(
    ('shape', 'options', 'said'),
    [
        ((24, 24), {}, 'no planes along Z or T'),
        ((3, 3, 24, 24), {}, 'name its axes'),
        ((3, 24, 24), {'axes': 'CYX'}, 'no planes along Z or T'),
        ((3, 24, 24), {'axes': 'ZYX', 'along': 'T'}, 'no planes along T'),
        ((1, 24, 24), {'axes': 'ZYX'}, 'no planes along Z or T'),
        ((3, 24, 24), {'axes': 'ZYX', 'uncertainty': True}, 'planes restored alone'),
        ((3, 24, 24), {'axes': 'ZYX', 'ensemble': True}, 'spread that ensemble = True'),
        ((3, 24, 24), {'axes': 'ZYX', 'neighbours': -1}, 'out of range'),
    ],
)
def test_neighbours_that_cannot_help_are_refused(shape: Any, options: Any, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        fresco.restore(np.zeros(shape), **{'method': 'ffdnet', 'neighbours': 2, **options})


def test_other_tasks_have_no_neighbours() -> None:
    with pytest.raises(ParameterError, match="choose task='denoise'"):
        fresco.restore(
            np.zeros((3, 24, 24)), method='dpir', task='deblur', kernel=np.eye(3), neighbours=2
        )


@pytest.mark.parametrize('sigma', [SIGMA, 'auto'])
@pytest.mark.parametrize(
    ('axes', 'box', 'inside'),
    [
        ('ZYX', np.s_[2:3, 8:112, 6:112], np.s_[:, 50:, 50:]),
        ('CTYX', np.s_[1:2, 0:2, 0:112, 0:112], np.s_[:]),
    ],
)
def test_a_part_is_helped_by_what_lies_beside_it(
    axes: str, box: Any, inside: Any, sigma: Any
) -> None:
    shape = (5,) if axes == 'ZYX' else (2, 5)
    stack = with_noise(ground(112) + 5 * np.arange(np.prod(shape)).reshape(*shape, 1, 1))
    whole = fresco.Image(stack, axes)
    told = {'method': 'ffdnet', 'sigma': sigma, 'neighbours': 2, 'data_range': (0.0, 255.0)}
    origin = tuple(part.start for part in box)
    beside = {'context': whole, 'context_origin': origin}
    if axes == 'ZYX':
        beside['context_index'] = origin[:1]
    with fresco.Session(device='cpu') as session:
        part = session.restore(fresco.Image(stack[box], axes), **told, **beside).image.data
        expected = session.restore(whole, **told).image.data[box]
    # Light is kept for the region instead of for the plane: hundredths of the noise.
    assert np.abs(part - expected)[inside].max() < 0.05 * SIGMA
