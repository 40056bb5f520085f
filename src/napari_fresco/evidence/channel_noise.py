"""The noise of each channel of an image, as it is told, or was found by a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ParameterError
from ..image.by_channel import of_each_channel
from ..image.model import Image
from ..noise.camera import Camera, estimate_camera
from ..noise.level import estimate_noise

Noise = float | Camera
"""The noise of a channel: a standard deviation in image units, or a camera."""

Told = Noise | Sequence[Noise | None] | Mapping[str | int, Noise | None] | None
"""One noise for all channels, or one for each, perhaps by name; None where it is to be found."""


def noise_of_each(told: Told, image: Image) -> tuple[Noise, ...]:
    """Return the noise of each channel of an image; of an image without several a single one.

    Raises ParameterError when there is not one for each.
    """
    count = len(image.channel_names) or 1
    if isinstance(told, Mapping):
        told = list(of_each_channel(told, image, 'noise', ParameterError))
    each = told if isinstance(told, list | tuple) and not isinstance(told, Camera) else None
    if each is None:
        each = [told] * count
    elif len(each) != count:
        named = f': {", ".join(image.channel_names)}' if image.channel_names else ''
        raise ParameterError(
            f'noise has {len(each)} entries, but the image has {count} '
            f'{"channels" if count > 1 else "channel"}{named}; give one for each, or one for all'
        )
    pairs = zip(each, image.each_channel(), strict=True)
    return tuple(_found(own) if noise is None else noise for noise, (_, own) in pairs)


def noise_of(provenance: Mapping[str, Any], first: int = 0, count: int = 1) -> Told:
    """Return the noise that a run reckoned with, as far as its record tells it.

    Parameters
    ----------
    provenance : mapping
        Of the result.
    first, count : int
        Which channels of the image are looked at.

    Returns
    -------
    float, Camera, list or None
        Of several channels one for each, None where it is not told.
    """
    if isinstance(provenance.get('sigma'), float | int):
        return float(provenance['sigma'])
    models = provenance.get('noise', ())
    known = {model.get('channel', 0): _of_model(model) for model in models}
    if len(known) == 1 and count == 1:  # of a part the record counts channels from its first
        return next(iter(known.values()))
    found = [known.get(channel) for channel in range(first, first + count)]
    return found if count > 1 else found[0]


def noise_measured(numbers: Mapping[str, Any]) -> Told:
    """Return the noise that an evaluation went by, of each channel where there are several."""
    if 'channels' in numbers:
        return [_told_in(own['noise']) for own in numbers['channels'].values()]
    return _told_in(numbers['noise'])


def _told_in(noise: Mapping[str, float]) -> Noise:
    return noise['sigma'] if 'sigma' in noise else Camera(**noise)


def _of_model(model: Mapping[str, Any]) -> Noise | None:
    """Return the noise that a record tells of a channel."""
    if 'gain' not in model:
        return model.get('sigma')
    return Camera(model['gain'], model['offset'], model['read_noise'])


def _found(image: Image) -> Noise:
    """Return the estimated noise of an image of one channel."""
    return estimate_camera(image) or float(estimate_noise(image))
