"""A fresh Python with Qt that draws nowhere."""

from __future__ import annotations

import os
import subprocess
import sys


def run_fresh(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own, which must succeed."""
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, 'QT_QPA_PLATFORM': 'offscreen'},
    )
    assert done.returncode == 0, done.stderr
    return done
