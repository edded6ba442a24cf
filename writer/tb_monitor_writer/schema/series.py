"""A series: what is fixed for one tag, and how it stands in a summary's metadata."""

import dataclasses
import enum
import functools

from google.protobuf import message

from tb_monitor_writer import limits
from tb_monitor_writer.errors import SchemaMismatch
from tb_monitor_writer.schema import names, plugin_data_pb2

PLUGIN_NAME = "tb_monitor"
"""Records of at most 64 KiB; also the name of the plugin, so of its URLs."""

CELLS_PLUGIN_NAME = "tb_monitor_cells"
"""Larger records. TensorBoard's sampling is per plugin name, so these keep fewer steps."""

SCHEMA_VERSION = 1


class Kind(str, enum.Enum):
    """What the records of a series hold."""

    AVERAGES = "averages"
    CLASS_COUNTS = "class_counts"
    CONFUSION = "confusion"
    SCORES = "scores"
    FIT = "fit"


class Task(str, enum.Enum):
    """What the model is asked for."""

    UNSPECIFIED = "unspecified"
    BINARY = "binary"
    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"
    REGRESSION = "regression"


_TASK_TO_PROTO = {
    Task.UNSPECIFIED: plugin_data_pb2.TASK_UNSPECIFIED,
    Task.BINARY: plugin_data_pb2.BINARY,
    Task.MULTICLASS: plugin_data_pb2.MULTICLASS,
    Task.MULTILABEL: plugin_data_pb2.MULTILABEL,
    Task.REGRESSION: plugin_data_pb2.REGRESSION,
}
_TASK_FROM_PROTO = {number: task for task, number in _TASK_TO_PROTO.items()}

_ROW_PREFIX = ("ordinal", "dropped")

AVERAGES_COLUMNS = (
    *_ROW_PREFIX,
    "n",  # examples, or the sum of their weights
    "sum_squared_weights",  # n if unweighted; n^2 / this = effective number of examples
    "classes_present",  # classes with tp + fp + fn > 0: those that macro averages
    "accuracy",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "precision_micro",
    "recall_micro",
    "f1_micro",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
    "accuracy_se",  # standard errors, delta method on the cells
    "precision_macro_se",
    "recall_macro_se",
    "f1_macro_se",
    "precision_weighted_se",
    "recall_weighted_se",
    "f1_weighted_se",
    "worst_class",  # index of the lowest F1 among the classes present
    "worst_class_f1",
    "worst_class_read_as",  # index that most of its misses were taken for, NaN if none
    "worst_class_read_as_share",  # of its true examples, in [0, 1]
    "ignored",  # examples (multi-label: entries) left out by ignore_index
    "nan",  # the same, because a score was NaN
    "top_k",  # k of the next column, NaN if it was not counted
    "top_k_accuracy",  # share of examples whose class was among the k best scores
)

FIT_COLUMNS = (
    *_ROW_PREFIX,
    "train",  # value, NaN = not logged at this step
    "validation",
    "train_n",  # examples behind it, NaN = unknown
    "validation_n",
    "train_se",  # standard error of the mean, NaN = unknown
    "validation_se",
    "paired_mean",  # validation now - at the best step so far, over the same examples
    "paired_se",
    "best_step",  # of the validation values so far
    "best_value",
    "target",  # what a good fit would reach, NaN = not given
    "train_step",  # where train was measured, if not at this step
    "train_logged",  # 1 = train was given (it may be NaN itself), 0 = it was not
    "validation_logged",
)


@dataclasses.dataclass(frozen=True)
class Series:
    """Everything that is fixed for a tag.

    Attributes:
      kind: What its records hold.
      name: `<split>[/<head>]` as the caller wrote it, or `<quantity>[/<head>]` for fit.
      task: What the model is asked for.
      num_classes: Classes (labels if multi-label); 0 for fit.
      class_names: `num_classes` of them, or none.
      pos_label: Index of the positive class if binary.
      bins: Score bins per label, 0 for other kinds.
      columns: Of a float64 row, in order; empty for kinds that are not rows.
      higher_is_better: Whether a greater fit value is a better one.
      model: Name of the model, "" = not given.
      model_version: Its version, "" = not given.
      framework: What trained it: "keras", "torch", ..., "" = not given.
      generation: 1, then one more each time the classes of the series changed.
      split: Canonical split ("val" is "validation"); derived from name if not given.
      head: Output of the model; derived from name if not given.
      quantity: What a fit series measures; derived from name if not given.
    """

    kind: Kind
    name: str
    task: Task = Task.UNSPECIFIED
    num_classes: int = 0
    class_names: tuple[str, ...] = ()
    pos_label: int | None = None
    bins: int = 0
    columns: tuple[str, ...] = ()
    higher_is_better: bool = False
    model: str = ""
    model_version: str = ""
    framework: str = ""
    generation: int = 1
    split: str = ""
    head: str = ""
    quantity: str = ""

    def __post_init__(self) -> None:
        def default(field: str, value: object) -> None:
            if not getattr(self, field):
                object.__setattr__(self, field, value)

        if self.kind is Kind.FIT:
            quantity, _, head = self.name.partition("/")
            default("quantity", quantity)
            default("head", head)
            default("columns", FIT_COLUMNS)
        else:
            split, head = names.split_and_head(self.name)
            default("split", split)
            default("head", head)
            if self.kind is Kind.AVERAGES:
                default("columns", AVERAGES_COLUMNS)

    def __hash__(self) -> int:
        return self._hash

    @functools.cached_property
    def _hash(self) -> int:
        # Once: there may be 100,000 class names, and caches ask at every log call.
        return hash(tuple(getattr(self, field.name) for field in dataclasses.fields(self)))

    @functools.cached_property
    def tag(self) -> str:
        """The summary tag: `<name>[@<generation>]/<kind>`."""
        return names.tag_of(self.name, self.kind.value, self.generation)

    @functools.cached_property
    def is_blob(self) -> bool:
        """Whether its records are blobs (else numeric tensors)."""
        if self.kind is Kind.CLASS_COUNTS:
            return self.num_classes > limits.MAX_TENSOR_CLASSES
        return self.kind in (Kind.CONFUSION, Kind.SCORES)

    @property
    def count_rows(self) -> int:
        """Rows of a `class_counts` record: a fourth, examples per label, if multi-label."""
        return 4 if self.task is Task.MULTILABEL else 3

    @property
    def plugin_name(self) -> str:
        """Whose sampling it falls under; depends on the shape alone, never on content."""
        size_bytes = {
            Kind.CONFUSION: 8 * self.num_classes**2,
            Kind.CLASS_COUNTS: 8 * self.count_rows * self.num_classes,
            Kind.SCORES: 8 * 2 * self.num_classes * self.bins,
        }.get(self.kind, 0)
        return PLUGIN_NAME if size_bytes <= limits.SMALL_RECORD_BYTES else CELLS_PLUGIN_NAME


def encode_series(series: Series) -> bytes:
    """Serialises a series for `SummaryMetadata.plugin_data.content`."""
    data = plugin_data_pb2.MonitorPluginData(
        version=SCHEMA_VERSION,
        name=series.name,
        split=series.split,
        head=series.head,
        quantity=series.quantity,
        task=_TASK_TO_PROTO[series.task],
        num_classes=series.num_classes,
        class_names=series.class_names,
        columns=series.columns,
        higher_is_better=series.higher_is_better,
        model=series.model,
        model_version=series.model_version,
        framework=series.framework,
        generation=series.generation,
    )
    if series.pos_label is not None:
        data.pos_label = series.pos_label
    getattr(data, series.kind.value).SetInParent()
    if series.kind is Kind.SCORES:
        data.scores.bins = series.bins
    return bytes(data.SerializeToString())


def decode_series(content: bytes) -> Series:
    """Reads what `encode_series` wrote.

    Raises:
      SchemaMismatch: not our bytes, a newer version, an unknown kind, or sizes that
        contradict each other or exceed `limits`.
    """
    try:
        data = plugin_data_pb2.MonitorPluginData.FromString(content)
    except message.DecodeError:
        raise SchemaMismatch("the series' metadata is damaged: it is not a protobuf") from None
    if data.version != SCHEMA_VERSION:
        raise SchemaMismatch(
            f"the series was written with schema version {data.version}, this is version "
            f"{SCHEMA_VERSION}"
            + ("; update tb-monitor-plugin" if data.version > SCHEMA_VERSION else "")
        )
    which = data.WhichOneof("kind")
    if which is None:
        raise SchemaMismatch("the series is of a kind that this version does not know; update")
    if len(data.class_names) not in (0, data.num_classes):
        raise SchemaMismatch(
            f"the series names {len(data.class_names)} of {data.num_classes} classes"
        )
    if data.num_classes > limits.MAX_CLASSES or data.scores.bins > limits.MAX_CELLS:
        raise SchemaMismatch(f"the series declares {data.num_classes} classes: too many")
    return Series(
        kind=Kind(which),
        name=data.name,
        task=_TASK_FROM_PROTO.get(data.task, Task.UNSPECIFIED),
        num_classes=data.num_classes,
        class_names=tuple(data.class_names),
        pos_label=data.pos_label if data.HasField("pos_label") else None,
        bins=data.scores.bins,
        columns=tuple(data.columns),
        higher_is_better=data.higher_is_better,
        model=data.model,
        model_version=data.model_version,
        framework=data.framework,
        generation=max(1, data.generation),
        split=data.split,
        head=data.head,
        quantity=data.quantity,
    )
