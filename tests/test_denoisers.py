"""Denoisers: any size, channels and noise level, tiles, memory, and those that are no networks."""

from __future__ import annotations

import sys
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from napari_fresco import networks
from napari_fresco.errors import DeviceError, ParameterError, WeightsError
from napari_fresco.networks import devices
from napari_fresco.networks.facts import Network, facts_of
from napari_fresco.runtime import denoisers
from napari_fresco.runtime.denoisers import ArrayDenoiser, FunctionDenoiser, NetworkDenoiser
from napari_fresco.types import Denoiser

CPU = torch.device('cpu')
CONFIGS: dict[str, dict[str, Any]] = {
    'drunet': {'nc': (4, 4, 4, 4), 'nb': 1},
    'ffdnet': {'nc': 8, 'nb': 3},
    'dncnn': {'nc': 8, 'nb': 3},
    'ircnn_bank': {'nc': 4},
}


def network(architecture: str, channels: int = 1) -> Network:
    torch.manual_seed(0)
    extra = architecture == 'drunet'
    config = {'in_nc': channels + extra, 'out_nc': channels, **CONFIGS[architecture]}
    module = cast('Network', networks.build(architecture, **config))
    for p in module.parameters():
        nn.init.normal_(p, std=0.1)
    module.facts, module.weights_name, module.weights_sha256 = facts_of(module), 'tiny', '0'
    return module


def make(architecture: str, channels: int = 1, **options: Any) -> NetworkDenoiser:
    options = {'precision': 'float32', **options}
    return NetworkDenoiser(network(architecture, channels), device=CPU, **options)


def picture(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize('architecture', CONFIGS)
@pytest.mark.parametrize('size', [(1, 1), (1, 9), (13, 7), (16, 24)])
def test_any_size_passes(architecture: str, size: tuple[int, int]) -> None:
    denoiser: Denoiser = make(architecture, 3)
    x = picture(1, 3, *size)
    clean = denoiser(x, 0.1)
    assert clean.shape == x.shape
    assert clean.dtype == x.dtype
    assert not torch.equal(clean, x)


@pytest.mark.parametrize('architecture', ['drunet', 'ffdnet', 'ircnn_bank'])
def test_a_constant_map_is_a_number(architecture: str) -> None:
    denoiser = make(architecture)
    x = picture(2, 1, 11, 14)
    expected = denoiser(x, 0.1)
    torch.testing.assert_close(denoiser(x, torch.full((1, 1, 11, 14), 0.1)), expected)
    torch.testing.assert_close(denoiser(x, torch.full((2, 1, 11, 14), 0.1)), expected)
    torch.testing.assert_close(denoiser(x, torch.tensor(0.1)), expected)


def test_drunet_sees_the_map_beside_the_image() -> None:
    denoiser = make('drunet', 3)
    x, sigma = picture(1, 3, 16, 8), picture(1, 1, 16, 8)
    with torch.no_grad():
        expected = denoiser.tiled.module(torch.cat((x, sigma), 1))
    torch.testing.assert_close(denoiser(x, sigma), expected)


@pytest.mark.parametrize('architecture', CONFIGS)
def test_a_gray_network_takes_channels_one_by_one(architecture: str) -> None:
    denoiser = make(architecture)
    x = picture(2, 3, 9, 10)
    each = [denoiser(x[:, c : c + 1], 0.1) for c in range(3)]
    torch.testing.assert_close(denoiser(x, 0.1), torch.cat(each, 1))


def test_a_gray_network_gives_every_image_its_own_map() -> None:
    denoiser = make('drunet')
    x, sigma = picture(2, 3, 8, 8), picture(2, 1, 8, 8)
    each = [denoiser(x[n : n + 1], sigma[n : n + 1]) for n in range(2)]
    torch.testing.assert_close(denoiser(x, sigma), torch.cat(each))


def test_a_colour_network_takes_gray_as_equal_channels() -> None:
    denoiser = make('ffdnet', 3)
    x = picture(1, 1, 8, 8)
    expected = denoiser(x.expand(1, 3, 8, 8), 0.1).mean(1, keepdim=True)
    torch.testing.assert_close(denoiser(x, 0.1), expected)
    assert denoiser(picture(1, 2, 8, 8), 0.1).shape == (1, 2, 8, 8)


@pytest.mark.parametrize('architecture', ['ffdnet', 'dncnn', 'ircnn_bank'])
@pytest.mark.parametrize('tile', [8, 21])
def test_tiles_are_exact_where_the_network_is_local(architecture: str, tile: int) -> None:
    x, sigma = picture(1, 1, 51, 40), picture(1, 1, 51, 40) / 5
    whole, tiled = make(architecture), make(architecture, tile=tile)
    torch.testing.assert_close(tiled(x, sigma), whole(x, sigma), atol=2e-6, rtol=0)
    assert tiled.tile == tile


def test_drunet_tiles_are_exact_with_its_whole_field_of_view() -> None:
    x = picture(1, 1, 40, 200)
    whole, tiled = make('drunet'), make('drunet', tile=16)
    assert tiled.facts.exact_tiling
    torch.testing.assert_close(tiled(x, 0.1), whole(x, 0.1), atol=2e-6, rtol=0)


def test_memory_decides_the_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, tiled = make('ffdnet'), make('ffdnet')
    x = picture(1, 1, 300, 40)
    expected = whole(x, 0.1)
    assert whole.tile is None
    pixels = 2 * 100 * 100
    budget = pixels * tiled.facts.bytes_per_pixel
    monkeypatch.setattr(devices, 'memory_budget', lambda device: budget)
    torch.testing.assert_close(tiled(x, 0.1), expected, atol=2e-6, rtol=0)
    assert tiled.tile == 100 - 2 * tiled.facts.context
    monkeypatch.setattr(devices, 'memory_budget', lambda device: 0)
    tightest = make('ffdnet')
    tightest(x, 0.1)
    assert tightest.tile == 64


def failing_above(pixels: int, error: Exception, denoiser: NetworkDenoiser) -> list[int]:
    """Make the network of `denoiser` raise for larger images; return the sizes it saw."""
    seen: list[int] = []

    def refuse(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        seen.append(inputs[0].shape[-1])
        if inputs[0].shape[-1] * inputs[0].shape[-2] > pixels:
            raise error

    denoiser.tiled.module.register_forward_pre_hook(refuse)
    return seen


@pytest.mark.parametrize(
    'error',
    [
        torch.cuda.OutOfMemoryError('CUDA out of memory.'),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
        MemoryError(),
    ],
)
def test_running_out_of_memory_halves_the_tile(error: Exception) -> None:
    denoiser = make('ffdnet')
    x = picture(1, 1, 20, 300)
    expected = denoiser(x, 0.1)
    seen = failing_above(20 * 100, error, denoiser)
    torch.testing.assert_close(denoiser(x, 0.1), expected, atol=2e-6, rtol=0)
    assert denoiser.tile == 75
    seen.clear()
    denoiser(x, 0.1)
    assert max(seen) <= 100


def test_no_memory_for_the_smallest_tile_is_an_error() -> None:
    denoiser = make('ffdnet')
    failing_above(0, MemoryError(), denoiser)
    with pytest.raises(DeviceError, match='tiles of 64 px'):
        denoiser(picture(1, 1, 150, 20), 0.1)


def test_other_errors_pass_through() -> None:
    denoiser = make('ffdnet')
    failing_above(0, RuntimeError('a bug'), denoiser)
    with pytest.raises(RuntimeError, match='a bug'):
        denoiser(picture(1, 1, 8, 8), 0.1)
    assert denoiser.tile is None


def test_noise_below_the_threshold_is_handled_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, 'has_fast_bfloat16', lambda device: True)
    exact, fast = make('drunet', precision='float32'), make('drunet', precision='auto')
    x = picture(1, 1, 32, 32)
    below = fast.tiled.least_sigma * 0.99
    assert torch.equal(fast(x, below), exact(x, below))
    above = fast(x, fast.tiled.least_sigma)
    assert not torch.equal(above, exact(x, fast.tiled.least_sigma))
    assert above.dtype == torch.float32
    torch.testing.assert_close(above, exact(x, fast.tiled.least_sigma), atol=0.05, rtol=0.05)
    partly = torch.full((1, 1, 32, 32), 0.5)
    partly[..., 3, 3] = 0
    assert torch.equal(fast(x, partly), exact(x, partly))


def test_what_is_a_guess_is_rounded_whatever_the_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, 'has_fast_bfloat16', lambda device: True)
    exact, fast = make('drunet', precision='float32'), make('drunet', precision='auto')
    x, below = picture(1, 1, 32, 32), 0.1 * fast.tiled.least_sigma
    guess = fast.for_guesses()
    assert not torch.equal(guess(x, below), exact(x, below))
    assert fast.tiled.arithmetic == 'bfloat16'
    assert torch.equal(fast(x, below), exact(x, below))
    assert torch.equal(exact.for_guesses()(x, below), exact(x, below))
    chain = make('ffdnet', precision='auto')
    assert torch.equal(chain.for_guesses()(x, 0.01), chain(x, 0.01))
    assert chain.tiled.arithmetic == 'float32'


def test_narrow_images_are_handled_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, 'has_fast_bfloat16', lambda device: True)
    exact, fast = make('drunet', precision='float32'), make('drunet', precision='auto')
    for shape in ((1, 1, 9, 1), (1, 1, 31, 40)):
        assert torch.equal(fast(picture(*shape), 0.5), exact(picture(*shape), 0.5))


def test_float64_images_stay_float64() -> None:
    denoiser = make('drunet')
    assert denoiser(picture(1, 1, 8, 8).double(), 0.1).dtype == torch.float64


def test_gradients_pass_only_on_request() -> None:
    denoiser = make('drunet')
    x = picture(1, 1, 8, 8)
    assert not denoiser(x, 0.1).requires_grad
    assert denoiser(x.requires_grad_(), 0.1).requires_grad


@pytest.mark.parametrize(
    'sigma',
    [
        -0.1,
        float('nan'),
        float('inf'),
        torch.full((1, 1, 8, 8), float('nan')),
        torch.full((1, 1, 8, 8), -1.0),
        torch.full((1, 1, 8, 9), 0.1),
        torch.full((3, 1, 8, 8), 0.1),
        torch.full((8, 8), 0.1),
    ],
)
@pytest.mark.parametrize('name', ['tiny', 'nlm'])
def test_impossible_noise_levels_are_refused(name: str, sigma: float | Tensor) -> None:
    denoiser = make('drunet') if name == 'tiny' else denoisers.make(name, channels=1, device='cpu')
    with pytest.raises(ParameterError, match='sigma'):
        denoiser(picture(1, 1, 8, 8), sigma)


def test_impossible_options_are_refused() -> None:
    with pytest.raises(ParameterError, match='tile = 0'):
        make('drunet', tile=0)
    with pytest.raises(ParameterError, match='float16'):
        make('drunet', precision='float16')


@pytest.mark.parametrize('name', ['nlm', 'bm3d'])
@pytest.mark.parametrize('channels', [1, 3])
def test_denoisers_that_are_no_networks(name: str, channels: int) -> None:
    if name == 'bm3d':
        pytest.importorskip('bm3d')
    denoiser = denoisers.make(name, channels=channels, device='cpu')
    clean = torch.linspace(0, 1, 32)[None, None, :16, None].expand(1, channels, 16, 16)
    noise = torch.randn(1, channels, 16, 16, generator=torch.Generator().manual_seed(0))
    noisy = clean + 0.1 * noise
    restored = denoiser(noisy, 0.1)
    assert restored.shape == noisy.shape
    assert restored.dtype == torch.float32
    assert (restored - clean).square().mean() < 0.5 * (noisy - clean).square().mean()
    torch.testing.assert_close(denoiser(noisy, torch.full((1, 1, 16, 16), 0.1)), restored)
    assert torch.equal(denoiser(noisy, 0.0), noisy)


def test_nlm_has_deepreds_settings() -> None:
    from skimage.restoration import denoise_nl_means

    plane = picture(12, 15).numpy()
    expected = denoise_nl_means(plane, 5, 6, h=0.06, sigma=0.1, fast_mode=True)
    np.testing.assert_array_equal(denoisers.nlm(plane[None], 0.1)[0], expected)


def test_bm3d_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'bm3d', None)
    with pytest.raises(ParameterError, match='pip install'):
        denoisers.make('bm3d', channels=1, device='cpu')(picture(1, 1, 8, 8), 0.1)


def test_a_map_has_its_root_mean_square_for_numpy_denoisers() -> None:
    told: list[float] = []

    def spy(image: np.ndarray, sigma: float) -> np.ndarray:
        told.append(sigma)
        return image

    denoiser = ArrayDenoiser(spy, 'spy')
    x = picture(2, 1, 1, 2)
    denoiser(x, torch.tensor([[[[3.0, 4.0]]], [[[0.0, 2.0]]]]))
    assert told == pytest.approx([12.5**0.5, 2**0.5])


def test_registered_denoisers_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denoisers, '_factories', dict(denoisers._factories))
    half = FunctionDenoiser(lambda x, sigma: x / 2, 'half')
    denoisers.register('half', lambda channels, device: half)
    assert 'half' in denoisers.available()
    assert denoisers.make('half', channels=3, device='cpu') is half
    assert torch.equal(half(torch.ones(1, 1, 2, 2), 0.1), torch.full((1, 1, 2, 2), 0.5))


def test_unknown_names_are_errors() -> None:
    with pytest.raises(ParameterError, match='did you mean') as caught:
        denoisers.make('ffdnet_colour', channels=3, device='cpu')
    assert 'ffdnet_color' in str(caught.value)
    with pytest.raises(WeightsError):
        denoisers.make('no/such/file.pth', channels=3, device='cpu')


def test_architectures_stand_for_their_default_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def load(name: str, device: torch.device) -> Network:
        asked.append(name)
        return network('ffdnet')

    monkeypatch.setattr('napari_fresco.weights.load', load)
    denoisers.make('ffdnet', channels=3, device='cpu')
    denoisers.make('auto', channels=1, device='cpu')
    denoisers.make('ffdnet_gray_clip', channels=1, device='cpu')
    assert asked == ['ffdnet_color', 'drunet_compact_gray', 'ffdnet_gray_clip']
