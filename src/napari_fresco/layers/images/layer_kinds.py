"""The kinds of layers of this plugin, marked in their metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels, Shapes

if TYPE_CHECKING:
    import napari

LayerData = tuple[Any, dict[str, Any], str]
"""Data, attributes and kind of a layer, as napari passes them about."""

METADATA = 'napari_fresco'
"""How a layer was made: the provenance of a result, or the record of a simulation."""

FILE = 'napari_fresco_file'
"""What the file of a layer says beside its pixels; goes back when the layer is saved."""

PRINT = 'print_spacing'
"""Of what a file says: the resolution of a print, which places no layer in the world."""

SCALE = 'napari_fresco_scale'
"""How the size of a pixel was found: between two points, with its uncertainty."""

KERNEL = 'napari_fresco_kernel'
"""Marks a blur kernel: True, or what is known of it, such as its downsampling and scale."""

VARIANCE = 'napari_fresco_variance'
"""Marks a map of noise variances, in squared image units."""

UNCERTAINTY = 'napari_fresco_uncertainty'
"""Marks a map of standard deviations of the error of a result, in image units."""

SPREAD = 'napari_fresco_spread'
"""Marks a map of standard deviations among what a result is the mean of, in image units."""

NOISE = 'napari_fresco_noise'
"""Marks a map of the noise, as standard deviations in image units."""

LATENT = 'napari_fresco_latent'
"""Marks latent maps, which have no units."""

EVIDENCE = 'napari_fresco_evidence'
"""Marks a map of what is known of a result: what it maps, its unit, and of which layer."""

FILLS = 'napari_fresco_fills'
"""What was filled in a layer: its :class:`~napari_fresco.layers.fills.fills.Fills`."""

NUMBERS = 'napari_fresco_numbers'
"""Marks labels with the numbers of fills, by the unique id of the layer that grows."""

RUN = 'napari_fresco_run'
"""How losses of a result were filled, as :class:`~napari_fresco.intervention.FillRun`."""

PAINTED = 'napari_fresco_painted'
"""What was newly painted in a layer that was opened from a file: of its shape without colours."""

KEPT_RUNS = 'napari_fresco_runs'
"""The runs that filled losses of a layer that was opened from a file."""

MADE = 'napari_fresco_made'
"""What was asked for a result, as :class:`~napari_fresco.layers.results.made.Made`."""

ITERATES = 'napari_fresco_iterates'
"""Estimates of the run of a result that are kept, so that an earlier one can be used."""

INSERT = 'napari_fresco_insert'
"""Marks an image that holds nothing but what was filled."""

RENDERED = 'napari_fresco_rendered'
"""How the fills of a layer are rendered."""

COMPARISON = 'napari_fresco_comparison'
"""Marks what compares two images, by their names: a swipe, a difference."""

SWEEP = 'napari_fresco_sweep'
"""Marks results of several settings side by side, with the values."""

DAMAGE = 'napari_fresco_damage'
"""Marks labels that say what is damaged, not what is where."""

GUIDES = 'napari_fresco_guides'
"""Marks lines that must continue through losses."""

PROPOSAL = 'napari_fresco_proposal'
"""Marks labels that show what a mask would be; gone when they are taken over."""

SCRIBBLES = 'napari_fresco_scribbles'
"""Marks strokes over damage (1) and paint (2) that a classifier learns from."""

TRUTH = 'napari_fresco_truth'
"""Marks the image that another one was made from: there to compare with, not to restore."""

MADE_OF = 'napari_fresco_made_of'
"""Unique id of the layer that another one was made of, in the session that made it."""

TRUTH_ID = 'napari_fresco_truth_id'
"""Unique id of the image that a simulated layer was made from, in the session that made it."""

_MARKS = (KERNEL, VARIANCE, UNCERTAINTY, SPREAD, NOISE, LATENT, EVIDENCE, INSERT, COMPARISON, SWEEP)


def is_picture(layer: napari.layers.Layer) -> bool:
    """Say whether `layer` is an image that may be restored, not a kernel or a map."""
    return isinstance(layer, Image) and not any(mark in layer.metadata for mark in _MARKS)


def may_be_restored(layer: napari.layers.Layer) -> bool:
    """Say whether `layer` is a picture to restore."""
    return is_picture(layer) and TRUTH not in layer.metadata


def may_be_mask(layer: napari.layers.Layer) -> bool:
    """Say whether `layer` holds labels or outlines that may mark damage."""
    drawn = isinstance(layer, Labels | Shapes)
    return drawn and not any(mark in layer.metadata for mark in (PROPOSAL, SCRIBBLES, GUIDES))


def is_outlines(layer: napari.layers.Layer) -> bool:
    """Say whether `layer` holds outlines."""
    return isinstance(layer, Shapes)


def may_be_noise(layer: napari.layers.Layer) -> bool:
    """Say whether `layer` may hold the noise of each pixel: a gray image or a variance map."""
    others = (KERNEL, UNCERTAINTY, SPREAD, LATENT, COMPARISON)
    gray = isinstance(layer, Image) and not layer.rgb
    return gray and not any(mark in layer.metadata for mark in others)


def kernel_facts(layer: napari.layers.Layer) -> Mapping[str, Any]:
    """Return the facts of the kernel that `layer` holds; empty for one made by hand."""
    facts = layer.metadata.get(KERNEL)
    return facts if isinstance(facts, Mapping) else {}


def variance_scale(layer: napari.layers.Layer) -> int:
    """Return the pixels of a variance map per pixel of the image it was found in."""
    record = layer.metadata.get(METADATA)
    known = VARIANCE in layer.metadata and isinstance(record, Mapping)
    return int(record.get('scale', 1)) if known else 1


def truth_name(layer: napari.layers.Layer) -> str:
    """Return the name that the image had which a simulated `layer` was made from."""
    record = layer.metadata.get(METADATA)
    return str(record.get('truth') or '') if isinstance(record, Mapping) else ''


def record_of(layer: Any) -> Mapping[str, Any]:
    """Return the provenance of a result layer; empty for other layers."""
    record = layer.metadata.get(METADATA)
    return record if isinstance(record, Mapping) and 'method' in record else {}


def is_source(layer: Any) -> bool:
    """Say whether a layer is no result, but what results may be made of."""
    return not record_of(layer)


def source_name(layer: Any) -> str:
    """Return the name that the layer had which a result was made of."""
    return str((record_of(layer).get('source') or {}).get('layer', ''))
