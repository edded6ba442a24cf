from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Task(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_UNSPECIFIED: _ClassVar[Task]
    BINARY: _ClassVar[Task]
    MULTICLASS: _ClassVar[Task]
    MULTILABEL: _ClassVar[Task]
    REGRESSION: _ClassVar[Task]
TASK_UNSPECIFIED: Task
BINARY: Task
MULTICLASS: Task
MULTILABEL: Task
REGRESSION: Task

class MonitorPluginData(_message.Message):
    __slots__ = ("version", "name", "split", "head", "quantity", "task", "num_classes", "class_names", "pos_label", "columns", "higher_is_better", "model", "model_version", "framework", "generation", "averages", "class_counts", "confusion", "scores", "fit")
    class Averages(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class ClassCounts(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Confusion(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Scores(_message.Message):
        __slots__ = ("bins",)
        BINS_FIELD_NUMBER: _ClassVar[int]
        bins: int
        def __init__(self, bins: _Optional[int] = ...) -> None: ...
    class Fit(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    NUM_CLASSES_FIELD_NUMBER: _ClassVar[int]
    CLASS_NAMES_FIELD_NUMBER: _ClassVar[int]
    POS_LABEL_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    HIGHER_IS_BETTER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    FRAMEWORK_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    AVERAGES_FIELD_NUMBER: _ClassVar[int]
    CLASS_COUNTS_FIELD_NUMBER: _ClassVar[int]
    CONFUSION_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    FIT_FIELD_NUMBER: _ClassVar[int]
    version: int
    name: str
    split: str
    head: str
    quantity: str
    task: Task
    num_classes: int
    class_names: _containers.RepeatedScalarFieldContainer[str]
    pos_label: int
    columns: _containers.RepeatedScalarFieldContainer[str]
    higher_is_better: bool
    model: str
    model_version: str
    framework: str
    generation: int
    averages: MonitorPluginData.Averages
    class_counts: MonitorPluginData.ClassCounts
    confusion: MonitorPluginData.Confusion
    scores: MonitorPluginData.Scores
    fit: MonitorPluginData.Fit
    def __init__(self, version: _Optional[int] = ..., name: _Optional[str] = ..., split: _Optional[str] = ..., head: _Optional[str] = ..., quantity: _Optional[str] = ..., task: _Optional[_Union[Task, str]] = ..., num_classes: _Optional[int] = ..., class_names: _Optional[_Iterable[str]] = ..., pos_label: _Optional[int] = ..., columns: _Optional[_Iterable[str]] = ..., higher_is_better: bool = ..., model: _Optional[str] = ..., model_version: _Optional[str] = ..., framework: _Optional[str] = ..., generation: _Optional[int] = ..., averages: _Optional[_Union[MonitorPluginData.Averages, _Mapping]] = ..., class_counts: _Optional[_Union[MonitorPluginData.ClassCounts, _Mapping]] = ..., confusion: _Optional[_Union[MonitorPluginData.Confusion, _Mapping]] = ..., scores: _Optional[_Union[MonitorPluginData.Scores, _Mapping]] = ..., fit: _Optional[_Union[MonitorPluginData.Fit, _Mapping]] = ...) -> None: ...
