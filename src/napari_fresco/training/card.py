"""The model card that goes with a trained checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import torch

from .data import Corpus
from .evaluate import Score, table
from .loop import Run
from .recipes import Stage


def write_card(run: Run, corpus: Corpus, weights: Path, scores: Sequence[Score]) -> Path:
    """Write ``NAME.md`` beside `weights`: what it is, what it saw, what it measures."""
    recipe = run.recipe
    folders = ', '.join(f'{name} ({count} images)' for name, count in corpus.folders)
    where = f'{run.device}, {torch.get_num_threads()} threads'
    lines = [
        f'# {recipe.name}',
        '',
        f'- Architecture: {recipe.architecture}, {dict(recipe.config)}',
        f'- Trained on: {folders}, as {"luminance" if recipe.channels == 1 else "RGB"}',
        *(f'- {line}' for line in run.objective.words()),
        f'- Adam, seed {recipe.seed}: ' + '; then '.join(_words(stage) for stage in recipe.stages),
        *([f'- Started from: {recipe.warm_start}'] if recipe.warm_start else []),
        f'- Trained for {run.seconds / 60:.0f} minutes on {where} '
        f'(torch {torch.__version__}, napari-fresco {version("napari-fresco")})',
        f'- sha256 of `{weights.name}`: {hashlib.sha256(weights.read_bytes()).hexdigest()}',
        '- Licence: BSD-3-Clause',
        '',
        f'Repeat with `napari-fresco train {recipe.name} --data DIR --steps {recipe.steps}`.',
        '',
    ]
    if scores:
        lines += [
            'Measured PSNR (degradations of a fixed seed for each image, 8-bit output):',
            '',
            table(scores, run.objective.baseline, run.objective.finding),
        ]
    path = weights.with_suffix('.md')
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return path


def _words(stage: Stage) -> str:
    text = (
        f'{stage.steps} steps at {stage.learning_rate:g} of {stage.batch} crops of '
        f'{stage.patch} x {stage.patch}'
    )
    if stage.sigma_power != 1:
        text += f', sigma ~ U[0, 1]^{stage.sigma_power:g}'
    if stage.drift_weight:
        text += f', mean error of a crop weighted {stage.drift_weight:g}'
    if stage.estimators:
        text += ', for the estimators alone'
    return text
