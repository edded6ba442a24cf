"""The entry point: how many steps TensorBoard keeps of our records, and the plugin itself.

TensorBoard loads this module and calls `define_flags` and `fix_flags` with no try around
them: whatever they raise ends the whole `tensorboard` command. So the module imports nothing
that can fail, and each step that can is caught here and said once.
"""

from __future__ import annotations  # a name that TensorBoard lacks must not fail the import

import argparse
import logging

from tensorboard.plugins import base_plugin

_NAME = "tb_monitor"
_CELLS_NAME = "tb_monitor_cells"

# Literal, not imported: limits lives in another package, and an import that fails would kill
# TensorBoard. tests/plugin/test_loader.py holds them equal.
SMALL_STEPS_KEPT = 1_000
CELLS_STEPS_KEPT = 500

_logger = logging.getLogger(__name__)


class MonitorLoader(base_plugin.TBLoader):  # type: ignore[misc]
    """Sets what TensorBoard keeps, then loads the plugin.

    Left alone, TensorBoard keeps 10 random steps of a series of ours (Python loader) or 100
    (data server). A user's own `--samples_per_plugin` wins over what is set here.
    """

    def define_flags(self, parser: argparse.ArgumentParser) -> None:
        """Adds `--tb_monitor_steps`."""
        try:
            parser.add_argument_group("TB Monitor").add_argument(
                "--tb_monitor_steps",
                metavar="N",
                type=_steps,
                default=None,
                help=f"Steps that the Monitor tab keeps of each series, 0 = all (default: "
                f"{SMALL_STEPS_KEPT}, and {CELLS_STEPS_KEPT} of confusion matrices of more "
                f"than 64 classes). --samples_per_plugin={_NAME}=N,{_CELLS_NAME}=N wins.",
            )
        except Exception as error:
            _logger.warning("TB Monitor could not add its flag: %r", error)

    def fix_flags(self, flags: argparse.Namespace) -> None:
        """Sets how many steps are kept; runs before TensorBoard reads any data."""
        try:
            steps = getattr(flags, "tb_monitor_steps", None)
            kept = flags.samples_per_plugin
            kept.setdefault(_NAME, SMALL_STEPS_KEPT if steps is None else steps)
            kept.setdefault(_CELLS_NAME, CELLS_STEPS_KEPT if steps is None else steps)
        except Exception as error:
            _logger.warning(
                "TB Monitor could not set how many steps are kept, so TensorBoard keeps few: %r",
                error,
            )

    def load(self, context: base_plugin.TBContext) -> base_plugin.TBPlugin | None:
        """Loads the plugin, or says why not; TensorBoard goes on without it."""
        try:
            from tb_monitor_plugin import plugin

            return plugin.MonitorPlugin(context)
        except Exception:
            _logger.exception("TB Monitor could not be loaded; the other tabs are not affected")
            return None


def _steps(text: str) -> int:
    """Reads the flag's value; argparse turns the error into its usual message."""
    try:
        steps = int(text)
    except ValueError:
        steps = -1
    if steps < 0:
        raise argparse.ArgumentTypeError(f"must be a number of steps >= 0, got {text!r}")
    return steps
