"""What the documentation says is so: examples run, tables hold, names are there."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms

import napari_fresco as fresco
from napari_fresco import Image
from napari_fresco.batch.recipe import KEYS
from napari_fresco.evidence.check_limits import LIMITS

from .documentation import GUIDES, PAGES, ROOT, modules, pages, prepare, run, run_docstrings


@pytest.mark.parametrize(('page', 'blocks'), pages(napari=False))
def test_examples_run(
    page: str, blocks: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prepare(monkeypatch, tmp_path)
    run(page, blocks)


@pytest.mark.parametrize('module', modules(napari=False))
def test_examples_in_docstrings_run(
    module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prepare(monkeypatch, tmp_path)
    run_docstrings(module)


def test_every_example_is_python() -> None:
    for page in GUIDES:
        for code in re.findall(r'```python\n(.*?)```', page.read_text('utf-8'), re.DOTALL):
            compile(code, str(page), 'exec')


PLANE = np.arange(80, dtype=np.uint8).reshape(8, 10)
COLOUR = np.dstack([PLANE] * 3)
STACK = np.stack([PLANE, PLANE])
MICRON = {'Y': (0.1, 'um'), 'X': (0.1, 'um')}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
WAVES = ((488.0, 520.0), (561.0, 600.0))
IMAGEJ = {'Info': 'told', 'Labels': ['a', 'b'], 'Ranges': (0.0, 1.0, 0.0, 2.0), 'mode': 'composite'}


def _exif() -> bytes:
    block = Pillow.Exif()
    block[271] = 'the maker'
    return block.tobytes()


def _with(data: Any, axes: str, **metadata: Any) -> Image:
    return Image(data, axes, metadata=metadata)


def _same(key: str) -> Callable[[Image, Image], bool]:
    return lambda new, old: new.metadata.get(key) == old.metadata[key]


def _spaced(new: Image, old: Image) -> bool:
    steps = {'um': 1.0, 'mm': 1e3, 's': 1.0}
    return all(
        axis in new.spacing and np.isclose(new.spacing[axis][0] * steps[new.spacing[axis][1]], step)
        for axis, (step, _) in old.spacing.items()
    )


KEPT: dict[str, tuple[Image, Callable[[Image, Image], bool]]] = {
    'stack axes, by name': (Image(STACK, 'ZYX'), lambda new, old: new.axes == old.axes),
    'spacing of Y and X, with units': (Image(PLANE, 'YX', MICRON), _spaced),
    'spacing of Z, time step': (
        Image(np.stack([STACK, STACK]), 'TZYX', {'T': (2.5, 's'), 'Z': (0.3, 'um'), **MICRON}),
        _spaced,
    ),
    'origin': (Image(PLANE, 'YX', MICRON, {'Y': 3.0}), lambda new, old: new.origin == old.origin),
    'names of channels': (
        Image(STACK, 'CYX', channels=('a', 'b')),
        lambda new, old: new.channels == old.channels,
    ),
    'wavelengths': (_with(STACK, 'CYX', wavelengths=WAVES), _same('wavelengths')),
    'look-up tables, ranges, labels, info of ImageJ': (
        _with(STACK, 'CYX', imagej=IMAGEJ, flavour='imagej'),
        lambda new, old: {**new.metadata.get('imagej', {})} == IMAGEJ,
    ),
    'missing pixels (*nodata*)': (
        Image(PLANE.astype(np.float32), 'YX', missing=PLANE == 0, metadata={'nodata': 0.0}),
        lambda new, old: new.missing is not None and bool((new.missing == old.missing).all()),
    ),
    'alpha': (Image(np.dstack([PLANE] * 4), 'YXS'), lambda new, old: new.shape == old.shape),
    '16-bit colour': (
        Image(COLOUR.astype(np.uint16) * 200, 'YXS'),
        lambda new, old: np.array_equal(new.data, old.data),
    ),
    'floating point': (
        Image(PLANE / np.float32(7), 'YX'),
        lambda new, old: np.array_equal(new.data, old.data),
    ),
    'ICC profile': (_with(COLOUR, 'YXS', icc_profile=SRGB), _same('icc_profile')),
    'EXIF': (
        _with(COLOUR, 'YXS', exif=_exif()),
        lambda new, old: b'the maker' in new.metadata.get('exif', b''),
    ),
    'XMP': (_with(COLOUR, 'YXS', xmp=b'<x:xmpmeta/>'), _same('xmp')),
    'IPTC': (_with(COLOUR, 'YXS', iptc=b'\x1c\x02\x05\x00\x02hi'), _same('iptc')),
    'texts, such as a description': (
        _with(PLANE, 'YX', text={'Description': 'wall'}),
        _same('text'),
    ),
    'compression of the source': (
        _with(PLANE, 'YX', compression='ADOBE_DEFLATE'),
        _same('compression'),
    ),
}


def _kept(path: Path, image: Image, same: Callable[[Image, Image], bool]) -> bool:
    try:
        fresco.write(path, image, overwrite=True)
    except fresco.FrescoError:
        return False
    return same(fresco.read(path), image)


def _several(path: Path) -> bool:
    try:
        fresco.write(path, [Image(PLANE, 'YX'), Image(PLANE[:5], 'YX')], overwrite=True)
    except fresco.FrescoError:
        return False
    return bool(fresco.read(path, series=1).shape == (5, 10))


def test_the_table_of_formats_holds(tmp_path: Path) -> None:
    text = (PAGES / 'guides' / 'images.md').read_text('utf-8').split('<!-- formats -->\n\n')[1]
    lines = text.split('\n\n')[0].splitlines()
    rows = [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]
    suffixes = rows[0][1:]
    assert {row[0] for row in rows[2:]} == {*KEPT, 'several images'}
    for name, *marks in rows[2:]:
        for suffix, mark in zip(suffixes, marks, strict=True):
            path = tmp_path / f'image{suffix}'
            found = _several(path) if name == 'several images' else _kept(path, *KEPT[name])
            assert found == (mark == '✓'), f'{name} in {suffix}'


def _limit(low: float | None, high: float | None) -> str:
    return f'at most {high:g}' if low is None else f'{low:g} to {high:g}'


def test_the_table_of_checks_holds() -> None:
    text = (PAGES / 'guides' / 'evidence.md').read_text('utf-8').split('<!-- checks -->')[1]
    rows = re.findall(r'^\| `(\w+)` \|.*\| (.+) \|$', text.split('Which of them')[0], re.MULTILINE)
    assert dict(rows) == {name: _limit(*bounds) for name, bounds in LIMITS.items()}


def test_the_table_of_keys_of_a_recipe_holds() -> None:
    text = (PAGES / 'guides' / 'folder.md').read_text('utf-8').split('<!-- keys of a recipe -->')[1]
    rows = re.findall(r'^\| `(\w+)` \| (.+) \|$', text.split('## 3.')[0], re.MULTILINE)
    assert dict(rows) == {name: facts['help'] for name, facts in KEYS.items()}


def test_every_public_name_is_on_the_page_of_the_api() -> None:
    text = (PAGES / 'api.md').read_text('utf-8')
    shown = set(re.findall(r'^   ~napari_fresco\.([\w.]+)$', text, re.MULTILINE))
    assert {*fresco._HOMES, *fresco._MODULES} == set(fresco.__all__)
    assert set(fresco._HOMES) <= shown
    for name, home in fresco._MODULES.items():
        module = import_module(f'napari_fresco.{home}')
        public = getattr(module, '__all__', None) or _defined(module)
        assert {f'{name}.{one}' for one in public} <= shown, name


def _defined(module: ModuleType) -> set[str]:
    own = {n for n, v in vars(module).items() if getattr(v, '__module__', '') == module.__name__}
    return {name for name in own if not name.startswith('_')}


@pytest.mark.parametrize('page', ['architecture.md', 'add-a-method.md'])
def test_the_files_that_a_page_names_are_there(page: str) -> None:
    package = ROOT / 'src' / 'napari_fresco'
    known = {path.name for path in package.rglob('*.py')}
    for name in re.findall(
        r'`([\w./-]+\.(?:py|toml|yaml|yml|svg|md))`', (PAGES / page).read_text()
    ):
        there = (package / name).exists() or (ROOT / name).exists()
        assert there or ('/' not in name and name in known), name


def test_the_hops_are_as_many_as_the_page_says() -> None:
    text = (PAGES / 'architecture.md').read_text('utf-8')
    hops = [int(n) for n in re.findall(r'^\| (\d+) \|', text, re.MULTILINE)]
    assert hops == list(range(1, len(hops) + 1))
    assert f'**{len(hops)} from the Run button' in text
    assert len(hops) <= 24
