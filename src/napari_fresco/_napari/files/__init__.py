"""Files, samples and sessions, opened and saved from the window."""
