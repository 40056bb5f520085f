"""One spelling for every unit, conversions where they mean something."""

from __future__ import annotations

import pint
import pytest

from napari_fresco.image.units import converted, unit_name


@pytest.mark.parametrize(
    ('unit', 'name'),
    [
        ('um', 'um'),
        ('µm', 'um'),
        ('\u03bcm', 'um'),
        ('\\u00B5m', 'um'),
        ('micron', 'um'),
        ('Microns', 'um'),
        ('micrometer', 'um'),
        ('micrometre', 'um'),
        (pint.get_application_registry().Unit('micrometer'), 'um'),
        ('nanometer', 'nm'),
        ('inch', 'in'),
        ('cm', 'cm'),
        ('sec', 's'),
        ('second', 's'),
        ('ms', 'ms'),
        ('minute', 'min'),
        ('pixel', ''),
        (pint.get_application_registry().Unit('pixel'), ''),
        ('', ''),
        ('furlong per what', 'furlong per what'),
    ],
)
def test_names(unit, name: str) -> None:
    assert unit_name(unit) == name


def test_conversions() -> None:
    assert converted(1, 'mm', 'µm') == pytest.approx(1000)
    assert converted(2, 'min', 's') == pytest.approx(120)
    assert converted(1, 'um', 's') is None
    assert converted(1, 'reference frame', 'um') is None
    assert converted(3, 'reference frame', 'reference frame') == 3
