"""tf.distribute on two logical devices, in a process of its own: devices come before TensorFlow.

python -m tests.integrations.tensorflow_replicas mirrored FOLDER
python -m tests.integrations.tensorflow_replicas worker FOLDER     with TF_CONFIG
"""

import os
import pathlib
import pickle
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import numpy as np
import tensorflow as tf

from tb_monitor_writer import ConfusionMatrix, MonitorError, MonitorWriter, distributed

CLASSES = 5
EXAMPLES = 400


def labels(classes=CLASSES):
    random = np.random.default_rng(0)
    truth = random.integers(classes, size=EXAMPLES)
    return truth, np.where(random.random(EXAMPLES) < 0.6, truth, random.permutation(truth))


def share(index, size):
    """Every size-th example, and of the last share only the first half."""
    found = np.arange(index, EXAMPLES, size)
    return found[: len(found) // 2] if index == size - 1 else found


def counted(index, size, *, classes=CLASSES, weighted=False):
    truth, prediction = labels(classes)
    part = share(index, size)
    matrix = ConfusionMatrix(classes)
    matrix.update(truth[part], prediction[part], part / EXAMPLES if weighted else None)
    return matrix


def merged(size, *, classes=CLASSES, weighted=()):
    """What one process would count of all shares."""
    matrix = ConfusionMatrix(classes)
    for index in range(size):
        matrix.merge(counted(index, size, classes=classes, weighted=index in weighted))
    return matrix


def two_devices():
    device = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)


def mirrored(folder: pathlib.Path) -> None:
    """One process, two replicas."""
    two_devices()
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    found = {"replicas": strategy.num_replicas_in_sync}

    @tf.function
    def count(truth, prediction):
        return tf.math.confusion_matrix(truth, prediction, CLASSES, dtype=tf.int64)

    truth, prediction = labels()
    batches = strategy.experimental_distribute_dataset(
        tf.data.Dataset.from_tensor_slices((truth, prediction)).batch(60)
    )
    matrix = ConfusionMatrix(CLASSES)
    for batch in batches:
        counts = strategy.reduce("SUM", strategy.run(count, args=batch), axis=None)
        matrix.merge(ConfusionMatrix.from_array(counts))
    found["reduced"] = matrix.to_array()
    with MonitorWriter(folder / "run") as monitor:
        monitor.confusion_matrix("validation", matrix, step=1)

    def of_replica():
        index = int(tf.distribute.get_replica_context().replica_id_in_sync_group)
        mine = counted(index, 2, weighted=index == 1)
        mine.all_reduce()
        sparse = counted(index, 2, classes=100_000)
        sparse.all_reduce()
        found["replica", index] = (mine.to_array(), mine.sum_squared_weights, sparse.cells())
        return tf.constant(0)

    strategy.run(of_replica)
    with strategy.scope():
        found["place"] = (distributed.rank(), distributed.world_size())
        found["host"] = distributed.all_reduce([1, 2])

    @tf.function
    def symbolic():
        distributed.all_reduce([1])

    try:
        strategy.run(symbolic)
    except MonitorError as error:
        found["symbolic"] = str(error)
    (folder / "mirrored.pickle").write_bytes(pickle.dumps(found))


def worker(folder: pathlib.Path) -> None:
    """One of two workers, each with two replicas."""
    found = {"before": (distributed.rank(), distributed.world_size())}
    two_devices()
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    found["replicas"] = strategy.num_replicas_in_sync
    try:
        distributed.all_reduce([1])
    except MonitorError as error:
        found["outside"] = str(error)
    rank, size = found["before"]
    with strategy.scope():
        found["place"] = (distributed.rank(), distributed.world_size())
        found["rows"] = distributed.all_gather(np.arange(3 * rank))
        matrix = counted(rank, size, weighted=rank == 1)
        matrix.all_reduce()
        found["dense"] = (matrix.to_array(), matrix.sum_squared_weights)
        sparse = counted(rank, size, classes=100_000)
        sparse.all_reduce()
        found["sparse"] = sparse.cells()
    with MonitorWriter(folder / "run") as monitor:
        monitor.confusion_matrix("validation", matrix, step=rank)
    (folder / f"{rank}.pickle").write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    {"mirrored": mirrored, "worker": worker}[sys.argv[1]](pathlib.Path(sys.argv[2]))
