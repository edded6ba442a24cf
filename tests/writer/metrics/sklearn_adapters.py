"""scikit-learn's classification metrics by its signatures, computed by ours.

An adapter turns labels of any kind into class indices, picks the classes that `labels=` names,
and calls one function of `tb_monitor_writer.metrics`; every such call is noted in `CALLS`.
"""

import functools
import math

import numpy as np
import sklearn.utils.multiclass

from tb_monitor_writer import metrics

CALLS: list[str] = []
"""Names of our functions in the order they were called."""

_sabotaged = False


class sabotaged:  # noqa: N801  reads like contextlib's own
    """Inside it, all our results are wrong: a test that passes nonetheless tests nothing."""

    def __enter__(self):
        global _sabotaged
        _sabotaged = True

    def __exit__(self, *error):
        global _sabotaged
        _sabotaged = False


def accuracy_score(y_true, y_pred, *, normalize=True, sample_weight=None):
    return _ours("accuracy_score", _counts(y_true, y_pred, None, sample_weight))


def balanced_accuracy_score(y_true, y_pred, *, sample_weight=None, adjusted=False):
    counts = _counts(y_true, y_pred, None, sample_weight)
    return _ours("balanced_accuracy_score", counts, adjusted=adjusted)


def cohen_kappa_score(
    y1, y2, *, labels=None, weights=None, sample_weight=None, replace_undefined_by=math.nan
):
    cells = confusion_matrix(y1, y2, labels=labels, sample_weight=sample_weight)
    return _ours("cohen_kappa_score", cells, weights, zero_division=replace_undefined_by)


def confusion_matrix(y_true, y_pred, *, labels=None, sample_weight=None, normalize=None):
    if normalize is not None:
        raise NotImplementedError("our matrices are counts")
    matrix, names = _matrix(y_true, y_pred, labels, sample_weight)
    CALLS.append("ConfusionMatrix.to_array")
    places = np.arange(len(names)) if labels is None else _places(names, labels)
    return _wrong(matrix.to_array()[np.ix_(places, places)])


def matthews_corrcoef(y_true, y_pred, *, sample_weight=None):
    matrix, _ = _matrix(y_true, y_pred, None, sample_weight)
    return _ours("matthews_corrcoef", matrix, zero_division=0)


def multilabel_confusion_matrix(
    y_true, y_pred, *, sample_weight=None, labels=None, samplewise=False
):
    if not _is_multilabel(y_true):
        if samplewise:
            raise ValueError("Samplewise metrics are not available outside of multilabel")
        names = _names(y_true, y_pred, labels)
        y_true, y_pred = (np.ravel(side)[:, None] == names for side in (y_true, y_pred))
        labels = None if labels is None else _places(names, labels)
    counts = _multilabel(y_true, y_pred, labels, sample_weight, samplewise=samplewise)
    CALLS.append("MultilabelCounts.to_array")
    cells = _wrong(counts.to_array())
    if samplewise and sample_weight is not None:
        cells = cells * np.asarray(sample_weight)[:, None, None]
    return cells


def precision_recall_fscore_support(
    y_true,
    y_pred,
    *,
    beta=1.0,
    labels=None,
    pos_label=1,
    average=None,
    warn_for=(),
    sample_weight=None,
    zero_division="warn",
):
    return _averaged(
        functools.partial(_ours, "precision_recall_fscore", beta=beta),
        y_true, y_pred, labels, pos_label, average, sample_weight, zero_division,
    )  # fmt: skip


def _single(name):
    def adapter(
        y_true,
        y_pred,
        *,
        labels=None,
        pos_label=1,
        average="binary",
        sample_weight=None,
        zero_division="warn",
        **more,
    ):
        return _averaged(
            functools.partial(_ours, name, **more),
            y_true, y_pred, labels, pos_label, average, sample_weight, zero_division,
        )  # fmt: skip

    adapter.__name__ = name
    return adapter


f1_score = _single("f1_score")
fbeta_score = _single("fbeta_score")
jaccard_score = _single("jaccard_score")
precision_score = _single("precision_score")
recall_score = _single("recall_score")

ADAPTERS = {
    function.__name__: function
    for function in (
        accuracy_score,
        balanced_accuracy_score,
        cohen_kappa_score,
        confusion_matrix,
        f1_score,
        fbeta_score,
        jaccard_score,
        matthews_corrcoef,
        multilabel_confusion_matrix,
        precision_recall_fscore_support,
        precision_score,
        recall_score,
    )
}


def _averaged(
    score, y_true, y_pred, labels, pos_label, average, sample_weight, zero_division
):  # fmt: skip
    options = {"zero_division": 0 if zero_division == "warn" else zero_division}
    if average == "samples" and _is_multilabel(y_true):
        # One class per example: our macro over them is the mean over samples.
        if sample_weight is not None:
            raise NotImplementedError("macro weighs all classes, here examples, alike")
        counts = _multilabel(y_true, y_pred, labels, None, samplewise=True)
        return score(counts, average="macro", classes="all", **options)
    if average == "binary" and not _is_multilabel(y_true):
        names = _names(y_true, y_pred, None)
        if pos_label not in names:
            if len(names) > 1:
                raise ValueError(f"pos_label={pos_label} is not a valid label")
            names = np.append(names, pos_label)
        if len(names) == 1:
            names = np.append(names, -99)  # a negative class that does not occur
        matrix = _count(y_true, y_pred, names, sample_weight)
        place = int(np.flatnonzero(names == pos_label)[0])
        return score(matrix, average="binary", pos_label=place, **options)
    if labels is None and not _is_multilabel(y_true):
        matrix, _ = _matrix(y_true, y_pred, None, sample_weight)
        return score(matrix, average=average, **options)
    counts = _counts(y_true, y_pred, labels, sample_weight)
    return score(counts, average=average, classes="all", **options)


def _ours(name, *arguments, **keywords):
    CALLS.append(name)
    return _wrong(getattr(metrics, name)(*arguments, **keywords))


def _wrong(result):
    """The result as it is; in `sabotaged`, another one of the same form."""
    if not _sabotaged or result is None:
        return result
    if isinstance(result, tuple):
        return tuple(_wrong(part) for part in result)
    if isinstance(result, np.ndarray) and result.dtype.kind == "i":
        return result + len(CALLS)
    wrong = np.where(np.isnan(result), 0.123, 0.9 * np.asarray(result) + 0.037 * len(CALLS))
    return wrong if isinstance(result, np.ndarray) else float(wrong)


def _counts(y_true, y_pred, labels, sample_weight):
    if _is_multilabel(y_true):
        return _multilabel(y_true, y_pred, labels, sample_weight)
    matrix, names = _matrix(y_true, y_pred, labels, sample_weight)
    if labels is None:
        return matrix
    places = _places(names, labels)
    return metrics.Margins(*(column[places] for column in matrix.margins))


def _matrix(y_true, y_pred, labels, sample_weight):
    names = _names(y_true, y_pred, labels)
    return _count(y_true, y_pred, names, sample_weight), names


def _count(y_true, y_pred, names, sample_weight):
    order = np.argsort(names)
    matrix = metrics.ConfusionMatrix(max(1, len(names)))
    sides = (order[np.searchsorted(names[order], np.ravel(side))] for side in (y_true, y_pred))
    matrix.update(*sides, sample_weight)
    return matrix


def _names(y_true, y_pred, labels):
    sides = [np.ravel(side) for side in (y_true, y_pred) if len(side)]
    return np.unique(np.concatenate([*sides, [] if labels is None else np.asarray(labels)]))


def _places(names, labels):
    return np.searchsorted(names, np.asarray(labels))


def _multilabel(y_true, y_pred, labels, sample_weight, *, samplewise=False):
    y_true, y_pred = (
        side.toarray() if hasattr(side, "toarray") else np.asarray(side)
        for side in (y_true, y_pred)
    )
    if labels is not None:
        labels = np.asarray(labels)
        if labels.max() >= y_true.shape[1]:
            raise ValueError(f"All labels must be in [0, n labels): Got {labels.max()} > ...")
        if labels.min() < 0:
            raise ValueError(f"All labels must be in [0, n labels). Got {labels.min()} < 0")
        y_true, y_pred = y_true[:, labels], y_pred[:, labels]
    if samplewise:
        y_true, y_pred = y_true.T, y_pred.T
        sample_weight = None
    counts = metrics.MultilabelCounts(y_true.shape[1])
    counts.update(y_true, y_pred, sample_weight)
    return counts


def _is_multilabel(labels):
    return sklearn.utils.multiclass.type_of_target(labels) == "multilabel-indicator"
