"""Damaged tags of TIFF files, which harm no pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_fresco.io.files import read, write

STORED = np.random.default_rng(0).integers(0, 200, (6, 5)).astype(np.uint8)
TEXTS = [(315, 's', 0, b'Ada', True), (33432, 's', 0, b'Museum', True)]
DIRECTORIES = {'EXIF': 34665, 'GPS': 34853}


@pytest.mark.parametrize('byteorder', ['<', '>'])
@pytest.mark.parametrize('big', [False, True])
@pytest.mark.parametrize('directory', [None, *DIRECTORIES])
def test_author_and_copyright_are_kept_where_a_directory_leads_nowhere(
    tmp_path: Path, byteorder: str, big: bool, directory: str | None
) -> None:
    path = tmp_path / 'a.tif'
    tags, number = list(TEXTS), DIRECTORIES.get(directory or '', 0)
    if number:  # tifffile writes no such tag, so it becomes one afterwards
        tags.append((number - 1, 'I', 1, 9_999_999, True))
    tifffile.imwrite(path, STORED, byteorder=byteorder, bigtiff=big, extratags=tags)
    order = 'little' if byteorder == '<' else 'big'
    if number:
        was, becomes = ((n).to_bytes(2, order) for n in (number - 1, number))
        path.write_bytes(path.read_bytes().replace(was, becomes, 1))
    image = read(path)
    np.testing.assert_array_equal(image.data, STORED)
    write(tmp_path / 'b.tif', image)
    with tifffile.TiffFile(tmp_path / 'b.tif') as file:
        found = file.pages.first.tags
        assert (found[315].value, found[33432].value) == ('Ada', 'Museum')


@pytest.mark.parametrize('said', ['abc', 'NaN', 'inf', '', '1,5'])
def test_numbers_of_imagej_that_are_none_are_left_out(tmp_path: Path, said: str) -> None:
    text = f'ImageJ=1.54f\nimages=3\nslices=3\nunit=um\nspacing={said}\nfinterval={said}\n'
    stack = np.stack([STORED] * 3).astype(np.uint16)
    tifffile.imwrite(
        tmp_path / 'a.tif',
        stack,
        photometric='minisblack',
        description=text,
        metadata=None,
        resolution=(10, 10),
    )
    image = read(tmp_path / 'a.tif')
    assert image.axes == 'ZYX'
    assert image.spacing == {'Y': (0.1, 'um'), 'X': (0.1, 'um')}
