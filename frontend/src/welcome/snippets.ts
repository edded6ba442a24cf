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

with MonitorWriter(${quoted(`${logdir}/my-run`)}, class_names=["cat", "dog"]) as writer:
    for step in range(1, 41):
        train_loss, validation_loss, y_true, y_pred = ...  # your own loop
        writer.predictions("validation", y_true, y_pred, step=step)
        writer.fit("loss", train=train_loss, validation=validation_loss, step=step)`,
  },
  {
    key: 'keras',
    title: 'Keras',
    note: 'A metric for the matrix and a callback that writes it.',
    code: (
      logdir,
    ) => `from tb_monitor_writer.integrations.keras import MonitorCallback, PrecisionRecallFScore

model.compile(
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    metrics=[PrecisionRecallFScore(num_classes=10, average="weighted")],
)
model.fit(x, y, epochs=40, validation_split=0.2,
          callbacks=[MonitorCallback(${quoted(`${logdir}/my-run`)})])`,
  },
  {
    key: 'torch',
    title: 'PyTorch',
    note: 'Beside a SummaryWriter that you already have, or on its own.',
    code: (logdir) => `from torch.utils.tensorboard import SummaryWriter
from tb_monitor_writer import MonitorWriter

board = SummaryWriter(${quoted(`${logdir}/my-run`)})
writer = MonitorWriter(board, class_names=["cat", "dog"])
for step in range(1, 41):
    ...  # your own loop
    writer.predictions("validation", targets, logits.argmax(1), step=step)
    writer.fit("loss", train=train_loss, validation=validation_loss, step=step)`,
  },
];

/** As a Python string literal. */
function quoted(path: string): string {
  return JSON.stringify(path);
}
