"""Bad input: one clear error each, and nothing is ever lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_fresco.declare.call import Call
from napari_fresco.declare.methods import METHODS, find_method, find_task
from napari_fresco.errors import FrescoError, KernelError, MaskError, MethodError, ParameterError
from napari_fresco.image.layout import Layout
from napari_fresco.image.model import Image
from napari_fresco.restoration.inputs import check_inputs
from napari_fresco.types import Task

DPIR = METHODS['dpir']
PLANE = Image.of(np.zeros((12, 16)))
STACK = Image.of(np.zeros((3, 12, 16)))
COLOUR = Image.of(np.zeros((12, 16, 3)))
SPOT = np.zeros((12, 16), np.uint8)
SPOT[3:5, 4:7] = 1


def check(task: Task, image: Image = PLANE, **given_inputs: Any) -> Any:
    return check_inputs(Call.of('dpir', task, given=given_inputs), image, Layout.of(image))


@pytest.mark.parametrize(
    ('task', 'inputs', 'error', 'match'),
    [
        ('inpaint', {}, MaskError, 'needs a mask'),
        (
            'inpaint',
            {'mask': np.ones((5, 5))},
            MaskError,
            r'mask \(5, 5\) with axes YX does not match',
        ),
        ('inpaint', {'mask': np.zeros((12, 16))}, MaskError, 'empty'),
        ('inpaint', {'mask': np.ones((12, 16))}, MaskError, 'full'),
        ('inpaint', {'mask': np.full((12, 16), np.nan)}, MaskError, '192 NaN'),
        ('inpaint', {'mask': SPOT.astype(str)}, MaskError, 'type'),
        ('denoise', {'mask': SPOT}, MethodError, "task='inpaint'"),
        ('deblur', {}, KernelError, 'needs a kernel'),
        ('deblur', {'kernel': np.ones((13, 3))}, KernelError, 'larger than the image'),
        ('deblur', {'kernel': -np.ones((3, 3))}, KernelError, 'negative'),
        ('deblur', {'kernel': np.zeros((3, 3))}, KernelError, 'sum'),
        ('deblur', {'kernel': np.ones(3)}, KernelError, r'\(3,\)'),
        ('deblur', {'kernel': np.full((3, 3), np.nan)}, KernelError, '9'),
        ('denoise', {'kernel': np.ones((3, 3))}, MethodError, "task='deblur'"),
        ('denoise', {'sigma': 0}, ParameterError, 'above 0'),
        ('denoise', {'sigma': -1}, ParameterError, 'above 0'),
        ('denoise', {'sigma': np.inf}, ParameterError, 'finite'),
        ('denoise', {'sigma': 'much'}, ParameterError, "'auto'"),
        ('denoise', {'sigma': object()}, ParameterError, "'auto'"),
        ('denoise', {'sigma': np.ones((3, 3))}, ParameterError, r'sigma map \(3, 3\)'),
        ('denoise', {'sigma': -np.ones((12, 16))}, ParameterError, 'above 0'),
        ('denoise', {'scale': 2}, ParameterError, "task='super_resolve'"),
        ('super_resolve', {'scale': 0}, ParameterError, 'from 2 to 8'),
        ('super_resolve', {'scale': 1}, ParameterError, 'from 2 to 8'),
        ('super_resolve', {'scale': 2.5}, ParameterError, 'whole number'),
        ('super_resolve', {'scale': 9}, ParameterError, 'from 2 to 8'),
    ],
)
def test_bad_inputs(task, inputs, error, match) -> None:
    with pytest.raises(error, match=match):
        check(task, **inputs)


@pytest.mark.parametrize(
    ('image', 'mask'),
    [
        (PLANE, SPOT),
        (STACK, SPOT),
        (STACK, np.stack([SPOT] * 3)),
        (STACK, SPOT[None]),
        (COLOUR, SPOT),
        (COLOUR, np.stack([SPOT] * 3, axis=-1)),
        (COLOUR, SPOT.astype(bool)),
        (PLANE, SPOT * 0.5),
    ],
)
def test_masks_that_fit(image, mask) -> None:
    inputs = check('inpaint', image, mask=mask)
    for index in Layout.of(image).planes():
        np.testing.assert_array_equal(inputs.plane_mask(index), SPOT > 0)


def test_a_sigma_map_follows_its_plane() -> None:
    sigma = np.arange(1.0, 4)[:, None, None] * np.ones((3, 12, 16))
    assert check('denoise', STACK, sigma=sigma).plane_sigma((1,)).mean() == 2
    assert check('denoise', STACK, sigma=sigma[2]).plane_sigma((1,)).mean() == 3


def test_even_and_oblong_kernels_are_fine() -> None:
    kernel = check('deblur', kernel=np.ones((4, 7))).kernel
    assert kernel.shape == (4, 7)
    assert kernel.values.sum() == pytest.approx(1)


def test_unknown_method_and_task_suggest_what_there_is() -> None:
    with pytest.raises(MethodError, match="did you mean 'dpir'"):
        find_method('dpri')
    with pytest.raises(MethodError, match='it offers denoise'):
        find_task(METHODS['ffdnet'], 'inpaint')
    with pytest.raises(MethodError, match='dpir does not offer'):
        find_task(DPIR, 'colourise')


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    hnp.arrays(
        st.sampled_from([np.float32, np.uint8, np.complex64, np.bool_]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
    ),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    task=st.sampled_from(DPIR.tasks),
    mask=ANYTHING,
    kernel=ANYTHING,
    sigma=ANYTHING,
    scale=ANYTHING,
)
def test_random_input_is_accepted_or_refused_in_one_line(task, mask, kernel, sigma, scale) -> None:
    try:
        check(task, mask=mask, kernel=kernel, sigma=sigma, scale=scale)
    except FrescoError as error:
        message = str(error)
        assert '\n' not in message


@settings(deadline=None)
@given(
    name=st.sampled_from([p.name for m in METHODS.values() for p in m.parameters] + ['typo']),
    value=ANYTHING,
    method=st.sampled_from(list(METHODS.values())),
)
def test_random_parameters_are_accepted_or_refused_in_one_line(name, value, method) -> None:
    try:
        parameters = method.parameters_class.create({name: value})
    except FrescoError as error:
        message = str(error)
        assert name in message
    else:
        assert type(parameters) is method.parameters_class
