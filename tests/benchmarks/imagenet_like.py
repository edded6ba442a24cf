"""Labels and predictions that err as an ImageNet classifier does.

    from imagenet_like import labels
    y_true, y_pred = labels(50_000, num_classes=1_000)

76 % are right, as of torchvision's first ResNet-50 (76.1 % top-1). What is wrong goes to one of
five neighbours of the true class, the k-th of them with a probability that is proportional to 1/k
(Zipf). The neighbours of a class are five others drawn at random: real ones
lie closer to each other, which would make a sorted list of cells smaller on disk, so this is the
harder case.
"""

import numpy as np
import numpy.typing as npt

ACCURACY = 0.76
NEIGHBOURS = 5


def labels(
    n: int, num_classes: int, *, seed: int = 0
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Draws `n` true classes, uniformly, and what was predicted for them.

    Args:
      n: Examples.
      num_classes: C, more than `NEIGHBOURS`.
      seed: Of the drawing; the same arguments give the same labels.

    Returns:
      True and predicted classes, int64 `[n]` each, in [0, C).
    """
    if num_classes <= NEIGHBOURS:
        raise ValueError(f"num_classes must be more than {NEIGHBOURS}, got {num_classes}")
    rng = np.random.default_rng(seed)
    neighbours = _neighbours(num_classes, rng)
    shares = 1 / np.arange(1, NEIGHBOURS + 1)
    y_true = rng.integers(0, num_classes, n)
    # rng.choice(p=...) does the same by searchsorted, with more checks.
    rank = np.searchsorted(np.cumsum(shares) / shares.sum(), rng.random(n), side="right")
    y_pred = neighbours[y_true, np.minimum(rank, NEIGHBOURS - 1)]
    right = rng.random(n) < ACCURACY
    y_pred[right] = y_true[right]
    return y_true, y_pred


def _neighbours(num_classes: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Five distinct other classes of each class, `[C, 5]`."""
    # Distinct distances from the class, none of them 0.
    if num_classes <= 10 * NEIGHBOURS:
        away = np.stack([rng.permutation(num_classes - 1)[:NEIGHBOURS] for _ in range(num_classes)])
    else:
        away = rng.integers(0, num_classes - 1, (num_classes, NEIGHBOURS))
        while (twice := (np.diff(np.sort(away, axis=1), axis=1) == 0).any(axis=1)).any():
            away[twice] = rng.integers(0, num_classes - 1, (int(twice.sum()), NEIGHBOURS))
    found: npt.NDArray[np.int64] = (np.arange(num_classes)[:, None] + 1 + away) % num_classes
    return found
