"""The report at the start of a training: its images, and the weights it starts from."""

from __future__ import annotations

from collections.abc import Iterator

from .data import Corpus
from .loop import Run


def startup_report(run: Run, corpus: Corpus, *, resume: bool) -> Iterator[str]:
    """Say on what a run is trained, and from what it starts; a line each.

    `run`: about to be trained.
    `corpus`: what it will see.
    `resume`: whether it was wanted to go on with a run that is there.
    """
    yield _images(run, corpus)
    if run.step:
        yield f'going on after {run.step} steps'
    elif resume:
        yield f'nothing to resume in {run.folder}: this is a new run'
    if run.taken:
        whole = len(run.network.state_dict())
        fits = 'all of it fits'
        if run.taken < whole:
            fits = f'only {run.taken} of {whole} tensors fit, the others start anew'
        yield f'starting from {run.started_from}: {fits}'


def _images(run: Run, corpus: Corpus) -> str:
    if run.regime.specimens == 1:
        return 'no images (--data): training on micrographs drawn by the program, on nothing else'
    seen, watched = corpus.split()
    if seen is watched:
        return 'a single image, for training and for validation: log.csv will flatter'
    return f'{len(seen.images)} images to train on, {len(watched.images)} for validation'
