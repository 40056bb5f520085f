"""Training of checkpoints: regimes, objectives, loop, evaluation and model card."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from ..errors import FileError, ParameterError
from .regimes import REGIMES, Regime, find_regime

__all__ = ['REGIMES', 'Regime', 'find_regime', 'state_file', 'train']


def train(
    name: str,
    data: Path | None,
    out: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    learning_rate: float | None = None,
    start_from: str | None = None,
    resume: bool = False,
    device: str = 'auto',
    evaluate_on: tuple[Path, ...] = (),
    progress: bool = True,
) -> Path:
    """Train a checkpoint, measure it, and write weights, model card and log.

    Parameters
    ----------
    name : str
        A regime, see :data:`REGIMES`.
    data : Path
        Folder of training images, searched with its sub-folders. None trains a
        one-channel network on micrographs that are drawn, and on nothing else.
    out : Path
        Folder of the run: ``NAME.safetensors``, ``NAME.json`` and ``NAME.md`` (the
        model card), and ``log.csv`` with the validation curve.
    minutes : float, optional
        Time to train for; the schedule is made to fit.
    steps : int, optional
        Steps to train for instead; by default those of the regime.
    learning_rate : float, optional
        Peak step size, instead of the highest of the regime's; those of other stages
        are scaled with it. To go on from finished weights takes about half as much
        as to start from nothing.
    start_from : str, optional
        Name or path of weights to start from, instead of the regime's start.
    resume : bool
        Go on with a run that was broken off in `out`, exactly as if it had not
        been; its own `minutes`, `steps`, `learning_rate` and `start_from` hold.
    device : str
        As in :func:`napari_fresco.restore`.
    evaluate_on : tuple of Path
        Folders of test images that the card gives the PSNR for.
    progress : bool
        Show a progress bar, and say on what and from what the training begins.

    Returns
    -------
    Path
        The weights, in half precision.

    Raises
    ------
    FrescoError
        When the regime is unknown, the data unusable, `minutes`, `steps` or
        `learning_rate` not positive, `out` holds a run that is not to be resumed, or
        memory runs out.
    """
    regime = find_regime(name)
    data, out = None if data is None else Path(data), Path(out)
    _check_numbers(steps, minutes, learning_rate)
    _check_folders((*([] if data is None else [data]), *evaluate_on))
    _check_not_begun(out, resume)

    from ..io.files import check_output, make_folder
    from ..networks import devices
    from .card import write_card
    from .data import Corpus
    from .loop import Run
    from .specimen_corpus import corpus_of, on_specimens
    from .startup_report import startup_report

    devices.tune_allocator()
    run = Run(
        regime if data is not None else on_specimens(regime),
        out,
        devices.pick(device),
        steps=steps,
        minutes=minutes,
        learning_rate=learning_rate,
        start_from=start_from,
    )
    corpus = corpus_of(run, data)
    for folder in evaluate_on:
        Corpus.read(folder, regime.channels, 1)  # rather now than after hours
    make_folder(out)
    check_output(out / f'{name}.safetensors', suffixes=('.safetensors',), overwrite=True)
    if progress:
        for line in startup_report(run, corpus, resume=resume):
            print(line, file=sys.stderr)
    weights = run.train(corpus, progress=progress)
    measured = (run.objective.evaluate(weights, path, regime.channels) for path in evaluate_on)
    write_card(run, corpus, weights, list(chain(*measured)), run.half_loss(corpus))
    return weights


def state_file(folder: Path) -> Path:
    """Return the file that the run in `folder` is resumed from."""
    return folder / 'state.pt'


def _check_numbers(steps: int | None, minutes: float | None, rate: float | None) -> None:
    if steps is not None and minutes is not None:
        raise ParameterError('both steps and minutes are given; give one of them')
    if steps is not None and steps < 1:
        raise ParameterError(f'steps = {steps}; give a whole number of at least 1')
    if minutes is not None and not 0 < minutes < math.inf:
        raise ParameterError(f'minutes = {minutes}; give a number above 0')
    if rate is not None and not 0 < rate < math.inf:
        raise ParameterError(f'learning_rate = {rate}; give a number above 0, such as 0.0005')


def _check_not_begun(out: Path, resume: bool) -> None:
    if state_file(out).exists() and not resume:
        raise FileError(
            f'{out} holds a run already; go on with it (--resume), or give another folder '
            '(--output)'
        )


def _check_folders(folders: Iterable[Path]) -> None:
    for folder in folders:
        if not folder.exists():
            raise FileError(f'there is no folder {folder}; give one with images')
        if not folder.is_dir():
            raise FileError(f'{folder} is a file; give the folder of the images')
