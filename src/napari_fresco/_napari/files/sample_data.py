"""The samples as layers, complete with mask or kernel; their truth is hidden below."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import samples
from ...layers.images.layer_kinds import DAMAGE, KERNEL, METADATA, TRUTH, LayerData


def mural() -> list[LayerData]:
    """Return a damaged mural, the mask of its damage, and its truth."""
    sample = samples.mural()
    damage = np.asarray(sample.mask, dtype=np.uint8)
    mask = {'name': 'mural damage', 'opacity': 0.5, 'metadata': {DAMAGE: True}}
    return [
        _truth(sample, rgb=True),
        (sample.image, {'rgb': True, **_named(sample), **_space(sample)}, 'image'),
        (damage, {**mask, **_space(sample)}, 'labels'),
    ]


def micrograph() -> list[LayerData]:
    """Return a blurred, noisy micrograph, its point spread function, and its truth."""
    sample = samples.micrograph()
    psf = {'name': 'micrograph PSF', 'visible': False, 'metadata': {KERNEL: True}}
    limits = [float(n) for n in np.percentile(sample.image, (0.1, 99.9))]
    look = {'rgb': False, 'contrast_limits': limits, **_named(sample)}
    return [
        _truth(sample, rgb=False),
        (sample.kernel, {**psf, 'rgb': False, **_space(sample)}, 'image'),
        (sample.image, {**look, **_space(sample)}, 'image'),
    ]


def _named(sample: samples.Sample) -> dict[str, Any]:
    return {'name': sample.name, 'metadata': {METADATA: {'truth': _name_of_truth(sample)}}}


def _name_of_truth(sample: samples.Sample) -> str:
    return f'{sample.name} truth'


def _truth(sample: samples.Sample, *, rgb: bool) -> LayerData:
    name, marks = _name_of_truth(sample), {TRUTH: True}
    look = {'name': name, 'rgb': rgb, 'visible': False, 'metadata': marks}
    return sample.truth, {**look, **_space(sample)}, 'image'


def _space(sample: samples.Sample) -> dict[str, Any]:
    return {'scale': sample.scale, 'units': sample.units, 'axis_labels': ('y', 'x')}
