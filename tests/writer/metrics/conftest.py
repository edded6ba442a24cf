"""Hypothesis without a stopwatch: how long an example takes says nothing about the metrics."""

import hypothesis

hypothesis.settings.register_profile("metrics", deadline=None)
hypothesis.settings.load_profile("metrics")
