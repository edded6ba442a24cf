"""Lightning: one callback; records go into the run of the TensorBoardLogger.

    python demo/lightning_digits.py

logs the run digits/lightning. Steps are optimizer steps.
"""

import importlib.util
import logging
import pathlib
import warnings

from command_line import LOGS, fresh_run, options
from data import DIGITS, digits, last_fifth_apart

EPOCHS = 30


def main(epochs: int = EPOCHS, logs: pathlib.Path = LOGS) -> None:
    if importlib.util.find_spec("lightning") is None:
        print("digits/lightning skipped: Lightning is not installed")
        return
    import lightning.pytorch as lightning
    import torch
    from lightning.pytorch.loggers import TensorBoardLogger
    from torch.nn import functional
    from torch.utils.data import DataLoader, TensorDataset

    from tb_monitor_writer.integrations.lightning import MonitorCallback

    class Classifier(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Sequential(
                torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Dropout(0.3),
                torch.nn.Linear(64, 10),
            )  # fmt: skip

        def training_step(self, batch, batch_idx):
            x, y = batch
            return functional.cross_entropy(self.net(x), y)

        def validation_step(self, batch, batch_idx):
            x, y = batch
            logits = self.net(x)
            losses = functional.cross_entropy(logits, y, reduction="none")
            self.log("val_loss", losses.mean())
            return {"y_true": y, "scores": logits, "loss": losses}  # what MonitorCallback counts

        def test_step(self, batch, batch_idx):
            return self.validation_step(batch, batch_idx)

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), lr=2e-3)

    lightning.seed_everything(0, verbose=False)
    torch.set_num_threads(1)  # two threads take longer for a model this small
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"lightning\.")  # of workers, and of its own pytrees
    learn, test = digits()
    train, validation = last_fifth_apart(learn)
    train, validation, test = (
        TensorDataset(torch.as_tensor(split.x), torch.as_tensor(split.y))
        for split in (train, validation, test)
    )
    run = fresh_run(logs, "digits/lightning")
    trainer = lightning.Trainer(
        max_epochs=epochs,
        logger=TensorBoardLogger(run.parent, name="", version=run.name),
        callbacks=[MonitorCallback(class_names=DIGITS, model="dense 64")],
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
        log_every_n_steps=10,
    )  # fmt: skip
    model = Classifier()
    trainer.fit(model, DataLoader(train, batch_size=64, shuffle=True), DataLoader(validation, 256))
    (result,) = trainer.test(model, DataLoader(test, 256), verbose=False)
    print(
        f"digits/lightning {trainer.global_step} steps, test loss {result['val_loss']:.3f}: "
        f"Monitor tab of {run}"
    )


if __name__ == "__main__":
    main(**vars(options(__doc__, EPOCHS)))
