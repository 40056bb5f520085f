"""What the values of a mask mark, and what is said of soft edges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.image.marks import said_of_soft_edges
from napari_fresco.io.mask_files import read_mask

QUICK = {'method': 'dpir', 'task': 'inpaint', 'iterations': 1, 'device': 'cpu'}


def drawn() -> Any:
    mask = np.zeros((64, 64), np.uint8)
    mask[20:30, 10:50] = 255
    return mask


def softened() -> Any:
    return ndimage.gaussian_filter(drawn().astype(float), 2).round().astype(np.uint8)


def scene() -> Any:
    return np.random.default_rng(0).integers(90, 110, (64, 64, 3), dtype=np.uint8)


def said(result: Any) -> str:
    return ' '.join(map(str, result.provenance['warnings']))


@pytest.mark.parametrize(
    'soft', [softened(), softened() / 255.0, softened().astype(np.uint16) * 257]
)
def test_soft_edges_are_said_and_counted(soft: Any) -> None:
    soft = soft / soft.max() if soft.dtype.kind == 'f' else soft
    soft = np.where(drawn() > 0, np.iinfo(soft.dtype).max if soft.dtype.kind == 'u' else 1, soft)
    dark = int(((soft > 0) & (soft < soft.max() / 2)).sum())
    every = int((soft > 0).sum())
    assert f'{dark} of the {every} pixels' in said_of_soft_edges(soft)
    result = fresco.restore(scene(), mask=soft, **QUICK)
    assert f'{dark} of the {every} pixels' in said(result)
    assert np.array_equal(result.filled, soft > 0)


@pytest.mark.parametrize(
    'hard',
    [
        drawn(),
        drawn() > 0,
        drawn() / 255.0,
        np.arange(256, dtype=np.uint8).repeat(16).reshape(64, 64) // 64,
        ndimage.label(np.indices((64, 64)).sum(0) % 4 == 0)[0].astype(np.int32),
    ],
)
def test_hard_edges_and_labels_are_not(hard: Any) -> None:
    assert said_of_soft_edges(hard) == ''


@pytest.mark.parametrize('mode', ['L', 'RGB'])
def test_a_jpeg_marks_the_same_by_every_door(tmp_path: Path, mode: str) -> None:
    path = tmp_path / 'mask.jpg'
    Picture.fromarray(drawn()).convert(mode).save(path, quality=50)
    by_mask, by_image = read_mask(path), fresco.read(path)
    assert (np.asarray(by_image.data) > 0).sum() > (drawn() > 0).sum() * (3 if mode == 'RGB' else 1)
    for mask in (by_mask, by_image):
        result = fresco.restore(scene(), mask=mask, **QUICK)
        assert np.array_equal(result.filled, drawn() > 0)
        assert 'darker than half' not in said(result)


def test_soft_edges_of_a_file_are_said(tmp_path: Path) -> None:
    soft = np.where(drawn() > 0, 255, softened()).astype(np.uint8)
    Picture.fromarray(soft).save(tmp_path / 'mask.png')
    result = fresco.restore(scene(), mask=read_mask(tmp_path / 'mask.png'), **QUICK)
    assert 'darker than half' in said(result)
