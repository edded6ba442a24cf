"""Names: splits, heads, quantities, and the tags they become.

A series of counts is named `<split>[/<head>]`, one of fit values `<quantity>[/<head>]`;
its tag is `<name>/<kind>`, or `<name>@<generation>/<kind>` once its classes changed,
because TensorBoard keeps the first metadata of a tag for ever.
"""

import re

from tb_monitor_writer.class_names import check_text_size
from tb_monitor_writer.errors import InvalidInput

SPLIT_ALIASES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "val": "validation",
    "valid": "validation",
    "eval": "validation",
    "dev": "validation",
    "test": "test",
    "production": "production",
}

_HIGHER_IS_BETTER = re.compile(
    r"(^|[^a-z])(acc|accuracy|auc|auroc|auprc|bleu|dice|f1|fbeta|fscore|iou|jaccard|kappa|map|mcc"
    r"|miou|ndcg|precision|psnr|r2|recall|rouge|sensitivity|specificity|ssim)([^a-z]|$)"
)
_LOWER_IS_BETTER = re.compile(r"loss|error|(^|[^a-z])1 ?-")  # "dice_loss", "1 - accuracy"


def check_name(argument: str, name: object) -> str:
    """Checks a series name.

    Args:
      argument: What the caller calls it, for the message.
      name: `<split>[/<head>]` or `<quantity>[/<head>]`: non-empty text without `@`, with
        no empty part between slashes, of at most 64 kB in UTF-8.

    Returns:
      The name, unchanged.

    Raises:
      InvalidInput: any of these is broken.
    """
    if not isinstance(name, str):
        raise InvalidInput(f"{argument} must be a string, got {type(name).__name__}")
    if not name:
        raise InvalidInput(f"{argument} must not be empty; use a split like 'validation'")
    if "@" in name:
        raise InvalidInput(
            f"{argument} must not contain '@', got {name[:80]!r}: it marks the generations of "
            f"a series whose classes changed"
        )
    if any(not part.strip() for part in name.split("/")):
        raise InvalidInput(
            f"{argument} must be '<split>' or '<split>/<head>' without empty parts, "
            f"got {name[:80]!r}"
        )
    check_text_size(argument, name)
    return name


def split_and_head(name: str) -> tuple[str, str]:
    """Splits `val/depth` into its canonical split and its head: `("validation", "depth")`."""
    first, _, head = name.partition("/")
    return SPLIT_ALIASES.get(first.lower(), first), head


def sounds_higher_is_better(quantity: str) -> bool:
    """Whether a quantity bears the name of one of which a greater value is a better one."""
    name = quantity.partition("/")[0].lower()
    return bool(_HIGHER_IS_BETTER.search(name)) and not _LOWER_IS_BETTER.search(name)


def tag_of(name: str, kind: str, generation: int = 1) -> str:
    """Composes the tag of a series: `validation/confusion`, `validation@2/confusion`."""
    return f"{name}/{kind}" if generation == 1 else f"{name}@{generation}/{kind}"
