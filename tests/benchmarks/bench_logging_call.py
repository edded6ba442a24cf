"""What a logging call costs, beside the same values through TensorFlow's and PyTorch's writers.

    python tests/benchmarks/bench_logging_call.py [--rounds 5] [--directory DIR]

An evaluation of 50,000 examples (`imagenet_like.py`) at 10, 100 and 1,000 classes, binary scores
of 100,000 examples, and a pair of losses. "In a loop": the median call of a loop of nothing else,
so that the caller's own thread writes. "After a pause": of 20 ms, as between two evaluations;
the record passes through the writing thread and the caches are cold.

The peers get every value ready-made (the dense matrix, the class counts, the row of averages, four
scalars; the histogram; two scalars), while our calls compute them. They write nothing compressed.
Their time includes the flush at the end of the loop, without which a crash loses what was logged;
each writer runs in a process of its own. Medians of the rounds (lowest to highest).
"""

import argparse
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

CALLS = {
    "confusion_matrix, 10 classes": 3_000,
    "confusion_matrix, 100 classes": 2_000,
    "confusion_matrix, 1,000 classes": 200,
    "predictions, 10 classes": 300,
    "predictions, 100 classes": 300,
    "predictions, 1,000 classes": 200,
    "scores, 100,000 examples": 200,
    "scores, a ScoreHistogram": 2_000,
    "fit, two losses": 4_000,
}
PEERS_CALLS = {**dict.fromkeys(CALLS, 200), "confusion_matrix, 1,000 classes": 4}
NEEDS = {"torch SummaryWriter": "torch", "tf.summary": "tensorflow"}
PAUSES = 40
EXAMPLES = 50_000


def payload(call):
    """What is to be logged: arguments of our call, and the same as arrays and scalars."""
    from imagenet_like import labels

    from tb_monitor_writer import ConfusionMatrix, ScoreHistogram, metrics, schema

    rng = np.random.default_rng(0)
    if call.startswith("scores"):
        y_true = rng.random(100_000) < 0.3
        scores = rng.beta(2 + 3 * y_true, 3)
        histogram = ScoreHistogram(1)
        histogram.update(y_true, scores)
        given = (histogram,) if call.endswith("ScoreHistogram") else (y_true, scores)
        return given, [histogram.counts], {}
    if call.startswith("fit"):
        return (0.31, 0.44), [], {"train": 0.31, "validation": 0.44}
    num_classes = int(call.split()[1].replace(",", ""))
    y_true, y_pred = labels(EXAMPLES, num_classes=num_classes)
    matrix = ConfusionMatrix(num_classes)
    matrix.update(y_true, y_pred)
    averages = metrics.averages(matrix)
    row = np.array([averages.get(column, np.nan) for column in schema.AVERAGES_COLUMNS])
    arrays = [matrix.to_array(), np.stack(matrix.margins), row]
    names = ("precision_macro", "recall_macro", "f1_macro", "accuracy")
    given = (matrix,) if call.startswith("confusion") else (y_true, y_pred)
    return given, arrays, {name: averages[name] for name in names}


def monitor_writer(directory, call):
    """Times of single calls in a loop and after pauses, and the bytes a call leaves."""
    from tb_monitor_writer import MonitorWriter

    given, _, _ = payload(call)
    kind, _, classes = call.partition(", ")
    num_classes = int(classes.split()[0].replace(",", "")) if "classes" in classes else None
    monitor = MonitorWriter(directory, num_classes=num_classes)
    if kind == "fit":

        def log(step):
            monitor.fit("loss", train=given[0], validation=given[1], step=step)
    else:
        method = getattr(monitor, kind)

        def log(step):
            method("validation", *given, step=step)

    steps = iter(range(10**9))
    for _ in range(1_200 if CALLS[call] > 1_000 else 20):  # until it counts as a loop
        log(next(steps))
    before = bytes_in(directory)
    in_a_loop = [timed(log, next(steps)) for _ in range(CALLS[call])]
    size = (bytes_in(directory) - before) / CALLS[call]
    after_pauses = []
    for _ in range(PAUSES):
        time.sleep(0.02)
        after_pauses.append(timed(log, next(steps)))
    written = monitor.status()
    assert written == (next(steps), 0, None), written
    monitor.close()
    return statistics.median(in_a_loop), statistics.median(after_pauses), size


def timed(log, step):
    started = time.perf_counter()
    log(step)
    return time.perf_counter() - started


def torch_summary_writer(directory, call):
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.util.tensor_util import make_tensor_proto
    from torch.utils.tensorboard import SummaryWriter

    _, arrays, scalars = payload(call)
    metadata = summary_pb2.SummaryMetadata(
        plugin_data={"plugin_name": "tb_monitor"}, data_class=summary_pb2.DATA_CLASS_TENSOR
    )
    writer = SummaryWriter(directory)

    def log(step):
        for index, array in enumerate(arrays):
            value = {"tag": f"validation/{index}", "tensor": make_tensor_proto(array)}
            summary = summary_pb2.Summary(value=[{**value, "metadata": metadata}])
            writer._get_file_writer().add_summary(summary, step)
        for name, scalar in scalars.items():
            writer.add_scalar(f"validation/{name}", scalar, step)

    return in_a_loop_with_flush(directory, call, log, writer.flush)


def tensorflow_summary(directory, call):
    import tensorflow as tf

    _, arrays, scalars = payload(call)
    metadata = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "tb_monitor"})
    writer = tf.summary.create_file_writer(directory)

    def log(step):
        for index, array in enumerate(arrays):
            tf.summary.write(f"validation/{index}", array, step=step, metadata=metadata)
        for name, scalar in scalars.items():
            tf.summary.scalar(f"validation/{name}", scalar, step=step)

    with writer.as_default():
        return in_a_loop_with_flush(directory, call, log, writer.flush)


def in_a_loop_with_flush(directory, call, log, flush):
    log(0)  # whatever is set up once
    flush()
    before, count = bytes_in(directory), PEERS_CALLS[call]
    started = time.perf_counter()
    for step in range(1, count + 1):
        log(step)
    flush()
    took = (time.perf_counter() - started) / count
    return took, None, (bytes_in(directory) - before) / count


def bytes_in(directory):
    return sum(path.stat().st_size for path in pathlib.Path(directory).rglob("*tfevents*"))


def training(directory):
    """Share of a training loop's time: losses logged at every step, a matrix at each 100th."""
    import torch

    from tb_monitor_writer import ConfusionMatrix, MonitorWriter

    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10)
    )
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.randn(128, 784), torch.randint(0, 10, (128,))
    matrix = ConfusionMatrix(10)
    matrix.update(y, model(x).argmax(dim=1))
    steps, logging_s, started = 600, 0.0, time.perf_counter()
    with MonitorWriter(directory) as monitor:
        for step in range(steps):
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            value = loss.item()
            began = time.perf_counter()
            monitor.fit("loss", train=value, step=step)
            if step % 100 == 0:
                monitor.confusion_matrix("train", matrix, step=step)
            logging_s += time.perf_counter() - began
    whole_s = time.perf_counter() - started
    return (whole_s - logging_s) / steps, logging_s / steps


WRITERS = {
    "MonitorWriter": monitor_writer,
    "torch SummaryWriter": torch_summary_writer,
    "tf.summary": tensorflow_summary,
}


def measure_in_a_process(writer, call, directory):
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        found = subprocess.run(
            [sys.executable, __file__, "--one", writer, "--call", call, "--directory", folder],
            stdout=subprocess.PIPE,
            check=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"},
        )
    return json.loads(found.stdout.splitlines()[-1])


def spread(values, scale, unit=""):
    ordered = sorted(value * scale for value in values)
    middle = statistics.median(ordered)
    return f"{middle:,.0f}{unit} ({ordered[0]:,.0f} to {ordered[-1]:,.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", default=tempfile.gettempdir(), help="on the disk to measure")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--call", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one == "training":
        print(json.dumps(training(arguments.directory)))
        return
    if arguments.one:
        print(json.dumps(WRITERS[arguments.one](arguments.directory, arguments.call)))
        return

    names = [name for name in WRITERS if importlib.util.find_spec(NEEDS.get(name, "numpy"))]
    rounds = {(name, call): [] for call in CALLS for name in names if compared(name, call)}
    steps = []
    for _ in range(arguments.rounds):  # in turn, so that load from elsewhere hits all alike
        for name, call in rounds:
            rounds[name, call].append(measure_in_a_process(name, call, arguments.directory))
        if importlib.util.find_spec("torch"):
            steps.append(measure_in_a_process("training", "", arguments.directory))

    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}, {arguments.rounds} rounds, medians (lowest to highest)\n"
    )
    print("| call | in a loop, us | after a pause, us | bytes | torch, us | tf.summary, us |")
    print("|---|---:|---:|---:|---:|---:|")
    for call in CALLS:
        ours = rounds["MonitorWriter", call]
        own = statistics.median(took for took, _, _ in ours)
        cells = [
            spread([took for took, _, _ in ours], 1e6),
            spread([took for _, took, _ in ours], 1e6),
            f"{statistics.median(size for _, _, size in ours):,.0f}",
        ]
        for peer in ("torch SummaryWriter", "tf.summary"):
            found = rounds.get((peer, call))
            if not found:
                cells.append("")
                continue
            took = statistics.median(one[0] for one in found)
            size = statistics.median(one[2] for one in found)
            cells.append(f"{took * 1e6:,.0f} = {took / own:.1f} x; {size:,.0f} bytes")
        print(f"| {call} | {' | '.join(cells)} |")
    if steps:
        step_s, logging_s = (statistics.median(column) for column in zip(*steps, strict=True))
        print(
            f"\nA training step of {step_s * 1e3:.2f} ms (784-512-10, batch 128) with `fit` at "
            f"each step and a matrix at each 100th: {logging_s * 1e6:.0f} us, "
            f"{logging_s / (step_s + logging_s):.1%} of the time."
        )


def compared(name, call):
    """Labels and scores are counted by nobody else's writer."""
    counts = call.startswith("predictions") or call.endswith("examples")
    return name == "MonitorWriter" or not counts


if __name__ == "__main__":
    folder = pathlib.Path(__file__).parent
    sys.path[:0] = [str(folder.parents[1] / "writer"), str(folder)]
    main()
