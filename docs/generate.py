"""Pages that are made when the documentation is built, so that they cannot go stale.

Tables of tasks, options and parameters come from their declarations; benchmarks and
changelog are the files of the repository.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import mkdocs_gen_files

from napari_fresco.declare.fields import Parameter
from napari_fresco.declare.methods import METHODS, Method
from napari_fresco.declare.options import OPTIONS
from napari_fresco.declare.tasks import TASKS
from napari_fresco.types import Task

ROOT = Path(__file__).parent.parent
MARK = '<!-- parameters: '
TASK_MARK = '<!-- tasks and options -->'


def table(
    parameters: Iterable[Parameter], tasks: Iterable[Task], uses: Callable[[Parameter, Task], bool]
) -> str:
    """Return parameters as a Markdown table, with those of `tasks` that use them."""
    rows = [
        '| parameter | default | allowed | used for | meaning |',
        '| --- | --- | --- | --- | --- |',
    ]
    for p in parameters:
        default = '' if p.default is None else f'`{p.default}`'
        used = ', '.join(t for t in tasks if uses(p, t))
        used = 'all tasks' if used == ', '.join(tasks) else used
        if not used:
            continue
        rows.append(f'| `{p.name}` | {default} | {p.allowed()} | {used} | {p.help} |')
    return '\n'.join(rows)


def facts(method: Method) -> str:
    """Return what `method` does, needs and gives, in a few lines."""
    needs = [f'{task} needs a {" and a ".join(what)}' for task, what in method.needs.items()]
    asked = [
        f'{output} (with {" or ".join(f"`{name}={value!r}`" for name, value in ways)})'
        for output, ways in method.gives_if_asked().items()
    ]
    always = dict.fromkeys(output for task in method.tasks for output in method.gives(task))
    return '\n'.join(
        (
            f'- **Tasks:** {", ".join(method.tasks)}',
            f'- **Needs:** {"; ".join(needs) or "only the image"}'
            + ('' if method.blind else '; the noise level, estimated unless given'),
            f'- **Gives:** {", ".join([*always, *asked])}; the result is labelled *{method.kind}*',
            f'- **Reference:** {method.citation}',
        )
    )


def tasks() -> str:
    """Return what each task is, needs, takes and gives as a Markdown table."""
    rows = ['| task | does | needs | may take | methods |', '| --- | --- | --- | --- | --- |']
    for task in TASKS.values():
        methods = ', '.join(m.title for m in METHODS.values() if task.name in m.tasks)
        may = ', '.join(name for name in task.takes if name not in task.needs)
        rows.append(
            f'| `{task.name}` | {task.summary} | {", ".join(task.needs)} | {may} | {methods} |'
        )
    return '\n'.join(rows)


def fill(page: Path) -> None:
    """Put facts and tables where a page asks for them by ``<!-- parameters: name -->``."""
    lines = []
    for line in page.read_text(encoding='utf-8').splitlines():
        if line == TASK_MARK:
            lines += [tasks(), '', table(OPTIONS.values(), TASKS, Parameter.serves)]
        elif line.startswith(MARK):
            method = METHODS[line.removeprefix(MARK).removesuffix(' -->')]
            lines += [
                facts(method),
                '',
                table(method.parameters, method.tasks, method.uses),
            ]
        else:
            lines.append(line)
    with mkdocs_gen_files.open(f'{page.parent.name}/{page.name}', 'w') as file:
        file.write('\n'.join(lines) + '\n')


for source in sorted((ROOT / 'docs/pages/methods').glob('*.md')):
    fill(source)
fill(ROOT / 'docs/pages/guides/headless.md')
for name, source in (
    ('benchmarks.md', ROOT / 'benchmarks/RESULTS.md'),
    ('changes.md', ROOT / 'CHANGELOG.md'),
):
    with mkdocs_gen_files.open(name, 'w') as file:
        file.write(source.read_text(encoding='utf-8'))
