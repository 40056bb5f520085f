"""Tables of the pages that come from declarations, so that they cannot go stale.

A page asks for them by a mark of its own line: ``<!-- parameters: name -->`` of a method,
``<!-- tasks and options -->``.
"""

from collections.abc import Callable, Iterable

from sphinx.application import Sphinx

from napari_fresco.declare.fields import Parameter
from napari_fresco.declare.method import Method
from napari_fresco.declare.methods import METHODS
from napari_fresco.declare.options import OPTIONS
from napari_fresco.declare.tasks import TASKS
from napari_fresco.types import Task

MARK = '<!-- parameters: '
TASK_MARK = '<!-- tasks and options -->'


def table(header: str, rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows as a Markdown table; the names of the columns are parted by ' | '."""
    rule = ' | '.join('---' for _ in header.split(' | '))
    lines = [header, rule, *(' | '.join(row) for row in rows)]
    return '\n'.join(f'| {line} |' for line in lines) + '\n'


def parameters(
    declared: Iterable[Parameter], tasks: Iterable[Task], uses: Callable[[Parameter, Task], bool]
) -> str:
    """Return parameters as a table, with those of `tasks` that use them."""
    rows = []
    for p in declared:
        default = '' if p.default is None else f'`{p.default}`'
        used = ', '.join(t for t in tasks if uses(p, t))
        used = 'all tasks' if used == ', '.join(tasks) else used
        if used:
            rows.append((f'`{p.name}`', default, str(p.allowed()), used, p.help))
    return table('parameter | default | allowed | used for | meaning', rows)


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
    """Return what each task is, needs, takes and gives as a table."""
    rows = []
    for task in TASKS.values():
        methods = ', '.join(m.title for m in METHODS.values() if task.name in m.tasks)
        may = ', '.join(name for name in task.takes if name not in task.needs)
        rows.append((f'`{task.name}`', task.summary, ', '.join(task.needs), may, methods))
    return table('task | does | needs | may take | methods', rows)


def filled(line: str) -> str:
    """Return a line of a page, or what it asks for."""
    if line == TASK_MARK:
        return f'{tasks()}\n{parameters(OPTIONS.values(), TASKS, Parameter.serves)}'
    if line.startswith(MARK):
        method = METHODS[line.removeprefix(MARK).removesuffix(' -->')]
        return f'{facts(method)}\n\n{parameters(method.parameters, method.tasks, method.uses)}'
    return line


def fill(app: Sphinx, page: str, content: list[str]) -> None:
    """Put tables where a page asks for them."""
    content[0] = '\n'.join(filled(line) for line in content[0].split('\n'))


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen for pages as they are read."""
    app.connect('source-read', fill)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
