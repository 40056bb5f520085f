"""A run as a command, as Python and as a paragraph for a paper, from its provenance."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..declare.fields import flag, shown
from ..declare.methods import METHODS
from ..declare.options import OPTIONS
from ..declare.tasks import TASKS
from ..errors import ParameterError

_TOLD = ('mask', 'kernel', 'sigma')  # in sentences of their own
_FILES = {'mask': 'MASK', 'kernel': 'KERNEL', 'sigma': 'NOISE_MAP'}
_ENDS = {'image': 'IMAGE', 'output': 'RESULT'}
_IN_WORDS = {
    'mask': 'the mask, saved from where it was given',
    'kernel': 'the blur kernel, saved from where it was given',
    'sigma': 'the map of the noise, saved from where it was given',
}


def checked_record(provenance: Any) -> Mapping[str, Any]:
    """Return the record of a run, or raise ParameterError where something else is given."""
    if isinstance(provenance, Mapping) and 'method' in provenance:
        return provenance
    given = shown('provenance', provenance)
    read = f'json.loads(Path({str(provenance)!r}).read_text())'
    file = f'; of a file, {read}' if isinstance(provenance, str | Path) else ''
    raise ParameterError(f'{given} is no record of a run; give result.provenance{file}')


def command_line(provenance: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> str:
    """Return the command that repeats a run; names in capitals stand for unknown files.

    Channels with kernels of their own take a command each, one a line.

    Parameters
    ----------
    provenance : mapping
        Of a result.
    files : mapping, optional
        Files that are known: 'image', 'output', 'mask', 'kernel', 'sigma'; and 'channels', names
        or numbers of those of the image that were restored, where not all were.
    """
    provenance = checked_record(provenance)
    known: dict[str, Any] = {**_FILES, **_ENDS, **(files or {})}
    each = [
        {
            **known,
            'channels': [name],
            'kernel': _kernel_of(name),
            'output': f'{name}_{known["output"]}',
        }
        for name in _channels_of_kernel(provenance)
    ]
    return '\n'.join(_command(provenance, own) for own in each or [known])


def _command(provenance: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """Return one command; `known` has the names of its files."""
    words = ['napari-fresco', 'restore', known['image'], '-o', known['output']]
    words += [word for channel in known.get('channels', ()) for word in ('--channel', str(channel))]
    words += ['--method', provenance['method'], '--task', provenance['task']]
    for name, value in _given(provenance):
        words += _words(flag(name), value, known.get(name, name.upper()))
    return shlex.join(words)


def missing_files(provenance: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> str:
    """Say which files :func:`command_line` has no names for; empty where it has all of them."""
    known = files or {}
    given = [name for name, value in _given(checked_record(provenance)) if _is_array(value)]
    wanted = {'image': 'the image', 'output': 'the result'} | {
        n: _IN_WORDS.get(n, n) for n in given
    }
    stand = {**_FILES, **_ENDS}
    lacking = [
        f'{stand.get(n, n.upper())} for {words}' for n, words in wanted.items() if n not in known
    ]
    lacking += [f'{_kernel_of(n)} for the kernel of {n}' for n in _channels_of_kernel(provenance)]
    return f'Put names of files in: {", ".join(lacking)}.' if lacking else ''


def python_call(provenance: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> str:
    """Return Python that repeats a run; see :func:`command_line`."""
    provenance = checked_record(provenance)
    known: dict[str, Any] = {**_ENDS, **(files or {})}
    read = f'image = fresco.read({known["image"]!r})'
    if channels := known.get('channels'):
        read += f'.channel({", ".join(map(repr, channels))})'
    lines = ['import napari_fresco as fresco', '', read]
    arguments = [('method', provenance['method']), ('task', provenance['task'])]
    told = [f'    {name}={value!r},' for name, value in arguments]
    for name, value in _given(provenance):
        text = repr(value)
        if name == 'kernel' and (each := _channels_of_kernel(provenance)):
            read = ', '.join(f'{n!r}: fresco.read({_kernel_of(n)!r})' for n in each)
            text = f'{{{read}}}'
        elif _is_array(value):
            lines.append(f'{name} = fresco.read({known.get(name, _FILES.get(name, name))!r})')
            text = name
        told.append(f'    {name}={text},')
    lines += ['result = fresco.restore(', '    image,', *told, ')']
    return '\n'.join([*lines, f'fresco.write({known["output"]!r}, result.image)'])


def methods_paragraph(
    provenance: Mapping[str, Any], numbers: Mapping[str, int] = MappingProxyType({})
) -> str:
    """Return a paragraph on the making of a result, for the methods section of a paper.

    After R. F. Laine et al., "Avoiding a replication crisis in deep-learning-based bioimage
    analysis", Nature Methods 18, 2021, doi:10.1038/s41592-021-01284-3.

    Parameters
    ----------
    provenance : mapping
        Of a result.
    numbers : mapping of str to int
        Of works in a list of references; others are named in full.

    Returns
    -------
    str
    """
    return ' '.join(_sentences(checked_record(provenance), numbers))


def _sentences(p: Mapping[str, Any], numbers: Mapping[str, int]) -> Iterator[str]:
    task = p['task'].replace('_', '-')
    number = numbers.get(p['citation'])
    work = p['citation'].rstrip('.') if number is None else f'[{number}]'
    yield (
        f'Images were restored with napari-fresco {p["version"]} (method {p["title"]}, task '
        f'{task}; {work}).'
    )
    yield from _weights_sentence(p)
    yield _settings_sentence(p)
    yield from _noise_sentence(p)
    yield from _kernel_sentence(p)
    if p.get('data_range'):
        low, high = p['data_range']
        several = len({tuple(each.get('range', ())) for each in p.get('planes', ())}) > 1
        which = 'span the working ranges of the planes' if several else 'were the working range'
        yield f'Intensities of {low:.6g} to {high:.6g} {which}.'
    yield from _checks_sentences(p)
    yield from _caution(p)
    yield f'The run took place on {p["device"]} with PyTorch {p["torch"]}, seed {p["seed"]}.'
    if p.get('input_sha256'):
        yield f'SHA-256 of the input pixels: {p["input_sha256"][:16]}.'


def _weights_sentence(p: Mapping[str, Any]) -> Iterator[str]:
    weights = [w for w in p.get('weights', ()) if w.get('name')]
    if weights:
        named = ', '.join(f'{w["name"]} (SHA-256 {str(w["sha256"])[:16]})' for w in weights)
        yield f'Weights: {named}.'


def _settings_sentence(p: Mapping[str, Any]) -> str:
    given = [
        f'{n} {"given as an array" if _is_array(v) else v}' for n, v in _given(p) if n not in _TOLD
    ]
    if not given:
        return 'All settings were the defaults.'
    return f'Settings that differ from the defaults: {", ".join(given)}.'


def _checks_sentences(p: Mapping[str, Any]) -> Iterator[str]:
    failed = [c for c in p.get('checks', ()) if not c['ok']]
    made = [c['name'] for c in p.get('checks', ())]
    if failed:
        yield f'Checks of the result that failed: {"; ".join(c["message"] for c in failed)}.'
    if made:
        yield f'Checks made: {", ".join(made)}; {len(made) - len(failed)} of {len(made)} passed.'


def _caution(p: Mapping[str, Any]) -> Iterator[str]:
    """Yield which parts of the result were not measured."""
    if p['kind'] == 'generative':
        yield 'The result holds plausible detail that was not observed: measure nothing in it.'
    elif 'mask' in TASKS[p['task']].needs:
        share = (p.get('mask') or {}).get('coverage')
        told = '' if share is None else f' ({share:.2%} of the image)'
        yield f'Damaged pixels{told} were filled in and were not measured.'


def _noise_sentence(p: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(p.get('sigma'), float | int):
        yield f'Noise: standard deviation of {p["sigma"]:.6g} image units, given.'
        return
    models = p.get('noise', ())
    for model in models:
        channel = model.get('name', model.get('channel'))
        of = f' of channel {channel}' if len(models) > 1 and channel is not None else ''
        if 'gain' in model:
            yield (
                f'Noise{of}: photon and read noise, gain {model["gain"]:.4g} image units per '
                f'photo-electron, offset {model["offset"]:.5g}, read noise '
                f'{model["read_noise"]:.4g} image units, {model["found"]}.'
            )
        else:
            yield f'Noise{of}: {model["model"]}, {model["found"]}.'


def _kernel_sentence(p: Mapping[str, Any]) -> Iterator[str]:
    kernel = p.get('kernel') or {}
    several = kernel.get('channels', {'': kernel} if kernel else {})
    for channel, own in several.items():
        yield _kernel_in_words(own, f' of channel {channel}' if channel else '')


def _kernel_in_words(kernel: Mapping[str, Any], where: str) -> str:
    size = ' x '.join(map(str, kernel['shape']))
    widths = kernel.get('fwhm')
    wide = '' if widths is None else f', full width at half maximum {widths[0]:g} x {widths[1]:g}'
    numbers = (kernel.get('made_of') or {}).items()
    made_of = ', '.join(f'{n} {" and ".join(v) if isinstance(v, list) else v}' for n, v in numbers)
    optics = f'; {made_of}' if made_of else ''
    return f'Blur kernel{where}: {kernel["source"]}, {size} pixels{wide}{optics}.'


def _given(provenance: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield options and parameters that differ from their defaults."""
    own = {p.name: p for p in METHODS[provenance['method']].parameters}
    for declared, values in ((OPTIONS, provenance['options']), (own, provenance['parameters'])):
        for name, value in values.items():
            if name in declared and _plain(value) != _plain(declared[name].default):
                yield name, value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _channels_of_kernel(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the channels that have kernels of their own."""
    value = provenance['options'].get('kernel')
    own = isinstance(value, Mapping) and not _is_array(value)
    return tuple(map(str, value)) if own else ()


def _kernel_of(channel: str) -> str:
    return f'{_FILES["kernel"]}_{channel}'


def _is_array(value: Any) -> bool:
    return isinstance(value, Mapping) and 'shape' in value


def _words(option: str, value: Any, file: str) -> list[str]:
    """Return an option with its value as on the command line."""
    if _is_array(value) or (option == flag('kernel') and isinstance(value, Mapping)):
        return [option, file]
    if isinstance(value, bool):
        return [option if value else '--no-' + option[2:]]
    if isinstance(value, Mapping):
        parts = (f'{axis}={number}{unit}' for axis, (number, unit) in value.items())
        return [option, ','.join(parts)]
    return [option, *map(str, value if isinstance(value, list | tuple) else [value])]
