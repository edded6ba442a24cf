"""How many records a second the event log writes, beside its peers, all in one run.

    python tests/benchmarks/bench_event_log.py [--rounds 5] [--directory DIR]

Small: a 10 x 10 int64 matrix (800 bytes) as a summary with metadata. Large: 100 x 100 (80 kB).
Each writer builds its summary from the array anew, as a training loop does. Peers run in
processes of their own, because TensorBoard's writer is another one once TensorFlow is imported.
A time ends when everything handed in is flushed, as far as the writer has a flush. Medians.
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

SHAPES = {"small": (10, 10), "large": (100, 100)}
COUNTS = {  # records a round, so that a round takes about a second
    "event log": {"small": 40_000, "large": 6_000},
    "event log, no burst": {"small": 15_000, "large": 4_000},
    "MonitorWriter.confusion_matrix": {"small": 1_000, "large": 500},
    "EventFileWriter": {"small": 4_000, "large": 60},
    "EventFileWriter with TensorFlow": {"small": 4_000, "large": 60},
    "torch SummaryWriter": {"small": 4_000, "large": 60},
    "tf.summary.write": {"small": 3_000, "large": 1_500},
}
NEEDS = {
    "EventFileWriter with TensorFlow": "tensorflow",
    "torch SummaryWriter": "torch",
    "tf.summary.write": "tensorflow",
}


def event_log(directory, array, count):
    from tb_monitor_writer.events import EventLog, encoding

    metadata = encoding.encode_metadata("tb_monitor", b"", encoding.DATA_CLASS_TENSOR)
    log = EventLog(directory)
    started = time.perf_counter()
    for step in range(count):
        log.append(step, (encoding.tensor_value("val/confusion", array, metadata),))
    took = time.perf_counter() - started
    assert log.status() == (count, 0, None), log.status()
    log.close()
    return took


def event_log_without_bursts(directory, array, count):
    from tb_monitor_writer import limits

    limits.BURST_CALLS = 10**9
    return event_log(directory, array, count)


def monitor_writer(directory, array, count):
    from tb_monitor_writer import MonitorWriter

    monitor = MonitorWriter(directory)
    started = time.perf_counter()
    for step in range(count):
        monitor.confusion_matrix("val", array, step=step)
    took = time.perf_counter() - started
    assert monitor.status() == (count, 0, None), monitor.status()
    monitor.close()
    return took


def summary_of(array):
    from tensorboard.compat.proto import summary_pb2, tensor_pb2, tensor_shape_pb2

    shape = tensor_shape_pb2.TensorShapeProto(dim=[{"size": size} for size in array.shape])
    tensor = tensor_pb2.TensorProto(dtype=9, tensor_shape=shape, tensor_content=array.tobytes())
    metadata = summary_pb2.SummaryMetadata(
        plugin_data={"plugin_name": "tb_monitor"}, data_class=summary_pb2.DATA_CLASS_TENSOR
    )
    value = {"tag": "val/confusion", "tensor": tensor, "metadata": metadata}
    return summary_pb2.Summary(value=[value])


def event_file_writer(directory, array, count):
    from tensorboard.compat.proto import event_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(directory)
    started = time.perf_counter()
    for step in range(count):
        event = event_pb2.Event(wall_time=time.time(), step=step, summary=summary_of(array))
        writer.add_event(event)
    writer.flush()
    took = time.perf_counter() - started
    writer.close()
    return took


def event_file_writer_without_tensorflow(directory, array, count):
    import types

    sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")  # TensorBoard's own switch
    return event_file_writer(directory, array, count)


def torch_summary_writer(directory, array, count):
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(directory)
    started = time.perf_counter()
    for step in range(count):
        writer._get_file_writer().add_summary(summary_of(array), step)
    writer.flush()
    took = time.perf_counter() - started
    writer.close()
    return took


def tensorflow_summary(directory, array, count):
    import tensorflow as tf

    metadata = summary_of(array).value[0].metadata
    writer = tf.summary.create_file_writer(directory)
    with writer.as_default():
        tf.summary.write("val/confusion", array, step=0, metadata=metadata)  # compiles
        writer.flush()
        started = time.perf_counter()
        for step in range(1, count + 1):
            tf.summary.write("val/confusion", array, step=step, metadata=metadata)
        writer.flush()
        return time.perf_counter() - started


WRITERS = {
    "event log": event_log,
    "event log, no burst": event_log_without_bursts,
    "MonitorWriter.confusion_matrix": monitor_writer,
    "EventFileWriter": event_file_writer_without_tensorflow,
    "EventFileWriter with TensorFlow": event_file_writer,
    "torch SummaryWriter": torch_summary_writer,
    "tf.summary.write": tensorflow_summary,
}


def measure(name, directory):
    """One round of one writer: size -> seconds."""
    random = np.random.default_rng(0)
    times_s = {}
    for size, shape in SHAPES.items():
        array = random.integers(0, 1_000, shape)
        with tempfile.TemporaryDirectory(dir=directory) as folder:
            times_s[size] = WRITERS[name](folder, array, COUNTS[name][size])
    return times_s


def measure_in_a_process(name, directory):
    found = subprocess.run(
        [sys.executable, __file__, "--one", name, "--directory", directory],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"},
    )
    return json.loads(found.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", default=tempfile.gettempdir(), help="on the disk to measure")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments.directory)))
        return

    names = [name for name in WRITERS if importlib.util.find_spec(NEEDS.get(name, "numpy"))]
    rounds = {name: [] for name in names}
    for _ in range(arguments.rounds):  # in turn, so that load from elsewhere hits all alike
        for name in names:
            rounds[name].append(measure_in_a_process(name, arguments.directory))

    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}, {arguments.rounds} rounds, medians (lowest to highest)\n"
    )
    print("| writer | small records/s | large MB/s |\n|---|---:|---:|")
    for name in names:
        cells = []
        for size, unit in (("small", 1.0), ("large", 80_000 / 1e6)):
            rates = sorted(COUNTS[name][size] / found[size] * unit for found in rounds[name])
            low, middle, high = rates[0], statistics.median(rates), rates[-1]
            places = 1 if middle < 100 else 0
            cells.append(f"{middle:,.{places}f} ({low:,.{places}f} to {high:,.{places}f})")
        print(f"| {name} | {cells[0]} | {cells[1]} |")


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "writer"))
    main()
