"""Packages of bioimage.io: whole, self-contained, and true of images of every size."""

from __future__ import annotations

import gc
import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from napari_fresco import weights
from napari_fresco.errors import FileError, WeightsError

from .command_line import printed

pytest.importorskip('bioimageio.spec')
pytestmark = pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')


@pytest.fixture(autouse=True)
def _files_that_the_library_leaves_open() -> Iterator[None]:
    yield
    gc.collect()


class Package:
    """What is in an exported file."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        self.files = files
        self.description: dict[str, Any] = yaml.safe_load(files['rdf.yaml'])
        self.graph = torch.jit.load(io.BytesIO(files['weights.torchscript']))

    def tensor(self, name: str) -> torch.Tensor:
        return torch.from_numpy(np.load(io.BytesIO(self.files[name])))


def _scaled(image: torch.Tensor) -> torch.Tensor:
    return (image - image.min()) / (image.max() - image.min() + 1e-6)


@pytest.mark.parametrize('name', ['bsrgan_compact_x2', 'ffdnet_gray', 'drunet_compact_gray'])
def test_the_package_runs_by_itself(name: str, tmp_path: Path) -> None:
    package = Package(weights.export_bioimageio(name, tmp_path / 'package.zip'))
    network, scale = weights.load(name), package.description['outputs'][0]['axes'][2]['scale']
    given = [package.tensor(f'{each["id"]}.npy') for each in package.description['inputs']]
    given[0] = _scaled(given[0])
    with torch.no_grad():
        clean = package.graph(*given)
        torch.testing.assert_close(clean, package.tensor('clean.npy'))
        # Other sizes than the one that was traced.
        size = package.description['inputs'][0]['axes'][2]['size']
        part = given[0][..., : size['min'], : size['min'] + size['step']]
        facts = network.facts
        if facts.map_channel:
            expected = network(torch.cat((part, torch.full_like(part[:, :1], given[1].item())), 1))
        else:
            expected = network(part, *given[1:])
        torch.testing.assert_close(package.graph(part, *given[1:]), expected)
    assert scale * clean.shape[-1] == given[0].shape[-1]
    assert 'cover.png' in package.files
    assert (b'may never have been there' in package.files['README.md']) == network.generative


@pytest.mark.parametrize(
    ('name', 'said'), [('usrnet_tiny', 'more than an image'), ('drunet_color', 'has no card')]
)
def test_what_cannot_be_exported_is_refused(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=said):
        weights.export_bioimageio(name, tmp_path / 'package.zip')
    assert not list(tmp_path.iterdir())


def test_a_file_is_not_overwritten_unasked(tmp_path: Path) -> None:
    target = tmp_path / 'package.zip'
    target.write_bytes(b'mine')
    with pytest.raises(FileError, match='exists'):
        weights.export_bioimageio('ffdnet_gray', target)


def test_the_command_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, 'napari_fresco.weights.bioimageio_description', None)
    target = tmp_path / 'a.zip'
    asked = ['weights', 'export', 'ffdnet_gray', '--bioimageio', '-o', target]
    assert 'need the extra bioimageio' in printed(capsys, *asked, code=2)
    assert not target.exists()
