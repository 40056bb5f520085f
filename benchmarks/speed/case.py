"""What one line of the speed benchmark is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .report import Work

if TYPE_CHECKING:
    import torch
    from torch import Tensor

AUTHORS = 'authors'
PEER = 'deepinv'
OURS = ('auto', 'float32')

_QUICK = 4  # how much smaller the images of a quick run are along each side


@dataclass(frozen=True)
class Case:
    """One line of work to be timed.

    Attributes
    ----------
    name, configuration : str
        What it is.
    size : int
        Side of its images in pixels.
    build : callable
        ``build(variant, device, size)`` returns the work.
    variants : tuple of str
        Ways to run it: 'auto' and 'float32' are ours, 'authors' is theirs;
        whatever begins with 'authors' is a variant of it.
    marks : mapping of str to float
        Least speed relative to `base`, by variant.
    base : str
        The variant that the others are compared with.
    truth : callable, optional
        ``truth(size)`` is what the work should find, ``(1, C, size, size)`` in [0, 1].
    calls : int
        How often the work is done per measurement.
    rounds : int
        Measurements.
    """

    name: str
    configuration: str
    size: int
    build: Callable[[str, torch.device, int], Work]
    variants: tuple[str, ...] = (*OURS, AUTHORS)
    marks: Mapping[str, float] = field(default_factory=dict)
    calls: int = 1
    rounds: int = 5
    base: str = AUTHORS
    truth: Callable[[int], Tensor] | None = None

    def side(self, quick: bool) -> int:
        """Return the side of the images, smaller for a quick run."""
        return self.size // _QUICK if quick else self.size


class Inside(float):
    """The seconds of a work that were spent in a network."""
