"""What restorations take outside of their networks, in processor seconds and as a share of all.

    python benchmarks/around.py
    python benchmarks/around.py --methods noise 'dpir deblurs' --side 2048

The samples that the package brings, mirrored to 512 x 512: the micrograph with the photon noise of
its camera in 16 bits, and the mural in gray and in colour of 8 bits with noise of 15; all blurred
by a Gaussian of 1.5 pixels where they are deblurred. Bundled weights, one thread, networks kept,
the best of `--rounds`. What has no network is outside of it; `noise` is what a denoiser has to know
of the noise before it can begin.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from common import show
from scipy import ndimage
from torch.nn.modules import module

import napari_fresco as fresco
from napari_fresco import samples
from napari_fresco.declare.call import Call
from napari_fresco.restoration.request import Request
from napari_fresco.restoration.scene import Scene

WORKS: Mapping[str, Mapping[str, Any]] = {
    **{
        name: {'method': name, 'task': 'denoise'}
        for name in ('ffdnet', 'drunet', 'dncnn', 'virnet', 'scunet', 'ircnn', 'dpir')
    },
    **{
        f'{name} deblurs': {'method': name, 'task': 'deblur'}
        for name in ('dpir', 'ircnn', 'usrnet', 'wiener', 'richardson_lucy')
    },
}
"""What is measured, by name."""
JUDGING = 'noise'
IMAGES = 'micrograph', 'gray', 'colour'
NOISE, WIDTH = 15.0, 1.5  # of gray values, and of the blur in pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    every = (JUDGING, *WORKS)
    parser.add_argument('--methods', nargs='+', choices=every, default=every)
    parser.add_argument('--side', type=int, default=512)
    parser.add_argument('--rounds', type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with fresco.Session(device='cpu') as session:

        def rows() -> Iterator[list[str]]:
            for work in options.methods:
                yield [work, *(_cell(session, work, name, options) for name in IMAGES)]

        show(['method', *IMAGES], rows())


def picture(name: str, side: int, blurred: bool) -> np.ndarray:
    """Return one of :data:`IMAGES` of ``side x side`` pixels."""
    sample = samples.micrograph() if name == 'micrograph' else samples.mural()
    light = sample.truth.astype(np.float64)
    if name == 'gray':
        light = light.mean(axis=-1)
    margins = [(0, max(0, side - n)) for n in light.shape[:2]]
    light = np.pad(light, margins + [(0, 0)] * (light.ndim - 2), 'symmetric')[:side, :side]
    if blurred:
        light = ndimage.gaussian_filter(light, (WIDTH, WIDTH, 0)[: light.ndim])
    random = np.random.default_rng(0)
    if sample.gain is not None and sample.offset is not None:
        light = sample.gain * random.poisson((light - sample.offset).clip(0) / sample.gain)
        light = light + sample.offset + random.normal(0, sample.read_noise, light.shape)
        return np.rint(light).clip(0, 65535).astype(np.uint16)
    return np.rint(light + random.normal(0, NOISE, light.shape)).clip(0, 255).astype(np.uint8)


@contextmanager
def in_networks() -> Iterator[list[float]]:
    """Count the processor seconds of networks; the first item of the list is their sum."""
    seconds, depth, began = [0.0], 0, 0.0

    def enter(*_: Any) -> None:
        nonlocal depth, began
        if depth == 0:
            began = time.process_time()
        depth += 1

    def leave(*_: Any) -> None:
        nonlocal depth
        depth -= 1
        if depth == 0:
            seconds[0] += time.process_time() - began

    hooks = [
        module.register_module_forward_pre_hook(enter),
        module.register_module_forward_hook(leave),
    ]
    try:
        yield seconds
    finally:
        for hook in hooks:
            hook.remove()


def measure(session: fresco.Session, work: str, image: np.ndarray) -> tuple[float, float]:
    """Return the processor seconds of one restoration, outside of its networks and in all."""
    told = dict(WORKS[work])
    if told['task'] == 'deblur':
        told['kernel'] = fresco.kernels.gaussian(WIDTH)
    with in_networks() as inside:
        began = time.process_time()
        session.restore(image, **told)
        whole = time.process_time() - began
    return whole - inside[0], whole


def judge(image: np.ndarray) -> float:
    """Return the processor seconds of judging the noise of an image."""
    request = Request.prepare(image, Call.of('ffdnet', 'denoise', None, {'device': 'cpu'}))
    began = time.process_time()
    scene = Scene(request)
    pixels = scene.read(())
    span = scene.range((), pixels).span
    if scene.model(()).camera is None:  # else photon noise is stabilised
        scene.level((), pixels, span)
    return time.process_time() - began


def _cell(session: fresco.Session, work: str, name: str, options: Any) -> str:
    if work == JUDGING:
        image = picture(name, options.side, blurred=False)
        return f'{min(judge(image) for _ in range(options.rounds)):.3f}'
    image = picture(name, options.side, WORKS[work]['task'] == 'deblur')
    measure(session, work, image[:64, :64])  # so that weights are loaded
    outside, whole = min(measure(session, work, image) for _ in range(options.rounds))
    share = f' ({outside / whole:.0%})' if outside < whole else ''
    return f'{outside:.3f}{share}'


if __name__ == '__main__':
    main()
