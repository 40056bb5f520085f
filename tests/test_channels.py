"""Channels are treated as they are alone, and what is said of them names them."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco import evidence
from napari_fresco.errors import ImageError
from napari_fresco.evidence.channel_noise import noise_of
from napari_fresco.restoration.image_facts import facts_of

from .command_line import printed

SPACING = {'Y': (0.1, 'um'), 'X': (0.1, 'um')}
WAVES = ((405.0, 460.0), (640.0, 670.0))


def light_of(shape: tuple[int, ...], seed: int = 0) -> Any:
    """Return smooth light with a mean of about 1."""
    spots = np.random.default_rng(seed).exponential(size=shape) ** 2
    return ndimage.gaussian_filter(spots, [1.5] * len(shape)) / 2 + 0.02


def two_channels(shape: tuple[int, ...] = (96, 96)) -> fresco.Image:
    """Return channels of other cameras and photon counts: gain 2 at 100, gain 9 at 400."""
    random = np.random.default_rng(1)
    bright = 2 * random.poisson(200 * light_of(shape)) + 100 + random.normal(0, 3, shape)
    dim = 9 * random.poisson(25 * light_of(shape, 1)) + 400 + random.normal(0, 4, shape)
    data = np.rint(np.stack([bright, dim])).clip(0, 65535).astype(np.uint16)
    spacing = {**SPACING, **({'Z': (0.3, 'um')} if len(shape) == 3 else {})}
    axes = 'CZYX'[-len(shape) - 1 :] if len(shape) == 3 else 'CYX'
    return fresco.Image(
        data, axes, spacing, channels=('DAPI', 'Cy5'), metadata={'wavelengths': WAVES}
    )


@pytest.mark.parametrize(
    ('method', 'options'),
    [
        ('ffdnet', {}),
        ('drunet', {'neighbours': 1}),
        ('dpir', {'kernel': fresco.kernels.gaussian(1.2)}),
        ('richardson_lucy', {'kernel': np.ones((3, 3, 3)), 'task': 'deblur'}),
        ('vdir', {'samples': 2, 'latent': 'sample'}),
    ],
)
def test_a_channel_is_restored_as_it_is_alone(method: str, options: dict[str, Any]) -> None:
    deep = 'neighbours' in options or np.ndim(options.get('kernel')) == 3
    image = two_channels((5, 48, 48) if deep else (64, 64))
    options = {'task': 'deblur' if 'kernel' in options else 'denoise', **options}
    together = fresco.restore(image, method=method, dtype='float32', **options)
    for number, name in enumerate(image.channels):
        alone = fresco.restore(image.channel(name), method=method, dtype='float32', **options)
        near = 1e-5 * float(np.ptp(alone.image.data))
        np.testing.assert_allclose(
            together.image.data[number], alone.image.data[0], atol=near, rtol=0
        )


def test_a_channel_keeps_what_belongs_to_it() -> None:
    image = two_channels()
    shown = [{'color': '0000FF', 'label': 'DAPI'}, {'color': 'FF0000', 'label': 'Cy5'}]
    imagej = {'Ranges': (0.0, 1.0, 2.0, 3.0), 'LUTs': ['a', 'b'], 'Labels': ['x', 'y']}
    image = image.noted(omero={'channels': shown}, colours=('0000FF', 'FF0000'), imagej=imagej)
    one = image.channel('Cy5')
    assert (one.axes, one.shape, one.channels) == ('CYX', (1, 96, 96), ('Cy5',))
    assert one.metadata['wavelengths'] == WAVES[1:]
    assert one.metadata['colours'] == ('FF0000',)
    assert one.metadata['omero']['channels'] == shown[1:]
    assert one.metadata['imagej'] == {'Ranges': (2.0, 3.0), 'LUTs': ['b'], 'Labels': ['y']}
    np.testing.assert_array_equal(one.data[0], image.data[1])
    assert image.channel(1, 'DAPI').channels == ('Cy5', 'DAPI')
    np.testing.assert_array_equal(image.channel('0').data, image.data[:1])


@pytest.mark.parametrize(
    ('image', 'which', 'said'),
    [
        (
            two_channels(),
            'GFP',
            "no channel 'GFP'; the image has DAPI, Cy5: give a name, or a number",
        ),
        (two_channels(), 2, 'a number from 0 to 1'),
        (two_channels(), True, 'no channel True'),
        (fresco.Image(np.zeros((3, 8, 8)), 'CYX'), 'a', 'have no names: give a number from 0 to 2'),
        (fresco.Image(np.zeros((3, 8, 8)), 'ZYX'), 0, 'call their axis C'),
        (fresco.Image(np.zeros((2, 8, 8)), 'CYX', channels=('a', 'a')), 'a', 'several'),
    ],
)
def test_channels_that_are_not_there_are_refused(
    image: fresco.Image, which: str | int, said: str
) -> None:
    with pytest.raises(ImageError, match=said):
        image.channel(which)


def test_a_channel_is_picked_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresco.write(tmp_path / 'a.ome.tif', two_channels())
    asked = ['restore', str(tmp_path / 'a.ome.tif'), '-o', str(tmp_path / 'b.ome.tif')]
    asked += ['-m', 'wiener', '-t', 'deblur', '--report', str(tmp_path / 'b.html')]
    fresco.write(tmp_path / 'psf.tif', np.ones((3, 3), np.float32))
    asked += ['--kernel', str(tmp_path / 'psf.tif')]
    assert 'the image has DAPI, Cy5' in printed(capsys, *asked, '--channel', 'GFP', code=2)
    printed(capsys, *asked, '--channel', 'Cy5')
    made = fresco.read(tmp_path / 'b.ome.tif')
    assert (made.channels, made.shape) == (('Cy5',), (1, 96, 96))
    assert made.metadata['wavelengths'] == WAVES[1:]
    page = (tmp_path / 'b.html').read_text(encoding='utf-8')
    assert '--channel Cy5' in page
    assert '.channel(&#39;Cy5&#39;)' in page


def together(options: dict[str, Any] | None = None) -> tuple[fresco.Image, fresco.types.Result]:
    image = two_channels((128, 128))
    return image, fresco.restore(image, method='ffdnet', dtype='float32', **(options or {}))


def test_each_channel_is_judged_by_its_own_noise() -> None:
    image, result = together()
    noise = noise_of(result.provenance, count=2)
    found = evidence.evaluate(result.image, image, noise=noise)
    for number, name in enumerate(image.channels):
        alone = fresco.restore(image.channel(name), method='ffdnet', dtype='float32')
        own = noise_of(alone.provenance)
        np.testing.assert_allclose(noise[number], own, rtol=1e-6)
        expected = evidence.evaluate(alone.image, image.channel(name), noise=own)
        told = found['channels'][name]
        assert told.keys() == expected.keys()
        assert told['residual'] == pytest.approx(expected['residual'], rel=1e-3)
        assert told['residual']['chi_square'] == pytest.approx(1, abs=0.35)
    both = [each['light']['kept'] for each in found['channels'].values()]
    assert found['light']['kept'] == pytest.approx(np.mean(both))
    with pytest.raises(fresco.FrescoError, match='3 entries, but the image has 2 channels: DAPI'):
        evidence.evaluate(result.image, image, noise=[1.0, 2.0, 3.0])


def test_what_fails_names_its_channel() -> None:
    image = two_channels((128, 128))
    result = fresco.restore(image, method='ffdnet', dtype='float32', sigma=60.0)
    failed = [check.message for check in result.checks if not check.ok]
    assert failed
    assert all(said.startswith('channel DAPI: ') for said in failed)  # too much for that one alone
    noise = np.random.default_rng(0).normal(200, [[[5.0]], [[50.0]]], (2, 64, 64))
    flat = fresco.Image(noise, 'CYX')
    (doubt,) = fresco.Session().doubts(flat, method='ffdnet', sigma=50.0)
    assert doubt.startswith('channel 0: sigma = 50')
    (doubt,) = fresco.Session().doubts(flat, method='ffdnet', sigma=5.0)
    assert doubt.startswith('channel 1: sigma = 5')
    spoiled = np.asarray(result.image.data).copy()
    spoiled[1] *= 0.8
    checks = evidence.evaluate(fresco.Image(spoiled, 'CYX'), image)['checks']
    (light,) = [check for check in checks if check['name'] == 'light']
    assert light['message'].startswith('channel Cy5')


def test_every_channel_of_a_long_stack_is_measured() -> None:
    random = np.random.default_rng(0)
    image = fresco.Image(random.normal([[[[100.0]], [[500.0]]]] * 16, 5, (16, 2, 16, 16)), 'TCYX')
    found = evidence.evaluate(image, image, noise=5.0)
    assert found['channels']['1']['light']['before'] == pytest.approx(500, abs=2)
    assert found['planes'] == {'measured': 16, 'all': 32}


def test_a_channel_is_evaluated_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, both, one = (tmp_path / f'{name}.ome.tif' for name in ('in', 'two', 'one'))
    record = tmp_path / 'record.json'
    fresco.write(whole, two_channels())
    printed(capsys, 'restore', whole, '-o', both, '-m', 'ffdnet', '--save-provenance', record)
    printed(capsys, 'restore', whole, '-o', one, '-m', 'ffdnet', '--channel', 'Cy5')
    table = printed(capsys, 'evaluate', both, '-i', whole, '--provenance', record)
    picked = ('--channel', 'Cy5')
    of_both = printed(capsys, 'evaluate', both, '-i', whole, '--provenance', record, *picked)
    alone = printed(capsys, 'evaluate', one, '-i', whole, *picked)
    assert alone == of_both
    lines = [line.split()[1:] for line in table.splitlines() if line.startswith('Cy5: noise')]
    assert lines == [line.split() for line in alone.splitlines() if line.startswith('noise')]
    said = printed(capsys, 'evaluate', one, '-i', whole, code=2)
    assert '--channel Cy5' in said


def psf(wavelength: float, **more: Any) -> Any:
    return fresco.kernels.microscope(0.9, wavelength, 0.1, **{'refractive_index': 1.0, **more})


@pytest.mark.parametrize('kernel', [psf(0.46), psf(0.46, z_step=0.3, planes=5, size=15)])
def test_a_kernel_of_other_light_than_a_channel_is_doubted(kernel: Any, tmp_path: Path) -> None:
    image = two_channels((7, 48, 48) if np.ndim(kernel) == 3 else (48, 48))
    asked: dict[str, Any] = {'method': 'wiener', 'task': 'deblur'}
    (doubt,) = (
        said for said in fresco.Session().doubts(image, kernel=kernel, **asked) if 'nm' in said
    )
    assert '460 nm, and channel Cy5 has 670 nm, so that it is 31 % too narrow' in doubt
    result = fresco.restore(image, kernel=kernel, **asked)
    assert doubt in result.provenance['warnings']
    assert [check.message for check in result.checks if check.name == 'kernel'] == [doubt]
    fresco.write(tmp_path / 'psf.ome.tif', fresco.kernels.Kernel.of(kernel, ndim=None).as_image())
    again = fresco.read(tmp_path / 'psf.ome.tif')
    assert doubt in fresco.Session().doubts(image, kernel=again, **asked)
    of_dapi = fresco.Session().doubts(image.channel('DAPI'), kernel=kernel, **asked)
    assert not [said for said in of_dapi if 'nm' in said]
    for copied in (pickle.loads(pickle.dumps(kernel)), copy.copy(kernel)):  # for another process
        assert doubt in fresco.Session().doubts(image, kernel=copied, **asked)
    unknown = np.asarray(kernel) * 2  # which does not say what it was made for
    (doubt,) = (
        said for said in fresco.Session().doubts(image, kernel=unknown, **asked) if 'nm' in said
    )
    assert 'DAPI 460 nm, Cy5 670 nm' in doubt


def test_an_index_that_nobody_told_is_said_where_it_matters() -> None:
    volume = fresco.kernels.microscope(0.9, 0.52, 0.1, z_step=0.3, planes=5, size=15)
    assert volume.metadata['assumed'] == ['refractive_index']
    image = fresco.Image(np.full((7, 48, 48), 9, np.uint8), 'ZYX')
    asked: dict[str, Any] = {'method': 'wiener', 'task': 'deblur'}
    doubts = fresco.Session().doubts(image, kernel=volume, **asked)
    assert [said for said in doubts if 'assumed numbers' in said and 'index 1.515' in said]
    told = psf(0.52, z_step=0.3, planes=5, size=15)
    flat = fresco.kernels.microscope(0.9, 0.52, 0.1)
    for kernel in (told, flat):
        doubts = fresco.Session().doubts(image, kernel=kernel, **asked)
        assert not [said for said in doubts if 'assumed' in said]


def test_one_number_for_channels_that_differ_is_warned_of() -> None:
    image = two_channels((128, 128))
    with pytest.warns(fresco.FrescoWarning, match=r'gain differs between channels \(DAPI 2'):
        fresco.estimate_camera(image)
    noise = np.random.default_rng(0).normal(200, [[[5.0]], [[50.0]]], (16, 2, 32, 32))
    stack = fresco.Image(noise, 'TCYX')
    with pytest.warns(fresco.FrescoWarning, match=r'noise differs between channels \(0 \d'):
        both = fresco.estimate_noise(stack)
    own = [fresco.estimate_noise(stack.channel(n)) for n in (0, 1)]
    assert own == pytest.approx([5, 50], rel=0.1)
    assert own[0] < both < own[1]


@pytest.mark.parametrize('order', [(0, 1), (1, 0)])
def test_a_recommendation_is_for_the_noisiest_channel(order: tuple[int, int]) -> None:
    ramp = np.linspace(0, 1000, 128) * np.ones((128, 1))
    noise = np.random.default_rng(0).normal(0, 1, (2, 128, 128))
    pair = np.stack([ramp + noise[0], ramp + 90 * noise[1]])
    facts = facts_of(fresco.Image(pair[list(order)], 'CYX'))
    assert facts.noise == pytest.approx(0.09, rel=0.3)


@pytest.mark.parametrize(
    ('method', 'deep'),
    [('dpir', False), ('dpir', True), ('wiener', False), ('wiener', True), ('usrnet', False)],
)
def test_channels_have_kernels_of_their_own(method: str, deep: bool) -> None:
    more = {'z_step': 0.3, 'planes': 5, 'size': 15} if deep else {}
    kernels = {'Cy5': psf(0.67, **more), 'DAPI': psf(0.46, **more)}
    image = two_channels((6, 48, 48) if deep else (64, 64))
    asked: dict[str, Any] = {'method': method, 'task': 'deblur', 'dtype': 'float32'}
    asked |= {'iterations': 4} if method == 'dpir' else {}
    result = fresco.restore(image, kernel=kernels, **asked)
    assert not [said for said in result.provenance['warnings'] if ' nm' in said]
    found = evidence.evaluate(result.image, image, kernel=result.kernel)
    for number, name in enumerate(image.channels):
        alone = fresco.restore(image.channel(name), kernel=kernels[name], **asked)
        near = 1e-5 * float(np.ptp(alone.image.data))
        made = result.image.data[number]
        np.testing.assert_allclose(made, alone.image.data[0], atol=near, rtol=0)
        facts = result.provenance['kernel']['channels'][name]
        assert facts == alone.provenance['kernel']
        own = evidence.evaluate(alone.image, image.channel(name), kernel=kernels[name])
        assert found['channels'][name]['light'] == pytest.approx(own['light'], rel=1e-3)
        assert found['channels'][name]['residual'] == pytest.approx(own['residual'], rel=1e-2)
    said = evidence.methods_paragraph(result.provenance)
    assert 'Blur kernel of channel Cy5: widefield microscope, NA 0.9' in said
    told = evidence.command_line(result.provenance)
    assert '--kernel Cy5=KERNEL_Cy5 --kernel DAPI=KERNEL_DAPI' in told
    assert "kernel={'Cy5': fresco.read(" in evidence.python_call(result.provenance)


@pytest.mark.parametrize(
    ('kernels', 'said'),
    [
        ({'DAPI': psf(0.46)}, 'none for channel Cy5'),
        ({'DAPI': psf(0.46), 'GFP': psf(0.5)}, "no channel 'GFP'; the image has DAPI, Cy5"),
        ({0: psf(0.46), 1: psf(0.67, z_step=0.3, planes=5, size=15)}, 'two, or all three'),
    ],
)
def test_kernels_that_do_not_belong_to_channels_are_refused(kernels: Any, said: str) -> None:
    with pytest.raises(fresco.FrescoError, match=said):
        fresco.restore(two_channels((6, 48, 48)), method='wiener', task='deblur', kernel=kernels)


def test_exchanged_kernels_are_doubted() -> None:
    asked: dict[str, Any] = {'method': 'wiener', 'task': 'deblur'}
    exchanged = {0: psf(0.67), 1: psf(0.46)}
    doubts = fresco.Session().doubts(two_channels((48, 48)), kernel=exchanged, **asked)
    assert ['channel DAPI has' in doubt for doubt in doubts if ' nm' in doubt] == [True, False]
