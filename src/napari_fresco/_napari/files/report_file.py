"""The dialog that asks for the file of a report."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

REPORT_HELP = (
    '<p>Write one HTML file with pictures, checks, evidence, parameters, weights, a methods '
    'paragraph, and what repeats the run.</p>'
)
_PAGES = 'Report (*.html)'


def ask_for_report(parent: QWidget, name: str) -> Path | None:
    """Ask where a report shall be written; None where the user thinks better of it."""
    path, _ = QFileDialog.getSaveFileName(parent, 'Report', name, _PAGES)
    if not path:
        return None
    return Path(path) if path.endswith('.html') else Path(f'{path}.html')


def ask_for_file(parent: QWidget, title: str, name: str, kinds: str, suffix: str) -> Path | None:
    """Ask where a file shall be written; None where the user thinks better of it."""
    path, kind = QFileDialog.getSaveFileName(parent, title, name + suffix, kinds)
    if not path:
        return None
    chosen = kind.partition('*')[2].rstrip(')') or suffix
    return Path(path) if Path(path).suffix else Path(f'{path}{chosen}')
