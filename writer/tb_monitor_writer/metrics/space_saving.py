"""Counts of the most frequent pairs, where there are too many pairs to count them all.

A summary holds at most as many pairs as it is told to. Below that it is exact. Past it, the rarest
pairs go, and how often one that went (or never came) may have occurred is its `floor`; a pair that
comes back is counted anew and carries that floor as its error. For the count f of any pair

    counts <= f <= counts + errors,  errors <= floor <= total / (capacity + 1)

and f <= floor for a pair that is not kept, however batches are cut and summaries merged. (Of
weights this holds but for the rounding of sums.)

Source: Metwally, Agrawal, El Abbadi, ICDT 2005 (Space-Saving); Agarwal, Cormode, Huang, Phillips,
Wei, Yi, Mergeable Summaries, PODS 2012 (that merging keeps the bound; with their e = counts +
errors - floor this is their Misra-Gries merge, which subtracts the largest e that goes).
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics.counts import Counts

Keys: TypeAlias = npt.NDArray[np.unsignedinteger]


class Pairs(NamedTuple):
    """A summary; its arrays are never written to.

    Attributes:
      keys: Pairs kept, ascending and distinct, unsigned `[m]`.
      counts: How often each was counted since it was last let in, > 0, int64 or float64 `[m]`.
      errors: How much more often each may have occurred, `[m]`; None = 0 each.
      floor: Most that any pair may have occurred and not be kept; 0 = exact.
    """

    keys: Keys
    counts: Counts
    errors: Counts | None = None
    floor: int | float = 0


def no_pairs(dtype: type[np.unsignedinteger]) -> Pairs:
    """Returns the summary of nothing."""
    return Pairs(np.empty(0, dtype), np.empty(0, np.int64))


def count_pairs(keys: Keys, weights: Counts | None) -> Pairs:
    """Counts pairs exactly.

    Args:
      keys: Pairs in any order, `[n]`; the array may be sorted in place.
      weights: How much each counts, >= 0 `[n]`; None: 1 each.
    """
    if weights is None:
        keys.sort()
        starts = _starts(keys)
        return Pairs(keys[starts], np.diff(starts, append=len(keys)))
    filled = weights > 0
    if not filled.all():
        keys, weights = keys[filled], weights[filled]
    order, starts = _grouped(keys)
    return Pairs(keys[order[starts]], _sums(weights[order], starts))


def merge_pairs(one: Pairs, other: Pairs) -> Pairs:
    """Adds two summaries; the result may hold as many pairs as both."""
    if not len(other.keys) and not other.floor:
        return one
    if not len(one.keys) and not one.floor:
        return other
    keys = np.concatenate([one.keys, other.keys])
    order, starts = _grouped(keys)
    counts = _sums(np.concatenate([one.counts, other.counts])[order], starts)
    floor = one.floor + other.floor
    errors = None
    if floor:
        # A pair that only one summary keeps may have occurred up to the other's floor.
        errors = np.concatenate([_errors(one) + other.floor, _errors(other) + one.floor])
        errors = _sums(errors[order], starts)
        errors[np.diff(starts, append=len(keys)) == 2] -= floor
        np.maximum(errors, 0, out=errors)  # of weights: a rounding below 0
    return Pairs(keys[order[starts]], counts, errors, floor)


def keep_most_frequent(pairs: Pairs, capacity: int) -> Pairs:
    """Leaves at most `capacity` pairs: those that may be the most frequent, lower keys first."""
    excess = len(pairs.keys) - capacity
    if excess <= 0:
        return pairs
    most = pairs.counts if pairs.errors is None else pairs.counts + pairs.errors
    largest_gone = np.partition(most, excess - 1)[excess - 1]
    kept = most > largest_gone
    ties = np.flatnonzero(most == largest_gone)[: capacity - np.count_nonzero(kept)]
    kept[ties] = True
    floor = max(pairs.floor, largest_gone.item())
    return Pairs(pairs.keys[kept], pairs.counts[kept], _errors(pairs)[kept], floor)


def _errors(pairs: Pairs) -> Counts:
    return np.zeros_like(pairs.counts) if pairs.errors is None else pairs.errors


def _grouped(keys: Keys) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The order that sorts, and where in it each distinct key begins."""
    # A stable sort finds two sorted runs by itself and merges them in linear time.
    order = np.argsort(keys, kind="stable")
    return order, _starts(keys[order])


def _starts(ascending: Keys) -> npt.NDArray[np.intp]:
    first = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    return np.flatnonzero(first)


def _sums(ordered: Counts, starts: npt.NDArray[np.intp]) -> Counts:
    summed: Counts = np.add.reduceat(ordered, starts) if len(starts) else ordered
    return summed
