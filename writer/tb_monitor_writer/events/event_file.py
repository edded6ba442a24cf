"""One event file: created under a name of its own, appended to one whole record at a time."""

import contextlib
import errno
import itertools
import os
import re
import socket
import time

from tb_monitor_writer.events import encoding, framing

try:
    import fcntl
except ImportError:  # Windows: logs can be read there, and written through a SummaryWriter
    fcntl = None  # type: ignore[assignment]

IS_SUPPORTED = fcntl is not None and hasattr(os, "writev")
"""Whether this system has the calls that the event log rests on."""

SUFFIX = ".tb_monitor"
"""Ends the name of every file of ours, so that it is told from other writers' files."""

_PREFIX = "events.out.tfevents."
_counter = itertools.count()


def is_event_file(name: str) -> bool:
    """Whether TensorBoard would read a file of this name."""
    return "tfevents" in name


def is_ours(name: str) -> bool:
    """Whether a file of this name was written by an event log of ours."""
    return is_event_file(name) and name.endswith(SUFFIX)


def is_being_written(path: str) -> bool:
    """Whether a living process (this one included) has the file open as an `EventFile`."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:  # not to be told: a directory of our own is never wrong
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks: nobody can be seen
        return False
    finally:
        os.close(fd)
    return False


class EventFile:
    """An open event file. Every method may raise OSError; none leaves half a record behind.

    Attributes:
      path: Where it is.
      described: Tags whose metadata the file holds.
      broken: Half a record stands at its end and could not be cut off: readers stop there,
        so nothing more may be appended.
    """

    def __init__(self, directory: str, *, after: str = "", fsync: bool = False) -> None:
        """Creates a file and writes the event that opens it.

        Args:
          directory: Where; must exist.
          after: Name of a file that TensorBoard must read before this one.
          fsync: Wait for the disk after each event.
        """
        self.path = os.path.join(directory, _new_name(after))
        self.described: set[str] = set()
        self.broken = False
        self._fsync = fsync
        self._size = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(self.path, flags, 0o644)
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.append(encoding.encode_file_version(time.time()))
        except BaseException:
            os.close(self._fd)
            with contextlib.suppress(OSError):
                os.unlink(self.path)
            raise

    def append(self, event: bytes) -> None:
        """Appends one event in one writev(2), whole or not at all."""
        record = framing.frame(event)
        size = framing.HEADER_BYTES + len(event) + framing.FOOTER_BYTES
        try:
            written = os.writev(self._fd, record)
            if written == size:
                if self._fsync:
                    getattr(os, "fdatasync", os.fsync)(self._fd)  # macOS has fsync only
                self._size += size
                return
            reason = OSError(errno.ENOSPC, f"only {written} of {size} bytes were written")
        except OSError as error:
            reason = error
        except BaseException:  # Ctrl-C between the write and the count of it
            self._cut_off_the_tail()
            raise
        self._cut_off_the_tail()
        raise reason

    def is_deleted(self) -> bool:
        """Whether its name is gone, as after `rm -rf` of the run: nobody could read it."""
        return os.fstat(self._fd).st_nlink == 0

    def close(self) -> None:
        """Closes it; a second call does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _cut_off_the_tail(self) -> None:
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            self.broken = True


def _new_name(after: str) -> str:
    """A name that no other file has: time, host, process, and a number in the process."""
    host = socket.gethostname().replace("/", "_") or "localhost"
    rest = f"{host}.{os.getpid()}.{next(_counter)}{SUFFIX}"
    # TensorBoard reads a directory in the order of names: within one second, or after the
    # clock was set back, the name must still come last.
    earliest_s = _time_in(after)
    time_s = max(int(time.time()), earliest_s)
    name = f"{_PREFIX}{time_s:010d}.{rest}"
    return name if name > after else f"{_PREFIX}{time_s + 1:010d}.{rest}"


def _time_in(name: str) -> int:
    found = re.match(re.escape(_PREFIX) + r"(\d{10})\.", name)
    return int(found.group(1)) if found else 0
