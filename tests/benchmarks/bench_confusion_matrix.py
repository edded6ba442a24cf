"""What counting costs, beside its peers, all in one run.

    python tests/benchmarks/bench_confusion_matrix.py [--rounds 9] [--only update scores ...]

update: one more batch into a running matrix. Checked means that a label out of range raises.
scores: logits, from which the prediction has to be found first.
ratios: precision, recall and F1 of every class of a matrix.
many: 100,000 classes and 10,000,000 labels.

All are timed in turn, so that load from elsewhere hits them alike, but for those whose matrix of
10,000 classes takes 800 MB: they follow one after the other. Medians. Labels are int64 in numpy's
arrays, or in the peer's own where it takes no others.
"""

import argparse
import functools
import gc
import importlib.util
import os
import pathlib
import platform
import statistics
import sys
import time
import tracemalloc
import warnings

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "writer"))

from imagenet_like import labels as imagenet_like

from tb_monitor_writer.metrics import ConfusionMatrix

SIZES = [(1_000_000, 10), (1_000_000, 1_000), (100_000, 10_000), (256, 10)]
LOGITS = (4_096, 1_000)
TOP_K = 5
LEAST_S = 0.02  # of one round of one candidate
OURS = "`ConfusionMatrix.update`"
BASE = "`np.add.at` after a min/max pass"


def has(library):
    return importlib.util.find_spec(library) is not None


def uniform(n, num_classes):
    return np.random.default_rng(0).integers(0, num_classes, (2, n))


# --- Candidates: each makes a function that counts the batch once more -------------------------


def ours(y_true, y_pred, num_classes, **keywords):
    matrix = ConfusionMatrix(num_classes, **keywords)
    return lambda: matrix.update(y_true, y_pred)


def checked_add_at(y_true, y_pred, num_classes):
    flat = np.zeros(num_classes * num_classes, np.int64)

    def count():
        if y_true.min() < 0 or y_true.max() >= num_classes:
            raise ValueError("y_true")
        if y_pred.min() < 0 or y_pred.max() >= num_classes:
            raise ValueError("y_pred")
        np.add.at(flat, y_true * num_classes + y_pred, 1)

    return count


def add_at(y_true, y_pred, num_classes):
    flat = np.zeros(num_classes * num_classes, np.int64)
    return lambda: np.add.at(flat, y_true * num_classes + y_pred, 1)


def bincount(y_true, y_pred, num_classes):
    flat = np.zeros(num_classes * num_classes, np.int64)

    def count():
        found = np.bincount(y_true * num_classes + y_pred, minlength=len(flat))
        np.add(flat, found, out=flat)

    return count


def torchmetrics(y_true, y_pred, num_classes, *, validate_args):
    import torch
    from torchmetrics.classification import MulticlassConfusionMatrix

    metric = MulticlassConfusionMatrix(num_classes, validate_args=validate_args)
    target, preds = torch.from_numpy(y_true), torch.from_numpy(y_pred)
    return lambda: metric.update(preds, target)


def tensorflow(y_true, y_pred, num_classes):
    import tensorflow as tf

    total = tf.Variable(tf.zeros((num_classes, num_classes), tf.int64))
    target, preds = tf.constant(y_true), tf.constant(y_pred)

    @tf.function
    def count():
        total.assign_add(
            tf.math.confusion_matrix(target, preds, num_classes=num_classes, dtype=tf.int64)
        )

    return count


def sklearn(y_true, y_pred, num_classes):
    from sklearn.metrics import confusion_matrix

    total = np.zeros((num_classes, num_classes), np.int64)
    names = np.arange(num_classes)
    return lambda: np.add(total, confusion_matrix(y_true, y_pred, labels=names), out=total)


# --- Sections ----------------------------------------------------------------------------------


def update(rounds):
    in_turn = {OURS: ours, BASE: checked_add_at, "`np.add.at`, unchecked": add_at}
    dense = f"{OURS}, `sparse=False`"
    after = {"`np.bincount`, unchecked": bincount}
    if has("torchmetrics"):
        after["torchmetrics, `validate_args=False`"] = functools.partial(
            torchmetrics, validate_args=False
        )
        after["torchmetrics"] = functools.partial(torchmetrics, validate_args=True)
    if has("tensorflow"):
        after["`tf.math.confusion_matrix` in a `tf.function`"] = tensorflow
    if has("sklearn"):
        after["scikit-learn and a sum"] = sklearn
    table = {name: {} for name in [OURS, dense, *list(in_turn)[1:], *after]}
    for n, num_classes in SIZES:
        print(f"  {n:,} labels of {num_classes:,} classes", file=sys.stderr)
        batch = uniform(n, num_classes)
        is_large = num_classes > 2_048
        makers = in_turn if is_large else {**in_turn, **after}
        candidates = {name: make(*batch, num_classes) for name, make in makers.items()}
        if is_large:
            candidates[dense] = ours(*batch, num_classes, sparse=False)
        found = medians(candidates, rounds)
        del candidates
        for name, make in after.items() if is_large else ():
            gc.collect()
            found |= medians({name: make(*batch, num_classes)}, min(rounds, 5))
        for name, seconds in found.items():
            table[name][n, num_classes] = seconds
    heads = [f"{n:,}; {num_classes:,}" for n, num_classes in SIZES]
    print("\nOne more batch into a running matrix; labels; classes:\n")
    print_table("", heads, {k: [time_of(v.get(s)) for s in SIZES] for k, v in table.items()})
    ratios = {}
    for name, ground in [("against " + BASE, BASE), *((f"{p} against it", p) for p in after)]:
        row = []
        for size in SIZES:
            own = table[dense].get(size, table[OURS][size])
            other = table[ground].get(size)
            ratio = own / other if ground == BASE else other / own
            row.append(f"{ratio:.2f}" if ground == BASE else f"{ratio:.1f} x")
        ratios[name] = row
    print(f"\nThe same as ratios, of {OURS} (dense, at 10,000 classes too):\n")
    print_table("", heads, ratios)
    evaluations(rounds)


def evaluations(rounds):
    """One evaluation at 10,000 classes: from an empty matrix to its cells."""
    n, num_classes = 100_000, 10_000
    rows = {}
    for kind, (y_true, y_pred) in {
        "uniform labels": uniform(n, num_classes),
        "ImageNet-like": imagenet_like(n, num_classes),
    }.items():

        def sparse(y_true=y_true, y_pred=y_pred):
            matrix = ConfusionMatrix(num_classes)
            matrix.update(y_true, y_pred)
            return matrix.cells()

        def dense(y_true=y_true, y_pred=y_pred):
            matrix = ConfusionMatrix(num_classes, sparse=False)
            matrix.update(y_true, y_pred)
            return matrix.cells()

        def naive(y_true=y_true, y_pred=y_pred):
            flat = np.zeros(num_classes * num_classes, np.int64)
            np.add.at(flat, y_true * num_classes + y_pred, 1)
            return np.flatnonzero(flat)

        warm = ours(y_true, y_pred, num_classes)
        base = checked_add_at(y_true, y_pred, num_classes)
        found = medians(
            {"sparse": sparse, "dense": dense, "naive": naive, "warm": warm, "base": base}, rounds
        )
        cells = len(sparse()[0])
        rows[kind] = [
            time_of(found["sparse"]), time_of(found["dense"]), time_of(found["naive"]),
            time_of(found["warm"]), time_of(found["base"]), f"{cells:,}",
        ]  # fmt: skip
    print(f"\n{n:,} labels of {num_classes:,} classes, sparse (the default there) and dense:\n")
    heads = ["empty to cells: sparse", "dense", "`np.add.at` in `np.zeros`",
             "one more batch: sparse", BASE, "cells"]  # fmt: skip
    print_table("labels", heads, rows)


def scores(rounds):
    n, num_classes = LOGITS
    random = np.random.default_rng(0)
    logits = random.normal(size=(n, num_classes)).astype(np.float32)
    y_true = random.integers(0, num_classes, n)
    y_pred = logits.argmax(axis=1)
    matrix, with_top = ConfusionMatrix(num_classes), ConfusionMatrix(num_classes, top_k=TOP_K)
    counted, after_argmax = ConfusionMatrix(num_classes), ConfusionMatrix(num_classes)
    in_turn = {
        "`ConfusionMatrix.update_from_scores`": lambda: matrix.update_from_scores(y_true, logits),
        f"the same with `top_k={TOP_K}`": lambda: with_top.update_from_scores(y_true, logits),
        "`np.argmax`, then `update`": lambda: after_argmax.update(
            y_true, np.argmax(logits, axis=1)
        ),
        "`np.argmax` alone": lambda: np.argmax(logits, axis=1),
        "`update` with the labels alone": lambda: counted.update(y_true, y_pred),
    }
    if has("torch"):
        import torch

        tensor, target = torch.from_numpy(logits), torch.from_numpy(y_true)
        half = tensor.bfloat16()
        of_torch, of_half = ConfusionMatrix(num_classes), ConfusionMatrix(num_classes)
        in_turn |= {
            "`update_from_scores`, torch tensor": lambda: of_torch.update_from_scores(
                target, tensor
            ),
            "`update_from_scores`, torch bfloat16": lambda: of_half.update_from_scores(
                target, half
            ),
            "`torch.argmax` alone": lambda: tensor.argmax(dim=1),
        }
    if has("torchmetrics"):
        from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix

        metric = MulticlassConfusionMatrix(num_classes, validate_args=False)
        top = MulticlassAccuracy(num_classes, top_k=TOP_K, average="micro", validate_args=False)
        in_turn |= {
            "torchmetrics' matrix, `validate_args=False`": lambda: metric.update(tensor, target),
            f"torchmetrics' accuracy, `top_k={TOP_K}`": lambda: top.update(tensor, target),
        }
    if has("keras"):
        import keras

        one_hot = keras.utils.to_categorical(y_true, num_classes)
        fscore = keras.metrics.F1Score(average="macro")
        in_turn["Keras' `F1Score`, one-hot truth"] = lambda: fscore.update_state(one_hot, logits)
    if has("sklearn"):
        from sklearn.metrics import top_k_accuracy_score

        names = np.arange(num_classes)
        in_turn[f"scikit-learn's top {TOP_K}"] = lambda: top_k_accuracy_score(
            y_true, logits, k=TOP_K, labels=names
        )
    found = medians(in_turn, rounds)
    apart = found["`np.argmax` alone"] + found["`update` with the labels alone"]
    in_a_row = found["`np.argmax`, then `update`"]
    print(f"\nLogits {n:,} x {num_classes:,}, float32:\n")
    rows = {
        name: [time_of(seconds), f"{seconds / in_a_row:.2f}", f"{seconds / apart:.2f}"]
        for name, seconds in found.items()
    }
    heads = ["time", "against `np.argmax`, then `update`", "against the sum of both alone"]
    print_table("", heads, rows)


def ratios(rounds):
    rows = {}
    for num_classes in (1_000, 10_000, 100_000):
        matrix = ConfusionMatrix(num_classes)
        matrix.update(*imagenet_like(20 * num_classes, num_classes))
        candidates = {"state": matrix.result, "macro": functools.partial(matrix.result, "macro")}
        if num_classes == 1_000:
            dense = matrix.to_array()

            def from_matrix(dense=dense):
                hits = dense.diagonal().astype(float)
                precision, recall = hits / dense.sum(axis=0), hits / dense.sum(axis=1)
                return 2 * precision * recall / (precision + recall)

            candidates["matrix"] = from_matrix
        found = medians(candidates, rounds)
        row = [found["state"], found["macro"], found.get("matrix")]
        rows[f"{num_classes:,}"] = [time_of(seconds) for seconds in row]
    print("\nPrecision, recall and F1 of every class:\n")
    print_table("classes", ["`.result()`", '`.result("macro")`', "from the matrix"], rows)


def many(rounds):
    n, num_classes, batch = 10_000_000, 100_000, 10_000
    y_true, y_pred = imagenet_like(n, num_classes)
    took, ratios_s = [], []
    for index in range(min(rounds, 3) + 1):
        tracing = index == 0  # which slows it down
        if tracing:
            tracemalloc.start()
        matrix = ConfusionMatrix(num_classes)
        started = time.perf_counter()
        for start in range(0, n, batch):
            matrix.update(y_true[start : start + batch], y_pred[start : start + batch])
        took.append(time.perf_counter() - started)
        if tracing:
            state, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            took.clear()
    for _ in range(rounds):
        started = time.perf_counter()
        matrix.result()
        ratios_s.append(time.perf_counter() - started)
    keys, _ = matrix.cells()
    dense = 8 * num_classes**2 / 2**30
    print(f"\n{n:,} labels of {num_classes:,} classes, in batches of {batch:,}:\n")
    print_table("", [""], {
        "state": [f"{state / 1e6:.1f} MB ({peak / 1e6:.1f} MB at most meanwhile)"],
        "cells that are not 0": [f"{len(keys):,}"],
        "all updates": [f"{statistics.median(took):.2f} s, "
                        f"{statistics.median(took) / n * 1e9:.0f} ns a label"],
        "all precisions, recalls, F1": [time_of(statistics.median(ratios_s))],
        "`error_bound`": [f"{matrix.error_bound}"],
        "a dense matrix, as all peers keep": [f"{dense:.1f} GiB"],
    })  # fmt: skip


# --- Timing ------------------------------------------------------------------------------------


def medians(candidates, rounds):
    """Seconds a call of each, the candidates timed in turn."""
    repeats = {name: repeats_of(function) for name, function in candidates.items()}
    times = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, function in candidates.items():
            started = time.perf_counter()
            for _ in range(repeats[name]):
                function()
            times[name].append((time.perf_counter() - started) / repeats[name])
    return {name: statistics.median(found) for name, found in times.items()}


def repeats_of(function):
    function()  # compiles, touches its memory
    repeats, took = 1, 0.0
    while took < LEAST_S:
        started = time.perf_counter()
        for _ in range(repeats):
            function()
        took = time.perf_counter() - started
        repeats = repeats if took >= LEAST_S else 2 * repeats
    return repeats


def time_of(seconds):
    if seconds is None:
        return ""
    size, unit = (1e-6, "us") if seconds < 1e-3 else (1e-3, "ms") if seconds < 1 else (1, "s")
    return f"{seconds / size:.3g} {unit}"


def print_table(corner, heads, rows):
    print(f"| {corner} | " + " | ".join(heads) + " |")
    print("|---|" + "---:|" * len(heads))
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(row) + " |")


SECTIONS = {"update": update, "scores": scores, "ratios": ratios, "many": many}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}, {arguments.rounds} rounds, medians"
    )
    for name in arguments.only:
        SECTIONS[name](arguments.rounds)


if __name__ == "__main__":
    main()
