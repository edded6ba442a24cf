"""One of two ranks over gloo: runs every case and leaves what it found in a file.

    python -m tests.integrations.torch_ranks RANK FOLDER

Both ranks draw the same examples and take their share of them, so that the expected value of
a case is what one process counts in all of them.
"""

import pathlib
import pickle
import sys

import numpy as np
import torch
import torch.distributed as dist

from tb_monitor_writer import (
    ConfusionMatrix,
    MonitorWriter,
    MultilabelCounts,
    ScoreHistogram,
    distributed,
)
from tb_monitor_writer.integrations.torch import evaluate

RANKS = 2
CLASSES = 7
EXAMPLES = 500
FEW = 20  # of the first rank


def labels(classes=CLASSES, seed=0):
    """True classes and predictions, half of them right, and weights."""
    random = np.random.default_rng(seed)
    truth = random.integers(classes, size=EXAMPLES)
    wrong = random.integers(classes, size=EXAMPLES)
    return truth, np.where(random.random(EXAMPLES) < 0.5, truth, wrong), random.random(EXAMPLES)


def logits(seed=1):
    """Scores `[EXAMPLES, CLASSES]`, some of them NaN."""
    scores = np.random.default_rng(seed).normal(size=(EXAMPLES, CLASSES)).astype(np.float32)
    scores[::50, 3] = np.nan
    return scores


def share(rank):
    """The examples of a rank: far fewer of the first."""
    return slice(0, FEW) if rank == 0 else slice(FEW, EXAMPLES)


def described(matrix):
    """All that a confusion matrix says of itself."""
    keys, counts = matrix.cells()
    return {
        "keys": keys, "counts": counts, "dtype": counts.dtype.str, "total": matrix.total,
        "weighted": matrix.weighted, "ignored": matrix.ignored, "nan": matrix.nan,
        "sum_squared_weights": matrix.sum_squared_weights,
        "margins": np.stack(matrix.margins), "top_k_hits": matrix.top_k_hits,
        "top_k_total": matrix.top_k_total, "error_bound": matrix.error_bound,
    }  # fmt: skip


def dense(part):
    truth, prediction, _ = labels()
    matrix = ConfusionMatrix(CLASSES)
    matrix.update(truth[part], prediction[part])
    return matrix


def sparse(part):
    truth, prediction, _ = labels(100_000)
    matrix = ConfusionMatrix(100_000)
    matrix.update(truth[part], prediction[part])
    return matrix


def weighted(part):
    """Weights beyond the first rank's share only, whichever rank holds them."""
    truth, prediction, weights = labels()
    matrix = ConfusionMatrix(CLASSES)
    first = slice(part.start, min(part.stop, FEW))
    matrix.update(truth[first], prediction[first])
    rest = slice(max(part.start, FEW), part.stop)
    if rest.start < rest.stop:
        matrix.update(truth[rest], prediction[rest], weights[rest])
    return matrix


def sparse_weighted(part):
    truth, prediction, weights = labels(100_000)
    matrix = ConfusionMatrix(100_000)
    first = slice(part.start, min(part.stop, FEW))
    matrix.update(truth[first], prediction[first])
    rest = slice(max(part.start, FEW), part.stop)
    if rest.start < rest.stop:
        matrix.update(truth[rest], prediction[rest], weights[rest])
    return matrix


def without_data(part, make=dense):
    """The second rank has everything, the first one nothing."""
    if part == share(0):
        return make(slice(0, 0))
    return make(slice(0, EXAMPLES))


def sparse_without_data(part):
    return without_data(part, sparse)


def ignored(part):
    truth, prediction, _ = labels()
    matrix = ConfusionMatrix(CLASSES)
    matrix.update(truth[part], prediction[part], ignore_index=3)
    return matrix


def top_k(part):
    truth, _, _ = labels()
    matrix = ConfusionMatrix(CLASSES, top_k=3)
    matrix.update_from_scores(truth[part], logits()[part])
    return matrix


CASES = {
    case.__name__: case
    for case in (
        dense, sparse, weighted, sparse_weighted, without_data, sparse_without_data, ignored, top_k,
    )
}  # fmt: skip


def histogram(part):
    truth, _, scores = labels(2)
    found = ScoreHistogram()
    found.update(truth[part], np.where(scores < 0.1, np.nan, scores)[part])
    return found


def class_histogram(part):
    """Without data on the first rank, which cannot know what form the truth has."""
    found = ScoreHistogram(CLASSES)
    if part != share(0):
        found.update(labels()[0][FEW:], np.nan_to_num(logits())[FEW:], from_logits=True)
    return found


def histogram_state(found):
    """All that a histogram holds."""
    return {
        "counts": found.counts, "total": found.total, "nan": found.nan,
        "multiclass": found.multiclass, "squared_errors": found.squared_errors,
        "log_losses": found.log_losses,
    }  # fmt: skip


def label_counts(part, *, weights=False):
    truth = np.random.default_rng(2).integers(2, size=(EXAMPLES, 5))
    prediction = np.random.default_rng(3).integers(2, size=(EXAMPLES, 5))
    counts = MultilabelCounts(5)
    given = np.random.default_rng(4).random(EXAMPLES)[part] if weights else None
    counts.update(truth[part], prediction[part], given)
    return counts


def model_and_batches(part):
    """A model with dropout and batch normalisation, and batches of three, the last shorter."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.5),
        torch.nn.Linear(8, CLASSES),
    )  # fmt: skip
    x, y = torch.randn(EXAMPLES, 4), torch.randint(CLASSES, (EXAMPLES,))
    batches = list(zip(x[part].split(3), y[part].split(3), strict=True))
    return model, batches


def evaluated(part, model=None, **options):
    own, batches = model_and_batches(part)
    loss = torch.nn.CrossEntropyLoss(reduction="none")
    return evaluate(model or own, batches, num_classes=CLASSES, loss=loss, **options)


def main(rank: int, folder: pathlib.Path) -> None:
    """Runs every case."""
    torch.set_num_threads(1)
    found = {"before": (distributed.rank(), distributed.world_size())}
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=RANKS
    )
    found["place"] = (distributed.rank(), distributed.world_size())
    found["sum"] = distributed.all_reduce(np.array([[rank + 1, 10]], np.int32))
    found["float"] = distributed.all_reduce(np.float32(rank + 0.5))
    found["rows"] = distributed.all_gather(np.arange(3 * rank))
    found["no rows"] = distributed.all_gather(np.zeros((0, 2)))
    found["keys"] = distributed.all_gather(np.array([2**64 - 1 - rank], np.uint64))
    group = dist.new_group([1])
    try:
        found["group"] = distributed.all_reduce(np.array([5]), group)
    except ValueError as error:
        found["group"] = str(error)

    for name, case in CASES.items():
        matrix = case(share(rank))
        matrix.all_reduce()
        found[name] = described(matrix)
    with counted_calls() as calls:
        dense(share(rank)).all_reduce()
    found["collectives"] = calls

    scores = histogram(share(rank))
    scores.all_reduce()
    found["histogram"] = histogram_state(scores)
    scores = class_histogram(share(rank))
    scores.all_reduce()
    found["class histogram"] = histogram_state(scores)
    for weights in (False, True):
        # With weights on the second rank only.
        counts = label_counts(share(rank), weights=weights and rank == 1)
        counts.all_reduce()
        found["labels", weights] = (counts.to_array(), counts.exact_matches, counts.total)

    wrapped = torch.nn.parallel.DistributedDataParallel(model_and_batches(share(rank))[0])
    evaluation = evaluated(share(rank), wrapped)
    found["evaluation"] = (evaluation.counts.to_array(), evaluation.losses)
    alone = evaluated(share(rank), all_reduce=False)
    found["alone"] = alone.counts.total

    for all_ranks in (False, True):
        run = folder / f"all-{all_ranks}" / (f"rank-{rank}" if all_ranks else "run")
        with MonitorWriter(run, num_classes=CLASSES, all_ranks=all_ranks) as monitor:
            monitor.confusion_matrix("validation", dense(share(rank)), step=rank)
            monitor.fit("loss", train=1.0, validation=2.0, step=rank)
            try:
                monitor.fit("loss", train="much", step=rank + 1)
            except ValueError as error:
                found["refused", all_ranks] = str(error)
        found["status", all_ranks] = tuple(monitor.status())
    (folder / f"{rank}.pickle").write_bytes(pickle.dumps(found))
    dist.barrier()
    dist.destroy_process_group()


class counted_calls:  # noqa: N801
    """The collectives that torch.distributed is asked for: name and numbers of each."""

    NAMES = ("all_reduce", "all_gather", "all_gather_into_tensor", "all_gather_object", "broadcast",
             "all_gather_single", "gather", "barrier", "reduce")  # fmt: skip

    def __enter__(self) -> list[tuple[str, int]]:
        self.calls: list[tuple[str, int]] = []
        self.kept = {name: getattr(dist, name) for name in self.NAMES if hasattr(dist, name)}
        for name, function in self.kept.items():
            setattr(dist, name, self._counted(name, function))
        return self.calls

    def __exit__(self, *_: object) -> None:
        for name, function in self.kept.items():
            setattr(dist, name, function)

    def _counted(self, name, function):
        def call(*args, **kwargs):
            self.calls.append((name, args[0].numel() if args else 0))
            return function(*args, **kwargs)

        return call


if __name__ == "__main__":
    main(int(sys.argv[1]), pathlib.Path(sys.argv[2]))
