"""Restoring a layer from a script, with a window or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, overload

from ...declare.call import Call
from ...declare.methods import ESTIMATES
from ...errors import FrescoError, ImageError
from ...restoration.check_warning import warn_of
from ..images.identity import key_of
from ..images.layer_kinds import VARIANCE
from ..images.look import Look
from ..images.named_layers import find_layer, is_layer
from ..images.regions import chosen_part
from ..images.selection import Selection
from ..images.space import Space, View
from ..masks.guide_layers import guides_of
from ..masks.mask_layers import marked
from ..masks.whole_damage import lying_over
from ..requests.channel_kernels import ChannelKernels
from ..requests.kernel_choice import chosen_kernel, with_depth
from ..requests.layer_request import PanelRequest
from ..requests.noise_map import select_noise
from ..requests.own_channel import of_layer
from .layer_restoration import Restoration

if TYPE_CHECKING:
    import napari

    from .job import Job

    Part = Literal['shown'] | Sequence[slice | int] | slice | int | None

_APART = ('mask', 'kernel', 'sigma', 'scale')
_MASK_OPTIONS = ('label', 'grow', 'invert')


@overload
def restore_layer(
    viewer: Any,
    layer: Any,
    *,
    method: str | None = None,
    wait: Literal[True] = True,
    **options: Any,
) -> list[Any]: ...


@overload
def restore_layer(
    viewer: Any,
    layer: Any,
    *,
    method: str | None = None,
    wait: Literal[False],
    **options: Any,
) -> Job[Any]: ...


def restore_layer(
    viewer: Any,
    layer: Any,
    *,
    method: str | None = None,
    task: str | None = None,
    mask: Any = None,
    kernel: Any = None,
    sigma: Any = 'auto',
    part: Part = None,
    region: Any = None,
    full_size: bool = False,
    filled: bool = False,
    mask_options: Mapping[str, Any] | None = None,
    wait: bool = True,
    **options: Any,
) -> Any:
    """Restore a layer of a viewer and add the result as layers right after it.

    Parameters
    ----------
    viewer : napari.Viewer or napari.components.ViewerModel
        Needs no window, and no Qt.
    layer : Image or str
        What to restore: an image layer, or its name.
    method : str, optional
        As in :func:`napari_fresco.restore`; that of the `preset`, where one is given.
    task : str, optional
        What to do; the method's first task by default.
    mask : Labels, Shapes, Image, str or array-like, optional
        Damage. A layer, or its name, marks what lies below it on screen; an array has the size of
        the part, or of the whole layer. What is marked beside the part tells nothing of the noise.
    kernel : Image, str, array-like or mapping, optional
        Blur kernel, a layer that holds it, or ``'auto'`` to deblur and ``'virnet'`` to enlarge,
        which estimate it first. Of channels apart ``{0: a, 1: b}``, by their numbers along an axis.
    sigma : float, Image, str or array-like
        Noise in image units, a layer that holds its map, ``'auto'`` or ``'virnet'``.
    part : 'shown', int, slice or sequence of them, optional
        Only the planes that the viewer shows, this part of the first axis, or these of all axes.
        A kernel of three axes restores the volume of a plane.
    region : Shapes, str, optional
        Only what lies below a rectangle of this layer, or with ``'visible'`` what is on show.
    full_size : bool
        Give the result of a part in a copy of the whole layer.
    filled : bool
        Add a hidden layer of labels over what was newly painted; panels do.
    mask_options : mapping, optional
        ``label`` (which one is damage), ``grow`` (pixels), ``invert``.
    wait : bool
        Wait for the end. A window stays alive meanwhile.
    **options
        Further options of :func:`napari_fresco.restore`, and parameters of the method. `guides` may
        be a Shapes layer of lines, or its name.

    Returns
    -------
    list of Layer, or Job
        The layers that were added, the restored image last. Without waiting a job with
        ``.cancel()``, ``.wait()``, which returns them, and ``.done``.

    Raises
    ------
    FrescoError
        When anything given is wrong, or another layer is being restored.

    Warns
    -----
    FrescoWarning
        Once, when checks of the result have failed, with what to do; where `wait` is False, when
        the job has ended.

    Examples
    --------
    >>> from napari.components import ViewerModel
    >>> from napari_fresco.layers import restore_layer
    >>> import numpy as np
    >>> viewer = ViewerModel()
    >>> wall = viewer.add_image(np.full((32, 32), 100, np.uint8), name='wall')
    >>> [layer.name for layer in restore_layer(viewer, 'wall', method='ffdnet', sigma=5)]
    ['wall [FFDNet]']
    """
    given = {'mask': mask, 'kernel': kernel, 'sigma': sigma, **options}
    image = find_layer(viewer, layer, 'image')
    request = layer_request(viewer, image, method, task, given, part, region, mask_options)
    request = replace(request, full_size=full_size, filled=filled)
    run = Restoration(request, viewer)
    job = run.start()
    if not wait:

        def at_end() -> None:
            run.job.ended.disconnect(at_end)  # and keep the result no longer than this
            _warn(run)

        run.job.ended.connect(at_end)
        return job
    layers = job.wait()
    _warn(run)
    return layers


def _warn(run: Restoration) -> None:
    if run.outcome is not None:
        warn_of(run.outcome.result, "layer.metadata['napari_fresco']['checks']", stacklevel=3)


def layer_request(
    viewer: Any,
    image: napari.layers.Image,
    method: str | None,
    task: str | None,
    given: Mapping[str, Any],
    part: Part = None,
    region: Any = None,
    mask_options: Mapping[str, Any] | None = None,
) -> PanelRequest:
    """Return the request of :func:`restore_layer`, checked as far as it can be without work.

    Raises
    ------
    FrescoError
        When anything given is wrong.
    """
    if not hasattr(image, 'rgb'):
        raise ImageError(f'a {type(image).__name__} is no image layer; name one to restore')
    view = View.of(viewer)
    chosen = _part(viewer, image, view, part, region)
    told = {**given, 'guides': _guides(viewer, given.get('guides'), chosen, view)}
    call = Call.of(
        method, task, given.get('params'), {k: v for k, v in told.items() if k != 'params'}
    )
    options, own = call.options, of_layer(call.options.changed(), chosen)
    blur, known = _kernel(viewer, own.get('kernel'), image, call)
    parameters = of_layer(call.parameters.changed(), chosen)
    chosen = with_depth(chosen, blur)
    sigma, variance = _noise(viewer, own.get('sigma', options.sigma), chosen, view)
    return PanelRequest(
        method=call.method,
        task=call.task,
        source=image.name,
        image=chosen,
        space=Space.of(image),
        look=Look.of(image),
        mask=_mask(viewer, options.mask, chosen, view, mask_options or {}),
        kernel=blur,
        sigma=sigma,
        variance=variance,
        scale=options.scale,
        parameters={**known, **parameters},
        settings={n: v for n, v in options.changed().items() if n not in _APART},
        source_id=key_of(image),
    )


def _part(viewer: Any, image: Any, view: View, part: Part, region: Any) -> Selection:
    area = region if region in (None, 'visible') else find_layer(viewer, region, 'region')
    chosen = chosen_part(image, view, shown=isinstance(part, str), region=area)
    if isinstance(part, str):
        if part != 'shown':
            raise ImageError(
                f"part = {part!r}; give 'shown', or slices along the axes of the layer"
            )
        return chosen
    return chosen if part is None else chosen.narrowed(part)


def _mask(viewer: Any, mask: Any, chosen: Selection, view: View, options: Mapping[str, Any]) -> Any:
    unknown = [name for name in options if name not in _MASK_OPTIONS]
    if unknown:
        raise FrescoError(f'mask_options has no {unknown[0]!r}; it has {", ".join(_MASK_OPTIONS)}')
    layer = find_layer(viewer, mask, 'mask')
    if is_layer(layer):
        return marked(chosen, layer, view=view, **options)
    return lying_over(chosen, layer)


def _guides(viewer: Any, guides: Any, chosen: Selection, view: View) -> Any:
    """Return guides as they are, or those of a layer that is given or named."""
    if isinstance(guides, str) and guides in viewer.layers:
        guides = viewer.layers[guides]
    return guides_of(chosen, guides, view) if is_layer(guides) else guides


def _noise(viewer: Any, sigma: Any, chosen: Selection, view: View) -> tuple[Any, bool]:
    if isinstance(sigma, Mapping) or (isinstance(sigma, str) and sigma in ESTIMATES):
        return sigma, False
    layer = find_layer(viewer, sigma, 'sigma')
    if not is_layer(layer):
        return layer, False
    return select_noise(layer, chosen, view), VARIANCE in layer.metadata


def _kernel(viewer: Any, kernel: Any, image: Any, call: Call) -> tuple[Any, dict[str, str]]:
    """Return the kernel, and where it is known to look."""
    if isinstance(kernel, str) and kernel in ESTIMATES:
        return kernel, {}
    if isinstance(kernel, Mapping):
        each = {number: _kernel(viewer, one, image, call)[0] for number, one in kernel.items()}
        return ChannelKernels(each), {}
    layer = find_layer(viewer, kernel, 'kernel')
    if not is_layer(layer):
        return layer, {}
    said = getattr(call.parameters, 'kernel_position', 'auto')
    chosen = chosen_kernel(layer, image, call.task, scale=call.options.scale, position=said)
    return chosen.array, {} if chosen.position is None else {'kernel_position': chosen.position}
