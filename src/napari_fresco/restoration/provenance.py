"""The provenance of a result: the record of its making."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..declare.method import Method
from ..image.channels import ASKED_SERIES, ONE_CHANNEL
from ..image.intensity import Stabilised
from ..image.layout import Layout
from ..physics.kernels import Kernel
from ..runtime.run import RunOutcome
from ..runtime.tiled_network import TiledNetwork
from ..types import Check, Denoiser, Finish, Kind
from ..weights.registry import registry
from .block import Block
from .fill_facts import fills_in_all, said_of_fills
from .request import Request
from .scene import Scene

_AS_GRAY = 'the colours hold one and the same picture, which was restored as a gray image'
_TINTED = f'but for a tint, which was kept, {_AS_GRAY}'
_MANY_CLIPPED = 1e-3  # of the values: fewer than that are worth no warning


class Account:
    """Numbers and warnings of the planes of a run, without pixels.

    `restored`: planes that came to an end or were cancelled with an estimate.
    `ends`: how they ended.
    """

    def __init__(self) -> None:
        self.restored = self.steps = self.clipped = 0
        self.ends: set[str] = set()
        self.planes: list[dict[str, Any]] = []
        self._said: dict[str, int] = {}

    def add(
        self, outcome: RunOutcome, facts: dict[str, Any], clipped: int, channel: str = ''
    ) -> None:
        """Note the outcome of a plane, of one of several channels if it is named."""
        self.restored += 1
        self.steps += outcome.steps
        self.clipped += clipped
        self.ends.add(outcome.finish)
        self.planes.append(facts)
        for text in outcome.warnings:
            self.warn(f'channel {channel}: {text}' if channel else text)

    def warn(self, text: str) -> None:
        """Note a warning; the same sentence is kept once, an empty one never."""
        if text:
            self._said[text] = self._said.get(text, 0) + 1

    @property
    def warnings(self) -> list[str]:
        """The warnings, with the number of planes of each."""
        return [text if n == 1 else f'{text} (on {n} planes)' for text, n in self._said.items()]

    def total(self, what: str) -> int:
        """Return the sum of a count over all planes."""
        return sum(plane[what] for plane in self.planes)

    @property
    def flat_planes(self) -> list[str]:
        """Numbers of planes of one value in volumes, which may have been restored in blocks."""
        found = {(*plane['index'], z) for plane in self.planes for z in plane['flat_planes']}
        return [' '.join(map(str, place)) for place in sorted(found)]


def plane_facts(block: Block) -> dict[str, Any]:
    """Return the record of a plane: its range, its noise, and the pixels that were left out."""
    pixels, own = block.pixels, block.problem.jpeg_quality
    return {
        'index': list(block.index),
        'sigma': block.told_level() if block.request.reads_noise else None,
        'range': [block.range.low, block.range.high],
        'noise': 'gaussian' if block.camera is None else 'poisson-gaussian',
        'stabilised': isinstance(block.intensity, Stabilised),
        'damaged_fraction': None if pixels.mask is None else round(float(pixels.mask.mean()), 6),
        'missing': _count(pixels.unfilled),
        'outliers': _count(pixels.hot),
        'flat_border': _count(pixels.flat_borders),
        'flat_planes': pixels.flat_planes,
        'quiet_border': _count(pixels.kept),
        'transparent': _count(pixels.clear) - _count(pixels.holes),
        'transparent_filled': _count(pixels.holes),
        **({} if own is None else {'jpeg_quality': own}),
    }


def _count(marked: NDArray[np.bool_] | None) -> int:
    return 0 if marked is None else int(marked.sum())


def provenance(
    request: Request,
    used: Sequence[Denoiser | TiledNetwork],
    *,
    kernel: Kernel | None,
    estimate: dict[str, Any] | None,
    account: Account,
    scene: Scene,
    checks: Sequence[Check],
    finish: Finish,
    seconds: float,
    input_hash: str | None,
) -> dict[str, Any]:
    """Return a JSON-serialisable record of the making of a result."""
    r = request
    fills = fills_in_all(account.planes)
    return {
        **_asked(r, used),
        'data_range': _range(r, account),
        'sigma': _of_each(r, _number),
        'sigma_map': _of_each(r, _map_facts),
        'noise': _noise(r, scene),
        'mask': None if r.inputs.mask is None else _mask_facts(r.inputs.mask, r.layout),
        'kernel': _kernels(kernel, request),
        'estimate': estimate,
        'fills': fills,
        'planes': account.planes,
        'planes_restored': account.restored,
        **_computed(r, used),
        'seconds': round(seconds, 3),
        'steps': account.steps,
        'clipped': account.clipped,
        'finish': finish,
        'input_sha256': input_hash,
        'input_shape': list(r.layout.shape),
        'input_axes': r.layout.axes,
        'read': _read(r.image.metadata),
        'geometry': geometry(r),
        'checks': [{**asdict(check), 'limit': list(check.limit)} for check in checks],
        'warnings': _warnings(r, account, scene, finish),
        'notes': [*_notes(r.layout), *said_of_fills(fills)],
    }


def _asked(r: Request, used: Sequence[Denoiser | TiledNetwork]) -> dict[str, Any]:
    """Return the method, and what it was told."""
    return {
        'method': r.method.name,
        'title': r.method.title,
        'task': r.task,
        'kind': _kind(r.method, used),
        'citation': r.method.citation,
        'parameters': r.params.to_dict(),
        'options': r.options.to_dict(),
        'scale': r.inputs.scale,
        'seed': r.options.seed,
        'tile': r.options.tile,
        'keep_known': r.keep_known,
    }


def _computed(r: Request, used: Sequence[Denoiser | TiledNetwork]) -> dict[str, Any]:
    """Return with which weights, and on what, a result was computed."""
    return {
        'weights': [_weights(denoiser) for denoiser in used],
        'device': str(r.device),
        'computing': [facts for each in used if (facts := _computing(each))],
        'version': _version(),
        'torch': str(torch.__version__),
    }


def geometry(r: Request) -> dict[str, Any]:
    """Return how pixels of the result lie over those of the image: their scale, the first's offset.

    Without a kernel, super-resolution keeps the field of view: the centres of s output pixels
    straddle the centre of an input pixel. With one, the origin of the kernel says where to look.
    """
    scale, given = r.inputs.scale, r.inputs.kernel
    offset = [(1 - scale) / 2] * 2 if given is None else given.offset[-2:]
    return {'scale': scale, 'offset': [pixels / scale for pixels in offset]}


def _read(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return which of several images in its file was restored, and which channel of that alone."""
    told = {'series': metadata.get(ASKED_SERIES), 'channel': metadata.get(ONE_CHANNEL)}
    return {name: value for name, value in told.items() if value is not None}


def _notes(layout: Layout) -> list[str]:
    """Return what is worth knowing, and no doubt."""
    if layout.tint is None:
        return []
    return [_AS_GRAY if layout.tint.exact else _TINTED]


def _warnings(r: Request, account: Account, scene: Scene, finish: Finish) -> list[str]:
    """Return the warnings for the user."""
    read = r.image.metadata.get('warnings', ())  # what became of the image in its file
    warnings = [*read, *r.inputs.warnings, *scene.remarks, *account.warnings]
    if account.clipped > _MANY_CLIPPED * np.prod(r.layout.shape):
        warnings.append(f'{account.clipped} values were clipped to fit {r.dtype}')
    if hot := account.total('outliers'):
        filled = r.inputs.scale > 1 or r.options.repair
        kept = 'filled in' if filled else 'given back as they are; repair=True fills them in'
        warnings.append(
            f'{hot} values stand far out of their neighbours (hot or dead pixels, stuck lines, '
            f'salt and pepper): kept out of the restoration and {kept}'
        )
    if missing := account.total('missing'):
        warnings.append(f'{missing} values are missing or not finite; the rest was restored')
    if planes_of_one_value := account.flat_planes:
        warnings.append(
            'planes along Z hold one value each, which no light makes (a lost frame, or one that '
            f'ran over): {", ".join(planes_of_one_value)}; they were kept out of the restoration, '
            'and given back as they are'
        )
    if flat := account.total('flat_border'):
        warnings.append(
            f'{flat} pixels along the border all have one value, as registering or turning fills '
            'it; they were given back as they are'
        )
    if quiet := account.total('quiet_border'):
        warnings.append(
            f'{quiet} pixels along the border have hardly any noise beside that of the picture, as '
            'paper around a scan: they say nothing of its noise, and were given back as they are; '
            'cut them off, or give sigma to restore them, too'
        )
    if clear := account.total('transparent'):
        warnings.append(
            f'{clear} pixels are wholly transparent: what colour they have under that tells '
            'nothing, and was given back as it is; leave alpha out to restore it'
        )
    if holes := account.total('transparent_filled'):
        warnings.append(
            f'{holes} of the filled pixels were wholly transparent; they are opaque now'
        )
    planes = int(np.prod(r.layout.leading))
    if finish == 'cancelled' and account.restored == 0:
        warnings.append('cancelled before anything was restored')
    elif finish == 'cancelled' and planes > 1:
        warnings.append(f'cancelled after {account.restored} of {planes} planes')
    return warnings


def _range(r: Request, account: Account) -> list[float] | None:
    """Return the intensities given as black and white, or the range of those of all planes."""
    if r.options.data_range is not None:
        return [float(value) for value in r.options.data_range]
    ranges = [plane['range'] for plane in account.planes]
    if not ranges:
        return None
    return [min(low for low, _ in ranges), max(high for _, high in ranges)]


def _noise(r: Request, scene: Scene) -> list[dict[str, Any]]:
    """Return the noise model of each channel and how it was found."""
    if r.inputs.sigma is not None:
        return [{'model': 'gaussian', 'found': 'given'}]
    told = dict(enumerate(own.sigma for own in r.inputs.each))
    facts = []
    for channel, found in sorted(scene.models.items()):
        model: dict[str, Any] = {'channel': channel, **_name(r, channel), 'model': 'gaussian'}
        if found.camera is not None:
            model |= {'model': 'poisson-gaussian', **found.camera._asdict()}
            model['excess'] = found.excess
        level = told.get(channel)
        if isinstance(level, float):
            model['sigma'] = level
        given = '' if level is None else 'given'
        facts.append({**model, 'found': given or found.found or 'estimated from each plane'})
    return facts


def _name(r: Request, channel: int) -> dict[str, str]:
    """Return the name of one of several channels that have names."""
    names = (r.image if r.context is None else r.context.whole).channels
    return {'name': names[channel]} if len(names) > 1 else {}


def _of_each(r: Request, facts: Callable[[Any], Any]) -> Any:
    """Return facts on the noise that was told, by names of channels where each has its own."""
    if 'sigma' not in r.inputs.told_apart:
        return facts(r.inputs.sigma)
    pairs = zip(r.image.channel_names, r.inputs.each, strict=True)
    return {name: facts(own.sigma) for name, own in pairs}


def _mask_facts(mask: NDArray[np.bool_], layout: Layout) -> dict[str, Any]:
    """Return the hash of a mask on all planes, and its coverage."""
    whole = np.broadcast_to(mask, (*layout.leading, *layout.plane_shape))
    digest = hashlib.sha256(repr(whole.shape).encode())
    for index in layout.planes():
        digest.update(np.packbits(whole[index]).tobytes())
    return {'sha256': digest.hexdigest(), 'coverage': round(float(mask.mean()), 6)}


def _map_facts(sigma: Any) -> dict[str, Any] | None:
    """Return the hash of a map of the noise, and what it spans; None where it is no map."""
    if not isinstance(sigma, np.ndarray):
        return None
    spans = [float(sigma.min()), float(sigma.max())]
    return {'sha256': _hash(np.ascontiguousarray(sigma, '<f8')), 'range': spans}


def _hash(values: NDArray[Any]) -> str:
    return hashlib.sha256(repr(values.shape).encode() + values.tobytes()).hexdigest()


def _kernels(kernel: Kernel | None, request: Request) -> dict[str, Any] | None:
    """Return the facts of the kernel; of those of channels, by name, under 'channels'."""
    names, several = request.image.channel_names, request.inputs.kernels
    if several:
        pairs = zip(names, several, strict=True)
        return {'channels': {name: _kernel_facts(own, request) for name, own in pairs}}
    return None if kernel is None else _kernel_facts(kernel, request)


def _kernel_facts(kernel: Kernel, request: Request) -> dict[str, Any]:
    """Return the facts of a kernel on the grid of the result, and of the downsampling."""
    unknown = request.method.downsampling == 'unknown'
    values = np.ascontiguousarray(kernel.values, '<f8')
    return {
        **kernel.facts(),
        'sha256': _hash(values),
        'downsampling': 'bicubic' if unknown else 'direct',
        'scale': request.inputs.scale,
    }


def _number(sigma: Any) -> float | str:
    """Return the noise level as it was told."""
    if sigma is None:
        return 'auto'
    return sigma if isinstance(sigma, float) else 'map'


def _kind(method: Method, used: Sequence[Denoiser | TiledNetwork]) -> Kind:
    """Return the kind of a result, which the training of the weights decides."""
    stated = {getattr(network, 'generative', None) for network in used}
    # Of weights that nobody vouches for, a generative method expects the usual.
    if True in stated or (method.kind == 'generative' and None in stated):
        return 'generative'
    if method.kind != 'generative':
        return method.kind
    return 'feed-forward' if method.blind else 'data-consistent'


def _computing(used: Denoiser | TiledNetwork) -> dict[str, Any] | None:
    """Return the arithmetic and tiles of the last run of a network; None of other denoisers."""
    network = getattr(used, 'tiled', used)
    if not isinstance(network, TiledNetwork):
        return None
    return {
        'network': network.name,
        'arithmetic': network.arithmetic,
        'tile': network.tile,
        'halo': network.facts.context,
        'bytes_per_pixel': network.facts.bytes_per_pixel,
    }


@cache
def _version() -> str:
    return version('napari-fresco')


def _weights(denoiser: Denoiser | TiledNetwork) -> dict[str, str | None]:
    entry = registry().get(str(denoiser.name))
    return {
        'name': denoiser.name,
        'sha256': getattr(denoiser, 'sha256', None),
        'citation': None if entry is None else entry.citation,
    }
