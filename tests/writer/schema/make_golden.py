"""Makes tests/data/v1/, once per kind: what is stored is supported for ever.

Run by hand when a kind gets its first reader: `python -m tests.writer.schema.make_golden`.
A file that exists is never written again.
"""

import math
import pathlib
import tempfile

import numpy as np

from tb_monitor_writer import ConfusionMatrix, MonitorWriter, MultilabelCounts

FOLDER = pathlib.Path(__file__).parents[2] / "data" / "v1"
NAMES = ["ant", "bee", "<b>cat</b>", "dög"]
MATRIX = np.array([[9, 1, 0, 0], [2, 7, 1, 0], [0, 0, 5, 0], [0, 3, 0, 400]])
LARGE_CLASSES = 300


def large_matrix(step):
    matrix = ConfusionMatrix(LARGE_CLASSES)
    truth = np.arange(3_000) % LARGE_CLASSES
    matrix.update(truth, np.where(np.arange(3_000) % 7 == step, 5, truth))
    return matrix


def weighted_matrix():
    matrix = ConfusionMatrix(4, class_names=NAMES)
    matrix.update([0, 1, 2, 3], [0, 2, 2, 3], sample_weight=[0.5, 1.25, 3.0, 1e-3])
    return matrix


def log_confusion(monitor):
    for step in (1, 2):
        monitor.confusion_matrix("val/top", MATRIX * step, step=step)
        monitor.confusion_matrix("test", weighted_matrix(), step=step)


def log_large_confusion(monitor):
    for step in (1, 2):
        monitor.confusion_matrix("validation", large_matrix(step), step=step)


def log_scores(monitor):
    for step in (1, 2):
        scores = (np.arange(40) * 37 * step % 101) / 100
        monitor.scores("validation", scores > 0.6, scores, step=step)
        spread = np.abs(np.sin(np.arange(160).reshape(40, 4) * step))
        spread[3, 1] = np.nan
        monitor.scores("test", np.arange(40) % 4, spread, step=step)


def log_fit(monitor):
    for step in range(1, 11):
        losses = np.abs(np.cos(np.arange(25) * step)) / step + 0.01 * step**2
        monitor.fit("loss", train=1 / step, validation=losses, step=step, target=0.2)
        monitor.fit(
            "accuracy/top", validation=1 - 0.5 / step, n=25, step=step, higher_is_better=True
        )


def many_weighted():
    """300 classes of which few cells are filled, counted with weights: sparse, and f8."""
    matrix = ConfusionMatrix(LARGE_CLASSES)
    truth = np.arange(900) % LARGE_CLASSES
    matrix.update(truth, truth // 2, sample_weight=(np.arange(900) % 4 + 1) / 8)
    return matrix


def approximate():
    """More pairs than are kept: the most frequent of them, and how far any may be off."""
    matrix = ConfusionMatrix(3_000, max_cells=40)
    truth = np.arange(6_000) % 3_000
    matrix.update(truth, np.where(truth % 50 == 0, truth + 1, truth))
    matrix.update(np.full(30, 7), np.full(30, 8))
    return matrix


def best_two():
    """Counted from scores: whether the true class was among the best two; one row is NaN."""
    scores = np.abs(np.sin(np.arange(120).reshape(30, 4) + 1))
    scores[4, 2] = np.nan
    matrix = ConfusionMatrix(4, class_names=NAMES, top_k=2)
    matrix.update_from_scores(np.arange(30) % 4, scores)
    return matrix


def multilabel(num_labels, *, weighted=False):
    truth = np.arange(50 * num_labels).reshape(50, num_labels) % 3 == 0
    guess = np.arange(50 * num_labels).reshape(50, num_labels) % 4 == 0
    counts = MultilabelCounts(num_labels)
    weights = (np.arange(50) % 3 + 1) / 4 if weighted else None
    counts.update(truth, guess, weights)
    return counts


def unknown_entries():
    """Of some examples some labels are unknown, so that labels have examples of their own."""
    truth = np.arange(40).reshape(10, 4) % 2
    truth[::3, 1] = -1
    counts = MultilabelCounts(4, class_names=NAMES)
    counts.update(truth, np.arange(40).reshape(10, 4) % 3 == 0, ignore_index=-1)
    return counts


def log_counts_of_every_form(monitor):
    for step in (1, 2):
        monitor.confusion_matrix("weighted", many_weighted(), step=step)
        monitor.confusion_matrix("approximate", approximate(), step=step)
        monitor.confusion_matrix("test/best", best_two(), step=step)
        monitor.predictions(
            "test/ignoring", [0, -1, 1, 2], [0, 0, 2, 2], step=step, ignore_index=-1
        )


def log_multilabel(monitor):
    for step in (1, 2):
        monitor.confusion_matrix("validation", unknown_entries(), step=step)
        monitor.confusion_matrix("test/weighted", multilabel(3, weighted=True), step=step)
        monitor.confusion_matrix("test/many", multilabel(80), step=step)
        truth = np.arange(60).reshape(20, 3) % 2
        monitor.scores("validation", truth, np.abs(np.cos(np.arange(60).reshape(20, 3))), step=step)


def log_fit_by_hand(monitor):
    for step in range(1, 5):
        monitor.fit("loss", train=math.nan if step == 3 else 1 / step, n=400, se=0.01, step=step)
        if step != 2:
            monitor.fit(
                *("loss",), validation=1.5 / step, n=90, se=0.02, paired=(0.25, 0.125), step=step
            )
        monitor.fit(
            "perplexity", train=2.0, validation=3.0, train_step=step - 1, n=(7, 9), step=step
        )


FILES = {
    "confusion": log_confusion,
    "large_confusion": log_large_confusion,
    "scores": log_scores,
    "fit": log_fit,
    "counts_of_every_form": log_counts_of_every_form,
    "multilabel": log_multilabel,
    "fit_by_hand": log_fit_by_hand,
}
NAMED = ("confusion",)
"""Files whose writer has class names; in the others each matrix has its own, or none."""


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, log in FILES.items():
        path = FOLDER / f"{name}.tfevents"
        if path.exists():
            print(f"{path} stays as it is")
            continue
        with tempfile.TemporaryDirectory() as folder:
            with MonitorWriter(
                folder, class_names=NAMES if name in NAMED else None, model="golden",
                model_version="1", framework="none",
            ) as monitor:  # fmt: skip
                log(monitor)
            [made] = pathlib.Path(folder).iterdir()
            path.write_bytes(made.read_bytes())
            print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
