"""What is said of a fit curve, in words."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from tb_monitor_plugin.views.curves import Curve
from tb_monitor_writer.diagnostics import FitState, RuleVerdict, diagnose
from tb_monitor_writer.diagnostics.fit_rule import MIN_EVALUATIONS, RECENT, TOLERANCE
from tb_monitor_writer.schema.names import sounds_higher_is_better

TRAINING_SIZE = "training size"  # head of what the scikit-learn integration logs over it
_BY_INDEX = " by index"  # ends the head of a curve over values of a parameter, in their order
_BY_VALUE = " by value"  # the same, where the steps are the values themselves
CROSS_VALIDATION = "cross-validation"  # head of mean scores over folds

TIERS = {FitState.ROSE: "act", FitState.NO_RISE: "fine", FitState.TOO_SHORT: "unknown"}


class Judged(NamedTuple):
    """A verdict, and where the best value stands.

    Attributes:
      rule: What the rule says.
      best_step: Step of the best value, None without one.
      wire: The verdict as /fit answers it.
    """

    rule: RuleVerdict
    best_step: int | None
    wire: Mapping[str, object]


def axis_of(head: str) -> str:
    """What the steps of a series stand for: "step", "training size", "gamma by index", "depth"."""
    if head.endswith(_BY_VALUE):
        return head.removesuffix(_BY_VALUE)
    return head if head == TRAINING_SIZE or head.endswith(_BY_INDEX) else "step"


def is_of_one_training(head: str) -> bool:
    """Whether one model trains on along the steps; else each point is another model."""
    return axis_of(head) == "step" and head != CROSS_VALIDATION


def lacks_direction(quantity: str, *, higher_is_better: bool) -> bool:
    """Whether a quantity bears the name of a score, but was logged as a loss."""
    return not higher_is_better and sounds_higher_is_better(quantity)


def judge(validation: Curve, quantity: str, *, higher_is_better: bool, head: str = "") -> Judged:
    """Judges a validation curve, unless nothing trains on along it or its best end is unknown."""
    rule = diagnose(validation.value, higher_is_better=higher_is_better)
    best_step = None if rule.best_index is None else int(validation.step[rule.best_index])
    unjudged = _why_not_judged(quantity, head, higher_is_better=higher_is_better)
    if lacks_direction(quantity, higher_is_better=higher_is_better):
        best_step = None  # the smallest would be the worst
    wire = {
        "state": rule.state.value,
        "tier": TIERS[rule.state],
        "label": _label(rule, quantity, higher_is_better=higher_is_better),
        "quantity": quantity,
        "since_step": best_step if rule.state is FitState.ROSE else None,
        "recent_mean": rule.recent_mean,
        "recent_count": rule.recent_count,
        "threshold": rule.threshold,
        "rise": rule.rise,
        "evaluations": rule.evaluations,
        "rule": _rule(quantity, higher_is_better=higher_is_better),
    }
    if unjudged is not None:
        label, reason = unjudged
        wire |= {
            "state": "not_judged",
            "tier": "unknown",
            "label": f"not judged: {label}",
            "since_step": None,
            "rise": None,
            "recent_mean": None,
            "threshold": None,
            "rule": reason,
        }
    return Judged(rule, best_step, wire)


def _why_not_judged(quantity: str, head: str, *, higher_is_better: bool) -> tuple[str, str] | None:
    """In a few words, and in a sentence."""
    if lacks_direction(quantity, higher_is_better=higher_is_better):
        reason = f"{quantity} was logged without higher_is_better=True: not judged"
        return "no higher_is_better", reason
    if is_of_one_training(head):
        return None
    what = {CROSS_VALIDATION: "mean of folds", TRAINING_SIZE: f"over {TRAINING_SIZE}"}
    return what.get(head, "over a parameter"), "curves over training steps are judged"


def _label(rule: RuleVerdict, quantity: str, *, higher_is_better: bool) -> str:
    if rule.evaluations == 0:
        return "too short: no validation values"
    if rule.state is FitState.TOO_SHORT:
        return f"too short: {rule.evaluations} of {MIN_EVALUATIONS} evaluations"
    if rule.state is FitState.NO_RISE:
        return "no fall" if higher_is_better else "no rise"
    if math.isnan(rule.recent_mean):
        return f"validation {quantity} is not a number"
    return f"validation {quantity} {'fell' if higher_is_better else 'rose'}"


def _rule(quantity: str, *, higher_is_better: bool) -> str:
    if higher_is_better:
        return (
            f"mean of the last {RECENT} validation values of {quantity} after the largest < "
            f"{1 - TOLERANCE:.2f} x the largest"
        )
    plural = "losses" if quantity == "loss" else f"values of {quantity}"
    return (
        f"mean of the last {RECENT} validation {plural} after the smallest > "
        f"{1 + TOLERANCE:.2f} x the smallest"
    )
