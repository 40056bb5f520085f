"""Short docstrings, one line for an argument, as lists.

.. code-block:: text

    `x`: what it is, on
        another line.
    Returns what comes back.
    Raises ImageError when it cannot.
"""

import re

from sphinx.application import Sphinx

ITEM = re.compile(r'(`[^`]+`(, `[^`]+`)*: |Returns |Raises |Yields )')
INDENT = '    '


def listed(lines: list[str]) -> list[str]:
    """Return the lines of a docstring, with those that tell of arguments as items of a list."""
    made: list[str] = []
    within = False
    for line in lines:
        if ITEM.match(line):
            if not within:
                made.append('')
            made.append(f'- {line}')
            within = True
        elif within and line.startswith(INDENT):
            made.append('  ' + line.strip())
        else:
            if within and line:
                made.append('')
            made.append(line)
            within = False
    return made


def rewrite(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]):
    """Make lists of docstrings that have no sections of numpydoc."""
    if any(line.startswith('----') for line in lines):
        return
    lines[1:] = listed(lines[1:])


def setup(app: Sphinx) -> dict[str, bool]:
    """Come before numpydoc, which looks for sections."""
    app.connect('autodoc-process-docstring', rewrite, priority=400)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
