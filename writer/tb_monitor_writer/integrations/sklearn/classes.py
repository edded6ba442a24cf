"""From the labels of an estimator to the rows and columns of a matrix."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.utils.multiclass import type_of_target

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, MultilabelCounts
from tb_monitor_writer.monitor_writer import MonitorWriter


class Classes(NamedTuple):
    """The classes of a problem, in the order of a matrix; or the labels of a multi-label one.

    Attributes:
      labels: Distinct labels as the estimator has them: position = class index. None if labels
        are indices already, and for a multi-label problem.
      num_classes: C, or L of a multi-label problem.
      names: For the views; () = those of the MonitorWriter, or none.
      is_multilabel: Whether truth and predictions are 0 or 1 `[n, L]`.
    """

    labels: npt.NDArray[Any] | None
    num_classes: int
    names: tuple[str, ...] = ()
    is_multilabel: bool = False

    def indices(self, argument: str, labels: object) -> npt.NDArray[np.int64]:
        """Class indices `[n]` of labels `[n]`.

        Raises:
          InvalidInput: a label that is not among the classes.
        """
        found = as_array(labels)
        if self.labels is None:
            return found.astype(np.int64)
        distinct, inverse = np.unique(found, return_inverse=True)
        place = {label: index for index, label in enumerate(self.labels.tolist())}
        for label in distinct.tolist():
            if label not in place:
                raise InvalidInput(
                    f"{argument} must hold classes of the estimator, got {label!r:.40}"
                )
        table = np.array([place[label] for label in distinct.tolist()], np.int64)
        return table[inverse]

    def counts(
        self, y_true: object, y_pred: object, sample_weight: object = None
    ) -> ConfusionMatrix | MultilabelCounts:
        """Counts truth and predictions as they come from an estimator."""
        if self.is_multilabel:
            counts = MultilabelCounts(self.num_classes, class_names=self.names or None)
            counts.update(as_array(y_true), as_array(y_pred), sample_weight)
            return counts
        matrix = ConfusionMatrix(self.num_classes, class_names=self.names or None)
        matrix.update(self.indices("y", y_true), self.indices("y_pred", y_pred), sample_weight)
        return matrix


def classes_of(monitor: MonitorWriter, *truths: object, of_estimator: object = None) -> Classes:
    """Finds the classes among labels, and their order.

    The MonitorWriter's `class_names` (or `num_classes`) come first: labels that are names among
    them, or indices into them, keep their place. Else the order is that of scikit-learn: sorted.

    Args:
      monitor: Whose class names hold.
      truths: `y` of every split.
      of_estimator: `classes_` of a fitted one; not looked at if the truths are multi-label.

    Raises:
      InvalidInput: labels of several outputs, or not as many as the class names.
    """
    arrays = [as_array(one) for one in truths]
    widths = {array.shape[1] for array in arrays if array.ndim == 2}
    if widths:
        if len(widths) > 1:
            raise InvalidInput(f"y must have as many labels in each split, got {sorted(widths)}")
        return Classes(None, widths.pop(), is_multilabel=True)
    if of_estimator is not None:
        arrays.append(as_array(of_estimator))
    found = np.unique(np.concatenate(arrays))
    if found.dtype.kind == "f" and (found == found.astype(np.int64)).all():
        found = found.astype(np.int64)
    given = monitor.class_names
    num_classes = monitor.num_classes or len(found)
    as_text = tuple(str(label) for label in found.tolist())
    if given and set(as_text) <= set(given) and found.dtype.kind not in "biu":
        return Classes(np.array(given, object), len(given))
    if found.dtype.kind in "biu" and found[0] >= 0 and found[-1] < num_classes:
        return Classes(None, num_classes)
    if monitor.num_classes not in (None, len(found)):
        raise InvalidInput(
            f"y must hold as many classes as the MonitorWriter's {num_classes}, or names or "
            f"indices of them, got {len(found)}: {', '.join(as_text):.60}"
        )
    return Classes(found, len(found), () if given else as_text)


def as_array(labels: object) -> npt.NDArray[Any]:
    """Labels as an array, whether they came as a list, a pandas object or a sparse matrix."""
    return np.asarray(labels.toarray() if hasattr(labels, "toarray") else labels)


def is_countable(y: object) -> bool:
    """Whether labels are of one of the tasks that have counts."""
    return type_of_target(as_array(y)) in ("binary", "multiclass", "multilabel-indicator")
