"""Weights are measured again on images that no card knows; test_cards.py has the rest of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from skimage import io as pictures

from napari_fresco import samples, weights
from napari_fresco.errors import FileError
from napari_fresco.training import card_check as quality
from napari_fresco.weights.cards import CARDS

from .command_line import call


@pytest.fixture(scope='module')
def gray(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two gray images of someone's own, one of them in a folder of its own."""
    folder = tmp_path_factory.mktemp('mine')
    (folder / 'more').mkdir()
    truth = samples.mural().truth[..., 1]
    for name, image in {'a': truth[:64, :72], 'more/b': truth[64:128, :64]}.items():
        pictures.imsave(folder / f'{name}.png', image, check_contrast=False)
    return folder


def test_images_that_no_card_knows_are_measured(gray: Path) -> None:
    chosen = quality.subjects(['ffdnet_gray'])
    rows = quality.measure(chosen, gray)
    assert [row.case for row in rows] == ['sigma 15', 'sigma 25', 'sigma 50']
    for row in rows:
        assert (row.dataset, row.images, row.card, row.target) == (gray.name, 2, None, None)
        assert row.before is not None
        assert row.now is not None
        assert row.now > row.before + 3
    befores = [row.before for row in rows]
    assert befores == sorted(befores, reverse=True)
    assert {row.images for row in quality.measure(chosen, gray, limit=1)} == {1}


def test_all_images_of_a_folder_are_measured(tmp_path: Path) -> None:
    """Cards of restorers are about eight of a set; one's own images count all."""
    picture = samples.mural().truth[:64, :64]
    for number in range(9):
        pictures.imsave(tmp_path / f'{number}.png', picture, check_contrast=False)
    rows = quality.measure(quality.subjects(['vdir_jpeg_color']), tmp_path)
    assert {row.images for row in rows} == {9}


def test_weights_that_do_not_take_the_images_are_passed_over(gray: Path) -> None:
    both = quality.subjects(['ffdnet_color', 'ffdnet_gray'])
    seen: list[quality.Comparison] = []
    rows = quality.measure(both, gray, progress=seen.extend)
    assert rows == seen
    assert {row.weights for row in rows} == {'ffdnet_gray'}
    with pytest.raises(FileError, match=r'none of the sets; give(?s:.)*any images: .*3 channel'):
        quality.measure(both[:1], gray)


def test_the_command_says_that_nothing_is_compared(gray: Path, capsys: Any) -> None:
    assert call('bench', 'weights', 'ffdnet_gray', '--data', gray) == 0
    header, _, *lines, empty, said = capsys.readouterr().out.splitlines()
    assert 'before, dB' in header
    assert 'card' not in header
    assert all(line.startswith(f'| ffdnet_gray | {gray.name} (2) |') for line in lines)
    assert empty == ''
    assert said.startswith('nothing to compare with')


@pytest.mark.parametrize('content', [None, b'nothing'])
def test_a_folder_without_images_is_an_error(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / 'image.png').write_bytes(content)
    said = 'holds no image' if content is None else r'image\.png'
    with pytest.raises(FileError, match=rf'none of the sets; give(?s:.)*any images: .*{said}'):
        quality.measure(quality.subjects(['ffdnet_gray', 'ffdnet_color']), tmp_path)


def test_the_command_judges_by_the_gates(gray: Path, tmp_path: Path, capsys: Any) -> None:
    """The bundled file is no better than itself, under another name either."""
    own = tmp_path / 'ffdnet_gray.safetensors'
    shutil.copyfile(weights.path('ffdnet_gray'), own)
    shutil.copyfile(CARDS / 'ffdnet_gray.json', own.with_suffix('.json'))
    assert call('bench', 'weights', own, '--data', gray, '--gates', '--limit', 1) == 1
    rows = [line.split(' | ') for line in capsys.readouterr().out.splitlines()[2:]]
    verdicts = {row[1]: 'holds' in row[3] for row in rows}
    assert not verdicts['PSNR']
    assert all(verdicts[name] for name in ('small noise', 'spots', 'size'))
