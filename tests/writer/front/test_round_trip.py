"""What MonitorWriter writes, read back by TensorBoard's own two loaders."""

import numpy as np
import pytest

from tb_monitor_writer import ConfusionMatrix, MonitorWriter, ScoreHistogram, metrics, schema
from tb_monitor_writer.schema import Kind
from tests.writer.loaders import LOADERS, equal, load

CLASSES = ["ant", "bee", "cat <b>", "dög", "eel"]
STEPS = 1_000


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """A run of every kind, and what was handed in, by step."""
    logdir = tmp_path_factory.mktemp("logs")
    random = np.random.default_rng(7)
    handed_in = {"matrix": {}, "histogram": {}, "train": {}, "validation": {}}
    with MonitorWriter(logdir / "run", class_names=CLASSES, model="m", framework="none") as monitor:
        for step in range(STEPS):
            matrix = random.poisson(3, (5, 5))
            histogram = ScoreHistogram(5)
            histogram.update(random.integers(0, 5, 20), random.dirichlet(np.ones(5), 20))
            train, validation = random.random(), random.random(30)
            monitor.confusion_matrix("val/top", matrix, step=step)
            monitor.scores("val/top", histogram, step=step)
            monitor.fit("loss", train=train, validation=validation, step=step)
            for key, value in (
                ("matrix", matrix),
                ("histogram", histogram.counts),
                ("train", train),
                ("validation", validation),
            ):
                handed_in[key][step] = value
        assert monitor.status() == (3 * STEPS, 0, None)
    return logdir, handed_in


@pytest.fixture(scope="module", params=LOADERS)
def loaded(request, logged):
    logdir, _ = logged

    def complete(found):
        steps = found.last_steps().get("run", {})
        return len(steps) == 9 and set(steps.values()) == {STEPS - 1}

    with load(logdir, request.param, until=complete) as found:
        yield found


def test_every_step_of_every_kind_comes_back(loaded, logged):
    _, handed_in = logged
    steps = list(range(STEPS))
    assert sorted(loaded.tensors("run", "val/top/averages")) == steps
    assert sorted(loaded.tensors("run", "val/top/class_counts")) == steps
    assert loaded.blob_steps("run", "val/top/confusion") == steps
    assert loaded.blob_steps("run", "val/top/scores") == steps
    assert sorted(loaded.tensors("run", "loss/fit")) == steps
    assert sorted(loaded.scalars("run", "val/top/f1_macro")) == steps
    assert sorted(handed_in["matrix"]) == steps


def test_cells_come_back_as_they_were_handed_in(loaded, logged):
    _, handed_in = logged
    series = schema.decode_series(loaded.content("run", "val/top/confusion"))
    assert series.class_names == tuple(CLASSES)
    assert (series.split, series.head, series.model) == ("validation", "top", "m")
    for step, blob in loaded.blobs("run", "val/top/confusion", every=37).items():
        record = schema.decode_blob(series, blob)
        assert equal(record.to_dense(), handed_in["matrix"][step])
        assert record.provenance.ordinal == step + 1


def test_class_counts_and_averages_agree_with_the_cells(loaded, logged):
    _, handed_in = logged
    series = schema.decode_series(loaded.content("run", "val/top/class_counts"))
    rows = loaded.tensors("run", "val/top/averages")
    tensors = loaded.tensors("run", "val/top/class_counts")
    for step, tensor in [*tensors.items()][::37]:
        matrix = ConfusionMatrix.from_array(handed_in["matrix"][step])
        counts = schema.decode_class_counts_tensor(series, tensor)
        assert equal(counts.true_positives, matrix.margins.true_positives)
        assert equal(counts.support, matrix.margins.support)
        assert equal(counts.predicted, matrix.margins.predicted)
        row = dict(zip(schema.AVERAGES_COLUMNS, rows[step], strict=True))
        assert row.pop("ordinal") == step + 1
        assert row.pop("dropped") == 0
        assert equal(list(row.values()), [metrics.averages(matrix)[column] for column in row])


def test_score_histograms_come_back_as_they_were_handed_in(loaded, logged):
    _, handed_in = logged
    series = schema.decode_series(loaded.content("run", "val/top/scores"))
    assert (series.kind, series.num_classes, series.bins) == (Kind.SCORES, 5, 100)
    for step, blob in loaded.blobs("run", "val/top/scores", every=37).items():
        assert equal(schema.decode_blob(series, blob).counts, handed_in["histogram"][step])


def test_fit_rows_come_back_with_the_best_step_so_far(loaded, logged):
    _, handed_in = logged
    series = schema.decode_series(loaded.content("run", "loss/fit"))
    best_step, best = -1, np.inf
    for step, row in sorted(loaded.tensors("run", "loss/fit").items()):
        found = {
            name: column[0] for name, column in schema.decode_rows(series.columns, [row]).items()
        }
        losses = handed_in["validation"][step]
        if losses.mean() < best:
            best_step, best = step, losses.mean()
        assert found["train"] == handed_in["train"][step]
        assert found["validation"] == losses.mean()
        assert found["validation_n"] == 30
        assert found["validation_se"] == pytest.approx(losses.std(ddof=1) / np.sqrt(30))
        assert (found["best_step"], found["best_value"]) == (best_step, best)
        difference = losses - handed_in["validation"][best_step]
        assert found["paired_mean"] == pytest.approx(difference.mean(), abs=1e-7)
        assert found["paired_se"] == pytest.approx(
            difference.std(ddof=1) / np.sqrt(30), rel=1e-5, abs=1e-9
        )


def test_averages_are_also_scalars(loaded):
    rows = loaded.tensors("run", "val/top/averages")
    for name in ("precision_macro", "recall_macro", "f1_macro", "accuracy"):
        column = schema.AVERAGES_COLUMNS.index(name)
        for step, value in loaded.scalars("run", f"val/top/{name}").items():
            assert value == np.float32(rows[step][column])


@pytest.mark.parametrize("loader", LOADERS)
def test_a_thousand_classes_come_back_under_the_name_of_large_records(tmp_path, loader):
    random = np.random.default_rng(0)
    matrix = ConfusionMatrix(1_000, class_names=[f"class {index}" for index in range(1_000)])
    truth = random.integers(0, 1_000, 50_000)
    with MonitorWriter(tmp_path / "run") as monitor:
        for step in (1, 2, 3):
            matrix.update(truth, np.where(random.random(50_000) < 0.8, truth, 7))
            monitor.confusion_matrix("test", matrix, step=step)
    [path] = (tmp_path / "run").iterdir()
    assert path.stat().st_size < 400_000  # dense int64 would be 24 MB

    with load(
        tmp_path, loader, until=lambda found: len(found.last_steps().get("run", {})) == 7
    ) as found:
        series = schema.decode_series(found.content("run", "test/confusion", "tb_monitor_cells"))
        record = schema.decode_blob(
            series, found.blobs("run", "test/confusion", "tb_monitor_cells")[3]
        )
        assert equal(record.to_dense(), matrix.to_array())
        counts = schema.decode_series(found.content("run", "test/class_counts"))
        margins = schema.decode_blob(counts, found.blobs("run", "test/class_counts")[3])
        assert equal(margins.support, matrix.margins.support)
