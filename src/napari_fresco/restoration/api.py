"""The public functions: :func:`restore`, :func:`iterate` and :func:`estimate_kernel`.

They check what they are given and carry out a
:class:`~napari_fresco.restoration.request.Request`. Torch is imported when the work starts,
not when this module is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..declare.presets import PresetLike
from ..errors import ParameterError
from ..types import Result, Step
from .check_warning import warn_of
from .session import Session

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def iterate(
    image: Any,
    *,
    method: str | None = None,
    task: str | None = None,
    params: PresetLike = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> Generator[Step, None, Result]:
    """Restore `image` step by step; see :func:`restore` for the parameters.

    Parameters
    ----------
    cancel : threading.Event, optional
        When set, the iteration ends after the present step and the best
        estimate so far is the result, with ``finish == 'cancelled'``.

    Yields
    ------
    Step
        ``step.index``, ``step.total``, ``step.residual`` and ``step.image``,
        which is computed when it is read. Closing the generator frees all
        memory.

    Returns
    -------
    Result
        As the value of the generator (``result = yield from iterate(...)``).

    Examples
    --------
    >>> import numpy as np, napari_fresco as fresco
    >>> noisy = np.full((16, 16), 100, np.uint8)
    >>> [step.index for step in fresco.iterate(noisy, method='ffdnet', sigma=5)]
    [1]
    """
    with Session() as session:
        return (
            yield from session.iterate(
                image, method=method, task=task, params=params, cancel=cancel, **options
            )
        )


def restore(
    image: Any,
    *,
    method: str | None = None,
    task: str | None = None,
    mask: Any = None,
    guides: Any = None,
    kernel: Any = None,
    sigma: Any = 'auto',
    scale: int = 1,
    axes: str | None = None,
    spacing: Mapping[str, tuple[float, str]] | str | None = None,
    rgb: bool | None = None,
    data_range: tuple[float, float] | None = None,
    tile: int | None = None,
    device: str = 'auto',
    seed: int = 0,
    keep_known: bool | None = None,
    repair: bool = False,
    neighbours: int = 0,
    along: str = 'auto',
    dtype: str | None = None,
    output: str | Path | None = None,
    preset: PresetLike = None,
    params: PresetLike = None,
    progress: bool = False,
    callback: Callable[[Step], object] | None = None,
    **method_parameters: Any,
) -> Result:
    """Restore a degraded image.

    Solves ``y = H x + n`` for x, where y is `image`, H is given by `task`,
    `mask`, `kernel` and `scale`, and n has standard deviation `sigma`.

    Parameters
    ----------
    image : Image or array-like
        An :class:`Image`, or a numpy, dask, zarr, xarray or torch array of any real type:
        2-D, RGB or RGBA, or with stack axes, whose planes are restored one by one.
    method : str, optional
        Name of a method; :func:`napari_fresco.methods` lists them. That of the preset by default.
    task : str, optional
        What to do, such as ``'denoise'``; the method's first task by default.
    mask : array-like or Image, optional
        Nonzero where the image is damaged: with the axes of the image, or the last ones of
        its order stack axes, Y, X.
    guides : sequence of lines, str or array of int, optional
        Lines that must continue through losses, each the rows and columns of its corners in
        pixels, such as ``[[(12, 40), (90, 55)]]``; the same in all planes. An array ``(H, W)`` is
        nonzero where a brush was, of which the centre lines count. A band of 10 pixels
        along them is filled first, from where the lines are known, and the rest agrees with it.
    kernel : array-like, Image or Kernel, optional
        2-D blur kernel, or 3-D with axes ZYX for an image that has Z, whose volumes are then
        restored as one; centred on element ``size // 2`` or on the origin of a
        :class:`~napari_fresco.physics.kernels.Kernel`; divided by its sum. An even
        background, such as the offset of a camera, is subtracted and said. Channels with kernels
        of their own have them by name or number, ``{'DAPI': one, 'Cy5': another}``.
        To enlarge, see the parameter ``kernel_position``.
        To deblur, ``'auto'`` finds straight motion or defocus in the image; see
        :func:`napari_fresco.kernels.from_photograph`. To enlarge by 2, 3 or 4, ``'virnet'`` has
        VIRNet estimate the blur first.
    sigma : float, array-like or 'auto'
        Standard deviation of the noise in the units of the image (25 for an
        8-bit photograph, 120 for a 12-bit camera frame), a map of it with axes like
        those of `mask`, or ``'auto'`` to estimate it. ``'virnet'`` has VIRNet map it
        first; ``provenance['estimate']`` then records that step. Channels of several cameras have
        theirs by name or number, ``{'DAPI': 3.1, 'Cy5': 'auto'}``, as may the parameters `gain`,
        `offset` and `read_noise`.
    scale : int
        Factor of super-resolution, 2 to 8.
    axes : str, optional
        A letter for each axis, such as ``'ZYX'``; S marks colour samples.
    spacing : mapping or str, optional
        Distance of samples and its unit along named axes, such as ``{'Z': (0.3, 'um')}`` or
        ``'Z=0.3um'``.
    rgb : bool, optional
        Whether the image is RGB(A); guessed from a last axis of 3 or 4.
    data_range : (float, float), optional
        Intensities of black and white; chosen from the image by default.
    tile : int, optional
        Side of the tiles that networks see, in pixels; by free memory.
    device : str
        ``'auto'``, ``'cpu'``, ``'cuda'``, ``'cuda:1'`` or ``'mps'``.
    seed : int
        Makes a run repeatable.
    keep_known : bool, optional
        Give undamaged pixels back bit for bit. By default yes for inpainting,
        unless `sigma` is given, which asks for their noise to be removed too.
    repair : bool
        Replace hot and dead pixels, salt and pepper and stuck lines by what the method makes in
        their place; by default they are given back as they are.
    neighbours : int
        Planes before and after each one that help to denoise it; 2 serve well.
    along : {'auto', 'Z', 'T'}
        Axis along which planes are neighbours; Z where there is one, else T, else the only
        stack axis of a stack that names none.
    dtype : {'float32', 'float64'}, optional
        Type of the result; by default that of the image. ``'float32'`` keeps fractions.
    output : str or Path, optional
        OME-Zarr, which must not be there, that the result is written into plane by plane, for
        results larger than memory; ``result.image`` then lies in it. It can be looked at while it
        grows, and says that it is not complete until it is.
    preset : str, path, mapping or Preset, optional
        Name of one of the bundled :func:`presets`, or a JSON file, or its values: method, task,
        parameters and options. What is given beside it takes precedence, unless it is an option at
        its default.
    params : mapping or path, optional
        Parameters of the method: a mapping, or a JSON file of them.
    progress : bool
        Show a progress bar.
    callback : callable, optional
        Called with every :class:`Step`; returning False cancels.
    **method_parameters
        Parameters of the method, as listed by ``methods()[name].parameters``.

    Returns
    -------
    Result
        ``image`` has the type and axes of the input.

    Raises
    ------
    FrescoError
        When anything given is wrong, such as an input that the task does not use. A setting
        that has no effect is a warning in the provenance.

    Warns
    -----
    FrescoWarning
        Once, when checks of the result have failed, with what to do; see ``result.checks``.

    Examples
    --------
    >>> import numpy as np, napari_fresco as fresco
    >>> noisy = np.random.default_rng(0).normal(100, 20, (32, 32))
    >>> result = fresco.restore(noisy, method='ffdnet', sigma=20)
    >>> result.image.shape, bool(result.image.std() < noisy.std())
    ((32, 32), True)
    """
    with Session(warn=False) as session:
        result = session.restore(
            image,
            method=method,
            task=task,
            mask=mask,
            guides=guides,
            kernel=kernel,
            sigma=sigma,
            scale=scale,
            axes=axes,
            spacing=spacing,
            rgb=rgb,
            data_range=data_range,
            tile=tile,
            device=device,
            seed=seed,
            keep_known=keep_known,
            repair=repair,
            neighbours=neighbours,
            along=along,
            dtype=dtype,
            output=output,
            preset=preset,
            params=params,
            progress=progress,
            callback=callback,
            **method_parameters,
        )
    warn_of(result, 'result.checks')
    return result


def estimate_kernel(
    image: Any,
    scale: int = 1,
    *,
    downsampling: str = 'direct',
    model: str = 'auto',
    **options: Any,
) -> NDArray[np.float64]:
    """Estimate the blur of a photograph or, with VIRNet, that of an image to enlarge.

    Parameters
    ----------
    image : array-like
        As in :func:`restore`; over a stack the kernels are averaged.
    scale : int
        1 finds the straight motion or the defocus of a photograph in its spectrum, as does
        :func:`napari_fresco.kernels.from_photograph`, which gives length and angle or radius, too.
        Otherwise the factor by which the image is to be enlarged: 2, 3 or 4, as far as there
        are weights.
    downsampling : {'direct', 'bicubic'}
        What follows the blur. ``'direct'``: every s-th pixel, so that the kernel can
        be passed on to :func:`restore`; it is shifted by (s - 1)/2 to the upper
        left. ``'bicubic'``: antialiased reduction, as the network sees it; this is the
        Gaussian blur itself, centred. The same for a photograph.
    model
        Weights: a registry name, a file, or 'auto'.
    **options
        As in :func:`restore`, such as `axes` or `device`; with scale 1 also `mask`, nonzero
        where a photograph is damaged.

    Returns
    -------
    ndarray
        2-D, float64, sums to 1, on the pixel grid of the enlarged image.

    Raises
    ------
    FrescoError
        When anything given is wrong, there are no weights for `scale`, or the photograph is
        blurred neither by straight motion nor by defocus.
    """
    if downsampling not in ('direct', 'bicubic'):
        raise ParameterError(
            f"downsampling = {downsampling!r}; choose 'direct' or 'bicubic', which is what follows "
            'the blur'
        )
    if scale == 1:
        return _photograph_kernel(image, model, options)
    result = restore(
        image,
        method='virnet',
        task='super_resolve',
        scale=scale,
        model=model,
        estimate_only=True,
        **options,
    )
    assert result.kernel is not None, 'VIRNet gives a kernel with every enlargement'
    if downsampling == 'bicubic':
        return result.kernel
    from ..physics.kernels import direct_sampling

    return direct_sampling(result.kernel, scale)


def _photograph_kernel(image: Any, model: str, options: dict[str, Any]) -> NDArray[np.float64]:
    """Return the blur of a photograph, read as if it were to be deblurred."""
    from ..declare.call import Call
    from .estimation import blur_found
    from .inputs import damage_in
    from .request import Request

    if model != 'auto':
        raise ParameterError(
            f'model = {model!r}, but a photograph needs no weights to find its blur; leave it out'
        )
    mask = options.pop('mask', None)
    call = Call.of('wiener', 'deblur', given={**options, 'kernel': 'auto'})
    request = Request.prepare(image, call)
    damage = None if mask is None else damage_in(mask, request.image, request.layout)
    return blur_found(request, damage).values
