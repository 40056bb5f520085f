"""The measures of an evaluation as rows of a table, with units and explanations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

_IMAGE = 'image units'
_FACTS: Mapping[str, tuple[str, str]] = {
    'measured': ('planes', 'Planes that were measured, spread over the stack'),
    'planes': ('planes', 'Those of them that hardly any light from beyond the stack reaches'),
    'all': ('planes', 'Planes there are'),
    'sigma': (_IMAGE, 'Standard deviation of the noise of the image'),
    'gain': (f'{_IMAGE} per photo-electron', 'How the noise grows with the light'),
    'offset': (_IMAGE, 'Intensity without light'),
    'read_noise': (_IMAGE, 'Noise without light'),
    'psnr': ('dB', 'Closeness to the truth: peak over root mean square error'),
    'rmse': (_IMAGE, 'Root mean square error against the truth'),
    'ssim': ('', 'Likeness to the truth in structure, 1 at most'),
    'peak': (_IMAGE, 'Intensity of white, for PSNR and SSIM'),
    'before': (_IMAGE, 'Mean of the image'),
    'after': (_IMAGE, 'Mean of the result'),
    'kept': ('', 'Share of the light that is kept: 1 where none is made or lost'),
    'rms': ('of the noise', 'What was taken away over the noise above: 1 where that went and '
            'nothing else; checks noise and consistency say what is too little or too much'),
    'chi_square': ('', 'Power of what was taken away over that of the noise: the square of rms'),
    'flagged': ('of the area', 'Where more than noise was taken away'),
    'lag_one': ('', 'Likeness of neighbours in what was taken away: above 0 structure was lost, '
                'below 0 noise was left in'),
    'low_over_high': ('', 'Coarse over fine power of what was taken away: 1 for white noise'),
    'structure': ('', 'Likeness of what was taken away to the detail of the result: 0 for noise '
                  'alone; check structure says what is too much'),
    'edges': ('', 'Likeness of what was taken away to the edges of the result'),
    'rse': (_IMAGE, 'What the result, blurred, leaves unexplained: the noise, if all is well'),
    'rsp': ('', 'Correlation of the blurred result with the image'),
    'alpha': ('', 'Slope between the two: 1 where light was neither made nor lost'),
    'beta': (_IMAGE, 'Intercept between the two'),
    'decorrelation': ('', 'Resolution by decorrelation analysis'),
    'checkerboard': ('', 'Resolution by correlation of the four lattices, some 20 % coarser than '
                     'that of two frames'),
    'with_truth': ('', 'Resolution by ring correlation with the truth, at 1/7'),
    'two_frames': ('', 'Resolution by ring correlation of two frames, at 1/7'),
}  # fmt: skip
_OF = ('input_', 'result_')
_ABBREVIATIONS = ('psnr', 'rmse', 'ssim', 'rse', 'rsp')


class MeasureRow(NamedTuple):
    """A row of the table: group, name, value as text, unit and explanation."""

    group: str
    name: str
    value: str
    unit: str = ''
    meaning: str = ''


def rows(groups: Mapping[str, Any]) -> list[MeasureRow]:
    """Return all numbers of an evaluation, checks apart; of several channels those of each."""
    found = []
    if 'channels' in groups:
        for channel, own in groups['channels'].items():
            found += [row._replace(group=f'{channel}: {row.group}') for row in rows(own)]
        return found
    for group, values in groups.items():
        if group == 'checks':
            continue
        title = group.replace('_', ' ')
        if not isinstance(values, Mapping):
            found.append(MeasureRow(title, '', str(values)))
            continue
        common = str(values.get('unit', ''))
        for name, value in values.items():
            if name != 'unit':
                unit, meaning = _facts(name)
                text = f'{value:.4g}' if isinstance(value, float) else str(value)
                text = 'none found' if value is None else text
                unit = '' if value is None else unit or common
                found.append(MeasureRow(title, _words(name), text, unit, meaning))
    return found


def _words(name: str) -> str:
    words = name.split('_')
    return ' '.join(word.upper() if word in _ABBREVIATIONS else word for word in words)


def _facts(name: str) -> tuple[str, str]:
    for prefix in _OF:
        name = name.removeprefix(prefix)
    return _FACTS.get(name, ('', ''))
