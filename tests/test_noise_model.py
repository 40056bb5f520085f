"""The noise of a request: judged once for a stack, the same for all of its planes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage import data

import napari_fresco as fresco
from napari_fresco.declare.call import Call
from napari_fresco.declare.methods import METHODS
from napari_fresco.errors import ParameterError
from napari_fresco.image.intensity import Stabilised
from napari_fresco.networks import devices
from napari_fresco.noise.camera import estimate_camera
from napari_fresco.noise.level import estimate_noise
from napari_fresco.noise.patches import Patches
from napari_fresco.restoration import scene
from napari_fresco.restoration.block import Block
from napari_fresco.restoration.provenance import plane_facts
from napari_fresco.restoration.request import Request
from napari_fresco.restoration.scene import Scene

Array = np.ndarray[Any, Any]
SIDE = 128


def light(seed: int = 0) -> Array:
    """Return smooth spots over a dark background, in photons: 3 to 60."""
    points = np.zeros((SIDE, SIDE))
    points[tuple(np.random.default_rng(seed).integers(0, SIDE, (2, 40)))] = 1
    spots = ndimage.gaussian_filter(points, 5)
    return np.asarray(3 + 57 * spots / spots.max())


def exposed(photons: Array, gain: float = 20.0, seed: int = 0) -> Array:
    """Return the counts of a camera with offset 100 and read noise 5."""
    random = np.random.default_rng(seed)
    return gain * random.poisson(photons) + 100 + 5 * random.standard_normal(photons.shape)


def photograph(sigma: float = 12, seed: int = 0) -> Array:
    noise = np.random.default_rng(seed).standard_normal((SIDE, SIDE))
    return np.asarray(data.camera()[::2, ::2][:SIDE, :SIDE] + sigma * noise)


def requested(image: Any, method: str = 'ffdnet', task: str | None = None, **given: Any) -> Request:
    return Request.prepare(image, Call.of(method, task, None, {'device': 'cpu', **given}))


def prepared(request: Request, *, backwards: bool = False) -> list[Block]:
    """Return all planes in order, whichever is prepared first."""
    indices = list(request.layout.planes())
    order = reversed(indices) if backwards else indices
    scene = Scene(request)
    planes = {i: Block.prepare(request, i, scene.planes.read(i), scene) for i in order}
    return [planes[index] for index in indices]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Return the shapes of the images from which patches were cut out so far."""
    shapes: list[tuple[int, ...]] = []
    cut = Patches.of.__func__  # type: ignore[attr-defined]

    def counted(cls: type[Patches], channel: Array, *rest: Any, **named: Any) -> Patches:
        if 'saturated' not in named:  # how uneven the noise is, a few patches tell
            shapes.append(channel.shape)
        found: Patches = cut(cls, channel, *rest, **named)
        return found

    monkeypatch.setattr(Patches, 'of', classmethod(counted))
    return shapes


def test_no_plane_is_looked_at_twice(seen: list[tuple[int, ...]]) -> None:
    stack = np.stack([photograph(10 + seed, seed) for seed in range(3)])
    planes = prepared(requested(stack))
    assert seen.count(stack[0].shape) == 3
    for plane, image in zip(planes, stack, strict=True):
        assert plane_facts(plane)['sigma'] == pytest.approx(estimate_noise(image), rel=1e-6)


def test_a_long_stack_is_judged_by_a_few_planes(seen: list[tuple[int, ...]]) -> None:
    stack = np.stack([exposed(light(), seed=seed) for seed in range(20)])
    planes = prepared(requested(stack))
    assert all(isinstance(plane.intensity, Stabilised) for plane in planes)
    assert seen.count((SIDE, SIDE)) == 10


def test_nothing_is_computed_before_it_is_asked(seen: list[tuple[int, ...]]) -> None:
    requested(exposed(light()))
    assert not seen


@pytest.mark.parametrize('task', ['denoise', 'super_resolve'])
def test_it_does_not_matter_which_plane_comes_first(task: str) -> None:
    stack = np.stack([exposed(light(seed), seed=seed) for seed in range(4)])
    scale = 2 if task == 'super_resolve' else 1
    both = [
        prepared(requested(stack, 'dpir', task, scale=scale), backwards=backwards)
        for backwards in (False, True)
    ]
    for one, other in zip(*both, strict=True):
        assert torch.equal(one.problem.y, other.problem.y)
        np.testing.assert_array_equal(one.problem.sigma, other.problem.sigma)
    found, turned = (estimate_camera(planes) for planes in (stack, stack[::-1]))
    assert found is not None
    np.testing.assert_allclose(found, turned, rtol=1e-3)


def test_a_stack_of_equal_planes_is_restored_like_one() -> None:
    image = exposed(light())
    alone, stack = (
        fresco.restore(x, method='dpir', model='box', device='cpu').image
        for x in (image, np.stack([image] * 3))
    )
    for plane in stack:
        np.testing.assert_array_equal(plane, stack[0])
    # More patches reach rarer intensities, so the line is not quite the same.
    assert np.abs(stack[0] - alone).max() < 0.1 * (alone.max() - 100) ** 0.5 * 20**0.5


def test_a_plane_without_a_subject_does_not_flicker() -> None:
    empty = exposed(np.full((SIDE, SIDE), 3.0))
    assert estimate_camera(empty) is None
    stack = np.stack([exposed(light(1), seed=1), empty, exposed(light(2), seed=2)])
    assert [plane_facts(plane)['stabilised'] for plane in prepared(requested(stack))] == [True] * 3


def test_every_channel_has_its_own_camera() -> None:
    stack = np.stack([[exposed(light(z), gain, z) for gain in (2.0, 20.0)] for z in range(2)])
    scene = Scene(requested(stack, axes='ZCYX'))
    for channel, gain in ((0, 2.0), (1, 20.0)):
        camera = scene.model((0, channel)).camera
        assert camera is not None
        assert camera.gain == pytest.approx(gain, rel=0.2)
    assert scene.model((1, 0)) is scene.model((0, 0))


def test_a_camera_is_estimated_from_the_whole_stack() -> None:
    stack = np.stack([exposed(light(seed), seed=seed) for seed in range(3)])
    scene = Scene(requested(stack, noise='poisson-gaussian', offset=100.0))
    assert scene.model((0,)).camera == estimate_camera(stack, offset=100.0)
    assert scene.model((2,)) is scene.model((0,))


def test_damaged_pixels_tell_nothing_of_a_camera() -> None:
    image, mask = exposed(light()), np.zeros((SIDE, SIDE), bool)
    mask[::30] = mask[:, ::30] = True
    mask[40:60, 40:60] = True
    given: dict[str, Any] = {'mask': mask, 'noise': 'poisson-gaussian'}
    spoiled = [np.where(mask, fill, image) for fill in (0.0, 1e5)]
    told = [Scene(requested(x, 'dpir', 'inpaint', **given)).model(()).camera for x in spoiled]
    recognised = [estimate_camera(x, mask=mask) for x in spoiled]
    assert told[0] == told[1] == recognised[0] == recognised[1]
    assert told[0] is not None
    assert told[0].gain == pytest.approx(20, rel=0.2)


def test_a_wholly_damaged_plane_tells_nothing() -> None:
    stack = np.stack([exposed(light()), np.zeros((SIDE, SIDE))])
    mask = np.stack([np.zeros((SIDE, SIDE), bool), np.ones((SIDE, SIDE), bool)])
    found, alone = estimate_camera(stack, mask=mask), estimate_camera(stack[0])
    assert found == alone is not None


@pytest.mark.parametrize(
    ('method', 'given'),
    [
        ('usrnet', {'task': 'super_resolve', 'scale': 2}),
        ('dpir', {'task': 'deblur', 'kernel': np.ones((3, 3))}),
    ],
)
def test_photon_noise_is_recognised_where_pixels_mix(method: str, given: dict[str, Any]) -> None:
    image = exposed(light())
    auto, told, white = (
        prepared(requested(image, method, noise=noise, **given))[0].problem
        for noise in ('auto', 'poisson-gaussian', 'gaussian')
    )
    assert isinstance(auto.sigma, torch.Tensor)
    assert isinstance(told.sigma, torch.Tensor)
    torch.testing.assert_close(auto.sigma, told.sigma)
    assert isinstance(white.sigma, float)
    assert float(auto.sigma.max()) > 2 * float(auto.sigma.min())
    assert isinstance(prepared(requested(photograph(), method, **given))[0].problem.sigma, float)


def test_noise_that_neighbours_share_raises_the_level() -> None:
    blurred = ndimage.gaussian_filter(exposed(light()), 0.5)
    request = requested(blurred, 'usrnet', 'super_resolve', scale=2, noise='poisson-gaussian')
    scene = Scene(request)
    found = scene.model(())
    assert found.camera is not None
    assert found.excess > 1.2
    assert 'neighbouring pixels share it' in ' '.join(scene.remarks)
    plane = prepared(request)[0]
    level = np.sqrt(np.mean(found.camera.variance(blurred)))
    assert plane_facts(plane)['sigma'] == pytest.approx(found.excess * level, rel=0.02)


def test_a_noise_map_does_not_follow_the_noise() -> None:
    even = exposed(np.full((SIDE, SIDE), 10.0))
    camera = {'noise': 'poisson-gaussian', 'gain': 20.0, 'offset': 100.0, 'read_noise': 5.0}
    request = requested(even, 'dpir', 'deblur', kernel=np.ones((3, 3)), **camera)
    scene = Scene(request)
    sigma = scene.level((), scene.planes.read(()), 1.0)
    # Pixels that are trusted by their own noise are a tenth too dark.
    assert np.average(even, weights=1 / np.square(sigma)) == pytest.approx(300, rel=0.01)


@pytest.mark.parametrize('sigma', [20, np.full((SIDE, SIDE), 20.0), 'virnet'])
@pytest.mark.parametrize('given', [{'noise': 'poisson-gaussian'}, {'gain': 2.0}])
@pytest.mark.parametrize('task', ['denoise', 'super_resolve'])
def test_two_noise_levels_are_one_too_many(sigma: Any, given: dict[str, Any], task: str) -> None:
    scale = 2 if task == 'super_resolve' else 1
    with pytest.raises(ParameterError, match=r"sigma and .* both given.*'gaussian'"):
        requested(exposed(light()), 'dpir', task, sigma=sigma, scale=scale, **given)


def test_a_given_level_is_believed(seen: list[tuple[int, ...]]) -> None:
    problem = prepared(requested(exposed(light()), sigma=50))[0].problem
    assert isinstance(problem.sigma, float)
    assert not seen


@pytest.mark.parametrize('fast', [False, True])
@pytest.mark.parametrize('name', [m.name for m in METHODS.values() if m.blind])
def test_blind_methods_do_not_wait_for_the_noise(
    name: str, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene, 'assess_planes', None)
    monkeypatch.setattr(devices, 'has_fast_bfloat16', lambda device: fast)
    scale = 2 if METHODS[name].tasks[0] == 'super_resolve' else 1
    plane = prepared(requested(photograph(20), name, scale=scale))[0]
    assert plane_facts(plane)['sigma'] is None
    # Roughly the noise, for the choice of the arithmetic; nothing where there is no choice.
    expected = 20 if fast else 0
    assert plane.problem.sigma * plane.range.span == pytest.approx(expected, rel=0.15)


def test_deblocking_does_not_wait_for_the_noise(seen: list[tuple[int, ...]]) -> None:
    plane = prepared(requested(photograph(), 'dpir', 'deblock'))[0]
    assert not seen
    assert plane_facts(plane)['sigma'] is None


@pytest.mark.parametrize('image', [photograph(), exposed(light())], ids=['white', 'photons'])
def test_three_equal_channels_are_as_noisy_as_one(image: Array) -> None:
    colour = np.stack([image] * 3, axis=-1)
    assert estimate_noise(colour) == pytest.approx(estimate_noise(image))
    np.testing.assert_allclose(estimate_noise(colour, 'map'), estimate_noise(image, 'map'))
    alone, together = estimate_camera(image), estimate_camera(colour)
    assert (alone is None) == (together is None)
    if alone is not None and together is not None:
        levels = np.percentile(image, (10, 50, 90))
        np.testing.assert_allclose(alone.variance(levels), together.variance(levels), rtol=0.2)


DENOISERS = ['dpir', 'drunet', 'ffdnet', 'ircnn', 'scunet', 'vdir', 'virnet']


@pytest.mark.parametrize('method', DENOISERS)
def test_a_gray_image_saved_as_colour_is_restored(method: str) -> None:
    gray = np.stack([photograph()[:32, :32], np.full((32, 32), 90.0)])
    colour = np.stack([gray] * 3, axis=-1)
    restored = fresco.restore(colour, method=method, task='denoise', device='cpu').image
    assert np.isfinite(restored).all()
    assert np.abs(restored - colour).mean() < 15


@pytest.mark.parametrize('name', METHODS)
def test_every_method_answers_for_what_it_does_not_offer(name: str) -> None:
    params = METHODS[name].parameters_class()
    offered = {p.name for p in params.declared()}
    assert params.ensemble is False  # type: ignore[attr-defined]
    if 'assume' not in offered:
        assert params.assume == 'bicubic'  # type: ignore[attr-defined]


def test_what_is_expected_of_a_residual_does_not_vanish_without_light() -> None:
    frame = 8 * np.random.default_rng(0).poisson(np.full((48, 48), 0.1)).astype(np.float32)
    camera = {'gain': 8.0, 'offset': 0.0, 'read_noise': 0.0}
    (block,) = prepared(requested(frame, **camera))
    dark, lit = (
        np.asarray(block.scene.expected((), block.pixels, np.full(frame.shape, level)))
        for level in (-1.0, 800.0)
    )
    assert dark.min() >= 0.5 * 8
    assert lit.mean() == pytest.approx(80, rel=1e-3)
