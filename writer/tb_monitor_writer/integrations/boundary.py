"""What stands between a callback's logging and the training it watches."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Literal

logger = logging.getLogger("tb_monitor_writer")


class Boundary:
    """Lets no failure of logging into a training, and says each cause once.

    Args:
      who: Whose sentences these are.
      on_error: "warn", or "raise" to let failures through.
    """

    def __init__(self, who: str, on_error: Literal["warn", "raise"]) -> None:
        self.raises = on_error == "raise"
        self._who = who
        self._said: set[str] = set()

    @contextlib.contextmanager
    def harmless(self, what: str) -> Iterator[None]:
        """Whatever fails in here costs a record, not the training."""
        try:
            yield
        except Exception as error:
            if self.raises:
                raise
            self.say(f"failed {what}", f"{what} could not be logged: {error!r}")

    def say(self, cause: str, sentence: str) -> None:
        """Says a sentence that the user should read, once per cause."""
        if cause not in self._said:
            self._said.add(cause)
            logger.warning("%s: %s", self._who, sentence)
