"""The record of a session: its acts on layers as a script, as recipes and in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...errors import FileError, FrescoError
from ...evidence.references import bibliography, references
from ...evidence.repeat import methods_paragraph
from ...intervention.drawn_mask import pixels_hash
from ...io.files import make_folder, write_json, write_text
from ..images.selection import full_resolution
from .session_acts import Act, acts_of, shown, strangers
from .session_files import SessionFiles
from .session_recipes import SessionRecipes
from .session_script import SessionScript

SCRIPT, RECORD, METHODS = 'session.py', 'session.json', 'methods.md'
_KIND = 'napari-fresco session'
_LEFT = 'its pixels were changed since, put together of others, or filled in another session'


@dataclass(frozen=True, eq=False)
class RecordedSession:
    """The acts in a viewer, found in its layers and ready to be written.

    `acts`: runs and undone fills in their order.
    `results`: layers that show what came of them, by the things that they hold.
    `left`: what cannot be repeated, and why.
    """

    acts: list[Act]
    results: Mapping[int, Any]
    left: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, viewer: Any) -> RecordedSession:
        """Look at the layers of a viewer.

        Raises FrescoError when none of them is a result.
        """
        layers = list(viewer.layers)
        acts, others = acts_of(layers), list(dict.fromkeys(strangers(layers)))
        if not acts and others:
            raise FrescoError(f'{", ".join(others)}: {_LEFT}; nothing is left to record')
        if not acts:
            raise FrescoError('no layer is a result yet: restore an image, or fill losses, first')
        found = {id(act.thing): layer for act in acts if (layer := shown(act.thing, layers))}
        known = {layer.name for layer in found.values()}
        left = [f'{name}: {_LEFT}' for name in others if name not in known]
        return cls(acts, found, left)

    def write(self, folder: Path) -> list[Path]:
        """Write the record into a folder that is new or empty, and return the files.

        Raises FileError when the folder holds something, or cannot be written to.
        """
        make_folder(folder)
        if any(folder.iterdir()):
            raise FileError(f'{folder} is not empty; choose a new folder for the session')
        files, recipes = SessionFiles(folder), SessionRecipes(folder)
        script, left = SessionScript(files), list(self.left)
        done, unbatched = [], []
        for act in self.acts:
            problem = script.add(act)
            if problem:
                left.append(f'{act.title}: {problem}')
                continue
            done.append(act)
            image = self._file_of(act, script, recipes)
            why = recipes.add(act, image, script.sides_of(act))
            unbatched += [f'{act.title}: {why}'] if why else []
        if not done:
            raise FrescoError(f'nothing of the session can be repeated: {"; ".join(left)}')
        results = {
            f'{script.name_of(act)}.tif': act.thing for act in done if id(act.thing) in self.results
        }
        names = {file: Path(file).stem for file in results}
        write_text(folder / SCRIPT, script.text(SCRIPT, RECORD, names), suffixes=('.py',))
        batched = recipes.write()
        words = _methods(self.acts, left, dict.fromkeys(unbatched), len(batched))
        write_text(folder / METHODS, words, suffixes=('.md',))
        write_json(folder / RECORD, self._facts(files, results, left))
        inputs = [folder / file for file in files.facts if not file.startswith('..')]
        return [folder / SCRIPT, *batched, folder / METHODS, folder / RECORD, *inputs]

    def _file_of(self, act: Act, script: SessionScript, recipes: SessionRecipes) -> str:
        """Return the file that a recipe finds the image of an act in; empty if there is none."""
        source = act.source
        if source is None:
            return ''
        if source.made is not None:
            return recipes.outcomes.get(id(source.made), '')
        return script.images.get(source.layer_id, '')

    def _facts(
        self, files: SessionFiles, results: Mapping[str, Any], left: list[str]
    ) -> dict[str, Any]:
        layers = {file: self.results[id(thing)] for file, thing in results.items()}
        return {
            'kind': _KIND,
            'written': datetime.now(UTC).isoformat(timespec='seconds'),
            'version': version('napari-fresco'),
            'files': files.facts,
            'runs': [{**act.made.record, 'ended': act.at} for act in self.acts if not act.undone],
            'results': {
                file: {'name': layer.name, 'sha256': pixels_hash(full_resolution(layer))}
                for file, layer in layers.items()
            },
            'left': left,
        }


def record_session(viewer: Any, folder: str | Path) -> list[Path]:
    """Write the acts on the layers of a viewer, so that they can be repeated and published.

    It is found in the layers, each of which knows how it was made. What is gone is told where
    something that is left was made of it.

    Parameters
    ----------
    viewer : napari.Viewer or napari.components.ViewerModel
        Needs no window, and no Qt.
    folder : str or Path
        A new or empty folder, which gets ``session.py``, which does it all again; ``recipe-1.yaml``
        and so on, for ``napari-fresco batch``; ``methods.md``, a methods section with references;
        ``session.json``, which ``napari-fresco cite`` reads; and the masks, kernels and images that
        have no file yet.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    FrescoError
        When no layer is a result, nothing can be repeated, or the folder is not empty.

    Examples
    --------
    >>> from napari.components import ViewerModel
    >>> from napari_fresco.layers import record_session, restore_layer
    >>> import numpy as np
    >>> viewer = ViewerModel()
    >>> wall = viewer.add_image(np.full((32, 32), 100, np.uint8), name='wall')
    >>> layers = restore_layer(viewer, 'wall', method='ffdnet', sigma=5)
    >>> [path.name for path in record_session(viewer, 'session')]
    ['session.py', 'recipe-1.yaml', 'methods.md', 'session.json', 'wall.tif']
    """
    return RecordedSession.of(viewer).write(Path(folder))


def same_as_recorded(record: str | Path, results: Mapping[str, Any]) -> dict[str, bool]:
    """Say of each result of a script whether it is that of the session, bit for bit.

    Parameters
    ----------
    record : str or Path
        The ``session.json`` that :func:`record_session` wrote.
    results : mapping of str to Layer
        The layers, by their names in the record.

    Returns
    -------
    dict of str to bool
        By the names that the layers had in the session.

    Raises
    ------
    FileError
        When the record cannot be read.
    """
    try:
        known = json.loads(Path(record).read_text(encoding='utf-8'))['results']
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(f'{record} is no record of a session: {error}') from None
    return {
        known[file]['name']: pixels_hash(full_resolution(layer)) == known[file]['sha256']
        for file, layer in results.items()
    }


def _methods(acts: list[Act], left: list[str], unbatched: Iterable[str], recipes: int) -> str:
    """Return a methods section, and instructions for repeating the session."""
    runs = [act for act in acts if not act.undone]
    used = bibliography(each for act in runs for each in references(act.made.record))
    numbers = {work.text: number for number, work in enumerate(used, 1)}
    told: dict[str, list[str]] = {}
    for act in runs:
        of = f'*{act.title}* (from *{act.made.request.source}*)'
        told.setdefault(methods_paragraph(act.made.record, numbers), []).append(of)
    lines = ['# Methods', '']
    for text, names in told.items():
        lines += [f'{", ".join(dict.fromkeys(names))}: {text}', '']
    listed = (f'{numbers[work.text]}. {work.text} ({work.used_for})' for work in used)
    lines += ['# References', '', *listed, '']
    lines += ['# To repeat it', '', f'- `python {SCRIPT}` does everything, and compares.']
    lines += [f'- `napari-fresco batch recipe-{n}.yaml`' for n in range(1, recipes + 1)]
    lines += [f'- Not in the script: {name}.' for name in left]
    lines += [f'- In no recipe: {name}.' for name in unbatched]
    return '\n'.join(lines) + '\n'
