"""From a request to a result: the one code path behind panel, Python, command line and batch."""
