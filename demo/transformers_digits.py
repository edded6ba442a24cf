"""Transformers: `attach` adds the Monitor to a Trainer, here of a small vision transformer.

    python demo/transformers_digits.py

logs the run digits/transformers. Class names come from the model's config.
"""

import importlib.util
import pathlib
import tempfile

from command_line import LOGS, fresh_run, options
from data import DIGITS, digits, last_fifth_apart

EPOCHS = 25


def main(epochs: int = EPOCHS, logs: pathlib.Path = LOGS) -> None:
    if importlib.util.find_spec("transformers") is None:
        print("digits/transformers skipped: Transformers is not installed")
        return
    import torch
    import transformers

    from tb_monitor_writer.integrations.transformers import MonitorCallback

    class Images(torch.utils.data.Dataset):
        def __init__(self, split):
            self.images = torch.as_tensor(split.x).reshape(-1, 1, 8, 8)
            self.labels = torch.as_tensor(split.y)

        def __len__(self):
            return len(self.labels)

        def __getitem__(self, index):
            return {"pixel_values": self.images[index], "labels": self.labels[index]}

    transformers.set_seed(0)
    torch.set_num_threads(1)  # two threads take longer for a model this small
    transformers.logging.set_verbosity_error()
    learn, test = digits()
    train, validation = (Images(split) for split in last_fifth_apart(learn))
    names = dict(enumerate(DIGITS))
    model = transformers.ViTForImageClassification(
        transformers.ViTConfig(
            image_size=8, patch_size=2, num_channels=1, hidden_size=48, num_hidden_layers=2,
            num_attention_heads=4, intermediate_size=96, id2label=names,
            label2id={name: index for index, name in names.items()},
        )
    )  # fmt: skip
    run = fresh_run(logs, "digits/transformers")
    with tempfile.TemporaryDirectory() as checkpoints:
        arguments = transformers.TrainingArguments(
            output_dir=checkpoints, num_train_epochs=epochs, learning_rate=2e-3,
            per_device_train_batch_size=64, per_device_eval_batch_size=256,
            eval_strategy="epoch", logging_strategy="epoch", save_strategy="no",
            report_to="none", disable_tqdm=True, seed=0,
            dataloader_pin_memory=torch.cuda.is_available(),
        )  # fmt: skip
        trainer = transformers.Trainer(
            model, arguments, train_dataset=train, eval_dataset=validation
        )
        trainer.remove_callback(transformers.PrinterCallback)
        MonitorCallback(run, model="ViT 2 x 48").attach(trainer)
        trainer.train()
        result = trainer.predict(Images(test)).metrics
    print(
        f"digits/transformers {trainer.state.global_step} steps, "
        f"test f1 {result['test_f1_macro']:.3f}: Monitor tab of {run}"
    )


if __name__ == "__main__":
    main(**vars(options(__doc__, EPOCHS)))
