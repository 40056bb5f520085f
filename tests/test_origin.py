"""Evidence belongs to the image that a result was made of; another one is told from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco import evidence
from napari_fresco.errors import FileError, ImageError
from napari_fresco.evidence.origin import check_origin
from napari_fresco.io.files import write_json

from .command_line import printed


def noisy(*shape: int, dtype: str = 'uint8') -> np.ndarray:
    return np.random.default_rng(0).normal(100, 10, shape).astype(dtype)


@pytest.mark.parametrize(
    ('data', 'axes'),
    [
        (noisy(24, 24), 'YX'),
        (noisy(24, 25, dtype='>u2'), 'XY'),
        (noisy(24, 24, 4), 'YXS'),
        (np.repeat(noisy(24, 24, 1), 3, 2), 'YXS'),  # gray in the place of colours
        (noisy(3, 2, 24, 24), 'ZCYX'),
    ],
)
def test_the_record_of_a_run_knows_its_image_again(data: np.ndarray, axes: str) -> None:
    image = fresco.Image(data, axes)
    record = fresco.restore(image, method='ffdnet', sigma=10).provenance
    check_origin(record, image)
    other = data.copy()
    other[..., -1] += 1
    with pytest.raises(ImageError, match='other pixels than the image'):
        check_origin(record, fresco.Image(other, axes))
    with pytest.raises(ImageError, match='made of one of'):
        check_origin(record, fresco.Image(data[:2], axes))


def test_volumes_are_known_again_whatever_their_axes() -> None:
    image = fresco.Image(noisy(4, 2, 24, 24), 'ZCYX')
    kernel = np.ones((3, 3, 3))
    record = fresco.restore(image, method='wiener', task='deblur', kernel=kernel).provenance
    check_origin(record, image)


def test_a_report_is_of_a_result_and_its_image(tmp_path: Path) -> None:
    image = noisy(24, 24)
    result = fresco.restore(image, method='ffdnet', sigma=10)
    with pytest.raises(ImageError, match='other pixels'):
        evidence.report(result, image + 1, tmp_path / 'report.html')
    with pytest.raises(ImageError, match='needs all that a run gave'):
        evidence.report(result.image, image, tmp_path / 'report.html')  # type: ignore[arg-type]
    np.save(tmp_path / 'cells.npy', image)
    with pytest.raises(FileError, match='a name that ends'):
        evidence.report(result, image, tmp_path / 'cells.npy')  # the image stays
    with pytest.raises(FileError, match='cannot be written'):
        evidence.report(result, image, tmp_path / 'nowhere' / 'report.html')


def test_the_command_line_tells_a_record_of_another_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = noisy(24, 24)
    result = fresco.restore(image, method='ffdnet', sigma=10)
    for name, pixels in (('in', image), ('new', image + 1), ('out', result.image)):
        fresco.write(tmp_path / f'{name}.tif', pixels)
    record = tmp_path / 'out.json'
    write_json(record, result.provenance)
    asked = ['evaluate', tmp_path / 'out.tif', '--input']
    assert 'warning' not in printed(capsys, *asked, tmp_path / 'in.tif')
    assert 'the record beside' in printed(capsys, *asked, tmp_path / 'new.tif')
    given = (*asked, tmp_path / 'new.tif', '--provenance', record)
    assert 'other pixels' in printed(capsys, *given, code=2)


def test_the_noise_of_channels_is_told_channel_by_channel() -> None:
    light = np.random.default_rng(0).poisson(np.linspace(5, 200, 48) * np.ones((2, 48, 1)))
    counts = np.rint(light * [[[2]], [[5]]] + 100).astype(np.uint16)
    record = fresco.restore(fresco.Image(counts, 'CYX'), method='ffdnet').provenance
    said = evidence.methods_paragraph(record)
    assert 'Noise of channel 0: ' in said
    assert 'Noise of channel 1: ' in said
    assert 'span the working ranges of the planes' in said


def test_a_report_of_the_command_line_names_every_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresco.write(tmp_path / 'in.tif', noisy(24, 24))
    np.save(tmp_path / 'psf.npy', np.ones((3, 3)))
    names = [tmp_path / name for name in ('in.tif', 'out.tif', 'psf.npy', 'out.html')]
    asked = ('restore', names[0], '-o', names[1], '-m', 'wiener', '-t', 'deblur')
    printed(capsys, *asked, '--kernel', names[2], '--report', names[3])
    page = names[3].read_text(encoding='utf-8')
    assert f'--kernel {names[2]}' in page
    assert f'fresco.read(&#39;{names[2]}&#39;)' in page


def test_a_result_of_no_whole_factor_is_refused() -> None:
    with pytest.raises(ImageError, match='no whole factor'):
        evidence.evaluate(noisy(24, 24), noisy(24, 10))
