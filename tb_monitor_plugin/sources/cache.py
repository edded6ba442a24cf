"""What was decoded once, kept within a bound of bytes."""

import collections
import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """Keeps the values used last, up to a number of bytes. Safe to use from many threads.

    A value stands for one version of its key: asking for another version finds nothing, and
    keeping a newer version replaces the older one.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._total_bytes = 0
        self._lock = threading.Lock()
        self._kept: collections.OrderedDict[Hashable, tuple[Hashable, int, Value]] = (
            collections.OrderedDict()
        )

    def get(self, key: Hashable, version: Hashable = None) -> Value | None:
        """Returns the value kept for this version of the key, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is None or found[0] != version:
                return None
            self._kept.move_to_end(key)
            return found[2]

    def put(self, key: Hashable, value: Value, size_bytes: int, version: Hashable = None) -> None:
        """Keeps a value, and forgets the ones unused longest if there are too many bytes."""
        with self._lock:
            before = self._kept.pop(key, None)
            if before is not None:
                self._total_bytes -= before[1]
            if size_bytes > self._max_bytes:
                return
            self._kept[key] = (version, size_bytes, value)
            self._total_bytes += size_bytes
            while self._total_bytes > self._max_bytes:
                _, (_, oldest_bytes, _) = self._kept.popitem(last=False)
                self._total_bytes -= oldest_bytes

    @property
    def total_bytes(self) -> int:
        """Bytes kept now."""
        return self._total_bytes
