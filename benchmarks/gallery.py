"""What the widget of each method makes of the samples: the pictures and numbers of the gallery.

    xvfb-run -a python benchmarks/gallery.py
    xvfb-run -a python benchmarks/gallery.py vdir bsrgan

Opens a part of a sample in napari, then the widget of each method from the manifest, and
presses Run, with the network forbidden. Writes ``docs/pages/images/gallery/NAME.jpg`` and
the generated block of ``docs/pages/gallery.md``; with names only those pictures.
"""

from __future__ import annotations

import argparse
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import napari  # noqa: TID251 (the widgets are what is shown)
import numpy as np
import torch
from common import jpeg
from PIL import Image

from napari_fresco import weights
from napari_fresco._napari.files import sample_data
from napari_fresco.declare.methods import METHODS
from napari_fresco.layers.images.layer_kinds import KERNEL
from napari_fresco.layers.jobs.layer_restoration import LayerOutcome, Restoration, running

PAGES = Path(__file__).parents[1] / 'docs/pages'
PICTURES = PAGES / 'images/gallery'
BEGIN, END = '<!-- begin of what benchmarks/gallery.py writes -->', '<!-- end -->'
SIDE, GAP = 236, 8  # pixels
BYTES = 40_000
PATIENCE = 400  # seconds

MURAL, SMALL, CELLS = np.s_[40:276, 140:376], np.s_[92:210, 180:298], np.s_[72:308, 72:308]
SAMPLES = {'mural': sample_data.mural, 'micrograph': sample_data.micrograph}


@dataclass(frozen=True)
class Shot:
    """One picture: a method, what it is shown, and what is said of it.

    Attributes
    ----------
    name, method : str
        Of the picture, and of the method.
    words : str
        What was done.
    sample, part : str, tuple of slice
        What is opened.
    damage : (str, dict) or None
        Done to the truth of the sample by the widget "Simulate degradation".
    settings : dict
        Parameters that are changed all the same; the words say so.
    """

    name: str
    method: str
    words: str
    sample: str = 'mural'
    part: tuple[slice, slice] = MURAL
    damage: tuple[str, dict[str, Any]] | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def possible(self) -> bool:
        """Whether the model that is asked for is known."""
        return self.settings.get('model', 'auto') in ('auto', *weights.registry())


ABSENT = 'Its weights are not bundled: the widget names the file, and fetches it if asked.'
NOISE, MIXED = ('gaussian_noise', {'sigma': 30.0}), ('scunet', {})
REDUCED = ('classical', {'scale': 2, 'width': 0.7, 'sigma': 2.55})
SPOILT = ('bsrgan', {'scale': 2})
SEED = 1
SHOTS = (
    Shot(
        'dpir_mural',
        'dpir',
        'Cracks, losses and scratches of the mural filled: the widget finds the mask of the sample '
        'and starts with this task.',
    ),
    Shot(
        'dpir_micrograph',
        'dpir',
        'The micrograph deblurred with its point spread function, which the widget finds as well.',
        'micrograph',
        CELLS,
    ),
    Shot('ircnn', 'ircnn', 'The mural filled with the help of a smaller network.'),
    Shot(
        'deepred',
        'deepred',
        'A small part of the mural filled by a network that has seen nothing else. It would go on '
        'for thousands of steps; here *Iterations* is 150, the one setting changed.',
        part=SMALL,
        settings={'iterations': 150},
    ),
    Shot('usrnet_micrograph', 'usrnet', 'The micrograph deblurred.', 'micrograph', CELLS),
    Shot(
        'usrnet_mural',
        'usrnet',
        'The mural enlarged × 2 after it was reduced, which left light noise.',
        damage=REDUCED,
    ),
    Shot(
        'usrgan',
        'usrgan',
        'The same by a *generative* network: sharper, and partly invented.',
        damage=REDUCED,
    ),
    Shot(
        'virnet',
        'virnet',
        'The micrograph denoised, with a map of its noise as another layer.',
        'micrograph',
        CELLS,
    ),
    Shot('vdir', 'vdir', 'Noise of σ 30 taken off, of which it was not told.', damage=NOISE),
    Shot(
        'scunet',
        'scunet',
        'Mixed noise, compression and camera artefacts taken off.',
        damage=MIXED,
    ),
    Shot(
        'bsrgan',
        'bsrgan',
        'The mural enlarged × 2 after it was blurred, reduced, covered with noise and compressed.',
        damage=SPOILT,
    ),
    Shot(
        'bsrgan_generative',
        'bsrgan',
        'The same with a *generative* network, chosen as *Model*: sharper, and partly invented.',
        damage=SPOILT,
        settings={'model': 'bsrgan_compact_x2'},
    ),
    Shot('drunet', 'drunet', 'The micrograph denoised.', 'micrograph', CELLS),
    Shot('ffdnet', 'ffdnet', 'The micrograph denoised.', 'micrograph', CELLS),
    Shot(
        'dncnn',
        'dncnn',
        'The micrograph denoised.',
        'micrograph',
        CELLS,
    ),
)


class Desk:
    """A viewer, and hands that press the buttons."""

    def __init__(self) -> None:
        self.viewer = napari.Viewer(show=False)
        self.ended: list[Restoration] = []
        running.ended.connect(self.ended.append)

    def lay_out(self, shot: Shot) -> Any:
        """Open the part of the sample, degrade it if asked, and return the image layer."""
        self.viewer.layers.clear()
        for data, keywords, kind in SAMPLES[shot.sample]():
            whole = KERNEL in keywords.get('metadata', {})
            is_truth = keywords['name'] == f'{shot.sample} truth'
            if shot.damage is not None and not is_truth:
                continue
            if shot.damage is not None:
                keywords = {'name': shot.sample, 'rgb': keywords['rgb']}
            add = getattr(self.viewer, f'add_{kind}')
            add(data if whole else data[shot.part], **keywords)
        if shot.damage is not None:
            self.degrade(*shot.damage)
            return self.viewer.layers[-1]
        return self.viewer.layers[shot.sample]

    def degrade(self, name: str, parameters: dict[str, Any]) -> None:
        """Degrade the only layer by the widget "Simulate degradation"."""
        dock, panel = self.open('Simulate degradation')
        panel.kind.value = name
        panel.seed.value = SEED
        for parameter, value in parameters.items():
            panel.fields[name][parameter].value = value
        panel.run()
        panel.wait(PATIENCE)
        self.viewer.window.remove_dock_widget(dock)

    def restore(self, shot: Shot) -> tuple[LayerOutcome, Any] | weights.Entry:
        """Press Run and return what came of it with its layer, or the weights that are missing."""
        dock, panel = self.open(METHODS[shot.method].title)
        try:
            for name, value in shot.settings.items():
                getattr(panel, name).value = value
            missing = panel.choices.checkpoint
            if missing is not None and not missing.bundled:
                return missing
            return self.run(panel)
        finally:
            self.viewer.window.remove_dock_widget(dock)

    def run(self, panel: Any) -> tuple[LayerOutcome, Any]:
        """Press Run and wait."""
        self.ended.clear()
        panel.run()
        layers = panel.wait(PATIENCE)
        outcome = self.ended[0].outcome
        assert outcome is not None, 'a run that ends without an error has an outcome'
        return outcome, layers[-1]

    def open(self, title: str) -> tuple[Any, Any]:
        """Open a widget as the menu does."""
        return self.viewer.window.add_plugin_dock_widget('napari-fresco', title)


def before_and_after(image: Any, result: Any) -> Image.Image:
    """Draw the image, enlarged to the size of the result, beside the result."""
    factor = result.data.shape[0] // image.data.shape[0]
    sheet = Image.new('RGB', (2 * SIDE + GAP, SIDE), 'white')
    for left, layer, scale in ((0, image, factor), (SIDE + GAP, result, 1)):
        seen = drawn(layer).repeat(scale, 0).repeat(scale, 1)
        zoom = max(1, SIDE // seen.shape[0])
        sheet.paste(Image.fromarray(middle(seen.repeat(zoom, 0).repeat(zoom, 1))), (left, 0))
    return sheet


def drawn(layer: Any) -> np.ndarray:
    """Return the pixels of a layer as they are shown."""
    if layer.rgb:
        return np.asarray(layer.data[..., :3])
    low, high = layer.contrast_limits
    gray = np.clip((layer.data - low) / (high - low), 0, 1)
    return np.rint(255 * gray).astype(np.uint8)[..., None].repeat(3, -1)


def middle(image: np.ndarray) -> np.ndarray:
    """Return the middle of an image."""
    top, left = ((n - SIDE) // 2 for n in image.shape[:2])
    return np.ascontiguousarray(image[top : top + SIDE, left : left + SIDE])


def numbers(outcome: LayerOutcome) -> str:
    """Say how good the result is and what it took."""
    record = outcome.result.provenance
    gain = ''
    if outcome.psnr is not None:
        before = '' if outcome.before is None else f'{outcome.before:.1f} → '
        gain = f'PSNR {before}{outcome.psnr:.1f} dB, '
    rows, columns = outcome.result.image.shape[:2]
    threads = torch.get_num_threads()
    cores = f'{threads} processor {"core" if threads == 1 else "cores"}'
    used = ', '.join(str(each['name']) for each in record['weights'])
    return (
        f'{gain}{record["seconds"]:.1f} s for {columns} × {rows} pixels on '
        f'{cores}; *{record["kind"]}*; weights {used}.'
    )


def chapter(desk: Desk, shot: Shot) -> str:
    """Run a method, write its picture and return what the page says."""
    method = METHODS[shot.method]
    title = f'## {method.title}\n'
    image = desk.lay_out(shot)
    made = desk.restore(shot)
    if isinstance(made, weights.Entry):
        return '\n'.join([title, ABSENT, f'It is `{made.file}`, {made.describe_size()}.', ''])
    outcome, result = made
    path = PICTURES / f'{shot.name}.jpg'
    path.write_bytes(jpeg(before_and_after(image, result), BYTES))
    print(f'{shot.name}: {path.stat().st_size / 1000:.0f} kB, {numbers(outcome)}', flush=True)
    picture = f'![Before and after](images/gallery/{path.name})'
    return '\n'.join([title, f'{shot.words} {numbers(outcome)}', '', picture, ''])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('names', nargs='*')
    names = parser.parse_args().names
    if unknown := set(names) - {shot.name for shot in SHOTS}:
        parser.error(f'no pictures {unknown}; there are {", ".join(s.name for s in SHOTS)}')
    forbid_network()
    PICTURES.mkdir(parents=True, exist_ok=True)
    desk = Desk()
    shots = [shot for shot in SHOTS if shot.possible and (not names or shot.name in names)]
    text = '\n'.join(chapter(desk, shot) for shot in shots)
    if not names:
        page = PAGES / 'gallery.md'
        head, _, rest = page.read_text(encoding='utf-8').partition(BEGIN)
        tail = rest.partition(END)[2]
        page.write_text(f'{head}{BEGIN}\n\n{text}\n{END}{tail}', encoding='utf-8')
    os._exit(0)  # napari asks whether to close, and nobody answers


def forbid_network() -> None:
    """Let nothing reach the network, so that what is shown works without one."""

    def refuse(*args: Any, **keywords: Any) -> Any:
        raise OSError('the network is forbidden here')

    for name in ('getaddrinfo', 'create_connection'):
        setattr(socket, name, refuse)
    socket.socket.connect = refuse  # type: ignore[method-assign]


if __name__ == '__main__':
    main()
