"""Scripts are warned once of what the checks of a result have found."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco

from .command_line import printed

IMAGE = np.random.default_rng(0).normal(100, 5, (48, 48)).astype(np.float32)
WRONG = {'method': 'ffdnet', 'sigma': 80.0}


def by_session(image: Any, **told: Any) -> fresco.Result:
    with fresco.Session() as session:
        return session.restore(image, **told)


@pytest.mark.parametrize('restore', [fresco.restore, by_session])
def test_failed_checks_are_one_warning_with_their_remedies(restore: Callable[..., Any]) -> None:
    with pytest.warns(fresco.FrescoWarning) as caught:
        result = restore(IMAGE, **WRONG)
    assert len(caught) == 1
    assert Path(caught[0].filename) == Path(__file__)
    text = str(caught[0].message)
    failed = [check for check in result.checks if not check.ok]
    assert failed
    assert all(f'{check.name}: {check.message}' in text for check in failed)
    assert f'{len(failed)} of {len(result.checks)} checks' in text
    assert 'result.checks' in text


def test_a_good_result_and_the_command_line_give_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresco.write(tmp_path / 'in.tif', fresco.Image(IMAGE, 'YX'))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        fresco.restore(IMAGE, method='ffdnet', sigma=5.0)
        told = ('-o', tmp_path / 'out.tif', '-m', 'ffdnet', '--sigma', 80)
        said = printed(capsys, 'restore', tmp_path / 'in.tif', *told)
    assert 'check: ' in said or 'warning: ' in said
