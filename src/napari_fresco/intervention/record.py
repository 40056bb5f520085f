"""The record of an intervention: a photograph, its treatment, and the report on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..declare.names import unknown
from ..errors import ParameterError
from ..image.model import Image
from ..io.files import check_output, write_json, write_text
from .condition import Condition
from .drawn_mask import pixels_hash
from .fill_run import FillRun
from .fills_table import FilledLoss, filled_losses, fills_csv, limits_in_words
from .hypotheses import Hypotheses
from .inserts import insert
from .photograph import Bools, Pixels, filled_of, mm_per_pixel_of, plane_of, result_of
from .photograph_facts import photograph_facts
from .renderings import Rendered
from .run_files import run_facts, save_marks, save_runs

NOTES: Mapping[str, str] = MappingProxyType(
    {
        'object': 'Object',
        'place': 'Place',
        'inventory_number': 'Inventory number',
        'operator': 'Operator',
        'date': 'Date of the intervention',
        'reason': 'Reason',
        'remarks': 'Remarks',
    }
)
"""What is said in words, and its headings."""

NOT_GIVEN = 'not given'
_KIND = 'napari-fresco intervention'
_FORM = 1


@dataclass(frozen=True, eq=False)
class Intervention:
    """A photograph, its treatment, and the report on it.

    Attributes
    ----------
    photograph : Image or array-like, ``(H, W)`` or ``(H, W, 3 or 4)``
        As it was; an Image that was read from a file has its name, so that a record can name the
        file and its SHA-256.
    result : Result, Image or array-like
        What was made of it.
    runs : sequence of FillRun
        The runs that filled losses, in their order.
    filled : ndarray of bool, ``(H, W)``, optional
        What was filled in the end; by default what the result says.
    condition : Condition, optional
        The map of damage.
    rendered : Rendered, optional
        How the fill is rendered; by default it is shown as it is.
    hypotheses : Hypotheses, optional
        Several fills, of which this is one.
    notes : mapping
        Free text by the keys of :data:`NOTES`; what is missing is shown as "not given".
    mm_per_pixel : float, optional
        Size of a pixel on the wall; by default the spacing of the photograph.
    scale_source : str
        Where that is known from.

    Raises
    ------
    ImageError, MaskError
        When photograph, result and what was filled do not fit each other.
    ParameterError
        When a note has no such key.

    Examples
    --------
    >>> import numpy as np, napari_fresco as fresco
    >>> wall = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    >>> loss = np.zeros((32, 32), bool)
    >>> loss[10:14, 10:20] = True
    >>> done = fresco.restore(wall, method='dpir', task='inpaint', mask=loss, iterations=1)
    >>> run = fresco.intervention.FillRun.of(done, loss)
    >>> told = fresco.intervention.Intervention(wall, done, [run])
    >>> told.facts()['filled']['losses'], told.facts()['notes']['operator']
    (1, 'not given')
    """

    photograph: Any
    result: Any
    runs: Sequence[FillRun] = ()
    filled: Any = None
    condition: Condition | None = None
    rendered: Rendered | None = None
    hypotheses: Hypotheses | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    mm_per_pixel: float | None = None
    scale_source: str = ''

    def __post_init__(self) -> None:
        for name in self.notes:
            if name not in NOTES:
                raise ParameterError(unknown(name, NOTES, 'note'))
        _ = self.made, self.marks  # checked now rather than in the middle of writing

    @cached_property
    def before(self) -> Pixels:
        """Pixels of the photograph."""
        return plane_of(self.photograph)

    @cached_property
    def made(self) -> Pixels:
        """Pixels of the result."""
        return result_of(self.result, self.before)

    @cached_property
    def marks(self) -> Bools:
        """The filled pixels, ``(H, W)``."""
        return filled_of(self.result, self.filled, self.before.shape)

    @cached_property
    def scale(self) -> float | None:
        """Size of a pixel in mm."""
        return mm_per_pixel_of(self.photograph, self.mm_per_pixel)

    @cached_property
    def losses(self) -> tuple[FilledLoss, ...]:
        """The losses that were filled."""
        return filled_losses(self.before, self.marks, self.runs, self.scale)

    @cached_property
    def insert(self) -> Image | None:
        """The fill alone; None where more was changed, such as the noise."""
        changed = self.made != self.before
        changed = changed.any(axis=-1) if changed.ndim == 3 else changed
        if (changed & ~self.marks).any():
            return None
        return insert(self.photograph, self.made, self.marks)

    def facts(self) -> dict[str, Any]:
        """Return all facts, ready for JSON; without the files of the masks."""
        losses = self.losses
        number = int(np.count_nonzero(self.marks))
        return {
            'kind': _KIND,
            'form': _FORM,
            'written': datetime.now(UTC).isoformat(timespec='seconds'),
            'version': version('napari-fresco'),
            'notes': {name: self.notes.get(name) or NOT_GIVEN for name in NOTES},
            'photograph': photograph_facts(self.photograph),
            'scale': {
                'mm_per_pixel': self.scale,
                'source': (self.scale_source or NOT_GIVEN) if self.scale else NOT_GIVEN,
            },
            'filled': {
                'losses': len(losses),
                'area_px': number,
                'area_cm2': None if self.scale is None else number * self.scale**2 / 100,
                'percent': 100 * number / max(self.marks.size, 1),
                'sha256': pixels_hash(self.marks),
            },
            'result_sha256': pixels_hash(self.made),
            'insert_only': self.insert is not None,
            'rendering': None if self.rendered is None else self.rendered.facts,
            'hypotheses': None if self.hypotheses is None else self.hypotheses.facts(),
            'condition': None if self.condition is None else self.condition.facts(),
            'left': self._left(),
            'limits': limits_in_words(losses),
            'runs': [run_facts(run) for run in self.runs],
            'fills': [loss._asdict() for loss in losses],
        }

    def save(self, path: str | Path, *, overwrite: bool = False) -> list[Path]:
        """Write the record, the masks that repeat it, and the table of fills.

        Parameters
        ----------
        path : str or Path
            ``.json``. Masks lie beside it, as ``NAME.mask-1.png``, what was filled in the end as
            ``NAME.filled.png``, and each fill with the error to expect as ``NAME.fills.csv``.
        overwrite : bool
            Replace existing files.

        Returns
        -------
        list of Path
            What was written, the record last.

        Raises
        ------
        FileError
            When a file exists or cannot be written.
        """
        path = Path(path)
        check_output(path, suffixes=('.json',), overwrite=overwrite)
        record, written = self.facts(), []

        def beside(name: str, suffix: str = '.png') -> Path:
            written.append(path.with_name(f'{path.stem}.{name}{suffix}'))
            return written[-1]

        record['runs'] = save_runs(self.runs, beside, overwrite=overwrite)
        record['filled'] |= save_marks(beside('filled'), self.marks, overwrite=overwrite)
        table = beside('fills', '.csv')
        write_text(table, fills_csv(self.losses), suffixes=('.csv',), overwrite=overwrite)
        write_json(path, record, overwrite=overwrite)
        return [*written, path]

    def _left(self) -> list[dict[str, Any]]:
        """Return the classes of damage that were left as they are, and who decided it."""
        if self.condition is None:
            return []
        found = []
        for each, mask in self.condition.masks.items():
            fits = mask.shape == self.marks.shape
            left = int(np.count_nonzero(mask & ~self.marks)) if fits else 0
            if left and each.damaged:
                why = 'filled in part' if each.filled else 'mapped, and left by decision'
                found.append({'name': each.name, 'area_px': left, 'why': why})
        return found
