"""A run's event file for as long as the run lasts: opened late, replaced when it must be."""

from collections.abc import Callable, Sequence

from tb_monitor_writer.events import encoding
from tb_monitor_writer.events.earlier import Earlier, read_earlier, unread_sentence
from tb_monitor_writer.events.event_file import EventFile
from tb_monitor_writer.events.run_directory import RunDirectory


class RunLog:
    """Appends events to a run, from one thread. Every method may raise OSError.

    Args:
      directory: The run's directory; made when the first event comes.
      own_sub_run: Write to a sub-run of this process alone, as forked children must.
      fsync: Wait for the disk after each event.
      say: Is told, by cause and sentence, what the user should know.
    """

    def __init__(
        self,
        directory: str,
        *,
        own_sub_run: bool = False,
        fsync: bool = False,
        say: Callable[[str, str], None],
    ) -> None:
        self._directory = RunDirectory(directory, own_sub_run=own_sub_run)
        self._file: EventFile | None = None
        self._fsync = fsync
        self._say = say

    @property
    def is_open(self) -> bool:
        """Whether it has a file that events go to."""
        return self._file is not None

    def open(self) -> Earlier:
        """Opens the run, if it is not open.

        Returns:
          What earlier processes logged to it, by tag.
        """
        if self._file is None:
            self._open_in_run()
        found = read_earlier(self._directory.earlier_files)
        if found.unread_bytes:
            self._say("unread", unread_sentence(self._directory.path, found))
        return found

    def append(
        self,
        step: int,
        wall_time_s: float,
        values: Sequence[encoding.Value],
        *,
        starts_session: bool = False,
    ) -> None:
        """Appends one event, whole or not at all.

        Args:
          step: Of the event, 0 <= step < 2^63.
          wall_time_s: Seconds since 1970.
          values: What it holds.
          starts_session: Loaders are to drop what the run has at this step and later.
        """
        file = self._usable_file()
        if starts_session:
            # Twice, because TensorBoard takes the first one that it sees for the beginning.
            for _ in range(2):
                file.append(encoding.encode_session_start(wall_time_s, step))
        described = file.described
        file.append(encoding.encode_event(wall_time_s, step, values, described))
        for value in values:
            described.add(value.tag)

    def close(self) -> None:
        """Closes the file; the next event would open another one."""
        file, self._file = self._file, None
        self._directory.close()
        if file is not None:
            file.close()

    def _usable_file(self) -> EventFile:
        file = self._file
        if file is None:
            return self._open_in_run()
        if file.broken:
            self._say("broken", f"{file.path} ends in half a record that could not be cut off")
            return self._open_beside()
        # What may have happened to the file or beside it has changed the directory.
        if not self._directory.may_have_changed():
            return file
        if file.is_deleted():
            self._say(
                "deleted", f"{file.path} was deleted in mid-run: what it held is lost, a new one "
                f"is written in its place"
            )  # fmt: skip
            self.close()
            return self._open_in_run()
        if self._directory.has_another_writer():
            before = self._directory.path
            self.close()
            opened = self._open_in_run()
            self._say(
                "another writer", f"another writer's event file appeared in {before}; ours goes on "
                f"in {self._directory.path}, which the Monitor tab shows as the same run"
            )  # fmt: skip
            return opened
        return file

    def _open_in_run(self) -> EventFile:
        self._directory.open()
        return self._open_beside()

    def _open_beside(self) -> EventFile:
        opened = EventFile(
            self._directory.path, after=self._directory.newest_name, fsync=self._fsync
        )
        if self._file is not None:
            self._file.close()
        self._file = opened
        self._directory.opened(opened.path)
        return opened
