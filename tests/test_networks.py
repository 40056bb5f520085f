"""Networks: the authors' names and sizes, receptive fields, errors."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from napari_fresco import networks
from napari_fresco.errors import ImageError, ParameterError
from napari_fresco.networks.ircnn import MODELS, bank_index

SMALL_DRUNET = {'in_nc': 2, 'out_nc': 1, 'nc': [2, 3, 4, 5], 'nb': 2}
SMALL_SKIP = {
    'num_input_channels': 2,
    'num_channels_down': [4, 4],
    'num_channels_up': [4, 4],
    'num_channels_skip': [0, 3],
}

# Full-size configurations of the published networks and their numbers of parameters.
PUBLISHED = [
    ('drunet', {'in_nc': 4, 'out_nc': 3}, 32_640_960),
    ('drunet', {'in_nc': 2, 'out_nc': 1}, 32_638_656),
    ('ffdnet', {}, 485_316),
    ('ffdnet', {'in_nc': 3, 'out_nc': 3, 'nc': 96, 'nb': 12}, 852_108),
    ('dncnn', {}, 555_137),
    ('dncnn', {'nb': 20}, 665_921),
    ('dncnn', {'in_nc': 3, 'out_nc': 3, 'nb': 20}, 668_227),
    ('ircnn', {}, 185_857),
    ('ircnn', {'in_nc': 3, 'out_nc': 3}, 188_163),
    ('skip', {}, 2_217_831),
    ('skip', {'num_output_channels': 1}, 2_217_573),
]


def _shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    skipped = ('running_mean', 'running_var', 'num_batches_tracked')
    return {k: tuple(v.shape) for k, v in network.state_dict().items() if not k.endswith(skipped)}


@pytest.mark.parametrize(('architecture', 'config', 'count'), PUBLISHED)
def test_published_sizes(architecture: str, config: dict[str, int], count: int) -> None:
    with torch.device('meta'):
        network = networks.build(architecture, **config)
    assert sum(p.numel() for p in network.parameters()) == count


def test_names_of_drunet() -> None:
    shapes = _shapes(networks.build('drunet', **SMALL_DRUNET))
    assert len(shapes) == 36
    assert shapes['m_head.weight'] == (2, 2, 3, 3)
    assert shapes['m_down1.1.res.2.weight'] == (2, 2, 3, 3)
    assert shapes['m_down3.2.weight'] == (5, 4, 2, 2)
    assert shapes['m_body.1.res.0.weight'] == (5, 5, 3, 3)
    assert shapes['m_up3.0.weight'] == (5, 4, 2, 2)
    assert shapes['m_up1.2.res.2.weight'] == (2, 2, 3, 3)
    assert shapes['m_tail.weight'] == (1, 2, 3, 3)


def test_the_body_of_one_block_has_no_index() -> None:
    shapes = _shapes(networks.build('drunet', **{**SMALL_DRUNET, 'nb': 1}))
    assert 'm_body.res.0.weight' in shapes
    assert 'm_down1.0.res.0.weight' in shapes


@pytest.mark.parametrize(
    ('architecture', 'expected'),
    [
        ('ffdnet', {0: (6, 5), 2: (6, 6), 4: (4, 6)}),
        ('dncnn', {0: (6, 1), 2: (6, 6), 4: (1, 6)}),
    ],
)
def test_names_of_plain_chains(architecture: str, expected: dict[int, tuple[int, int]]) -> None:
    shapes = _shapes(networks.build(architecture, in_nc=1, out_nc=1, nc=6, nb=3))
    weights = {f'model.{i}.weight': (*pair, 3, 3) for i, pair in expected.items()}
    biases = {f'model.{i}.bias': (out,) for i, (out, _) in expected.items()}
    assert shapes == weights | biases


def test_batch_normalisation_shifts_the_names() -> None:
    shapes = _shapes(networks.build('dncnn', nc=6, nb=3, act_mode='BR'))
    assert shapes['model.3.weight'] == (6,)
    assert shapes['model.5.weight'] == (1, 6, 3, 3)


def test_names_of_ircnn() -> None:
    single = _shapes(networks.build('ircnn', in_nc=3, out_nc=3, nc=4))
    assert [k for k in single if k.endswith('weight')] == [
        f'model.{i}.weight' for i in range(0, 13, 2)
    ]
    bank = _shapes(networks.build('ircnn_bank', in_nc=3, out_nc=3, nc=4))
    assert bank == {f'{j}.{k}': shape for j in range(MODELS) for k, shape in single.items()}


def test_names_of_skip() -> None:
    shapes = _shapes(networks.build('skip', **SMALL_SKIP))
    prefix = '1.7.'
    expected = {
        '1.1.1.weight': (4, 2, 3, 3),
        '1.4.1.weight': (4, 4, 3, 3),
        f'{prefix}1.0.1.1.weight': (3, 4, 1, 1),
        f'{prefix}1.1.1.1.weight': (4, 4, 3, 3),
        f'{prefix}2.weight': (7,),
        f'{prefix}3.1.weight': (4, 7, 3, 3),
        f'{prefix}6.1.weight': (4, 4, 1, 1),
        '2.weight': (4,),
        '9.1.weight': (3, 4, 1, 1),
    }
    assert expected.items() <= shapes.items()


def test_zero_padding_and_no_1x1_change_the_names() -> None:
    shapes = _shapes(networks.build('skip', **SMALL_SKIP, pad='zero', need1x1_up=False))
    assert shapes['1.1.0.weight'] == (4, 2, 3, 3)
    assert shapes['6.0.weight'] == (3, 4, 1, 1)


def test_short_names_of_skip() -> None:
    short = networks.build(
        'skip', input_depth=2, n_channels=1, skip_n33d=4, skip_n33u=4, skip_n11=1, num_scales=2
    )
    long = networks.build(
        'skip',
        num_input_channels=2,
        num_output_channels=1,
        num_channels_down=[4, 4],
        num_channels_up=[4, 4],
        num_channels_skip=[1, 1],
    )
    assert _shapes(short) == _shapes(long)


def test_what_the_authors_also_state_is_accepted() -> None:
    network = networks.build(
        'DRUNet',
        **SMALL_DRUNET,
        act_mode='R',
        downsample_mode='strideconv',
        upsample_mode='convtranspose',
        bias=False,
    )
    assert isinstance(network, networks.DRUNet)


@pytest.mark.parametrize(
    ('architecture', 'config', 'message'),
    [
        ('unet', {}, 'choose one of drunet'),
        ('ffdnet', {'width': 3}, 'no configuration width; known: in_nc'),
        ('ffdnet', {'nb': 1}, 'nb = 1 is not a whole number from 2 to'),
        ('ffdnet', {'act_mode': 'L'}, "'R' or 'BR'"),
        ('dncnn', {'nc': 0}, 'nc = 0'),
        ('dncnn', {'nb': 10**9}, 'nb = 1000000000'),
        ('dncnn', {'in_nc': 3}, 'in_nc = 3 and out_nc = 1 must be equal'),
        ('dncnn', {'nc': 'many'}, "nc = 'many'"),
        ('ircnn', {'in_nc': True}, 'in_nc = True'),
        ('ircnn_bank', {'authors_index': 1}, 'true or false'),
        ('drunet', {'nc': [8, 8, 8]}, 'four whole numbers'),
        ('drunet', {'nc': 64}, 'four whole numbers'),
        ('drunet', {'bias': True}, 'has bias = False, not True'),
        ('skip', {'depth': 3}, 'no configuration depth'),
        ('skip', {'num_channels_up': 3}, 'skip cannot be built from'),
        ('skip', {'pad': 'circular'}, 'reflection, zero'),
        ('skip', {'filter_size_up': 4}, 'not an odd whole number'),
        ('skip', {'num_channels_skip': [4]}, 'given 5, 5, 1'),
        ('skip', {'num_channels_up': [128, 128, 128, 128, 0]}, 'at least 1 channel'),
    ],
)
def test_impossible_networks(architecture: str, config: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message.replace('[', r'\[')):
        networks.build(architecture, **config)


def test_naming_networks_does_not_import_torch() -> None:
    code = 'import sys, napari_fresco.networks; assert "torch" not in sys.modules'
    subprocess.run([sys.executable, '-c', code], check=True)


def test_unknown_names_of_the_module() -> None:
    with pytest.raises(AttributeError, match='no attribute'):
        networks.UNet  # noqa: B018


# --- facts -------------------------------------------------------------------


def _positive(network: nn.Module) -> nn.Module:
    """Make every path through the network count, so that no ReLU hides a dependence."""
    generator = torch.Generator().manual_seed(0)
    for p in network.parameters():
        p.data = 0.05 + 0.1 * torch.rand(p.shape, generator=generator, dtype=torch.float64)
    return network.double().eval()


def _reach(network: nn.Module, facts: networks.NetworkFacts) -> tuple[int, int, int, int]:
    """Measure how far an aligned block of the output looks up, down, left and right."""
    grid = facts.grid
    start = -(-(facts.halo + grid) // grid) * grid
    side = start + grid + start
    depth = facts.channels + facts.map_channel
    x = torch.rand(1, depth, side, side, dtype=torch.float64, requires_grad=True)
    y: Tensor = network(x, 0.1) if facts.takes_sigma and not facts.map_channel else network(x)
    y[..., start : start + grid, start : start + grid].sum().backward()
    assert x.grad is not None
    seen = (x.grad[0] != 0).any(dim=0)
    rows, columns = seen.any(dim=1).nonzero(), seen.any(dim=0).nonzero()
    last = start + grid - 1
    return (
        start - int(rows[0]),
        int(rows[-1]) - last,
        start - int(columns[0]),
        int(columns[-1]) - last,
    )


@pytest.mark.parametrize(
    ('architecture', 'config'),
    [
        ('dncnn', {'nc': 2, 'nb': 4}),
        ('dncnn', {'nc': 2, 'nb': 3, 'act_mode': 'BR'}),
        ('ircnn', {'nc': 2}),
        ('ircnn_bank', {'in_nc': 3, 'out_nc': 3, 'nc': 2}),
        ('ffdnet', {'nc': 3, 'nb': 4}),
        ('ffdnet', {'in_nc': 3, 'out_nc': 3, 'nc': 3, 'nb': 3}),
        ('drunet', {'in_nc': 2, 'out_nc': 1, 'nc': [2, 2, 2, 2], 'nb': 1}),
        ('drunet', {'in_nc': 4, 'out_nc': 3, 'nc': [2, 2, 2, 2], 'nb': 2}),
    ],
)
def test_the_halo_is_the_measured_receptive_field(
    architecture: str, config: dict[str, object]
) -> None:
    network = _positive(networks.build(architecture, **config))
    facts = networks.facts_of(network)
    assert facts.architecture == architecture
    reach = _reach(network, facts)
    assert max(reach) == facts.halo
    assert facts.context >= facts.halo
    assert facts.context % facts.grid == 0


@pytest.mark.parametrize(
    ('architecture', 'config', 'halo', 'exact', 'multiple'),
    [
        ('ffdnet', {}, 30, True, 1),
        ('ffdnet', {'in_nc': 3, 'out_nc': 3, 'nc': 96, 'nb': 12}, 24, True, 1),
        ('dncnn', {}, 17, True, 1),
        ('ircnn_bank', {}, 16, True, 1),
        ('drunet', {}, 185, False, 8),
        ('drunet', {'nc': [32, 64, 128, 256], 'nb': 2}, 93, True, 8),
    ],
)
def test_facts_of_published_networks(
    architecture: str, config: dict[str, object], halo: int, exact: bool, multiple: int
) -> None:
    with torch.device('meta'):
        facts = networks.facts_of(networks.build(architecture, **config))
    assert (facts.halo, facts.exact_tiling, facts.multiple) == (halo, exact, multiple)
    assert facts.takes_sigma == (architecture != 'dncnn')
    assert facts.map_channel == (architecture == 'drunet')
    assert facts.context == (-(-halo // facts.grid) * facts.grid if exact else 64)
    assert 100 < facts.bytes_per_pixel < 4000


def test_blind_drunet_takes_no_sigma() -> None:
    facts = networks.facts_of(networks.build('drunet', in_nc=1, out_nc=1, nc=[2, 2, 2, 2], nb=1))
    assert not facts.takes_sigma
    assert not facts.map_channel


def test_only_our_networks_have_facts() -> None:
    with pytest.raises(ParameterError, match='ReLU is not a network'):
        networks.facts_of(nn.ReLU())


# --- IRCNN -------------------------------------------------------------------


@given(st.floats(0, 1))
def test_the_chosen_model_is_the_weakest_that_is_strong_enough(sigma: float) -> None:
    j = bank_index(sigma)
    assert 0 <= j < MODELS
    if 0 < 255 * sigma <= 50:
        assert 2 * (j + 1) >= 255 * sigma - 1e-3
        assert j == 0 or 2 * j < 255 * sigma


def test_even_levels_take_their_own_model_and_the_authors_rounding_the_next() -> None:
    assert [bank_index(level / 255) for level in (2, 4, 10, 50, 60)] == [0, 1, 4, 24, 24]
    assert bank_index(2 / 255, authors=True) == 1
    assert bank_index(0) == bank_index(0, authors=True) == 0


@torch.no_grad()
def test_a_map_takes_every_pixel_from_its_own_model() -> None:
    torch.manual_seed(0)
    bank = networks.IRCNNBank(nc=3)
    x = torch.rand(2, 1, 9, 8)
    sigma = torch.full((1, 1, 9, 8), 5 / 255)
    sigma[..., 4:] = 30 / 255
    clean = bank(x, sigma)
    torch.testing.assert_close(clean[..., :4], bank(x, 5 / 255)[..., :4])
    torch.testing.assert_close(clean[..., 4:], bank(x, 30 / 255)[..., 4:])
    per_image = bank(x, torch.tensor([5 / 255, 30 / 255]).reshape(2, 1, 1, 1))
    torch.testing.assert_close(per_image[1:], bank(x[1:], 30 / 255))


def test_the_parity_switch_reaches_the_bank() -> None:
    bank = networks.build('ircnn_bank', nc=2, authors_index=True)
    assert isinstance(bank, networks.IRCNNBank)
    assert bank.select(2 / 255) is bank.get_submodule('1')


# --- FFDNet and DRUNet ---------------------------------------------------------


@torch.no_grad()
def test_ffdnet_takes_sigma_in_every_form() -> None:
    torch.manual_seed(0)
    network = networks.build('ffdnet', nc=4, nb=3)
    x = torch.rand(2, 1, 9, 7)
    expected = network(x, 0.1)
    torch.testing.assert_close(network(x, torch.full((2, 1, 1, 1), 0.1)), expected)
    torch.testing.assert_close(network(x, torch.full((1, 1, 9, 7), 0.1)), expected)


@torch.no_grad()
def test_drunet_is_homogeneous() -> None:
    torch.manual_seed(0)
    network = networks.build('drunet', **SMALL_DRUNET).double()
    x = torch.rand(1, 2, 16, 8, dtype=torch.float64)
    torch.testing.assert_close(network(3 * x), 3 * network(x))


# --- the hourglass -------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(
    height=st.integers(5, 11),
    width=st.integers(5, 11),
    upsample=st.sampled_from(['bilinear', 'nearest']),
    downsample=st.sampled_from(['stride', 'avg', 'max', 'lanczos2', 'lanczos3']),
    activation=st.sampled_from(['LeakyReLU', 'Swish', 'ELU', 'none']),
    pad=st.sampled_from(['reflection', 'zero']),
)
@torch.no_grad()
def test_the_output_has_the_size_of_the_input(
    height: int, width: int, upsample: str, downsample: str, activation: str, pad: str
) -> None:
    config = networks.SkipConfig(
        num_input_channels=2,
        num_output_channels=1,
        num_channels_down=(3, 3),
        num_channels_up=(3, 3),
        num_channels_skip=(1, 0),
        upsample_mode=upsample,
        downsample_mode=downsample,
        act_fun=activation,
        pad=pad,
    )
    shape = [
        -(-max(side, config.minimum_size) // config.size_multiple) * config.size_multiple
        for side in (height, width)
    ]
    image = networks.Skip(config)(torch.rand(1, 2, *shape))
    assert image.shape == (1, 1, *shape)
    assert 0 <= float(image.min()) <= float(image.max()) <= 1


def test_without_leading_skips_sizes_are_rounded_up_to_the_multiple() -> None:
    config = networks.SkipConfig(
        num_input_channels=1,
        num_channels_down=(2, 2, 2),
        num_channels_up=(2, 2, 2),
        num_channels_skip=(0, 0, 1),
    )
    assert (config.size_multiple, config.minimum_size) == (4, 9)
    image = networks.Skip(config)(torch.rand(1, 1, 13, 16))
    assert image.shape[-2:] == (16, 16)


def test_too_small_images_are_refused_with_the_least_size() -> None:
    network = networks.build('skip', **SMALL_SKIP)
    with pytest.raises(
        ImageError, match=r'4 x 20 pixels are too few for 2 levels; pad to .* 5 x 5'
    ):
        network(torch.rand(1, 2, 4, 20))
    assert network(torch.rand(1, 2, 5, 8)).shape[-1] == 8


@pytest.mark.parametrize(
    ('name', 'minimum', 'multiple'),
    [('standard', 33, 1), ('inpainting', 33, 1), ('large-hole', 129, 64), ('small', 33, 8)],
)
def test_presets(name: str, minimum: int, multiple: int) -> None:
    config = networks.SkipConfig.preset(name, channels=1)  # type: ignore[arg-type]
    assert config.num_output_channels == 1
    assert (config.minimum_size, config.size_multiple) == (minimum, multiple)
    with torch.device('meta'):
        networks.Skip(config)


def test_unknown_preset() -> None:
    with pytest.raises(ParameterError, match='choose standard, inpainting, large-hole, small'):
        networks.SkipConfig.preset('deep', 1)  # type: ignore[arg-type]


def test_the_lanczos_window_keeps_constants_and_is_trained() -> None:
    network = networks.build('skip', **SMALL_SKIP, downsample_mode='lanczos2')
    kernel = dict(network.named_parameters())['1.1.2.downsampler_.weight']
    assert kernel.shape == (4, 4, 8, 8)
    assert kernel.requires_grad
    torch.testing.assert_close(kernel.sum(dim=(2, 3)), torch.eye(4))


def test_the_hourglass_takes_modes_and_sizes_per_level() -> None:
    per_level = networks.build(
        'skip',
        **SMALL_SKIP,
        upsample_mode=('nearest', 'bilinear'),
        downsample_mode=['stride', 'avg'],
        filter_size_down=(3, 5),
        filter_size_up=[5, 3],
    )
    modes = [m.mode for m in per_level.modules() if isinstance(m, torch.nn.Upsample)]
    assert modes == ['bilinear', 'nearest']  # inner levels are built into outer ones
    pools = [m for m in per_level.modules() if isinstance(m, torch.nn.AvgPool2d)]
    assert len(pools) == 1
    shapes = _shapes(per_level)
    same = _shapes(networks.build('skip', **SMALL_SKIP))
    wide = [name for name, shape in shapes.items() if shape != same[name]]
    assert {shapes[name][-1] for name in wide} == {5}
    config = per_level.config
    assert config.size_multiple == 4
    assert config.minimum_size == 12
    x = torch.rand(1, config.num_input_channels, 16, 20)
    assert per_level(x).shape == (1, config.num_output_channels, 16, 20)


@pytest.mark.parametrize('modes', [('nearest',) * 3, ('nearest', 'cubic')])
def test_modes_per_level_are_counted_and_known(modes: tuple[str, ...]) -> None:
    with pytest.raises(ParameterError, match='upsample_mode'):
        networks.build('skip', **SMALL_SKIP, upsample_mode=modes)
