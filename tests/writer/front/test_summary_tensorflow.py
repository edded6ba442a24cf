"""summary.x: TensorFlow's default writer, eagerly and inside tf.function."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from tb_monitor_writer import schema
from tests.crash.logs import ROOT, events, files

pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow  # each test imports TensorFlow
MATRIX = np.array([[3, 1], [0, 4]])

PROLOGUE = """
import sys
import numpy as np
import tensorflow as tf
from tb_monitor_writer import ConfusionMatrix, InvalidInput, summary

MATRIX = np.array([[3, 1], [0, 4]])
writer = tf.summary.create_file_writer(sys.argv[1])

def refusal(call, *arguments):
    try:
        call(*arguments)
    except InvalidInput as error:
        return str(error)
    return "not refused"
"""


@pytest.fixture
def run(tmp_path):
    """Runs a program in an interpreter of its own: TensorFlow takes seconds to be imported,
    and warns of its own affairs.
    """

    def run(code):
        found = subprocess.run(
            [sys.executable, "-c", PROLOGUE + textwrap.dedent(code), tmp_path],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "writer"), "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        assert found.returncode == 0, found.stderr
        return found.stdout

    return run


def values(logdir):
    """(step, value) of all summaries below a directory."""
    return [
        (event.step, value)
        for path in files(logdir)
        for event in events(path)
        for value in event.summary.value
    ]


def test_each_function_writes_one_event_and_flushes_it(run, tmp_path):
    output = run(
        """
        with writer.as_default():
            results = [
                summary.confusion_matrix("val", MATRIX, step=3, class_names=["a", "b"]),
                summary.averages("one", MATRIX, 3),
                summary.class_counts("one", tf.constant(MATRIX), tf.constant(3, tf.int64)),
                summary.confusion("one", ConfusionMatrix.from_array(MATRIX), tf.Variable(3)),
                summary.scores("one", [0, 1], [0.2, 0.7], np.int32(3)),
                summary.fit("loss", train=tf.constant(0.5), step=3),
            ]
            tf.summary.experimental.set_step(8)
            results.append(summary.fit("loss", train=0.25))
        print(all(map(bool, results)))
        print(bool(summary.fit("loss", train=1, step=9)))  # no default writer
        import os
        os._exit(0)  # nothing is left to flush
        """
    )
    assert output.split() == ["True", "False"]
    found = values(tmp_path)
    assert [(step, value.tag) for step, value in found] == [
        (3, "val/averages"),
        (3, "val/class_counts"),
        (3, "val/confusion"),
        (3, "val/precision_macro"),
        (3, "val/recall_macro"),
        (3, "val/f1_macro"),
        (3, "val/accuracy"),
        (3, "one/averages"),
        (3, "one/class_counts"),
        (3, "one/confusion"),
        (3, "one/scores"),
        (3, "loss/fit"),
        (8, "loss/fit"),
    ]
    assert all(value.metadata.plugin_data.plugin_name for _, value in found)
    _, confusion = found[2]
    series = schema.decode_series(confusion.metadata.plugin_data.content)
    assert series.class_names == ("a", "b")
    record = schema.decode_blob(series, confusion.tensor.string_val[0])
    assert np.array_equal(record.to_dense(), MATRIX)


def test_without_a_step_tensorflow_says_how_to_set_it(run):
    assert "set_step" in run(
        """
        with writer.as_default():
            try:
                summary.averages("val", MATRIX)
            except ValueError as error:
                print(error)
        """
    )


def test_inside_tf_function_matrices_of_few_classes_are_logged_at_every_call(run, tmp_path):
    run(
        """
        @tf.function
        def evaluate(matrix, step):
            summary.confusion_matrix("val", matrix, step, class_names=["a", "b"])
            summary.averages("one", matrix, step)
            summary.class_counts("one", matrix, step)
            summary.confusion("one", matrix, step)
            return matrix

        with writer.as_default():
            for step in tf.range(1, 4, dtype=tf.int64):
                evaluate(tf.constant(MATRIX) * tf.cast(step, tf.int64), step)
        """
    )
    found = values(tmp_path)
    assert [value.tag for step, value in found if step == 2] == [
        "val/averages",
        "val/class_counts",
        "val/confusion",
        "val/precision_macro",
        "val/recall_macro",
        "val/f1_macro",
        "val/accuracy",
        "one/averages",
        "one/class_counts",
        "one/confusion",
    ]
    for step, value in found:
        if value.tag == "val/confusion":
            series = schema.decode_series(value.metadata.plugin_data.content)
            assert series.class_names == ("a", "b")
            record = schema.decode_blob(series, value.tensor.string_val[0])
            assert np.array_equal(record.to_dense(), MATRIX * step)
    assert {step for step, _ in found} == {1, 2, 3}


def test_inside_tf_function_everything_else_is_refused_with_the_way_out(run):
    output = run(
        """
        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int64)])
        def unknown(matrix):
            print(refusal(summary.confusion, "val", matrix, 1))

        @tf.function
        def refused():
            big = tf.zeros([65, 65], tf.int64)
            print(refusal(summary.confusion, "val", big, 1))
            print(refusal(summary.averages, "val", MATRIX, 1))
            print(refusal(summary.averages, "val", ConfusionMatrix(2), 1))
            print(refusal(summary.class_counts, "val", tf.zeros([2, 3]), 1))
            print(refusal(lambda: summary.averages("v", tf.zeros([2, 2]), 1, class_names=["a"])))
            print(refusal(summary.scores, "val", [0, 1], [0.1, 0.2], 1))
            print(refusal(lambda: summary.fit("loss", train=tf.constant(1.0), step=1)))

        with writer.as_default():
            unknown(tf.zeros([3, 3], tf.int64))
            refused()
        """
    )
    lines = output.splitlines()
    assert len(lines) == 8
    for line in (*lines[:5], *lines[6:]):
        assert "log outside" in line, line
    assert "got (65, 65)" in lines[1]
    assert "got ndarray, which would be logged as it was when the function was traced" in lines[2]
    assert "got (2, 3)" in lines[4]
    assert "class_names must name all 2 classes, got 1" in lines[5]


TWO_DEVICES = """
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
"""

MIRRORED = """
from tb_monitor_writer import MonitorWriter

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
labels = np.arange(40) % 4
predictions = np.where(np.arange(40) % 5 == 0, 0, labels)
batches = strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices((labels, predictions)).batch(8)
)

@tf.function
def count(truth, prediction):
    return tf.math.confusion_matrix(truth, prediction, 4, dtype=tf.int64)

@tf.function
def reduced_over_replicas(batch, step):
    whole = strategy.reduce("SUM", strategy.run(count, batch), axis=None)
    summary.confusion_matrix("cross", whole, step, class_names=list("abcd"))
    return whole

@tf.function
def reduced_in_each_replica(truth, prediction, step):
    own = count(truth, prediction)
    whole = tf.distribute.get_replica_context().all_reduce("SUM", own)
    summary.confusion("replica", whole, step)

with writer.as_default():
    monitor = MonitorWriter(None, num_classes=4)
    for step, batch in enumerate(batches):
        whole = reduced_over_replicas(batch, tf.constant(step, tf.int64))
        strategy.run(reduced_in_each_replica, (*batch, tf.constant(step, tf.int64)))
        monitor.confusion_matrix("eager", whole, step=step)
        with strategy.scope():
            summary.averages("scope", whole, step)
print(monitor.status() == (5, 0, None))
"""


def test_under_a_mirrored_strategy_each_step_is_logged_once_and_whole(tmp_path):
    program = tmp_path / "program.py"  # AutoGraph reads the sources of what it traces
    program.write_text(TWO_DEVICES + PROLOGUE + MIRRORED)
    found = subprocess.run(
        [sys.executable, program, tmp_path / "run"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "writer"), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines()[-1] == "True"
    assert "AutoGraph could not transform" not in found.stderr
    labels = np.arange(40) % 4
    predictions = np.where(np.arange(40) % 5 == 0, 0, labels)
    cells = {}
    tags = []
    for step, value in values(tmp_path / "run"):
        tags.append((step, value.tag))
        if value.tag.endswith("/confusion"):
            series = schema.decode_series(value.metadata.plugin_data.content)
            record = schema.decode_blob(series, value.tensor.string_val[0])
            cells[value.tag, step] = record.to_dense()
    assert len(tags) == len(set(tags)) == 5 * (7 + 1 + 7 + 1)
    for step in range(5):
        batch = slice(8 * step, 8 * step + 8)
        expected = np.zeros((4, 4), int)
        np.add.at(expected, (labels[batch], predictions[batch]), 1)
        for name in ("cross", "replica", "eager"):
            assert np.array_equal(cells[f"{name}/confusion", step], expected), (name, step)


def test_a_symbolic_tensor_is_refused_by_monitor_writer_with_the_way_out(run):
    output = run(
        """
        from tb_monitor_writer import MonitorWriter

        monitor = MonitorWriter(sys.argv[1] + "/own")

        @tf.function
        def evaluate(labels, loss):
            print(refusal(lambda: monitor.predictions("val", labels, labels, step=1)))
            print(refusal(lambda: monitor.fit("loss", train=loss, step=1)))
            matrix = tf.zeros([2, 2]) + loss
            print(refusal(lambda: monitor.confusion_matrix("val", matrix, step=1)))
            print(refusal(lambda: monitor.fit("loss", train=1, step=labels[0])))

        evaluate(tf.constant([0, 1]), tf.constant(0.5))
        """
    )
    assert len(output.splitlines()) == 4
    for line in output.splitlines()[:3]:
        assert "is symbolic; log outside tf.function" in line
    assert "step must be an integer" in output.splitlines()[3]
