"""How the documentation is built: ``sphinx-build -W --keep-going -n -c docs docs/pages OUT``."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import napari_fresco

# What the page is.
project = 'napari-fresco'
author = 'The napari-fresco developers'
version = release = napari_fresco.__version__
language = 'en'

# How its sources are read.
extensions = [
    'myst_parser',
    'numpydoc',
    'sphinx.ext.autodoc',
    'sphinx.ext.autosummary',
    'sphinx_gallery.gen_gallery',
    # of this folder
    'checkpoints',
    'docstrings',
    'mathml',
    'pictures',
    'references',
    'tables',
]
source_suffix = {'.md': 'markdown', '.rst': 'restructuredtext'}
myst_heading_anchors = 3  # pages link to headings by their words
myst_enable_extensions = ['colon_fence']
nitpicky = True
templates_path = [str(HERE / 'templates')]

# What is said of names: docstrings give types, shapes and ranges in words.
autosummary_generate = True
autodoc_typehints = 'none'
autodoc_member_order = 'bysource'
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
toc_object_entries = False

# Examples are run when the pages are built, each from its first line to its last.
sphinx_gallery_conf = {
    'examples_dirs': str(HERE / 'examples'),
    'gallery_dirs': 'examples',
    'filename_pattern': r'\.py$',
    'plot_gallery': os.environ.get('FRESCO_GALLERY', '1') == '1',
    'within_subsection_order': 'FileNameSortKey',
    'min_reported_time': 1e9,  # a machine that builds pages is no benchmark
    'write_computation_times': False,
    'show_memory': False,
    'show_signature': False,
    'backreferences_dir': 'examples/uses',
    'doc_module': ('napari_fresco',),
}
# What it looks like. No page asks another host for anything, fonts included.
html_theme = 'pydata_sphinx_theme'
html_title = 'napari-fresco'
html_show_sourcelink = False
html_sidebars = {'install': [], 'questions': []}  # pages that have none beside them
html_static_path = [str(HERE / 'static')]
html_css_files = ['fresco.css']
html_js_files = [('fresco.js', {'defer': 'defer'})]
html_theme_options = {
    'navbar_align': 'left',
    'header_links_before_dropdown': 8,
    'navigation_with_keys': False,
    'show_toc_level': 2,
    'secondary_sidebar_items': ['page-toc'],
    'footer_start': ['copyright'],
    'footer_end': [],
}
copyright = 'The napari-fresco developers, BSD-3-Clause'
