"""summary.*_pb: protos for any writer, without TensorFlow."""

import numpy as np
import pytest
from tensorboard.compat.proto import summary_pb2
from tensorboard.util import tensor_util

from tb_monitor_writer import ConfusionMatrix, InvalidInput, ScoreHistogram, schema, summary
from tb_monitor_writer.schema import Kind

MATRIX = np.array([[3, 1], [0, 4]])


def described(proto):
    """tag -> (plugin name, data class, series)."""
    found = {}
    for value in proto.value:
        plugin = value.metadata.plugin_data
        series = None if plugin.plugin_name == "scalars" else schema.decode_series(plugin.content)
        found[value.tag] = (plugin.plugin_name, value.metadata.data_class, series)
    return found


PROTOS = {
    "averages": lambda: summary.averages_pb("val", MATRIX, class_names=["a", "b"]),
    "class_counts": lambda: summary.class_counts_pb("val", MATRIX, class_names=["a", "b"]),
    "confusion": lambda: summary.confusion_pb("val", MATRIX, class_names=["a", "b"]),
    "scores": lambda: summary.scores_pb("val", [0, 1], [0.3, 0.6], class_names=["a", "b"]),
    "fit": lambda: summary.fit_pb("val", train=1, validation=[1.0, 3.0], target=0.5),
}


@pytest.mark.parametrize("kind", PROTOS)
def test_each_kind_has_a_proto_with_its_metadata(kind):
    proto = PROTOS[kind]()
    assert isinstance(proto, summary_pb2.Summary)
    [(tag, (plugin, data_class, series))] = described(proto).items()
    assert (tag, plugin, series.kind) == (f"val/{kind}", "tb_monitor", Kind(kind))
    blob = kind in ("confusion", "scores")
    assert data_class == (3 if blob else 2)
    if kind != "fit":
        assert series.class_names == (("b",) if kind == "scores" else ("a", "b"))


def test_a_confusion_matrix_is_all_of_its_kinds_in_one_summary():
    proto = summary.confusion_matrix_pb("val", MATRIX, class_names=["a", "b"])
    assert [value.tag for value in proto.value] == [
        *("val/averages", "val/class_counts", "val/confusion"),
        *("val/precision_macro", "val/recall_macro", "val/f1_macro", "val/accuracy"),
    ]
    accuracy = proto.value[-1]
    assert (accuracy.metadata.plugin_data.plugin_name, accuracy.metadata.data_class) == (
        "scalars",
        summary_pb2.DATA_CLASS_SCALAR,
    )
    number = tensor_util.make_ndarray(accuracy.tensor)
    assert (number.shape, number.dtype, number) == ((), np.float32, np.float32(7 / 8))
    assert len(summary.confusion_matrix_pb("val", MATRIX, scalars=False).value) == 3


def test_arrays_lists_and_confusion_matrices_make_the_same_proto():
    matrix = ConfusionMatrix.from_array(MATRIX)
    expected = summary.confusion_matrix_pb("val", MATRIX)
    assert summary.confusion_matrix_pb("val", MATRIX.tolist()) == expected
    assert summary.confusion_matrix_pb("val", matrix) == expected


def test_the_record_inside_is_what_was_handed_in():
    [value] = summary.confusion_pb("val", MATRIX).value
    series = schema.decode_series(value.metadata.plugin_data.content)
    record = schema.decode_blob(series, value.tensor.string_val[0])
    assert np.array_equal(record.to_dense(), MATRIX)
    assert record.provenance.ordinal == 0  # nobody numbers it

    histogram = ScoreHistogram(3, class_names=["a", "b", "c"])
    histogram.update([0, 1, 2], [[0.2, 0.3, 0.5]] * 3)
    [value] = summary.scores_pb("val", histogram).value
    series = schema.decode_series(value.metadata.plugin_data.content)
    record = schema.decode_blob(series, value.tensor.string_val[0])
    assert np.array_equal(record.counts, histogram.counts)
    assert series.class_names == ("a", "b", "c")

    [value] = summary.fit_pb("loss", validation=[1.0, 3.0], higher_is_better=True).value
    series = schema.decode_series(value.metadata.plugin_data.content)
    row = schema.decode_rows(series.columns, [tensor_util.make_ndarray(value.tensor)])
    assert (row["validation"], row["validation_n"]) == (2, 2)
    assert np.isnan(row["best_step"])
    assert series.higher_is_better


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: summary.confusion_matrix_pb("", MATRIX), "name must not be empty"),
        (lambda: summary.confusion_matrix_pb("val", MATRIX[:1]), "confusion must be square"),
        (lambda: summary.averages_pb("val", MATRIX, class_names=["a"]), "must name all 2 classes"),
        (lambda: summary.fit_pb("loss"), "train or validation must be given"),
        (lambda: summary.scores_pb("val", [0, 1]), "scores must be given"),
    ],
)
def test_a_bad_argument_is_refused_in_words(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()


def test_every_function_has_its_pair():
    pairs = {name.removesuffix("_pb") for name in summary.__all__}
    assert {f"{name}_pb" for name in pairs} | pairs == set(summary.__all__)
    assert all(callable(getattr(summary, name)) for name in summary.__all__)
