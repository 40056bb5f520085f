"""Tensors put into the network that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ..errors import WeightsError
from ..networks.facts import Network, facts_of
from .detection import Tensors, outline

_NAMED = 3  # how many keys an error message names before it stops


class Loaded(Network):
    """The type of a network that a checkpoint was put into.

    `scales`: enlargements that the weights were made for; None where nothing tells.
    """

    scales: tuple[int, ...] | None


def assemble(architecture: str, config: Mapping[str, Any], tensors: Tensors, path: Path) -> Loaded:
    """Return the network `architecture` with `tensors` for parameters, and its facts.

    What only training needs is left out.

    Raises WeightsError when names or shapes are not exactly those of the network.
    """
    try:
        network = cast('Loaded', outline(architecture, config))
    except WeightsError as error:
        raise WeightsError(f'{path} {error}') from None
    expected = network.state_dict()
    tensors = _without_training(architecture, tensors)
    wrong = differences(expected, tensors)
    if wrong:
        raise WeightsError(f'{path} does not fit {architecture}: {"; ".join(wrong)}')
    # The outline has no numbers: the tensors become its parameters.
    network.load_state_dict(tensors, strict=True, assign=True)
    network.requires_grad_(False).eval()
    network.facts = facts_of(network)
    return network


def differences(expected: Tensors, given: Tensors) -> list[str]:
    """Return how names, shapes and kinds of tensors differ from those of a network, in words."""
    missing = [name for name in expected if name not in given]
    unexpected = [name for name in given if name not in expected]
    shared = [(name, t, given[name]) for name, t in expected.items() if name in given]
    shapes = [
        f'{name} is {tuple(found.shape)}, not {tuple(wanted.shape)}'
        for name, wanted, found in shared
        if found.shape != wanted.shape
    ]
    kinds = [name for name, wanted, found in shared if found.dtype != wanted.dtype]
    found = {'missing': missing, 'unexpected': unexpected, 'ill-shaped': shapes, 'no float': kinds}
    return [f'{kind}: {_some(names)}' for kind, names in found.items() if names]


def _without_training(architecture: str, tensors: Tensors) -> Tensors:
    if architecture != 'vdir':
        return tensors
    from ..networks.vdir import without_training

    return without_training(tensors)


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ', '.join(names[:_NAMED]) + (f' and {more} more' if more > 0 else '')
