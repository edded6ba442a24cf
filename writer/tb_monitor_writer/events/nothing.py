"""The sink of a process that leaves the writing to another one."""

from collections.abc import Hashable, Mapping, Sequence

from tb_monitor_writer.events.earlier import EarlierTag
from tb_monitor_writer.events.encoding import Value
from tb_monitor_writer.events.event_log import WriterStatus


class Nothing:
    """Takes every record and writes none: of a distributed job, one process writes for all."""

    def earlier(self) -> Mapping[str, EarlierTag]:
        """Nothing: the run is not even opened."""
        return {}

    def append(
        self,
        step: int,
        values: Sequence[Value],
        *,
        key: Hashable = None,
        starts_session: bool = False,
    ) -> bool:
        """Writes nothing, and says so."""
        return False

    def replace(self, key: Hashable, values: Sequence[Value]) -> bool:
        """Nothing is refused here: what is wrong with a record, the writing process says."""
        return True

    def drop(self, count: int = 1) -> None:
        """Nothing is lost here either."""

    def status(self) -> WriterStatus:
        """Nothing written, nothing lost."""
        return WriterStatus(0, 0, None)

    def close(self) -> None:
        """Does nothing."""
