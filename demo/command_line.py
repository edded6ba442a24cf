"""What the scripts have in common on the command line and on the screen."""

import argparse
import pathlib
import shutil
import sys
import time
from types import TracebackType

LOGS = pathlib.Path(__file__).parent / "logs"


def options(description: str | None, number: int, what: str = "epochs") -> argparse.Namespace:
    """Parses `--epochs N --logs DIR`, or what else is counted."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(f"--{what}", type=int, default=number, help="default: %(default)s")
    parser.add_argument("--logs", type=pathlib.Path, default=LOGS, help="default: demo/logs")
    return parser.parse_args()


def fresh_run(logs: pathlib.Path, name: str) -> pathlib.Path:
    """Returns the directory of a run, without what an earlier call has left there."""
    run = logs / name
    shutil.rmtree(run, ignore_errors=True)
    return run


class ProgressBar:
    """One line per run, redrawn on a terminal; four lines where output is kept."""

    def __init__(self, title: str, total: int) -> None:
        self._title, self._total = title, total
        self._start_s = time.monotonic()
        self._done, self._note = 0, ""
        self._redraws = sys.stdout.isatty()

    def __enter__(self) -> "ProgressBar":
        self.update(0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        took = f"{time.monotonic() - self._start_s:.0f} s"
        self._draw(f"{self._note}  {took}" if error is None else "stopped", end="\n")

    def update(self, done: int, note: str = "") -> None:
        """Shows how far it is: `done` of the total, and a note on how it goes."""
        quarter = -(-self._total // 4)
        self._done, self._note = done, note
        if self._redraws:
            self._draw(note, end="")
        elif 0 < done < self._total and done % quarter == 0:
            self._draw(note, end="\n")

    def _draw(self, note: str, end: str) -> None:
        filled = 16 * self._done // max(1, self._total)
        bar = "█" * filled + "░" * (16 - filled)
        line = f"{self._title:<16} {bar} {self._done:>3}/{self._total}  {note}"
        if self._redraws:  # a line that wraps could not be redrawn
            line = f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K"
        print(line, end=end, flush=True)
