"""One confusion matrix from those of all ranks of a distributed job.

    agreement = agree({"num_classes": 10, "sparse": 0}, {"weighted": True}, group)
    sums = sum_numbers({"total": 40}, exact=not agreement.flags["weighted"], group)

Shapes must be the same on every rank before arrays can be summed, and no backend checks that: a
few integers, whose number does not depend on what a rank holds, are summed first.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tb_monitor_writer import distributed
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.cells import DenseCells
from tb_monitor_writer.metrics.counts import Counts, Margins
from tb_monitor_writer.metrics.space_saving import Pairs
from tb_monitor_writer.metrics.sparse_cells import SparseCells

_WORDS = 4  # of 16 bits: the sums of their squares are exact for 2^31 ranks


class Agreement(NamedTuple):
    """What all ranks know after they have compared.

    Attributes:
      ranks: How many there are.
      values: The value of each number that ranks must agree on; None if no rank gave one.
      flags: Whether a flag is set on any rank.
    """

    ranks: int
    values: dict[str, int | None]
    flags: dict[str, bool]


def agree(values: Mapping[str, int | None], flags: Mapping[str, bool], group: object) -> Agreement:
    """Compares numbers over all ranks, with one sum of a few integers.

    Args:
      values: Numbers in [0, 2^64) that must be the same on every rank that gives one.
      flags: Of which at least one rank may set any.
      group: As in `distributed.all_reduce`.

    Raises:
      InvalidInput: ranks differ; it is raised on every rank.
    """
    rows = [[1, *flags.values()], *(_row(value) for value in values.values())]
    mine = np.array([number for row in rows for number in row], np.int64)
    summed = distributed.all_reduce(mine, group).tolist()
    ranks, set_flags = summed[0], summed[1 : 1 + len(flags)]
    found: dict[str, int | None] = {}
    for index, (name, value) in enumerate(values.items()):
        start = len(rows[0]) + index * (1 + 2 * _WORDS)
        found[name] = _agreed(name, value, summed[start : start + 1 + 2 * _WORDS])
    named = zip(flags, (count > 0 for count in set_flags), strict=True)
    return Agreement(ranks, found, dict(named))


def checksum(names: Sequence[str]) -> int | None:
    """A number that names agree on, their order too; None without names."""
    return zlib.crc32("\0".join(names).encode("utf-8", "surrogatepass")) if names else None


def sum_numbers(
    numbers: Mapping[str, int | float],
    cells: DenseCells | SparseCells,
    *,
    weighted: bool,
    group: object,
) -> tuple[dict[str, int | float], DenseCells | SparseCells]:
    """Sums numbers and cells over all ranks.

    Args:
      numbers: By name.
      cells: Dense on every rank, or sparse on every rank.
      weighted: Whether any rank's cells are; all sums are float64 then, else int64.
      group: As in `distributed.all_reduce`.

    Returns:
      The sums, and new cells.
    """
    dtype = np.float64 if weighted else np.int64
    own = np.array([*numbers.values()], dtype)
    if isinstance(cells, DenseCells):
        together = np.concatenate([own, cells.matrix().reshape(-1)], dtype=dtype)
        summed = distributed.all_reduce(together, group)
        whole: DenseCells | SparseCells = cells.of_counts(summed[len(own) :])
    else:
        together = np.concatenate([own, *cells.margins()], dtype=dtype)
        summed = distributed.all_reduce(together, group)
        margins = Margins(*np.split(summed[len(own) :], 3))
        whole = cells.of_pairs(margins, _gathered(cells.pairs(), dtype, group))
    return dict(zip(numbers, summed[: len(own)].tolist(), strict=True)), whole


def _row(value: int | None) -> list[int]:
    if value is None:
        return [0] * (1 + 2 * _WORDS)
    words = [value >> 16 * place & 0xFFFF for place in range(_WORDS)]
    return [1, *words, *(word * word for word in words)]


def _agreed(name: str, value: int | None, summed: list[int]) -> int | None:
    given, sums, squares = summed[0], summed[1 : 1 + _WORDS], summed[1 + _WORDS :]
    # Numbers are equal if and only if their sum, squared, is n times the sum of their squares.
    if any(total**2 != given * square for total, square in zip(sums, squares, strict=True)):
        shown = "" if value is None or name == "class_names" else f", got {value} on this one"
        raise InvalidInput(f"{name} must be the same on every rank{shown}")
    if not given:
        return None
    return sum(total // given << 16 * place for place, total in enumerate(sums))


def _gathered(pairs: Pairs, dtype: type[np.int64] | type[np.float64], group: object) -> list[Pairs]:
    """The pairs of every rank: their bits as integers, three a pair, after a row of the floor."""
    table = np.zeros((1 + len(pairs.keys), 3), np.int64)
    as_numbers = table.view(dtype)
    as_numbers[0, 0] = pairs.floor
    table[1:, 0] = pairs.keys
    as_numbers[1:, 1] = pairs.counts
    if pairs.errors is not None:
        as_numbers[1:, 2] = pairs.errors
    found = []
    for gathered in distributed.all_gather(table, group):
        numbers: Counts = np.ascontiguousarray(gathered).view(dtype)
        floor = numbers[0, 0].item()
        keys = gathered[1:, 0].astype(pairs.keys.dtype)
        errors = numbers[1:, 2].copy() if floor else None
        found.append(Pairs(keys, numbers[1:, 1].copy(), errors, floor))
    return found
