"""The crash-safe event log, and the other places that a summary can go to."""

from tb_monitor_writer.events.encoding import Value
from tb_monitor_writer.events.event_log import EventLog, WriterStatus
from tb_monitor_writer.events.sinks import SummaryWriterSink, TensorFlowSink

__all__ = ["EventLog", "SummaryWriterSink", "TensorFlowSink", "Value", "WriterStatus"]
