"""scikit-learn: cross-validation, learning and validation curves, and fits in steps.

    with MonitorWriter("logs/svc", model="SVC", framework="sklearn") as monitor:
        cross_validate(monitor, SVC(), X, y, cv=5, scoring=["accuracy", "f1_macro"])
        learning_curve(monitor, SVC(), X, y, cv=5, scoring="neg_log_loss")
        validation_curve(monitor, SVC(), X, y, param_name="C", param_range=[0.1, 1, 10])

Each takes scikit-learn's own arguments after the writer, returns what scikit-learn returns, and
logs it; `log_cross_validation`, `log_learning_curve` and `log_validation_curve` log results that
are there already. `log_evaluation` belongs into a loop of `partial_fit` or `warm_start`,
`log_stages` behind a boosted ensemble.

Labels may be anything that scikit-learn takes: strings become class names. Works with
scikit-learn 1.5 and later. Its experimental `sklearn.callback` is not used: few estimators
support it, and it hands over no validation data.
"""

try:
    import sklearn as _sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "tb_monitor_writer.integrations.sklearn needs scikit-learn; pip install 'scikit-learn>=1.5'"
    ) from error

from tb_monitor_writer.integrations.sklearn.cross_validation import (
    cross_validate,
    log_cross_validation,
)
from tb_monitor_writer.integrations.sklearn.curves import (
    learning_curve,
    log_learning_curve,
    log_validation_curve,
    validation_curve,
)
from tb_monitor_writer.integrations.sklearn.evaluation import log_evaluation, log_stages

__all__ = [
    "cross_validate",
    "learning_curve",
    "log_cross_validation",
    "log_evaluation",
    "log_learning_curve",
    "log_stages",
    "log_validation_curve",
    "validation_curve",
]
