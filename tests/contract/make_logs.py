"""Makes a log directory with everything the Monitor tab can be shown, without training.

    python tests/contract/make_logs.py DIR

The counts are drawn from models of how classifiers err, the losses from curves as they are
met in practice; the same seed gives the same values. What each run is for stands beside its
function.
"""

import argparse
import itertools
import math
import pathlib
import statistics
from collections.abc import Callable, Sequence

import numpy as np

from tb_monitor_writer import ConfusionMatrix, MonitorWriter
from tb_monitor_writer.metrics import MultilabelCounts

DIGITS = tuple("0123456789")
CIFAR = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
# Which class is mostly taken for which, where it is not any at random.
CIFAR_PAIRS = {3: 5, 5: 3, 1: 9, 9: 1, 4: 7, 7: 4, 0: 8, 8: 0, 2: 0, 6: 3}
STEPS = 50

_GROUPS = (
    *("terrier", "retriever", "shepherd", "hound", "spaniel", "cat", "fox", "bear", "beetle"),
    *("butterfly", "spider", "snake", "lizard", "frog", "shark", "ray", "duck", "grouse"),
    *("parrot", "owl", "monkey", "whale", "ship", "boat", "truck", "car", "train", "bicycle"),
    *("clock", "lamp", "bottle", "bowl", "chair", "table", "guitar", "drum", "mushroom"),
    *("flower", "fruit", "bridge"),
)
_KINDS = (
    *("Alpine", "Andean", "Arctic", "Baltic", "black", "blue", "brown", "common", "dwarf"),
    *("eastern", "field", "forest", "giant", "golden", "green", "grey", "hooded", "Irish"),
    *("marsh", "northern", "red", "river", "striped", "tiger", "white"),
)


def class_names_1000() -> tuple[str, ...]:
    """Names a thousand classes: 40 groups of 25 look-alikes, as ImageNet has them."""
    return tuple(f"{kind} {group}" for group in _GROUPS for kind in _KINDS)


class Confuser:
    """Draws the confusion matrices of a classifier that becomes better.

    Attributes:
      support: True examples of each class, int64 `[C]`.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        support: np.ndarray,
        *,
        best_recall: np.ndarray,
        neighbours: Callable[[int], Sequence[int]],
    ) -> None:
        self.support = support
        self._rng = rng
        self._best = best_recall
        self._neighbours = [np.array(neighbours(index), np.int64) for index in range(len(support))]

    def at(self, skill: float) -> np.ndarray:
        """Draws an int64 matrix `[C, C]`, row = truth; skill 0 guesses, 1 is as good as it gets."""
        classes = len(self.support)
        matrix = np.zeros((classes, classes), np.int64)
        recall = 1 / classes + (self._best - 1 / classes) * skill
        hits = self._rng.binomial(self.support, np.clip(recall, 0, 1))
        matrix[np.arange(classes), np.arange(classes)] = hits
        for truth, missed in enumerate(self.support - hits):
            # The better the model, the more of its errors are between look-alikes.
            alike = self._rng.binomial(missed, 0.25 + 0.6 * skill)
            near = self._neighbours[truth]
            weights = 1 / np.arange(1, len(near) + 1) ** 1.5
            # A class may be named twice among the neighbours.
            np.add.at(matrix[truth], near, self._rng.multinomial(alike, weights / weights.sum()))
            anywhere = self._rng.integers(0, classes - 1, missed - alike)
            np.add.at(matrix[truth], anywhere + (anywhere >= truth), 1)
        return matrix


def cifar(rng: np.random.Generator, per_class: int = 200, best: float = 0.93) -> Confuser:
    """Ten named classes; cats are taken for dogs."""
    easiness = np.array([0.97, 1.0, 0.92, 0.74, 0.9, 0.82, 0.96, 0.97, 1.0, 0.98])
    return Confuser(
        rng,
        np.full(10, per_class),
        best_recall=best * easiness,
        neighbours=lambda index: [CIFAR_PAIRS[index], (index + 2) % 10],
    )


def falling(step: int, start: float, end: float, rate: float = 0.12) -> float:
    """A loss that falls from `start` towards `end`."""
    return end + (start - end) * math.exp(-rate * step)


def skill_at(step: int, steps: int = STEPS) -> float:
    """Skill that rises from 0 to nearly 1."""
    return 1 - math.exp(-5 * step / steps)


def good(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Both losses fall and stay down; validation and test splits, scores apart."""
    names = CIFAR
    validation, test = cifar(rng), cifar(rng, per_class=1_000)
    with MonitorWriter(root / "cifar" / "good", class_names=names, framework="torch") as monitor:
        for step in range(1, STEPS + 1):
            matrix = validation.at(skill_at(step))
            monitor.confusion_matrix("validation", matrix, step=step * 20)
            monitor.fit(
                "loss",
                train=falling(step, 2.3, 0.31) + rng.normal(0, 0.008),
                validation=falling(step, 2.3, 0.37) + rng.normal(0, 0.005),
                step=step * 20,
            )
            monitor.fit(
                "accuracy",
                train=1 - falling(step, 0.9, 0.06),
                validation=float(np.trace(matrix) / matrix.sum()),
                step=step * 20,
                higher_is_better=True,
            )
        monitor.confusion_matrix("test", test.at(0.98), step=STEPS * 20)


def overfitting(root: pathlib.Path, rng: np.random.Generator) -> None:
    """The train loss goes on falling while the validation loss rises from step 280 on."""
    confuser = cifar(rng, best=0.86)
    folder = root / "cifar" / "overfitting"
    with MonitorWriter(folder, class_names=CIFAR, framework="torch") as monitor:
        for step in range(1, STEPS + 1):
            rise = 0.012 * max(0, step - 14) ** 1.1
            monitor.confusion_matrix("val", confuser.at(skill_at(step)), step=step * 20)
            monitor.fit(
                "loss",
                train=falling(step, 2.3, 0.02, 0.14) + abs(rng.normal(0, 0.004)),
                validation=falling(step, 2.3, 0.42, 0.25) + rise + rng.normal(0, 0.012),
                step=step * 20,
            )


def nan_loss(root: pathlib.Path, rng: np.random.Generator) -> None:
    """The loss shoots up and is not a number from step 340 on; predictions are one class."""
    confuser = cifar(rng, best=0.7)
    with MonitorWriter(root / "cifar" / "nan-loss", class_names=CIFAR) as monitor:
        for step in range(1, 21):
            loss = falling(step, 2.3, 0.9) + (0.5 * (step - 12) ** 2 if step > 12 else 0)
            loss = math.nan if step >= 17 else loss
            monitor.fit("loss", train=loss, validation=loss * 1.1, step=step * 20)
            if step < 17:
                matrix = confuser.at(skill_at(step))
            else:
                matrix = np.zeros((10, 10), np.int64)
                matrix[:, 0] = 200
            monitor.confusion_matrix("validation", matrix, step=step * 20)


def too_short(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Five evaluations only."""
    confuser = cifar(rng)
    with MonitorWriter(root / "cifar" / "too-short", class_names=CIFAR) as monitor:
        for step in range(1, 6):
            monitor.confusion_matrix("validation", confuser.at(skill_at(step)), step=step * 20)
            monitor.fit(
                "loss",
                train=falling(step, 2.3, 0.4),
                validation=falling(step, 2.3, 0.5),
                step=step * 20,
            )


def losses_only(root: pathlib.Path, rng: np.random.Generator) -> None:
    """No matrix at all; train loss every 5 steps, validation loss every 25."""
    with MonitorWriter(root / "losses-only") as monitor:
        for step in range(5, 1_001, 5):
            validation = falling(step // 20, 2.3, 0.5) if step % 25 == 0 else None
            train = falling(step // 20, 2.3, 0.45) + rng.normal(0, 0.03)
            monitor.fit("loss", train=train, validation=validation, step=step)


def binary(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Two classes, one rare; the last class named is the positive one."""
    confuser = Confuser(
        rng,
        np.array([1_900, 100]),
        best_recall=np.array([0.99, 0.72]),
        neighbours=lambda index: [1 - index],
    )
    folder = root / "fraud"
    with MonitorWriter(folder, class_names=("legitimate", "fraud"), framework="sklearn") as monitor:
        for step in range(STEPS):
            monitor.confusion_matrix("validation", confuser.at(0.4 + 0.6 * step / 49), step=step)
            monitor.fit(
                "log_loss",
                train=falling(step, 0.3, 0.05),
                validation=falling(step, 0.31, 0.07),
                step=step,
            )


def many_classes(root: pathlib.Path, rng: np.random.Generator) -> None:
    """120 classes without names, of very different support; some never occur."""
    support = (4_000 / np.arange(1, 121)).astype(np.int64)
    support[-5:] = 0
    confuser = Confuser(
        rng,
        support,
        best_recall=rng.uniform(0.55, 0.98, 120),
        neighbours=lambda index: [(index + near) % 120 for near in (1, 2, 5)],
    )
    with MonitorWriter(root / "words-120") as monitor:
        for step in range(1, STEPS + 1):
            monitor.confusion_matrix("validation", confuser.at(skill_at(step)), step=step)


def thousand_classes(root: pathlib.Path, rng: np.random.Generator) -> None:
    """1,000 named classes of 50 examples, confused within their group, as in ImageNet."""
    names = class_names_1000()
    confuser = Confuser(
        rng,
        np.full(1_000, 50),
        best_recall=np.clip(rng.beta(7, 2.2, 1_000), 0.1, 1.0),
        neighbours=lambda index: [
            index // 25 * 25 + (index + near) % 25 for near in (1, 24, 2, 5, 9)
        ],
    )
    with MonitorWriter(root / "imagenet", class_names=names, framework="keras") as monitor:
        for step in range(1, STEPS + 1):
            skill = skill_at(step)
            monitor.confusion_matrix("validation", confuser.at(skill), step=step * 1_000)
            monitor.fit(
                "loss",
                train=falling(step, 6.9, 1.1),
                validation=falling(step, 6.9, 1.35) + rng.normal(0, 0.01),
                step=step * 1_000,
            )


def heads(root: pathlib.Path, rng: np.random.Generator) -> None:
    """A model with two outputs, each with its own classes and loss."""
    animal, colour = cifar(rng, per_class=60), None
    colour = Confuser(
        rng,
        np.array([300, 200, 100]),
        best_recall=np.array([0.95, 0.9, 0.7]),
        neighbours=lambda index: [(index + 1) % 3],
    )
    with MonitorWriter(root / "two-heads", model="shared-trunk", model_version="3") as monitor:
        for step in range(1, STEPS + 1):
            skill = skill_at(step)
            monitor.confusion_matrix("validation/animal", animal.at(skill), step=step)
            monitor.confusion_matrix("validation/colour", colour.at(skill), step=step)
            for head, end in (("animal", 0.4), ("colour", 0.2)):
                monitor.fit(
                    f"loss/{head}",
                    train=falling(step, 2.0, end),
                    validation=falling(step, 2.0, end + 0.05) + rng.normal(0, 0.01),
                    step=step,
                )


def undefined(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Classes that are never true, never predicted, or neither."""
    names = ("ordinary", "never predicted", "never true", "neither", "rare")
    with MonitorWriter(root / "undefined", class_names=names) as monitor:
        for step in range(1, 11):
            matrix = np.zeros((5, 5), np.int64)
            matrix[0] = [80 + step, 0, 20 - step, 0, 0]
            matrix[1] = [30, 0, 5, 0, 1]
            matrix[4] = [1, 0, 0, 0, 1]
            monitor.confusion_matrix("validation", matrix, step=step)


HOSTILE_NAMES = (
    "<img src=x onerror=alert(1)>",
    "__proto__",
    "constructor",
    "two\nlines",
    "\u202eright to left",
    "=cmd|' /C calc'!A0",
    "日本語のクラス",
    "🦊 fox",
    "x" * 400,
    "&amp; &lt;",
)
HOSTILE_RUNS = ("<img src=x onerror=alert(1)>", "a b%2F", "🦊 emoji", "__proto__", "..x")


def hostile(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Class and run names that a page must show as text and nothing else."""
    for run in HOSTILE_RUNS:
        confuser = cifar(rng, per_class=20)
        with MonitorWriter(root / "hostile" / run, class_names=HOSTILE_NAMES) as monitor:
            for step in range(1, 11):
                monitor.confusion_matrix("validation", confuser.at(skill_at(step, 10)), step=step)
                monitor.fit("<b>loss", train=1 / step, validation=1.1 / step, step=step)


def second_generation(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Ten classes until step 25, then one more: the series goes on as `validation@2`."""
    before = cifar(rng, per_class=40)
    after = Confuser(
        rng,
        np.full(11, 40),
        best_recall=np.append(np.full(10, 0.9), 0.5),
        neighbours=lambda index: [(index + 1) % 11],
    )
    with MonitorWriter(root / "class-added") as monitor:
        for step in range(1, 51):
            confuser, names = (before, CIFAR) if step <= 25 else (after, (*CIFAR, "bicycle"))
            matrix = ConfusionMatrix.from_array(confuser.at(skill_at(step)), class_names=names)
            monitor.confusion_matrix("validation", matrix, step=step)


def normalised(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Rows that sum to 1: rates without supports, so no intervals."""
    confuser = cifar(rng)
    with MonitorWriter(root / "normalised", class_names=CIFAR, on_error="warn") as monitor:
        for step in range(1, 11):
            matrix = confuser.at(skill_at(step, 10)).astype(np.float64)
            monitor.confusion_matrix("validation", matrix / matrix.sum(1, keepdims=True), step=step)


def weighted(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Examples that weigh differently."""
    with MonitorWriter(root / "weighted", class_names=("no", "yes")) as monitor:
        for step in range(1, 11):
            truth = rng.integers(0, 2, 400)
            right = rng.random(400) < 0.6 + 0.03 * step
            weight = rng.uniform(0.2, 3.0, 400)
            monitor.predictions(
                "validation",
                truth,
                np.where(right, truth, 1 - truth),
                step=step,
                sample_weight=weight,
            )


STREET = ("person", "car", "traffic light", "bicycle", "bus", "dog")


def tag_counts(
    rng: np.random.Generator,
    names: Sequence[str],
    share: np.ndarray,
    skill: float,
    examples: int,
    unknown: int = 0,
) -> MultilabelCounts:
    """Draws labels that come together, and a tagger that becomes better.

    Args:
      rng: For the draws.
      names: Of the labels, L.
      share: How many of the examples have each label, in [0, 1], `[L]`.
      skill: 0 guesses, 1 is as good as it gets.
      examples: How many are evaluated.
      unknown: Of so many, nobody knows whether they have the last label.
    """
    scene = rng.normal(size=(examples, 1))  # what makes labels come together
    depth = 0.6 * scene + 0.8 * rng.normal(size=(examples, len(names)))
    truth = (depth > -_quantile(share)).astype(np.int64)
    hardness = 0.35 + 0.5 * (np.arange(len(names)) % 5) / 4
    noise = (2.5 - 2 * skill) * hardness * rng.normal(size=truth.shape)
    prediction = depth + noise > -_quantile(share)
    truth[:unknown, -1] = -1
    counts = MultilabelCounts(len(names), class_names=names)
    counts.update(truth, prediction, ignore_index=-1)
    return counts


def _quantile(share: np.ndarray) -> np.ndarray:
    return np.array([statistics.NormalDist().inv_cdf(float(one)) for one in share])


def multilabel(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Six labels, any number of which an example has; of 400 examples one is unknown."""
    share = np.array([0.45, 0.4, 0.2, 0.12, 0.05, 0.02])
    with MonitorWriter(root / "street-tags", framework="torch") as monitor:
        for step in range(1, 31):
            counts = tag_counts(rng, STREET, share, skill_at(step, 30), 2_000, unknown=400)
            monitor.confusion_matrix("validation", counts, step=step)
            monitor.fit(
                "loss",
                train=falling(step, 0.69, 0.11),
                validation=falling(step, 0.69, 0.13) + rng.normal(0, 0.002),
                step=step,
            )


def many_labels(root: pathlib.Path, rng: np.random.Generator) -> None:
    """200 labels without losses, most of them rare; some never occur."""
    names = class_names_1000()[:1_000:5]
    share = np.clip(0.4 / np.arange(1, 201), 1e-5, 1)
    with MonitorWriter(root / "photo-tags") as monitor:
        for step in range(1, 11):
            counts = tag_counts(rng, names, share, skill_at(step, 10), 3_000)
            monitor.confusion_matrix("validation", counts, step=step * 100)


def gaps(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Train loss at each step, NaN at three of them; validation loss every 4, NaN at one."""
    with MonitorWriter(root / "gaps") as monitor:
        for step in range(1, 81):
            train = falling(step // 2, 2.3, 0.4) + rng.normal(0, 0.02)
            validation = None
            if step % 4 == 0:
                validation = math.nan if step == 40 else falling(step // 2, 2.3, 0.5)
            train = math.nan if step in (21, 22, 23) else train
            monitor.fit("loss", train=train, validation=validation, step=step)


def empty_evaluation(root: pathlib.Path, rng: np.random.Generator) -> None:
    """An evaluation that saw no example at all, under a long name."""
    folder = root / "experiments-of-november" / "resnet50-augmented-with-mixup-seed-17"
    with MonitorWriter(folder, class_names=CIFAR) as monitor:
        monitor.confusion_matrix("validation", cifar(rng).at(0.9), step=1)
        monitor.confusion_matrix("validation", np.zeros((10, 10), np.int64), step=2)


def training_sizes(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Scores over the training size and over a parameter, as scikit-learn's curves are logged."""
    with MonitorWriter(root / "curves", framework="sklearn") as monitor:
        for size in range(100, 1_300, 100):
            monitor.fit(
                "accuracy/training size",
                train=1 - 0.02 * size / 1_300,
                validation=0.95 - 25 / size + rng.normal(0, 0.003),
                step=size,
                higher_is_better=True,
            )
        for index in range(9):
            monitor.fit(
                "accuracy/gamma by index",
                train=min(1, 0.7 + 0.05 * index),
                validation=0.9 - 0.02 * (index - 3) ** 2,
                step=index,
                higher_is_better=True,
            )


def scores(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Counted from scores: hits among the 3 best, and examples whose scores are NaN."""
    with MonitorWriter(root / "scores", class_names=CIFAR) as monitor:
        for step in range(1, 6):
            truth = rng.integers(0, 10, 1_000)
            logits = rng.normal(size=(1_000, 10))
            logits[np.arange(1_000), truth] += 0.6 * step
            logits[: 3 * step - 3] = math.nan
            matrix = ConfusionMatrix(10, top_k=3)
            matrix.update_from_scores(truth, logits)
            monitor.confusion_matrix("validation", matrix, step=step)


def capped(root: pathlib.Path, rng: np.random.Generator) -> None:
    """More different confusions than are kept: cells are lower bounds, sums exact."""
    with MonitorWriter(root / "capped") as monitor:
        for step in range(1, 4):
            matrix = ConfusionMatrix(40, sparse=True, max_cells=250)
            truth = rng.integers(0, 40, 20_000)
            near = (truth + rng.geometric(0.3, 20_000)) % 40
            right = rng.random(20_000) < 0.6 + 0.1 * step
            matrix.update(truth, np.where(right, truth, near))
            monitor.confusion_matrix("validation", matrix, step=step)


EVERYTHING = (
    good,
    overfitting,
    nan_loss,
    too_short,
    losses_only,
    binary,
    many_classes,
    thousand_classes,
    heads,
    undefined,
    hostile,
    second_generation,
    normalised,
    weighted,
    multilabel,
    many_labels,
    gaps,
    empty_evaluation,
    training_sizes,
    scores,
    capped,
)


def make_logs(root: pathlib.Path, makers: Sequence[Callable] = EVERYTHING, seed: int = 0) -> None:
    """Writes the runs of `makers` below `root`."""
    for maker, number in zip(makers, itertools.count()):
        maker(root, np.random.default_rng([seed, number]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("directory", type=pathlib.Path)
    make_logs(parser.parse_args().directory)
