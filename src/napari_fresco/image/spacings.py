"""Spacings as text: the distance of samples along axes, as on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import ParameterError

_PART = re.compile(r'\s*([A-Za-z])\s*=\s*([0-9.eE+-]+)\s*(.*?)\s*')

Spacing = Mapping[str, tuple[float, str]]


def parse_spacing(given: Spacing | str) -> Spacing:
    """Read ``Z=0.3um,Y=0.1um``; a mapping is returned as it is.

    Raises ParameterError when the text is something else.
    """
    if isinstance(given, Mapping):
        return given
    if not isinstance(given, str):
        raise ParameterError(
            f"spacing = {given!r}; name the axes, such as {{'Z': (0.3, 'um'), 'Y': (0.1, 'um')}} "
            "or 'Z=0.3um,Y=0.1um'"
        )
    found = {}
    for part in given.split(','):
        match = _PART.fullmatch(part)
        try:
            axis, number, unit = match.groups() if match else ('', '', '')
            found[axis.upper()] = (float(number), unit)
        except ValueError:
            raise ParameterError(
                f'spacing = {given!r}; give a distance and its unit for each axis, such as '
                'Z=0.3um,Y=0.1um,X=0.1um'
            ) from None
    return found
