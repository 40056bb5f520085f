"""The gates that new weights must pass before they replace the bundled ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from torch import Tensor, nn

from .. import weights
from ..weights.cards import Card, Score, card
from .objective_declarations import BankDenoising, GaussianDenoising
from .regimes import Regime, find_regime

SMALL_SIGMAS = (0.3, 0.5, 1.0, 2.0)
"""Noise levels, on the 0-255 scale, at which a result is not to be worse than its input."""
WORSE = 0.02
"""dB that one case may lose while the mean gains."""
HALF_LOSS = 0.005
"""dB that half precision may cost."""
BUNDLED_BYTES = 70e6
"""Of all bundled files together."""

_LAW = 1e-4  # relative error of f(a x, a sigma) = a f(x, sigma)
_DRIFT = 0.2 / 255  # of a flat area under noise of 25
_SPOTS = {0.1: 8, 0.3: 8, 1.0: 4}  # peaks of spots, and how many of each in a picture
_SPOT_SIGMA = 1.5  # px
_SPOT_NOISE = 0.02
_PICTURES = 48  # of spots: with 4 chance alone moved the light of dim ones by 0.035
_TOLERANCE = 0.02  # by which a ratio may be worse than that of the bundled weights


@dataclass(frozen=True)
class Gate:
    """One condition: its name, whether it holds, and the measured value in words."""

    name: str
    holds: bool
    found: str


@dataclass(frozen=True)
class Bundled:
    """The weights that are to be replaced, and their scores on the same images."""

    file: Path
    scores: Sequence[Score]


def measure_gates(
    file: Path, known: Card, folders: Sequence[Path], limit: int | None
) -> list[Gate]:
    """Measure weights, and the bundled ones of their name, and compare them.

    `file`: weights; the bundled ones themselves are compared with nothing.
    `known`: of these weights.
    `folders`: test images.
    `limit`: only the first images of each folder.
    """
    from . import objectives

    regime = find_regime(known.name)
    objective = objectives.make(regime.objective)

    def measure(path: Path) -> list[Score]:
        return [s for f in folders for s in objective.evaluate(path, f, known.channels, limit)]

    bundled = None
    if card(known.name) is not None:
        other = weights.path(known.name)
        bundled = None if other.samefile(file) else Bundled(other, measure(other))
    return compare(file, known, regime, measure(file), bundled)


def compare(
    file: Path, known: Card, regime: Regime, scores: Sequence[Score], bundled: Bundled | None
) -> list[Gate]:
    """Judge weights against the bundled ones of their name.

    `file`: new weights.
    `known`: of the new weights.
    `regime`: what trains them.
    `scores`: of the new weights; without any, nothing is judged.
    `bundled`: of the bundled ones, measured on the same images; None where there are none.
    All of them have to hold.
    """
    if not scores:
        return []
    found = [_half(known), _size(file, bundled)]
    if bundled is not None:
        found.insert(0, _better(scores, bundled.scores))
    if isinstance(regime.objective, GaussianDenoising | BankDenoising):
        found += _denoising(file, regime, bundled)
    return found


def _better(scores: Sequence[Score], before: Sequence[Score]) -> Gate:
    pairs = list(zip(scores, before, strict=True))
    gains = [now.restored - then.restored for now, then in pairs]
    worst, mean = min(gains), fmean(gains)
    return Gate('PSNR', mean > 0 and worst >= -WORSE, f'{mean:+.3f} dB, worst {worst:+.3f}')


def _half(known: Card) -> Gate:
    loss = known.half_loss_db
    measured = 'not measured' if loss is None else f'{loss:.4f} dB'
    return Gate('half precision', loss is not None and loss < HALF_LOSS, measured)


def _size(file: Path, bundled: Bundled | None) -> Gate:
    kept = [weights.path(n) for n, known in weights.registry().items() if known.bundled]
    others = [path for path in kept if path not in (file, bundled and bundled.file)]
    total = file.stat().st_size + sum(path.stat().st_size for path in others)
    return Gate('size', total <= BUNDLED_BYTES, f'{total / 1e6:.1f} MB with the other files')


def _denoising(file: Path, regime: Regime, bundled: Bundled | None) -> Iterator[Gate]:
    """Judge what no PSNR at 15 to 50 shows."""
    new, old = _network(file), None if bundled is None else _network(bundled.file)
    if regime.bias_free:
        yield _law(new, regime.channels)
    ratios = small_noise(new, regime.channels)
    known = small_noise(old, regime.channels) if old is not None else {}
    worse = [s for s, ratio in ratios.items() if ratio > max(1.0, known.get(s, 1.0) + _TOLERANCE)]
    listed = '/'.join(f'{ratio:.2f}' for ratio in ratios.values())
    yield Gate('small noise', not worse, f'error {listed} of the noise at {_listed(ratios)}')
    shift = drift(new, regime.channels)
    before = drift(old, regime.channels) if old is not None else 0.0
    yield Gate('drift', shift <= max(_DRIFT, before), f'{255 * shift:.2f} / 255 at most')
    fluxes = spots(new, regime.channels)
    limits = spots(old, regime.channels) if old is not None else {}
    lost = [p for p, x in fluxes.items() if abs(x - 1) > abs(limits.get(p, 1) - 1) + _TOLERANCE]
    listed = '/'.join(f'{flux:.2f}' for flux in fluxes.values())
    yield Gate('spots', not lost, f'flux {listed} of the truth at peaks of {_listed(fluxes)}')


def _listed(values: Mapping[float, float]) -> str:
    return '/'.join(f'{value:g}' for value in values)


@torch.no_grad()
def _law(network: nn.Module, channels: int) -> Gate:
    from .objectives.white_noise import predict

    x = torch.from_numpy(_scene(channels)).float()
    once = predict(_of_sigma(network, 0.1), x, _level(0.1))
    worst = 0.0
    for a in (0.01, 0.3, 20.0):
        many = predict(_of_sigma(network, 0.1), a * x, _level(0.1 * a))
        worst = max(worst, float((many / a - once).abs().max() / once.abs().max()))
    return Gate('scale law', worst < _LAW, f'|f(a x, a sigma) / a - f(x, sigma)| = {worst:.1e}')


def small_noise(network: nn.Module, channels: int) -> dict[float, float]:
    """Return the root mean square error over sigma for each of :data:`SMALL_SIGMAS`."""
    clean = _scene(channels)
    ratios = {}
    for sigma in SMALL_SIGMAS:
        restored = _denoised(network, clean, sigma / 255)
        ratios[sigma] = float(np.sqrt(np.mean((restored - clean) ** 2)) * 255 / sigma)
    return ratios


def drift(network: nn.Module, channels: int) -> float:
    """Return the largest shift of the mean of flat areas, in [0, 1], under noise of 25 / 255."""
    shifts = []
    for value in (0.1, 0.5, 0.9):
        flat = np.full((1, channels, 128, 128), value)
        noise = np.random.default_rng(0).normal(0, 25 / 255, flat.shape)
        shifts.append(abs(float((_run(network, flat + noise, 25 / 255) - flat - noise).mean())))
    return max(shifts)


def spots(network: nn.Module, channels: int) -> dict[float, float]:
    """Return the flux of spots over the true one, for each height of their peaks.

    Dim and bright spots lie in one picture, on a background of 0.05, under noise of 0.02.
    """
    places, peaks = _places(), [p for p, count in _SPOTS.items() for _ in range(count)]
    rows, columns = np.mgrid[:160, :160]
    picture = np.full((160, 160), 0.05)
    for (row, column), peak in zip(places, peaks, strict=True):
        squares = (rows - row) ** 2 + (columns - column) ** 2
        picture += peak * np.exp(-squares / (2 * _SPOT_SIGMA**2))
    clean = np.broadcast_to(picture, (1, channels, 160, 160))
    restored = np.mean(
        [_denoised(network, clean, _SPOT_NOISE, seed) for seed in range(_PICTURES)], axis=(0, 1, 2)
    )
    found: dict[float, list[float]] = {peak: [] for peak in _SPOTS}
    for (row, column), peak in zip(places, peaks, strict=True):
        window = np.s_[row - 8 : row + 9, column - 8 : column + 9]
        true = (picture[window] - 0.05).sum()
        found[peak].append(float((restored[window] - np.median(restored)).sum() / true))
    return {peak: fmean(values) for peak, values in found.items()}


def _places() -> list[tuple[int, int]]:
    """Return where the spots are: a grid of 32 pixels, mixed."""
    grid = [(r, c) for r in range(16, 160, 32) for c in range(16, 160, 32)]
    order = np.random.default_rng(0).permutation(len(grid))
    return [grid[i] for i in order[: sum(_SPOTS.values())]]


def _scene(channels: int) -> np.ndarray:
    """Return a piece of the sample mural in [0, 1], ``(1, C, 128, 128)``."""
    from .. import samples

    truth = samples.mural().truth[:128, :128] / 255
    picture = truth.mean(-1, keepdims=True) if channels == 1 else truth
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None])


def _denoised(network: nn.Module, clean: np.ndarray, sigma: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sigma, clean.shape)
    return _run(network, clean + noise, sigma)


@torch.no_grad()
def _run(network: nn.Module, noisy: np.ndarray, sigma: float) -> np.ndarray:
    from .objectives.white_noise import predict

    restored = predict(network, torch.from_numpy(noisy).float(), _level(sigma))
    result: np.ndarray = restored.double().numpy()
    return result


def _of_sigma(network: nn.Module, sigma: float) -> nn.Module:
    """Return the denoiser for `sigma` where `network` is a bank of them."""
    from ..networks import IRCNNBank

    return network.select(sigma) if isinstance(network, IRCNNBank) else network


def _level(sigma: float) -> Tensor:
    return torch.full((1, 1, 1, 1), sigma)


def _network(file: Path) -> nn.Module:
    network: nn.Module = weights.load(file, device='cpu')
    return network
