"""Pictures of the panels are made anew by each build that finds a screen, beside its other work.

Where there is neither a screen nor ``xvfb-run``, or where ``FRESCO_PICTURES=0``, pages show those
that are kept in the repository.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

from sphinx.application import Sphinx
from sphinx.util import logging

SCRIPT = Path(__file__).parent / 'screenshots.py'
PATIENCE = 600
logger = logging.getLogger(__name__)


class Screenshots:
    """A process that takes pictures while pages are read."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix='panels-'))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, app: Sphinx) -> None:
        """Begin, if somebody would see it."""
        unseen = shutil.which('xvfb-run')
        screen = [unseen, '-a', '-s', '-screen 0 1280x800x24'] if unseen else []
        wanted = os.environ.get('FRESCO_PICTURES', '1') == '1' and app.builder.format == 'html'
        if wanted and (unseen or os.environ.get('DISPLAY')):
            command = [*screen, sys.executable, str(SCRIPT), str(self.folder)]
            self.process = subprocess.Popen(command, stderr=subprocess.PIPE)

    def finish(self, app: Sphinx, error: Exception | None) -> None:
        """Put what was taken in the place of what is kept."""
        if self.process is not None:
            self.collect(app, self.process)
        shutil.rmtree(self.folder)

    def collect(self, app: Sphinx, process: subprocess.Popen[bytes]) -> None:
        """Wait for the pictures."""
        try:
            _, said = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
        if process.returncode:
            logger.warning('no pictures of the panels: %s', said.decode(errors='replace')[-2000:])
            return
        for path, (_, name) in app.env.images.items():
            taken = self.folder / Path(path).name
            if Path(path).parent.name == 'panels' and taken.exists():
                shutil.copy(taken, app.outdir / '_images' / name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Work beside the builder."""
    screenshots = Screenshots()
    app.connect('builder-inited', screenshots.start)
    app.connect('build-finished', screenshots.finish)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
