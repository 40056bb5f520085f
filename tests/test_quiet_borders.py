"""A border with less noise than the picture within it tells nothing of the picture's noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from skimage import data

import napari_fresco as fresco
from napari_fresco.noise.dilation import within
from napari_fresco.noise.interpolated import interpolated
from napari_fresco.noise.quiet_borders import quiet_border
from napari_fresco.noise.second_differences import local_power, power_of_blocks, power_of_cells

N, SIGMA = 192, 15.0
Floats = NDArray[np.float64]


def picture(n: int = N) -> Floats:
    """Return a photograph with textured and smooth parts."""
    return data.camera()[60 : 60 + n, 150 : 150 + n].astype(float)


def framed(width: int, value: float, own: float, angle: float = 0) -> tuple[Floats, Any]:
    """Return a noisy picture in a frame, and where the picture is."""
    random = np.random.default_rng(0)
    inside = np.zeros((N, N))
    inside[width : N - width, width : N - width] = 1
    here = ndimage.rotate(inside, angle, reshape=False, order=0) > 0
    noisy = picture() + random.normal(0, SIGMA, (N, N))
    return np.where(here, noisy, value + random.normal(0, own, (N, N))), here


@pytest.mark.parametrize('width', [8, 16, 48])
@pytest.mark.parametrize(('value', 'own'), [(255, 0.5), (245, 2), (3, 0.5)])
def test_the_noise_is_that_of_the_picture(width: int, value: float, own: float) -> None:
    image, inside = framed(width, value, own)
    assert fresco.estimate_noise(image) == pytest.approx(SIGMA, rel=0.1)
    border = quiet_border(image)
    assert border is not None
    assert not border.where[ndimage.binary_erosion(inside, iterations=2)].any()
    assert border.where[~ndimage.binary_dilation(inside, iterations=5)].mean() > 0.9
    if width > 8:
        assert np.median(border.level[border.where]) == pytest.approx(own, rel=0.1)


def test_a_map_has_an_edge_where_the_border_has_one() -> None:
    image, inside = framed(24, 245, 1)
    found = fresco.estimate_noise(image, how='map')
    assert np.median(found[inside]) == pytest.approx(SIGMA, rel=0.1)
    assert found[inside].min() > 0.7 * SIGMA
    assert np.median(found[:16]) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize('angle', [0, 5])
def test_the_picture_is_restored_as_without_its_border(angle: float) -> None:
    image, inside = framed(24, 245, 1, angle)
    alone = picture() + np.random.default_rng(0).normal(0, SIGMA, (N, N))

    def error(given: Floats) -> float:
        result = fresco.restore(given.astype(np.float32), method='ffdnet')
        assert all(check.ok for check in result.checks), result.checks
        return float(np.sqrt(np.square(result.image - picture())[inside].mean()))

    assert error(image) < 1.08 * error(alone)  # beyond its rim nothing is known of it


@pytest.mark.parametrize(('own', 'said'), [(1, 'have hardly any noise'), (4, 'has less noise (')])
def test_it_is_said(own: float, said: str) -> None:
    result = fresco.restore(framed(24, 230, own)[0].astype(np.float32), method='ffdnet')
    assert any(said in each for each in result.provenance['warnings'])


def test_writing_on_the_border_is_kept() -> None:
    image, _ = framed(32, 245, 0.5)
    image[180:184, 60:90:3] -= 10
    result = fresco.restore(image.astype(np.float32), method='ffdnet').image
    np.testing.assert_array_equal(result[180:184, 60:90], image[180:184, 60:90].astype(np.float32))


def test_ordinary_images_have_none() -> None:
    random = np.random.default_rng(1)
    smooth = ndimage.gaussian_filter(random.normal(0, 1, (N, N)), 20)
    rim = np.pad(np.ones((N - 60, N - 60)), 30)
    weave = 40 * np.sin(2.1 * np.arange(N)) * np.sin(1.7 * np.arange(N))[:, None] * rim
    for image in (picture(), 400 * smooth, 60 + weave + 900 * smooth, np.zeros((N, N))):
        for sigma in (0, 3, 15):
            assert quiet_border(image + random.normal(0, 1, (N, N)) * sigma) is None


@pytest.mark.parametrize('corners', [2.0, 20.0])
def test_a_ground_with_fewer_photons_is_no_border(corners: float) -> None:
    y, x = np.mgrid[:N, :N] / N - 0.5
    for light in (np.exp(-(x**corners + y**corners) * 4**corners), np.hypot(y, x) < 0.3):
        electrons = 4 + 200 * light * (1 + 0.5 * np.sin(9 * x))
        image = 2.0 * np.random.default_rng(2).poisson(electrons) + 100
        camera = fresco.estimate_camera(image)
        assert quiet_border(image) is None
        assert camera is not None
        assert camera.gain == pytest.approx(2, rel=0.2)


def test_unknown_pixels_are_no_border() -> None:
    image = picture() + np.random.default_rng(0).normal(0, SIGMA, (N, N))
    image[:20] = np.nan
    assert quiet_border(image) is None
    unknown = np.zeros((N, N), bool)
    unknown[:, :20] = True
    assert quiet_border(np.where(unknown, 0.0, image), unknown) is None


def test_colours() -> None:
    image, inside = framed(16, 245, 1)
    random = np.random.default_rng(3)
    toned = (
        image[..., None] + random.normal(0, 1, (N, N, 3)) * np.where(inside, SIGMA, 1)[..., None]
    )
    border = quiet_border(toned)
    assert border is not None
    assert fresco.estimate_noise(toned, rgb=True) == pytest.approx(SIGMA * 2**0.5, rel=0.1)


@pytest.mark.parametrize('own', [0.0, 1.0])
def test_pixels_without_a_value_on_a_border_do_no_harm(own: float) -> None:
    image, inside = framed(24, 245, own)
    image[np.random.default_rng(4).random((N, N)) < 0.01] = np.nan
    border = quiet_border(image)
    assert border is not None
    assert border.where[~ndimage.binary_dilation(inside, iterations=5)].mean() > 0.9
    assert not border.where[ndimage.binary_erosion(inside, iterations=6)].any()


@pytest.mark.parametrize(('kind', 'found'), [('upright', True), ('turned', True), ('round', False)])
def test_blocks_of_a_large_plane_tell_whether_it_may_have_one(kind: str, found: bool) -> None:
    n = 1030
    y, x = np.mgrid[:n, :n] - n / 2
    if kind == 'turned':
        y, x = y * 0.99 + x * 0.14, x * 0.99 - y * 0.14
    inside = np.hypot(y, x) < 400 if kind == 'round' else np.maximum(abs(y), abs(x)) < 400
    noise = np.random.default_rng(5).normal(0, 1, (n, n))
    light = np.tile(picture(), (6, 6))[:n, :n]
    image = np.where(inside, light + SIGMA * noise, 245 + noise).round().clip(0).astype(np.uint16)
    border = quiet_border(image)
    assert (border is not None) == found
    assert border is None or np.mean(border.where == ~inside) > 0.97


def test_a_border_is_the_same_in_cells_of_pixels() -> None:
    rows, columns = 2055, 2113  # which no cells of four pixels fill
    random = np.random.default_rng(8)
    inside = np.zeros((rows, columns), bool)
    inside[90:-61, 75:-83] = True
    image = np.tile(picture(), (11, 12))[:rows, :columns] + random.normal(0, SIGMA, inside.shape)
    image = np.where(inside, image, 245 + random.normal(0, 1, inside.shape)).astype(np.float32)
    image[20:23, 300:900:9] -= 60  # writing
    border = quiet_border(image)
    assert border is not None
    assert np.mean(border.where == ~inside) > 0.985
    assert not border.where[ndimage.binary_erosion(inside, iterations=2)].any()
    assert (border.hardly == border.where).mean() > 0.995
    assert np.median(border.level[border.where]) == pytest.approx(1, rel=0.1)
    assert border.beside[~inside].all()


def test_between_the_nodes_of_a_grid_values_are_linear() -> None:
    nodes = np.add.outer(3.0 * np.arange(5), -2.0 * np.arange(7))
    rows, columns = np.linspace(-1, 5, 83), np.linspace(0, 6, 40)
    expected = np.add.outer(3 * rows.clip(0, 4), -2 * columns)
    np.testing.assert_allclose(interpolated(nodes, rows, columns), expected, atol=1e-12)
    assert (interpolated(nodes[:1, :1], rows, columns) == nodes[0, 0]).all()


def test_white_noise_has_its_variance_as_power() -> None:
    noise = np.random.default_rng(6).normal(1e6, SIGMA, (256, 256, 2))
    lost = np.zeros((256, 256), bool)
    lost[::9, ::9] = True
    for unknown in (None, lost):
        given = noise if unknown is None else np.where(unknown[..., None], np.inf, noise)
        power, known = local_power(given, unknown)
        assert power[known].mean() == pytest.approx(SIGMA**2, rel=0.02)
        of_cells, known = power_of_cells(given, unknown, 4)
        assert of_cells[known].mean() == pytest.approx(SIGMA**2, rel=0.02)
        of_blocks, mean, known = power_of_blocks(given, unknown)
        assert of_blocks[known].mean() == pytest.approx(SIGMA**2, rel=0.05)
        assert unknown is not None or mean.mean() == pytest.approx(1e6, abs=1)


def test_what_lies_within_some_pixels() -> None:
    random = np.random.default_rng(7)
    for shape in ((60, 40), (5, 60), (60, 5)):
        where = random.random(shape) < 0.02
        where[2, 2] = True
        for reach in (1, 3, 6):
            far = ndimage.distance_transform_edt(~where)
            square = ndimage.distance_transform_cdt(~where, 'chessboard')
            np.testing.assert_array_equal(within(where, reach), far <= reach)
            np.testing.assert_array_equal(within(where, reach, square=True), square <= reach)
