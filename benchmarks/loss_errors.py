"""The error to expect of a fill, told by the width of a loss, its rim, and the picture.

    python benchmarks/loss_errors.py --data DATA --keep FOLDER

Cuts of 256 x 256 pixels of murals, paintings and natural photographs get the losses of
``murals_files/losses`` (31 in each, 4 to 64 pixels wide), which are filled by the method with its
defaults. The constants of ``napari_fresco.evidence.fill_error`` are fitted to one half of the
pictures and judged on the other, then to all; cuts of one mural are in one half. Fills are kept in
FOLDER, so that the fit can be repeated in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from common import arguments, read, show
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.evidence.fill_error import (
    CALMEST,
    Calibration,
    errors_of,
    expected_error,
    picture_spread,
    rim_spreads,
)

SIDE = 256
NATURAL = {'mcmaster': 12, 'cbsd68': 18}
HALF, SHARE = 0.5, 0.9
LEAST = 0.5  # of 255: an error below what rounding leaves


class Losses(NamedTuple):
    """Losses of a picture: width, spread of the rim and of the picture, and error, in 8 bits."""

    widths: np.ndarray
    rim: np.ndarray
    picture: np.ndarray
    error: np.ndarray


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--keep', type=Path, required=True)
    parser.add_argument('--method', default='dpir')
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    masks = [read(path) for path in _truths(options.data, 'mask')]
    groups: dict[str, list[Losses]] = {}
    for number, (kind, name, truth) in enumerate(_cuts(options.data)):
        mask = masks[number % len(masks)]
        mask = (mask, mask[::-1], mask[:, ::-1], mask.T)[number // len(masks) % 4]
        filled = _filled(options, f'{kind}_{name}', truth, np.ascontiguousarray(mask))
        source = name.partition(' ')[0]
        groups.setdefault(f'{kind} {source}', []).append(_losses(truth, filled, mask > 0))
    header = ['fitted to', 'judged on', 'losses', 'constants', 'r', 'r of the width']
    show([*header, 'below', 'below most'], _rows(groups))


def _rows(groups: dict[str, list[Losses]]) -> Iterator[list[Any]]:
    """Yield how well expectations hold on the half of the pictures that they were not made of."""
    halves = [_joined(list(groups.values())[half::2]) for half in (0, 1)]
    for known, other in (halves, halves[::-1]):
        found = fitted(known)
        yield ['one half', 'the other', len(other.error), _said(found), *_judged(found, other)]
    every = _joined(list(groups.values()))
    found = fitted(every)
    yield ['all', 'all', len(every.error), _said(found), *_judged(found, every)]
    for kinds, title in ((('mural',), 'murals, paintings'), (tuple(NATURAL), 'photographs')):
        few = _joined([each for name, each in groups.items() if name.startswith(kinds)])
        yield ['all', title, len(few.error), '', *_judged(found, few)]


def fitted(losses: Losses) -> Calibration:
    """Return the calibration that fits the logarithms of errors best, half of which lie below."""
    picture = np.log(losses.picture)
    rim = np.log(np.maximum(losses.rim / losses.picture, CALMEST))
    columns = np.stack([np.ones_like(rim), np.log(losses.widths), rim], axis=1)
    wanted = np.log(np.maximum(losses.error, LEAST)) - picture
    constants, *_ = np.linalg.lstsq(columns, wanted, rcond=None)
    half, most = np.exp(np.quantile(wanted - columns @ constants, (HALF, SHARE)))
    factor, by_width, by_rim = constants
    found = (half * np.exp(factor), by_width, by_rim, most / half)
    return Calibration(*(float(f'{value:.3g}') for value in found))


def _judged(found: Calibration, losses: Losses) -> list[float]:
    expected = expected_error(found, *losses[:3])
    error = np.log(np.maximum(losses.error, LEAST))
    told = (np.log(expected), np.log(losses.widths))
    below = (np.mean(losses.error < times * expected) for times in (1, found.nine_of_ten))
    return [*(float(np.corrcoef(each, error)[0, 1]) for each in told), *map(float, below)]


def _said(found: Calibration) -> str:
    return ', '.join(f'{value:.3g}' for value in found)


def _joined(groups: list[list[Losses]]) -> Losses:
    every = [losses for group in groups for losses in group]
    return Losses(*(np.concatenate(each) for each in zip(*every, strict=True)))


def _losses(truth: np.ndarray, filled: np.ndarray, mask: np.ndarray) -> Losses:
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    widths = errors_of(None, truth, pieces, count).widths
    rim, picture = rim_spreads(truth, ~mask, pieces, widths), picture_spread(truth, ~mask)
    off = np.square(filled.astype(float) - truth).mean(axis=-1)
    error = np.sqrt(ndimage.mean(off, pieces, np.arange(1, count + 1)))
    return Losses(widths, rim, np.full(count, picture), error)


def _filled(options: Any, name: str, truth: np.ndarray, mask: np.ndarray) -> np.ndarray:
    kept = options.keep / f'{options.method}_{name.replace(" ", "_")}.npy'
    if not kept.exists():
        damaged = np.where(mask[..., None] > 0, np.uint8(0), truth)
        told = {'method': options.method, 'task': 'inpaint', 'device': options.device}
        np.save(kept, fresco.restore(damaged, mask=mask > 0, **told).image)
    return np.load(kept)


def _truths(data: Path, what: str) -> list[Path]:
    return sorted((data / 'murals_files/losses').glob(f'*_{what}.png'))


def _cuts(data: Path) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield kind, name and pixels of pictures; a name begins with its source and a space."""
    for path in _truths(data, 'truth'):
        yield 'mural', path.stem, read(path)[..., :3]
    for path in sorted((data / 'mural/thai').glob('case0[45]-original.png')):
        yield 'mural', path.stem, read(path)[..., :3]
    for path in sorted((data / 'mural/dunhuang/input').iterdir()):
        for top, left in ((40, 40), (420, 400)):
            cut = read(path)[top : top + SIDE, left : left + SIDE, :3]
            yield 'mural', f'{path.stem} {top}', cut
    for kind, count in NATURAL.items():
        paths = sorted((data / 'natural' / kind).iterdir())
        for path in paths[:: max(len(paths) // count, 1)][:count]:
            picture = read(path)[..., :3]
            top, left = ((n - SIDE) // 2 for n in picture.shape[:2])
            yield kind, path.stem, picture[top : top + SIDE, left : left + SIDE]


if __name__ == '__main__':
    main()
