"""Spacings as text: the distance of samples along axes, as on the command line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from ..errors import ImageError, ParameterError
from .units import unit_name

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


def checked_spacing(spacing: Spacing | str, axes: str) -> dict[str, tuple[float, str]]:
    """Return spacing of some of the axes with short units; raise ImageError where it is none."""
    checked = {}
    for axis, pair in parse_spacing(spacing).items():
        try:
            step, unit = pair
            step = float(step)
        except (TypeError, ValueError):
            step, unit = math.nan, ''
        if axis not in axes:
            raise ImageError(
                f'spacing has an axis {axis!r} that axes {axes} lack; give only those of the '
                f'image: {{a: spacing[a] for a in {axes!r} if a in spacing}}'
            )
        if not (math.isfinite(step) and step > 0):
            raise ImageError(
                f'spacing {axis!r}: {pair!r} does not fit axes {axes}; give a distance above 0 and '
                "its unit for an axis, such as {'Z': (0.3, 'um')}"
            )
        checked[axis] = (step, unit_name(unit))
    return checked
