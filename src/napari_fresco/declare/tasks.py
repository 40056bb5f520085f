"""The tasks: the inputs, outputs and checks of each, and its effect on the image.

Everything that depends on the task asks this table; only solvers keep tables of their own,
of schedules and start values by task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..errors import ParameterError
from ..types import Task
from .names import spelled, unknown


@dataclass(frozen=True)
class TaskFacts:
    """A task as data.

    Attributes
    ----------
    name, title, summary : str
        Identifier in code, name shown to people, and what is done, in one sentence.
    verb : str
        What is done, in a word.
    trouble : str
        What is wrong with an image that it is for.
    needs : tuple of str
        Options of a call without which it cannot run: 'mask', 'kernel'.
    takes : tuple of str
        Options that change what it does, those that it needs among them: 'mask', 'guides',
        'kernel', 'sigma', 'scale', 'keep_known', 'neighbours', 'along'. Options that are named for
        no task serve all.
    gives : tuple of str
        What comes beside the image from methods that know it: 'kernel'.
    estimable : tuple of str
        Options that can be estimated first: 'sigma', 'kernel'.
    pointwise : bool
        The operator commutes with a map of single values, so that photon noise can be stabilised.
    photon_noise : bool
        Photon noise is looked for where no noise level is given.
    gains_colour : bool
        A one-channel mosaic becomes RGB.
    from_jpeg : bool
        The image was compressed as JPEG: its values end at black and white, luma and chroma
        lie apart, and the prior is a network made for that.
    checks : tuple of str
        What is verified about a result; see :mod:`napari_fresco.evidence.check_limits`.
    """

    name: Task
    title: str
    verb: str
    trouble: str
    summary: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    estimable: tuple[str, ...] = ()
    pointwise: bool = False
    photon_noise: bool = False
    gains_colour: bool = False
    from_jpeg: bool = False
    checks: tuple[str, ...] = ()

    @property
    def reads_noise(self) -> bool:
        """Whether the result depends on the noise level, for methods that are given it."""
        return 'sigma' in self.takes

    @property
    def changes_size(self) -> bool:
        """Whether the result has more pixels than the image."""
        return 'scale' in self.takes


_LIGHT = ('light', 'regions', 'clipping', 'rounding')
_RESIDUAL = ('noise', 'parts', 'whiteness', 'spectrum', 'lines', 'objects', 'structure', 'worse')
_GIVEN = ('sigma', 'camera', 'data_range', 'training')
_STORED = ('mosaic', 'channels')
_SCANNED = ('stripes', 'scan', 'repeated', 'wrapped')

_ENTRIES = (
    TaskFacts(
        name='denoise',
        title='Denoise',
        verb='denoise',
        trouble='Noise',
        summary='Remove noise.',
        takes=('sigma', 'neighbours', 'along'),
        estimable=('sigma',),
        pointwise=True,
        photon_noise=True,
        checks=(*_LIGHT, *_RESIDUAL, 'repainted', 'range', *_GIVEN, *_STORED, *_SCANNED, 'areas'),
    ),
    TaskFacts(
        name='deblur',
        title='Deblur',
        verb='deblur',
        trouble='Blur',
        summary='Undo the blur of a known kernel.',
        needs=('kernel',),
        takes=('kernel', 'sigma'),
        gives=('kernel',),
        estimable=('sigma', 'kernel'),
        photon_noise=True,
        checks=(
            *_LIGHT,
            'whiteness',
            'fit',
            'lines',
            'objects',
            'contrast',
            'structure',
            'consistency',
            'overshoot',
            'saturation',
            *_GIVEN,
            *_STORED,
            *_SCANNED,
            'outliers',
            'areas',
            'offset',
            'kernel',
        ),
    ),
    TaskFacts(
        name='inpaint',
        title='Fill damage (inpaint)',
        verb='fill',
        trouble='Damage: cracks, losses, scratches',
        summary='Fill what a mask marks as damaged.',
        needs=('mask',),
        takes=('mask', 'guides', 'sigma', 'keep_known'),
        estimable=('sigma',),
        pointwise=True,
        checks=('clipping', 'rounding', *_GIVEN, *_STORED, 'mask', 'placement', 'hole'),
    ),
    TaskFacts(
        name='super_resolve',
        title='Enlarge (super-resolve)',
        verb='enlarge',
        trouble='Too few pixels',
        summary='Enlarge by a whole number.',
        takes=('kernel', 'sigma', 'scale'),
        gives=('kernel',),
        estimable=('sigma', 'kernel'),
        photon_noise=True,
        checks=(
            *_LIGHT,
            'lines',
            'structure',
            'consistency',
            'overshoot',
            'saturation',
            *_GIVEN,
            *_STORED,
            *_SCANNED,
            'outliers',
            'areas',
            'kernel',
        ),
    ),
    TaskFacts(
        name='demosaic',
        title='Demosaic',
        verb='demosaic',
        trouble='A raw colour mosaic',
        summary='Make a colour image of the raw mosaic of a camera.',
        takes=('sigma',),
        pointwise=True,
        gains_colour=True,
        checks=('light', 'clipping', *_GIVEN),
    ),
    TaskFacts(
        name='deblock',
        title='Remove JPEG blocks',
        verb='deblock',
        trouble='Blocks of a JPEG',
        summary='Remove the artefacts of JPEG compression.',
        from_jpeg=True,
        checks=('light', 'clipping', 'range', 'data_range', 'training', 'channels'),
    ),
)

TASKS: Mapping[Task, TaskFacts] = MappingProxyType({facts.name: facts for facts in _ENTRIES})


WORDS: Mapping[str, str] = MappingProxyType(
    {
        'denoising': 'denoise',
        'noise': 'denoise',
        'deblurring': 'deblur',
        'deconvolution': 'deblur',
        'deconvolve': 'deblur',
        'sharpen': 'deblur',
        'inpainting': 'inpaint',
        'fill': 'inpaint',
        'super_resolution': 'super_resolve',
        'superresolution': 'super_resolve',
        'enlarge': 'super_resolve',
        'upscale': 'super_resolve',
        'demosaicing': 'demosaic',
        'debayer': 'demosaic',
        'deblocking': 'deblock',
    }
)
"""Other words for tasks."""


def find_task_facts(name: str) -> TaskFacts:
    """Return the facts of the task called `name`.

    Raises ParameterError when there is none.
    """
    for facts in _ENTRIES:
        if facts.name == spelled(name):
            return facts
    raise ParameterError(unknown(name, TASKS, 'task', WORDS))


def tasks_with(option: str) -> tuple[Task, ...]:
    """Return the tasks that take `option`."""
    return tuple(facts.name for facts in _ENTRIES if option in facts.takes)
