"""Training without images: on micrographs that the program draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..degrade.random_source import RandomSource
from ..errors import ParameterError
from .data import Corpus
from .loop import WATCHED, WINDOW, Run
from .regimes import Regime


class Drawn(Corpus):
    """Specimens of the validation curve; those to train on are drawn anew for every crop."""

    @classmethod
    def of(cls, run: Run) -> Drawn:
        """Draw what a run is watched on."""
        drawn = run.specimens(WATCHED, WINDOW, RandomSource.seeded(run.regime.seed, run.device))
        pixels = (drawn * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return cls(tuple(pixels), ())

    def split(self) -> tuple[Corpus, Corpus]:
        """Return all of them twice: none is trained on."""
        return self, self


def corpus_of(run: Run, data: Path | None) -> Corpus:
    """Read the images of a run; without a folder, draw its validation images.

    Raises FileError as :meth:`Corpus.read`.
    """
    if data is None:
        return Drawn.of(run)
    smallest = max(run.objective.crops(stage)[1] for stage in run.regime.stages)
    return Corpus.read(data, run.regime.channels, smallest)


def on_specimens(regime: Regime) -> Regime:
    """Return the regime with all crops drawn, none taken from images.

    Raises ParameterError when it trains a colour network.
    """
    if regime.channels != 1:
        raise ParameterError(
            f'{regime.name} is trained on colour images, and the program draws none: give a '
            'folder of TIFF, PNG, JPEG or NPY files (--data)'
        )
    return replace(regime, specimens=1.0)
