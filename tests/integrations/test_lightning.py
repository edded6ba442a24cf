"""The Lightning callback: what it logs, read back from the event files."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("lightning")

import lightning.pytorch as lightning
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from sklearn.metrics import confusion_matrix
from torch.nn import functional

from tb_monitor_writer import InvalidInput, MonitorWriter
from tb_monitor_writer.integrations.lightning import MonitorCallback
from tests.crash.logs import ROOT, files, fit_rows, fit_steps
from tests.integrations.lightning_models import (
    CLASSES,
    classifier,
    loader,
    predicted,
    problem,
)
from tests.integrations.runs import matrices, series

PACKAGE = "lightning.pytorch"
TRAIN, VALIDATION = problem(), problem(seed=2)

pytestmark = [
    # Lightning 2.6 with torch 2.13.
    pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated"),
    pytest.mark.filterwarnings("ignore:The '.*_dataloader' does not have many workers"),
    pytest.mark.filterwarnings("ignore:The number of training batches"),
]


class Predictions(lightning.Callback):
    """Predicts the validation data whenever it was evaluated."""

    def __init__(self):
        self.at_step = {}

    def on_validation_end(self, trainer, pl_module):
        if not trainer.sanity_checking:
            self.at_step[trainer.global_step] = predicted(pl_module, VALIDATION)


def fit(folder, *callbacks, module=None, ckpt_path=None, validation=VALIDATION, **options):
    """Fits a classifier, by default two epochs of six batches."""
    options = {
        "max_epochs": 2, "logger": TensorBoardLogger(folder, name="", version="run"), **options
    }  # fmt: skip
    trainer = lightning.Trainer(
        accelerator="cpu", callbacks=list(callbacks), enable_progress_bar=False,
        enable_model_summary=False, **{"enable_checkpointing": False, **options},
    )  # fmt: skip
    module = module or classifier(PACKAGE)
    loaders = None if validation is None else loader(validation)
    trainer.fit(module, loader(TRAIN), loaders, ckpt_path=ckpt_path)
    return trainer


def said(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "tb_monitor_writer"]


def test_matrices_and_losses_of_every_validation_are_in_the_run_of_the_logger(tmp_path):
    predictions = Predictions()
    callback = MonitorCallback(class_names=CLASSES, model="linear")
    trainer = fit(tmp_path, callback, predictions)

    run = tmp_path / "run"
    assert {path.parent for path in files(tmp_path)} == {run}
    found = matrices(run)
    assert list(found) == [("validation", 6), ("validation", 12)]  # and none of the sanity check
    rows = dict(fit_rows(run))
    losses = trainer.lightning_module.train_losses
    for step, logits in predictions.at_step.items():
        expected = confusion_matrix(VALIDATION[1], logits.argmax(1))
        np.testing.assert_array_equal(found["validation", step], expected)
        per_example = functional.cross_entropy(logits, VALIDATION[1], reduction="none").double()
        row = rows[step]
        assert row["validation"] == pytest.approx(per_example.mean().item(), rel=1e-6)
        assert row["validation_se"] == pytest.approx(per_example.std().item() / 96**0.5, rel=1e-5)
        assert row["train"] == pytest.approx(np.mean(losses[step - 6 : step]), rel=1e-6)
        assert row["train_step"] == step - 3
    described = series(run)
    assert described["validation/confusion"].class_names == tuple(CLASSES)
    assert described["loss/fit"].framework == "lightning"
    assert described["loss/fit"].model == "linear"
    assert callback.writer.status().dropped == 0


def test_test_is_logged_as_test_at_the_step_of_the_end(tmp_path):
    callback = MonitorCallback(class_names=CLASSES)
    trainer = fit(tmp_path, callback)
    data = problem(seed=3)
    trainer.test(trainer.lightning_module, loader(data), verbose=False)
    expected = confusion_matrix(data[1], predicted(trainer.lightning_module, data).argmax(1))
    np.testing.assert_array_equal(matrices(tmp_path)["test", 12], expected)
    assert fit_steps(tmp_path) == [6, 12]


def test_validation_within_an_epoch_has_the_train_loss_since_the_last_one(tmp_path):
    trainer = fit(tmp_path, MonitorCallback(num_classes=3), val_check_interval=2, max_epochs=1)
    losses = trainer.lightning_module.train_losses
    rows = fit_rows(tmp_path)
    assert [step for step, _ in rows] == [2, 4, 6]
    for step, row in rows:
        assert row["train"] == pytest.approx(np.mean(losses[step - 2 : step]), rel=1e-6)


def test_accumulated_gradients_leave_the_train_loss_what_it_was(tmp_path):
    trainer = fit(tmp_path, MonitorCallback(), accumulate_grad_batches=3, max_epochs=1)
    ((step, row),) = fit_rows(tmp_path)
    assert step == 2
    expected = np.mean(trainer.lightning_module.train_losses)
    assert row["train"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("returns", ["loss", "nothing"])
def test_a_step_that_returns_no_scores_is_logged_as_a_curve_and_it_is_said_once(
    tmp_path, caplog, returns
):
    module = classifier(PACKAGE, returns)
    fit(tmp_path, MonitorCallback(class_names=CLASSES), module=module)
    assert matrices(tmp_path) == {}
    logits = predicted(module, VALIDATION)
    expected = functional.cross_entropy(logits, VALIDATION[1]).item()
    assert fit_rows(tmp_path)[-1][1]["validation"] == pytest.approx(expected, rel=1e-5)
    (sentence,) = said(caplog)
    assert "validation_step returned no dict with 'y_true' and 'scores'" in sentence


def test_other_keys_are_named_and_how_to_rename_them(tmp_path, caplog):
    module = classifier(PACKAGE, lambda y, logits: {"target": y, "preds": logits})
    fit(tmp_path, MonitorCallback(class_names=CLASSES), module=module, max_epochs=1)
    (sentence,) = said(caplog)
    assert "(its keys: 'target', 'preds')" in sentence
    assert "MonitorCallback y_true= and scores=" in sentence


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"num_classes": 3, "predict": lambda module, batch: module(batch[0])},
            r"predict must return a pair \(scores, y_true\), got Tensor",
        ),
        (
            {"num_classes": 4, "predict": lambda module, batch: (module(batch[0]), batch[1])},
            "must be as many as scores have columns, 3, got 4",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused_before_training(tmp_path, arguments, message):
    module = classifier(PACKAGE, "loss")
    before = [parameter.detach().clone() for parameter in module.parameters()]
    with pytest.raises(InvalidInput, match=message):
        fit(tmp_path, MonitorCallback(**arguments), module=module, max_epochs=1)
    assert all((a == b).all() for a, b in zip(before, module.parameters(), strict=True))


def test_predict_gives_the_scores_that_a_step_does_not_return(tmp_path, caplog):
    module = classifier(PACKAGE, "loss")
    predict = MonitorCallback(
        class_names=CLASSES, predict=lambda module, batch: (module(batch[0]), batch[1])
    )
    fit(tmp_path, predict, module=module, max_epochs=1)
    expected = confusion_matrix(VALIDATION[1], predicted(module, VALIDATION).argmax(1))
    np.testing.assert_array_equal(matrices(tmp_path)["validation", 6], expected)
    assert said(caplog) == []


def test_other_keys_and_predicted_classes_will_do(tmp_path):
    module = classifier(
        PACKAGE, lambda y, logits: {"target": y, "preds": logits.argmax(1), "nll": logits.mean()}
    )
    callback = MonitorCallback(num_classes=3, y_true="target", scores="preds", loss="nll")
    fit(tmp_path, callback, module=module, max_epochs=1)
    expected = confusion_matrix(VALIDATION[1], predicted(module, VALIDATION).argmax(1))
    np.testing.assert_array_equal(matrices(tmp_path)["validation", 6], expected)
    mean = predicted(module, VALIDATION).mean().item()
    assert fit_rows(tmp_path)[0][1]["validation"] == pytest.approx(mean, rel=1e-5)


def test_a_binary_task_is_logged_with_its_scores(tmp_path):
    def returns(y, logits):
        return {"y_true": (y == 0).long(), "scores": logits[:, 0]}

    module = classifier(PACKAGE, returns)
    fit(tmp_path, MonitorCallback(class_names=["no", "yes"]), module=module, max_epochs=1)
    logits = predicted(module, VALIDATION)[:, 0]
    expected = confusion_matrix(VALIDATION[1] == 0, logits > 0)
    np.testing.assert_array_equal(matrices(tmp_path)["validation", 6], expected)
    assert series(tmp_path)["validation/scores"].class_names == ("yes",)


def test_several_dataloaders_become_heads(tmp_path):
    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=1, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, logger=TensorBoardLogger(tmp_path, name="", version="run"),
        callbacks=[MonitorCallback(class_names=CLASSES, heads=["clean", "shifted"])],
    )  # fmt: skip
    module, shifted = classifier(PACKAGE), problem(40, seed=5)
    trainer.fit(module, loader(TRAIN), [loader(VALIDATION), loader(shifted)])
    found = matrices(tmp_path)
    for head, data in (("clean", VALIDATION), ("shifted", shifted)):
        expected = confusion_matrix(data[1], predicted(module, data).argmax(1))
        np.testing.assert_array_equal(found[f"validation/{head}", 6], expected)
        loss = functional.cross_entropy(predicted(module, data), data[1]).item()
        row = fit_rows(tmp_path, f"loss/{head}")[0][1]
        assert row["validation"] == pytest.approx(loss, rel=1e-6)


def test_without_classes_a_regression_is_logged_as_a_curve(tmp_path, caplog):
    fit(tmp_path, MonitorCallback())
    assert set(series(tmp_path)) == {"loss/fit"}
    assert fit_rows(tmp_path)[0][1]["validation_n"] == 96
    assert said(caplog) == []


@pytest.mark.filterwarnings("ignore:You defined a `validation_step` but have no")
def test_without_validation_the_train_loss_is_logged_once_an_epoch(tmp_path):
    trainer = fit(tmp_path, MonitorCallback(num_classes=3), validation=None)
    losses = trainer.lightning_module.train_losses
    rows = fit_rows(tmp_path)
    assert [step for step, _ in rows] == [6, 12]
    assert rows[1][1]["train"] == pytest.approx(np.mean(losses[6:]), rel=1e-6)
    assert np.isnan(rows[1][1]["validation"])


@pytest.mark.parametrize("logger", [False, "csv"])
def test_without_a_tensorboard_logger_records_go_to_the_trainers_log_dir(tmp_path, logger):
    chosen = CSVLogger(tmp_path, name="", version="run") if logger else False
    trainer = fit(
        tmp_path, MonitorCallback(num_classes=3), logger=chosen, default_root_dir=tmp_path
    )
    assert fit_steps(trainer.log_dir) == [6, 12]


def test_a_directory_of_its_own_is_taken_if_given(tmp_path):
    fit(tmp_path / "scalars", MonitorCallback(tmp_path / "own", num_classes=3))
    assert fit_steps(tmp_path / "own") == [6, 12]
    assert fit_steps(tmp_path / "scalars") == []


def test_fast_dev_run_logs_nothing(tmp_path):
    callback = MonitorCallback(num_classes=3)
    fit(tmp_path, callback, fast_dev_run=True, default_root_dir=tmp_path)
    assert files(tmp_path) == []
    assert callback.writer is None


def test_a_run_resumed_from_a_checkpoint_goes_on_at_its_step(tmp_path):
    checkpoint = tmp_path / "at-12.ckpt"
    fit(tmp_path, MonitorCallback(num_classes=3)).save_checkpoint(checkpoint)
    resumed = {"ckpt_path": checkpoint, "max_epochs": 3}
    fit(tmp_path, MonitorCallback(num_classes=3), **resumed)
    # And once more from there: what the first attempt has logged at 18 is replaced.
    predictions, callback = Predictions(), MonitorCallback(num_classes=3)
    fit(tmp_path, callback, predictions, **{**resumed, "max_epochs": 4})

    assert sorted({step for _, step in matrices(tmp_path)}) == [6, 12, 18, 24]
    expected = confusion_matrix(VALIDATION[1], predictions.at_step[18].argmax(1))
    np.testing.assert_array_equal(matrices(tmp_path)["validation", 18], expected)
    assert fit_steps(tmp_path) == [6, 12, 18, 18, 24]
    assert callback.writer.status().dropped == 0


def test_outputs_that_do_not_fit_cost_the_matrix_and_not_the_training(tmp_path, caplog):
    def returns(y, logits):
        return {"y_true": y + 1, "scores": logits}

    module = classifier(PACKAGE, returns)
    trainer = fit(tmp_path, MonitorCallback(num_classes=3), module=module)
    assert trainer.current_epoch == 2
    assert matrices(tmp_path) == {}
    assert fit_steps(tmp_path) == [6, 12]
    (sentence,) = said(caplog)
    assert "a batch could not be counted, its matrix is left out: y_true[" in sentence

    strict = MonitorCallback(num_classes=3, on_error="raise")
    with pytest.raises(InvalidInput, match="y_true"):
        fit(tmp_path / "strict", strict, module=classifier(PACKAGE, returns))


def test_a_failing_writer_does_not_stop_training(tmp_path, caplog, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(MonitorWriter, "confusion_matrix", fail)
    trainer = fit(tmp_path, MonitorCallback(num_classes=3))
    assert trainer.current_epoch == 2
    assert len([sentence for sentence in said(caplog) if "no such luck" in sentence]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"class_names": ["a", "a"]}, "class_names must be distinct"),
        ({"num_classes": 1}, "num_classes must be at least 2, got 1"),
        ({"heads": ["te@st"]}, "heads must not contain '@'"),
        ({"on_error": "panic"}, "on_error must be 'warn' or 'raise', got 'panic'"),
    ],
)
def test_bad_arguments_are_refused_at_once(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        MonitorCallback(**arguments)


def test_a_callback_can_be_copied_and_sent_to_a_process_before_it_has_written():
    callback = MonitorCallback(class_names=CLASSES)
    for made in (copy.deepcopy(callback), pickle.loads(pickle.dumps(callback))):
        assert isinstance(made, lightning.Callback)
        assert made.writer is None


def run(folder, package, devices):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    }
    subprocess.run(
        [sys.executable, "-m", "tests.integrations.lightning_models",
         package, str(folder), str(devices)],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'writer'}"},
        check=True,
        timeout=240,
        capture_output=True,
    )  # fmt: skip
    return [pickle.loads((folder / f"{rank}.pickle").read_bytes()) for rank in range(devices)]


@pytest.mark.slow
def test_two_ranks_are_summed_and_the_first_writes(tmp_path):
    first, second = run(tmp_path, PACKAGE, devices=2)
    assert (first["writes"], second["writes"]) == (True, False)
    module = classifier(PACKAGE)
    module.net.load_state_dict(first["weights"])
    logits = predicted(module, VALIDATION)
    found = matrices(tmp_path)
    assert list(found) == [("validation", 3), ("validation", 6)]
    expected = confusion_matrix(VALIDATION[1], logits.argmax(1))
    np.testing.assert_array_equal(found["validation", 6], expected)
    row = fit_rows(tmp_path)[-1][1]
    assert row["validation_n"] == 96
    loss = functional.cross_entropy(logits, VALIDATION[1]).item()
    assert row["validation"] == pytest.approx(loss, rel=1e-5)
    train = np.mean([first["losses"][3:], second["losses"][3:]])
    assert row["train"] == pytest.approx(train, rel=1e-5)


@pytest.mark.slow
def test_the_older_package_name_works_too(tmp_path):
    pytest.importorskip("pytorch_lightning")
    (found,) = run(tmp_path, "pytorch_lightning", devices=1)
    assert found["is_callback"]
    assert list(matrices(tmp_path)) == [("validation", 6), ("validation", 12)]
