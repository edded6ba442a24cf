"""Pure numpy: what curves and counts say about a model. Arrays in, verdicts out."""

from tb_monitor_writer.diagnostics.fit_rule import FitState, RuleVerdict, diagnose

__all__ = ["FitState", "RuleVerdict", "diagnose"]
