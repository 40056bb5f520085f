"""A warning of Python that says what the checks of a result have found, for scripts."""

from __future__ import annotations

import warnings

from ..errors import FrescoWarning
from ..types import Result


def warn_of(result: Result, where: str, stacklevel: int = 2) -> None:
    """Warn once of the checks of a result that have failed, with their remedies.

    `where`: what keeps all checks.
    `stacklevel`: 2 for the function that calls this one, 3 for its caller.
    """
    failed = [check for check in result.checks if not check.ok]
    if failed:
        number = f'{len(failed)} of {len(result.checks)} checks of this result failed'
        lines = (f'{check.name}: {check.message}' for check in failed)
        text = '\n  '.join([f'{number}; all of them are in {where}', *lines])
        warnings.warn(text, FrescoWarning, stacklevel=stacklevel + 1)
