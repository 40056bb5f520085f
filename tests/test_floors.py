"""The tree says the architecture: no import goes up, lazily imported code included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import napari_fresco

SOURCE = Path(napari_fresco.__file__).parent
FILES = sorted(SOURCE.rglob('*.py'))
LONGEST = 400  # lines of a file
FLOORS = (
    ('brief', 'errors', 'types', 'generators', 'silence'),
    ('image',),
    ('declare',),
    ('physics', 'noise', 'evidence', 'damage'),
    ('io', 'samples'),
    ('networks',),
    ('weights',),
    ('degrade',),
    ('runtime',),
    ('solvers',),
    ('restoration',),
    ('training', 'batch', 'intervention'),
    ('cli',),
    ('layers/images',),
    ('layers/masks',),
    ('layers/requests',),
    ('layers/results',),
    ('layers/comparing',),
    ('layers/jobs',),
    ('layers/fills',),
    ('layers/files',),
    ('layers',),
    ('_napari/widgets',),
    ('_napari/methods', '_napari/files'),
    ('_napari/window',),
    ('_napari/masks', '_napari/comparing', '_napari/running'),
    ('_napari/degradation', '_napari/reports'),
    ('_napari/restoring',),
    ('_napari',),
)
LEVELS = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}


def level_of(parts: tuple[str, ...]) -> int | None:
    return LEVELS.get('/'.join(parts[:2]), LEVELS.get(parts[0]) if parts else None)


def imports_of(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield line and target of every import of the package itself."""
    folder = path.relative_to(SOURCE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = folder[: len(folder) - node.level + 1]
            inside = (*base, *(node.module.split('.') if node.module else ()))
            yield from ((node.lineno, (*inside, name.name)) for name in node.names)


def test_no_import_goes_up() -> None:
    found = []
    for path in sorted(SOURCE.rglob('*.py')):
        parts = path.relative_to(SOURCE).with_suffix('').parts
        mine = level_of(parts)
        if mine is None or parts == ('__init__',):
            continue
        for line, target in imports_of(path):
            theirs = level_of(target)
            if theirs is not None and theirs > mine:
                found.append(f'{"/".join(parts)}:{line} -> {".".join(target)}')
    assert not found


def test_every_folder_has_a_floor() -> None:
    rooms = {path.parent.name for path in SOURCE.glob('*/__init__.py')}
    assert rooms <= set(LEVELS)


def test_no_folders_of_a_room_import_each_other_in_a_circle() -> None:
    above: dict[str, set[str]] = {}
    for path in SOURCE.glob('*/*/*.py'):
        folder = path.parent.relative_to(SOURCE).parts
        inside = above.setdefault('/'.join(folder), set())
        inside |= {
            '/'.join(target[:2])
            for _, target in imports_of(path)
            if target[0] == folder[0] and target[:2] != folder
        }
    while free := {folder for folder, needed in above.items() if not needed & above.keys()}:
        above = {folder: needed for folder, needed in above.items() if folder not in free}
    assert not above


def test_no_file_has_the_name_of_another() -> None:
    names = sorted(path.name for path in SOURCE.rglob('*.py') if path.name != '__init__.py')
    assert not {name for name in names if names.count(name) > 1}


def test_no_class_has_the_name_of_another() -> None:
    names = [
        node.name
        for path in SOURCE.rglob('*.py')
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
        if isinstance(node, ast.ClassDef)
    ]
    assert not {name for name in names if names.count(name) > 1}


def test_docstrings_of_files_and_classes_begin_with_their_subject() -> None:
    asking = ('What ', 'How ', 'Where ', 'Which ', 'Who ', 'Whose ', 'Something ', 'Everything ')
    for path in FILES:
        tree = ast.parse(path.read_text(encoding='utf-8'))
        nodes = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
        texts = [ast.get_docstring(node) or '' for node in nodes]
        assert not [text for text in texts if text.startswith(asking)], path


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text(encoding='utf-8').splitlines()) for path in FILES}
    assert not {path.name: length for path, length in lengths.items() if length > LONGEST}


def test_nothing_is_imported_that_takes_seconds_to_load_for_a_function() -> None:
    slow = {'scipy.signal', 'scipy.stats'}  # scipy.fft, ndimage and special do
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            names = [name.name for name in getattr(node, 'names', ()) if hasattr(name, 'name')]
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [str(node.module), *(f'{node.module}.{name}' for name in names)]
            assert not slow & {'.'.join(name.split('.')[:2]) for name in names}, path


def test_no_files_import_each_other_in_a_circle() -> None:
    above = {path: {target for _, target in _files_imported(path)} for path in FILES}
    while free := {path for path, needed in above.items() if not needed & above.keys()}:
        above = {path: needed for path, needed in above.items() if path not in free}
    assert not {path.name for path in above}


def _files_imported(path: Path) -> Iterator[tuple[int, Path]]:
    for line, target in imports_of(path):
        for parts in (target, target[:-1]):
            file = SOURCE.joinpath(*parts).with_suffix('.py') if parts else SOURCE
            if file.is_file() and file != path:
                yield line, file
