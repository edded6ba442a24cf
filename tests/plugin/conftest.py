"""Shared by the tests of the plugin."""

import pathlib
import sys

# In-process TensorBoard, hand-written event files and log makers are the contract tests' too.
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "contract"))
