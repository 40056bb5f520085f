"""The nouns of napari-fresco: tasks, problems, denoisers, steps and results.

This module imports neither torch nor napari, so that everything which only
*describes* restoration (panels, the command line, documentation) stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from .brief import Brief
from .errors import ImageError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


Task = Literal['denoise', 'deblur', 'inpaint', 'super_resolve', 'demosaic', 'deblock']
Finish = Literal['completed', 'cancelled', 'stopped']
Kind = Literal['data-consistent', 'feed-forward', 'generative']


class Denoiser(Protocol):
    """f(x, sigma): removes Gaussian noise of standard deviation `sigma`.

    `x` is ``(N, C, H, W)`` in working units, any size; `sigma` is a number or
    a ``(N or 1, 1, H, W)`` map in the same units. `channels` is the number of
    channels the denoiser was made for (None: any); a gray denoiser is applied
    to each channel of a colour image.
    """

    name: str
    channels: int | None

    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor: ...


@dataclass(frozen=True, eq=False, repr=False)
class Step(Brief):
    """One step of a solver.

    Attributes
    ----------
    index, total : int
        1-based number of this step, and how many there may be.
    x : Tensor
        Present estimate ``(1, C, H, W)`` in working units.
    changed : Tensor, optional
        The values of `x` that may differ from those of the last step; None: any of them.
    residual : Tensor or float, optional
        Root mean square of ``H x - y`` in working units. May stay on the device.
    score : float, optional
        How good the estimate is, lower is better; without scores the latest
        finite estimate is the best one.
    final : bool
        The solver's own stopping rule says that this is its result.
    trial : bool
        The estimate is one of a search, and another one follows.
    metrics : mapping
        Further scalars worth plotting, such as losses.
    variance, kernel : Tensor, optional
        Estimated noise variance ``(1, 1 or C, H, W)`` and kernel ``(kh, kw)``.
    spread : Tensor, optional
        Standard deviation ``(1, 1 or C, H, W)`` among the estimates of which `x` is the mean.
    latent : Tensor, optional
        What a method distilled from the image, ``(1, L, h', w')``, without units.
    better : Tensor, optional
        What to give back if the run ends here, where the data say that `x` is worse than it.
    filled : Tensor of bool, optional
        Where ``(H, W)`` losses have their final value; without it all have the present one.
    notes : tuple of str
        What the user should know of this estimate.
    plane : tuple of int
        Which plane of a stack this is; filled in by the runner.
    to_image, to_painted : callable
        Working units to an array like the input, and a step to where on it was newly painted;
        filled in by the runner.
    """

    index: int
    total: int
    x: Tensor
    residual: Tensor | float | None = None
    score: float | None = None
    final: bool = False
    trial: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)
    changed: Tensor | None = None
    variance: Tensor | None = None
    kernel: Tensor | None = None
    spread: Tensor | None = None
    latent: Tensor | None = None
    better: Tensor | None = None
    filled: Tensor | None = None
    notes: tuple[str, ...] = ()
    plane: tuple[int, ...] = ()
    to_image: Callable[[Tensor], np.ndarray] | None = None
    to_painted: Callable[[Step], np.ndarray] | None = None

    def follows(self, best: Step) -> bool:
        """Whether this step takes the place of the `best` one so far."""
        if self.final or self.score is None or best.score is None:
            return True
        return self.score <= best.score

    @property
    def image(self) -> np.ndarray:
        """The present estimate as an array like the input plane (computed on access)."""
        if self.to_image is None:
            raise RuntimeError('a step has an image once the runner has passed it on')
        return self.to_image(self.x)

    @property
    def painted(self) -> np.ndarray:
        """Where ``(H, W)`` the image was newly painted so far (computed on access)."""
        if self.to_painted is None:
            raise RuntimeError('a step tells what was painted once the runner has passed it on')
        return self.to_painted(self)


@dataclass(frozen=True)
class Check:
    """The verification of one property of a result.

    Attributes
    ----------
    name : str
        What: 'light', 'noise', 'consistency', …
    value : float
        What was found.
    limit : (float or None, float or None)
        Bounds between which it lies where all is well; None where open.
    ok : bool
        Whether it does.
    message : str
        One sentence with the remedy; empty where all is well.
    """

    name: str
    value: float
    limit: tuple[float | None, float | None]
    ok: bool
    message: str = ''


@dataclass(frozen=True, eq=False, repr=False)
class Result(Brief):
    """The result of a restoration.

    Attributes
    ----------
    image : ndarray or Image
        Restored image, an Image for an Image: dtype and axes of the input (times `scale`
        for super-resolution; a mosaic gains a trailing RGB axis).
    variance : ndarray or None
        Noise variance map in squared image units; leading axes first.
    kernel : ndarray or None
        Estimated or used blur kernel, sums to 1.
    uncertainty : ndarray or None
        Standard deviation of the error of each value, in image units; leading axes first. NaN
        where nothing was measured.
    spread : ndarray or None
        Standard deviation among turns and flips, or samples, of which the image is the mean, in
        image units. Errors that all of them share are not in it.
    latent : ndarray or None
        Latent maps ``(..., L, h', w')`` without units.
    filled : ndarray of bool or None
        What was newly painted, on the axes of the image without colours; None for tasks
        that paint nothing.
    restored : int
        How many planes were restored; 0 where a run was cancelled before the first.
    finish : {'completed', 'cancelled', 'stopped'}
        'stopped' means that a stopping rule ended the iteration early.
    checks : tuple of Check
        What was verified about this result; of several planes, the worst.
    provenance : dict
        JSON-serialisable record: method, parameters, options, weights, version, seconds,
        device, hashes of image, mask and kernel, intensity range, noise model, warnings.
    """

    image: Any
    variance: np.ndarray | None
    kernel: np.ndarray | None
    finish: Finish
    provenance: dict[str, Any]
    uncertainty: np.ndarray | None = None
    latent: np.ndarray | None = None
    filled: np.ndarray | None = None
    restored: int = 0
    checks: tuple[Check, ...] = ()
    spread: np.ndarray | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the run was cancelled before anything was restored: its image is the input."""
        return self.finish == 'cancelled' and not self.provenance.get('steps', 1)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Refuse to be taken for pixels, of which it holds several."""
        raise ImageError('this is a whole Result, not pixels; give its .image')
