"""What the analyses of counts alone cost: changes, gains, biases, lints, costs.

    python tests/benchmarks/bench_ideas.py [--rounds 9]

Matrices come from a model that is right on 76 % of the examples and spreads its errors over a
few neighbours (Zipf) and everywhere, as on ImageNet; dense ones of 100 and 1,000 classes, one
whose 10^6 pairs are all confused, and a sparse one of 100,000 classes with 10^6 cells.
Medians, with the lowest and the highest time.
"""

import argparse
import os
import platform
import statistics
import sys
import time

import numpy as np

from tb_monitor_writer import metrics


def dense(rng, num_classes, per_class):
    """Two matrices of one model."""
    p = np.full((num_classes, num_classes), 0.08 / num_classes) + 0.76 * np.eye(num_classes)
    for rank in range(1, 6):
        neighbour = (np.arange(num_classes) + rank) % num_classes
        p[np.arange(num_classes), neighbour] += 0.16 / 2.283 / rank
    p /= p.sum(axis=1, keepdims=True)
    support = rng.integers(per_class // 2, 2 * per_class, num_classes)
    return [metrics.ConfusionMatrix.from_array(rng.multinomial(support, p)) for _ in range(2)]


def all_confused(rng):
    """1,415 classes: 10^6 pairs, nearly all of them confused."""
    matrix = rng.poisson(2, (1_415, 1_415)) + 1_000 * np.eye(1_415, dtype=int)
    return metrics.ConfusionMatrix.from_array(matrix)


def sparse(rng):
    """100,000 classes, about 10^6 cells."""
    truth = rng.integers(0, 100_000, 6_000_000)
    wrong = rng.random(len(truth)) < 0.25
    errors = np.where(wrong, rng.zipf(1.5, len(truth)) % 50_000, 0)
    matrix = metrics.ConfusionMatrix(100_000)
    matrix.update(truth, (truth + errors) % 100_000)
    matrix.cells()  # sorts what waits
    return matrix


def cases(rng):
    """Name and size of what is measured, and a call that does it."""
    small, large = dense(rng, 100, 500), dense(rng, 1_000, 100)
    pairs, wide = all_confused(rng), (sparse(rng), sparse(rng))
    cost = {size: 1.0 - np.eye(size) for size in (100, 1_000)}
    histogram = metrics.ScoreHistogram()
    histogram.update(rng.integers(0, 2, 100_000), rng.random(100_000))
    permuted = metrics.ConfusionMatrix.from_array(large[0].to_array()[rng.permutation(1_000)])
    margins = wide[0].margins
    cells = f"{len(wide[0].cells()[0]):,} sparse cells"
    return [
        ("changed_cells", "10^4 cells", lambda: metrics.changed_cells(*small)),
        ("changed_cells", "10^6 cells", lambda: metrics.changed_cells(*large)),
        ("changed_cells", cells, lambda: metrics.changed_cells(*wide)),
        ("changed_classes", "1,000 classes", lambda: metrics.changed_classes(*large)),
        ("fix_first, top 100", "100 classes", lambda: metrics.fix_first(small[0], top=100)),
        ("fix_first, top 100", "10^6 pairs", lambda: metrics.fix_first(pairs, top=100)),
        ("fix_first, top 100", cells, lambda: metrics.fix_first(wide[0], top=100)),
        ("bias_or_ambiguity", "100 classes", lambda: metrics.bias_or_ambiguity(small[0])),
        ("bias_or_ambiguity", "1,000 classes", lambda: metrics.bias_or_ambiguity(large[0])),
        ("bias_or_ambiguity", cells, lambda: metrics.bias_or_ambiguity(wide[0])),
        ("lint_label_map", "100 classes", lambda: metrics.lint_label_map(small[0])),
        ("lint_label_map", "1,000 classes", lambda: metrics.lint_label_map(large[0])),
        ("lint_label_map", "1,000 permuted", lambda: metrics.lint_label_map(permuted)),
        ("lint_label_map", cells, lambda: metrics.lint_label_map(wide[0])),
        ("lint_total", "", lambda: metrics.lint_total(50_016, 50_000, world_size=32)),
        ("with_prevalence", "100 classes",
         lambda: metrics.with_prevalence(small[0], np.ones(100))),
        ("expected_cost", "100 classes", lambda: metrics.expected_cost(small[0], cost[100])),
        ("expected_cost", "1,000 classes", lambda: metrics.expected_cost(large[0], cost[1_000])),
        ("cost_curve", "1,000 bins", lambda: metrics.cost_curve(histogram, [[0, 1], [5, 0]])),
        ("macro_f1_interval", "100,000 classes",
         lambda: metrics.macro_f1_interval(margins, 0.01)),
    ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    measured = cases(np.random.default_rng(0))
    times_ms = [[] for _ in measured]
    for _ in range(arguments.rounds):  # in turn, so that load from elsewhere hits all alike
        for taken, (_, _, call) in zip(times_ms, measured, strict=True):
            call()
            start = time.perf_counter()
            call()
            taken.append(1e3 * (time.perf_counter() - start))
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}, {arguments.rounds} rounds, medians (lowest to highest)\n"
    )
    print("| function | of | ms |\n|---|---|---:|")
    for taken, (name, size, _) in zip(times_ms, measured, strict=True):
        middle = statistics.median(taken)
        print(f"| {name} | {size} | {middle:.3g} ({min(taken):.3g} to {max(taken):.3g}) |")


if __name__ == "__main__":
    sys.exit(main())
