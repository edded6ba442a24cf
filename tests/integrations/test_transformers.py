"""The Transformers callback on real Trainers and tiny models."""

import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("transformers")

import torch
import transformers
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from transformers import BertForSequenceClassification, BertForTokenClassification, Trainer

from tb_monitor_writer import InvalidInput, MonitorWriter
from tb_monitor_writer.integrations.transformers import MonitorCallback, predicted_classes
from tests.crash.logs import ROOT, files, fit_rows, fit_steps
from tests.integrations.runs import matrices, series
from tests.integrations.transformers_models import (
    NAMES,
    VOCABULARY,
    Examples,
    arguments,
    config,
    labels_of,
    logits_of,
    named,
    padded,
    tagged_texts,
    texts,
)

TRAIN, VALIDATION = texts(), texts(48, seed=1)


class Predictions(transformers.TrainerCallback):
    """Predicts the validation data whenever it was evaluated."""

    def __init__(self):
        self.at_step = {}

    def on_evaluate(self, args, state, control, model=None, **kwargs):
        self.at_step.setdefault(state.global_step, logits_of(model, VALIDATION).argmax(1))


def classifier(**options):
    torch.manual_seed(0)
    return BertForSequenceClassification(config(**named(NAMES), **options))


def trainer_of(model, args, **options):
    options = {"train_dataset": TRAIN, "eval_dataset": VALIDATION, **options}
    return Trainer(model=model, args=args, **options)


def said(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "tb_monitor_writer"]


def test_matrices_and_losses_of_every_evaluation_are_logged(tmp_path, caplog):
    predictions, monitor = Predictions(), MonitorCallback(model="bert")
    trainer = trainer_of(classifier(), arguments(tmp_path), callbacks=[predictions])
    assert monitor.attach(trainer) is monitor
    trainer.train()

    found = matrices(tmp_path / "runs")
    assert list(found) == [("validation", 8), ("validation", 16)]
    for step, predicted in predictions.at_step.items():
        expected = confusion_matrix(labels_of(VALIDATION), predicted)
        np.testing.assert_array_equal(found["validation", step], expected)
    history = {"loss": {}, "eval_loss": {}}
    for entry in trainer.state.log_history:
        for key in history.keys() & entry.keys():
            history[key][entry["step"]] = entry[key]
    rows = fit_rows(tmp_path)
    assert [step for step, _ in rows] == [8, 16]
    for step, row in rows:
        assert row["train"] == history["loss"][step]
        assert row["validation"] == history["eval_loss"][step]
        assert row["train_step"] == step - 4
    described = series(tmp_path)
    assert described["validation/confusion"].class_names == tuple(NAMES)
    assert described["validation/confusion"].framework == "transformers"
    assert described["loss/fit"].model == "bert"
    assert said(caplog) == []


def test_without_a_metric_of_its_own_the_trainer_gets_averages_to_choose_models_by(tmp_path):
    args = arguments(
        tmp_path, metric_for_best_model="f1_macro", load_best_model_at_end=True,
        save_strategy="epoch",
    )  # fmt: skip
    trainer = trainer_of(classifier(), args)
    MonitorCallback().attach(trainer)
    trainer.train()
    result = trainer.evaluate()
    predicted = logits_of(trainer.model, VALIDATION).argmax(1)
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels_of(VALIDATION), predicted, average="macro", zero_division=0
    )
    assert result["eval_f1_macro"] == pytest.approx(f1) == trainer.state.best_metric
    assert result["eval_precision_macro"] == pytest.approx(precision)
    assert result["eval_recall_macro"] == pytest.approx(recall)


def test_a_second_evaluation_of_a_step_is_not_logged_again(tmp_path):
    monitor = MonitorCallback()
    trainer = trainer_of(classifier(), arguments(tmp_path))
    monitor.attach(trainer)
    trainer.train()
    before = len(files(tmp_path)), monitor.writer.status()
    trainer.evaluate()
    assert (len(files(tmp_path)), monitor.writer.status()) == before
    assert monitor.writer.status().dropped == 0


def test_predict_is_logged_as_test(tmp_path):
    trainer = trainer_of(classifier(), arguments(tmp_path))
    MonitorCallback().attach(trainer)
    trainer.train()
    data = texts(30, seed=2)
    trainer.predict(data)
    expected = confusion_matrix(labels_of(data), logits_of(trainer.model, data).argmax(1))
    np.testing.assert_array_equal(matrices(tmp_path)["test", 16], expected)
    assert fit_steps(tmp_path) == [8, 16]


def test_records_are_in_the_run_of_the_trainers_own_tensorboard_writer(tmp_path, caplog):
    monitor = MonitorCallback()
    trainer = trainer_of(classifier(), arguments(tmp_path, report_to="tensorboard"))
    monitor.attach(trainer)
    trainer.train()
    (run,) = {path.parent for path in files(tmp_path)}
    assert run.parent == tmp_path / "runs"
    assert [step for _, step in matrices(run)] == [8, 16]
    # Training has closed its writer; what follows goes to the same run.
    trainer.predict(texts(30, seed=2))
    assert ("test", 16) in matrices(run)
    assert said(caplog) == []


def test_tokens_without_a_label_and_padding_are_left_out(tmp_path):
    torch.manual_seed(0)
    model = BertForTokenClassification(config(**named(NAMES)))
    data = tagged_texts(seed=1)
    trainer = trainer_of(
        model, arguments(tmp_path), train_dataset=tagged_texts(), eval_dataset=data,
        data_collator=padded,
    )  # fmt: skip
    MonitorCallback().attach(trainer)
    assert trainer.preprocess_logits_for_metrics is predicted_classes
    trainer.train()
    model.eval()
    truth, predicted = [], []
    for example in data:
        with torch.no_grad():
            logits = model(example["input_ids"][None]).logits[0]
        truth += example["labels"][1:].tolist()
        predicted += logits.argmax(1)[1:].tolist()
    step = trainer.state.global_step
    np.testing.assert_array_equal(
        matrices(tmp_path)["validation", step], confusion_matrix(truth, predicted)
    )


@pytest.mark.parametrize("batch_eval_metrics", [False, True])
def test_a_metric_of_ones_own_is_called_and_its_logits_are_counted(tmp_path, batch_eval_metrics):
    seen = []

    def whole(prediction):
        seen.append(prediction.predictions.shape)
        return {"mine": 3.0}

    def in_parts(prediction, compute_result):
        seen.append(tuple(prediction.predictions.shape))
        return {"mine": 3.0} if compute_result else {}

    args = arguments(tmp_path, batch_eval_metrics=batch_eval_metrics)
    trainer = trainer_of(
        classifier(), args, compute_metrics=in_parts if batch_eval_metrics else whole
    )
    MonitorCallback().attach(trainer)
    trainer.train()
    assert seen[-1] == ((16, 3) if batch_eval_metrics else (48, 3))
    assert trainer.evaluate()["eval_mine"] == 3.0
    predicted = logits_of(trainer.model, VALIDATION).argmax(1)
    expected = confusion_matrix(labels_of(VALIDATION), predicted)
    np.testing.assert_array_equal(matrices(tmp_path)["validation", 16], expected)


def test_a_trainer_that_something_else_builds_can_be_given_the_parts(tmp_path):
    monitor = MonitorCallback(tmp_path / "own")
    trainer = trainer_of(
        classifier(), arguments(tmp_path), callbacks=[monitor],
        compute_metrics=monitor.compute_metrics, preprocess_logits_for_metrics=predicted_classes,
    )  # fmt: skip
    trainer.train()
    assert [step for _, step in matrices(tmp_path / "own")] == [8, 16]
    assert series(tmp_path / "own")["validation/confusion"].class_names == tuple(NAMES)


def test_several_data_sets_become_heads_with_the_same_train_loss(tmp_path):
    data = {"clean": VALIDATION, "other": texts(30, seed=4)}
    trainer = trainer_of(classifier(), arguments(tmp_path), eval_dataset=data)
    MonitorCallback().attach(trainer)
    trainer.train()
    for name, examples in data.items():
        predicted = logits_of(trainer.model, examples).argmax(1)
        expected = confusion_matrix(labels_of(examples), predicted)
        np.testing.assert_array_equal(matrices(tmp_path)[f"validation/{name}", 16], expected)
    clean, other = (fit_rows(tmp_path, f"loss/{name}")[-1][1] for name in data)
    assert clean["train"] == other["train"]
    assert clean["validation"] != other["validation"]


def test_a_causal_language_model_is_judged_by_the_next_token(tmp_path):
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=VOCABULARY, n_positions=16, n_embd=16, n_layer=1, n_head=2,
            bos_token_id=0, eos_token_id=0,
        )
    )  # fmt: skip
    data = Examples(
        [{"input_ids": t["input_ids"], "labels": t["input_ids"].clone()} for t in VALIDATION]
    )
    trainer = trainer_of(model, arguments(tmp_path), train_dataset=data, eval_dataset=data)
    MonitorCallback().attach(trainer)
    trainer.train()
    tokens = labels_of(data)
    predicted = logits_of(model, data).argmax(-1)
    expected = confusion_matrix(
        tokens[:, 1:].reshape(-1), predicted[:, :-1].reshape(-1), labels=range(VOCABULARY)
    )
    found = matrices(tmp_path)["validation", trainer.state.global_step]
    np.testing.assert_array_equal(found, expected)


def test_the_problem_type_of_the_config_makes_a_multilabel_task(tmp_path):
    def made(seed):
        return Examples(
            [
                {"input_ids": e["input_ids"], "labels": (e["input_ids"][:3] % 2).float()}
                for e in texts(seed=seed)
            ]
        )

    model = classifier(problem_type="multi_label_classification")
    data = made(1)
    trainer = trainer_of(model, arguments(tmp_path), train_dataset=made(0), eval_dataset=data)
    MonitorCallback().attach(trainer)
    result = trainer.train() and trainer.evaluate()
    exact = ((logits_of(model, data) >= 0) == labels_of(data).bool()).all(1).float().mean()
    assert result["eval_accuracy"] == pytest.approx(exact.item())
    described = series(tmp_path)
    assert described["validation/class_counts"].class_names == tuple(NAMES)
    assert "validation/confusion" not in described
    assert "validation/scores" in described


def test_a_regression_is_logged_as_a_curve(tmp_path):
    data = Examples(
        [{"input_ids": e["input_ids"], "labels": e["labels"].float()} for e in VALIDATION]
    )
    model = BertForSequenceClassification(config(num_labels=1))
    trainer = trainer_of(model, arguments(tmp_path), train_dataset=data, eval_dataset=data)
    MonitorCallback().attach(trainer)
    trainer.train()
    assert set(series(tmp_path)) == {"loss/fit"}
    assert len(fit_rows(tmp_path)) == 2


def test_the_train_loss_is_the_mean_of_all_logs_since_the_last_evaluation(tmp_path):
    args = arguments(
        tmp_path, logging_strategy="steps", logging_steps=3, eval_strategy="steps", eval_steps=6,
        max_steps=12,
    )  # fmt: skip
    trainer = trainer_of(classifier(), args)
    MonitorCallback().attach(trainer)
    trainer.train()
    losses = {e["step"]: e["loss"] for e in trainer.state.log_history if "loss" in e}
    (_, first), (_, second) = fit_rows(tmp_path)
    assert first["train"] == pytest.approx((losses[3] + losses[6]) / 2)
    assert second["train"] == pytest.approx((losses[9] + losses[12]) / 2)


def test_an_evaluation_before_any_train_loss_was_logged_says_what_to_set(tmp_path, caplog):
    args = arguments(tmp_path, logging_strategy="steps", logging_steps=500)
    trainer = trainer_of(classifier(), args)
    MonitorCallback().attach(trainer)
    trainer.train()
    (sentence,) = said(caplog)
    assert "no train loss was logged since the last evaluation" in sentence
    assert all(np.isnan(row["train"]) for _, row in fit_rows(tmp_path))


def test_without_evaluation_the_train_loss_is_logged(tmp_path):
    args = arguments(tmp_path, eval_strategy="no")
    trainer = trainer_of(classifier(), args, eval_dataset=None)
    MonitorCallback().attach(trainer)
    trainer.train()
    losses = [e["loss"] for e in trainer.state.log_history if "loss" in e]
    assert [row["train"] for _, row in fit_rows(tmp_path)] == losses


def test_a_failing_writer_does_not_stop_training(tmp_path, caplog, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(MonitorWriter, "confusion_matrix", fail)
    trainer = trainer_of(classifier(), arguments(tmp_path))
    MonitorCallback().attach(trainer)
    trainer.train()
    assert trainer.state.global_step == 16
    assert len([sentence for sentence in said(caplog) if "no such luck" in sentence]) == 1

    strict = trainer_of(classifier(), arguments(tmp_path / "strict"))
    MonitorCallback(on_error="raise").attach(strict)
    with pytest.raises(RuntimeError, match="no such luck"):
        strict.train()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"class_names": ["a", "a"]}, "class_names must be distinct"),
        ({"compute_metrics": 3}, "compute_metrics must be callable, got 3"),
        ({"on_error": "panic"}, "on_error must be 'warn' or 'raise', got 'panic'"),
    ],
)
def test_bad_arguments_are_refused_at_once(given, message):
    with pytest.raises(InvalidInput, match=message):
        MonitorCallback(**given)


def test_a_metric_that_needs_all_at_once_is_refused_where_there_are_batches(tmp_path):
    args = arguments(tmp_path, batch_eval_metrics=True)
    monitor = MonitorCallback(compute_metrics=lambda prediction: {})
    with pytest.raises(InvalidInput, match="compute_metrics must take compute_result"):
        trainer_of(classifier(), args, callbacks=[monitor], compute_metrics=monitor.compute_metrics)


def test_logits_of_tokens_become_classes_before_the_trainer_keeps_them():
    logits = torch.randn(2, 5, 7)
    assert predicted_classes((logits, "hidden"), None).equal(logits.argmax(-1))
    assert predicted_classes(logits[:, 0], None).equal(logits[:, 0])


@pytest.mark.slow
def test_of_two_processes_the_first_writes_what_both_have_seen_each_example_once(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         "-m", "tests.integrations.transformers_models", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'writer'}"},
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    assert {path.name for path in tmp_path.glob("rank-*")} == {
        "rank-0-writes-True", "rank-1-writes-False"
    }  # fmt: skip
    assert len(files(tmp_path)) == 1
    found = matrices(tmp_path)
    assert list(found) == [("validation", 4), ("validation", 8)]
    expected = np.bincount(labels_of(texts(47, seed=1)))
    assert all(matrix.sum(1).tolist() == expected.tolist() for matrix in found.values())
    assert fit_steps(tmp_path) == [4, 8]
