"""The making of a layer, kept with it, so that it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ..images.source_layer import Pixels, Source, kept_elsewhere

if TYPE_CHECKING:
    from ..requests.layer_request import PanelRequest


def now() -> str:
    """Return the time, by which acts are put in their order."""
    return datetime.now(UTC).isoformat(timespec='microseconds')


class Outline(NamedTuple):
    """The shape and type of pixels that are not kept."""

    shape: tuple[int, ...]
    dtype: Any


@dataclass(frozen=True, eq=False)
class Made:
    """One run, and its request.

    `request`: what was asked; its image has no pixels but an :class:`Outline`.
    `record`: provenance of the result.
    `at`: when it ended.
    `pixels`: of the result.
    `again`: numbers of the fills that it filled again.
    """

    request: PanelRequest
    record: Mapping[str, Any]
    at: str
    pixels: Pixels = lambda: None
    again: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, request: PanelRequest, record: Mapping[str, Any], pixels: Any = None, **more: Any
    ) -> Made:
        """Return the making of `pixels`."""
        data = request.image.data
        part = replace(request.image, data=Outline(tuple(data.shape), data.dtype))
        asked = replace(request, image=part, reference=None)
        return cls(asked, record, now(), kept_elsewhere(pixels), **more)

    @property
    def source(self) -> Source | None:
        """The layer it was made of."""
        source: Source | None = self.request.image.source
        return source
