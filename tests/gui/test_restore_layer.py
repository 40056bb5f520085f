"""A script restores layers, with a window or without."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_fresco import FrescoError, FrescoWarning
from napari_fresco.errors import ImageError, MaskError
from napari_fresco.layers import put_back, restore_layer
from napari_fresco.layers.jobs.scripted import layer_request

WITHOUT_QT = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('qtpy', 'PyQt6', 'PyQt5', 'PySide6', 'PySide2'):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
import numpy as np
from napari.components import ViewerModel
from napari_fresco.layers import restore_layer
viewer = ViewerModel()
viewer.add_image(np.random.default_rng(0).normal(100, 10, (24, 24)), name='wall')
viewer.add_labels(np.pad(np.ones((4, 4), int), 10), name='cracks')
viewer.add_image(np.zeros((24, 24)), name='above')
layers = restore_layer(
    viewer, 'wall', method='dpir', task='inpaint', mask='cracks', model='nlm', iterations=2
)
job = restore_layer(viewer, 'wall', method='dpir', model='nlm', iterations=2, wait=False)
job.wait()
assert job.done
print([layer.name for layer in layers])
print([layer.name for layer in viewer.layers])
"""


def quick(**more: Any) -> dict[str, Any]:
    return {
        'method': 'dpir',
        'task': 'denoise',
        'model': 'nlm',
        'iterations': 1,
        'sigma': 5,
        **more,
    }


def stack(**space: Any) -> Any:
    model = ViewerModel()
    data = np.random.default_rng(0).normal(120, 10, (3, 24, 32)).clip(0, 255).astype(np.uint8)
    model.add_image(data, name='stack', **space)
    return model


def test_without_qt() -> None:
    run = subprocess.run(
        [sys.executable, '-c', WITHOUT_QT], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr
    added, every = run.stdout.strip().splitlines()[-2:]
    assert added == "['wall [DPIR]']"
    assert every == "['wall', 'wall [DPIR]', 'wall [DPIR, denoise]', 'cracks', 'above']"


def test_in_a_window(viewer: Any) -> None:
    viewer.add_image(np.full((24, 24), 100, np.uint8), name='wall', scale=(2, 2))
    (layer,) = restore_layer(viewer, viewer.layers['wall'], **quick())
    assert layer.name == 'wall [DPIR]'
    assert tuple(layer.scale) == (2, 2)
    assert layer.metadata['napari_fresco']['method'] == 'dpir'


def test_only_what_is_shown_and_put_back(model: Any) -> None:
    viewer = stack(scale=(2, 0.5, 0.5), units=('s', 'um', 'um'), translate=(1, 2, 3))
    viewer.dims.set_current_step(0, 1)
    source = viewer.layers['stack']
    (layer,) = restore_layer(viewer, 'stack', part='shown', **quick())
    assert layer.data.shape == (1, 24, 32)
    np.testing.assert_allclose(layer.data_to_world((0, 0, 0)), source.data_to_world((1, 0, 0)))
    data, keywords, kind = put_back(layer, into=source)
    assert kind == 'image'
    np.testing.assert_array_equal(data[1], layer.data[0])
    np.testing.assert_array_equal(data[[0, 2]], source.data[[0, 2]])
    assert tuple(keywords['scale']) == (2, 0.5, 0.5)
    other = viewer.add_image(np.zeros((3, 24, 32)), name='elsewhere', scale=(1, 0.5, 0.5))
    with pytest.raises(ImageError, match='does not lie on pixels'):
        put_back(layer, into=other)


def test_a_part_in_full_size() -> None:
    viewer = stack()
    for part in (7, 1.5, np.s_[0, 0, 0, 0]):
        with pytest.raises(ImageError, match='part'):
            restore_layer(viewer, 'stack', part=part, **quick())
    (plane,) = restore_layer(viewer, 'stack', part=1, **quick())
    (same,) = restore_layer(viewer, 'stack', part=np.s_[1:2], **quick())
    np.testing.assert_array_equal(plane.data, same.data)
    for each in (plane, same):
        viewer.layers.remove(each)
    (layer,) = restore_layer(viewer, 'stack', part=np.s_[1, 4:12, 8:20], full_size=True, **quick())
    source = viewer.layers['stack'].data
    assert layer.data.shape == source.shape
    changed = np.argwhere(layer.data != source)
    assert changed.min(axis=0).tolist() >= [1, 4, 8]
    assert (changed.max(axis=0) <= [1, 11, 19]).all()
    assert layer.metadata['napari_fresco']['source']['start'] == [1, 4, 8]


def test_a_region_by_name() -> None:
    viewer = stack()
    viewer.add_shapes([[[2, 3], [2, 9], [8, 9], [8, 3]]], shape_type='rectangle', name='here')
    (layer,) = restore_layer(viewer, 'stack', region='here', **quick())
    assert layer.data.shape == (3, 7, 7)


def test_results_look_like_their_source_and_lie_right_above_it() -> None:
    viewer = ViewerModel()
    image = np.random.default_rng(0).integers(0, 60000, (24, 32, 3), dtype=np.uint16)
    look = {'blending': 'additive', 'opacity': 0.7, 'interpolation2d': 'linear', 'gamma': 0.8}
    look |= {'projection_mode': 'max', 'attenuation': 0.3, 'iso_threshold': 40.0}
    limits = (3000, 50000)
    source = viewer.add_image(image, rgb=True, name='wall', contrast_limits=limits, **look)
    viewer.add_image(image[..., 0], name='above')
    (layer,) = restore_layer(viewer, 'wall', **quick(sigma=500))
    assert [each.name for each in viewer.layers] == ['wall', 'wall [DPIR]', 'above']
    for name in look:
        assert getattr(layer, name) == getattr(source, name)
    assert tuple(layer.contrast_limits) == limits
    assert not source.visible  # it would shine through


def test_planes_that_cut_a_volume_cut_its_result_where_the_pixels_are_the_same() -> None:
    viewer = ViewerModel()
    source = viewer.add_image(np.random.default_rng(0).random((5, 24, 32)), name='stack')
    source.depiction = 'plane'
    source.plane.position, source.plane.thickness = (3, 0, 0), 2
    cutting = {'position': (2, 0, 0), 'normal': (1, 0, 0), 'enabled': True}
    source.experimental_clipping_planes = [cutting]
    (layer,) = restore_layer(viewer, 'stack', method='ffdnet', sigma=0.1)
    assert layer.depiction == 'plane'
    assert layer.plane == source.plane
    assert layer.experimental_clipping_planes == source.experimental_clipping_planes
    source.plane.thickness = 4  # and each is moved alone
    assert layer.plane.thickness == 2
    (part,) = restore_layer(viewer, 'stack', method='ffdnet', sigma=0.1, part=np.s_[2:4])
    assert not part.experimental_clipping_planes


def test_a_mask_layer_that_is_nan_somewhere_is_refused() -> None:
    viewer = stack()
    viewer.add_image(np.where(np.eye(24, 32), np.nan, 0), name='torn')
    with pytest.raises(MaskError, match="'torn' holds 24 NaN"):
        restore_layer(viewer, 'stack', mask='torn', method='ircnn', task='inpaint')


def test_a_kernel_and_a_noise_map_by_name() -> None:
    viewer = stack()
    viewer.add_image(np.full((24, 32), 5.0), name='noise')
    viewer.add_image(np.ones((3, 3)) / 9, name='psf', metadata={'napari_fresco_kernel': True})
    request = layer_request(
        viewer, viewer.layers['stack'], 'dpir', 'deblur', {'kernel': 'psf', 'sigma': 'noise'}
    )
    assert request.kernel.shape == (3, 3)
    np.testing.assert_array_equal(request.sigma.load(), np.full((24, 32), 5.0))


@pytest.mark.parametrize(('unit', 'step', 'fits'), [('nm', 200, True), ('um', 0.1, False)])
def test_a_kernel_on_other_pixels_is_refused(unit: str, step: float, fits: bool) -> None:
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((24, 32)), name='cells', scale=(0.2, 0.2), units=('um', 'um'))
    viewer.add_image(np.ones((3, 3)), name='psf', scale=(step, step), units=(unit, unit))
    if fits:
        assert layer_request(viewer, image, 'dpir', 'deblur', {'kernel': 'psf'}).kernel.any()
        return
    with pytest.raises(FrescoError, match=r'pixels|spacing'):
        layer_request(viewer, image, 'dpir', 'deblur', {'kernel': 'psf'})


@pytest.mark.parametrize(
    ('given', 'said'),
    [
        ({'layer': 'nothing'}, "image 'nothing' is no layer of the viewer; it has stack"),
        ({'mask': 'nothing', 'task': 'inpaint'}, "mask 'nothing' is no layer"),
        ({'region': 'nothing'}, "or give 'visible'"),
        ({'method': 'dpri'}, 'dpri'),
        ({'iteration': 3}, 'iterations'),
        ({'part': 'all'}, "'shown'"),
        ({'part': (1, 2)}, '3 axes'),
        ({'mask_options': {'lable': 1}}, 'label'),
    ],
)
def test_what_is_wrong_is_said_before_any_work(given: dict[str, Any], said: str) -> None:
    viewer = stack()
    keywords = quick(**given)
    with pytest.raises(FrescoError, match=said):
        restore_layer(viewer, keywords.pop('layer', 'stack'), **keywords)
    assert len(viewer.layers) == 1


def test_a_result_that_is_restored_again_is_known_as_one() -> None:
    model = ViewerModel()
    ramp = np.linspace(0, 200, 64) * np.ones((64, 1))
    model.add_image(ramp + np.random.default_rng(0).normal(0, 8, ramp.shape), name='wall')
    (first,) = restore_layer(model, 'wall', method='ffdnet', sigma=8)
    with pytest.warns(FrescoWarning, match='had been restored before .FFDNet, task denoise.'):
        restore_layer(model, first, method='ffdnet', sigma=6)


def test_a_job_is_cancelled(model: Any) -> None:
    viewer = stack()
    job = restore_layer(viewer, 'stack', **quick(iterations=40), wait=False)
    with pytest.raises(FrescoError, match='Busy'):
        restore_layer(viewer, 'stack', **quick())
    job.cancel()
    job.wait(30)
    assert job.done
    assert all(layer.name.endswith('partial') for layer in viewer.layers if '[' in layer.name)


def ended(made: Any) -> list[Any]:
    return made if isinstance(made, list) else made.wait()


@pytest.mark.parametrize('wait', [True, False])
def test_a_restored_layer_says_what_its_checks_have_found(wait: bool) -> None:
    viewer = ViewerModel()
    viewer.add_image(np.random.default_rng(0).normal(100, 5, (48, 48)), name='cells')
    with pytest.warns(FrescoWarning, match='napari_fresco') as caught:
        (layer,) = ended(restore_layer(viewer, 'cells', wait=wait, method='ffdnet', sigma=80.0))
    assert len(caught) == 1
    checks = layer.metadata['napari_fresco']['checks']
    failed = [check['name'] for check in checks if not check['ok']]
    assert failed
    assert all(f'{name}: ' in str(caught[0].message) for name in failed)
