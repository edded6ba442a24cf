"""A confusion matrix as it would be under another class mix.

An evaluation set is often balanced, or as old as the model, while the world is not: precision,
accuracy and every average move with the mix of the true classes, though the model stays the same.
"""

import math

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.arrays import as_numpy
from tb_monitor_writer.metrics.cell_counts import Floats, cell_counts
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix


def with_prevalence(matrix: ConfusionMatrix | object, prevalence: npt.ArrayLike) -> ConfusionMatrix:
    """Weighs the rows so that true classes are as frequent as given.

    M'[i, j] = n prevalence_i M[i, j] / sum over k of M[i, k], n the total as it was. What the
    model predicts for a true class is taken to stay the same (label shift); whether it does, no
    matrix can tell. Recall does not move, nor anything made of recalls alone.

    Args:
      matrix: A `ConfusionMatrix` or an array `[C, C]` of counts; row = true class, column =
        predicted class.
      prevalence: Share of each true class, `[C]`, >= 0; taken relative to their sum, so that
        the supports of another data set will do.

    Returns:
      A weighted matrix of the same classes and names, for `result`, `averages` or a log. Its
      `sum_squared_weights` is exact if the matrix had no weights, else NaN; the more the mix is
      bent, the fewer effective examples are left.

    Raises:
      InvalidInput: no matrix of counts, or one that gave up cells; prevalences that are none; a
        class that should occur of which there are no true examples.

    Source: Saerens, Latinne, Decaestecker, Neural Computation 14 (2002) 21-41; Elkan,
    IJCAI 2001.
    """
    counts = cell_counts("matrix", matrix, needs_every_cell=True)
    support = counts.support
    share = check_prevalence(prevalence, support)
    factor = np.divide(share * counts.total, support, out=np.zeros_like(support), where=support > 0)
    names = matrix.class_names if isinstance(matrix, ConfusionMatrix) else ()
    result = ConfusionMatrix(counts.num_classes, class_names=names or None)
    weights = counts.counts * factor[counts.truth]
    kept = weights > 0
    result.update(counts.truth[kept], counts.prediction[kept], weights[kept])
    weighted = matrix.weighted if isinstance(matrix, ConfusionMatrix) else counts.scale != 1
    result.sum_squared_weights = math.nan if weighted else float(support @ np.square(factor))
    return result


def check_prevalence(prevalence: npt.ArrayLike, support: Floats) -> Floats:
    """Checks the shares of the true classes and makes them sum to 1.

    Args:
      prevalence: `[C]`, finite, >= 0, not all 0.
      support: True examples of each class, `[C]`: at least one where prevalence is not 0.

    Raises:
      InvalidInput: they are not.
    """
    found = as_numpy("prevalence", prevalence).astype(np.float64)
    if found.shape != support.shape:
        raise InvalidInput(
            f"prevalence must have one share per class, [{len(support)}], got shape {found.shape}"
        )
    bad = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(bad):
        raise InvalidInput(
            f"prevalence[{bad[0]}] is {found[bad[0]]:g}: every share must be finite and >= 0"
        )
    if not found.sum() > 0:
        raise InvalidInput("prevalence must have a share above 0, got only 0")
    unseen = np.flatnonzero((found > 0) & (support == 0))
    if len(unseen):
        raise InvalidInput(
            f"prevalence[{unseen[0]}] is {found[unseen[0]]:g}: class {unseen[0]} has no true "
            f"examples, so nothing is known of its predictions; pass 0 ({len(unseen)} classes)"
        )
    shares: Floats = found / found.sum()
    return shares
