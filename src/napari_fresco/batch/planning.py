"""The plan of a batch: for each image the files beside it, and the paths of its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from glob import escape, glob, has_magic
from pathlib import Path

from ..errors import FileError
from ..io.apart import check_apart
from ..io.file_faults import is_hidden
from ..io.files import READ_ALONE, READABLE, TIFF, images_in
from ..io.fingerprint import Fingerprint
from ..io.zarr_store import is_store
from .outputs import TEXTS, Outputs
from .recipe import BatchRecipe
from .records import RECORDS, FileRecord, records_in

_NAMED = 3  # subfolders that a sentence names
_SIDES = {'mask': 'mask', 'kernel': 'kernel', 'sigma': 'map of the noise'}


@dataclass(frozen=True, eq=False)
class BatchFile:
    """One image of a batch, as a worker gets it.

    `recipe`, `recipe_sha256`: what is done, and its hash.
    `image`: the file.
    `outputs`: where the results go.
    `record`: file of what is known of it.
    `overwrite`: make it again, whatever is there.
    """

    recipe: BatchRecipe
    recipe_sha256: str
    image: Path
    outputs: Outputs
    record: Path
    overwrite: bool = False

    def sides(self) -> dict[str, Path]:
        """Return the files of mask, kernel and noise that belong to the image, by their role.

        Raises FileError when there is not exactly one for a pattern.
        """
        sides = self.recipe.sides().items()
        return {role: self._side(role.partition(':')[0], text) for role, text in sides}

    def inputs(self) -> dict[str, Path]:
        """Return all files that the result depends on, by their role.

        Raises FileError when one cannot be found.
        """
        return {'image': self.image, **self.sides(), **self.recipe.weights_files()}

    def known(self) -> FileRecord | None:
        """Return the record of an earlier run."""
        return FileRecord.read(self.record)

    def is_finished(self, known: FileRecord | None) -> bool:
        """Return whether it was made of the same files by the same recipe, and is still there."""
        if known is None or known.status != 'made' or known.recipe_sha256 != self.recipe_sha256:
            return False
        if not set(self.promised()) <= set(known.promised):
            return False
        inputs = self.inputs()
        same = inputs.keys() == known.inputs.keys() and all(
            known.inputs[name].holds(path) for name, path in inputs.items()
        )
        there = known.results_are_there(self.recipe.output_folder)
        return same and there and known.weights_are_known()

    def obstacle(self, known: FileRecord | None) -> str:
        """Say why its results must not be written, or nothing: they are not this batch's own."""
        folder = self.recipe.output_folder
        there = [path for path in self.outputs.kept().values() if path.exists()]
        if known is not None:
            there += [path for name in known.results if (path := folder / name).exists()]
        if self.overwrite or not there:
            return ''
        if known is None:
            maker = 'nobody knows how'
        elif known.recipe_sha256 != self.recipe_sha256:
            maker = 'by another recipe'
        elif known.status == 'made' and any(map(self._is_newer, there)):
            maker = 'or changed by somebody since'
        else:
            return ''
        return (
            f'{there[0]} exists and was made {maker}; --overwrite makes it again, another folder '
            'keeps both'
        )

    def promised(self) -> tuple[str, ...]:
        """Return the names of the results in the folder of the batch, before any numbering."""
        return tuple(self.in_folder(path) for path in self.outputs.kept().values())

    def in_folder(self, path: Path) -> str:
        """Return the name of a result in the folder of the batch."""
        return path.relative_to(self.recipe.output_folder).as_posix()

    def _is_newer(self, path: Path) -> bool:
        """Return whether a result was written after its record."""
        return Fingerprint.of(path).modified > Fingerprint.of(self.record).modified

    def _side(self, name: str, text: str) -> Path:
        path = self.recipe.path(fill(text, self.image) if '{' in text else text)
        if path.is_dir() and not is_store(path):
            return self._of_stem(path, name)
        pattern = self.recipe.path(fill(text, self.image, escape) if '{' in text else text)
        found = [path] if path.exists() else [Path(p) for p in sorted(glob(str(pattern)))]
        if len(found) != 1:
            count = 'no file' if not found else f'{len(found)} files'
            raise FileError(f'{path}: {count} of this name; the image needs one {_SIDES[name]}')
        return found[0]

    def _of_stem(self, folder: Path, name: str) -> Path:
        found = [p for p in images_in(folder, READABLE) if p.stem == self.image.stem]
        alike = [p for p in found if p.suffix.lower() == self.image.suffix.lower()]
        found = alike if len(alike) == 1 else found
        if len(found) != 1:
            names = ' and '.join(p.name for p in found) or f'no {self.image.stem}.*'
            raise FileError(f'{folder} holds {names}; the image needs one {_SIDES[name]}')
        return found[0]


@dataclass(frozen=True, eq=False)
class BatchPlan:
    """All files of a batch and their results."""

    recipe: BatchRecipe
    files: tuple[BatchFile, ...] = field(default=())

    @classmethod
    def of(cls, recipe: BatchRecipe, *, overwrite: bool = False) -> BatchPlan:
        """Check a recipe and find its images; nothing is written.

        Raises FrescoError when the recipe cannot be carried out, there is no image, or results
            would be written over originals or each other.
        """
        sha256 = recipe.sha256()  # checks it
        files = []
        for image in images_of(recipe):
            outputs = _outputs(recipe, image)
            record = _record(recipe, outputs)
            files.append(BatchFile(recipe, sha256, image, outputs, record, overwrite))
        results = (path for file in files for path in file.outputs.kept().values())
        check_apart(results, (file.image for file in files))
        return cls(recipe, tuple(files))

    def absolute(self) -> BatchPlan:
        """Return the same plan for processes that are at home in other folders."""
        recipe = replace(self.recipe, base=self.recipe.base.absolute())
        overwrite = any(file.overwrite for file in self.files)
        return BatchPlan.of(recipe, overwrite=overwrite)

    def lines(self) -> list[str]:
        """Return the plan as text: image, size, results, and whether they are there."""
        told, todo, size = [], 0, 0
        for file in self.files:
            state = _state(file)
            todo += state == 'to do'
            bytes_ = Fingerprint.of(file.image).size
            size += bytes_ * (state == 'to do')
            kept = ', '.join(str(path) for path in file.outputs.kept().values())
            told.append(f'{file.image} ({_amount(bytes_)}) -> {kept}: {state}')
        total = f'{todo} of {len(self.files)} images to do, {_amount(size)}'
        passed = subfolders_passed_over(self.recipe)
        told.append(f'{total}; records in {self.recipe.record_folder}')
        return [*told, f'note: {passed}'] if passed else told


def fill(pattern: str, image: Path, spelled: Callable[[str], str] = str) -> str:
    """Return a pattern with the names of an image put in, as `spelled` has them."""
    known = {'name': image.name, 'stem': image.stem, 'suffix': image.suffix}
    known['folder'] = image.absolute().parent.name
    return pattern.format(**{key: spelled(name) for key, name in known.items()})


def _state(file: BatchFile) -> str:
    known = file.known()
    try:
        if not file.overwrite and file.is_finished(known):
            return 'finished'
        return file.obstacle(known) or 'to do'
    except FileError as error:
        return str(error)


def images_of(recipe: BatchRecipe) -> list[Path]:
    """Return the images in folders, of patterns, and as they are named; each once."""
    found: dict[Path, None] = {}
    made = _results(recipe)
    for text in recipe.images:
        path = recipe.path(text)
        if path.is_dir() and not is_store(path):
            inside = images_in(path, READABLE)
        elif path.exists() or not has_magic(str(path)):
            inside = [path] if path.exists() else []
        else:
            inside = [Path(p) for p in sorted(glob(str(path), recursive=True))]
            inside = [p for p in inside if (p.is_file() or is_store(p)) and not is_hidden(p)]
        inside = [p for p in inside if not made or p.resolve() not in made]
        if not inside:
            passed = subfolders_passed_over(recipe)
            if not has_magic(str(path)) and not path.exists():
                raise FileError(f'there is no file or folder {path}')
            said = f'{text} holds no image; known suffixes: {", ".join(READABLE)}'
            raise FileError(f'{said}; {passed}' if passed else said)
        found |= dict.fromkeys(inside)
    return list(found)


def subfolders_passed_over(recipe: BatchRecipe) -> str:
    """Return a sentence on subfolders with images, which no folder stands for; or nothing.

    Of folders that are named with them, and of folders of results and records, none is said.
    """
    named = {recipe.path(text).resolve() for text in recipe.images}
    made = {recipe.output_folder.resolve(), recipe.record_folder.resolve()}
    folders = [path for path in named if path.is_dir() and not is_store(path)]
    inside = sorted(path for folder in folders for path in folder.iterdir() if path.is_dir())
    others = [path for path in inside if path.resolve() not in named | made and not is_store(path)]
    passed = [path.name for path in others if _holds_images(path)]
    if not passed:
        return ''
    names = ', '.join(passed[:_NAMED]) + (', …' if len(passed) > _NAMED else '')
    hold = 'holds' if len(passed) == 1 else 'hold'
    return (
        f'subfolders are not visited, and {len(passed)} of them {hold} images ({names}): name '
        'them, or give a pattern such as "FOLDER/**/*.tif"'
    )


def _holds_images(folder: Path) -> bool:
    with suppress(OSError):  # one that may not be read
        return bool(images_in(folder, READABLE))
    return False


def _results(recipe: BatchRecipe) -> set[Path]:
    """Return the results of earlier runs of this batch, which are no images of the next."""
    folder = recipe.output_folder.resolve()
    known = [record for _, record in records_in(recipe.record_folder)]
    return {folder / name for record in known for name in (*record.results, *record.promised)}


def _outputs(recipe: BatchRecipe, image: Path) -> Outputs:
    path = recipe.output_folder / fill(recipe.name, image)
    if path.suffix.lower() in READ_ALONE and recipe.name.endswith(('{name}', '{suffix}')):
        path = path.with_suffix(TIFF[0])  # which holds all that they hold
    ends: Mapping[str, str] = {kind: TEXTS.get(kind, f'.{kind}.tif') for kind in recipe.keep}
    return Outputs(path, **{k: path.with_name(path.stem + end) for k, end in ends.items()})


def _record(recipe: BatchRecipe, outputs: Outputs) -> Path:
    result = outputs.image.relative_to(recipe.output_folder)
    return recipe.record_folder / RECORDS / result.parent / f'{result.name}.json'


def _amount(size: int) -> str:
    for unit, scale in (('GB', 1e9), ('MB', 1e6)):
        if size >= scale:
            return f'{size / scale:.3g} {unit}'
    return f'{size / 1e3:.3g} kB'
