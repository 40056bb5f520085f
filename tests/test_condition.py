"""Condition maps: counts, areas, lengths and widths of damage, and their files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageColor
from skimage import draw

import napari_fresco as fresco
from napari_fresco.damage.classes import CLASSES
from napari_fresco.intervention import condition, write_condition
from napari_fresco.intervention.condition_files import condition_geojson, condition_table
from napari_fresco.intervention.crack_widths import length_of, measure_cracks
from napari_fresco.intervention.polygons import polygons, signed_area

NUMBER = {each.name: each.value for each in CLASSES}
SCALE = 0.5


def mapped() -> Any:
    """Return a map with a crack of 3 x 60, two losses that touch at a corner, and craquelure."""
    labels = np.zeros((80, 100), np.uint8)
    labels[10:13, 20:80] = NUMBER['crack']
    labels[30:40, 10:20] = labels[40:50, 20:30] = NUMBER['loss']
    labels[33:36, 13:16] = 0
    labels[60:70, 50] = NUMBER['craquelure']
    labels[70:75, 60:65] = NUMBER['keep']
    return labels


def rows_of(found: Any) -> dict[str, Any]:
    return {row.name: row for row in found.rows}


def test_pieces_areas_and_shares_are_counted() -> None:
    found = condition(mapped(), mm_per_pixel=SCALE)
    rows = rows_of(found)
    assert list(rows) == ['crack', 'loss', 'keep', 'craquelure']
    loss = rows['loss']
    assert (loss.pieces, loss.area_px) == (1, 191)
    assert loss.area_cm2 == pytest.approx(191 * SCALE**2 / 100)
    assert loss.percent == pytest.approx(100 * 191 / 8000)
    assert loss.length_cm is None
    assert rows['craquelure'].decision == 'leave'
    assert rows['crack'].decision == 'fill'
    assert found.total.area_px == 180 + 191 + 10  # what is kept is no damage


def test_cracks_have_a_length_and_widths() -> None:
    crack = rows_of(condition(mapped(), mm_per_pixel=SCALE))['crack']
    assert crack.length_px == pytest.approx(60, abs=3)
    assert crack.length_cm == pytest.approx(crack.length_px * SCALE / 10)
    assert crack.median_width_px == 3
    assert crack.largest_width_mm == 3 * SCALE


@pytest.mark.parametrize('width', range(1, 9))
@pytest.mark.parametrize('turned', [False, True])
def test_a_straight_crack_is_as_wide_as_it_is(width: int, turned: bool) -> None:
    mask = np.zeros((40, 90), bool)
    mask[12 : 12 + width, 10:80] = True
    found = measure_cracks(mask.T if turned else mask)
    assert found.median_width == width
    assert found.length == pytest.approx(70, abs=width + 1)


def test_a_slanting_crack_is_as_long_as_it_is() -> None:
    line = np.eye(50, dtype=bool)
    assert length_of(line) == pytest.approx(49 * 2**0.5)
    assert length_of(line[:, ::-1]) == pytest.approx(49 * 2**0.5)
    line = np.zeros((200, 200), bool)
    line[draw.line(20, 20, 120, 180)] = True
    assert measure_cracks(line).length == pytest.approx(np.hypot(100, 160), rel=0.08)
    corner = np.zeros((9, 9), bool)
    corner[2, 2:7] = corner[2:7, 6] = True
    assert length_of(corner) == 8
    assert length_of(np.pad([[True]], 2)) == 1


def test_shares_are_of_the_painted_area() -> None:
    painted = np.zeros((80, 100), bool)
    painted[:25] = True
    found = condition(mapped(), painted=painted)
    assert list(rows_of(found)) == ['crack']
    assert found.rows[0].percent == pytest.approx(100 * 180 / 2500)
    assert found.facts()['percent_of'] == 'the painted area'


def test_classes_may_overlap_and_the_total_counts_a_pixel_once() -> None:
    one, other = np.zeros((2, 20, 20), bool)
    one[2:10, 2:10] = other[6:14, 6:14] = True
    found = condition({'loss': one, 'soot': other})
    assert [(row.name, row.area_px) for row in found.rows] == [('loss', 64), ('soot', 64)]
    assert found.total.area_px == 64 + 64 - 16


def test_numbers_without_a_class_and_plain_masks_are_told() -> None:
    labels = np.zeros((20, 20), np.uint16)
    labels[3:5, 3:5] = 255
    assert condition(labels).rows[0].name == 'label 255'
    assert condition(labels > 0).rows[0].name == 'damage'
    image = fresco.Image(labels, 'YX', {'Y': (200, 'um'), 'X': (200, 'um')})
    assert condition(image).mm_per_pixel == pytest.approx(0.2)


def test_what_is_no_map_is_refused() -> None:
    for wrong, words in (
        (np.zeros((5, 5), np.uint8), 'nothing is marked'),
        (np.ones((5, 5)), 'whole numbers'),
        (np.ones((2, 5, 5), np.uint8), 'one plane'),
        ({'loss': np.ones((5, 5), bool), 'crack': np.ones((5, 6), bool)}, 'different shapes'),
    ):
        with pytest.raises(fresco.FrescoError, match=words):
            condition(wrong)
    with pytest.raises(fresco.FrescoError, match='above 0'):
        condition(mapped(), mm_per_pixel=0)


@pytest.mark.parametrize('share', [0.2, 0.45, 0.6, 0.85])
def test_polygons_are_valid_and_exact(share: float) -> None:
    mask = np.random.default_rng(int(100 * share)).random((40, 50)) < share
    back = np.zeros(mask.shape, int)
    for outer, *holes in polygons(mask):
        assert signed_area(outer) > 0
        for ring in (outer, *holes):
            assert len({tuple(corner) for corner in ring}) == len(ring) >= 4
            back += int(np.sign(signed_area(ring))) * inside(ring, mask.shape)
        assert all(signed_area(hole) < 0 for hole in holes)
    assert (back == mask).all()


def inside(ring: Any, shape: tuple[int, int]) -> Any:
    """Return the pixels within a ring, by the parity of its upright edges to their left."""
    crossed = np.zeros((shape[0], shape[1] + 1), int)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        assert (x0 == x1) != (y0 == y1)
        if x0 == x1:
            crossed[min(y0, y1) : max(y0, y1), x0] ^= 1
    return np.cumsum(crossed, axis=1)[:, :-1] % 2


def test_geojson_has_holes_and_areas_in_mm(tmp_path: Path) -> None:
    path = tmp_path / 'map.geojson'
    found = condition(mapped(), mm_per_pixel=SCALE)
    write_condition(path, found)
    record = json.loads(path.read_text())
    assert record['type'] == 'FeatureCollection'
    assert record['properties']['unit'] == 'mm'
    loss = next(f for f in record['features'] if f['properties']['name'] == 'loss')
    assert loss['geometry']['type'] == 'MultiPolygon'
    shapes = loss['geometry']['coordinates']
    assert sorted(len(shape) for shape in shapes) == [1, 2]  # touching at a corner, and a hole
    total = 0.0
    for shape in shapes:
        for number, ring in enumerate(shape):
            assert ring[0] == ring[-1]
            x, y = np.array(ring).T
            area = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
            assert (area > 0) == (number == 0)  # counterclockwise outside, clockwise holes
            total += area
    assert total == pytest.approx(191 * SCALE**2)
    corners = np.array([corner for shape in shapes for ring in shape for corner in ring])
    assert corners.min(axis=0).tolist() == [10 * SCALE, (80 - 50) * SCALE]  # y upwards
    assert json.loads(condition_geojson(condition(mapped())))['properties']['unit'] == 'pixel'


def test_the_table_holds_all_classes_and_the_total() -> None:
    rows = list(csv.DictReader(io.StringIO(condition_table(condition(mapped(), mm_per_pixel=1)))))
    assert [row['name'] for row in rows][-1] == 'all damage'
    assert rows[1]['area_cm2'] == '1.91'
    assert rows[1]['length_cm'] == ''
    assert float(rows[0]['length_cm']) == pytest.approx(6, abs=0.3)


def test_the_picture_has_the_map_and_a_legend(tmp_path: Path) -> None:
    path = tmp_path / 'map.png'
    wall = np.full((80, 100, 3), 200, np.uint8)
    write_condition(path, condition(mapped(), mm_per_pixel=SCALE), wall)
    with Pillow.open(path) as file:
        picture = np.asarray(file)
        assert file.info['dpi'][0] == pytest.approx(25.4 / SCALE, abs=0.1)
    assert picture.shape[1] > 300
    loss = ImageColor.getrgb(CLASSES[1].colour)
    assert (picture[30, 10] == loss).all()
    assert (picture[:, 100:] == loss).all(axis=-1).sum() > 50
    gray = picture[:80, :100][mapped() == 0]
    assert (np.ptp(gray.astype(int), axis=-1) == 0).all()
    with pytest.raises(fresco.FrescoError, match='the photograph that was mapped'):
        write_condition(tmp_path / 'b.png', condition(mapped()), wall[1:])


def test_a_drawing_is_to_scale(tmp_path: Path) -> None:
    path = tmp_path / 'map.svg'
    write_condition(path, condition(mapped(), mm_per_pixel=SCALE))
    root = ElementTree.parse(path).getroot()
    assert root.get('width') == '50.0mm'
    groups = root.findall('{http://www.w3.org/2000/svg}g')
    assert {group.get('id') for group in groups} == set(rows_of(condition(mapped())))


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(fresco.FrescoError, match='no file of a condition map'):
        write_condition(tmp_path / 'map.shp', condition(mapped()))
    (tmp_path / 'map.csv').write_text('mine')
    with pytest.raises(fresco.FrescoError, match='exists'):
        write_condition(tmp_path / 'map.csv', condition(mapped()))
