"""Names in docstrings: public ones become links, inner ones code, misspelt ones warnings.

Docstrings name a thing by where it lives; readers know it by its public name.
"""

import sys
from functools import lru_cache
from importlib import import_module
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import napari_fresco

PACKAGE = 'napari_fresco'


@lru_cache(None)
def find(path: str) -> Any:
    """Return what is at a dotted path, or None."""
    parts = path.split('.')
    for number in range(len(parts), 0, -1):
        try:
            found = import_module('.'.join(parts[:number]))
        except ImportError:
            continue
        for name in parts[number:]:
            found = getattr(found, name, None)
        return found
    return None


def public(env: BuildEnvironment, target: str, module: str) -> str | None:
    """Return the documented name of `target`, which a docstring of `module` named."""
    documented = env.domains['py'].objects
    found = find(target) or find(f'{module}.{target}')
    for name in documented:
        if name.endswith(f'.{target}') or (found is not None and find(name) is found):
            return name
    return None


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, shown: nodes.Element
) -> nodes.Node | None:
    """Return a link to a public name, or the name as code where it is no public one."""
    if node.get('refdomain') != 'py':
        return None
    target, module = node['reftarget'], node.get('py:module') or PACKAGE
    name = public(env, target, module)
    if name is not None:
        domain = env.domains['py']
        return domain.resolve_xref(
            env, node['refdoc'], app.builder, node['reftype'], name, node, shown
        )
    known = not target.startswith(PACKAGE) or find(target) is not None
    return shown if known else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen for names that Sphinx does not find by itself."""
    for name in napari_fresco._MODULES:  # `napari_fresco.kernels` lives in `physics`
        sys.modules.setdefault(f'{PACKAGE}.{name}', getattr(napari_fresco, name))
    app.connect('missing-reference', resolve)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
