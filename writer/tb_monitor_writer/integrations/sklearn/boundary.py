"""What may be handed in, and the one place that keeps a finished computation from being lost."""

import contextlib
import logging
from collections.abc import Iterator

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.monitor_writer import MonitorWriter

logger = logging.getLogger("tb_monitor_writer")


def check_monitor(monitor: object) -> None:
    """Checks the first argument of every function here."""
    if not isinstance(monitor, MonitorWriter):
        raise InvalidInput(
            f"monitor must be a MonitorWriter, got {type(monitor).__name__}; "
            f"with MonitorWriter(directory) as monitor: ..."
        )


def check_is_new(monitor: MonitorWriter, name: str) -> None:
    """Refuses a name that has records: its steps would begin again, and erase later ones."""
    last_step = monitor.last_step(name)
    if last_step is not None:
        raise InvalidInput(
            f"{name!r} must be new in this run, got records up to step {last_step}; "
            f"log to a run directory of its own"
        )


@contextlib.contextmanager
def harmless(what: str) -> Iterator[None]:
    """Whatever fails in here costs records, not the result that took minutes to compute."""
    try:
        yield
    except Exception as error:
        logger.warning("%s could not be logged: %r", what, error)
