/** What to paste into a training loop; the logdir is the one TensorBoard searched. */

export interface Snippet {
  readonly key: 'python' | 'keras' | 'torch';
  readonly title: string;
  /** When to take this one. */
  readonly note: string;
  code(logdir: string): string;
}

export const SNIPPETS: readonly Snippet[] = [
  {
    key: 'python',
    title: 'Plain Python',
    note: 'Any framework: labels in, after each evaluation.',
    code: (logdir) => `from tb_monitor_writer import MonitorWriter

run = ${quoted(`${logdir}/my-run`)}
with MonitorWriter(run, class_names=["cat", "dog"]) as monitor:
    for epoch in range(1, 41):
        train_loss = train_one_epoch()  # your own loop
        y_true, y_pred, validation_loss = evaluate()
        monitor.predictions("validation", y_true, y_pred, step=epoch)
        monitor.fit("loss", train=train_loss,
                    validation=validation_loss, step=epoch)`,
  },
  {
    key: 'keras',
    title: 'Keras',
    note: 'A metric for the matrix and a callback that writes it.',
    code: (logdir) => `from tb_monitor_writer.integrations.keras import (
    MonitorCallback,
    PrecisionRecallFScore,
)

model.compile(
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    metrics=[PrecisionRecallFScore(num_classes=10)],
)
monitor = MonitorCallback(${quoted(`${logdir}/my-run`)})
model.fit(x, y, epochs=40, validation_split=0.2, callbacks=[monitor])`,
  },
  {
    key: 'torch',
    title: 'PyTorch',
    note: 'Beside a SummaryWriter that you already have, or on its own.',
    code: (logdir) => `from torch.utils.tensorboard import SummaryWriter
from tb_monitor_writer import MonitorWriter

board = SummaryWriter(${quoted(`${logdir}/my-run`)})
monitor = MonitorWriter(board, class_names=["cat", "dog"])
for epoch in range(1, 41):
    train_loss = train_one_epoch()  # your own loop
    targets, logits, validation_loss = evaluate()
    monitor.predictions("validation", targets, logits.argmax(1), step=epoch)
    monitor.fit("loss", train=train_loss,
                validation=validation_loss, step=epoch)`,
  },
];

/** As a Python string literal. */
function quoted(path: string): string {
  return JSON.stringify(path);
}
