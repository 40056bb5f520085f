"""Checks of a run: what is known of a plane and of its noise, handed to the checks of evidence."""

from __future__ import annotations

import math

import numpy as np

from ..evidence.checks import check_result, kernel_given, mask_given, sigma_told, worst
from ..evidence.plane_outcome import Outcome
from ..image.layout import Array
from ..types import Check, Step
from .block import Block
from .noise_model import Scene
from .request import Request


class Checking:
    """Checks planes as they are finished, and keeps the worst that was found.

    `request`: what was asked: the task tells which checks make sense.
    `scene`: tells the noise.
    """

    def __init__(self, request: Request, scene: Scene) -> None:
        self._request, self._scene = request, scene
        self._worst: tuple[Check, ...] = ()
        kernel = request.inputs.kernel
        if kernel is not None and 'kernel' in request.facts.checks:
            self._worst = (kernel_given(kernel.warnings),)

    @property
    def found(self) -> tuple[Check, ...]:
        """All checks that were made, in the order of the task."""
        order = self._request.facts.checks
        return tuple(sorted(self._worst, key=lambda check: order.index(check.name)))

    def add(self, block: Block, step: Step, image: Array) -> None:
        """Check plane `block`, of which `step` is the estimate and `image` is given out."""
        r = self._request
        if getattr(r.params, 'estimate_only', False) or block.problem.y.ndim != 4:
            return
        outcome = self._outcome(block, step, image)
        checks = [*check_result(outcome, r.facts.checks), *self._inputs(block)]
        self._worst = worst([self._worst, checks])

    def _outcome(self, block: Block, step: Step, image: Array) -> Outcome:
        r, pixels = self._request, block.pixels
        predicted, restored = block.predicted(step.x), block.restored(step.x)
        kernel, camera = r.inputs.kernel, block.camera
        return Outcome(
            observed=pixels.colours.astype(np.float64),
            restored=restored,
            given=image if r.facts.gains_colour else r.layout.colours(image),
            predicted=predicted,
            sigma=self._noise(block, predicted),
            unknown=pixels.unknown,
            offset=min(block.range.low, 0.0) if camera is None else camera.offset,
            span=block.range.span,
            margin=0 if kernel is None else math.ceil(max(kernel.shape) / 2 / r.inputs.scale),
        )

    def _noise(self, block: Block, predicted: Array) -> Array | float | None:
        """Return the noise that is expected in the residual, in image units."""
        r = self._request
        if r.facts.from_jpeg or (
            'noise' not in r.facts.checks and 'consistency' not in r.facts.checks
        ):
            return None
        expected = self._scene.expected(block.index, block.pixels, predicted)
        return block.noise() if expected is None else expected

    def _inputs(self, block: Block) -> list[Check]:
        """Check what was given with the image against the image."""
        r = self._request
        found: list[Check | None] = []
        told = r.inputs.sigma
        if isinstance(told, float) and 'sigma' in r.facts.checks and r.reads_noise:
            low, high = self._scene.shown(block.index, block.pixels)
            found.append(sigma_told(told, min(max(told, low), high)))
        if block.pixels.mask is not None and 'mask' in r.facts.checks:
            values = block.pixels.colours.astype(np.float64)
            found.append(mask_given(block.pixels.mask, values))
        return [check for check in found if check is not None]
