"""Which of several processes this one is, and sums over all of them.

    matrix.update(y_true, y_pred)      # on every rank, its share of the data
    matrix.all_reduce()                # on every rank; each then holds the whole
    monitor.confusion_matrix("validation", matrix, step=step)   # only rank 0 writes

Nothing is imported here: a framework that this process has not imported itself cannot have
begun a distributed job. A process asks, in this order, and the first that knows decides:

1. `torch.distributed`, if it is initialised (DDP, FSDP, Lightning, Accelerate, Transformers);
2. `tf.distribute`, inside `strategy.scope()` or `strategy.run`;
3. the environment: `RANK` and `WORLD_SIZE` as torchrun sets them, so that a process knows its
   rank before the process group is there; then TensorFlow's `TF_CONFIG`.

SLURM_PROCID, LOCAL_RANK and the like are not asked: `srun` also starts jobs that have nothing
to do with each other, and each of those must write its own log.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.errors import InvalidInput, MonitorError

Sums: TypeAlias = npt.NDArray[np.int64 | np.float64]


def rank() -> int:
    """Returns which process this is, from 0; 0 in a process that stands alone.

    Of TensorFlow the rank is that of the worker, the chief being 0. Under MirroredStrategy one
    process drives all devices and is rank 0. An evaluator beside the workers is rank 0 of its
    own, since it logs for itself.
    """
    return _place()[0]


def world_size() -> int:
    """Returns how many processes there are; 1 in a process that stands alone."""
    return _place()[1]


def all_reduce(array: npt.ArrayLike, group: object = None) -> Sums:
    """Sums an array over all ranks; every rank must call it, and every rank has the sum.

    The array travels on the CPU where the backend can (gloo, mpi), else on the process' current
    device (NCCL: CUDA), so that devices without int64 or float64 (MPS) never see it. With
    `tf.distribute`, ranks are the replicas inside an eager `strategy.run`, else the workers of
    a MultiWorkerMirroredStrategy; any other strategy has one process, whose array is whole.

    Args:
      array: Numbers of any shape. Shape and kind (integer or float) must be the same on every
        rank: no backend checks that. Left as it is.
      group: A `torch.distributed` process group that this rank is a member of; None: all ranks.

    Returns:
      The sum as a new array of the same shape, int64 or float64. Without a distributed job,
      the array itself in this dtype.

    Raises:
      InvalidInput: not an array of numbers, or not a member of the group.
      MonitorError: there are several ranks but no way to reach them from here.
    """
    found = _as_sums(array)
    job = _job(group)
    if job.size == 1:
        return found
    # C-contiguous and with a dimension: what every backend takes.
    summed = job.add(np.ascontiguousarray(found).reshape(-1))
    return np.asarray(summed).reshape(found.shape)


def all_gather(array: npt.ArrayLike, group: object = None) -> list[Sums]:
    """Collects arrays of unlike length from all ranks; every rank must call it.

    Two sums: of the lengths, and of one array in which each rank fills its own rows. Integers
    come out bit for bit; so do floats, but for the sign of a zero.

    Args:
      array: Numbers `[n, ...]`; n may differ between ranks, and may be 0; the rest of the shape
        and the kind must be the same.
      group: As in `all_reduce`.

    Returns:
      One array per rank, in the order of ranks, int64 or float64.

    Raises:
      InvalidInput: not an array of numbers, without a dimension, or not in the group.
      MonitorError: there are several ranks but no way to reach them from here.
    """
    found = _as_sums(array)
    if not found.ndim:
        raise InvalidInput("array must have at least one dimension, got a single number")
    job = _job(group)
    if job.size == 1:
        return [found]
    lengths = np.zeros(job.size, np.int64)
    lengths[job.rank] = len(found)
    ends = np.cumsum(job.add(lengths))
    if not ends[-1]:
        return [found] * job.size
    rows = np.zeros((int(ends[-1]), *found.shape[1:]), found.dtype)
    rows[ends[job.rank] - len(found) : ends[job.rank]] = found
    gathered = np.asarray(job.add(rows.reshape(-1))).reshape(rows.shape)
    return np.split(gathered, ends[:-1])


class _Job(NamedTuple):
    rank: int
    size: int
    add: Callable[[Sums], Sums]
    """Sums arrays `[n]` of one length over the ranks."""


def _place() -> tuple[int, int]:
    torch, strategy = _torch(), _strategy()
    if torch is not None:
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    if strategy is not None:
        return _worker(strategy)
    return _torchrun() or _tf_config() or (0, 1)


def _job(group: object) -> _Job:
    torch, strategy = _torch(), _strategy()
    if torch is not None:
        return _torch_job(torch, group)
    if group is not None:
        raise InvalidInput("group must be None where torch.distributed is not initialised")
    if strategy is not None:
        return _tensorflow_job(strategy)
    _, size = _place()
    if size > 1:
        raise MonitorError(
            f"this is one of {size} ranks, and a sum needs them all: call it after "
            f"torch.distributed.init_process_group, or inside strategy.scope()"
        )
    return _Job(0, 1, lambda array: array)


def _torch() -> ModuleType | None:
    """PyTorch, if its process group is initialised."""
    torch = sys.modules.get("torch")
    distributed = getattr(torch, "distributed", None)  # absent while torch is being imported
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return torch


def _torch_job(torch: ModuleType, group: Any) -> _Job:  # noqa: ANN401
    distributed = torch.distributed
    index = distributed.get_rank(group)
    if index < 0:
        raise InvalidInput("group must have this rank as a member; call it on the members only")
    device = _device(torch, group)

    def add(array: Sums) -> Sums:
        tensor = torch.tensor(array, device=device)  # a copy: it is reduced in place
        distributed.all_reduce(tensor, group=group)
        summed: Sums = tensor.cpu().numpy()
        return summed

    return _Job(index, distributed.get_world_size(group), add)


def _device(torch: ModuleType, group: Any) -> Any:  # noqa: ANN401
    """Where tensors of a group must be, `cpu` if the backend takes both."""
    backends = torch.distributed.get_backend_config(group)  # such as "cpu:gloo,cuda:nccl"
    devices = [part.partition(":")[0] for part in backends.split(",")]
    if "cpu" in devices:
        return "cpu"
    bound = getattr(group or torch.distributed.group.WORLD, "bound_device_id", None)
    return bound or devices[0]  # "cuda" means the current one


def _strategy() -> Any:  # noqa: ANN401
    """The strategy of tf.distribute that this thread is in, or None."""
    distribute = getattr(sys.modules.get("tensorflow"), "distribute", None)
    if distribute is None or not distribute.has_strategy():
        return None
    return distribute.get_strategy()


def _tensorflow_job(strategy: Any) -> _Job:  # noqa: ANN401
    tf = sys.modules["tensorflow"]
    if not tf.executing_eagerly():
        raise MonitorError("a sum over ranks needs values: call it outside tf.function")
    context = tf.distribute.get_replica_context()
    if context is not None:

        def add_replicas(array: Sums) -> Sums:
            summed: Sums = context.all_reduce("SUM", tf.constant(array)).numpy()
            return summed

        replica = int(context.replica_id_in_sync_group)
        return _Job(replica, context.num_replicas_in_sync, add_replicas)
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return _Job(0, 1, lambda array: array)
    index, size = _worker(strategy)
    replicas = strategy.num_replicas_in_sync // size

    def add_workers(array: Sums) -> Sums:
        def of_replica(context: Any) -> Any:  # noqa: ANN401
            is_first = context.replica_id_in_sync_group % replicas == 0
            return tf.constant(array if is_first else np.zeros_like(array))

        values = strategy.experimental_distribute_values_from_function(of_replica)
        summed: Sums = strategy.reduce("SUM", values, axis=None).numpy()
        return summed

    return _Job(index, size, add_workers)


def _worker(strategy: Any) -> tuple[int, int]:  # noqa: ANN401
    """Place among the workers of a strategy that each worker has a copy of."""
    tf = sys.modules["tensorflow"]
    resolver = strategy.cluster_resolver
    if resolver is None or not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 0, 1
    return _place_in_cluster(
        resolver.cluster_spec().as_dict(), resolver.task_type, resolver.task_id
    )


def _torchrun() -> tuple[int, int] | None:
    try:
        index, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    except (KeyError, ValueError):
        return None
    return (index, size) if 0 <= index < size else None


def _tf_config() -> tuple[int, int] | None:
    try:
        config = json.loads(os.environ["TF_CONFIG"])
        task = config["task"]
        return _place_in_cluster(config["cluster"], task["type"], int(task["index"]))
    except (KeyError, ValueError, TypeError, AttributeError):
        return None  # TensorFlow has words of its own for it


def _place_in_cluster(
    cluster: Mapping[str, Any], task_type: str | None, task_id: int | None
) -> tuple[int, int]:
    chiefs = len(cluster.get("chief", ()) or cluster.get("master", ()))
    workers = len(cluster.get("worker", ()))
    if task_id is None or task_type not in ("chief", "master", "worker"):
        return 0, 1
    return task_id + (chiefs if task_type == "worker" else 0), max(chiefs + workers, 1)


def _as_sums(array: npt.ArrayLike) -> Sums:
    found = np.asarray(array)
    if found.dtype.kind in "iu":
        # uint64 keeps its bits, which a sum with zeros does not touch.
        return found.astype(np.int64, copy=False)
    if found.dtype.kind == "f":
        return found.astype(np.float64, copy=False)
    raise InvalidInput(f"array must hold integers or floats, got dtype {found.dtype}")
