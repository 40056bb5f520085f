"""The texts of the panel *Document*."""

from __future__ import annotations

from ...declare.fields import Parameter

NO_RESULT = 'Fill losses first: with "Fill losses", or a method and the task "Fill damage".'
SAME = 'Choose the photograph that the result was made of.'
NO_MAP = 'Choose labels as the map of damage; "Damage mask" gives them classes.'
SUMMARY = 'The photograph itself is never changed.'
INSERTS = 'TIFF (*.tif);;PNG (*.png)'
MAPS = 'Picture with legend (*.png);;Table (*.csv);;GeoJSON (*.geojson);;Drawing (*.svg)'
NOTE_HELP = '<p>Stands in the report; what is left empty is "not given" there.</p>'
INSERT_HELP = (
    '<p>Add what was filled as a layer of its own, and show it above the untouched photograph.</p>'
)
OUTLINE_HELP = '<p>Add labels that are drawn as the outline of what was filled.</p>'
FILE_HELP = (
    '<p>Write what was filled alone, with alpha: a TIFF or PNG of the size, resolution and profile '
    'of the photograph, which together with that is the result bit for bit.</p>'
)
RENDER_HELP = '<p>Add a copy in which the fill can be told from the original.</p>'
MEASURE_HELP = '<p>Count pieces, areas, lengths and widths of each class.</p>'
MAP_HELP = (
    '<p>Write the map of damage: a picture with legend (.png), a table (.csv), polygons in mm '
    '(.geojson) or a drawing (.svg).</p>'
)
REPORT_HELP = (
    '<p>Write a report (.html) with pictures, and beside it the record (.json) and the masks that '
    'repeat the fill bit for bit.</p>'
)
DAMAGE_HELP = '<p>The map of damage, whose labels are classes; see "Damage mask".</p>'
PAINTED_HELP = '<p>What shares are told of: labels or outlines over the painted area.</p>'
ANEW_HELP = (
    '<p>Fill the same losses again with other seeds: wide losses come out otherwise, as likely. '
    'Adds each fill as an insert, and a map of where they differ (L*a*b*), no error bar.</p>'
)
SIZE = Parameter(
    'mm', float, None, 'Size of a pixel on the wall; "auto" is what the layer says.', 'Pixel size',
    unit='mm', minimum=1e-6, maximum=1e4, optional=True,
)  # fmt: skip
SEED = Parameter(
    'seed', int, 0, 'Of phases, places and directions; the same gives the same.', 'Seed',
    minimum=0, maximum=2**31 - 1,
)  # fmt: skip
COUNT = Parameter(
    'count', int, 3, 'Fills of the same losses in all, each with a seed of its own.', 'Hypotheses',
    minimum=2, maximum=9,
)  # fmt: skip
