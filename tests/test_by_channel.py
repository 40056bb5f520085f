"""What is given for each channel: kernels, noise levels, cameras, in Python, shell and recipes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import napari_fresco as fresco
from napari_fresco import evidence
from napari_fresco.batch import BatchRecipe

from .command_line import printed
from .test_channels import two_channels

SIGMA = {'DAPI': 25.0, 'Cy5': 60}
CAMERAS = {
    'gain': {'DAPI': 2, 'Cy5': 9},
    'offset': {'DAPI': 100, 'Cy5': 400},
    'read_noise': {'Cy5': 4, 0: 3},
}
KERNELS = {'DAPI': fresco.kernels.gaussian(1.0), 'Cy5': fresco.kernels.gaussian(2.0)}


def of(channel: int, what: str, value: Any) -> Any:
    """Return what `value` gives one channel, as it is given alone."""
    names = (channel, ('DAPI', 'Cy5')[channel])
    own = next(value[name] for name in names if name in value)
    return None if isinstance(own, str) and what != 'sigma' else own


@pytest.mark.parametrize(
    ('method', 'given', 'more'),
    [
        ('ffdnet', {'sigma': SIGMA}, {}),
        ('ffdnet', {'sigma': {1: 'auto', 0: 25}}, {}),
        ('drunet', {'sigma': SIGMA}, {'neighbours': 1}),
        ('ffdnet', CAMERAS, {}),
        ('ffdnet', {'gain': {'DAPI': 'auto', 'Cy5': 9}}, {}),
        ('wiener', {'sigma': SIGMA, 'kernel': KERNELS}, {'task': 'deblur'}),
    ],
)
def test_a_channel_is_restored_with_what_is_its_own(
    method: str, given: dict[str, Any], more: dict[str, Any]
) -> None:
    image = two_channels((3, 48, 48) if 'neighbours' in more else (48, 48))
    asked = {'method': method, 'dtype': 'float32', **more}
    together = fresco.restore(image, **asked, **given)
    for number, name in enumerate(image.channels):
        own = {what: of(number, what, value) for what, value in given.items()}
        alone = fresco.restore(image.channel(name), **asked, **own)
        near = 1e-5 * float(np.ptp(alone.image.data))
        np.testing.assert_allclose(
            together.image.data[number], alone.image.data[0], atol=near, rtol=0
        )
    json.dumps(together.provenance)


def test_a_map_may_be_that_of_one_channel() -> None:
    image = two_channels((48, 48))
    level = np.full((48, 48), 25.0)
    with_map = fresco.restore(image, method='ffdnet', sigma={'DAPI': level, 'Cy5': 60})
    level_alone = fresco.restore(image, method='ffdnet', sigma={'DAPI': 25, 'Cy5': 60})
    np.testing.assert_array_equal(with_map.image.data[1], level_alone.image.data[1])
    near = 2e-3 * float(np.ptp(image.data[0]))
    np.testing.assert_allclose(
        with_map.image.data[0].astype(float), level_alone.image.data[0].astype(float), atol=near
    )
    assert with_map.provenance['sigma'] == {'DAPI': 'map', 'Cy5': 60.0}


def test_a_record_tells_what_each_channel_had() -> None:
    record = fresco.restore(two_channels((32, 32)), method='ffdnet', sigma=SIGMA).provenance
    assert record['sigma'] == SIGMA
    assert [(own['name'], own['sigma']) for own in record['noise']] == [*SIGMA.items()]
    assert evidence.command_line(record).endswith('--sigma DAPI=25.0 --sigma Cy5=60')
    assert f'sigma={SIGMA!r}' in evidence.python_call(record)
    said = evidence.methods_paragraph(record)
    assert 'Noise of channel Cy5: standard deviation of 60 image units, given.' in said


@pytest.mark.parametrize(
    ('given', 'said'),
    [
        ({'sigma': {'DAPI': 3}}, "none for channel Cy5; give one for each, 'auto' where"),
        ({'sigma': {}}, 'no entry for channel DAPI, Cy5'),
        ({'sigma': {'DAPI': 3, 'Cy5': 4, 'GFP': 5}}, "no channel 'GFP'; the image has DAPI, Cy5"),
        ({'sigma': {'DAPI': 3, 0: 4, 1: 4}}, 'two entries for one channel, DAPI and 0'),
        ({'sigma': {'DAPI': 3, 'Cy5': -1}}, 'channel Cy5: sigma = -1'),
        ({'sigma': {'DAPI': 3, 'Cy5': 'virnet'}}, 'virnet estimates for all of them'),
        ({'sigma': {'DAPI': 3, 'Cy5': 'auto'}, 'gain': {0: 2, 1: 2}}, 'were both given'),
        ({'gain': {'DAPI': 2}}, 'none for channel Cy5'),
        ({'gain': {'DAPI': 2, 'Cy5': -1}}, 'out of range'),
        ({'tile': {'DAPI': 64, 'Cy5': 64}}, 'is not a whole number'),
    ],
)
def test_what_does_not_belong_to_channels_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(fresco.FrescoError, match=said):
        fresco.restore(two_channels((32, 32)), method='ffdnet', **given)


def test_entries_for_channels_need_channels() -> None:
    with pytest.raises(fresco.FrescoError, match=r'axes YX and shape .*, has none; give one'):
        fresco.restore(np.ones((32, 32)), method='ffdnet', sigma=SIGMA)


def written(folder: Path) -> None:
    """Write an image of two channels and a kernel for each."""
    fresco.write(folder / 'cells.ome.tif', two_channels((48, 48)))
    for name, kernel in KERNELS.items():
        np.save(folder / f'{name}.npy', kernel)


def test_the_command_of_a_report_gives_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    given = '--kernel Cy5=Cy5.npy --kernel DAPI=DAPI.npy --sigma DAPI=25 --sigma 1=auto'
    printed(capsys, *f'restore cells.ome.tif -o a.tif -m wiener {given} --report a.html'.split())
    text = (tmp_path / 'a.html').read_text()
    command = text[text.index('napari-fresco restore') :].partition('<')[0]
    words = shlex.split(command.replace('&#x27;', "'"))
    assert words[words.index('--kernel') :][:4] == [
        '--kernel',
        'Cy5=Cy5.npy',
        '--kernel',
        'DAPI=DAPI.npy',
    ]
    printed(capsys, *words[1:], '--overwrite')
    again = fresco.read('a.tif')
    alone = fresco.restore(
        fresco.read('cells.ome.tif'), method='wiener', kernel=KERNELS, sigma={0: 25, 1: 'auto'}
    )
    np.testing.assert_array_equal(again.data, alone.image.data)


def test_numbers_of_channels_are_those_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    image = two_channels((48, 48))
    fresco.write('cells.tif', fresco.Image(image.data, 'CYX'))
    given = '--channel 1 --channel 0 --sigma 0=25 --sigma 1=60'
    printed(
        capsys, *f'restore cells.tif -o a.tif -m ffdnet {given} --save-provenance a.json'.split()
    )
    record = json.loads(Path('a.json').read_text())
    assert record['sigma'] == {'0': 60.0, '1': 25.0}  # of the restored image
    told = evidence.command_line(record, {'channels': ('1', '0')})
    assert told.endswith('--sigma 0=25.0 --sigma 1=60.0')
    assert 'which is not restored' in printed(
        capsys,
        *'restore cells.tif -o b.tif -m ffdnet --channel 1 --sigma 0=25 --sigma 1=60'.split(),  # noqa: SIM905
        code=2,
    )


@pytest.mark.parametrize(
    ('given', 'said'),
    [
        ('--sigma 3 --sigma 4', '--sigma was given 2 times'),
        ('--sigma DAPI=3 --sigma 4', '--sigma was given 2 times'),
        ('--sigma DAPI=3 --sigma DAPI=4', '--sigma was given 2 times'),
        ('--sigma DAPI=3', 'or restore the others alone, --channel'),
        ('--sigma DAPI=3 --sigma Cy5=x.tif', 'give a number in image units, the file of a map'),
        ('--gain DAPI=3 --gain Cy5=x', "--gain = 'x' is not a number"),
    ],
)
def test_the_shell_refuses_what_does_not_belong_to_channels(
    given: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert said in printed(
        capsys, *f'restore cells.ome.tif -o a.tif -m ffdnet {given}'.split(), code=2
    )


def test_a_recipe_has_kernels_and_cameras_of_channels(tmp_path: Path) -> None:
    written(tmp_path)
    values = {
        'images': '*.ome.tif',
        'output': 'out',
        'method': 'wiener',
        'task': 'deblur',
        'kernel': {'DAPI': 'DAPI.npy', 'Cy5': '../{folder}/Cy5.npy'},
        'parameters': {'gain': {'DAPI': 2, 'Cy5': 9}, 'offset': {'DAPI': 'auto', 'Cy5': 400}},
    }
    (tmp_path / 'recipe.yaml').write_text(yaml.safe_dump(values))
    recipe = BatchRecipe.read(tmp_path / 'recipe.yaml')
    assert BatchRecipe.of(recipe.to_dict(), base=tmp_path).sha256() == recipe.sha256()
    (file,) = fresco.batch.plan(recipe).files
    assert {role: path.resolve() for role, path in file.sides().items()} == {
        f'kernel:{name}': (tmp_path / f'{name}.npy').resolve() for name in KERNELS
    }
    (record,) = fresco.batch.run(recipe).records
    assert record.status == 'made', record.error
    alone = fresco.restore(
        fresco.read(tmp_path / 'cells.ome.tif'), method='wiener', task='deblur', kernel=KERNELS,
        gain={0: 2, 1: 9}, offset={0: None, 1: 400},
    )  # fmt: skip
    made = fresco.read(tmp_path / 'out' / 'cells.ome.tif')
    np.testing.assert_array_equal(made.data, alone.image.data)
    np.save(tmp_path / 'Cy5.npy', KERNELS['DAPI'])
    assert not file.is_finished(file.known())


def test_a_report_repeats_the_series_that_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    image = two_channels((48, 48))
    turned = fresco.Image(
        np.ascontiguousarray(image.data[:, ::-1]), 'CYX', channels=('DAPI', 'Cy5')
    )
    fresco.write('two.ome.tif', [image, turned])
    ask = 'restore two.ome.tif -o a.tif -m ffdnet --series 1 --channel Cy5 --report a.html'
    printed(capsys, *ask.split())
    words = shlex.split(
        Path('a.html').read_text().partition('napari-fresco restore')[2].partition('<')[0]
    )
    assert words[words.index('--series') + 1] == '1'
    first = fresco.read('a.tif').data
    printed(capsys, 'restore', *words, '--overwrite')
    np.testing.assert_array_equal(fresco.read('a.tif').data, first)
