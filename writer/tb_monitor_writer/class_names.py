"""What may be a name: text of a bounded size; of classes, one distinct name each."""

from typing import cast

from tb_monitor_writer import limits
from tb_monitor_writer.errors import InvalidInput


def check_class_names(class_names: object, num_classes: int | None) -> tuple[str, ...]:
    """Checks class names: strings, distinct, as many as classes.

    Args:
      class_names: A sequence of names, or None for none.
      num_classes: How many there must be, or None if not known yet.

    Returns:
      The names as a tuple, empty for None.

    Raises:
      InvalidInput: one string instead of a sequence, a name that is not a string, the wrong
        number, duplicates, or too much text.
    """
    if class_names is None:
        return ()
    if isinstance(class_names, (str, bytes)):
        raise InvalidInput(
            f"class_names must be a sequence of names, got one string {class_names[:40]!r}"
        )
    try:
        found: tuple[object, ...] = tuple(class_names)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidInput(
            f"class_names must be a sequence of names, got {type(class_names).__name__}"
        ) from None
    total_bytes = 0
    seen: dict[str, int] = {}
    for index, name in enumerate(found):
        if not isinstance(name, str):
            raise InvalidInput(
                f"class_names[{index}] must be a string, got {type(name).__name__} {name!r:.40}; "
                f"use [str(name) for name in class_names]"
            )
        check_text_size(f"class_names[{index}]", name)
        total_bytes += len(name)
        if name in seen:
            raise InvalidInput(
                f"class_names must be distinct: {name[:80]!r} stands at {seen[name]} and {index}"
            )
        seen[name] = index
    if total_bytes > limits.MAX_NAMES_BYTES:
        raise InvalidInput(
            f"class_names must have at most {limits.MAX_NAMES_BYTES} characters in all, "
            f"got {total_bytes}"
        )
    if num_classes is not None and found and len(found) != num_classes:
        raise InvalidInput(f"class_names must name all {num_classes} classes, got {len(found)}")
    return cast("tuple[str, ...]", found)


def check_text_size(argument: str, text: str) -> None:
    """Refuses text of more than 64 kB, or that is not valid Unicode (lone surrogates)."""
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{argument} must be valid Unicode, got {text[:40]!r} ({error.reason})"
        ) from None
    if size_bytes > limits.MAX_NAME_BYTES:
        raise InvalidInput(
            f"{argument} must have at most {limits.MAX_NAME_BYTES} bytes, got {size_bytes}: "
            f"{text[:40]!r}..."
        )
