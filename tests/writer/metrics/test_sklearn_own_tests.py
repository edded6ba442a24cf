"""scikit-learn's own tests of classification metrics, run against ours.

Its file `sklearn/metrics/tests/test_classification.py` ships in the wheel. It is loaded with the
names of its metrics bound to `sklearn_adapters`, and the tests in `LISTED` are run as they stand:
each must pass, must have called a function of ours, and must fail when that returns other numbers.
What is outside our scope stands in `OUTSIDE` with its reason, and in docs/metrics.md.
"""

import functools
import importlib.util
import inspect
import pathlib
import re
import warnings

import pytest
import sklearn
import sklearn.metrics
from sklearn_adapters import ADAPTERS, CALLS, sabotaged

VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
CHECKED = (1, 9)
"""The newest version whose every test was sorted into one of the two tables."""

EVER = ((0, 0), (99, 0))
UNTIL_1_5 = ((0, 0), (1, 6))
SINCE_1_9 = ((1, 9), (99, 0))

# test -> the first version that has it, and the first that has it no more
LISTED = {
    "test_balanced_accuracy_score": EVER,
    "test_cohen_kappa": EVER,
    "test_cohen_kappa_undefined": SINCE_1_9,
    "test_confusion_matrix_binary": EVER,
    "test_confusion_matrix_multiclass_subset_labels": EVER,
    "test_f1_for_small_binary_inputs_with_zero_division": EVER,
    "test_jaccard_score_zero_division_set_value": EVER,
    "test_matthews_corrcoef": EVER,
    "test_matthews_corrcoef_against_jurman": EVER,
    "test_matthews_corrcoef_against_numpy_corrcoef": EVER,
    "test_matthews_corrcoef_multiclass": EVER,
    "test_matthews_corrcoef_nan": UNTIL_1_5,
    "test_matthews_corrcoef_overflow": EVER,
    "test_multiclass_jaccard_score": EVER,
    "test_multilabel_accuracy_score_subset_accuracy": EVER,
    "test_multilabel_confusion_matrix_binary": EVER,
    "test_multilabel_confusion_matrix_multiclass": EVER,
    "test_multilabel_confusion_matrix_multilabel": EVER,
    "test_precision_recall_f1_no_labels": EVER,
    "test_precision_recall_f1_no_labels_average_none": EVER,
    "test_precision_recall_f1_score_binary": EVER,
    "test_precision_recall_f1_score_binary_averaged": EVER,
    "test_precision_recall_f1_score_multiclass": EVER,
    "test_precision_recall_f1_score_multilabel_1": EVER,
    "test_precision_recall_f1_score_multilabel_2": EVER,
    "test_precision_recall_f1_score_with_an_empty_prediction": EVER,
    "test_precision_recall_f_binary_single_class": EVER,
    "test_precision_recall_f_extra_labels": EVER,
    "test_precision_recall_f_ignored_labels": EVER,
    "test_precision_refcall_f1_score_multilabel_unordered_labels": EVER,
    "test_zero_division_nan_no_warning": EVER,
    "test_zero_precision_recall": EVER,
}

OUTSIDE = {
    "warnings": [  # that they are given, or their text
        "test_average_binary_jaccard_score",
        "test_balanced_accuracy_score_unseen",
        "test_cohen_kappa_zero_division_warning",
        "test_confusion_matrix_single_label",
        "test_fscore_warnings",
        "test_jaccard_score_zero_division_warning",
        "test_multilabel_jaccard_score",
        "test_precision_recall_f1_no_labels_average_none_warn",
        "test_precision_recall_f1_no_labels_check_warnings",
        "test_precision_recall_f_unused_pos_label",
        "test_precision_warnings",
        "test_prf_no_warnings_if_zero_division_set",
        "test_prf_warnings",
        "test_recall_warnings",
        "test_zero_division_nan_warning",
    ],
    "the text of errors": [
        "test_cohen_kappa_score_error_wrong_label",
        "test_confusion_matrix_error",
        "test_jaccard_score_validation",
        "test_multilabel_confusion_matrix_errors",
        "test_prf_average_binary_data_non_binary",
    ],
    "`normalize=`": [
        "test_confusion_matrix_normalize",
        "test_confusion_matrix_normalize_single_class",
    ],
    "the dtype of weighted counts": ["test_confusion_matrix_dtype"],
    "no examples": ["test_confusion_matrix_on_zero_length_input"],
    "array API and pandas": [
        "test_confusion_matrix_array_api",
        "test_confusion_matrix_pandas_nullable",
    ],
    "scorers in other processes": [
        "test_classification_metric_division_by_zero_nan_validation",
        "test_classification_metric_division_by_zero_nan_validaton",
    ],
    "no number is asserted": ["test_classification_metric_pos_label_types"],
    "likelihood ratios": [
        "test_likelihood_ratios_replace_undefined_by_0_fp",
        "test_likelihood_ratios_replace_undefined_by_0_tn",
        "test_likelihood_ratios_replace_undefined_by_worst",
    ],
}

DOCS = pathlib.Path(__file__).parents[3] / "docs" / "metrics.md"


def load_their_tests():
    """Their file as a module in which the names of metrics are ours."""
    path = pathlib.Path(sklearn.metrics.__file__).parent / "tests" / "test_classification.py"
    spec = importlib.util.spec_from_file_location("sklearns_test_classification", path)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        for name, adapter in ADAPTERS.items():
            patch.setattr(sklearn.metrics, name, adapter)
        spec.loader.exec_module(module)
    return module


def pointed_at_ours(test):
    @functools.wraps(test)
    def run(*arguments, **keywords):
        CALLS.clear()
        test(*arguments, **keywords)
        assert CALLS, "it called no function of ours"
        with pytest.raises((Exception, pytest.fail.Exception)):
            with_wrong_numbers(test, arguments, keywords)

    return run


def with_wrong_numbers(test, arguments, keywords):
    with sabotaged(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test(*arguments, **keywords)


def is_in_force(versions):
    first, gone = versions
    return first <= VERSION < gone


THEIRS = load_their_tests()
for _name, _versions in LISTED.items():
    if is_in_force(_versions) and hasattr(THEIRS, _name):
        globals()[_name] = pointed_at_ours(getattr(THEIRS, _name))


@pytest.mark.parametrize("name", [name for name in LISTED if is_in_force(LISTED[name])])
def test_each_listed_test_is_there(name):
    assert hasattr(THEIRS, name), f"scikit-learn {sklearn.__version__} has no {name}"
    assert name in globals()


def test_the_metrics_that_they_test_are_ours_by_name_and_by_parametrize():
    for name, adapter in ADAPTERS.items():
        assert getattr(THEIRS, name) is adapter
        assert getattr(sklearn.metrics, name) is not adapter  # as it was for everybody else
    (mark,) = (
        mark
        for mark in THEIRS.test_zero_division_nan_no_warning.pytestmark
        if "metric" in mark.args[0]
    )
    assert ADAPTERS["f1_score"] in mark.args[1]


def test_each_of_their_tests_of_these_metrics_is_listed_or_outside_for_a_reason():
    outside = {name for names in OUTSIDE.values() for name in names}
    assert not outside & set(LISTED)
    names = re.compile(rf"\b({'|'.join(ADAPTERS)})\b")
    found = {
        name
        for name, test in vars(THEIRS).items()
        if name.startswith("test_")
        and (names.search(inspect.getsource(test)) or names.search(str(_parameters(test))))
    }
    assert len(found) > 50
    listed = {name for name in LISTED if is_in_force(LISTED[name])}
    assert listed <= found
    assert VERSION > CHECKED or found - outside == listed


def _parameters(test):
    return [mark.args for mark in getattr(test, "pytestmark", [])]


def test_the_docs_name_what_is_outside():
    text = DOCS.read_text()
    for reason, names in OUTSIDE.items():
        assert reason in text, reason
        for name in names:
            assert name.removeprefix("test_") in text, name
