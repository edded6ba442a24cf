"""The best validation value of a quantity so far, and how later ones compare with it."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.arguments import Measurement


class FitHistory:
    """What a fit row says beyond its own step. A value that is not finite is never the best."""

    def __init__(self) -> None:
        self._bests: list[tuple[int, float]] = []  # each better than the one before
        self._best_losses: npt.NDArray[np.float32] | None = None

    def resume(self, columns: Mapping[str, float], *, higher_is_better: bool) -> None:
        """Takes over the best step and value that an earlier process logged."""
        step, value = columns.get("best_step", math.nan), columns.get("best_value", math.nan)
        if math.isfinite(step):
            self.observe(int(step), Measurement(value), higher_is_better=higher_is_better)

    def forget_from(self, step: int) -> None:
        """Forgets what a restart at this step makes stale."""
        while self._bests and self._bests[-1][0] >= step:
            self._bests.pop()
            self._best_losses = None

    def observe(self, step: int, validation: Measurement, *, higher_is_better: bool) -> None:
        """Takes a validation value into account."""
        value = validation.value
        if not math.isfinite(value):
            return
        if self._bests:
            best = self._bests[-1][1]
            if not (value > best if higher_is_better else value < best):
                return
        self._bests.append((step, value))
        self._best_losses = validation.losses

    def best(self) -> dict[str, float]:
        """Columns `best_step` and `best_value`; empty before the first finite value."""
        if not self._bests:
            return {}
        step, value = self._bests[-1]
        return {"best_step": float(step), "best_value": value}

    def paired(self, validation: Measurement) -> dict[str, float]:
        """Columns `paired_mean` and `paired_se`: now minus at the best step, per example.

        Empty if the losses of either are unknown, or are of unlike many examples: the same
        examples must come in the same order at every evaluation.
        """
        now, best = validation.losses, self._best_losses
        if now is None or best is None or not self.is_comparable(validation):
            return {}
        with np.errstate(all="ignore"):
            difference = now.astype(np.float64) - best
            spread = float(difference.std(ddof=1)) if len(now) > 1 else math.nan
            return {
                "paired_mean": float(difference.mean()),
                "paired_se": spread / math.sqrt(len(now)),
            }

    def is_comparable(self, validation: Measurement) -> bool:
        """Whether its losses can be paired with those at the best step."""
        now, best = validation.losses, self._best_losses
        return now is None or best is None or len(now) == len(best)


def says_again(row: Mapping[str, float], before: Mapping[str, float]) -> bool:
    """Whether a fit row has a value that the one before it has; a NaN may be corrected."""
    return any(
        side in row and side in before and (row[side] != row[side] or before[side] == before[side])
        for side in ("train", "validation")
    )
