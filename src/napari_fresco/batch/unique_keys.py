"""YAML in which a key that is given twice is an error: PyYAML takes the last one silently."""

from __future__ import annotations

from typing import Any

import yaml

_MERGE = 'tag:yaml.org,2002:merge'


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            if key.value in names:
                raise yaml.MarkedYAMLError(
                    problem=f'{key.value!r} is given twice; leave one of them',
                    problem_mark=key.start_mark,
                )
            names.add(key.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def loaded(text: str) -> Any:
    """Return what a YAML text holds.

    Raises yaml.YAMLError where it is none, or a key is given twice.
    """
    return yaml.load(text, Loader=_Loader)
