"""What is shipped: dependencies, version, commands of the README, citation."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

import napari_fresco

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / 'src/napari_fresco'
NAMES = {'skimage': 'scikit-image', 'sklearn': 'scikit-learn', 'PIL': 'pillow', 'yaml': 'pyyaml'}
CONDA = {'torch': 'pytorch'}  # what conda-forge calls otherwise
HOST = {'napari'}  # whoever imports the plugin layer has it
NEED_NAPARI = re.compile(r'napari_fresco\.(_napari|layers)\b')


@pytest.fixture(scope='module')
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / 'pyproject.toml').read_text(encoding='utf-8'))['project']


def _imported() -> Iterator[tuple[str, Path]]:
    """Every top-level module that the package imports, lazily imported ones included."""
    for path in SOURCE.rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [str(node.module)]
            for name in names:
                yield name.partition('.')[0], path


def test_what_is_imported_is_declared(project: dict[str, Any]) -> None:
    extras = [one for extra in project['optional-dependencies'].values() for one in extra]
    declared = {
        re.split(r'[\[<>=;~! ]', one)[0].lower().replace('_', '-')
        for one in (*project['dependencies'], *extras)
    }
    known = packages_distributions()
    undeclared = {
        (name, str(path.relative_to(ROOT)))
        for name, path in _imported()
        if name not in sys.stdlib_module_names
        and name not in HOST | {'napari_fresco'}
        and NAMES.get(name, known.get(name, [name])[0]).lower().replace('_', '-') not in declared
    }
    assert not undeclared


def test_there_is_one_version(project: dict[str, Any]) -> None:
    assert project['dynamic'] == ['version']
    assert version('napari-fresco') == napari_fresco.__version__
    assert _citation()['version'] == napari_fresco.__version__


def test_the_recipe_for_conda_is_what_the_project_says(project: dict[str, Any]) -> None:
    template = jinja2.Template((ROOT / 'tools/recipe/meta.yaml').read_text(encoding='utf-8'))
    recipe = yaml.safe_load(template.render(PYTHON='python'))
    assert recipe['package'] == {'name': project['name'], 'version': napari_fresco.__version__}
    needs = {one.partition(' ')[0]: one for one in recipe['requirements']['run']}
    assert needs.pop('python') == f'python {project["requires-python"]}'
    declared = [re.fullmatch(r'([\w-]+)(.*)', one) for one in project['dependencies']]
    names = {CONDA.get(found[1].lower(), found[1].lower()): found[2] for found in declared if found}
    assert needs == {name: f'{name} {versions}' for name, versions in names.items()}
    scripts = [f'{name} = {place}' for name, place in project['scripts'].items()]
    assert recipe['build']['entry_points'] == scripts
    about = recipe['about']
    assert about['summary'] == project['description']
    assert (about['license'], [about['license_file']]) == (
        project['license'],
        project['license-files'],
    )
    assert about['home'] == project['urls']['Homepage']


def test_the_citation_names_every_method() -> None:
    titles = {one['title'] for one in _citation()['references']}
    for method in napari_fresco.methods().values():
        for title in re.findall(r'"([^"]+)"', method.citation):
            assert title in titles, method.name


def test_ci_runs_the_command_of_the_readme() -> None:
    readme = (ROOT / 'README.md').read_text(encoding='utf-8')
    test = next(line for line in readme.splitlines() if line.endswith('.venv/bin/tox'))
    assert (ROOT / '.ci/run').read_text(encoding='utf-8').splitlines()[-1] == test


def test_tests_of_napari_lie_where_it_is_installed() -> None:
    """Elsewhere they would be skipped, and never run."""
    skipped = "importorskip('" + 'napari'
    core = [p for p in (ROOT / 'tests').rglob('*.py') if 'gui' not in p.parts]
    assert core
    assert not [path.name for path in core if skipped in path.read_text(encoding='utf-8')]


def test_types_are_shipped() -> None:
    assert (SOURCE / 'py.typed').exists()


def _citation() -> dict[str, Any]:
    citation: dict[str, Any] = yaml.safe_load((ROOT / 'CITATION.cff').read_text(encoding='utf-8'))
    return citation


SCRIPTS = [*(ROOT / 'benchmarks').rglob('*.py'), *(ROOT / 'docs').rglob('*.py')]


@pytest.mark.parametrize('script', sorted(SCRIPTS), ids=lambda p: p.stem)
def test_scripts_import_what_there_is(script: Path) -> None:
    for node in ast.walk(ast.parse(script.read_text(encoding='utf-8'))):
        home = node.module if isinstance(node, ast.ImportFrom) and not node.level else None
        # The core is tested without napari.
        if home is None or not home.startswith('napari_fresco') or NEED_NAPARI.match(home):
            continue
        module = import_module(home)
        for alias in node.names:
            if not hasattr(module, alias.name):
                import_module(f'{home}.{alias.name}')


def test_the_conda_recipe_needs_what_the_package_needs(project: dict[str, Any]) -> None:
    recipe = (ROOT / 'tools/recipe/meta.yaml').read_text(encoding='utf-8')
    assert f'version = "{napari_fresco.__version__}"' in recipe
    run = recipe.partition('  run:\n')[2].partition('  run_constrained:\n')[0]
    found = {line.strip(' -').replace(' ', '') for line in run.splitlines()}
    conda = {'torch>=2.4,<3': 'pytorch>=2.4,<3'}  # where its name is another one
    wanted = {conda.get(one, one.lower()) for one in project['dependencies']}
    assert found == wanted | {'python>={{python_min}}'}
