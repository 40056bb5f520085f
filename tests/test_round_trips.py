"""Written and read again: the same image, in every format that holds it."""

from __future__ import annotations

import struct
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms
from PIL.PngImagePlugin import PngInfo
from yaozarrs import validate_zarr_store

from napari_fresco.errors import FileError
from napari_fresco.image.letters import leading_first
from napari_fresco.image.model import Image
from napari_fresco.image.units import converted
from napari_fresco.io.files import read, write

SIZES = {'T': 2, 'C': 3, 'Z': 4, 'Q': 2, 'Y': 6, 'X': 5}
UNITS = {'T': ('s', 'ms', 'min'), 'C': ('nm',), 'Z': ('um', 'nm', 'mm'), 'Q': ('', 'deg')}
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
STEPS = st.floats(1e-3, 1e3, allow_nan=False)
SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def images(draw: Any, stack: str = 'TCZQ', dtypes: str = 'uint8 uint16 float32') -> Image:
    samples = draw(st.sampled_from([0, 0, 1, 2, 3, 4]))
    stacked = [a for a in stack if draw(st.booleans())]
    letters = [*stacked, 'Y', 'X', *('S' if samples else '')]
    axes = ''.join(draw(st.permutations(letters)))
    single = {a for a in stack if draw(st.integers(0, 4)) == 0}
    shape = [samples if a == 'S' else 1 if a in single else SIZES[a] for a in axes]
    dtype = np.dtype(draw(st.sampled_from(dtypes.split())))
    data = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    spacing = {}
    if draw(st.booleans()):
        unit = draw(st.sampled_from(['um', 'mm', 'nm', '']))
        spacing = {'Y': (draw(STEPS), unit), 'X': (draw(STEPS), unit)}
        for axis in set(axes) & set(UNITS):
            if draw(st.booleans()):
                spacing[axis] = (draw(STEPS), draw(st.sampled_from(UNITS[axis])))
    channels = ('DAPI', 'GFP', 'Cy5')[: 1 if 'C' in single else 3]
    channels = channels if 'C' in axes and draw(st.booleans()) else ()
    flavour = draw(st.sampled_from([None, 'plain', 'imagej', 'ome']))
    return Image(data, axes, spacing, {}, channels, metadata={'flavour': flavour})


def same(back: Image, image: Image) -> None:
    """Assert that pixels, spacing and channels are the same by the names of the axes."""
    axes = image.axes if image.length('S') > 1 else image.axes.replace('S', '')
    pixels = np.asarray(image.data)
    pixels = pixels if axes == image.axes else pixels.squeeze(image.axes.index('S'))
    assert set(back.axes) == set(axes)
    np.testing.assert_array_equal(
        np.asarray(back.data).transpose([back.axes.index(a) for a in axes]), pixels
    )
    assert back.dtype == image.dtype
    assert set(back.spacing) == set(image.spacing)
    for axis, (step, unit) in image.spacing.items():
        value, own = back.spacing[axis]
        assert converted(value, own, unit) == pytest.approx(step, rel=1e-4), axis
    assert back.channels == image.channels


@given(images(dtypes='uint8 uint16 float32 float64 int16 uint32'))
@SLOW
def test_tiff_keeps_every_image(image: Image) -> None:
    with TemporaryDirectory() as folder:
        write(Path(folder) / 'a.tif', image)
        same(read(Path(folder) / 'a.tif'), image)


@pytest.mark.parametrize('flavour', [None, 'ome', 'shaped'])
def test_one_channel_keeps_its_name(tmp_path: Path, flavour: str | None) -> None:
    image = Image(
        np.ones((1, 6, 5), np.uint8), 'CYX', channels=('DAPI',), metadata={'flavour': flavour}
    )
    write(tmp_path / 'a.tif', image)
    same(read(tmp_path / 'a.tif'), image)


@pytest.mark.parametrize('steps', [(1.0, 10.0), (10.0, 10.0), (10.0, 2.0)])
def test_a_centimetre_in_a_tiff_is_one(tmp_path: Path, steps: tuple[float, float]) -> None:
    """One pixel per centimetre is written as 1 : 1, which stands for no resolution elsewhere."""
    spacing = {axis: (step, 'mm') for axis, step in zip('YX', steps, strict=True)}
    image = Image(np.zeros((4, 5), np.uint8), 'YX', spacing)
    write(tmp_path / 'a.tif', image)
    assert read(tmp_path / 'a.tif').spacing == spacing


@pytest.mark.parametrize('unit', ['nm', 'um', 'mm', 'm'])
@pytest.mark.parametrize('step', [3e-9, 0.00195, 5e3, 1e9])
@pytest.mark.parametrize('name', ['a.tif', 'a.ome.tif'])
@pytest.mark.parametrize('axes', ['YX', 'ZYX'])
def test_tiff_keeps_spacings_that_its_tags_have_no_room_for(tmp_path, axes, name, step, unit):
    data = np.zeros((2, 4, 4)[-len(axes) :], np.uint8)
    image = Image(data, axes, dict.fromkeys(axes, (step, unit)))
    write(tmp_path / name, image)
    same(read(tmp_path / name), image)


@given(images(stack='TCZ'))
@SLOW
def test_ome_tiff_keeps_every_image(image: Image) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'a.ome.tif'
        spacing = {axis: pair for axis, pair in image.spacing.items() if axis in 'TZYX'}
        image = replace(image, spacing=spacing)
        write(path, image)
        with tifffile.TiffFile(path) as file:
            assert file.is_ome
        same(read(path), image)


@given(images(stack='TCZ', dtypes='uint8 uint16 int16 float32 float64'))
@SLOW
def test_ome_zarr_keeps_every_image(image: Image) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'a.ome.zarr'
        if {'C', 'S'} <= set(image.axes) and image.length('S') > 1:
            with pytest.raises(FileError, match='colours S in the place of C'):
                write(path, image)
            return
        image = replace(image, spacing={a: p for a, p in image.spacing.items() if a != 'C'})
        write(path, image)
        validate_zarr_store(str(path))
        same(read(path), image)


@given(images(stack='', dtypes='uint8 uint16'))
@SLOW
def test_png_keeps_every_picture(image: Image) -> None:
    with TemporaryDirectory() as folder:
        printed = dict.fromkeys(image.spacing, (0.05, 'mm'))
        image = replace(image, spacing=printed)
        write(Path(folder) / 'a.png', image)
        back = read(Path(folder) / 'a.png')
        same(back, image)
        assert back.axes == leading_first(back.axes)


@given(images(), st.sampled_from(['.png', '.jpg']))
@SLOW
def test_a_picture_holds_an_image_or_refuses_it(image: Image, suffix: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f'a{suffix}'
        try:
            write(path, image)
        except FileError:
            assert not list(Path(folder).iterdir())
            return
        assert read(path).dtype == image.dtype


def photograph(folder: Path, name: str) -> Image:
    """Write a photograph with everything that such a file can hold, and read it."""
    exif = Pillow.Exif()
    exif[271], exif[33432], exif[306], exif[315] = 'Maker', 'Museum', '2020:01:01 00:00:00', 'Me'
    exif.get_ifd(34665).update({33434: (1, 60), 36867: '2020:01:01 00:00:01', 42036: 'Lens'})
    exif.get_ifd(34853).update({1: 'N', 2: (12.0, 30.0, 0.0)})
    picture = Pillow.fromarray(np.random.default_rng(0).integers(0, 255, (6, 5, 3), np.uint8))
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="1"/></x:xmpmeta>'
    options = {'exif': exif.tobytes(), 'dpi': (300, 300), 'icc_profile': PROFILE}
    if name.endswith('.jpg'):
        picture.save(folder / 'in.jpg', xmp=xmp, quality=95, **options)
        image = read(folder / 'in.jpg')
        return replace(image, metadata={**image.metadata, 'iptc': b'\x1c\x02\x78\x00\x04nave'})
    picture.save(folder / 'in.png', **options)
    image = read(folder / 'in.png')
    text = {'Description': 'nave, north wall', 'Comment': 'façade'}
    return replace(image, metadata={**image.metadata, 'xmp': xmp, 'text': text})


@pytest.mark.parametrize('source', ['in.jpg', 'in.png'])
@pytest.mark.parametrize('target', ['out.jpg', 'out.png', 'out.tif'])
def test_what_belongs_to_a_photograph_is_kept_in_every_pairing(
    tmp_path: Path, source: str, target: str
) -> None:
    image = photograph(tmp_path, source)
    write(tmp_path / target, image)
    back = read(tmp_path / target)
    assert back.metadata['icc_profile'] == PROFILE
    assert back.metadata['xmp'] == image.metadata['xmp']
    assert 25.4 / back.spacing['X'][0] == pytest.approx(300, rel=1e-4)
    exif = Pillow.Exif()
    exif.load(back.metadata['exif'])
    found = {tag: exif.get(tag) for tag in (271, 33432, 306, 315)}
    assert found == {271: 'Maker', 33432: 'Museum', 306: '2020:01:01 00:00:00', 315: 'Me'}
    details, gps = exif.get_ifd(34665), exif.get_ifd(34853)
    assert (details[36867], details[42036]) == ('2020:01:01 00:00:01', 'Lens')
    assert (gps[1], float(gps[2][1])) == ('N', 30.0)
    if 'iptc' in image.metadata:
        assert back.metadata['iptc'] == image.metadata['iptc']
    if 'text' in image.metadata:
        text = {**back.metadata.get('text', {}), 'EXIF': exif.get(270)}
        assert 'nave, north wall' in text.values()
        assert 'façade' in text.values()
    with Pillow.open(tmp_path / target) as picture:  # others read it, too
        assert picture.getexif()[33432] == 'Museum'
        assert picture.getexif().get_ifd(34665)[42036] == 'Lens'
        assert picture.info['icc_profile'] == PROFILE


def test_a_geotiff_stays_on_its_ground(tmp_path: Path) -> None:
    tags = {
        33550: ('d', (0.5, 0.5, 0.0)),
        33922: ('d', (0.0, 0.0, 0.0, 1000.0, 2000.0, 0.0)),
        34735: ('H', (1, 1, 0, 1, 1024, 0, 1, 1)),
        34737: ('s', 'WGS 84 / UTM zone 32N|'),
    }
    extra = [(k, t, 0 if t == 's' else len(v), v, True) for k, (t, v) in tags.items()]
    stored = np.ones((6, 5), np.uint16)
    tifffile.imwrite(tmp_path / 'a.tif', stored, extratags=extra, metadata=None)
    image = read(tmp_path / 'a.tif')
    write(tmp_path / 'b.tif', image.like(stored, dtype=np.float32))
    with tifffile.TiffFile(tmp_path / 'b.tif') as file:
        assert {k: file.pages[0].tags[k].value for k in tags} == {
            k: v for k, (_, v) in tags.items()
        }
    write(tmp_path / 'c.tif', image.like(stored[:3]))  # a part lies elsewhere
    with tifffile.TiffFile(tmp_path / 'c.tif') as file:
        assert not set(tags) & {tag.code for tag in file.pages[0].tags}


@pytest.mark.parametrize('from_middles', [False, True])
@pytest.mark.parametrize('shift', [-0.25, 0.0])
def test_an_enlarged_geotiff_lies_over_its_source(
    tmp_path: Path, from_middles: bool, shift: float
) -> None:
    keys = (1, 1, 0, 1, 1025, 0, 1, 2 if from_middles else 1)
    turned = (0.5, 0.1, 0.0, 1000.0, 0.2, -0.5, 0.0, 2000.0, *[0.0] * 7, 1.0)
    for number, (tag, value) in enumerate(((33922, (2, 1, 0, 1000, 2000, 0)), (34264, turned))):
        extra = [(34735, 'H', len(keys), keys, True), (tag, 'd', len(value), value, True)]
        extra += [(33550, 'd', 3, (0.5, 0.25, 0.0), True)] if tag == 33922 else []
        stored = np.ones((6, 5), np.uint16)
        path = tmp_path / f'{number}.tif'
        tifffile.imwrite(path, stored, extratags=extra, metadata=None)
        larger = np.ones((12, 10), np.uint16)
        write(tmp_path / f'{number}x.tif', read(path).like(larger, scale=2, shift=(shift, shift)))
        before = _on_the_ground(path, from_middles)
        after = _on_the_ground(tmp_path / f'{number}x.tif', from_middles)
        for row, column in ((0, 0), (7, 3), (11, 9)):
            assert np.allclose(after(row, column), before(shift + row / 2, shift + column / 2))


def _on_the_ground(path: Path, from_middles: bool) -> Any:
    """Return where the middle of a pixel lies, in the words of the specification."""
    with tifffile.TiffFile(path) as file:
        tags = {tag.code: tag.value for tag in file.pages[0].tags}

    def place(row: float, column: float) -> tuple[float, ...]:
        i, j = (column, row) if from_middles else (column + 0.5, row + 0.5)
        if 34264 in tags:
            return tuple(np.reshape(tags[34264], (4, 4))[:2] @ (i, j, 0, 1))
        i0, j0, _, x, y, _ = tags[33922]
        across, down, _ = tags[33550]
        return x + (i - i0) * across, y - (j - j0) * down

    return place


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_gamma_and_primaries_of_a_png_are_kept(tmp_path: Path, dtype: type) -> None:
    info, gamma = PngInfo(), struct.pack('>I', 100000)
    primaries = struct.pack('>8I', *[31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000])
    info.add(b'gAMA', gamma)
    info.add(b'cHRM', primaries)
    Pillow.fromarray(np.zeros((6, 5, 3), np.uint8)).save(tmp_path / 'a.png', pnginfo=info)
    image = read(tmp_path / 'a.png')
    write(tmp_path / 'b.png', replace(image, data=image.data.astype(dtype)))
    written = (tmp_path / 'b.png').read_bytes()
    assert b'gAMA' + gamma in written
    assert b'cHRM' + primaries in written
    write(tmp_path / 'c.png', replace(image, metadata={**image.metadata, 'icc_profile': PROFILE}))
    assert b'gAMA' not in (tmp_path / 'c.png').read_bytes()


@pytest.mark.parametrize('length', [1, 2, 400])
def test_iptc_of_any_length_is_kept_in_png(tmp_path: Path, length: int) -> None:
    iptc = b'\x1c\x02\x78' + length.to_bytes(2, 'big') + b'x' * length
    for dtype in (np.uint8, np.uint16):
        image = Image(np.zeros((6, 5, 3), dtype), 'YXS', metadata={'iptc': iptc})
        write(tmp_path / 'a.png', image, overwrite=True)
        assert read(tmp_path / 'a.png').metadata['iptc'] == iptc


@pytest.mark.parametrize('profile', ['', 'iptc 4 zz', '\niptc\n  8\n3842494d04040000\n'])
def test_iptc_that_is_damaged_is_left_out(tmp_path: Path, profile: str) -> None:
    info = PngInfo()
    info.add_text('Raw profile type iptc', profile)
    Pillow.new('L', (5, 6)).save(tmp_path / 'a.png', pnginfo=info)
    assert 'iptc' not in read(tmp_path / 'a.png').metadata


@pytest.mark.parametrize('name', ['a.tif', 'a.png', 'a.jpg'])
def test_profiles_that_no_longer_hold_are_left_out(tmp_path: Path, name: str) -> None:
    gray = Image(np.zeros((6, 5), np.uint8), 'YX', metadata={'icc_profile': PROFILE})
    write(tmp_path / name, gray)
    assert 'icc_profile' not in read(tmp_path / name).metadata


def test_several_images_in_one_tiff(tmp_path: Path) -> None:
    several = [Image(np.full((6, 5), i, np.uint16), 'YX') for i in range(3)]
    for name in ('a.tif', 'a.ome.tif'):
        write(tmp_path / name, several)
        for i in range(3):
            assert read(tmp_path / name, series=i).data.max() == i
    with pytest.raises(FileError, match='several'):
        write(tmp_path / 'a.png', [replace(each, data=each.data.astype('u1')) for each in several])


@pytest.mark.parametrize('compression', ['zlib', 'lzw', 'packbits', 'zstd', 'jpeg', None])
def test_a_result_is_compressed_like_its_source(tmp_path: Path, compression: str | None) -> None:
    data = np.zeros((3, 64, 64), np.uint8)
    options = {'compression': compression, 'metadata': {'axes': 'ZYX'}}
    tifffile.imwrite(tmp_path / 'a.tif', data, **options)
    write(tmp_path / 'b.tif', read(tmp_path / 'a.tif'))
    with tifffile.TiffFile(tmp_path / 'b.tif') as file:
        found = file.pages[0].compression.name
    known = {'zlib': 'ADOBE_DEFLATE', 'jpeg': 'ADOBE_DEFLATE', None: 'NONE'}
    assert found == known.get(compression, str(compression).upper())


def test_imagej_and_ome_get_back_what_they_said(tmp_path: Path) -> None:
    luts = [np.stack([np.arange(256) * (i == c) for i in range(3)]).astype('u1') for c in range(2)]
    said = {
        'mode': 'composite',
        'LUTs': luts,
        'Ranges': (0.0, 255.0, 10.0, 200.0),
        'Info': 'Objective: 63x',
        'Labels': ['DAPI', 'GFP'],
    }
    data = np.zeros((2, 6, 5), np.uint16)
    metadata = {'axes': 'CYX', 'unit': 'um', **said}
    tifffile.imwrite(tmp_path / 'ij.tif', data, imagej=True, resolution=(5, 5), metadata=metadata)
    image = read(tmp_path / 'ij.tif')
    assert (image.channels, image.spacing['X']) == (('DAPI', 'GFP'), (0.2, 'um'))
    write(tmp_path / 'out.tif', image.like(image.data + 1))
    with tifffile.TiffFile(tmp_path / 'out.tif') as file:
        kept = file.imagej_metadata
    for key in ('mode', 'Ranges', 'Info', 'Labels'):
        assert kept[key] == said[key]
    np.testing.assert_array_equal(kept['LUTs'], luts)


def test_a_look_up_table_of_imagej_keeps_intensities(tmp_path: Path) -> None:
    table = np.stack([np.arange(256)[::-1] * 257, np.zeros(256), np.zeros(256)]).astype('u2')
    data = np.arange(30, dtype=np.uint8).reshape(6, 5)
    tifffile.imwrite(tmp_path / 'a.tif', data, imagej=True, photometric='palette', colormap=table)
    image = read(tmp_path / 'a.tif')
    np.testing.assert_array_equal(image.data, data)
    write(tmp_path / 'b.tif', image)
    with tifffile.TiffFile(tmp_path / 'b.tif') as file:
        np.testing.assert_array_equal(file.pages[0].colormap, table)
        np.testing.assert_array_equal(file.asarray(), data)


OME = """<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
<Experimenter ID="Experimenter:0" LastName="Ramón y Cajal"/>
<Instrument ID="Instrument:0"><Objective ID="Objective:0" LensNA="1.4"/></Instrument>
<Image ID="Image:0" Name="embryo"><AcquisitionDate>2020-01-01T00:00:00</AcquisitionDate>
<ExperimenterRef ID="Experimenter:0"/><Description>day 3</Description>
<InstrumentRef ID="Instrument:0"/>
<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="5" SizeY="6" SizeC="2" SizeZ="1"
 SizeT="1" PhysicalSizeX="200" PhysicalSizeXUnit="nm" PhysicalSizeY="0.2">
<Channel ID="Channel:0:0" SamplesPerPixel="1" Name="GFP" EmissionWavelength="509" Color="16711935"/>
<Channel ID="Channel:0:1" SamplesPerPixel="1" Name="RFP" EmissionWavelength="0.6"
 EmissionWavelengthUnit="µm"/>
<TiffData IFD="0" PlaneCount="2"/>
<Plane TheZ="0" TheC="0" TheT="0" ExposureTime="0.1" PositionX="12" PositionXUnit="µm"/>
<Plane TheZ="0" TheC="1" TheT="0" ExposureTime="0.2"/>
</Pixels></Image>
<StructuredAnnotations><XMLAnnotation ID="Annotation:0"><Value><a/></Value></XMLAnnotation>
</StructuredAnnotations></OME>"""


@pytest.mark.parametrize(
    ('words', 'known'),
    [
        ('', {'na': 1.4}),
        ('<ObjectiveSettings ID="Objective:0" RefractiveIndex="1.45"/>',
         {'na': 1.4, 'refractive_index': 1.45}),
        ('<ObjectiveSettings ID="Objective:7"/>', None),
    ],
)  # fmt: skip
def test_the_objective_of_ome_is_known(
    tmp_path: Path, words: str, known: dict[str, float] | None
) -> None:
    told = OME.replace('<Pixels ', f'{words}<Pixels ')
    data = np.zeros((2, 6, 5), np.uint16)
    tifffile.imwrite(tmp_path / 'a.ome.tif', data, description=told.encode(), metadata=None)
    assert read(tmp_path / 'a.ome.tif').metadata.get('objective') == known


@pytest.mark.parametrize('wrong', ['', 'NaN', '0,1', '-2', '1e400', 'abc'])
def test_numbers_of_ome_that_are_none_are_no_obstacle(tmp_path: Path, wrong: str) -> None:
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="5" '
        f'SizeY="6" SizeC="2" SizeZ="1" SizeT="1" PhysicalSizeX="{wrong}" PhysicalSizeY="0.5">'
        f'<Channel ID="a" Color="{wrong}" EmissionWavelength="{wrong}"/><Channel ID="b"/>'
        '<TiffData/></Pixels></Image></OME>'
    )
    data = np.ones((2, 6, 5), np.uint8)
    tifffile.imwrite(tmp_path / 'a.ome.tif', data, description=xml.encode(), metadata=None)
    image = read(tmp_path / 'a.ome.tif')
    assert image.axes == 'CYX'
    assert image.spacing == {'Y': (0.5, 'um')}


@pytest.mark.parametrize('step', [0.5, -0.5])
def test_stacks_of_imagej_that_went_down_keep_their_step(tmp_path: Path, step: float) -> None:
    said = {'axes': 'ZYX', 'unit': 'um', 'spacing': step}
    stack = np.ones((3, 6, 5), np.uint8)
    tifffile.imwrite(tmp_path / 'a.tif', stack, imagej=True, resolution=(5, 5), metadata=said)
    assert read(tmp_path / 'a.tif').spacing['Z'] == (0.5, 'um')


def test_colours_of_channels_go_from_ome_tiff_to_ome_zarr_and_back(tmp_path: Path) -> None:
    said = {'Name': ['DAPI', 'GFP'], 'Color': [0x0000FFFF, -1 << 24 | 0xFF]}
    told = {'axes': 'CYX', 'Channel': said}
    tifffile.imwrite(tmp_path / 'a.ome.tif', np.ones((2, 6, 5), np.uint16), metadata=told)
    first = read(tmp_path / 'a.ome.tif')
    assert first.metadata['colours'] == ('0000FF', 'FF0000')
    write(tmp_path / 'b.ome.zarr', first)
    second = read(tmp_path / 'b.ome.zarr')
    assert [each['color'] for each in second.metadata['omero']['channels']] == ['0000FF', 'FF0000']
    write(tmp_path / 'c.ome.tif', second)
    assert read(tmp_path / 'c.ome.tif').metadata['colours'] == ('0000FF', 'FF0000')


def test_the_structure_of_ome_is_kept(tmp_path: Path) -> None:
    data = np.zeros((2, 6, 5), np.uint16)
    path = tmp_path / 'a.ome.tif'
    tifffile.imwrite(path, data, description=OME.encode(), metadata=None)
    image = read(path)
    assert image.axes == 'CYX'
    assert image.spacing == {'Y': (0.2, 'um'), 'X': (200.0, 'nm')}
    assert image.channels == ('GFP', 'RFP')
    assert image.metadata['wavelengths'] == ((None, 509.0), (None, pytest.approx(600)))
    assert image.origin['X'] == pytest.approx(12000)
    larger = image.like(data.repeat(2, 1).repeat(2, 2), scale=2)
    write(tmp_path / 'b.ome.tif', larger)
    with tifffile.TiffFile(tmp_path / 'b.ome.tif') as file:
        text = file.ome_metadata
    for words in ('Ramón y Cajal', 'LensNA="1.4"', '2020-01-01', 'day 3', 'ExposureTime="0.2"'):
        assert words in text
    for words in ('InstrumentRef', 'Color="16711935"', 'Name="embryo"', 'Annotation:0'):
        assert words in text
    back = read(tmp_path / 'b.ome.tif')
    same(back, larger)
    assert back.metadata['wavelengths'] == image.metadata['wavelengths']
    assert back.origin['X'] == pytest.approx(image.origin['X'])
    from ome_types import from_xml

    assert from_xml(text).images[0].pixels.size_x == 10


@pytest.mark.parametrize('axes', ['CYX', 'CZYX', 'ZCYX', 'TCYX'])
def test_channels_of_a_stack_keep_their_names(axes: str, tmp_path: Path) -> None:
    shape = [{'C': 3, 'Z': 4, 'T': 2, 'Y': 6, 'X': 5}[axis] for axis in axes]
    image = Image(np.zeros(shape, np.uint8), axes, channels=('DAPI', 'GFP', 'Cy5'))
    write(tmp_path / 'a.tif', image)
    assert read(tmp_path / 'a.tif').channels == image.channels


@pytest.mark.parametrize('axes', ['TCZYX', 'CTZYX', 'ZCYX', 'CZYX', 'ZTCYX'])
def test_axes_of_length_1_stay_where_they_are(axes: str, tmp_path: Path) -> None:
    for ones in product((1, 2), repeat=len(axes) - 2):
        shape = (*ones, 4, 5)
        image = Image(np.arange(np.prod(shape), dtype=np.uint8).reshape(shape), axes)
        write(tmp_path / 'a.ome.tif', image, overwrite=True)
        back = read(tmp_path / 'a.ome.tif')
        assert (back.axes, back.shape) == (axes, shape)
        assert np.array_equal(back.data, image.data)
