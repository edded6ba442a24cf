"""Where a run's event file goes: the rule against two writers in one directory.

TensorBoard's Python loader reads one file of a directory at a time, in the order of their
names, and never returns to an earlier one. So a file of ours must not appear beside a file
that another writer still appends to, nor be appended to once another one has appeared.
"""

import itertools
import os
import time

from tb_monitor_writer.events import event_file

SUB_RUN = "tb_monitor"
"""Sub-run for our file when the run's directory holds files of others."""

_SETTLED_AFTER_S = 0.05
"""Clock ticks of file systems are 1 to 10 ms: a second change within one leaves the same
modification time, so a directory counts as unchanged only once its time is older than this."""

_counter = itertools.count(1)


class RunDirectory:
    """Chooses the directory for a run's event file, and notices when it must change.

    Every method may raise OSError.

    Attributes:
      path: Directory of the current file; not there before `open`.
      earlier_files: Paths of finished files of ours that were there before, oldest first; for
        the sub-run those in the run's own directory too, which readers show as one.
    """

    def __init__(self, run: str, *, own_sub_run: bool = False) -> None:
        """Chooses.

        Args:
          run: The run's directory; need not exist.
          own_sub_run: Take a sub-run of this process alone, as forked children must.
        """
        self._run = run
        self._sub_run_only = own_sub_run
        self._fd = -1
        self._known: frozenset[str] = frozenset()
        self._mtime_ns = -1
        self._unchanged_since_s = 0.0
        self._is_settled = False
        self.path = ""
        self.earlier_files: tuple[str, ...] = ()

    def open(self) -> None:
        """Chooses the directory and creates it: the run's own, else a sub-run."""
        self.close()
        sub_run = os.path.join(self._run, SUB_RUN)
        if self._sub_run_only or not (self._take(self._run) or self._take(sub_run)):
            self._take(f"{sub_run}-{os.getpid()}-{next(_counter)}")
        elif self.path == sub_run:
            finished = (*_finished_files(self._run), *self.earlier_files)
            self.earlier_files = tuple(sorted(finished, key=os.path.basename))
        os.makedirs(self.path, exist_ok=True)
        # By descriptor, so that a directory that is renamed in mid-run stays ours.
        self._fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def opened(self, file_path: str) -> None:
        """Takes note of our own new file, so that it is not taken for another's."""
        self._known |= {os.path.basename(file_path)}
        self._mtime_ns = -1

    @property
    def newest_name(self) -> str:
        """Name of the last event file in TensorBoard's order; "" if there is none."""
        return max(self._known, default="")

    def may_have_changed(self) -> bool:
        """Whether a name may have appeared or gone since the last time; one fstat(2)."""
        mtime_ns = os.fstat(self._fd).st_mtime_ns
        if mtime_ns == self._mtime_ns and self._is_settled:
            return False
        self._look_at(mtime_ns)
        return True

    def has_another_writer(self) -> bool:
        """Whether an event file has appeared beside ours; reads the directory."""
        return not self._known.issuperset(_event_files(self._fd))

    def close(self) -> None:
        """Lets go of the directory; a second call does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _look_at(self, mtime_ns: int) -> None:
        now_s = time.monotonic()
        if mtime_ns != self._mtime_ns:
            self._mtime_ns = mtime_ns
            self._unchanged_since_s = now_s
        self._is_settled = now_s - self._unchanged_since_s > _SETTLED_AFTER_S

    def _take(self, directory: str) -> bool:
        found = sorted(_event_files(directory))
        paths = tuple(os.path.join(directory, name) for name in found)
        if not all(event_file.is_ours(path) for path in paths):
            return False
        if any(event_file.is_being_written(path) for path in paths):
            return False
        self.path = directory
        self.earlier_files = paths
        self._known = frozenset(found)
        self._mtime_ns = -1
        return True


def _finished_files(directory: str) -> list[str]:
    ours = (name for name in _event_files(directory) if event_file.is_ours(name))
    paths = (os.path.join(directory, name) for name in ours)
    return [path for path in paths if not event_file.is_being_written(path)]


def _event_files(directory: str | int) -> list[str]:
    try:
        return [name for name in os.listdir(directory) if event_file.is_event_file(name)]
    except FileNotFoundError:
        return []
