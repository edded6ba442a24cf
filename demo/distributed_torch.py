"""DistributedDataParallel: every rank evaluates its share, counts are summed, rank 0 writes.

    torchrun --nproc-per-node 2 demo/distributed_torch.py

logs the run digits/distributed; without torchrun it is a process of its own. Options of the script
need two dashes before it: `torchrun --nproc-per-node 2 -- demo/distributed_torch.py --epochs 5`.
"""

import importlib.util
import os
import pathlib

from command_line import LOGS, fresh_run, options
from data import DIGITS, digits, last_fifth_apart
from tb_monitor_writer import MonitorWriter, distributed

EPOCHS = 20


def main(epochs: int = EPOCHS, logs: pathlib.Path = LOGS) -> None:
    if importlib.util.find_spec("torch") is None:
        print("digits/distributed skipped: PyTorch is not installed")
        return
    import torch
    from torch.nn import functional
    from torch.utils.data import DataLoader, DistributedSampler, Subset, TensorDataset

    from tb_monitor_writer.integrations.torch import evaluate, log_evaluation

    if "RANK" in os.environ:
        torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    rank, world_size = distributed.rank(), distributed.world_size()
    device = "cpu"
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
        device = "cuda"
    torch.manual_seed(0)
    torch.set_num_threads(1)
    train, validation = (
        TensorDataset(torch.as_tensor(split.x), torch.as_tensor(split.y))
        for split in last_fifth_apart(digits()[0])
    )
    sampler = DistributedSampler(train, world_size, rank)
    train_batches = DataLoader(train, batch_size=64 // world_size, sampler=sampler)
    # Not a DistributedSampler: it repeats examples, which would count twice.
    share = Subset(validation, range(rank, len(validation), world_size))
    validation_batches = DataLoader(share, batch_size=256)
    model = torch.nn.Sequential(
        torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(64, 10)
    ).to(device)
    parallel = torch.nn.parallel.DistributedDataParallel(model) if world_size > 1 else model
    optimizer = torch.optim.AdamW(parallel.parameters(), lr=2e-3)

    run = fresh_run(logs, "digits/distributed") if rank == 0 else logs / "digits/distributed"
    with MonitorWriter(run, class_names=DIGITS, framework="torch") as monitor:
        for epoch in range(epochs):
            sampler.set_epoch(epoch)
            parallel.train()
            losses = torch.zeros(2, device=device)  # sum, batches
            for x, y in train_batches:
                loss = functional.cross_entropy(parallel(x.to(device)), y.to(device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses += torch.stack([loss.detach(), torch.ones_like(loss)])
            total, batches = distributed.all_reduce(losses.tolist())
            evaluation = evaluate(  # on every rank; each then holds the whole
                parallel, validation_batches, class_names=DIGITS,
                loss=torch.nn.CrossEntropyLoss(reduction="none"),
            )  # fmt: skip
            log_evaluation(
                monitor, "validation", evaluation, step=epoch, train_loss=total / batches
            )
    if rank == 0:
        f1 = evaluation.counts.result("macro").fscore
        print(
            f"digits/distributed {world_size} processes, {evaluation.counts.total} examples, "
            f"val_f1 {f1:.3f}: Monitor tab of {run}"
        )
    if "RANK" in os.environ:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(**vars(options(__doc__, EPOCHS)))
