"""What the Transformers tests share: tiny models from a config, and data made up for them.

torchrun --nproc-per-node 2 -m tests.integrations.transformers_models FOLDER    one of two ranks
"""

import pathlib
import sys

import torch
import transformers
from torch.utils.data import Dataset

torch.set_num_threads(1)  # more take longer for models this small

NAMES = ["low", "middle", "high"]
VOCABULARY = 32


class Examples(Dataset):
    """Dicts of tensors."""

    def __init__(self, examples):
        self._examples = examples

    def __len__(self):
        return len(self._examples)

    def __getitem__(self, index):
        return self._examples[index]


def config(**options):
    """A BERT of one layer and 16 numbers a token."""
    return transformers.BertConfig(
        vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=16, **options,
    )  # fmt: skip


def named(names):
    return {"id2label": dict(enumerate(names)), "label2id": {n: i for i, n in enumerate(names)}}


def texts(examples=64, classes=3, seed=0):
    """Sequences whose first token tells the class, now and then wrongly."""
    random = torch.Generator().manual_seed(seed)
    tokens = torch.randint(4, VOCABULARY, (examples, 8), generator=random)
    labels = tokens[:, 0] % classes
    noise = torch.rand(examples, generator=random) < 0.1
    labels = torch.where(noise, (labels + 1) % classes, labels)
    return Examples(
        [{"input_ids": t, "labels": label} for t, label in zip(tokens, labels, strict=True)]
    )


def tagged_texts(examples=40, classes=3, seed=0):
    """Sequences of unlike length with a label for each token but the first."""
    random = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(examples):
        length = int(torch.randint(3, 9, (), generator=random))
        tokens = torch.randint(4, VOCABULARY, (length,), generator=random)
        labels = tokens % classes
        labels[0] = -100
        found.append({"input_ids": tokens, "labels": labels})
    return Examples(found)


def padded(examples):
    """Collates sequences of unlike length, labels with -100."""
    pad = torch.nn.utils.rnn.pad_sequence
    tokens = [example["input_ids"] for example in examples]
    return {
        "input_ids": pad(tokens, batch_first=True),
        "attention_mask": pad([torch.ones_like(t) for t in tokens], batch_first=True),
        "labels": pad([e["labels"] for e in examples], batch_first=True, padding_value=-100),
    }


def arguments(folder, **options):
    """Two epochs of eight steps, evaluated and logged after each."""
    return transformers.TrainingArguments(
        **{
            "output_dir": str(folder), "num_train_epochs": 2, "per_device_train_batch_size": 8,
            "per_device_eval_batch_size": 16, "learning_rate": 0.05, "eval_strategy": "epoch",
            "logging_strategy": "epoch", "save_strategy": "no", "report_to": "none",
            "use_cpu": True, "seed": 0, "disable_tqdm": True, **options,
        }
    )  # fmt: skip


def logits_of(model, data):
    """Logits of sequences of one length."""
    model.eval()
    with torch.no_grad():
        return model(torch.stack([example["input_ids"] for example in data])).logits


def labels_of(data):
    return torch.stack([example["labels"] for example in data])


def main(folder: pathlib.Path) -> None:
    """Trains with the callback, on an odd number of validation examples."""
    from tb_monitor_writer import distributed
    from tb_monitor_writer.integrations.transformers import MonitorCallback

    torch.manual_seed(0)
    trainer = transformers.Trainer(
        transformers.BertForSequenceClassification(config(**named(NAMES))),
        arguments(folder, ddp_backend="gloo", ddp_find_unused_parameters=False),
        train_dataset=texts(),
        eval_dataset=texts(47, seed=1),
    )
    monitor = MonitorCallback().attach(trainer)
    trainer.train()
    (folder / f"rank-{distributed.rank()}-writes-{monitor.writer is not None}").touch()
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
