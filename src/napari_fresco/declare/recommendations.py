"""The recommended method for each task and kind of image: a table, with reasons.

The reasons are measurements of ``benchmarks/RESULTS.md``. Data and a pure function; what is known
of an image is found by :mod:`napari_fresco.restoration.image_facts`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..types import Task
from .tasks import find_task_facts

NARROW, INVENTED, VALIDATED = 6, 48, 64
"""Widths of a loss in pixels: filled from its rim, made up from there on, and tested up to."""

_LARGE = 32 * 2**20  # pixels from which on it is the time that matters
_HARDLY = 1 / 255  # of the range: noise that is hardly seen


@dataclass(frozen=True)
class ImageFacts:
    """The facts about an image that a recommendation depends on.

    Attributes
    ----------
    pixels : int
        Over all planes, without colours.
    channels : int
        1, or 3 for colours.
    noise : float, optional
        Standard deviation of the noise, as a part of the range of the image.
    photon_noise : bool
        The noise grows with the light, as that of a camera that counts it.
    grain : bool
        Neighbouring pixels share their noise.
    jpeg : bool
        Blocks of 8 x 8 pixels show.
    kernel : int
        Number of axes of the blur kernel; 0 where there is none.
    widest : float, optional
        Diameter in pixels of the widest loss of the mask.
    scale : int
        Enlargement that is wanted.
    no_photograph : str
        Why its colours are no photograph; empty where they may be one.
    """

    pixels: int = 0
    channels: int = 1
    noise: float | None = None
    photon_noise: bool = False
    grain: bool = False
    jpeg: bool = False
    kernel: int = 0
    widest: float | None = None
    scale: int = 1
    no_photograph: str = ''

    @property
    def large(self) -> bool:
        """Whether it is the time that matters."""
        return self.pixels > _LARGE


@dataclass(frozen=True)
class Recommendation:
    """A method for an image, and why.

    Attributes
    ----------
    task : Task
        What is to be done.
    method : str
        Name of the method.
    reason : str
        Why, in one sentence.
    caution : str
        What to be careful about; empty where nothing is known.
    options : mapping
        What to give beside, for :func:`napari_fresco.restore`.
    """

    task: Task
    method: str
    reason: str
    caution: str = ''
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A line of the table.

    `task`: what is wanted.
    `case`: when it holds, in words; empty for everything else.
    `holds`: the same as a function.
    `method`, `reason`: what is recommended, and why.
    `options`: what to give beside.
    """

    task: Task
    case: str
    holds: Callable[[ImageFacts], bool]
    method: str
    reason: str
    options: dict[str, Any] = field(default_factory=dict)


RULES = (
    Rule(
        'denoise',
        'colours, and neighbouring pixels share their noise',
        lambda x: x.channels == 3 and (x.grain or x.jpeg),
        'scunet',
        'neighbouring pixels share their noise, as in photographs and JPEGs, and this network was '
        'trained on such noise: 2 dB above those that are told a level',
    ),
    Rule(
        'denoise',
        'more than 32 million pixels',
        lambda x: x.large,
        'ffdnet',
        'the image is large, and FFDNet works at half resolution; on micrographs it is as good as '
        'DRUNet',
    ),
    Rule(
        'denoise',
        'photon noise',
        lambda x: x.photon_noise,
        'drunet',
        'the noise grows with the light: it is stabilised, and DRUNet is then above classical '
        'denoisers on the mean of every set of micrographs',
    ),
    Rule(
        'denoise',
        '',
        lambda x: True,
        'drunet',
        'white noise of a level that is found in the image; DRUNet keeps most detail',
    ),
    Rule(
        'deblur',
        'a kernel with three axes, more than 32 million voxels',
        lambda x: x.kernel == 3 and x.large,
        'richardson_lucy',
        'the volume is large: DPIR takes about a minute and a half for a million voxels on one '
        'core, Richardson-Lucy a fraction of that',
    ),
    Rule(
        'deblur',
        'a kernel with three axes',
        lambda x: x.kernel == 3,
        'dpir',
        'the kernel has three axes, so that the volume is restored as one: 1.8 to 5.0 dB above '
        'Richardson-Lucy at its best',
    ),
    Rule(
        'deblur',
        'a kernel',
        lambda x: x.kernel == 2,
        'dpir',
        'the kernel is known; DPIR is the best of the methods on the mean of micrographs and '
        'photographs',
    ),
    Rule(
        'deblur',
        'no kernel',
        lambda x: True,
        'dpir',
        'no kernel is chosen: that of straight motion or defocus is found in a photograph, that of '
        'a microscope is made from its optics',
        {'kernel': 'auto'},
    ),
    Rule(
        'super_resolve',
        'a kernel',
        lambda x: x.kernel > 0,
        'usrnet',
        'the blur is known, and USRNet was trained to undo any with one network',
    ),
    Rule(
        'super_resolve',
        'no kernel, by 2, 3 or 4',
        lambda x: x.scale in (2, 3, 4),
        'virnet',
        'the blur is not known; VIRNet finds it, and the noise, in the image, and invents little',
    ),
    Rule(
        'super_resolve',
        'no kernel, by more than 4',
        lambda x: True,
        'dpir',
        'only methods with an exact model of the sampling enlarge that far',
    ),
    Rule(
        'inpaint',
        'losses of at most 6 pixels',
        lambda x: x.widest is not None and x.widest <= NARROW,
        'dpir',
        'no loss is wider than about {widest:.0f} px, so that its rim tells enough; IRCNN is as '
        'good',
    ),
    Rule(
        'inpaint',
        'wider losses',
        lambda x: x.widest is not None,
        'dpir',
        'the widest loss has {widest:.0f} px: DPIR brings patches of the same picture, which keep '
        'its grain',
    ),
    Rule(
        'inpaint',
        'no mask',
        lambda x: True,
        'dpir',
        'the best of the methods at losses of every width; mark the damage to learn more',
    ),
    Rule(
        'demosaic',
        '',
        lambda x: True,
        'dpir',
        'it inverts the mosaic exactly, and smooths colours by what pictures look like',
    ),
    Rule(
        'deblock',
        '',
        lambda x: True,
        'vdir',
        'it needs not be told the quality of the JPEG: 0.8 to 1.1 dB below quality 70',
    ),
)
"""The table; of each task the first line that holds counts."""


def recommended(task: Task, facts: ImageFacts) -> Recommendation:
    """Return which method the table has for `task`.

    Parameters
    ----------
    task : Task
        What is to be done.
    facts : ImageFacts
        What is known of the image.

    Raises
    ------
    ParameterError
        When there is no such task.
    """
    task = find_task_facts(task).name
    rule = next(rule for rule in RULES if rule.task == task and rule.holds(facts))
    reason = rule.reason.format(widest=facts.widest or 0)
    return Recommendation(task, rule.method, reason, _caution(task, facts), dict(rule.options))


def _caution(task: Task, facts: ImageFacts) -> str:
    """Return cautions that hold for every method."""
    if facts.no_photograph:
        return facts.no_photograph
    if task == 'inpaint' and facts.widest is not None:
        return _caution_of_losses(facts.widest)
    if task == 'denoise' and facts.noise is not None and facts.noise < _HARDLY:
        return 'there is hardly any noise: look whether it needs denoising at all'
    if task != 'deblock' and facts.jpeg:
        return 'it was a JPEG, whose blocks may become visible; take the raw file if there is one'
    return ''


def _caution_of_losses(widest: float) -> str:
    if widest <= INVENTED:
        return ''
    said = (
        f'what fills a loss of more than {INVENTED} px is invented; a neutral tone may be more '
        'honest'
    )
    if widest > VALIDATED:
        said += f', and nothing wider than {VALIDATED} px was tested'
    return said
