"""Reading kernels into layers, and writing layers with all that belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari.utils.notifications import show_error, show_warning

from ...errors import FrescoError, KernelError
from ...io.files import write
from ...io.kernel_calibration import read_kernel
from ...io.pictures import LOSSY, is_lossy
from ...io.zarr_labels import place as labels_path
from ...layers.files.kept_record import write_beside
from ...layers.files.label_files import in_known_type
from ...layers.files.layer_files import file_layers, layer_as_image
from ...layers.fills.fill_records import painted_in
from ...layers.images.layer_kinds import METADATA, LayerData
from ...layers.requests.kernel_choice import layer_facts
from ...physics.kernels import Kernel


def image_reader(path: str | list[str]) -> Callable[[str], list[LayerData]] | None:
    """Return the reader of an image file; None for other files."""
    if isinstance(path, list):
        return None
    try:
        layers = file_layers(path)
    except FrescoError as error:
        show_error(str(error))
        return None
    return lambda _: layers


def kernel_reader(path: str | list[str]) -> Callable[[str], list[LayerData]] | None:
    """Return the reader of a kernel file, or None for a file that holds no kernel."""
    if isinstance(path, list):
        return None
    try:
        layers = read_kernels(path)
    except FrescoError:
        return None
    return lambda _: layers


def read_kernels(path: str | Path) -> list[LayerData]:
    """Return a layer for every kernel in a file; one for the kernel of a volume.

    Raises FrescoError when the file holds none.
    """
    found: list[Kernel] = []
    try:
        found.append(read_kernel(path))
    except KernelError:
        with suppress(KernelError):
            while True:
                found.append(read_kernel(path, len(found)))
        if not found:
            raise
    stem = Path(path).stem
    names = [stem] if len(found) == 1 else [f'{stem} {number}' for number in range(len(found))]
    return [
        (kernel.values, {'name': name, 'rgb': False, **layer_facts(kernel)}, 'image')
        for kernel, name in zip(found, names, strict=True)
    ]


def write_tiff(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write an image layer as TIFF with scale and units, and the rest beside it as JSON.

    The JSON file, named like the image with ``.json`` behind, holds the transforms of the layer
    and, of a result, how it was made; what was filled lies beside it. All of it is read again.

    Raises FileError when the file cannot be written.
    """
    image = layer_as_image(data, meta)
    # napari has asked already whether an existing file may be replaced.
    write(path, image, overwrite=True)
    return [path, *write_beside(path, meta)]


def write_labels_tiff(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a layer of labels as TIFF with scale, units, classes and colours.

    Raises FileError when the file cannot be written.
    """
    write(path, in_known_type(layer_as_image(data, meta), path), overwrite=True)
    return [path]


def write_labels_picture(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a layer of labels as PNG of whole numbers, with classes and colours.

    Raises FileError when it cannot be written, or the format cannot hold it.
    """
    image = in_known_type(layer_as_image(data, meta), path, picture=True)
    write(path, image, overwrite=True)
    return [path]


def write_picture(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write an image layer as PNG or JPEG with resolution, colour profile, EXIF and XMP.

    Of a result a PNG has its record beside it, as a TIFF has.

    Raises FileError when it cannot be written, or the format cannot hold it.
    """
    known = meta.get('metadata', {})
    write(path, layer_as_image(data, meta), overwrite=True)
    if is_lossy(Path(path)):
        if painted_in(known) is not None:
            show_warning(f'{Path(path).name}: {LOSSY}')
        return [path]
    return [path, *(write_beside(path, meta) if known.get(METADATA) else ())]


def write_zarr(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write an image layer as OME-Zarr with scale, units and, of a result, its provenance.

    Raises FileError when it cannot be written.
    """
    image = layer_as_image(data, meta)
    record = meta.get('metadata', {}).get(METADATA)
    metadata = {**image.metadata, **({} if record is None else {'provenance': record})}
    write(path, replace(image, metadata=metadata), overwrite=True)
    return [path]


def write_zarr_with_labels(path: str, layers: Sequence[LayerData]) -> list[str]:
    """Write an image layer as OME-Zarr, and layers of labels into its labels, by their names.

    Raises FileError when one cannot be written, or does not lie over the image.
    """
    (image,) = (layer for layer in layers if layer[2] == 'image')
    write_zarr(path, image[0], image[1])
    prefix = f'{image[1]["name"]} '
    for data, meta, kind in layers:
        if kind == 'labels':
            name = str(meta['name']).removeprefix(prefix)
            write(labels_path(path, name), layer_as_image(data, meta), overwrite=True)
    return [path]
