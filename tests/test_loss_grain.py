"""Wide losses are about as lively as their surroundings, and never livelier."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import napari_fresco as fresco
from napari_fresco.solvers import wide_losses

SHAPE = (96, 96)
ROWS, COLUMNS = np.indices(SHAPE)
KNOWN = np.hypot(ROWS - 48, COLUMNS - 48) > 24
WIDE = ~KNOWN[..., None]
DEEP = np.hypot(ROWS - 48, COLUMNS - 48) < 16


def noisy(strength: float) -> NDArray[np.float64]:
    """A picture of three channels with grain of some strength."""
    return 0.5 + strength * np.random.default_rng(0).normal(size=(*SHAPE, 3))


def filled(around: float, patches: float) -> NDArray[np.float64]:
    """A gray loss with grain of `patches`, in surroundings of grain `around`."""
    gray = np.full((*SHAPE, 3), 0.5)
    seen = np.where(WIDE, gray, noisy(around))
    grain = wide_losses._grain(noisy(patches), WIDE, gray, seen, KNOWN)
    return np.asarray(np.where(WIDE, gray + grain, seen))


def slope(picture: Any, where: Any) -> float:
    return float(np.hypot(*np.gradient(picture.mean(axis=-1)))[where].mean())


@pytest.mark.parametrize('patches', [0.03, 0.05, 0.2])
def test_a_loss_is_about_as_lively_as_its_surroundings(patches: float) -> None:
    picture = filled(0.05, patches)
    assert slope(picture, DEEP) == pytest.approx(0.78 * slope(noisy(0.05), KNOWN), rel=0.1)


def test_on_a_plain_ground_no_grain_is_made() -> None:
    assert slope(filled(0, 0.05), DEEP) < 1e-6


def test_weak_grain_is_amplified_within_bounds() -> None:
    assert slope(filled(0.1, 0.01), DEEP) < 2.1 * slope(noisy(0.01), KNOWN)


def test_what_is_lively_already_gets_no_grain() -> None:
    seen = noisy(0.05)
    grain = wide_losses._grain(noisy(0.2), WIDE, seen, seen, KNOWN)
    assert np.abs(grain[DEEP]).mean() < 0.1 * np.abs(seen - 0.5).mean()


def test_patches_have_a_part_in_wider_losses_alone_and_less_the_wider_they_are() -> None:
    known = np.ones((60, 200), bool)
    for left, width in ((10, 4), (40, 9), (80, 17), (130, 40)):
        known[10 : 10 + width, left : left + width] = False
    shares = wide_losses._shares(known)
    assert not shares[known].any()
    assert (shares[10:14, 10:14] == 0).all()
    slim, middling, wide = shares[14, 44], shares[18, 88], shares[30, 150]
    assert 0 < wide == middling < slim < 1


def test_patches_are_looked_for_where_the_rim_does_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow crack counts as known: patches may lie on it, and none is looked for there."""
    rng = np.random.default_rng(0)
    lost = np.zeros((80, 80), bool)
    lost[30:46, 30:46] = lost[10:13, 5:75] = True
    asked: list[NDArray[np.bool_]] = []
    found = wide_losses.exemplar

    def exemplar(image: Any, keep: Any, **options: Any) -> Any:
        asked.append(keep)
        assert np.isfinite(image).all()
        assert 0.2 < image[10:13, 5:75].mean() < 0.8
        return found(image, keep, **options)

    monkeypatch.setattr(wide_losses, 'exemplar', exemplar)
    picture = rng.integers(100, 156, (80, 80, 3), dtype=np.uint8)
    picture[lost] = 255
    options = {'method': 'ircnn', 'task': 'inpaint', 'iterations': 1, 'device': 'cpu'}
    fresco.restore(picture, mask=lost, **options)
    assert len(asked) == 2
    assert all(keep[10:13, 5:75].all() and not keep[32:44, 32:44].any() for keep in asked)
