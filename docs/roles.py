"""Sphinx's roles in docstrings, such as ``:func:`restore```, as plain names on the pages."""

import re
from typing import Any

_ROLE = re.compile(r':(?:attr|class|data|func|meth|mod):\s*<code>(~?)\.?([\w.]+)</code>')


def on_page_content(html: str, **_: Any) -> str:
    """Return a page without the roles; a name after ``~`` is shown without where it lives."""
    return _ROLE.sub(lambda m: f'<code>{m[2].rpartition(".")[2] if m[1] else m[2]}</code>', html)
