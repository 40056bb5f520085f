"""Batches: recipes, plans, and doing only the rest."""

from __future__ import annotations

import csv
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image as Pillow

import napari_fresco as fresco
from napari_fresco import Image
from napari_fresco.batch import BatchRecipe, FileRecord, crews
from napari_fresco.generators import Returning
from napari_fresco.io import atomic

from .command_line import call
from .quick_session import QuickSession


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(crews, 'Session', QuickSession)


def command(*arguments: object) -> int:
    return call('batch', *arguments)


def pictures(folder: str, *names: str, side: int = 16) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(names):
        fresco.write(Path(folder, name), np.full((side, side), 10 * i + 1, np.uint8))


def recipe(**changes: Any) -> dict[str, Any]:
    return {'images': 'in/*.tif', 'output': 'out', 'method': 'ffdnet', 'sigma': 5, **changes}


def statuses(outcome: Any) -> dict[str, str]:
    return {Path(record.image).name: record.status for record in outcome.records}


def test_subfolders_that_are_passed_over_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    pictures('in', 'a.tif')
    pictures('in/plate1', 'b.tif', 'c.tif')
    pictures('in/empty')
    told = 'subfolders are not visited, and 1 of them holds images (plate1)'
    options = ('-o', 'in/out', '--method', 'ffdnet', '--sigma', '5')
    assert command('in', '--dry-run', *options) == 0
    assert told in capsys.readouterr().out
    assert command('in', *options) == 0
    assert told in capsys.readouterr().err
    assert told in Path('in/out.batch/batch.log').read_text()
    assert command('in', 'in/plate1', '--dry-run', *options) == 0  # nor results, nor what is named
    assert 'not visited' not in capsys.readouterr().out
    assert command('in/**/*.tif', '--dry-run', *options) == 0
    assert 'not visited' not in capsys.readouterr().out


def test_a_folder_whose_images_lie_in_subfolders_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pictures('in/plate1', 'b.tif')
    assert command('in', '-o', 'out', '--method', 'ffdnet') == 2
    assert 'subfolders are not visited, and 1 of them holds images' in capsys.readouterr().err


def test_a_recipe_is_written_and_read_again(tmp_path: Path) -> None:
    made = BatchRecipe.of(
        recipe(
            method='dpir', task='inpaint', mask='masks/{stem}.png', keep=['report'],
            channels=['GFP', 1], parameters={'iterations': 8}, name='{folder}_{stem}.ome.tif',
            spacing={'Z': [0.3, 'um']},
        ),
        base=Path(),
    )  # fmt: skip
    for name in ('night.yaml', 'night.json'):
        made.write(name)
        assert BatchRecipe.read(name) == made
        assert BatchRecipe.read(name).sha256() == made.sha256()
    assert yaml.safe_load(Path('night.yaml').read_text()) == made.to_dict()


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'methd': 'dpir'}, "unknown key 'methd'; did you mean 'method'?"),
        ({'sigm': 5}, "did you mean 'sigma'?"),
        ({'parameters': {'iteratons': 3}}, "unknown parameter 'iteratons'"),
        ({'parameters': 3}, 'names and values'),
        ({'method': 'dpri'}, "'dpir'"),
        ({'task': 'deblur'}, 'ffdnet'),
        ({'sigma': 'maps/none.tif'}, 'maps/none.tif'),
        ({'keep': 'varience'}, "did you mean 'variance'?"),
        ({'keep': 'variance'}, 'gives no variance'),
        ({'name': '{stam}.tif'}, 'no pattern'),
        ({'name': '{stem}.gif'}, 'suffix'),
        ({'name': 'same.tif'}, 'another result'),
        ({'images': 'nowhere/*.tif'}, 'holds no image'),
        ({'images': 7}, 'text'),
        ({'output': None}, 'output must be given'),
        ({'mask': 'm.png'}, 'mask'),
        ({'seed': -1}, 'seed = -1 is out of range'),
    ],
)
def test_a_wrong_recipe_is_refused_in_one_line(
    changes: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures('in', 'a.tif', 'b.tif')
    Path('night.yaml').write_text(yaml.safe_dump(recipe(**changes)))
    assert command('night.yaml') == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count('\n') == 1
    assert not Path('out').exists()


@pytest.mark.parametrize('text', ['{', 'just words', '- a', 'a: [1', '? [a, b]\n: 1'])
def test_what_is_no_recipe_is_refused_in_one_line(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path('night.yaml').write_text(text)
    assert command('night.yaml') == 2
    assert command('missing.yaml') == 2
    assert capsys.readouterr().err.count('\n') == 2
    assert command('night.yaml', '-m', 'dpir') == 2
    assert 'says what is done' in capsys.readouterr().err


def test_a_key_that_is_given_twice_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    pictures('in', 'a.tif', 'b.tif')
    Path('night.yaml').write_text(yaml.safe_dump(recipe(sigma=3)) + 'sigma: 4\n')
    assert command('night.yaml') == 2
    assert "'sigma' is given twice" in capsys.readouterr().err


def test_a_recipe_does_what_the_options_do() -> None:
    pictures('in', 'a.tif', 'b.tif')
    Path('night.yaml').write_text(yaml.safe_dump(recipe()))
    assert command('in/*.tif', '-o', 'out', '-m', 'ffdnet', '--sigma', 5) == 0
    assert set(statuses(fresco.batch.run('night.yaml')).values()) == {'finished'}


def test_names_are_relative_to_the_recipe() -> None:
    pictures('there/in', 'a.tif')
    Path('there/night.yaml').write_text(yaml.safe_dump(recipe()))
    assert command('there/night.yaml') == 0
    assert Path('there/out/a.tif').exists()


def test_the_plan_shows_everything_and_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    pictures('in', 'a.tif', 'b.tif')
    fresco.batch.run(recipe(images='in/a.tif'))
    pictures('out', 'b.tif')
    pictures('in', 'c.tif')
    before = sorted(Path().rglob('*'))
    Path('night.yaml').write_text(yaml.safe_dump(recipe()))
    assert command('night.yaml', '--dry-run') == 0
    said = capsys.readouterr().out.splitlines()
    assert 'a.tif' in said[0]
    assert said[0].endswith(': finished')
    assert 'nobody knows how' in said[1]
    assert said[2].endswith(': to do')
    assert said[3].startswith('1 of 3 images to do')
    assert sorted(Path().rglob('*')) == sorted([*before, Path('night.yaml')])


def test_each_file_has_a_row_and_a_line() -> None:
    pictures('in', 'a.tif', 'b.tif')
    Path('in/c.tif').write_text('no image')
    outcome = fresco.batch.run(recipe())
    assert statuses(outcome) == {'a.tif': 'made', 'b.tif': 'made', 'c.tif': 'failed'}
    assert outcome.problem.startswith('1 of 3 images failed')
    with Path('out.batch/summary.csv').open(newline='') as file:
        rows = {Path(row['image']).name: row for row in csv.DictReader(file)}
    assert [rows[name]['status'] for name in ('a.tif', 'b.tif', 'c.tif')] == [
        'made', 'made', 'failed',
    ]  # fmt: skip
    assert rows['a.tif']['checks'] == 'light'
    assert 'c.tif' in rows['c.tif']['error']
    assert len(Path('out.batch/batch.log').read_text().splitlines()) == 4
    again = fresco.batch.run(recipe())
    assert statuses(again) == {'a.tif': 'finished', 'b.tif': 'finished', 'c.tif': 'failed'}
    with Path('out.batch/summary.csv').open(newline='') as file:
        assert [row['status'] for row in csv.DictReader(file)] == ['made', 'made', 'failed']


def test_only_what_changed_is_made_again() -> None:
    names = ('a.tif', 'b.tif', 'c.tif', 'd.tif')
    pictures('in', *names)
    fresco.batch.run(recipe())
    record = Path('out.batch/files/d.tif.json')
    changed = FileRecord.read(record)
    changed.weights['ffdnet_gray'] = 'other weights of this name'
    changed.write(record)
    os.utime('in/a.tif', (1e9, 1e9))  # the same bytes, copied anew
    fresco.write('in/b.tif', np.full((16, 16), 99, np.uint8), overwrite=True)
    Path('out/c.tif').write_bytes(b'')  # what a power cut leaves
    os.utime('out/c.tif', (1e9, 1e9))
    found = statuses(fresco.batch.run(recipe()))
    assert found == {'a.tif': 'finished', 'b.tif': 'made', 'c.tif': 'made', 'd.tif': 'made'}
    assert (fresco.read('out/b.tif').data == 255 - 99).all()
    assert set(statuses(fresco.batch.run(recipe())).values()) == {'finished'}


def test_results_of_others_are_never_replaced() -> None:
    pictures('in', 'a.tif', 'b.tif')
    pictures('out', 'a.tif')
    before = Path('out/a.tif').read_bytes()
    for _ in range(2):  # a failure does not make the file the batch's own
        outcome = fresco.batch.run(recipe())
        assert statuses(outcome)['a.tif'] == 'kept'
        assert 'nobody knows how' in outcome.failed[0].error
    other = fresco.batch.run(recipe(sigma=8))
    assert all('exists and was made' in record.error for record in other.failed)
    assert len(other.failed) == 2
    fresco.write('out/b.tif', np.zeros((20, 20), np.uint8), overwrite=True)
    assert 'changed by somebody' in fresco.batch.run(recipe()).failed[1].error
    assert Path('out/a.tif').read_bytes() == before
    assert statuses(fresco.batch.run(recipe(), overwrite=True)) == {
        'a.tif': 'made', 'b.tif': 'made',
    }  # fmt: skip


def test_what_makes_no_difference_to_a_result_makes_it_not_again() -> None:
    pictures('in', 'a.tif')
    fresco.batch.run(recipe())
    Path('in').rename('elsewhere')
    moved = recipe(images=['elsewhere'], device='cpu', tile=128)
    assert statuses(fresco.batch.run(moved)) == {'a.tif': 'finished'}
    assert statuses(fresco.batch.run({**moved, 'keep': 'provenance'})) == {'a.tif': 'made'}
    assert Path('out/a.json').exists()


def test_numbered_results_are_finished_and_leave_nothing_behind() -> None:
    Path('in').mkdir()
    images = [Image(np.full((8, 8), i, np.uint8), 'YX') for i in range(3)]
    fresco.write('in/a.tif', images)
    as_png = recipe(name='{stem}.png')
    assert statuses(fresco.batch.run(as_png)) == {'a.tif': 'made'}
    assert sorted(p.name for p in Path('out').iterdir()) == ['a_1.png', 'a_2.png', 'a_3.png']
    assert statuses(fresco.batch.run(as_png)) == {'a.tif': 'finished'}
    fresco.write('in/a.tif', images[:2], overwrite=True)
    assert statuses(fresco.batch.run(as_png)) == {'a.tif': 'made'}
    assert sorted(p.name for p in Path('out').iterdir()) == ['a_1.png', 'a_2.png']


def test_a_batch_into_its_own_folder_takes_no_result_for_an_image() -> None:
    pictures('in/deep', 'a.tif')
    pictures('in', 'b.tif')
    inside = recipe(images='in/**/*.tif', output='in', name='{stem}_done.tif')
    for status in ('made', 'finished'):
        assert statuses(fresco.batch.run(inside)) == {'a.tif': status, 'b.tif': status}


def test_results_of_any_kind_are_no_images() -> None:
    Path('in').mkdir()
    images = [Image(np.full((8, 8), i, np.uint8), 'YX') for i in range(3)]
    fresco.write('in/a.tif', images)
    inside = recipe(images='in', output='in', name='{stem}_done.png')
    for status in ('made', 'finished'):
        assert statuses(fresco.batch.run(inside)) == {'a.tif': status}
    assert sorted(p.name for p in Path('in').iterdir()) == [
        'a.tif', 'a_done_1.png', 'a_done_2.png', 'a_done_3.png',
    ]  # fmt: skip


def test_stores_are_images_and_results() -> None:
    Path('in').mkdir()
    stack = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8)
    fresco.write('in/a.ome.zarr', Image(stack, 'ZYX'))
    for status in ('made', 'finished'):
        assert statuses(fresco.batch.run(recipe(images='in'))) == {'a.ome.zarr': status}
    assert (np.asarray(fresco.read('out/a.ome.zarr').data) == 255 - stack).all()
    fresco.write('in/a.ome.zarr', Image(stack + 1, 'ZYX'), overwrite=True)
    assert statuses(fresco.batch.run(recipe(images='in/*.zarr'))) == {'a.ome.zarr': 'made'}
    assert (np.asarray(fresco.read('out/a.ome.zarr').data) == 254 - stack).all()


def test_masks_belong_by_pattern() -> None:
    pictures('in', 'a.tif', 'b.tif')
    pictures('masks', 'a_mask.png')
    masked = recipe(method='dpir', task='inpaint', mask='masks/{stem}_*.png')
    outcome = fresco.batch.run(masked)
    assert statuses(outcome) == {'a.tif': 'made', 'b.tif': 'failed'}
    assert 'no file of this name' in outcome.failed[0].error
    pictures('masks', 'b_mask.png')
    fresco.write('masks/a_mask.png', np.eye(16, dtype=np.uint8), overwrite=True)
    assert statuses(fresco.batch.run(masked)) == {'a.tif': 'made', 'b.tif': 'made'}


def test_masks_of_names_with_wildcards_belong_by_pattern() -> None:
    names = ('a[1]', 'b{2}', 'c*')
    pictures('in', *(f'{name}.tif' for name in names), '~$a.tif')
    pictures('masks', 'a1_mask.png', 'c_other_mask.png')
    for name in names:
        fresco.write(f'masks/{name}_mask.png', np.eye(16, dtype=np.uint8))
    masked = recipe(method='dpir', task='inpaint', mask='masks/{stem}_m*.png')
    assert set(statuses(fresco.batch.run(masked)).items()) == {(f'{n}.tif', 'made') for n in names}


def test_of_masks_with_one_stem_none_is_taken_unasked() -> None:
    pictures('in', 'a.tif', 'b.png')
    pictures('masks', 'a.png', 'a.jpg', 'b.png', 'b.tif')
    fresco.write('masks/b.png', np.eye(16, dtype=np.uint8), overwrite=True)
    masked = recipe(images='in', method='dpir', task='inpaint', mask='masks')
    outcome = fresco.batch.run(masked)
    assert statuses(outcome) == {'a.tif': 'failed', 'b.png': 'made'}
    assert 'a.jpg and a.png' in outcome.failed[0].error


def test_pictures_that_are_read_alone_become_tiff() -> None:
    pictures('in', 'd.png')
    for name in ('a.bmp', 'b.webp', 'c.gif'):
        Pillow.fromarray(np.full((16, 16), 7, np.uint8)).save(Path('in', name))
    outcome = fresco.batch.run(recipe(images='in', name='{stem}_x{suffix}'))
    assert set(statuses(outcome).values()) == {'made'}
    assert {p.name for p in Path('out').glob('*_x.*')} == {
        'a_x.tif',
        'b_x.tif',
        'c_x.tif',
        'd_x.png',
    }


def test_channels_are_picked_by_name_and_number() -> None:
    Path('in').mkdir()
    stack = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((8, 8), np.uint8)
    fresco.write('in/a.ome.tif', Image(stack, 'CYX', channels=('DAPI', 'GFP', 'RFP')))
    picked = recipe(channels=['RFP', 0])
    assert statuses(fresco.batch.run(picked)) == {'a.ome.tif': 'made'}
    made = fresco.read('out/a.ome.tif')
    assert made.channels == ('RFP', 'DAPI')
    assert made.data[:, 0, 0].tolist() == [253, 255]
    assert 'DAPI, GFP, RFP' in fresco.batch.run(recipe(channels='Cy5', output='o')).failed[0].error


def test_a_file_replaced_meanwhile_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures('in', 'a.tif', 'b.tif')
    inner, times = QuickSession.restore, []

    def replaced(self: Any, image: Image, **options: Any) -> Any:
        times.append(image)
        if len(times) == 1 or image.data[0, 0] == 11:
            value = image.data[0, 0] + (len(times) == 1)
            name = Path(image.metadata['path'])
            fresco.write(name, np.full((16, 16), value, np.uint8), overwrite=True)
        return inner(self, image, **options)

    monkeypatch.setattr(QuickSession, 'restore', replaced)
    outcome = fresco.batch.run(recipe())
    assert statuses(outcome) == {'a.tif': 'made', 'b.tif': 'changed'}
    assert 'was replaced while' in outcome.failed[0].error
    assert (fresco.read('out/a.tif').data == 253).all()
    assert not Path('out/b.tif').exists()


@pytest.fixture
def tiny_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 200 kB, or writing that fails like it where none can be mounted."""
    place = tmp_path / 'disk'
    place.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', str(place)]
    if os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0:
        yield place
        subprocess.run(['umount', '-l', str(place)], check=True)
        return
    settle, used = atomic.settle, []

    def settled(part: Path, target: Path) -> None:
        used.append(part.stat().st_size if target.is_relative_to(place) else 0)
        if sum(used) > 200_000 and not (place / 'more').exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part))
        settle(part, target)

    monkeypatch.setattr(atomic, 'settle', settled)
    yield place


@pytest.mark.parametrize('suffix', ['.tif', '.npy', '.png'])
def test_a_full_disk_ends_a_batch_and_the_rest_is_done_later(
    suffix: str, tiny_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path('in').mkdir()
    for name in 'abcd':
        noise = np.random.default_rng(0).integers(0, 255, (240, 300), dtype=np.uint8)
        fresco.write(f'in/{name}.tif', noise)
    arguments = ('in', '-o', tiny_disk / 'out', '-m', 'ffdnet', '--sigma', 5, '--suffix', suffix)
    arguments += ('--records', 'records')
    assert command(*arguments) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if 'error' in line]
    assert len(errors) == 2
    assert 'the disk is full; make space, and the same command does the 2 left' in errors[-1]
    assert sorted(p.name for p in (tiny_disk / 'out').iterdir()) == [f'a{suffix}', f'b{suffix}']
    made = (tiny_disk / f'out/a{suffix}').stat().st_mtime_ns
    (tiny_disk / 'more').touch()
    subprocess.run(['mount', '-o', 'remount,size=2m', str(tiny_disk)], check=False)
    assert command(*arguments) == 0
    assert len(list((tiny_disk / 'out').iterdir())) == 4
    assert (tiny_disk / f'out/a{suffix}').stat().st_mtime_ns == made


def test_a_read_only_folder_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures('in', 'a.tif', 'b.tif')
    Path('out').mkdir()
    inner = os.access

    def access(path: Any, mode: int) -> bool:
        return Path(path).name != 'out' and inner(path, mode)

    with monkeypatch.context() as patched:
        patched.setattr(os, 'access', access)
        assert command('in', '-o', 'out', '-m', 'ffdnet') == 2
    assert capsys.readouterr().err == (
        'error: folder out is read-only; choose another folder of results\n'
    )
    Path('out.batch').write_text('a file in the way of the records')
    assert command('in', '-o', 'out', '-m', 'ffdnet') == 2
    assert 'of the records cannot be written' in capsys.readouterr().err


def test_a_batch_can_be_cancelled_and_goes_on() -> None:
    pictures('in', 'a.tif', 'b.tif', 'c.tif')
    plan = fresco.batch.plan(recipe())
    done: list[Any] = []
    steps = fresco.batch.iterate(plan, cancelled=lambda: any(each.record for each in done))
    reports = Returning(steps)
    for report in reports:
        done.append(report)
    outcome = reports.result
    assert outcome.cancelled
    assert statuses(outcome) == {'a.tif': 'made'}
    assert [(each.index, each.total) for each in (done[0], done[-1])] == [(0, 3), (1, 3)]
    assert statuses(fresco.batch.run(recipe()))['a.tif'] == 'finished'


def test_unfinished_files_of_the_dead_are_cleared_away() -> None:
    pictures('in', 'a.tif')
    part, empty, other = (Path('out', f'.part-{n}') for n in ('a.tif-x', 'a.tif-y', 'b.tif-z'))
    for folder, name in ((part, 'a.tif'), (other, 'b.tif')):
        folder.mkdir(parents=True)
        (folder / name).write_bytes(b'half')
    empty.mkdir()
    fresco.batch.run(recipe())
    assert not part.exists()
    assert not empty.exists()
    assert other.exists(), 'somebody else may be writing it'
