"""The paths of the parts of a result, and writing them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..declare.call import Call
from ..declare.fields import flag
from ..declare.methods import ESTIMATORS, METHODS
from ..errors import ParameterError
from ..image.letters import UNNAMED, leading_first
from ..image.model import Image
from ..io.apart import check_apart
from ..io.atomic import settle
from ..io.files import SUFFIXES, TIFF, check_output, write, write_json, write_text
from ..types import Result

BESIDE = ('variance', 'uncertainty', 'spread', 'latent', 'kernel', 'provenance', 'report')
"""What can be kept beside the image."""

TEXTS = {'provenance': '.json', 'report': '.html'}
"""Suffixes of what is no image."""

_MAPS = (*TIFF, '.npy')  # formats of floating-point numbers
_KEPT = ('flavour', 'compression', 'predictor', 'resolution_unit')  # of a file, for its maps

Part = tuple[Image, Result, Mapping[str, Any]]
"""An image, what was made of it, and what the command in a report needs to know besides: files of
mask, kernel and map of the noise, and the channels that were picked."""


@dataclass(frozen=True)
class Outputs:
    """The paths of the parts of a result; None for those that are not kept."""

    image: Path
    variance: Path | None = None
    uncertainty: Path | None = None
    spread: Path | None = None
    latent: Path | None = None
    kernel: Path | None = None
    provenance: Path | None = None
    report: Path | None = None

    def kept(self) -> dict[str, Path]:
        """Return the paths that are given, by kind."""
        kinds = ('image', *BESIDE)
        return {kind: path for kind in kinds if (path := getattr(self, kind)) is not None}

    def check(self, call: Call, *, overwrite: bool) -> None:
        """Refuse outputs that cannot be written, before any work is done.

        Raises FileError when a path cannot be written, or two are the same.
        Raises ParameterError when the method does not give what is to be kept.
        """
        paths = self.kept()
        for kind, path in paths.items():
            texts = (TEXTS[kind],) if kind in TEXTS else _MAPS
            suffixes = SUFFIXES if kind == 'image' else texts
            check_output(path, suffixes=suffixes, overwrite=overwrite)
        check_apart(paths.values())
        check_given(call, paths)

    def numbered(self, number: int) -> Outputs:
        """Return the places of one of several images: ``a_1.png``, ``a_2.png`` and so on."""
        paths = {k: p.with_name(f'{p.stem}_{number}{p.suffix}') for k, p in self.kept().items()}
        return replace(self, **paths)

    def write(
        self,
        parts: Sequence[Part],
        *,
        overwrite: bool,
        store: Path | None = None,
    ) -> list[Path]:
        """Write all outputs, several images into one file; return the files.

        `store`: where the image is already, perhaps under another name.
        """
        written: list[Path] = []
        for kind, path in reversed(self.kept().items()):  # who sees the image sees everything
            if kind == 'report':
                written += _write_reports(path, parts, self.image, overwrite)
                continue
            if kind == 'image' and store is not None:
                if store != path:
                    settle(store, path)
                written.append(path)
                continue
            if kind == 'provenance':
                records = [result.provenance for _, result, _ in parts]
                record = records[0] if len(records) == 1 else {'images': records}
                write_json(path, record, overwrite=overwrite)
            else:
                made = [_made(kind, source, result) for source, result, _ in parts]
                contents = [image for image in made if image is not None]
                if not contents:
                    continue
                write(path, contents, overwrite=overwrite)
            written.append(path)
        return written


def check_given(call: Call, kinds: Sequence[str] | dict[str, Path]) -> None:
    """Refuse outputs that the method does not give.

    Raises ParameterError, which says how the method can be made to give it.
    """
    for kind in kinds:
        if kind not in TEXTS and kind not in call.gives:
            raise ParameterError(
                f'--save-{kind}: {call.method.name} gives no {kind} for task '
                f'{call.task}{_advice(kind, call)}'
            )


def _advice(kind: str, call: Call) -> str:
    """Return how to make the result hold `kind`, if it can."""
    ways = [
        flag(name) if value is True else f'{flag(name)} {value}'
        for name, value in call.method.gives_if_asked(call.task).get(kind, ())
    ]
    if kind in METHODS[ESTIMATORS[0]].outputs and 'sigma' in call.method.estimable(call.task):
        ways.append(f'--sigma {ESTIMATORS[0]}')
    return f' unless asked for it; add {" or ".join(ways)}' if ways else ''


def _made(kind: str, source: Image, result: Result) -> Image | None:
    """Return a part of a result as an image with the metadata of its source."""
    data = getattr(result, kind)
    if data is None or isinstance(data, Image):
        return data
    geometry = result.provenance['geometry']
    place = {'scale': geometry['scale'], 'shift': geometry['offset']}
    if kind == 'image':
        return source.like(data, **place)
    data = np.asarray(data, np.float32)
    if kind in ('kernel', 'latent'):
        return Image(data, UNNAMED[: data.ndim - 2] + 'YX')
    axes = leading_first(source.axes)
    axes = axes if data.ndim == len(axes) else axes.replace('S', '')
    kept = {key: source.metadata[key] for key in _KEPT if key in source.metadata}
    return replace(source.like(data, axes=axes, **place), metadata=kept)


def _write_reports(
    path: Path,
    parts: Sequence[Part],
    output: Path,
    overwrite: bool,
) -> Iterator[Path]:
    """Write a report of each image: ``a.html``, then ``a_2.html`` and so on."""
    from ..evidence import report_text

    for number, (source, result, told) in enumerate(parts, 1):
        place = path if number == 1 else path.with_name(f'{path.stem}_{number}{path.suffix}')
        files = {'image': str(source.metadata['path']), 'output': str(output), **told}
        write_text(place, report_text(result, source, files=files), overwrite=overwrite)
        yield place
