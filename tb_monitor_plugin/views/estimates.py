"""Averages and their 95 % intervals, from the rows that were logged."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics import mean_interval, wilson_interval

Floats = npt.NDArray[np.float64]

AVERAGES = ("macro", "micro", "weighted")


def interval(
    columns: Mapping[str, Floats], metric: str, average: str | None, *, multilabel: bool = False
) -> tuple[Floats, Floats, Floats]:
    """Returns an average over steps with the ends of its interval.

    Args:
      columns: Of an `averages` series, each `[T]`.
      metric: precision, recall, f1 or accuracy.
      average: macro, micro or weighted; None for accuracy.
      multilabel: Whether accuracy is the exact match ratio, which no average equals but by
        chance; the labels of one example depend on each other, so no average has an interval.

    Returns:
      Value, low and high, each `[T]` in [0, 1]; NaN = not logged or unknown. Accuracy, and
      micro averages that equal it, have Wilson's interval for the effective number of
      examples; the others the like of it, from their logged standard error.
    """
    name = metric if average is None else f"{metric}_{average}"
    value = _column(columns, name)
    accuracy = _column(columns, "accuracy")
    if metric != "accuracy" and multilabel:
        unknown = np.full(len(value), np.nan)
        return value, unknown, unknown
    if metric == "accuracy" or average == "micro":
        low, high = _of_proportion(columns, accuracy)
        same = np.isclose(value, accuracy, rtol=0, atol=1e-9)
        return value, np.where(same, low, np.nan), np.where(same, high, np.nan)
    # With the number of examples, a perfect value is not taken for a certain one.
    low, high = mean_interval(value, _column(columns, f"{name}_se"), _effective_examples(columns))
    return value, low, high


def estimate(
    row: Mapping[str, float] | None, metric: str, average: str | None, *, multilabel: bool = False
) -> dict[str, float]:
    """Returns one average of one row as an estimate of the wire; see `interval`."""
    if row is None:
        return dict.fromkeys(("value", "low", "high"), math.nan)
    columns = {name: np.array([value]) for name, value in row.items()}
    value, low, high = interval(columns, metric, average, multilabel=multilabel)
    return {"value": float(value[0]), "low": float(low[0]), "high": float(high[0])}


def top_k(row: Mapping[str, float] | None) -> dict[str, float] | None:
    """Returns the share of hits among the k best scores, if it was logged."""
    row = row or {}
    k, accuracy = row.get("top_k", math.nan), row.get("top_k_accuracy", math.nan)
    if not (math.isfinite(k) and math.isfinite(accuracy)):
        return None
    return {"k": int(k), "accuracy": accuracy}


def is_weighted(row: Mapping[str, float]) -> bool:
    """Whether the examples behind a row had weights."""
    total, squares = row.get("n", math.nan), row.get("sum_squared_weights", math.nan)
    return math.isfinite(total) and total != squares


def is_normalised(row: Mapping[str, float], num_classes: int) -> bool:
    """Whether a row looks like it was made from rates: a whole number of rows of sum 1."""
    total = row.get("n", math.nan)
    if not 0 < total <= num_classes or math.isfinite(row.get("sum_squared_weights", math.nan)):
        return False
    return abs(total - round(total)) <= 1e-3 * total


def _of_proportion(columns: Mapping[str, Floats], accuracy: Floats) -> tuple[Floats, Floats]:
    effective = _effective_examples(columns)
    known = np.isfinite(effective) & np.isfinite(accuracy)
    effective = np.where(known, effective, 0)
    low, high = wilson_interval(np.where(known, accuracy, 0) * effective, effective)
    return low, high


def _effective_examples(columns: Mapping[str, Floats]) -> Floats:
    total, squares = _column(columns, "n"), _column(columns, "sum_squared_weights")
    with np.errstate(divide="ignore", invalid="ignore"):
        return total * total / squares


def _column(columns: Mapping[str, Floats], name: str) -> Floats:
    found = columns.get(name)
    if found is not None:
        return found
    length = len(next(iter(columns.values()))) if columns else 0
    return np.full(length, np.nan)
