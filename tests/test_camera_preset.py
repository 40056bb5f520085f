"""Presets of cameras: they come back as they were, and do not serve another camera's images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco.errors import FileError, ParameterError
from napari_fresco.evidence.transfer_graph import image_levels, transfer_graph
from napari_fresco.io.camera_preset import (
    camera_of,
    doubts_about_camera,
    read_camera,
    write_camera,
)

PRESET: dict[str, Any] = {
    'kind': 'camera', 'gain': 2.0, 'offset': 100.0, 'read_noise': 3.0, 'type': 'uint16',
}  # fmt: skip
MAP = np.random.default_rng(0).normal(100, 1, (8, 9))


def image(dtype: Any = np.uint16, dark: float = 99, **metadata: Any) -> fresco.Image:
    ramp = np.linspace(dark, dark + 900, 64 * 64).reshape(64, 64)
    return fresco.Image(
        (ramp % 250 if dtype == np.uint8 else ramp).astype(dtype), 'YX', {}, metadata=metadata
    )


def test_a_preset_comes_back_with_its_maps(tmp_path: Path) -> None:
    path = tmp_path / 'left.json'
    write_camera(path, PRESET, {'offset': MAP})
    kept = read_camera(path)
    assert camera_of(kept) == fresco.Camera(2, 100, 3)
    assert kept['maps']['offset']['file'] == 'left.offset.tif'
    read = fresco.read(tmp_path / 'left.offset.tif').data
    np.testing.assert_allclose(np.asarray(read), MAP, rtol=1e-6)
    assert fresco.restore(image(), method='ffdnet', params=path).provenance['noise'][0]['gain'] == 2


def test_maps_that_are_lost_or_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / 'left.json'
    write_camera(path, PRESET, {'offset': MAP})
    write_camera(tmp_path / 'right.json', PRESET, {'offset': MAP + 1})
    (tmp_path / 'right.offset.tif').replace(tmp_path / 'left.offset.tif')
    with pytest.raises(FileError, match='is not the offset map'):
        read_camera(path)
    (tmp_path / 'left.offset.tif').unlink()
    with pytest.raises(FileError, match='not beside it'):
        read_camera(path)


@pytest.mark.parametrize('text', ['{', '[]', json.dumps({'gain': 1})])
def test_what_is_no_preset_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'other.json'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(FileError, match='no preset of a camera'):
        read_camera(path)


def test_other_bit_depths_and_binnings_are_refused() -> None:
    assert doubts_about_camera(PRESET, image()) == []
    assert doubts_about_camera(PRESET, image(np.float32)) == []
    with pytest.raises(ParameterError, match='calibrated for uint16, the image is uint8'):
        doubts_about_camera(PRESET, image(np.uint8))
    binned = {**PRESET, 'binning': 2}
    assert doubts_about_camera(binned, image()) == []
    assert doubts_about_camera(binned, image(binning=2)) == []
    with pytest.raises(ParameterError, match='binning 2, the image has 1'):
        doubts_about_camera(binned, image(binning=1))


def test_an_image_far_below_the_offset_is_doubted() -> None:
    assert doubts_about_camera(PRESET, image(dark=92)) == []
    (said,) = doubts_about_camera(PRESET, image(dark=60))
    assert 'far below the offset' in said


def test_the_points_of_an_image_lie_on_the_line_of_its_camera() -> None:
    random = np.random.default_rng(1)
    light = np.linspace(5, 200, 256) * np.ones((256, 1))
    frame = 2.0 * random.poisson(light) + 100 + random.normal(0, 3, light.shape)
    camera = fresco.Camera(2, 100, 3)
    means, variances = image_levels(frame)
    assert len(means) >= 8
    np.testing.assert_allclose(variances, camera.variance(means), rtol=0.3)
    assert np.mean(variances / camera.variance(means)) == pytest.approx(1, abs=0.07)
    measured, line = transfer_graph(means, variances, camera).traces
    assert (measured.style, line.style) == ('dots', 'line')
    np.testing.assert_allclose(line.y, camera.variance(line.x))


def test_a_number_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'left.json'
    path.write_text('{"kind": "camera", "gain": 2.0, "gain": 4.0}', encoding='utf-8')
    with pytest.raises(FileError, match="'gain' is given twice"):
        read_camera(path)
