"""A recommendation can be followed, has a reason, and is what the guide says."""

from __future__ import annotations

import io
import re
import shlex
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco import weights
from napari_fresco.declare.common_parameters import NetworkParameters
from napari_fresco.declare.methods import METHODS
from napari_fresco.declare.recommendations import RULES, ImageFacts, recommended
from napari_fresco.declare.tasks import TASKS
from napari_fresco.errors import FrescoError
from napari_fresco.restoration.image_facts import facts_of, widest_loss

from .command_line import printed
from .documentation import PAGES

RANDOM = np.random.default_rng(0)


def every_case() -> list[ImageFacts]:
    return [
        ImageFacts(pixels, channels, noise, photon, grain, jpeg, kernel, widest, scale)
        for pixels, channels, noise, photon, grain, jpeg, kernel, widest, scale in product(
            (2**16, 2**30), (1, 3), (None, 0.001), (False, True), (False, True),
            (False, True), (0, 2, 3), (None, 3.0, 20.0, 90.0), (1, 2, 8),
        )
    ]  # fmt: skip


@pytest.mark.parametrize('task', TASKS)
def test_every_recommendation_can_be_followed(task: Any) -> None:
    enlarges, followed = TASKS[task].changes_size, set()
    for facts in every_case():
        if enlarges and facts.scale == 1:
            continue
        said = recommended(task, facts)
        assert said.reason
        scale = facts.scale if enlarges else 1
        followed.add((said.method, facts.channels, scale, tuple(said.options)))
    for name, channels, scale, options in followed:
        method = METHODS[name]
        assert task in method.tasks
        assert scale == 1 or scale in method.scales
        assert set(options) <= {*method.takes(task), *(p.name for p in method.parameters)}
        if issubclass(method.parameters_class, NetworkParameters):
            assert weights.default_for(name, channels, task, scale)


def test_every_line_of_the_table_counts_for_some_image() -> None:
    found = set()
    for facts, task in product(every_case(), TASKS):
        found.add(next(r.case for r in RULES if r.task == task and r.holds(facts)) + task)
    assert found == {rule.case + rule.task for rule in RULES}


def test_wide_losses_are_called_invented_and_untested_ones_so() -> None:
    cautions = [recommended('inpaint', ImageFacts(widest=w)).caution for w in (6, 48, 49, 64, 65)]
    assert [bool(said) for said in cautions] == [False, False, True, True, True]
    assert 'invented' in cautions[2]
    assert 'neutral tone' in cautions[2]
    assert ['tested' in said for said in cautions] == [False] * 4 + [True]


def test_a_photon_frame_a_jpeg_and_a_flat_image_are_told_apart() -> None:
    frame = fresco.samples.micrograph().image
    assert facts_of(frame).photon_noise
    assert not facts_of(frame).jpeg
    rng = np.random.default_rng(0)
    smooth = 120 + 400 * ndimage.gaussian_filter(rng.normal(size=(136, 136, 3)), (4, 4, 0))
    picture = (smooth + rng.normal(0, 8, smooth.shape)).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(picture).save(file, 'JPEG', quality=25)
    jpeg = np.asarray(Pillow.open(file))
    assert facts_of(jpeg).jpeg
    assert fresco.recommend(jpeg).task == 'deblock'
    assert fresco.recommend(jpeg, task='denoise').method == 'scunet'
    assert not facts_of(picture).jpeg
    flat = facts_of(np.full((64, 64), 7, np.uint8))
    assert (flat.noise, flat.photon_noise, flat.grain) == (None, False, False)


def test_what_is_given_says_what_is_wanted() -> None:
    image, lost = np.random.default_rng(0).random((3, 40, 50)), np.zeros((40, 50), bool)
    lost[10:14, 10:30] = True
    assert fresco.recommend(image, mask=lost).task == 'inpaint'
    assert fresco.recommend(image, kernel=np.ones((3, 3))).task == 'deblur'
    assert fresco.recommend(image, scale=2).task == 'super_resolve'
    assert fresco.recommend(image, kernel=np.ones((3, 3)), scale=2).method == 'usrnet'
    assert fresco.recommend(image).task == 'denoise'
    assert fresco.recommend(image, goal='inpaint') == fresco.recommend(image, task='inpaint')
    with pytest.raises(FrescoError, match='unknown task'):
        fresco.recommend(image, task='sharpen')  # type: ignore[arg-type]
    with pytest.raises(FrescoError, match='former name'):
        fresco.recommend(image, task='denoise', goal='deblur')


@settings(max_examples=30, deadline=None)
@given(
    width=st.integers(1, 90), length=st.integers(100, 200), top=st.integers(0, 2000),
    upright=st.booleans(),
)  # fmt: skip
def test_a_bar_is_as_wide_as_it_is_wherever_it_lies(
    width: int, length: int, top: int, upright: bool
) -> None:
    mask = np.zeros((2200, 320), bool)
    sides = (width, length) if upright else (length, width)
    top = min(top, 2200 - sides[0] - 1)
    mask[top + 1 : top + 1 + sides[0], 40 : 40 + sides[1]] = True
    assert abs(widest_loss(mask) - width) <= 1
    assert widest_loss(np.zeros((5, 5), bool)) == 0


def test_pixels_without_a_value_say_nothing() -> None:
    image = np.random.default_rng(0).normal(100, 10, (64, 64))
    image[10:20] = np.nan
    noise = facts_of(image).noise
    assert noise == pytest.approx(facts_of(image[20:]).noise, rel=0.3)
    assert facts_of(np.full((64, 64), np.nan)).noise is None


@pytest.mark.parametrize(('marked', 'what'), [(False, 'empty'), (True, 'full')])
def test_a_mask_that_says_nothing_is_refused_as_it_is_by_a_run(marked: bool, what: str) -> None:
    image = np.random.default_rng(0).normal(100, 5, (64, 64))
    mask = np.full(image.shape, marked)
    with pytest.raises(fresco.FrescoError, match=f'mask is {what}') as refused:
        fresco.recommend(image, mask=mask)
    with pytest.raises(fresco.FrescoError) as of_run:
        fresco.restore(image, method='dpir', task='inpaint', mask=mask)
    assert str(refused.value) == str(of_run.value)
    assert facts_of(image, mask=np.zeros_like(mask)).widest is None  # nothing is marked yet


def test_the_guide_has_the_table() -> None:
    text = (PAGES / 'guides' / 'which-method.md').read_text('utf-8')
    lines = text.split('<!-- recommendations -->\n\n')[1].split('\n\n')[0].splitlines()[2:]
    told = [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]
    expected = [
        [
            TASKS[rule.task].trouble,
            rule.case,
            METHODS[rule.method].title,
            re.sub(r'\{.*?\}', 'n', rule.reason),
        ]
        for rule in RULES
    ]
    linked = [[*row[:2], re.sub(r'\[(.*)\]\(.*\)', r'\1', row[2]), row[3]] for row in told]
    assert linked == expected


def test_a_blur_that_is_not_found_is_not_recommended_to_be_found() -> None:
    image = np.random.default_rng(0).normal(100, 20, (128, 128))
    with pytest.raises(fresco.FrescoError):
        fresco.estimate_kernel(image, 1)
    said = fresco.recommend(image, task='deblur')
    assert 'kernel' not in said.options
    assert 'must be given as kernel=' in said.caution


def test_the_command_recommends_what_python_does_and_its_command_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = np.full((40, 48), 100, np.uint8) + RANDOM.integers(0, 20, (40, 48), dtype=np.uint8)
    lost = np.zeros((40, 48), np.uint8)
    lost[20:22, 10:30] = 255
    for name, array in (('a wall.ome.tif', image), ('mask.png', lost)):
        fresco.write(tmp_path / name, array)
    asked = (tmp_path / 'a wall.ome.tif', '--mask', tmp_path / 'mask.png')
    lines = printed(capsys, 'recommend', *asked).splitlines()
    said = fresco.recommend(image, mask=lost)
    assert lines[0] == f'{said.method} ({said.task}): {said.reason}'
    program, *words = shlex.split(lines[-1])
    assert program == 'napari-fresco'
    printed(capsys, *words, '--iterations', 1)
    assert fresco.read(tmp_path / f'a wall-{said.method}.ome.tif').shape == image.shape
    assert 'unknown task' in printed(capsys, 'recommend', asked[0], '--task', 'sing', code=2)
    assert 'napari-fresco recommend' in printed(capsys, 'restore', asked[0], '-o', 'x.tif', code=2)
