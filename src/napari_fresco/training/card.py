"""The model card that goes with a trained checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import torch

from ..weights.cards import Card, Score
from ..weights.registry import file_sha256
from .data import Corpus
from .loop import Run
from .regimes import Regime, Stage


def write_card(
    run: Run, corpus: Corpus, weights: Path, scores: Sequence[Score], half_loss: float | None = None
) -> Path:
    """Write the card of a finished run beside its weights, as JSON and as Markdown.

    `corpus`: what it saw.
    `weights`: what came out, ``NAME.safetensors``.
    `scores`: what was measured.
    `half_loss`: PSNR in dB lost by half precision.
    Returns the card, ``NAME.json``; ``NAME.md`` is the same for people.
    """
    regime = run.regime
    measured = tuple(_rounded(score) for score in scores)
    card = Card(
        name=regime.name,
        architecture=regime.architecture,
        config=dict(regime.config),
        channels=regime.channels,
        data=corpus.folders,
        learnt=(*run.objective.describe(), *_further(regime)),
        stages=tuple(map(_described, regime.stages, run.stage_steps)),
        steps=run.step,
        minutes=round(run.seconds / 60, 1),
        core_hours=round(run.core_hours, 2) if run.device.type == 'cpu' else None,
        device=_name(run.device),
        versions={'torch': torch.__version__, 'napari-fresco': version('napari-fresco')},
        sha256=file_sha256(weights),
        optimiser='Muon for hidden layers, Adam for the rest, weights averaged',
        seed=regime.seed,
        started_from=run.started_from,
        half_loss_db=None if half_loss is None else round(half_loss, 5),
        scores=measured,
        baseline=run.objective.baseline,
        finding=run.objective.finding,
        fails=(*regime.objective.limits, *_worse(measured, run.objective.baseline)),
    )
    weights.with_suffix('.md').write_text(card.markdown(), encoding='utf-8')
    path = weights.with_suffix('.json')
    card.write(path)
    return path


def _rounded(score: Score) -> Score:
    """Return the score with the digits that mean something."""
    ssim, finding = score.ssim, score.finding
    return replace(
        score,
        baseline=round(score.baseline, 3),
        restored=round(score.restored, 3),
        ssim=None if ssim is None else round(ssim, 4),
        finding=None if finding is None else float(f'{finding:.3g}'),
    )


def _worse(scores: Sequence[Score], baseline: str) -> tuple[str, ...]:
    """Return where the image was better before, or by the simple method."""
    return tuple(
        f'{s.dataset}, {s.case}: {s.restored:.2f} dB, where {baseline} has {s.baseline:.2f} dB'
        for s in scores
        if s.restored < s.baseline
    )


def _further(regime: Regime) -> tuple[str, ...]:
    """Return the remarks of the card on drawn crops and on biases."""
    lines = []
    if regime.specimens:
        lines.append(
            f'Micrographs drawn by training.specimens: {regime.specimens:.0%} of the crops'
        )
    if regime.bias_free:
        lines.append('No additive constants: f(a x, a sigma) = a f(x, sigma)')
    return tuple(lines)


def _name(device: torch.device) -> str:
    if device.type == 'cuda':
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f'{device}, {threads} thread{"s" * (threads != 1)}'


def _described(stage: Stage, steps: int) -> str:
    """Return in words a stage that took so many steps."""
    text = (
        f'{steps} step{"s" * (steps != 1)} at {stage.learning_rate:g} of {stage.batch} '
        f'crops of {stage.patch} x {stage.patch}'
    )
    if stage.sigma_power != 1:
        text += f', sigma ~ U[0, 1]^{stage.sigma_power:g}'
    if stage.drift_weight:
        text += f', mean error of a crop weighted {stage.drift_weight:g}'
    if stage.squared:
        text += ', by the squared error'
    if stage.estimators:
        text += ', for the estimators alone'
    if stage.adversarial:
        text += ', with the discriminator'
    return text
