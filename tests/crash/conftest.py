"""Shared by the crash tests."""

import pytest

from tb_monitor_writer.events.writing_thread import WritingThread


@pytest.fixture(params=["from the thread", "in a burst"])
def way(request, monkeypatch):
    """Each of the two ways in which a record is written."""
    in_a_burst = request.param == "in a burst"
    monkeypatch.setattr(WritingThread, "_is_in_a_burst", lambda self: in_a_burst)
    return request.param
