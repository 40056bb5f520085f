"""The description ``rdf.yaml`` of a bioimage.io package, and the files that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from bioimageio.spec import save_bioimageio_package
from bioimageio.spec.model import v0_5 as spec
from numpy.typing import NDArray
from PIL import Image as Picture

from .. import __version__
from .cards import Card
from .registry import Entry

if TYPE_CHECKING:
    from .traced import Traced

_COVER_SIDE = 256  # px
_AUTHOR = spec.Author(name='The napari-fresco developers')
_TITLES: Mapping[str, str] = MappingProxyType(
    {'denoise': 'Denoising', 'deblock': 'Removing JPEG artefacts', 'super_resolve': 'Enlarging'}
)
_TAGS: Mapping[str, str] = MappingProxyType(
    {'denoise': 'denoising', 'deblock': 'denoising', 'super_resolve': 'super-resolution'}
)
_USE = """
## Use

The image is scaled to [0, 1] by its least and its largest value before the network sees it, and
the result is in that range. {sigma}{generative}

## Validation

Measured quality, and what the network fails on, stand above. For an image of your own compare the
result with the image at several places, and with a second image of the same scene if there is one.
"""
_SIGMA = (
    'The second input is the standard deviation of the noise in units of the scaled image: that of '
    'the image, divided by largest value minus least. '
)
_GENERATIVE = '**What it draws may never have been there: do not measure in it.**'


def describe(known: Entry, card: Card, traced: Traced, folder: Path) -> spec.ModelDescr:
    """Write the files of a package into `folder`, and return its description."""
    np.save(folder / 'image.npy', traced.image)
    np.save(folder / 'clean.npy', traced.clean)
    traced.save(folder / 'weights.torchscript')
    _cover(traced).save(folder / 'cover.png')
    (folder / 'README.md').write_text(_readme(known, card), encoding='utf-8')
    inputs = [_image(known, traced, folder / 'image.npy')]
    if traced.sigma is not None:
        np.save(folder / 'sigma.npy', traced.sigma)
        inputs.append(_sigma(folder / 'sigma.npy'))
    graph = spec.TorchscriptWeightsDescr(
        source=folder / 'weights.torchscript',
        pytorch_version=spec.Version(torch.__version__.partition('+')[0]),
    )
    colours = 'gray' if known.channels == 1 else 'colour'
    return spec.ModelDescr(
        name=f'napari-fresco {known.name}',
        description=f'{_TITLES[known.task]}, {colours} images: {card.summary()}',
        authors=[_AUTHOR],
        cite=[_citation(known.citation)],
        license=spec.LicenseId(card.licence),
        version=spec.Version(__version__),
        documentation=spec.FileDescr(source=folder / 'README.md'),
        covers=[spec.FileDescr(source=folder / 'cover.png')],
        tags=['2d', 'pytorch', 'napari-fresco', known.architecture, _TAGS[known.task]],
        inputs=inputs,
        outputs=[_clean(known, traced, folder / 'clean.npy')],
        weights=spec.WeightsDescr(torchscript=graph),
    )


def save(model: spec.ModelDescr, target: Path) -> None:
    """Write the package; its description is validated once more as it was written."""
    save_bioimageio_package(model, output_path=target)


def _image(known: Entry, traced: Traced, example: Path) -> spec.InputTensorDescr:
    size = spec.ParameterizedSize(min=traced.least, step=traced.step)
    whole = [spec.AxisId(name) for name in ('channel', 'y', 'x')]
    return spec.InputTensorDescr(
        id=spec.TensorId('image'),
        description='of any range; scaled to [0, 1] by its least and its largest value',
        axes=[
            spec.BatchAxis(),
            _channels(known),
            *(spec.SpaceInputAxis(id=spec.AxisId(axis), size=size) for axis in ('y', 'x')),
        ],
        test_tensor=spec.FileDescr(source=example),
        preprocessing=[spec.ScaleRangeDescr(kwargs=spec.ScaleRangeKwargs(axes=whole))],
    )


def _sigma(example: Path) -> spec.InputTensorDescr:
    return spec.InputTensorDescr(
        id=spec.TensorId('sigma'),
        description='Standard deviation of the noise, in units of the scaled image',
        axes=[
            spec.BatchAxis(),
            spec.ChannelAxis(channel_names=[spec.Identifier('sigma')]),
        ],
        test_tensor=spec.FileDescr(source=example),
    )


def _clean(known: Entry, traced: Traced, example: Path) -> spec.OutputTensorDescr:
    scale = traced.clean.shape[-1] // traced.image.shape[-1]

    def along(axis: str) -> Any:
        return spec.SpaceOutputAxisWithHalo(
            id=spec.AxisId(axis),
            size=spec.SizeReference(tensor_id=spec.TensorId('image'), axis_id=spec.AxisId(axis)),
            scale=1 / scale,
            halo=scale * traced.halo,
        )

    return spec.OutputTensorDescr(
        id=spec.TensorId('clean'),
        description='in the range of the scaled image, [0, 1]; not clipped',
        axes=[spec.BatchAxis(), _channels(known), along('y'), along('x')],
        test_tensor=spec.FileDescr(source=example),
    )


def _channels(known: Entry) -> spec.ChannelAxis:
    names = ('gray',) if known.channels == 1 else ('red', 'green', 'blue')
    return spec.ChannelAxis(channel_names=[spec.Identifier(name) for name in names])


def _citation(text: str) -> spec.CiteEntry:
    found = re.search(r'doi:(\S+)', text)
    return spec.CiteEntry(text=text, doi=spec.Doi(found[1]) if found else None)


def _readme(known: Entry, card: Card) -> str:
    use = _USE.format(
        sigma='' if known.sigma is None else _SIGMA,
        generative=_GENERATIVE if known.generative else '',
    )
    return card.markdown() + use


def _cover(traced: Traced) -> Picture.Image:
    """Return example and result side by side."""
    halves = np.concatenate([_square(traced.image), _square(traced.clean)], axis=1)
    return Picture.fromarray(halves.squeeze())


def _square(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return an image of 8 bits, ``(H, W, C)``, in the size of the cover."""
    image = np.moveaxis(images[0], 0, -1)
    low, high = image.min(), image.max()
    levels = (255 * (image - low) / (high - low)).round().astype(np.uint8)
    picture = Picture.fromarray(levels.squeeze())
    return np.asarray(picture.resize((_COVER_SIDE, _COVER_SIDE)))
