"""scikit-learn: cross-validation, learning curve and validation curves.

    python demo/sklearn_curves.py

logs the runs digits/svc (5 folds; does it want more data? which gamma?) and digits/tree (how
deep?). On the Fit page choose the quantity: its name says what the steps are.
"""

import pathlib

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from command_line import LOGS, ProgressBar, fresh_run, options
from data import DIGITS, digits
from tb_monitor_writer import MonitorWriter
from tb_monitor_writer.integrations.sklearn import (
    cross_validate,
    learning_curve,
    validation_curve,
)

POINTS = 10


def main(points: int = POINTS, logs: pathlib.Path = LOGS) -> None:
    x, labels = digits()[0]
    y = np.array(DIGITS)[labels]  # strings become class names
    folds = StratifiedKFold(5, shuffle=True, random_state=0)

    run = fresh_run(logs, "digits/svc")
    with (
        ProgressBar("digits/svc", 3) as bar,
        MonitorWriter(run, class_names=DIGITS, model="SVC", framework="sklearn") as monitor,
    ):
        model = SVC(gamma=0.05)
        cross_validate(
            monitor, model, x, y, cv=folds, scoring=["accuracy", "f1_macro"],
            return_train_score=True,
        )  # fmt: skip
        bar.update(1, "5 folds")
        learning_curve(
            monitor, model, x, y, cv=folds, shuffle=True, random_state=0,
            train_sizes=np.linspace(0.05, 1, points),
        )  # fmt: skip
        bar.update(2, f"{points} training sizes")
        validation_curve(
            monitor, model, x, y, cv=folds, param_name="gamma",
            param_range=np.logspace(-3, 0.5, points),
        )  # fmt: skip
        bar.update(3, f"{points} values of gamma")

    run = fresh_run(logs, "digits/tree")
    with (
        ProgressBar("digits/tree", 1) as bar,
        MonitorWriter(run, class_names=DIGITS, model="tree", framework="sklearn") as monitor,
    ):
        # Ascending whole numbers are the steps themselves.
        validation_curve(
            monitor, DecisionTreeClassifier(random_state=0), x, y, cv=folds,
            param_name="max_depth", param_range=range(1, points + 6),
        )  # fmt: skip
        bar.update(1, f"{points + 5} depths")


if __name__ == "__main__":
    main(**vars(options(__doc__, POINTS, what="points")))
