"""The one place where an exception becomes a reason.

TensorBoard's readers raise whatever damaged data leads them to (KeyError, TypeError,
ValueError, DecodeError, grpc errors, MemoryError), for one tensor out of thousands. Each read
of one series runs in here, so that the others are not harmed.
"""

import logging
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from tb_monitor_writer.errors import SchemaMismatch

Value = TypeVar("Value")

_MAX_REASON = 300  # characters: one sentence; exceptions may quote a whole record

_logger = logging.getLogger(__name__)


class Unreadable(NamedTuple):
    """Why something could not be read: one sentence."""

    reason: str


def guarded(read: Callable[[], Value], what: str) -> Value | Unreadable:
    """Reads, or says why that is not possible.

    Args:
      read: May raise anything.
      what: What is read, for the log.
    """
    try:
        return read()
    except SchemaMismatch as mismatch:
        return Unreadable(str(mismatch)[:_MAX_REASON])
    except Exception as error:
        _logger.debug("TB Monitor could not read %r", what, exc_info=True)
        first_line = (str(error).strip().splitlines() or [""])[0]
        return Unreadable(
            f"TensorBoard could not read it: {type(error).__name__}: {first_line}"[:_MAX_REASON]
        )
