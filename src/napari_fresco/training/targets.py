"""The targets of the checkpoints, and the numbers of their authors' full-size models; torch-free.

Ours are compact networks, trained for minutes to hours by regimes of this project.
The targets were set beforehand; which of them are missed, the documentation shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ..weights.cards import Score

Kind = Literal['PSNR', 'gain', 'finding']


@dataclass(frozen=True)
class Target:
    """The target of a checkpoint in one case.

    `name`: of the checkpoint.
    `dataset`, `case`: as in its scores, see :class:`napari_fresco.weights.cards.Score`; all images
        of the set are meant.
    `goal`, `authors`: the aim, and what the authors' full-size model reaches, where that is known.
    `kind`: {'PSNR', 'gain', 'finding'}, 'PSNR': dB at least. 'gain': dB above the baseline at
        least. 'finding': at most this much of what else the scores hold.
    """

    name: str
    dataset: str
    case: str
    goal: float
    authors: float | None = None
    kind: Kind = 'PSNR'

    def score(self, scores: Iterable[Score]) -> Score | None:
        """Return the score that the target is about, None where it was not measured."""
        wanted = (self.dataset, self.case)
        return next((score for score in scores if (score.dataset, score.case) == wanted), None)

    def value(self, score: Score) -> float | None:
        """Return what `score` has of that which is marked."""
        if self.kind == 'finding':
            return score.finding
        return score.restored - (score.baseline if self.kind == 'gain' else 0)

    def margin(self, value: float) -> float:
        """Return by how much `value` is better than the target; negative where it misses."""
        return self.goal - value if self.kind == 'finding' else value - self.goal


def of(name: str) -> tuple[Target, ...]:
    """Return the targets of the checkpoint `name`."""
    return tuple(target for target in TARGETS if target.name == name)


def _white(
    name: str, dataset: str, targets: Mapping[int, tuple[float, float]]
) -> tuple[Target, ...]:
    """Return targets for white noise of several sigmas, each with the authors' number."""
    return tuple(Target(name, dataset, f'sigma {s}', *pair) for s, pair in targets.items())


def _maps(name: str, targets: Mapping[str, tuple[float, float]]) -> tuple[Target, ...]:
    """Return targets for VIRNet's three maps of noise: the image, and the noise level.

    The variance is to be within 10 %, which is 5 % of the standard deviation.
    """
    cases = {f'sigma 10 to 75 ({shape})': pair for shape, pair in targets.items()}
    images = (Target(name, 'cbsd68', case, *pair) for case, pair in cases.items())
    levels = (Target(name, 'cbsd68', case, 5.0, kind='finding') for case in cases)
    return (*images, *levels)


def _table_1(name: str, authors: Mapping[int, float], below: float) -> tuple[Target, ...]:
    """Return targets for the means over USRNet's eight Gaussian kernels, noise-free."""
    return tuple(
        Target(name, 'cbsd68', f'x{scale}, kernels 1-8, noise 0', round(full - below, 2), full)
        for scale, full in authors.items()
    )


TARGETS: tuple[Target, ...] = (
    *_white('ffdnet_gray', 'bsd68', {15: (31.5, 31.63), 25: (29.1, 29.19), 50: (26.2, 26.29)}),
    *_white('ffdnet_color', 'cbsd68', {15: (33.8, 33.87), 25: (31.1, 31.21), 50: (27.85, 27.96)}),
    *_white('drunet_compact_gray', 'bsd68', {25: (29.35, 29.48)}),
    *_white('drunet_compact_color', 'cbsd68', {25: (31.5, 31.69)}),
    *_white('virnet_denoise_color', 'cbsd68', {25: (31.4, 31.65)}),
    *_maps(
        'virnet_denoise_color',
        {'peaks': (28.95, 29.28), 'waves': (28.6, 28.93), 'mixture': (28.9, 29.19)},
    ),
    *_white('ircnn_gray', 'bsd68', {25: (29.0, 29.15)}),
    *_table_1('usrnet_tiny', {2: 29.67, 3: 27.68, 4: 26.07}, below=0.4),
    *_white('vdir_denoise_color', 'cbsd68', {30: (30.4, 30.64), 50: (28.1, 28.33)}),
    *(Target('vdir_jpeg_color', 'cbsd68', f'quality {q}', 1.6, 1.9, 'gain') for q in (10, 20, 40)),
    Target('scunet_compact_color', 'cc15', 'camera', 1.5, kind='gain'),
    *(Target(f'bsrnet_compact_x{s}', 'cbsd68', f'x{s}, mixed', 0.8, kind='gain') for s in (2, 4)),
)
"""Every target that is about one set of images in one case."""

AIMS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ('ffdnet_gray', 'drunet_compact_gray', 'virnet_denoise_gray', 'ircnn_gray'),
        'on real micrograph pairs above the best of non-local means, total variation, wavelets and '
        "BM3D, and not below FFDNet with its authors' weights",
    ),
    (
        ('virnet_sr_x4',),
        'on CBSD68, with seven kernels and noise of 2.55, 26.4 dB on luma (authors: 26.63; the '
        'cards are about RGB); mean square error of the kernel below 1.5e-5 (authors: 0.89e-5); '
        'given to USRNet, its kernel costs at most 1 dB against the true one',
    ),
    (('scunet_compact_color',), 'on mixed noise 1 dB above every classical filter of scikit-image'),
)
"""Aims that no single score tells, each with the checkpoints that it is about."""
