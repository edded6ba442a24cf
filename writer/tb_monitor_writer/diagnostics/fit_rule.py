"""The one-line rule: did the validation loss rise above its best value?

    mean of the last 5 validation losses > 1.05 x the smallest

Prechelt's GL5 ("generalisation loss above 5 %"), judged at the end of the curve. It says that
the curve rose, not why; on curves whose truth is known it ranks overfitting with an AUC of
0.984 and finds 68 % of it at 1 % false alarms.
"""

import dataclasses
import enum
import math

import numpy as np
import numpy.typing as npt

RECENT = 5
"""Values whose mean is compared: enough to halve the noise of one."""

MIN_EVALUATIONS = 8
"""Below this a best value and five recent ones are mostly the same values."""

TOLERANCE = 0.05
"""Rise that counts, relative to the best value."""

_FLOOR = 0.01
"""A best value nearer to 0 than this share of what was gained on the way to it counts as
that share: a loss that fell from 2.3 to 1e-6 has not risen when it reads 2e-6."""


class FitState(str, enum.Enum):
    """What the rule says."""

    ROSE = "rose"
    NO_RISE = "no_rise"
    TOO_SHORT = "too_short"


@dataclasses.dataclass(frozen=True)
class RuleVerdict:
    """What the rule says, and every number it rests on.

    Attributes:
      state: See there.
      evaluations: Validation values judged, those that are not a number included.
      best_index: Place of the best finite value (the first, if several), None without one.
      best_value: That value, NaN without one.
      recent_mean: Mean of the last values; NaN if one of them is not a number.
      recent_count: How many they are: 5, or fewer if there are fewer.
      threshold: What `recent_mean` is compared with; NaN without a best value.
      rise: `recent_mean` against the best value, relative to it, positive = worse. NaN if
        either is not a number, or if the best value is 0.
    """

    state: FitState
    evaluations: int
    best_index: int | None
    best_value: float
    recent_mean: float
    recent_count: int
    threshold: float
    rise: float


def diagnose(validation: npt.ArrayLike, *, higher_is_better: bool = False) -> RuleVerdict:
    """Judges a curve of validation values at its end.

    Args:
      validation: One value per evaluation, in the order of the steps, `[n]`. NaN and infinite
        values are legal: never the best, and worse than any other among the recent ones.
      higher_is_better: Whether the values are scores rather than losses; the rule is mirrored.

    Returns:
      The verdict. `too_short` below 8 evaluations, `rose` if the recent mean is worse than
      the best value by more than 5 % of its size or is not a number, else `no_rise`.

    Source: Prechelt, Early Stopping - But When? (1998).
    """
    values = np.asarray(validation, np.float64).reshape(-1)
    evaluations = len(values)
    recent = values[-RECENT:]
    # numpy warns about inf - inf inside a mean; the result, NaN, is what is meant.
    with np.errstate(invalid="ignore", over="ignore"):
        recent_mean = float(recent.mean()) if evaluations else math.nan
    finite = np.flatnonzero(np.isfinite(values))
    sign = -1.0 if higher_is_better else 1.0
    best_index: int | None = None
    best_value = threshold = rise = math.nan
    if len(finite):
        best_index = int(finite[np.argmin(sign * values[finite])])
        best_value = float(values[best_index])
        gained = abs(float(values[finite[0]]) - best_value)
        scale = max(abs(best_value), _FLOOR * gained)
        threshold = best_value + sign * TOLERANCE * scale
        if best_value and math.isfinite(recent_mean):
            rise = sign * (recent_mean - best_value) / abs(best_value)
    if evaluations < MIN_EVALUATIONS:
        state = FitState.TOO_SHORT
    elif not sign * recent_mean <= sign * threshold:  # so that NaN counts as a rise
        state = FitState.ROSE
    else:
        state = FitState.NO_RISE
    return RuleVerdict(
        state=state,
        evaluations=evaluations,
        best_index=best_index,
        best_value=best_value,
        recent_mean=recent_mean,
        recent_count=len(recent),
        threshold=threshold,
        rise=rise,
    )
