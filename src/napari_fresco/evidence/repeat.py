"""A run as a command, as Python and as a paragraph for a paper, from its provenance."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..declare.fields import flag, shown
from ..declare.methods import METHODS
from ..declare.options import BY_CHANNEL, OPTIONS
from ..declare.tasks import TASKS
from ..errors import ParameterError
from ..image.by_channel import each_entry

_TOLD = ('mask', 'kernel', 'sigma')  # in sentences of their own
_FILES = {'mask': 'MASK', 'kernel': 'KERNEL', 'sigma': 'NOISE_MAP'}
_ENDS = {'image': 'IMAGE', 'output': 'RESULT'}
_ENDS_IN_WORDS = {'image': 'the image', 'output': 'the result'}
_SAVED = ', saved from where it was given'
_IN_WORDS = {
    'mask': ('the mask', _SAVED),
    'kernel': ('the blur kernel', _SAVED),
    'sigma': ('the map of the noise', _SAVED),
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

    Parameters
    ----------
    provenance : mapping
        Of a result.
    files : mapping, optional
        Files that are known: 'image', 'output', 'mask', 'kernel', 'sigma', of which the last two
        may be mappings by channel; and 'channels', names or numbers of those of the image that
        were restored, where not all were.
    """
    provenance = checked_record(provenance)
    known: dict[str, Any] = {**_ENDS, **(files or {})}
    words = ['napari-fresco', 'restore', known['image'], '-o', known['output']]
    channels, read = known.get('channels') or _channel_read(provenance), provenance.get('read', {})
    words += ['--series', str(read['series'])] if 'series' in read else []
    words += [word for channel in channels for word in ('--channel', str(channel))]
    words += ['--method', provenance['method'], '--task', provenance['task']]
    for name, value in _given(provenance):
        if not _is_by_channel(name, value):
            words += _words(flag(name), value, _file_of(name, '', known))
            continue
        for channel, own in value.items():
            file = _file_of(name, channel, known)
            text = file if _is_array(own) else 'auto' if own is None else str(own)
            words += [flag(name), f'{_in_file(channel, channels)}={text}']
    return shlex.join(words)


def missing_files(provenance: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> str:
    """Say which files :func:`command_line` has no names for; empty where it has all of them."""
    known = files or {}
    lacking = [f'{_ENDS[n]} for {words}' for n, words in _ENDS_IN_WORDS.items() if n not in known]
    for name, value in _given(checked_record(provenance)):
        words = _IN_WORDS.get(name, (name, ''))
        for channel, own in each_entry(value) if _is_by_channel(name, value) else [('', value)]:
            if _is_array(own) and _file_of(name, channel, known) == _stand_in(name, channel):
                of = f' of channel {channel}' if channel else ''
                lacking.append(f'{_stand_in(name, channel)} for {words[0]}{of}{words[1]}')
    return f'Put names of files in: {", ".join(lacking)}.' if lacking else ''


def python_call(provenance: Mapping[str, Any], files: Mapping[str, Any] | None = None) -> str:
    """Return Python that repeats a run; see :func:`command_line`."""
    provenance = checked_record(provenance)
    known: dict[str, Any] = {**_ENDS, **(files or {})}
    series = provenance.get('read', {}).get('series')
    which = '' if series is None else f', series={series!r}'
    read, given = f'fresco.read({known["image"]!r}{which})', dict(_given(provenance))
    if channels := known.get('channels') or _channel_read(provenance):
        named = ''.join(f', {n}={given[n]!r}' for n in ('axes', 'rgb') if n in given)
        read = f'fresco.Image.of({read}{named})' if named else read
        read += f'.channel({", ".join(map(repr, channels))})'
    lines = ['import napari_fresco as fresco', '', f'image = {read}']
    arguments = [('method', provenance['method']), ('task', provenance['task'])]
    keywords = [f'    {name}={value!r},' for name, value in arguments]
    for name, value in given.items():
        text = repr(value)
        if _is_by_channel(name, value):
            pairs = ((c, _file_of(name, c, known), own) for c, own in value.items())
            told = (
                f'{c!r}: {f"fresco.read({f!r})" if _is_array(v) else repr(v)}' for c, f, v in pairs
            )
            text = f'{{{", ".join(told)}}}'
        elif _is_array(value):
            lines.append(f'{name} = fresco.read({_file_of(name, "", known)!r})')
            text = name
        keywords.append(f'    {name}={text},')
    lines += ['result = fresco.restore(', '    image,', *keywords, ')']
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
    yield from _origin_sentence(p)
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


def _origin_sentence(p: Mapping[str, Any]) -> Iterator[str]:
    told = [f'{name} {value}' for name, value in p.get('read', {}).items()]
    if told:
        yield f'Of the file, {" and ".join(told)} was restored.'


def _weights_sentence(p: Mapping[str, Any]) -> Iterator[str]:
    weights = [w for w in p.get('weights', ()) if w.get('name')]
    if weights:
        named = ', '.join(f'{w["name"]} (SHA-256 {str(w["sha256"])[:16]})' for w in weights)
        yield f'Weights: {named}.'


def _settings_sentence(p: Mapping[str, Any]) -> str:
    given = [
        f'{n} {"given as an array" if _is_array(v) else _in_words(n, v)}'
        for n, v in _given(p)
        if n not in _TOLD
    ]
    if not given:
        return 'All settings were the defaults.'
    return f'Settings that differ from the defaults: {", ".join(given)}.'


def _in_words(name: str, value: Any) -> Any:
    """Return a setting as a text has it."""
    if not _is_by_channel(name, value):
        return value
    return ', '.join(f'{"found" if v is None else v} ({c})' for c, v in value.items())


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
        if isinstance(model.get('sigma'), float):
            yield f'Noise{of}: standard deviation of {model["sigma"]:.6g} image units, given.'
        elif 'gain' in model:
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


def _channel_read(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the channel that was alone in the image, of those in its file."""
    channel = provenance.get('read', {}).get('channel')
    return () if channel is None else (channel,)


def _is_by_channel(name: str, value: Any) -> bool:
    """Return whether a value is given by channel."""
    return name in BY_CHANNEL and isinstance(value, Mapping) and not _is_array(value)


def _file_of(name: str, channel: str, known: Mapping[str, Any]) -> str:
    """Return the file of an option, or of a channel of it; a stand-in where it is not known."""
    file = known.get(name)
    if isinstance(file, Mapping):
        file = file.get(channel)
    elif channel:
        file = None
    return _stand_in(name, channel) if file is None else str(file)


def _stand_in(name: str, channel: str) -> str:
    file = _FILES.get(name, name.upper())
    return f'{file}_{channel}' if channel else file


def _in_file(channel: str, picked: Sequence[Any]) -> str:
    """Return what a channel of a restored image is called in its file, of which some were picked.

    Numbers in a record count the channels that were restored.
    """
    if not (picked and channel.isdecimal()):
        return channel
    return str(picked[int(channel)])


def _is_array(value: Any) -> bool:
    return isinstance(value, Mapping) and 'shape' in value


def _words(option: str, value: Any, file: str) -> list[str]:
    """Return an option with its value as on the command line."""
    if _is_array(value):
        return [option, file]
    if isinstance(value, bool):
        return [option if value else '--no-' + option[2:]]
    if isinstance(value, Mapping):
        parts = (f'{axis}={number}{unit}' for axis, (number, unit) in value.items())
        return [option, ','.join(parts)]
    return [option, *map(str, value if isinstance(value, list | tuple) else [value])]
