"""A PyTorch loop: `evaluate` and `log_evaluation` beside the training that you have.

    python demo/torch_loop.py

logs the run digits/torch.
"""

import importlib.util
import pathlib

from command_line import LOGS, ProgressBar, fresh_run, options
from data import DIGITS, digits, last_fifth_apart
from tb_monitor_writer import MonitorWriter

EPOCHS = 60


def main(epochs: int = EPOCHS, logs: pathlib.Path = LOGS) -> None:
    if importlib.util.find_spec("torch") is None:
        print("digits/torch     skipped: PyTorch is not installed (demo/run --with-torch)")
        return
    import torch
    from torch.nn import functional
    from torch.utils.data import DataLoader, TensorDataset

    from tb_monitor_writer.integrations.torch import evaluate, log_evaluation

    torch.manual_seed(0)
    torch.set_num_threads(1)  # two threads take three times as long for a model this small
    device = "cuda" if torch.cuda.is_available() else "cpu"
    train, validation = (
        TensorDataset(torch.as_tensor(split.x), torch.as_tensor(split.y))
        for split in last_fifth_apart(digits()[0])
    )
    train_batches = DataLoader(train, batch_size=64, shuffle=True)
    validation_batches = DataLoader(validation, batch_size=256)
    model = torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, 8, 8)),
        torch.nn.Conv2d(1, 16, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(16 * 3 * 3, 10),
    ).to(device)  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)

    run = fresh_run(logs, "digits/torch")
    with (
        ProgressBar("digits/torch", epochs) as bar,
        MonitorWriter(run, class_names=DIGITS, model="conv 16", framework="torch") as monitor,
    ):
        for epoch in range(epochs):
            model.train()
            train_losses = []
            for x, y in train_batches:
                loss = functional.cross_entropy(model(x.to(device)), y.to(device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                train_losses.append(loss.item())

            evaluation = evaluate(
                model, validation_batches, class_names=DIGITS,
                loss=torch.nn.CrossEntropyLoss(reduction="none"),
            )  # fmt: skip
            train_loss = sum(train_losses) / len(train_losses)
            log_evaluation(monitor, "validation", evaluation, step=epoch, train_loss=train_loss)
            f1 = evaluation.counts.result("macro").fscore
            bar.update(epoch + 1, f"val_loss {evaluation.loss:.3f}, val_f1 {f1:.3f}")


if __name__ == "__main__":
    main(**vars(options(__doc__, EPOCHS)))
