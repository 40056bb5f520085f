"""Build sdist and wheel, install the wheel into a clean environment, and try it there.

The wheel is built from the sdist, so that what is missing in one is missing in both. Needs
``build`` and ``uv``; a window needs a screen or ``xvfb-run``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
SMOKE = ROOT / 'tools/smoke_test.py'


def main() -> None:
    """Do it with the dependencies that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--oldest', action='store_true', help='oldest allowed dependencies')
    oldest = parser.parse_args().oldest
    with TemporaryDirectory() as folder:
        dist, clean = Path(folder, 'dist'), Path(folder, 'clean')
        run(sys.executable, '-m', 'build', '--outdir', dist, ROOT)
        (wheel,) = dist.glob('*.whl')
        # Anywhere but in the checkout, whose files would stand in for what a package lacks.
        uv('venv', '--python', sys.executable, clean, cwd=folder)
        resolution = 'lowest-direct' if oldest else 'highest'
        into = ('pip', 'install', '--python', clean)
        # Its dependencies count as direct ones only if they are asked for, not the wheel.
        needs = ('-r', ROOT / 'pyproject.toml', '--extra', 'all')
        uv(*into, '--resolution', resolution, *needs, cwd=folder)
        uv(*into, '--no-deps', wheel, cwd=folder)
        screen = [] if os.environ.get('DISPLAY') or os.name == 'nt' else ['xvfb-run', '-a']
        python = clean / ('Scripts/python.exe' if os.name == 'nt' else 'bin/python')
        run(*screen, python, shutil.copy(SMOKE, folder), cwd=folder)


def uv(*arguments: object, cwd: str) -> None:
    """Run uv, which can resolve to the oldest versions."""
    run(sys.executable, '-m', 'uv', *arguments, cwd=cwd)


def run(*command: object, cwd: str | None = None) -> None:
    """Run a command; end with its message if it fails."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, check=False)
    if done.returncode:
        sys.exit(f'failed: {" ".join(map(str, command))}')


if __name__ == '__main__':
    main()
