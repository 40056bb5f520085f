"""USRNet, USRGAN, VIRNet, VDIR, SCUNet and BSRGAN, from the button to the layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_fresco._napari.methods.about import about, short_citation
from napari_fresco._napari.methods.offered_models import kind_of
from napari_fresco.declare.methods import METHODS
from napari_fresco.layers.jobs.layer_restoration import running
from napari_fresco.weights import registry

from .conftest import Dock, Finish
from .tiny import REGISTRY

RUNS = [
    ('usrnet', 'super_resolve', 'usrnet_test'),
    ('usrnet', 'deblur', 'usrnet_test'),
    ('usrgan', 'super_resolve', 'usrgan_test'),
    ('virnet', 'denoise', 'virnet_test'),
    ('virnet', 'super_resolve', 'virnet_sr_test'),
    ('vdir', 'denoise', 'vdir_test'),
    ('scunet', 'denoise', 'scunet_test'),
    ('bsrgan', 'super_resolve', 'bsrgan_test'),
]

pytestmark = pytest.mark.usefixtures('tiny_networks')


def photo(rgb: bool = True) -> np.ndarray:
    shape = (24, 32, 3) if rgb else (24, 32)
    return np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)


@pytest.mark.parametrize(('method', 'task', 'weights'), RUNS)
def test_each_panel_restores_a_layer_in_a_real_viewer(
    viewer: Any, dock: Dock, finish: Finish, method: str, task: str, weights: str
) -> None:
    image = viewer.add_image(
        photo(), name='wall', rgb=True, scale=(0.5, 0.5), units=('um', 'um'), translate=(3, 4)
    )
    psf = np.ones((3, 3)) / 9
    viewer.add_image(psf, name='psf', metadata={'napari_fresco_kernel': True})
    panel = dock(viewer, method)
    panel.image.value = image
    panel.task.value = task
    if task == 'deblur':
        panel.kernel.value = viewer.layers['psf']
    finish(panel)
    result = viewer.layers[f'wall [{METHODS[method].title}]']
    factor = 2 if task == 'super_resolve' else 1
    assert result.rgb
    assert result.data.shape == (24 * factor, 32 * factor, 3)
    assert result.data.dtype == np.uint8
    assert result.units == image.units
    np.testing.assert_allclose(result.scale, image.scale / factor)
    np.testing.assert_allclose(
        result.data_to_world((-0.5, -0.5)), image.data_to_world((-0.5, -0.5))
    )
    record = result.metadata['napari_fresco']
    assert record['method'] == method
    assert [used['name'] for used in record['weights']] == [weights]
    assert record['kind'] in panel.bar.message.text().lower()


def test_a_gray_image_stays_gray(model: Any, dock: Dock, finish: Finish) -> None:
    model.add_image(photo(rgb=False), name='wall')
    panel = dock(model, 'scunet')
    panel.strength.value = 0.5
    finish(panel)
    result = model.layers['wall [SCUNet]']
    assert result.data.shape == (24, 32)
    assert result.metadata['napari_fresco']['parameters']['strength'] == 0.5


def test_virnet_adds_its_variance_and_its_kernel(model: Any, dock: Dock, finish: Finish) -> None:
    image = model.add_image(photo(), name='wall', rgb=True, scale=(2, 2))
    panel = dock(model, 'virnet')
    panel.task.value = 'super_resolve'
    finish(panel)
    names = [layer.name for layer in model.layers]
    assert names == ['wall', *(f'wall [VIRNet]{part}' for part in (' kernel', ' variance', ''))]
    kernel = model.layers['wall [VIRNet] kernel']
    assert kernel.data.shape == (21, 21)
    facts = kernel.metadata['napari_fresco_kernel']
    assert facts['downsampling'] == 'bicubic'
    assert facts['scale'] == 2
    assert len(facts['fwhm']) == 2
    assert {'angle', 'fwhm'} <= set(facts)
    np.testing.assert_allclose(kernel.scale, (1, 1))
    variance = model.layers['wall [VIRNet] variance']
    assert variance.metadata['napari_fresco_variance']
    assert not variance.rgb
    assert not variance.visible
    corner = np.array(variance.data.shape) - 0.5
    np.testing.assert_allclose(variance.data_to_world(corner), image.data_to_world((23.5, 31.5)))
    assert panel.image.value.name == 'wall'


def test_vdir_adds_spread_and_latent_if_asked(model: Any, dock: Dock, finish: Finish) -> None:
    image = model.add_image(photo(), name='wall', rgb=True, scale=(2, 3), units=('um', 'um'))
    panel = dock(model, 'vdir')
    assert panel.samples.native.isHidden()
    panel.latent.value = 'sample'
    assert not panel.samples.native.isHidden()
    panel.samples.value = 2
    panel.show_latent.value = True
    finish(panel)
    spread = model.layers['wall [VDIR] spread']
    assert spread.data.shape == (24, 32)
    assert (spread.data >= 0).all()
    np.testing.assert_allclose(spread.scale, image.scale)
    latent = model.layers['wall [VDIR] latent']
    assert latent.data.shape == (4, 6, 8)
    assert latent.axis_labels[0] == 'latent'
    for corner, its in (((0, -0.5, -0.5), (-0.5, -0.5)), ((3, 5.5, 7.5), (23.5, 31.5))):
        np.testing.assert_allclose(latent.data_to_world(corner)[1:], image.data_to_world(its))
    assert model.layers.extent.units is not None


def test_the_spread_of_a_feed_forward_method(model: Any, dock: Dock, finish: Finish) -> None:
    model.add_image(photo(), name='wall', rgb=True)
    panel = dock(model, 'scunet')
    panel.ensemble.value = True
    finish(panel)
    assert model.layers['wall [SCUNet] spread'].data.shape == (24, 32)


@pytest.mark.parametrize('name', METHODS)
def test_one_line_says_what_a_method_is(model: Any, dock: Dock, name: str) -> None:
    panel, method = dock(model, name), METHODS[name]
    for task in method.tasks:
        panel.task.value = task
        said = panel.about.text()
        kind = kind_of(method, panel.choices.checkpoint)
        assert said == about(method, task, kind)
        assert f'{kind.capitalize()}.' in said
        assert short_citation(method.citation) in said
        assert ('Needs nothing but the image.' in said) == (method.blind or task == 'deblock')
        assert ('mask' in said) == ('mask' in method.needs.get(task, ()))
    assert method.citation in panel.about.toolTip()


@pytest.mark.parametrize(
    ('citation', 'short'),
    [
        (
            'K. Zhang, W. Zuo, S. Gu, "Deep Prior", CVPR 2017, doi:10.1/CVPR.2018.3',
            'Zhang et al. 2017',
        ),
        ('J. W. Soh, N. I. Cho, "Deep, 1999", IEEE TIP 31, 2022, doi:10.1/3', 'Soh and Cho 2022'),
        ('A. B. van Gool, "X", TPAMI 46(11), 2024, arXiv:2008.10796', 'van Gool 2024'),
        ('A. Bee, C. Dee, "X", ICCV 2019; E. Eff, "Y", CVPR 2018', 'Bee and Dee 2019; Eff 2018'),
    ],
)
def test_citations_are_shortened(citation: str, short: str) -> None:
    assert short_citation(citation) == short


def test_blind_methods_ask_for_neither_noise_nor_blur(model: Any, dock: Dock) -> None:
    model.add_image(photo(), name='wall', rgb=True)
    for name in ('virnet', 'vdir', 'scunet', 'bsrgan'):
        panel = dock(model, name)
        for task in panel.method.tasks:
            panel.task.value = task
            assert panel.noise_section.native.isHidden()
            assert panel.kernel.native.parentWidget().isHidden()
            assert panel.kernel_position.native.isHidden()
            assert panel.bar.estimate.isHidden()


def test_what_is_assumed_of_the_blur_gives_way_to_a_kernel(model: Any, dock: Dock) -> None:
    model.add_image(photo(), name='wall', rgb=True)
    kernel = model.add_image(np.ones((3, 3)), name='psf', metadata={'napari_fresco_kernel': True})
    panel = dock(model, 'usrnet')
    panel.task.value = 'super_resolve'
    assume, position = (getattr(panel, name).native for name in ('assume', 'kernel_position'))
    assert (assume.isHidden(), position.isHidden()) == (False, True)
    panel.kernel.value = kernel
    assert (assume.isHidden(), position.isHidden()) == (True, False)


def test_a_scale_without_weights_is_an_obstacle(model: Any, dock: Dock) -> None:
    model.add_image(photo(), name='wall', rgb=True)
    panel = dock(model, 'virnet')
    panel.task.value = 'super_resolve'
    assert panel.problem() == ''
    panel.scale.value = 4
    assert 'x2' in panel.bar.message.text()
    assert not panel.bar.button.isEnabled()
    vdir = dock(model, 'vdir')
    vdir.task.value = 'super_resolve'
    vdir.scale.value = 3
    assert vdir.problem() == 'VDIR enlarges × 2, × 4, not × 3.'


def test_a_panel_starts_with_a_scale_that_there_are_weights_for(
    model: Any, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.add_image(photo(), name='wall', rgb=True)
    panel = dock(model, 'usrgan')
    assert panel.scale.value == 2
    entry = replace(registry()['usrgan_test'], scales=(4,))
    monkeypatch.setattr(REGISTRY, 'registry', lambda: {'usrgan_test': entry})
    panel = dock(model, 'usrgan')
    assert panel.scale.value == 4
    assert panel.problem() == ''
    panel.task.value = 'deblur'
    panel.kernel.value = model.add_image(np.ones((3, 3)), name='psf')
    assert 'super_resolve x4' in panel.bar.message.text()


def test_a_kernel_that_is_neither_centred_nor_shifted_is_warned_of(
    model: Any, dock: Dock, finish: Finish
) -> None:
    image = model.add_image(photo(), name='wall', rgb=True)
    skewed = np.zeros((7, 7))
    skewed[5:, 5:] = 1
    panel = dock(model, 'usrnet')
    panel.image.value = image
    panel.kernel.value = model.add_image(skewed, name='psf')
    finish(panel)
    said = panel.bar.message.text() + panel.bar.message.toolTip()
    assert 'not known to be shifted' in said
    assert 'centred' in said


def test_models_are_offered_for_the_task_and_the_scale(model: Any, dock: Dock) -> None:
    model.add_image(photo(), name='wall', rgb=True)
    panel = dock(model, 'virnet')
    box = panel.model.native
    offered = lambda: [box.itemText(i) for i in range(box.count())]  # noqa: E731
    assert offered() == ['auto', 'virnet_test']
    panel.task.value = 'super_resolve'
    assert offered() == ['auto', 'virnet_sr_test']
    panel.scale.value = 3
    assert offered() == ['auto']


def test_weights_of_another_architecture_are_named_in_the_message(
    model: Any, dock: Dock, finish: Finish, notes: Any, tmp_path: Path
) -> None:
    model.add_image(photo(), name='wall', rgb=True)
    panel = dock(model, 'scunet')
    panel.model.value = str(tmp_path / registry()['vdir_test'].file)
    finish(panel)
    assert 'VDIR' in panel.bar.message.text()
    assert panel.bar.message.text() == notes.errors[0]
    assert len(model.layers) == 1
    assert running.restoration is None
