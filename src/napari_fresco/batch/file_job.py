"""The work of ``restore`` and of batches on one file: read, restore, write."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ..declare.call import Call
from ..declare.presets import Preset, PresetLike
from ..declare.tasks import TASKS
from ..errors import ImageError
from ..evidence.references import Reference, distinct, references
from ..image.model import Image
from ..io.apart import check_apart
from ..io.atomic import atomic_path
from ..io.files import TIFF, check_holds, list_series, read
from ..io.mask_files import read_mask
from ..io.pictures import LOSSY, is_lossy
from ..io.zarr_store import SUFFIX
from ..restoration.session import Session
from ..types import Result, Step
from .outputs import Outputs
from .side_files import counted_from_file, files_in, told_sides, with_contents


@dataclass(frozen=True, eq=False)
class FileOutcome:
    """The outcome of one file.

    `written`: the files that were written; none after a run that was cancelled too early.
    `results`: of each of its images, without pixels.
    `read`: what reading had to say.
    `notes`: what was done that the user may not expect.
    """

    written: tuple[Path, ...]
    results: tuple[Result, ...]
    read: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def cancelled(self) -> bool:
        """Whether the last run was broken off."""
        return any(result.finish == 'cancelled' for result in self.results)

    @property
    def summary(self) -> str:
        """The method and task in a few words."""
        record = self.results[-1].provenance
        partial = ', cancelled: the best estimate so far' if self.cancelled else ''
        if self.results[-1].is_empty and not self.written:
            partial = ', cancelled before anything was restored: nothing was written'
        return f'{record["title"]} {record["task"]}, {self.seconds:g} s{partial}'

    @property
    def seconds(self) -> float:
        """Time that the restorations took."""
        every = [float(result.provenance['seconds']) for result in self.results]
        return round(sum(every), 3)

    @property
    def told(self) -> tuple[str, ...]:
        """The notes on the file and on its restorations, each once."""
        said = [each for result in self.results for each in result.provenance.get('notes', ())]
        return tuple(dict.fromkeys([*self.notes, *said]))

    @property
    def warnings(self) -> list[str]:
        """The warnings of reading and restoring, each once."""
        said = [each for result in self.results for each in result.provenance['warnings']]
        return list(dict.fromkeys([*self.read, *said]))

    @property
    def failed(self) -> dict[str, str]:
        """Messages of the checks that failed, by name."""
        checks = [check for result in self.results for check in result.checks]
        return {check.name: check.message for check in reversed(checks) if not check.ok}

    @property
    def weights(self) -> dict[str, str | None]:
        """Names and hashes of the weights that were used."""
        used = [each for result in self.results for each in result.provenance['weights']]
        return {each['name']: each['sha256'] for each in used}

    @property
    def references(self) -> tuple[Reference, ...]:
        """The works that were used, each once."""
        every = (each for result in self.results for each in references(result.provenance))
        return distinct(every)


@dataclass(frozen=True, eq=False)
class FileJob:
    """A restoration that waits for its image.

    `call`: what is asked, checked as far as it does not depend on the image.
    `given`: options and parameters, as :func:`napari_fresco.restore` takes them.
    `mask`: file of the damage.
    `files`: what was read beside the image.
    `sides`: the files of mask, kernel and map of the noise, by option, or option and channel.
    `overwrite`: replace existing files.
    `series`: number or name of the image in a file of several; None restores them all.
    `channels`: names or numbers of the channels to restore; all by default.
    """

    call: Call
    given: Mapping[str, Any]
    mask: Path | None = None
    overwrite: bool = False
    series: int | str | None = None
    channels: Sequence[int | str] = field(default=())
    files: tuple[Path, ...] = ()
    sides: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        method: str | None,
        task: str | None = None,
        *,
        preset: PresetLike = None,
        parameters: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        kernel_index: int | None = None,
        overwrite: bool = False,
        series: int | str | None = None,
        channels: Sequence[int | str] = (),
    ) -> FileJob:
        """Check all that does not depend on an image, and read its files.

        `options`: of a call; mask, guides, kernel and sigma may name files.
        Raises FrescoError when something given is wrong.
        """
        named, own = dict(options or {}), dict(parameters or {})
        files, sides = tuple(files_in(named)), told_sides(named)
        mask = named.pop('mask', None)
        named = with_contents(named, kernel_index)
        given = {'preset': Preset.of(preset), **named, **own}
        call = Call.of(method, task, given={**given, 'mask': mask})
        return cls(
            call,
            {'method': method, 'task': task, **given},
            None if mask is None else Path(mask),
            overwrite,
            series,
            channels,
            files,
            sides,
        )

    def run(
        self,
        image: Path,
        outputs: Outputs,
        session: Session,
        *,
        partial: bool = True,
        progress: bool = False,
        callback: Callable[[Step], object] | None = None,
        cancelled: Callable[[], bool] | None = None,
        doubtful: Callable[[str], object] | None = None,
        before_writing: Callable[[], None] = lambda: None,
    ) -> FileOutcome:
        """Restore the file `image` and write the result, if it is whole or may be `partial`.

        `doubtful`: told before the run what is doubtful about it; see
            :meth:`~napari_fresco.restoration.session.Session.doubts`.
        `before_writing`: called when everything is restored; what it raises leaves the results
            unwritten.
        """
        several, notes = self._several(image)
        places = self._places(outputs, len(several))
        if len(places) > 1:
            notes += (f'they are written as {", ".join(str(p.image) for p in places)}',)
        check_apart([p for place in places for p in place.kept().values()], [image, *self.files])
        damage = None if self.mask is None else read_mask(self.mask)
        sources = [self._read(image, outputs.image, each, damage) for each in several]
        said = (*_warnings_of(source for source, _, _ in sources), *self._lost_in(outputs.image))
        if doubtful is not None:
            doubts = (session.doubts(source, **asked) for source, asked, _ in sources)
            for doubt in chain.from_iterable(doubts):
                doubtful(doubt)
        written, results = list[Path](), list[Result]()
        groups = [sources] if len(places) == 1 else [[source] for source in sources]
        for place, group in zip(places, groups, strict=True):
            with self._growing(place.image, partial=partial) as store:
                shown: Any = {'progress': progress, 'callback': callback, 'cancelled': cancelled}
                made = [session.restore(s, output=store, **shown, **asked) for s, asked, _ in group]
                results += map(_without_pixels, made)
                broken_off = any(result.finish == 'cancelled' for result in made)
                if all(result.is_empty for result in made) or (broken_off and not partial):
                    if store == place.image:
                        shutil.rmtree(store, ignore_errors=True)
                    return FileOutcome(
                        tuple(written) if partial else (), tuple(results), said, notes
                    )
                before_writing()
                written += place.write(
                    [(s, own, told) for (s, _, told), own in zip(group, made, strict=True)],
                    overwrite=self.overwrite,
                    store=store,
                )
        return FileOutcome(tuple(written), tuple(results), said, notes)

    def _lost_in(self, target: Path) -> tuple[str, ...]:
        """Say that known pixels are not kept, where the format of the result changes them."""
        if 'mask' in TASKS[self.call.task].needs and is_lossy(target):
            return (f'{target.name}: {LOSSY}',)
        return ()

    def _places(self, outputs: Outputs, count: int) -> list[Outputs]:
        """Return the checked outputs of `count` images: one of TIFF, else one for each."""
        if count > 1 and outputs.image.suffix.lower() not in TIFF:
            places = [outputs.numbered(i + 1) for i in range(count)]
        else:
            places = [outputs]
        for place in places:
            place.check(self.call, overwrite=self.overwrite)
        return places

    @contextmanager
    def _growing(self, target: Path, *, partial: bool) -> Iterator[Path | None]:
        """Lend the store that a result grows in: in its place, if it may be seen there in parts.

        None where the format of `target` is another one.
        """
        if target.suffix.lower() != SUFFIX:
            yield None
        elif partial and not target.exists():
            yield target
        else:
            with atomic_path(target) as part:
                yield part

    def _several(self, image: Path) -> tuple[list[int | str | None], tuple[str, ...]]:
        """Return which of the images in a file are meant, None for the only one, and a note."""
        if self.series is not None:
            return [self.series], ()
        found = list_series(image)
        if len(found) == 1:
            return [None], ()
        names = ', '.join(name for _, name in found)
        note = (
            f'{image} holds {len(found)} images, all of which are restored: {names}; '
            '--series picks one'
        )
        return [number for number, _ in found], (note,)

    def _read(
        self, path: Path, output: Path, series: int | str | None, damage: Image | None
    ) -> tuple[Image, dict[str, Any], dict[str, Any]]:
        """Read an image with all its axes named, and make sure that `output` can hold it.

        Returns the image, the options of its call, which name its axes as they were asked for, so
        that its record does, and what a command needs to know besides: files, channels.
        """
        options = self.call.options
        whole = Image.of(read(path, series=series), axes=options.axes, rgb=options.rgb)
        image = _of_channels(whole, self.channels, path)
        gained = TASKS[self.call.task].gains_colour and 'S' not in image.axes
        dtype = image.dtype if options.dtype is None else np.dtype(options.dtype)
        shape = image.shape + (3,) * gained
        check_holds(output, dtype, shape, image.axes + 'S' * gained)
        given = counted_from_file(self.given, whole, self.channels)
        told = counted_from_file(self.sides, whole, self.channels)
        told['channels'] = tuple(self.channels)
        return image, {**given, 'mask': damage}, told


def _warnings_of(images: Iterable[Image]) -> Iterator[str]:
    """Yield what reading files has warned of."""
    return chain.from_iterable(image.metadata.get('warnings', ()) for image in images)


def _without_pixels(result: Result) -> Result:
    """Return a result without pixels, so that those of many images do not stay in memory."""
    maps: dict[str, Any] = dict.fromkeys(('variance', 'kernel', 'uncertainty', 'latent', 'filled'))
    return replace(result, image=None, **maps)


def _of_channels(image: Image, wanted: Sequence[int | str], path: Path) -> Image:
    """Return an image of some of its channels; all where none is named."""
    try:
        return image.channel(*wanted) if wanted else image
    except ImageError as error:
        raise ImageError(f'{path}: {error}') from None
