"""Write size and SHA-256 of every bundled weights file into ``registry.toml``, after training."""

from __future__ import annotations

import re
from importlib import import_module

REGISTRY = import_module('napari_fresco.weights.registry')  # weights.registry is its function


def pin() -> None:
    text = REGISTRY.TABLE.read_text(encoding='utf-8')
    for known in REGISTRY.registry().values():
        path = REGISTRY.BUNDLED / known.file
        if not known.bundled or not path.exists():
            continue
        header = f'[weights.{known.name}]\n'
        start = text.index(header)
        stop = text.find('\n[', start)
        block = text[start:] if stop < 0 else text[start:stop]
        pinned = re.sub(r'^(sha256|size) = .*\n', '', block, flags=re.MULTILINE)
        facts = f'size = {path.stat().st_size}\nsha256 = "{REGISTRY.file_sha256(path)}"\n'
        file_line = f'file = "{known.file}"\n'
        text = text.replace(block, pinned.replace(file_line, file_line + facts))
    REGISTRY.TABLE.write_text(text, encoding='utf-8')
    REGISTRY.registry.cache_clear()


if __name__ == '__main__':
    pin()
