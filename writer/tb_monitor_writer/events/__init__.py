"""The crash-safe event log, and the other places that a summary can go to."""
