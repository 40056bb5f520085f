"""The command line, run in the process of the tests."""

from __future__ import annotations

import pytest

from napari_fresco.cli import main


def call(*arguments: object) -> int:
    """Run ``napari-fresco`` and return its exit status."""
    with pytest.raises(SystemExit) as end:
        main([str(each) for each in arguments])
    return int(end.value.code or 0)


def printed(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    """Run ``napari-fresco``, which ends with status `code`, and return what it has printed."""
    capsys.readouterr()
    status = call(*arguments)
    said = capsys.readouterr()
    assert status == code, said.err
    return said.out + said.err
