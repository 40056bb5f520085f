"""Wide losses are about as lively as their surroundings, and never livelier but for their noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import napari_fresco as fresco
from napari_fresco.physics.operators import Mask
from napari_fresco.physics.problem import Problem
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
    assert slope(picture, DEEP) == pytest.approx(0.82 * slope(noisy(0.05), KNOWN), rel=0.1)


def test_on_a_plain_ground_no_grain_is_made() -> None:
    assert slope(filled(0, 0.05), DEEP) < 1e-6


def test_weak_grain_is_amplified_within_bounds() -> None:
    assert slope(filled(0.1, 0.01), DEEP) < 2.1 * slope(noisy(0.01), KNOWN)


def test_what_is_lively_already_gets_no_grain() -> None:
    seen = noisy(0.05)
    grain = wide_losses._grain(noisy(0.2), WIDE, seen, seen, KNOWN)
    assert np.abs(grain[DEEP]).mean() < 0.1 * np.abs(seen - 0.5).mean()


def test_grain_has_no_colour() -> None:
    gray = np.full((*SHAPE, 3), 0.5)
    grain = wide_losses._grain(noisy(0.05), WIDE, gray, noisy(0.05), KNOWN)
    assert grain.shape == (*SHAPE, 1)


def test_patches_tell_more_of_detail_than_of_colours_and_of_these_in_wide_losses() -> None:
    known = np.ones((60, 200), bool)
    for left, width in ((10, 4), (40, 9), (80, 17), (130, 40)):
        known[10 : 10 + width, left : left + width] = False
    shares = wide_losses._shares(known)[..., 0]
    assert not shares[:, known].any()
    assert (shares[:, 10:14, 10:14] == 0).all()
    slim, middling, wide = shares[:, 14, 44], shares[:, 18, 88], shares[:, 30, 150]
    assert all(coarse < detail < 1 for coarse, detail in (slim, middling, wide))
    assert 0 < slim[0] == middling[0] < wide[0]
    assert wide[1] == middling[1] < slim[1]


def shaded(photons: float | None) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """A smooth picture, counted with up to so many photons, or in 8 bits; and the truth."""
    rows, columns = ROWS / 96, COLUMNS / 96
    channels = [0.5 + 0.3 * rows, 0.6 + 0.2 * columns, 0.7 - 0.2 * rows]
    truth = (photons or 255) * np.stack(channels, axis=-1)
    if photons is None:
        return np.round(truth).astype(np.uint8), truth
    return np.random.default_rng(1).poisson(truth).astype(np.uint16), truth


@pytest.mark.parametrize('photons', [10, 200])
def test_fills_have_the_noise_of_the_rest_where_that_is_kept_and_else_none(photons: float) -> None:
    image, truth = shaded(photons)
    scatter = (image - truth)[KNOWN].std()
    options = {'method': 'dpir', 'task': 'inpaint', 'mask': ~KNOWN, 'dtype': 'float32'}
    for kept, least, most in ((True, 0.75, 1.2), (False, 0, 0.25)):
        result = fresco.restore(image, keep_known=kept, device='cpu', **options)
        off = np.asarray(result.image)[DEEP] - truth[DEEP]
        assert least * scatter < off.std() < most * scatter
        assert abs(off.mean()) < 0.2 * scatter


def test_noise_is_told_from_texture_and_both_make_up_what_the_denoiser_took() -> None:
    y, clean = noisy(0.05), np.full((*SHAPE, 3), 0.5)
    known = torch.from_numpy(KNOWN.astype(np.float32))[None, None]
    for sigma, texture in ((0.0, 1), (3 / 255, 1), (0.04, 0.415), (0.06, 0), (0.2, 0)):
        degradation = Mask(known)
        problem = Problem('inpaint', tensor(y) * known, degradation, sigma, kept=True)
        seen, noise = wide_losses._without_noise(problem, tensor(clean), KNOWN)
        np.testing.assert_allclose((seen + noise)[KNOWN], y[KNOWN], atol=1e-6)
        np.testing.assert_allclose((seen - clean)[KNOWN], texture * (y - clean)[KNOWN], atol=4e-3)
        assert not noise[~KNOWN].any()


def tensor(picture: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.moveaxis(picture, -1, 0).astype(np.float32))[None]


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
