"""VDIR: its resize, networks, losses, TensorFlow files and solver."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from napari_fresco import networks, weights
from napari_fresco.errors import ParameterError, WeightsError
from napari_fresco.networks import vdir
from napari_fresco.networks.facts import NetworkFacts
from napari_fresco.networks.vdir import VDIR, legacy_bilinear
from napari_fresco.networks.vdir_training import (
    Decoder,
    Discriminator,
    Estimator,
    SpectralConv,
    Target,
    VDIRTraining,
)
from napari_fresco.physics.degradation import Unknown
from napari_fresco.physics.operators import Identity
from napari_fresco.physics.problem import Problem
from napari_fresco.runtime.tiled_network import TiledNetwork
from napari_fresco.solvers import latent as solver
from napari_fresco.training import vdir_losses
from napari_fresco.types import Task
from napari_fresco.weights import tensorflow
from napari_fresco.weights.formats import TENSORFLOW_SUFFIX

from .simulation import run
from .untrained import rand

sides = st.integers(1, 13)
TINY: dict[str, Any] = {'width': 6, 'groups': 1, 'blocks': 1}


def network(**config: Any) -> VDIR:
    torch.manual_seed(0)
    return VDIR(**{**TINY, **config}).eval().requires_grad_(False)


# --- the resize of TensorFlow 1


@given(sides, sides)
def test_resizing_to_the_same_size_changes_nothing(rows: int, columns: int) -> None:
    x = rand(2, 3, rows, columns)
    assert torch.equal(legacy_bilinear(x, (rows, columns)), x)


@given(sides, sides, sides, sides)
def test_a_constant_stays_constant(rows: int, columns: int, height: int, width: int) -> None:
    y = legacy_bilinear(torch.full((1, 1, rows, columns), 0.3), (height, width))
    assert y.shape == (1, 1, height, width)
    assert torch.equal(y, torch.full_like(y, 0.3))


@given(sides, sides, st.integers(1, 4))
def test_enlarging_passes_through_every_pixel(rows: int, columns: int, factor: int) -> None:
    x = rand(1, 2, rows, columns)
    y = legacy_bilinear(x, (factor * rows, factor * columns))
    assert torch.allclose(y[..., ::factor, ::factor], x)


def test_pixels_are_points_and_the_last_one_is_continued() -> None:
    x = torch.tensor([[[[0.0, 1.0]]]])
    expected = torch.tensor([0, 0.25, 0.5, 0.75, 1, 1, 1, 1])
    assert torch.equal(legacy_bilinear(x, (1, 8))[0, 0, 0], expected)
    assert torch.equal(legacy_bilinear(x.mT, (8, 1))[0, 0, :, 0], expected)
    # 2 to 3: positions 0, 2/3 and 4/3
    assert torch.allclose(legacy_bilinear(x, (1, 3))[0, 0, 0], torch.tensor([0, 2 / 3, 1]))
    pytorch = F.interpolate(x, size=(1, 8), mode='bilinear', align_corners=False)
    assert not torch.allclose(pytorch[0, 0, 0], expected, atol=0.05)


def test_wide_images_keep_the_fraction() -> None:
    ramp = torch.arange(30_000, dtype=torch.float64)[None, None, None]
    y = legacy_bilinear(ramp, (1, 119_999))[0, 0, 0]
    position = torch.arange(119_999, dtype=torch.float64) * 30_000 / 119_999
    assert torch.allclose(y, position.clamp(max=29_999), atol=1e-6, rtol=0)


# --- encoder and restorer


def test_the_published_network_has_the_published_size() -> None:
    with torch.device('meta'):
        network = networks.build('vdir')
    assert sum(p.numel() for p in network.parameters()) == 2_227_915


@given(sides, sides, st.sampled_from(vdir.SCALES), st.sampled_from((1, 3)))
def test_any_size_and_scale(rows: int, columns: int, scale: int, channels: int) -> None:
    net = network(channels=channels, scale=scale)
    x = rand(2, channels, rows, columns)
    mu, logvar = net.encoder(x)
    assert mu.shape == logvar.shape == (2, 4, -(-rows // 4), -(-columns // 4))
    assert net(x).shape == (2, channels, scale * rows, scale * columns)


def test_the_latent_is_its_mean_unless_drawn() -> None:
    net, x = network(), rand(1, 3, 8, 8)
    mu, logvar = net.encoder(x)
    eps = rand(*mu.shape, seed=1)
    assert torch.equal(net(x), net.restore(x, mu))
    assert torch.equal(net(x), net(x, torch.zeros_like(mu)))
    assert torch.equal(net(x, eps), net.restore(x, mu + eps * (logvar / 2).exp()))


def test_the_image_is_added_unless_it_grows() -> None:
    for scale, expected in ((1, 0.5), (2, 0.0)):
        net = network(scale=scale)
        torch.nn.init.zeros_(net.restorer.conv_out.weight)
        torch.nn.init.zeros_(net.restorer.conv_out.bias)
        assert (net(torch.full((1, 3, 5, 5), 0.5)) == expected).all()


def test_other_scales_are_refused() -> None:
    with pytest.raises(ParameterError, match='no scale 3; choose one of 1, 2, 4'):
        VDIR(scale=3)


@pytest.mark.parametrize('scale', vdir.SCALES)
def test_the_configuration_is_read_off_the_tensors(scale: int) -> None:
    config = {'channels': 1, 'width': 5, 'latent': 3, 'groups': 2, 'blocks': 4, 'scale': scale}
    training = VDIRTraining(**config)
    assert vdir.config_from(training.state_dict()) == ('vdir', config)
    left = vdir.without_training(training.state_dict())
    assert left.keys() == VDIR(**config).state_dict().keys()


@pytest.mark.parametrize('scale', vdir.SCALES)
def test_the_halos_are_what_the_parts_see(scale: int) -> None:
    net = network(groups=2, scale=scale, latent=1).double()
    restorer, encoder, whole = (
        facts() for facts in (net.describe_restorer, net.describe_encoder, net.describe)
    )
    assert (restorer.halo, restorer.grid) == (9 + (scale > 1), 1)
    assert (encoder.halo, encoder.grid, encoder.scale) == (17, 4, 1)
    assert _reach(net.restorer, 4, restorer) <= restorer.halo
    assert _reach(net.restorer, 4, restorer) >= restorer.halo - (scale > 1)
    assert _reach(net, 3, whole) <= whole.halo

    def cells(x: Tensor) -> Tensor:
        mu = net.encoder(x)[0]
        return mu.repeat_interleave(4, 2).repeat_interleave(4, 3)

    assert _reach(cells, 3, encoder) == encoder.halo


def _reach(part: Any, channels: int, facts: NetworkFacts) -> int:
    """Return how far beyond a region on the grid a change still alters it, along the rows."""
    centre, cell, side = 48, 4, 100
    x = rand(32, channels, side, 4).double().requires_grad_()
    y = part(x)[:, :, facts.scale * centre : facts.scale * (centre + cell)]
    (gradient,) = torch.autograd.grad(y.sum(), x)
    rows = gradient.abs().sum((0, 1, 3)).nonzero().flatten()
    return max(centre - int(rows.min()), int(rows.max()) - (centre + cell - 1))


# --- what only training needs


def test_the_decoder_quadruples_and_the_discriminator_takes_any_size() -> None:
    assert Decoder(1, 4, 3)(rand(2, 3, 2, 5)).shape == (2, 1, 8, 20)
    discriminator = Discriminator(1, 4)
    assert discriminator(rand(2, 1, 33, 64)).shape == (2, 1, 2, 2)
    assert discriminator(rand(2, 1, 5, 7)).shape == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ('target', 'shape'),
    [('sigma', (2, 3, 8, 12)), ('kernel', (2, 225)), ('quality', (2, 1, 8, 12))],
)
def test_estimators_answer_in_the_shape_of_their_target(
    target: Target, shape: tuple[int, ...]
) -> None:
    assert Estimator(target, width=4)(rand(2, 4, 2, 3)).shape == shape


def test_unknown_targets_are_refused() -> None:
    with pytest.raises(ParameterError, match='choose one of sigma, kernel, quality'):
        Estimator('blur')  # type: ignore[arg-type]


def test_spectral_convolutions_end_with_norm_one() -> None:
    torch.manual_seed(0)
    layer = SpectralConv(3, 5).eval()
    x = rand(1, 3, 6, 6)
    for _ in range(100):
        last = layer(x)
    largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
    expected = F.conv2d(x, layer.weight / largest, layer.bias, padding=1)
    assert torch.allclose(last, expected, atol=1e-5)


def test_two_passes_may_come_before_their_gradients() -> None:
    discriminator = Discriminator(1, 2)
    before = discriminator.get_buffer('conv1_1.u').clone()
    loss = vdir_losses.discriminator_loss(
        discriminator(rand(1, 1, 8, 8)), discriminator(rand(1, 1, 8, 8, seed=1))
    )
    loss.backward()
    assert all(p.grad is not None for p in discriminator.parameters())
    after = discriminator.get_buffer('conv1_1.u')
    assert not torch.equal(before, after)
    assert not after.requires_grad


def test_training_goes_around_a_network() -> None:
    net = VDIR(**TINY)
    training = VDIRTraining.around(net)
    assert training.encoder is net.encoder
    assert training.restorer is net.restorer
    assert {name.split('.')[0] for name in training.state_dict()} == {
        'encoder',
        'restorer',
        'decoder',
        'estimator',
    }


def loss_inputs() -> dict[str, Tensor]:
    return {
        'clean': rand(2, 3, 8, 8),
        'restored': rand(2, 3, 8, 8) + 0.1,
        'degraded': rand(2, 3, 8, 8, seed=1),
        'decoded': rand(2, 3, 8, 8, seed=1) - 0.2,
        'mu': torch.zeros(2, 4, 2, 2),
        'logvar': torch.zeros(2, 4, 2, 2),
    }


def test_the_terms_are_what_the_paper_says() -> None:
    estimate = torch.full((2, 3, 8, 8), 0.3)
    told = {'logits': torch.zeros(2, 1), 'truth': torch.full((2, 1, 1, 1), 0.25)}
    parts = vdir_losses.parts(**loss_inputs(), **told, estimate=estimate)
    assert parts.restoration == pytest.approx(0.1, abs=1e-6)
    assert parts.decoding == pytest.approx(0.2, abs=1e-6)
    assert parts.divergence == 0
    assert parts.adversarial == pytest.approx(np.log(2))
    assert parts.estimation == pytest.approx(0.05, abs=1e-6)
    total = parts.total(vdir_losses.VDIRWeights(7, 2, 3))
    assert total == pytest.approx(0.1 + 0.2 + 2 * np.log(2) + 0.15, abs=1e-5)


def test_terms_without_their_networks_are_zero() -> None:
    parts = vdir_losses.parts(**loss_inputs())
    assert parts.adversarial == parts.estimation == 0
    assert parts.total() == pytest.approx(0.3, abs=1e-6)


@given(st.floats(-2, 2), st.floats(-3, 3))
def test_the_divergence_is_that_of_two_normal_distributions(mean: float, logvar: float) -> None:
    found = vdir_losses.divergence(torch.tensor([mean]), torch.tensor([logvar]))
    normal = torch.distributions.Normal(mean, float(np.exp(logvar / 2)))
    expected = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0))
    assert float(found) == pytest.approx(float(expected), abs=1e-5)


# --- TensorFlow checkpoints


@pytest.mark.parametrize(
    ('data', 'expected'),
    [
        (b'', 0),
        (b'a', 0xC1D04330),
        (b'123456789', 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b'\xff' * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_crc32c_of_published_vectors(data: bytes, expected: int) -> None:
    assert tensorflow.crc32c(data) == expected


@given(st.binary(max_size=40))
def test_crc32c_equals_its_definition(data: bytes) -> None:
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    assert tensorflow.crc32c(data) == register ^ 0xFFFFFFFF


def test_the_layout_is_that_of_the_published_index() -> None:
    stretches = {s.tensorflow_name: s for s in tensorflow.layout()}
    assert len(stretches) == 130
    assert sum(s.size for s in stretches.values()) == 8_911_660
    known = {
        'Denoise/RIRBlock0/RBlock0/conv1/conv2d/bias': (0, 256),
        'Denoise/RIRBlock4/conv_out/conv2d/kernel': (7976704, 147456),
        'Denoise/conv1/conv2d/kernel': (8124416, 16128),
        'Denoise/conv3/conv2d/kernel': (8288268, 6912),
        'EST/conv5/conv2d/bias': (8745484, 256),
        'EST/sigma/conv2d/kernel': (8902444, 9216),
    }
    assert {name: (stretches[name].offset, stretches[name].size) for name in known} == known
    assert stretches['EST/sigma/conv2d/kernel'].name == 'encoder.logvar.weight'
    assert {name: len(codes) for name, codes in tensorflow.published().items()} == {
        'model-AWGN': 130,
        'model-Real_Noise': 130,
    }


@dataclass
class Checkpoint:
    """A checkpoint of random tensors as TensorFlow would write it."""

    path: Path
    data: bytes
    tensors: dict[str, Tensor]
    known: dict[str, list[int]] = field(default_factory=dict)


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    rng = np.random.default_rng(0)
    tensors, pieces, codes = {}, [], []
    for s in tensorflow.layout():
        array = rng.standard_normal(s.shape, np.float32)
        pieces.append(array.astype('<f4').tobytes())
        codes.append(tensorflow.masked_crc32c(pieces[-1]))
        turned = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
        tensors[s.name] = torch.from_numpy(turned.copy())
    path = tmp_path_factory.mktemp('tf') / f'model{TENSORFLOW_SUFFIX}'
    data = b''.join(pieces)
    path.write_bytes(data)
    other = list(tensorflow.published()['model-AWGN'])
    return Checkpoint(path, data, tensors, {'other': other, 'mine': codes})


def test_tensorflow_files_come_back_as_they_were(checkpoint: Checkpoint) -> None:
    found = tensorflow.read_tensorflow(checkpoint.path, checkpoint.known)
    assert found.keys() == checkpoint.tensors.keys()
    assert all(torch.equal(found[name], t) for name, t in checkpoint.tensors.items())
    VDIR().load_state_dict(found, strict=True)


def test_a_tensorflow_file_is_a_file_of_weights(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorflow, 'published', lambda: checkpoint.known)
    found = weights.load(checkpoint.path)
    assert found.facts.architecture == 'vdir'
    expected = checkpoint.tensors['restorer.conv_mid.weight']
    assert torch.equal(found.get_parameter('restorer.conv_mid.weight'), expected)


def test_damaged_tensorflow_files_are_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / 'model.data'
    path.write_bytes(checkpoint.data[:-4])
    with pytest.raises(WeightsError, match='is cut short: it has 8911656 bytes, not 8911660'):
        tensorflow.read_tensorflow(path, checkpoint.known)
    path.write_bytes(checkpoint.data + b'more')
    with pytest.raises(WeightsError, match="is not one of VDIR's"):
        tensorflow.read_tensorflow(path, checkpoint.known)
    path.write_bytes(checkpoint.data)
    with pytest.raises(WeightsError, match=r'none of VDIR.* no checksum agrees'):
        tensorflow.read_tensorflow(path)
    position = 8_124_500  # in Denoise/conv1/conv2d/kernel
    flipped = bytes([checkpoint.data[position] ^ 1])
    path.write_bytes(checkpoint.data[:position] + flipped + checkpoint.data[position + 1 :])
    with pytest.raises(WeightsError, match=r'is mine but damaged in Denoise/conv1/.*\(1 of 130'):
        tensorflow.read_tensorflow(path, checkpoint.known)


def test_training_checkpoints_serve_for_restoring(tmp_path: Path) -> None:
    training = VDIRTraining(**TINY)
    save_file(training.state_dict(), tmp_path / 'full.safetensors')
    loaded = weights.load(tmp_path / 'full.safetensors')
    x = rand(1, 3, 8, 8)
    assert isinstance(loaded, VDIR)
    with torch.no_grad():
        assert torch.equal(loaded(x), training(x))


# --- the solver


class Bench:
    """Lends one network, tiled at will, and random numbers."""

    device = torch.device('cpu')

    def __init__(self, tile: int | None = None, **config: Any) -> None:
        self.generator = torch.Generator().manual_seed(7)
        net: Any = network(**config)
        net.facts, net.scales = net.describe(), (net.describe().scale,)
        net.weights_name, net.weights_sha256, net.generative = 'test', '', False
        self.lent = TiledNetwork(net, device=self.device, precision='float32', tile=tile)
        self.asked: list[str] = []

    def network(self, name: str) -> TiledNetwork:
        self.asked.append(name)
        return self.lent


def problem(y: Tensor, task: Task = 'denoise', scale: int = 1) -> Problem:
    degradation = Unknown(scale) if task == 'super_resolve' else Identity()
    return Problem(task, y, degradation, 0.1)


def module(bench: Bench) -> VDIR:
    inside = bench.lent.module
    assert isinstance(inside, VDIR)
    return inside


def test_one_pass_with_the_mean_latent() -> None:
    bench, y = Bench(), rand(1, 3, 17, 22)
    (step,) = run(problem(y), bench, 'vdir', model='mine')
    assert bench.asked == ['mine']
    assert torch.equal(step.x, module(bench)(y))
    assert step.spread is None
    assert step.latent is None
    assert float(step.residual or 0) == pytest.approx(float((step.x - y).square().mean().sqrt()))
    (again,) = run(problem(y), bench, 'vdir', model='mine')
    assert torch.equal(step.x, again.x)


@pytest.mark.parametrize('scale', vdir.SCALES)
def test_tiles_change_nothing(scale: int) -> None:
    y = rand(1, 3, 61, 83)
    asked = problem(y, 'super_resolve' if scale > 1 else 'denoise', scale)
    (whole,) = run(asked, Bench(scale=scale), 'vdir', model='mine', show_latent=True)
    (tiled,) = run(asked, Bench(tile=16, scale=scale), 'vdir', model='mine', show_latent=True)
    assert whole.x.shape == (1, 3, 61 * scale, 83 * scale)
    assert torch.allclose(tiled.x, whole.x, atol=1e-5)
    assert whole.latent is not None
    assert tiled.latent is not None
    assert whole.latent.shape == (1, 4, 16, 21)
    assert torch.allclose(tiled.latent, whole.latent, atol=1e-5)
    assert torch.allclose(whole.latent, network(scale=scale).encoder(y)[0], atol=1e-6)


def test_samples_give_mean_and_spread() -> None:
    y = rand(1, 3, 12, 12)
    sampled: dict[str, Any] = {'model': 'mine', 'latent': 'sample', 'samples': 5}
    bench = Bench()
    steps = run(problem(y), bench, 'vdir', **sampled)
    assert [(s.index, s.total) for s in steps] == [(k, 5) for k in range(1, 6)]
    first, *others = (step.spread for step in steps)
    assert first is None
    assert all(u is not None and u.shape == y.shape and (u > 0).all() for u in others)

    net = module(bench)
    mu, _ = net.encoder(y)
    generator = torch.Generator().manual_seed(7)
    drawn = torch.cat([net(y, torch.randn(mu.shape, generator=generator)) for _ in range(5)])
    assert torch.allclose(steps[-1].x, drawn.mean(0, keepdim=True), atol=1e-6)
    expected = drawn.std(0, keepdim=True, correction=0)
    assert steps[-1].spread is not None
    assert torch.allclose(steps[-1].spread, expected, atol=1e-5)

    repeated = run(problem(y), Bench(), 'vdir', **sampled)
    assert torch.equal(steps[-1].x, repeated[-1].x)
    (single,) = run(problem(y), Bench(), 'vdir', **{**sampled, 'samples': 1})
    assert single.spread is None


def test_gray_images_pass_a_colour_network() -> None:
    bench, y = Bench(), rand(1, 1, 12, 12)
    (step,) = run(problem(y), bench, 'vdir', model='mine')
    expected = module(bench)(y.expand(-1, 3, -1, -1)).mean(1, keepdim=True)
    assert torch.allclose(step.x, expected, atol=1e-6)


def test_a_gray_network_takes_channels_singly() -> None:
    bench, y = Bench(channels=1), rand(1, 3, 12, 12)
    (step,) = run(problem(y), bench, 'vdir', model='mine', show_latent=True)
    singly = [module(bench)(y[:, k : k + 1]) for k in range(3)]
    assert torch.allclose(step.x, torch.cat(singly, 1), atol=1e-6)
    assert step.latent is not None
    assert step.latent.shape == (1, 4, 3, 3)


def test_deblocking_by_luma_leaves_the_chroma() -> None:
    y = rand(1, 3, 16, 16)
    (step,) = run(problem(y, 'deblock'), Bench(channels=1), 'vdir', model='mine')
    change = step.x - y
    assert change.abs().max() > 1e-3
    assert torch.allclose(change, change[:, :1].expand_as(change), atol=1e-6)
    gray = rand(1, 1, 16, 16)
    bench = Bench(channels=1)
    (step,) = run(problem(gray, 'deblock'), bench, 'vdir', model='mine')
    assert torch.equal(step.x, module(bench)(gray))


def test_deblocking_clamps_its_input() -> None:
    y = 2 * rand(1, 3, 16, 16) - 0.5
    found = [run(problem(x, 'deblock'), Bench(), 'vdir', model='m') for x in (y, y.clamp(0, 1))]
    assert torch.equal(found[0][-1].x, found[1][-1].x)


def test_other_networks_are_refused() -> None:
    bench = Bench()
    with pytest.raises(WeightsError, match='x1'):
        run(problem(rand(1, 3, 8, 8), 'super_resolve', 2), bench, 'vdir', model='mine')


def test_encoding_equals_the_encoder() -> None:
    bench, y = Bench(tile=8), rand(2, 3, 30, 19)
    found, expected = solver.encode(bench.lent, y), module(bench).encoder(y)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(found, expected, strict=True))
