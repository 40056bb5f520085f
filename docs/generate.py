"""Pages that are made when the documentation is built, so that they cannot go stale.

Parameter tables come from the declarations of the methods; benchmarks and
changelog are the files of the repository.
"""

from pathlib import Path

import mkdocs_gen_files

from napari_fresco.declare.methods import METHODS, Method
from napari_fresco.types import Task

ROOT = Path(__file__).parent.parent
MARK = '<!-- parameters: '


def table(method: Method) -> str:
    """Return the parameters of `method` as a Markdown table."""
    rows = [
        '| parameter | default | allowed | used for | meaning |',
        '| --- | --- | --- | --- | --- |',
    ]
    for p in method.parameters:
        tasks: tuple[Task, ...] = tuple(t for t in p.tasks if t in method.tasks)
        default = '' if p.default is None else f'`{p.default}`'
        used = ', '.join(tasks) if p.tasks else 'all tasks'
        rows.append(f'| `{p.name}` | {default} | {p.allowed()} | {used} | {p.help} |')
    return '\n'.join(rows)


def facts(method: Method) -> str:
    """Return what `method` does, needs and gives, in a few lines."""
    needs = [f'{task} needs a {" and a ".join(what)}' for task, what in method.needs.items()]
    return '\n'.join(
        (
            f'- **Tasks:** {", ".join(method.tasks)}',
            f'- **Needs:** {"; ".join(needs) or "only the image"}'
            + ('' if method.blind else '; the noise level, estimated unless given'),
            f'- **Gives:** {", ".join(method.outputs)}; the result is labelled *{method.kind}*',
            f'- **Reference:** {method.citation}',
        )
    )


def fill(page: Path) -> None:
    """Put facts and tables where a page asks for them by ``<!-- parameters: name -->``."""
    lines = []
    for line in page.read_text(encoding='utf-8').splitlines():
        if line.startswith(MARK):
            method = METHODS[line.removeprefix(MARK).removesuffix(' -->')]
            lines += [facts(method), '', table(method)]
        else:
            lines.append(line)
    with mkdocs_gen_files.open(f'methods/{page.name}', 'w') as file:
        file.write('\n'.join(lines) + '\n')


for source in sorted((ROOT / 'docs/pages/methods').glob('*.md')):
    fill(source)
for name, source in (
    ('benchmarks.md', ROOT / 'benchmarks/RESULTS.md'),
    ('changes.md', ROOT / 'CHANGELOG.md'),
):
    with mkdocs_gen_files.open(name, 'w') as file:
        file.write(source.read_text(encoding='utf-8'))
