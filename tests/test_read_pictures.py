"""PNG, JPEG, GIF and WebP files, as a viewer would show them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from napari_fresco.errors import FileError
from napari_fresco.image.model import Image
from napari_fresco.io.files import list_series, read, write

RANDOM = np.random.default_rng(0)
HEADER = b'\0\0\1\0lcms\4\0\0\0prtrCMYKLab ' + bytes(232)


def pixels(*shape: int) -> np.ndarray:
    return (RANDOM.random(shape) * 200).astype(np.uint8)


@pytest.mark.parametrize(
    ('mode', 'axes'),
    [('1', 'YX'), ('L', 'YX'), ('LA', 'YXS'), ('P', 'YX'), ('RGB', 'YXS'), ('RGBA', 'YXS')],
)
def test_modes_of_png(tmp_path: Path, mode: str, axes: str) -> None:
    picture = Pillow.fromarray(pixels(8, 9)).convert(mode)
    picture.save(tmp_path / 'a.png')
    image = read(tmp_path / 'a.png')
    assert (image.axes, image.dtype) == (axes, np.uint8)
    expected = np.asarray(picture.convert('L') if mode in '1P' else picture)
    np.testing.assert_array_equal(image.data, expected)


def test_palettes_are_colours_with_their_transparency(tmp_path: Path) -> None:
    picture = Pillow.fromarray(pixels(8, 9, 3)).quantize(16)
    picture.save(tmp_path / 'a.png')
    np.testing.assert_array_equal(read(tmp_path / 'a.png').data, np.asarray(picture.convert('RGB')))
    picture.save(tmp_path / 'b.png', transparency=3)
    image = read(tmp_path / 'b.png')
    assert image.length('S') == 4
    np.testing.assert_array_equal(image.data[..., 3] == 0, np.asarray(picture) == 3)


def test_16_bits_of_gray_are_kept(tmp_path: Path) -> None:
    deep = RANDOM.integers(0, 65536, (8, 9), np.uint16)
    Pillow.fromarray(deep).save(tmp_path / 'a.png')
    np.testing.assert_array_equal(read(tmp_path / 'a.png').data, deep)


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_photographs_are_turned_upright_and_it_is_said(
    tmp_path: Path, orientation: int, suffix: str
) -> None:
    path, stored = tmp_path / f'a{suffix}', np.zeros((16, 32), np.uint8)
    stored[:8, :8] = 255
    exif = Pillow.Exif()
    exif[274] = orientation
    Pillow.fromarray(stored).save(path, exif=exif)
    image = read(path)
    right, down = orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)
    lit = np.argwhere(np.asarray(image.data) > 128).mean(0) > np.array(image.shape) / 2
    assert tuple(lit) == (down, right)
    assert image.shape == ((32, 16) if orientation > 4 else (16, 32))
    assert any('orientation' in w for w in image.metadata.get('warnings', ())) == (orientation > 1)
    write(tmp_path / f'b{suffix}', image)
    with Pillow.open(tmp_path / f'b{suffix}') as picture:
        assert picture.getexif().get(274, 1) == 1
        assert picture.size == image.shape[::-1]


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.webp'])
@pytest.mark.parametrize(
    'block',
    [
        b'Exif\0\0neither II nor MM',
        b'Exif\0\0II*\0\x08\0\0\0\xff\xff',
        b'Exif\0\0MM\0*\xff\xff\xff\xff' + bytes(30),
    ],
)
def test_a_damaged_exif_block_harms_no_pixel(tmp_path: Path, suffix: str, block: bytes) -> None:
    flat = np.full((16, 24, 3), 77, np.uint8)
    Pillow.fromarray(flat).save(tmp_path / f'a{suffix}', exif=block)
    image = read(tmp_path / f'a{suffix}')
    np.testing.assert_array_equal(image.data, flat)
    assert 'warnings' not in image.metadata
    write(tmp_path / 'b.png', image)


def test_cmyk_becomes_rgb_without_the_profile_of_the_press(tmp_path: Path) -> None:
    colours = np.repeat(np.repeat(pixels(2, 3, 3), 16, 0), 16, 1)
    picture = Pillow.fromarray(colours).convert('CMYK')
    picture.save(tmp_path / 'a.jpg', quality=98, subsampling=0, icc_profile=HEADER)
    image = read(tmp_path / 'a.jpg')
    assert image.axes == 'YXS'
    assert np.abs(image.data.astype(int) - colours).mean() < 4
    assert 'icc_profile' not in image.metadata
    assert 'CMYK' in image.metadata['warnings'][0]


def test_a_profile_for_other_samples_is_left_out_and_said(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    Pillow.fromarray(pixels(8, 9)).save(tmp_path / 'a.png', icc_profile=profile)
    image = read(tmp_path / 'a.png')
    assert 'icc_profile' not in image.metadata
    assert 'profile' in image.metadata['warnings'][0]


@pytest.mark.parametrize('suffix', ['.gif', '.webp', '.png'])
def test_frames_of_an_animation_lie_along_time(tmp_path: Path, suffix: str) -> None:
    frames = [np.full((8, 9), 40 * i, np.uint8) for i in range(3)]
    first, *others = (Pillow.fromarray(frame).convert('RGB') for frame in frames)
    options = {'lossless': True} if suffix == '.webp' else {}
    path = tmp_path / f'a{suffix}'
    first.save(path, save_all=True, append_images=others, duration=200, **options)
    image = read(path)
    assert (image.axes, image.shape) == ('TYX', (3, 8, 9))
    np.testing.assert_array_equal(image.data, frames)
    if suffix != '.png':
        assert image.spacing['T'] == (0.2, 's')
    with pytest.raises(FileError, match='one plane'):
        write(tmp_path / 'b.png', image)


def test_the_pictures_of_an_mpo(tmp_path: Path) -> None:
    picture, other = (Pillow.fromarray(pixels(40, 64, 3)) for _ in range(2))
    picture.save(tmp_path / 'a.jpg', 'MPO', save_all=True, append_images=[other])
    with pytest.raises(FileError, match='2 images'):
        read(tmp_path / 'a.jpg')
    assert len(list_series(tmp_path / 'a.jpg')) == 2
    assert read(tmp_path / 'a.jpg', series=1).shape == (40, 64, 3)
    small = other.resize((16, 10))
    picture.save(tmp_path / 'b.jpg', 'MPO', save_all=True, append_images=[small])
    image = read(tmp_path / 'b.jpg')
    assert image.shape == (40, 64, 3)
    assert 'thumbnails' in image.metadata['warnings'][0]


def test_a_resolution_that_only_exif_tells(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[282] = exif[283] = 118.0
    exif[296] = 3
    Pillow.fromarray(pixels(8, 9, 3)).save(tmp_path / 'a.jpg', exif=exif)
    image = read(tmp_path / 'a.jpg')
    assert image.spacing['X'] == (pytest.approx(10 / 118), 'mm')
    fine = Image(image.data, 'YXS', dict.fromkeys('YX', (0.1, 'um')))
    write(tmp_path / 'b.jpg', fine)  # beyond what JFIF counts
    assert read(tmp_path / 'b.jpg').spacing['X'] == (pytest.approx(1e-4, rel=1e-3), 'mm')


@pytest.mark.parametrize('source', ['a.jpg', 'a.png', 'a.tif'])
@pytest.mark.parametrize('target', ['b.tif', 'b.png', 'b.jpg'])
def test_the_resolution_of_a_print_stays_one(tmp_path: Path, source: str, target: str) -> None:
    Pillow.fromarray(pixels(8, 9, 3)).save(tmp_path / source, dpi=(300, 300))
    write(tmp_path / target, read(tmp_path / source))
    back = read(tmp_path / target)
    assert back.spacing['Y'] == (pytest.approx(25.4 / 300, rel=1e-3), 'mm')
    assert not back.pixel_sizes


@pytest.mark.parametrize('target', ['b.tif', 'b.png', 'b.jpg'])
@pytest.mark.parametrize('step', [0.5, 20.0])
def test_the_scale_of_a_wall_stays_one(tmp_path: Path, target: str, step: float) -> None:
    write(tmp_path / target, Image(pixels(8, 9, 3), 'YXS', dict.fromkeys('YX', (step, 'mm'))))
    size = read(tmp_path / target).pixel_sizes['Y']
    assert size == (pytest.approx(step, rel=1e-3), 'mm')


def test_a_wall_of_many_pixels_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pillow, 'MAX_IMAGE_PIXELS', 20)
    Pillow.fromarray(pixels(8, 9)).save(tmp_path / 'a.png')
    assert read(tmp_path / 'a.png').shape == (8, 9)
    assert Pillow.MAX_IMAGE_PIXELS == 20
