"""What the Lightning tests share: a small classifier; and, run as a script, one of two DDP ranks.

python -m tests.integrations.lightning_models PACKAGE FOLDER [DEVICES]
"""

import importlib
import pathlib
import pickle
import sys

import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)  # more take longer for models this small

CLASSES = ["low", "middle", "high"]
BATCH = 16


def problem(examples=96, classes=3, seed=0):
    """x `[n, 4]` and classes that a linear model can mostly tell."""
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(examples, 4, generator=random)
    scores = x[:, :classes] + 0.5 * torch.randn(examples, classes, generator=random)
    return x, scores.argmax(1)


def loader(data, **options):
    return DataLoader(TensorDataset(*data), batch_size=BATCH, **options)


def classifier(package, returns="dict", outputs=3):
    """A LightningModule of either package.

    Args:
      package: "lightning.pytorch" or "pytorch_lightning".
      returns: What validation_step returns: "dict", "loss", "nothing", or a function of
        (y, logits) to something.
      outputs: C.
    """
    lightning = importlib.import_module(package)

    class Classifier(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            torch.manual_seed(1)
            self.net = torch.nn.Linear(4, outputs)
            self.train_losses = []

        def forward(self, x):
            return self.net(x)

        def training_step(self, batch, batch_idx):
            x, y = batch
            loss = functional.cross_entropy(self(x), y)
            self.train_losses.append(loss.item())
            return loss

        def validation_step(self, batch, batch_idx, dataloader_idx=0):
            x, y = batch
            logits = self(x)
            losses = functional.cross_entropy(logits, y, reduction="none")
            self.log("val_loss", losses.mean(), batch_size=len(y))
            if callable(returns):
                return returns(y, logits)
            return {
                "dict": {"y_true": y, "scores": logits, "loss": losses},
                "loss": losses.mean(),
                "nothing": None,
            }[returns]

        def test_step(self, batch, batch_idx, dataloader_idx=0):
            return self.validation_step(batch, batch_idx, dataloader_idx)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.5)

    return Classifier()


def predicted(module, data):
    """Logits of a data set, as the module is now."""
    with torch.no_grad():
        return module.net(data[0])


def main(package: str, folder: pathlib.Path, devices: int) -> None:
    """Fits two epochs with the callback, and leaves the weights of the end."""
    lightning = importlib.import_module(package)
    from tb_monitor_writer.integrations.lightning import MonitorCallback

    loggers = importlib.import_module(f"{package}.loggers")
    callback = MonitorCallback(class_names=CLASSES)
    trainer = lightning.Trainer(
        max_epochs=2, accelerator="cpu", devices=devices,
        strategy="ddp" if devices > 1 else "auto",
        logger=loggers.TensorBoardLogger(folder, name="", version="run"),
        callbacks=[callback], enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False,
    )  # fmt: skip
    module = classifier(package)
    trainer.fit(module, loader(problem()), loader(problem(seed=2)))
    found = {
        "weights": module.net.state_dict(), "losses": module.train_losses,
        "writes": callback.writer is not None,
        "is_callback": isinstance(callback, lightning.Callback),
    }  # fmt: skip
    (folder / f"{trainer.global_rank}.pickle").write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]))
