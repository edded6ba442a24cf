"""Every error a caller can meet, in one place.

* MonitorError
  + InvalidInput      the values handed in make no sense   (also a ValueError)
  + SchemaMismatch    the bytes on disk are not ours       (also a ValueError)

Neither is raised for a full disk or a dead file system: what could not be written
is counted in `MonitorWriter.status()`, and training goes on.
"""

__all__ = ["InvalidInput", "MonitorError", "SchemaMismatch"]


class MonitorError(Exception):
    """Root of all errors of TB Monitor."""


class InvalidInput(MonitorError, ValueError):  # noqa: N818  the tree above is the name's suffix
    """The values handed in make no sense; nothing was written."""


class SchemaMismatch(MonitorError, ValueError):  # noqa: N818
    """The bytes on disk are not a record that this version can read."""
