"""Networks of other people through spandrel, for which a stand-in of the same interface serves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_fresco import networks, weights
from napari_fresco.errors import WeightsError
from napari_fresco.networks.facts import facts_of
from napari_fresco.runtime.tiled_network import TiledNetwork
from napari_fresco.solvers.method_network import lent
from napari_fresco.weights import spandrel_networks
from napari_fresco.weights.detection import UnknownArchitecture, detect

from .untrained import Tools, drawn, rand

PATH = Path('other.pth')


class Enlarging(nn.Module):
    """One convolution, then every pixel becomes a square; minds the size of its input."""

    def __init__(self, scale: int = 2, channels: int = 3, multiple: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.scale, self.multiple = scale, multiple
        self.seen: list[tuple[torch.Size, torch.dtype]] = []

    def forward(self, x: Tensor) -> Any:
        assert x.shape[-2] % self.multiple == x.shape[-1] % self.multiple == 0
        clean = F.interpolate(self.conv(x), scale_factor=self.scale)
        self.seen.append((x.shape, clean.dtype))
        return clean


class Unsupported(Exception):
    """What spandrel raises for files that it does not know."""


def sizes(minimum: int = 0, multiple_of: int = 1, square: bool = False) -> SimpleNamespace:
    return SimpleNamespace(minimum=minimum, multiple_of=multiple_of, square=square)


def descriptor(model: nn.Module, **changes: Any) -> SimpleNamespace:
    facts: dict[str, Any] = {
        'model': model,
        'architecture': SimpleNamespace(id='Enlarging', name='Enlarging Net'),
        'purpose': 'SR',
        'scale': getattr(model, 'scale', 1),
        'input_channels': 3,
        'output_channels': 3,
        'supports_bfloat16': True,
        'size_requirements': sizes(),
    }
    return SimpleNamespace(**facts | changes)


Install = Callable[[Any], dict[str, Any]]


@pytest.fixture
def spandrel(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a module that answers every file with what is given: a descriptor or an error."""

    def install(answer: Any) -> dict[str, Any]:
        asked: dict[str, Any] = {}

        class ModelLoader:
            def __init__(self, device: Any = None) -> None:
                asked['device'] = device

            def load_from_state_dict(self, tensors: dict[str, Tensor]) -> Any:
                asked['tensors'] = tensors
                if isinstance(answer, Exception):
                    raise answer
                return answer

        module = ModuleType('spandrel')
        module.ModelLoader = ModelLoader  # type: ignore[attr-defined]
        module.UnsupportedModelError = Unsupported  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, 'spandrel', module)
        return asked

    return install


def adopted(spandrel: Install, model: nn.Module, **changes: Any) -> Any:
    asked = spandrel(descriptor(drawn(model), **changes))
    tensors = {'body.weight': torch.zeros(1)}
    network: Any = spandrel_networks.adopt(PATH, tensors)
    assert asked == {'device': 'cpu', 'tensors': tensors}
    network.weights_name, network.weights_sha256 = 'other.pth', '0' * 64
    network.scales = (network.facts.scale,)
    return network


def test_facts_come_from_the_descriptor(spandrel: Install) -> None:
    network = adopted(spandrel, Enlarging(3), size_requirements=sizes(multiple_of=48))
    facts = network.facts
    assert facts == facts_of(network)
    assert (facts.architecture, facts.channels, facts.scale) == ('foreign', 3, 3)
    assert (facts.multiple, facts.grid, facts.takes_sigma) == (1, 96, False)
    assert not facts.exact_tiling
    assert network.generative
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


def test_restoring_networks_are_not_called_generative(spandrel: Install) -> None:
    assert not adopted(spandrel, Enlarging(1), purpose='Restoration').generative


def test_the_network_is_called_without_the_clamp_of_spandrel(spandrel: Install) -> None:
    network, x = adopted(spandrel, Enlarging()), 3 * rand(1, 3, 8, 8) - 1
    result = network(x)
    assert torch.equal(result, network.model(x))
    assert result.min() < 0 < 1 < result.max()


@pytest.mark.parametrize(
    ('required', 'expected'),
    [
        (sizes(), (9, 14)),
        (sizes(multiple_of=8), (16, 16)),
        (sizes(minimum=12), (12, 14)),
        (sizes(minimum=12, multiple_of=5), (15, 15)),
        (sizes(square=True), (14, 14)),
        (sizes(square=True, multiple_of=4), (16, 16)),
    ],
)
def test_sizes_are_made_fit_by_replication(
    spandrel: Install, required: SimpleNamespace, expected: tuple[int, int]
) -> None:
    model = Enlarging(multiple=required.multiple_of)
    network = adopted(spandrel, model, size_requirements=required)
    x = rand(2, 3, 9, 14)
    result = network(x)
    assert model.seen[-1][0][-2:] == expected
    padded = F.pad(x, (0, expected[1] - 14, 0, expected[0] - 9), mode='replicate')
    assert torch.equal(result, model(padded)[..., :18, :28])


def test_of_several_results_the_first_is_the_image(spandrel: Install) -> None:
    class Estimating(Enlarging):
        def forward(self, x: Tensor) -> Any:
            return super().forward(x), x.mean()

    assert adopted(spandrel, Estimating())(rand(1, 3, 8, 8)).shape == (1, 3, 16, 16)


@pytest.mark.parametrize('supported', [True, False])
def test_bfloat16_only_where_the_network_bears_it(spandrel: Install, supported: bool) -> None:
    model = Enlarging()
    network = adopted(spandrel, model, supports_bfloat16=supported)
    with torch.autocast('cpu', torch.bfloat16):
        result = network(rand(1, 3, 8, 8))
    assert result.dtype == torch.float32
    assert model.seen[-1][1] == (torch.bfloat16 if supported else torch.float32)


def test_tiles_of_foreign_networks(spandrel: Install) -> None:
    network = adopted(spandrel, Enlarging(), size_requirements=sizes(multiple_of=16))
    x = rand(1, 3, 70, 200)
    tiled = TiledNetwork(network, device=torch.device('cpu'), precision='float32', tile=64)
    torch.testing.assert_close(tiled(x), network(x), atol=1e-5, rtol=0)


def test_foreign_networks_restore_and_enlarge(spandrel: Install) -> None:
    tools = Tools(adopted(spandrel, Enlarging(2)))
    enlarging = ('rrdbnet', 'foreign')
    lent(tools, 'other.pth', 'bsrgan', channels=3, scale=2, architectures=enlarging)
    with pytest.raises(WeightsError, match='x2'):
        lent(tools, 'other.pth', 'bsrgan', channels=3, scale=4, architectures=enlarging)
    with pytest.raises(WeightsError, match='x2'):
        lent(tools, 'other.pth', 'scunet', channels=3, architectures=('scunet', 'foreign'))
    with pytest.raises(WeightsError, match='VIRNet'):
        lent(tools, 'other.pth', 'virnet', channels=3, scale=2)


@pytest.mark.parametrize(
    ('title', 'name', 'config'),
    [
        ('DRUNet', 'drunet', {'nc': [2] * 4, 'nb': 1}),
        ('DnCNN', 'ffdnet', {'in_nc': 3, 'out_nc': 3, 'nc': 4, 'nb': 3}),
        ('SCUNet', 'scunet', {'config': [1] * 7, 'dim': 4, 'head_dim': 2}),
    ],
)
def test_what_spandrel_runs_otherwise_becomes_our_own(
    spandrel: Install, title: str, name: str, config: Any
) -> None:
    own = networks.build(name, **config)
    spandrel(descriptor(own, architecture=SimpleNamespace(id=title, name=title)))
    network = spandrel_networks.adopt(PATH, {'netG.weight': torch.zeros(1)})
    assert network is not None
    assert type(network) is type(own)
    assert network.facts.architecture == name
    for key, tensor in own.state_dict().items():
        assert torch.equal(network.state_dict()[key], tensor)


def test_a_network_that_is_told_one_fixed_level_is_refused(spandrel: Install) -> None:
    told = networks.DnCNN(in_nc=2, out_nc=1, nc=4, nb=3)
    spandrel(descriptor(told, architecture=SimpleNamespace(id='DnCNN', name='DnCNN')))
    with pytest.raises(WeightsError, match='in_nc = 2'):
        spandrel_networks.adopt(PATH, {'netG.weight': torch.zeros(1)})


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'purpose': 'Inpainting'}, 'Enlarging Net, made for Inpainting; give'),
        ({'purpose': 'FaceSR'}, 'made for FaceSR'),
        ({'input_channels': 4}, 'from 4 to 3 channels'),
        ({'output_channels': 2}, 'from 3 to 2 channels'),
    ],
)
def test_networks_of_no_use_here(spandrel: Install, changes: Any, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        adopted(spandrel, Enlarging(), **changes)


def test_what_spandrel_does_not_know_either(spandrel: Install) -> None:
    spandrel(Unsupported())
    assert spandrel_networks.adopt(PATH, {'a': torch.zeros(1)}) is None


def test_damaged_files(spandrel: Install) -> None:
    spandrel(KeyError('body.0.weight'))
    with pytest.raises(WeightsError, match=r'spandrel \(KeyError: .body\.0\.weight'):
        spandrel_networks.adopt(PATH, {'a': torch.zeros(1)})


def test_without_spandrel_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'spandrel', None)
    with pytest.raises(
        WeightsError, match=r'begins with a.*pip install "napari-fresco\[spandrel\]"'
    ):
        spandrel_networks.adopt(PATH, {'a': torch.zeros(1)})


def test_old_esrgan_files_are_not_taken_for_a_dncnn() -> None:
    names = ('model.0.weight', 'model.1.sub.0.RDB1.conv1.0.weight', 'model.3.weight')
    with pytest.raises(UnknownArchitecture):
        detect({name: torch.zeros(4, 3, 3, 3) for name in names}, PATH)


def test_a_file_is_adopted_when_it_is_loaded(spandrel: Install, tmp_path: Path) -> None:
    model = drawn(Enlarging())
    asked = spandrel(descriptor(model))
    torch.save({'params_ema': {'body.weight': torch.ones(2)}}, tmp_path / 'other.pth')
    network = weights.load(tmp_path / 'other.pth')
    assert list(asked['tensors']) == ['body.weight']
    assert network.facts.architecture == 'foreign'
    assert network.generative
    assert network.weights_name == 'other.pth'
    spandrel(Unsupported())
    with pytest.raises(WeightsError, match='unknown architecture'):
        weights.load(tmp_path / 'other.pth')
