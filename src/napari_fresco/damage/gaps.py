"""Gaps in cracks, closed along the most probable path from one piece to another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .in_tiles import tiles
from .line_filters import Floats

Mask = NDArray[np.bool_]
Ints = NDArray[np.intp]

_LONGEST = 40  # pixels of a gap
_PROBABLE = 0.25  # mean probability along a gap
_SURPRISE = 30.0  # sum of -log(probability) along it
_LEAST, _MOST = 0.03, 0.98  # probabilities: one pixel alone closes or bars no gap
_TILE, _MARGIN = 512, 64
_SIDES = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]


def gaps_closed(mask: Mask, probability: Floats, barred: Mask) -> Mask:
    """Return `mask` with its pieces joined where a crack probably goes on between them.

    A crack that fades for some pixels is one crack. Of all paths between two pieces the one with
    the least surprise, the sum of ``-log(probability)``, is drawn one pixel wide, if it is short
    and probable enough.

    `probability`: of damage, ``(H, W)``, 0 to 1.
    `barred`: where no path may lead.
    """
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    closed = mask.copy()
    if count < 2:
        return closed
    for tile in tiles(mask.shape, _TILE, _MARGIN):
        labels = pieces[tile.seen]
        if labels.any() and labels.max() != labels[labels > 0].min():
            paths = _paths(labels, probability[tile.seen], barred[tile.seen])
            closed[tile.inner] |= paths[tile.within]
    return closed


def _paths(labels: Ints, probability: Floats, barred: Mask) -> Mask:
    """Return the paths that close gaps between labelled pieces."""
    from skimage import graph

    away = labels == 0
    surprise = -np.log(np.clip(probability, _LEAST, _MOST))
    far = ndimage.distance_transform_edt(away) > _LONGEST / 2
    costs = np.where(away, np.where(far | barred, -1, surprise), 1e-4)  # below 0: no way
    walk = graph.MCP_Geometric(costs)
    total, came = walk.find_costs(np.argwhere(~away))
    owners = _owners(labels, came, np.asarray(walk.offsets))
    drawn = np.zeros(labels.shape, bool)
    for one, other in _meetings(total, owners):
        path = np.array([*walk.traceback(one), *walk.traceback(other)])
        gap = tuple(path[away[tuple(path.T)]].T)
        if len(gap[0]) <= _LONGEST and probability[gap].mean() >= _PROBABLE:
            drawn[gap] = True
    return drawn


def _owners(labels: Ints, came: Ints, offsets: Ints) -> Ints:
    """Return the piece that the path to each pixel comes from; 0 where none comes.

    `came`: by which of the `offsets` the path came to each pixel; below 0 where it starts.
    """
    rows, columns = np.indices(labels.shape) - offsets[np.maximum(came, 0)].transpose(2, 0, 1)
    itself = np.arange(labels.size).reshape(labels.shape)
    before = np.where(came >= 0, rows * labels.shape[1] + columns, itself).ravel()
    while not np.array_equal(before[before], before):
        before = before[before]  # twice as far back
    return np.asarray(labels.ravel()[before].reshape(labels.shape))


def _meetings(total: Floats, owners: Ints) -> Ints:
    """Return where paths out of each two neighbouring pieces meet with the least surprise.

    Returns: two neighbouring pixels for each two pieces, ``(n, 2, 2)``.
    """
    rim = np.argwhere((owners > 0) & (ndimage.maximum_filter(owners, 3) > owners))
    ends = np.concatenate([np.stack([rim, rim + side], axis=1) for side in _SIDES])
    ends = ends[((ends[:, 1] >= 0) & (ends[:, 1] < owners.shape)).all(axis=1)]
    rows, columns = ends.transpose(2, 0, 1)
    pieces, surprise = owners[rows, columns], total[rows, columns].sum(axis=1)
    meets = (pieces[:, 0] < pieces[:, 1]) & (surprise <= _SURPRISE)
    ends, pieces, surprise = ends[meets], pieces[meets], surprise[meets]
    order = np.argsort(surprise, kind='stable')
    _, least = np.unique(pieces[order], axis=0, return_index=True)
    return np.asarray(ends[order[least]])
