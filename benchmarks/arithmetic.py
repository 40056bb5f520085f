"""DRUNet in float32, bfloat16 and 8-bit integers: processor seconds, and decibels that are lost.

    python benchmarks/arithmetic.py --data DATA
    python benchmarks/arithmetic.py --data DATA --compile --openvino --onnxruntime

Seconds are those of the network alone, of one core for 256 x 256 pixels, the median of rounds in
which all ways that are fast here take turns; the network of the authors' size has random weights,
and so no decibels. Lost is what PSNR falls to from that of float32 by the protocol of the papers,
on the first images of BSD68 and CBSD68; in parentheses on how many of them the noise was too weak
for integers beside the largest value, so that `precision="int8"` computed like "auto". `--compile`,
`--openvino` and `--onnxruntime` time what torch.compile, OpenVINO and ONNX Runtime, where they are
installed, make of the same networks, and the seconds that preparing takes.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from statistics import median
from typing import Any

import torch
from common import arguments, show
from torch import Tensor, nn
from torch._inductor import config as inductor

from napari_fresco import networks, weights
from napari_fresco.networks import devices
from napari_fresco.networks.integers import in_integers
from napari_fresco.runtime import denoisers
from napari_fresco.training.evaluate import evaluate

NETWORKS: Mapping[str, str | None] = {
    'compact, gray': 'drunet_compact_gray',
    'compact, colour': 'drunet_compact_color',
    "authors' size": None,
}
"""Bundled weights, by name."""
SETS = {1: 'bsd68', 3: 'cbsd68'}
SIGMAS = 10.0, 15.0, 25.0, 50.0
SIDE = 256
CPU = torch.device('cpu')

Way = Callable[[Tensor], Any]
"""Denoises an image with its map of sigma."""


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--networks', nargs='+', choices=tuple(NETWORKS), default=tuple(NETWORKS))
    parser.add_argument('--limit', type=int, default=12, help='images')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--compile', action='store_true')
    parser.add_argument('--openvino', action='store_true')
    parser.add_argument('--onnxruntime', action='store_true', help='needs onnxscript, too')
    options = parser.parse_args()
    torch.set_num_threads(1)
    devices.tune_allocator()

    def rows() -> Iterator[list[str]]:
        for name in options.networks:
            model = NETWORKS[name]
            seconds, prepared = timed(model, options)
            lost = {} if model is None else lost_by(model, options)
            for way, each in seconds.items():
                ratio, ready = seconds['float32'] / each, prepared.get(way)
                cells = [name, way, f'{each:.3f}', f'{ratio:.2f}']
                yield [*cells, '' if ready is None else f'{ready:.0f}', lost.get(way, '')]

    levels = ' / '.join(f'{sigma:g}' for sigma in SIGMAS)
    header = ['DRUNet', 'arithmetic', 'CPU s', 'x float32', 'prepared in s']
    with torch.inference_mode():
        show([*header, f'dB lost at {levels}'], rows())


def timed(model: str | None, options: Any) -> tuple[dict[str, float], dict[str, float]]:
    """Return the seconds of each way of running a network, and those of preparing some of them."""
    network = networks.build('drunet') if model is None else weights.load(model, device=CPU)
    network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = torch.rand(1, network.describe().channels + 1, SIDE, SIDE)
    x = x.contiguous(memory_format=torch.channels_last)
    ways: dict[str, Way] = {'float32': network}
    if devices.has_fast_bfloat16(CPU):
        ways['bfloat16'] = partial(_in_bfloat16, network)
    if devices.has_fast_integers(CPU):
        ways['int8'] = in_integers(network)
    prepared = {}
    if options.compile:
        torch.compiler.reset()  # else the networks before count as variants of this one
        inductor.compile_threads = 1  # compilers are children of this process, and counted
        for name in tuple(ways):
            own = in_integers(network) if name == 'int8' else network
            way: Any = torch.compile(own)
            ways[f'{name}, compiled'] = partial(_in_bfloat16, way) if name == 'bfloat16' else way
    if options.openvino:
        for name, kind in (('float32', 'f32'), ('bfloat16', 'bf16')):
            began = _with_children()
            ways[f'{name}, OpenVINO'] = _by_openvino(network, x, kind)
            prepared[f'{name}, OpenVINO'] = _with_children() - began
    if options.onnxruntime:
        began = _with_children()
        ways['float32, ONNX Runtime'] = _by_onnxruntime(network, x)
        prepared['float32, ONNX Runtime'] = _with_children() - began
    for name, way in ways.items():
        began = _with_children()
        way(x)
        if 'compiled' in name:
            prepared[name] = _with_children() - began
    every = [{name: _seconds(way, x) for name, way in ways.items()} for _ in range(options.rounds)]
    return {name: median(each[name] for each in every) for name in ways}, prepared


def lost_by(model: str, options: Any) -> dict[str, str]:
    """Return what each arithmetic loses at every level, as a cell."""
    channels = weights.load(model).facts.channels
    folder = options.data / 'natural' / SETS[channels]
    exact: list[float] = []
    cells = {}
    for way in ('float32', 'bfloat16', *['int8'] * devices.has_fast_integers(CPU)):
        denoiser = denoisers.make(model, channels=channels, device=CPU, precision=way)
        assert isinstance(denoiser, denoisers.NetworkDenoiser)
        scores, own = [], Counter[bool]()
        for sigma in SIGMAS:
            counted = partial(_counted, denoiser, way, own)
            (score,) = evaluate(counted, folder, [sigma], channels, options.limit)
            scores.append((score.restored, own.pop(False, 0)))
        exact = exact or [restored for restored, _ in scores]
        each = zip(exact, scores, strict=True)
        cells[way] = ' / '.join(f'{a - b:.3f}' + f' ({n})' * (n > 0) for a, (b, n) in each)
    return {way: cell for way, cell in cells.items() if way != 'float32'}


def _counted(
    denoiser: denoisers.NetworkDenoiser, way: str, own: Counter[bool], x: Tensor, sigma: float
) -> Tensor:
    """Denoise, and count whether it was done in the arithmetic that was asked for."""
    clean = denoiser(x, sigma)
    own[denoiser.tiled.arithmetic == way] += 1
    return clean


def _in_bfloat16(network: nn.Module, x: Tensor) -> Tensor:
    with torch.autocast('cpu', dtype=torch.bfloat16):
        result: Tensor = network(x)
        return result


def _by_openvino(network: nn.Module, x: Tensor, kind: str) -> Way:
    import openvino

    core = openvino.Core()
    told = {'INFERENCE_PRECISION_HINT': kind, 'INFERENCE_NUM_THREADS': 1, 'NUM_STREAMS': 1}
    model = openvino.convert_model(network, example_input=x, input=list(x.shape))
    compiled = core.compile_model(model, 'CPU', told)
    image = x.contiguous().numpy()
    return lambda _: compiled(image)


def _by_onnxruntime(network: nn.Module, x: Tensor) -> Way:
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = f'{folder}/network.onnx'
        torch.onnx.export(network, (x,), path, dynamo=True, verbose=False)
        told = onnxruntime.SessionOptions()
        told.intra_op_num_threads = told.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, told, ['CPUExecutionProvider'])
    given = {session.get_inputs()[0].name: x.contiguous().numpy()}
    return lambda _: session.run(None, given)


def _with_children() -> float:
    """Return the processor seconds of this process and of what it has run."""
    return sum(os.times()[:4])


def _seconds(way: Way, x: Tensor) -> float:
    began = time.process_time()
    way(x)
    return time.process_time() - began


if __name__ == '__main__':
    main()
