"""The choices made in a panel, turned into a request or a script, or the reason why not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from magicgui.widgets import ComboBox

from ...declare.fields import Parameter
from ...declare.method import Method
from ...declare.methods import METHODS
from ...declare.options import BY_CHANNEL, OPTIONS
from ...declare.presets import OF_COMPUTER, Preset
from ...declare.tasks import TASKS
from ...errors import FrescoError, ParameterError
from ...image.layout import check_type
from ...layers.images.identity import key_of
from ...layers.images.look import Look
from ...layers.images.selection import Selection
from ...layers.images.space import Space
from ...layers.requests.call_text import RESTORE, Sources, script_of
from ...layers.requests.kernel_choice import with_depth
from ...layers.requests.layer_request import PanelRequest
from ...layers.requests.noise_map import select_noise
from ...layers.requests.own_channel import of_layer
from ...weights import Entry
from ..degradation.damage_section import DamageSection
from ..degradation.noise_section import CAMERA, CAMERA_MODEL, NoiseSection
from ..methods.input_section import InputSection
from ..methods.linking import ESTIMATOR, FOUND
from ..methods.offered_models import checkpoint
from ..methods.parameter_rows import OPTION_ROWS, ParameterRows
from ..methods.validation import NO_IMAGE, NO_MAP, TOLD_BY_CAMERA, missing_weights, size_problem
from ..widgets.rows import changed_values
from .sweep_settings import KERNEL_WIDTH

_POSITION = 'kernel_position'
_PLAIN = 'ffdnet'  # whose view of the noise stands for that of a method which lacks something
_CHANGED = {'keep_known': False}
_OPTIONS = tuple(OPTIONS[name] for name in OPTION_ROWS)


@dataclass(frozen=True, eq=False)
class Choices:
    """The sections of a panel, read together.

    In all methods, `estimate` means that another method estimates the noise,
    and to enlarge also the blur, before this one runs.
    """

    rows: ParameterRows
    input: InputSection
    damage: DamageSection
    noise: NoiseSection

    @property
    def method(self) -> Method:
        """The chosen method."""
        return self.input.method

    @property
    def image(self) -> Any:
        """The chosen image layer, or None."""
        return self.input.image

    @property
    def scale(self) -> int:
        """Factor by which the image is to be enlarged."""
        return self.damage.scale if self.enlarges else 1

    @property
    def enlarges(self) -> bool:
        """Whether the result has more pixels than the image."""
        return TASKS[self.input.task].changes_size

    @property
    def checkpoint(self) -> Entry | None:
        """The registry entry of the network that would run, if there is one."""
        return checkpoint(
            self.method,
            self.input.task,
            model=self._model,
            channels=self._channels,
            scale=self.scale,
        )

    @property
    def asks_noise(self) -> bool:
        """Whether the method needs the noise level."""
        return self.method.reads_noise(self.input.task)

    @property
    def estimated(self) -> tuple[str, ...]:
        """Inputs that can be estimated first; to deblur, the kernel if none is chosen."""
        able = self.method.estimable(self.input.task)
        if self.enlarges or 'kernel' not in able:
            return able
        known = 'kernel' if self.damage.kernel is not None else 'sigma'
        return tuple(name for name in able if name != known)

    def part(self) -> Selection:
        """Return the part of the image that a run takes: of one slice of a volume, the volume.

        Raises FrescoError when the slice on show or the region lies beside the image.
        """
        volume = self.damage.restores_volume(self.input.task)
        return with_depth(self.input.selection(), self.damage.kernel if volume else None)

    def request(self, estimate: bool = False) -> PanelRequest:
        """Return the request that the choices make.

        Raises FrescoError when something is missing or wrong.
        """
        problem = self.problem(estimate)
        if problem:
            raise FrescoError(problem)
        kernel, sampled, position = self._kernel(estimate)
        finds_noise = estimate and 'sigma' in self.estimated
        bare = self._bare_request()
        request = self._with_damage(replace(bare, image=with_depth(bare.image, kernel)))
        return replace(
            request,
            kernel=kernel,
            sampled=sampled,
            sigma=ESTIMATOR if finds_noise else self._sigma(request.image),
            variance=not finds_noise and self.asks_noise and self.noise.holds_variance,
            reference=self.input.comparison(request.image, self.scale),
            parameters=position | self._changed(self.method.parameters),
            full_size=self.input.full_size,
            filled=self.damage.wants_filled,
        )

    def noise_request(self) -> PanelRequest:
        """Return the request to estimate the noise for: of the task, once its inputs are there.

        Raises FrescoError when there is no such part of the image, or a parameter is out of range.
        """
        request = self._bare_request()
        if self.damage.missing(self.input.task):
            plain = METHODS[_PLAIN]
            return replace(request, method=plain, task=plain.tasks[0])
        kernel, _, position = self._kernel(estimate=False)
        parameters = position | self._changed(self.method.parameters)
        request = self._with_damage(replace(request, image=with_depth(request.image, kernel)))
        return replace(request, kernel=kernel, parameters=parameters)

    def problem(self, estimate: bool = False) -> str:
        """Say in one sentence why the method cannot run, or nothing."""
        if self.image is None:
            return NO_IMAGE
        estimated = self.estimated if estimate else ()
        missing = self.damage.missing(self.input.task, estimated)
        if missing:
            return missing
        if 'sigma' in estimated and self.noise.told_by_camera:
            return TOLD_BY_CAMERA
        try:
            check_type(np.dtype(self.image.dtype))
            self._changed((*self.method.parameters, *_OPTIONS))
            sigma = None if 'sigma' in estimated or not self.asks_noise else self.noise.sigma
        except FrescoError as error:
            return str(error)
        if sigma is None and self.asks_noise and 'sigma' not in estimated:
            return NO_MAP
        return self._misfit(sigma) or self._without_weights(estimated)

    def preset(self, title: str) -> Preset:
        """Return the settings under a name, without those of one image or computer.

        Raises FrescoError when something is wrong, or the noise is told by a map.
        """
        options = {n: v for n, v in self._changed(_OPTIONS).items() if n not in OF_COMPUTER}
        sigma = self.noise.sigma if self.asks_noise else 'auto'
        if not isinstance(sigma, float | str):
            raise ParameterError(
                'A map of the noise belongs to its image; choose a level or Auto to save a preset.'
            )
        return Preset(
            self.method.name,
            self.input.task,
            self._changed(self.method.parameters),
            options
            | ({} if sigma == 'auto' else {'sigma': sigma})
            | ({'scale': self.scale} if self.enlarges else {})
            | ({} if self.damage.settings(self.input.task).get('keep_known', True) else _CHANGED),
            title,
        )

    def apply(self, preset: Preset) -> None:
        """Apply `preset`, and the defaults where it is silent.

        Of values by channel, a layer that is one channel has its own.
        Raises FrescoError when its method or task is not on offer, or it has none for the layer.
        """
        said = self._of_layer({**preset.parameters, **preset.options})
        if any(said.get(name) is not None for name in CAMERA) and 'noise' not in said:
            said['noise'] = CAMERA_MODEL  # whose rows hold the numbers
        if preset.task is not None:
            self.input.task_row.value = preset.task
        if preset.method is not None:
            self.input.method_row.value = preset.method
        self.noise.reset()
        for declared in self.rows.every:
            name = declared.parameter.name
            if self.method.name in declared.methods and name not in OF_COMPUTER:
                declared.widget.value = said.get(name, declared.parameter.default)
        self.noise.level.value = said.get('sigma', 'auto')
        self.damage.keep_known.value = said.get('keep_known', True)
        if 'scale' in said:
            self.damage.scale_row.value = said['scale']

    def _of_layer(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a preset as they hold for the chosen layer."""
        apart = [n for n in BY_CHANNEL if isinstance(said.get(n), Mapping)]
        if apart and self.image is None:
            raise ParameterError(f'The preset has {apart[0]} for each channel: choose an image.')
        if not apart:
            return dict(said)
        part = self.input.selection()
        if 'C' in part.axes and part.grid[part.axes.index('C')] > 1:
            raise ParameterError(
                f'The preset has {apart[0]} for each channel, and the rows of a panel take one for '
                'all: split the layer into its channels (Layer > Split Stack).'
            )
        return of_layer(said, part)

    def take(self, values: Mapping[str, Any]) -> None:
        """Choose some values, by the names of rows; the width of the kernel makes a new one."""
        for name, value in values.items():
            if name == 'sigma':
                self.noise.level.value = value
            elif name != KERNEL_WIDTH:
                self.rows.of(self.method)[name].value = value
            elif value != 1:
                from ...physics.kernels.stretching import stretched

                kernel = self.damage.chosen_kernel(self.input.task)
                assert kernel is not None, 'its width was swept'
                self.damage.kernel_row.value = stretched(kernel.array, value).values

    def script(self, estimate: bool = False, function: str = RESTORE) -> str:
        """Return a Python script that repeats the panel's request by a function for layers.

        Raises FrescoError when something is missing or wrong.
        """
        request, rows = self.request(estimate), self.damage.mask_rows
        masked = request.mask is not None
        sources = Sources(
            image=self.image.name,
            mask=_name(rows.layer.value) if masked else '',
            kernel=self.damage.kernel_names(request.image),
            sigma=_name(self.noise.level.map.value),
            mask_options=rows.options() if masked else {},
        )
        return script_of(request, sources, function)

    def _bare_request(self) -> PanelRequest:
        """Return the request without the inputs beside the image."""
        layer = self.image
        return PanelRequest(
            method=self.method,
            task=self.input.task,
            source=layer.name,
            image=self.input.selection(),
            space=Space.of(layer),
            look=Look.of(layer),
            source_id=key_of(layer),
        )

    def _with_damage(self, request: PanelRequest) -> PanelRequest:
        task, damage = self.input.task, self.damage
        return replace(
            request,
            mask=damage.mask_rows.marked() if 'mask' in self.method.takes(task) else None,
            scale=self.scale,
            settings=self._changed(_OPTIONS)
            | damage.settings(task)
            | damage.guides(task, request.image),
        )

    def _kernel(self, estimate: bool) -> tuple[Any, int | None, dict[str, str]]:
        """Return the kernel, the scale that it was converted for, and where it is known to look."""
        if estimate and 'kernel' in self.estimated:
            return ESTIMATOR if self.enlarges else FOUND, None, {}
        chosen = self.damage.chosen_kernel(self.input.task)
        if chosen is None:
            return None, None, {}
        known = {} if chosen.position is None else {_POSITION: chosen.position}
        return chosen.array, chosen.sampled, known

    def _sigma(self, part: Selection) -> float | str | Selection:
        sigma = self.noise.sigma if self.asks_noise else 'auto'
        simple = isinstance(sigma, float | str)
        return sigma if simple else select_noise(sigma, part, self.input.view)

    def _misfit(self, sigma: Any) -> str:
        return size_problem(
            self.image,
            noise=None if isinstance(sigma, float | str) else sigma,
            reference=self.input.reference_row.value,
            scale=self.scale,
        )

    def _without_weights(self, estimated: Collection[str]) -> str:
        return missing_weights(
            self.method,
            self.input.task,
            model=self._model,
            channels=self._channels,
            scale=self.scale,
            estimated=estimated,
            folded=self.rows.are_folded,
            may_fetch=self.rows.preferences.network != 'never',
        )

    @property
    def doubt(self) -> str:
        """Why the chosen weights are not made for the image, or nothing."""
        known = self.checkpoint
        return (
            ''
            if known is None
            else known.doubt(self._channels, None if self._model == 'auto' else self.input.task)
        )

    @property
    def _model(self) -> str:
        row = self.rows.of(self.method).get('model')
        return 'auto' if row is None else str(row.value)

    @property
    def _channels(self) -> int:
        return 3 if self.image is None or self.image.rgb else 1

    def _changed(self, parameters: Iterable[Parameter]) -> dict[str, Any]:
        """Return the values that differ from their defaults, of the parameters that are used."""
        task, rows = self.input.task, self.rows.of(self.method)
        hidden = (*self.noise.hidden, *self.input.hidden)
        used = [p for p in parameters if self.method.uses(p, task) and p.name not in hidden]
        others = {name: row for name, row in rows.items() if isinstance(row, ComboBox)}
        values = {name: row.value for name, row in others.items()}
        return changed_values([p for p in used if p.applies(values)], rows)


def _name(layer: Any) -> str:
    return '' if layer is None else str(layer.name)
