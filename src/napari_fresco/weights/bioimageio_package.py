"""Checkpoints as packages of bioimage.io, which ilastik, deepImageJ and others run as they are."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import WeightsError
from .cards import card
from .registry import entry


def export_bioimageio(name: str, target: str | Path, *, overwrite: bool = False) -> Path:
    """Write a checkpoint of this project as a package of bioimage.io.

    The package holds the network as TorchScript, which needs nothing of napari-fresco,
    an image and what the network makes of it, a cover, the card, and ``rdf.yaml``
    with all of it in words. Its users' images are scaled to [0, 1] by their least and
    largest value, and come back in that range.

    Parameters
    ----------
    name : str
        Registry name of a checkpoint with a card: a DnCNN, DRUNet, FFDNet, RRDBNet or SCUNet.
    target : str or Path
        The ``.zip`` file to write.
    overwrite : bool
        Replace an existing file.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    WeightsError
        When the weights are unknown, not of this project, or take more than an
        image and a noise level, and when the extra ``bioimageio`` is missing.
    FileError
        When the file cannot be written.
    """
    from ..io.atomic import write_atomically
    from ..io.files import check_output
    from . import load
    from .traced import trace

    known, described, target = entry(name), card(name), Path(target)
    if described is None:
        raise WeightsError(
            f'{name} has no card, for it is not of this project: its authors publish it themselves'
        )
    check_output(target, suffixes=('.zip',), overwrite=overwrite)
    try:
        from .bioimageio_description import describe, save
    except ImportError as error:
        raise WeightsError(
            f'bioimage.io packages need the extra bioimageio ({error}); run '
            '"pip install napari-fresco[bioimageio]"'
        ) from None
    traced = trace(known, load(name))
    with TemporaryDirectory() as folder:
        model = describe(known, described, traced, Path(folder))
        write_atomically(target, lambda part: save(model, part))
    return target
