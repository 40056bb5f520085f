"""A result in numbers and as a report: laws, files, and what repeats a run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco import evidence
from napari_fresco.errors import ImageError
from napari_fresco.evidence.check_limits import LIMITS
from napari_fresco.evidence.measure_rows import rows

from .command_line import printed
from .documentation import PAGES

RANDOM = np.random.default_rng(0)


def scene(*shape: int) -> np.ndarray:
    widths = (0,) * (len(shape) - 2) + (3, 3)
    field = ndimage.gaussian_filter(RANDOM.normal(size=shape), widths)
    return np.asarray(100 + 1000 * (field - field.min()))


def test_the_truth_itself_is_the_best_result() -> None:
    truth = scene(64, 64)
    seen = truth + RANDOM.normal(0, 10, truth.shape)
    found = evidence.evaluate(truth, seen, truth=truth, noise=10.0)
    assert found['truth']['psnr'] == np.inf
    assert found['truth']['input_rmse'] == pytest.approx(10, rel=0.05)
    assert found['residual']['rms'] == pytest.approx(1, rel=0.05)
    assert found['light']['kept'] == pytest.approx(1, rel=0.01)
    assert found['error_map']['rse'] == pytest.approx(10, rel=0.1)
    assert found['checks']
    assert all(check['ok'] for check in found['checks'])
    worse = evidence.evaluate(0.9 * truth, seen, truth=truth, noise=10.0)
    assert worse['light']['kept'] == pytest.approx(0.9, rel=0.01)
    assert worse['error_map']['alpha'] == pytest.approx(1 / 0.9, rel=0.02)
    assert worse['truth']['psnr'] < 60
    assert not next(check for check in worse['checks'] if check['name'] == 'light')['ok']


def test_a_sharp_result_is_blurred_before_it_is_compared() -> None:
    truth = np.repeat(scene(64, 64)[..., None], 3, axis=-1) + 0.0
    kernel = np.ones((5, 5))
    blurred = ndimage.uniform_filter(truth, (5, 5, 1))
    seen = fresco.Image(blurred + RANDOM.normal(0, 5, truth.shape), 'YXS')
    found = evidence.evaluate(truth, seen, kernel=kernel, noise=5.0)
    assert found['residual']['rms'] == pytest.approx(1, rel=0.05)
    consistency = next(c for c in found['checks'] if c['name'] == 'consistency')
    assert consistency['value'] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ('shape', 'axes'), [((3, 32, 40), 'ZYX'), ((32, 40, 3), 'YXS'), ((2, 32, 40, 4), 'CYXS')]
)
def test_stacks_and_colours_are_measured_plane_by_plane(shape: tuple[int, ...], axes: str) -> None:
    truth = RANDOM.uniform(50, 200, shape)
    seen = fresco.Image(truth + RANDOM.normal(0, 5, shape), axes, {'Y': (0.1, 'um')})
    found = evidence.evaluate(truth, seen, truth=truth, noise=5.0)
    assert found['planes'] == {'measured': len(truth) if axes != 'YXS' else 1} | {
        'all': len(truth) if axes != 'YXS' else 1
    }
    assert found['residual']['rms'] == pytest.approx(1, rel=0.05)
    assert found['resolution']['unit'] == 'um'


def test_what_cannot_be_measured_says_why() -> None:
    seen = scene(32, 32)
    found = evidence.evaluate(np.kron(seen, np.ones((2, 2))), seen, noise=1.0)
    assert 'another size' in found['residual']
    assert found['light']['kept'] == pytest.approx(1)
    assert 'not measured' in evidence.evaluate(seen, seen, noise=1.0)['residual']
    with pytest.raises(ImageError, match='belong together'):
        evidence.evaluate(np.zeros((2, 32, 32)), seen)


@pytest.mark.parametrize('size', [(72, 72), (96, 48), (24, 24)])
def test_a_result_of_another_image_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match='made of'):
        evidence.evaluate(scene(*size), scene(48, 48), noise=1.0)
    assert evidence.evaluate(scene(96, 96), scene(48, 48), noise=1.0)['noise']


def test_spacing_only_changes_units() -> None:
    seen = scene(48, 48) + RANDOM.normal(0, 5, (48, 48))
    plain = evidence.evaluate(seen, seen, noise=5.0)['resolution']
    spaced = fresco.Image(seen, 'YX', {'Y': (0.5, 'um'), 'X': (0.5, 'um')})
    physical = evidence.evaluate(seen, spaced, noise=5.0)['resolution']
    for name in ('input_decorrelation', 'input_checkerboard'):
        assert physical[name] == pytest.approx(0.5 * plain[name])


def restored(tmp_path: Path, **options: Any) -> tuple[fresco.Image, Any]:
    truth = scene(48, 48)
    fresco.write(tmp_path / 'in.tif', fresco.Image((truth + 3).astype(np.uint16), 'YX'))
    image = fresco.read(tmp_path / 'in.tif')
    return image, fresco.restore(image, method='ffdnet', **options)


def test_a_report_is_one_file_with_everything(tmp_path: Path) -> None:
    image, result = restored(tmp_path, sigma=20)
    evidence.report(result, image, tmp_path / 'report.html')
    text = (tmp_path / 'report.html').read_text(encoding='utf-8')
    assert text.count('data:image/png;base64,') == 3
    assert not re.search(r'(src|href)="(?!data:)', text)
    for said in (
        'Before',
        'After',
        'Difference',
        'Methods',
        'napari-fresco restore',
        'fresco.restore(',
        result.provenance['weights'][0]['sha256'],
        result.provenance['input_sha256'],
        result.provenance['torch'],
        'standard deviation of 20 image units',
    ):
        assert said in text, said


def test_a_report_shows_what_was_filled_in(tmp_path: Path) -> None:
    mask = np.zeros((48, 48), bool)
    mask[20:24, 10:30] = True
    image, _ = restored(tmp_path, sigma=20)
    result = fresco.restore(image, method='dpir', task='inpaint', mask=mask, iterations=2)
    text = evidence.report_text(result, image)
    assert text.count('data:image/png;base64,') == 4
    assert f'{mask.mean():.2%} were filled in' in text
    assert 'were not measured' in text
    assert 'takes away is no noise' in text.replace('&#39;', '')


@pytest.mark.parametrize(
    ('image', 'options'),
    [
        (np.full((2, 24, 24, 3), 90, np.uint8), {'method': 'ffdnet', 'sigma': 5}),
        (
            np.full((24, 24), 90, np.uint8),
            {'method': 'usrnet', 'task': 'super_resolve', 'scale': 2},
        ),
        (np.full((24, 24), 90, np.uint8), {'method': 'dpir', 'task': 'demosaic', 'iterations': 2}),
        (np.full((24, 3, 24), 90.0), {'method': 'ffdnet', 'axes': 'YZX'}),
    ],
)
def test_every_kind_of_result_has_a_report(image: np.ndarray, options: dict[str, Any]) -> None:
    result = fresco.restore(image, **options)
    source = fresco.Image.of(image, axes=options.get('axes'))
    assert 'After' in evidence.report_text(result, source)


def test_the_command_of_a_report_repeats_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {'sigma': 12.5, 'data_range': (0, 5000), 'ensemble': True, 'dtype': 'float32'}
    result = restored(tmp_path, **given)[1]
    files = {'image': str(tmp_path / 'in.tif'), 'output': str(tmp_path / 'out.tif')}
    words = shlex.split(evidence.command_line(result.provenance, files))
    assert words[0] == 'napari-fresco'
    printed(capsys, *words[1:])
    np.testing.assert_array_equal(fresco.read(tmp_path / 'out.tif').data, result.image.data)
    space: dict[str, Any] = {}
    files['output'] = str(tmp_path / 'again.tif')
    exec(evidence.python_call(result.provenance, files), space)
    np.testing.assert_array_equal(space['result'].image.data, result.image.data)


@pytest.mark.parametrize(
    'asked',
    [
        ['--axes', 'ZYX', '--neighbours', '1'],
        ['--axes', 'YXC'],
        ['--axes', 'YXC', '--channel', '1'],
        ['--no-rgb'],
        [],
    ],
)
def test_the_record_of_a_file_tells_what_its_axes_were_taken_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str]
) -> None:
    np.save(tmp_path / 'in.npy', RANDOM.normal(100, 10, (18, 22, 3)).astype(np.float32))
    first, record = tmp_path / 'first.tif', tmp_path / 'record.json'
    end = ['-o', first, '--save-provenance', record, '-m', 'dpir', '--model', 'nlm']
    printed(capsys, 'restore', tmp_path / 'in.npy', *asked, '--iterations', 1, *end)
    files: dict[str, Any] = {'image': str(tmp_path / 'in.npy')}
    files |= {'channels': (1,)} if '--channel' in asked else {}
    provenance, done = json.loads(record.read_text()), fresco.read(first)
    for again in (evidence.command_line, evidence.python_call):
        output = tmp_path / f'{again.__name__}.tif'
        text = again(provenance, {**files, 'output': str(output)})
        if again is evidence.command_line:
            printed(capsys, *shlex.split(text)[1:])
        else:
            exec(text, {})
        result = fresco.read(output)
        assert result.axes == done.axes
        np.testing.assert_array_equal(result.data, done.data)


def test_a_report_says_which_files_its_command_lacks() -> None:
    noisy = RANDOM.normal(100, 5, (48, 48)).astype(np.float32)
    blur = {'method': 'wiener', 'task': 'deblur', 'kernel': np.ones((3, 3)), 'sigma': 5}
    result = fresco.restore(noisy, **blur)
    files = {'image': 'in.tif', 'output': 'out.tif'}
    said = 'Put names of files in: KERNEL for the blur kernel'
    assert said in evidence.report_text(result, noisy, files=files)
    whole = evidence.report_text(result, noisy, files={**files, 'kernel': 'psf.tif'})
    assert 'Put names' not in whole


def test_evaluate_prints_and_keeps_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = scene(48, 48)
    np.save(tmp_path / 'truth.npy', truth)
    np.save(tmp_path / 'in.npy', truth + RANDOM.normal(0, 20, truth.shape))
    out = tmp_path / 'out.npy'
    more = ['--save-provenance', tmp_path / 'out.json', '--report', tmp_path / 'out.html']
    printed(capsys, 'restore', tmp_path / 'in.npy', '-o', out, '-m', 'ffdnet', '--sigma', 20, *more)
    assert 'After' in (tmp_path / 'out.html').read_text(encoding='utf-8')
    wanted = ['--truth', tmp_path / 'truth.npy', '--json', tmp_path / 'numbers.json']
    page = ['--report', tmp_path / 'more.html']
    said = printed(capsys, 'evaluate', out, '--input', tmp_path / 'in.npy', *wanted, *page)
    assert 'PSNR' in said
    assert 'check' in said
    numbers = json.loads((tmp_path / 'numbers.json').read_text())
    assert numbers['noise'] == {'sigma': 20}
    assert numbers['truth']['psnr'] > numbers['truth']['input_psnr']
    assert (tmp_path / 'more.html').exists()
    again = printed(capsys, 'evaluate', out, '-i', tmp_path / 'in.npy', *wanted, code=2)
    assert 'exists' in again
    (tmp_path / 'out.json').unlink()
    page = ['--report', tmp_path / 'less.html']
    assert 'provenance' in printed(
        capsys, 'evaluate', out, '-i', tmp_path / 'in.npy', *page, code=2
    )
    assert 'rms' in printed(capsys, 'evaluate', out, '-i', tmp_path / 'in.npy', '--noise', 20)


def test_lists_are_images_too() -> None:
    image = np.random.default_rng(0).normal(100, 10, (64, 64))
    found = fresco.evidence.evaluate(image.tolist(), image.tolist())
    assert found == fresco.evidence.evaluate(image, image)


def test_page_guide_and_checks_name_the_same_limits() -> None:
    guide = (PAGES / 'guides' / 'evidence.md').read_text(encoding='utf-8')
    low, high = LIMITS['noise']
    assert f'check `noise` allows {low} to {high}' in guide
    assert f'check `structure` allows {LIMITS["structure"][1]}' in guide
    meanings = {row.name: row.meaning for row in rows({'residual': {'rms': 1.0, 'structure': 0.2}})}
    assert 'check structure' in meanings['structure']
    assert 'noise and consistency' in meanings['rms']
    assert not re.search(r'\d\.\d', ''.join(meanings.values()))
