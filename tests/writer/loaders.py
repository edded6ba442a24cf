"""TensorBoard's own two loaders, set up as its server does, for round trips."""

import argparse
import contextlib
import pathlib
import subprocess
import tempfile
import time

import grpc
import numpy as np
import pytest

KEEP_ALL = {"tb_monitor": 0, "tb_monitor_cells": 0, "scalars": 0}
LOADERS = ("python", "rust")


class Loaded:
    """A logdir as one loader has it."""

    def __init__(self, provider):
        from tensorboard import context

        self._provider = provider
        self._context = context.RequestContext()

    def _ask(self, read, plugin_name, **more):
        return read(self._context, experiment_id="", plugin_name=plugin_name, **more)

    def runs(self):
        return sorted(
            run.run_name for run in self._provider.list_runs(self._context, experiment_id="")
        )

    def last_steps(self):
        """Returns run -> tag -> last step, of all three data classes."""
        found = {}
        for plugin in KEEP_ALL:
            for listing in (
                self._provider.list_tensors,
                self._provider.list_blob_sequences,
                self._provider.list_scalars,
            ):
                for run, tags in self._ask(listing, plugin).items():
                    for tag, series in tags.items():
                        found.setdefault(run, {})[tag] = series.max_step
        return found

    def content(self, run, tag, plugin="tb_monitor"):
        """Returns the metadata that TensorBoard keeps for a tag."""
        for listing in (self._provider.list_tensors, self._provider.list_blob_sequences):
            series = self._ask(listing, plugin).get(run, {}).get(tag)
            if series is not None:
                return series.plugin_content
        raise KeyError((run, tag))

    def tensors(self, run, tag, plugin="tb_monitor"):
        """Returns step -> array, the last of a step in the order of the file."""
        found = self._ask(self._provider.read_tensors, plugin, downsample=10**7)
        return {datum.step: datum.numpy for datum in found[run][tag]}

    def blob_steps(self, run, tag, plugin="tb_monitor"):
        """Returns the steps at which there is a blob."""
        return [datum.step for datum in self._blob_data(run, tag, plugin)]

    def blobs(self, run, tag, plugin="tb_monitor", *, every=1):
        """Returns step -> bytes, of every n-th step and the last."""
        data = self._blob_data(run, tag, plugin)
        return {
            datum.step: self._provider.read_blob(self._context, blob_key=datum.values[0].blob_key)
            for datum in [*data[:-1:every], data[-1]]
        }

    def _blob_data(self, run, tag, plugin):
        return self._ask(self._provider.read_blob_sequences, plugin, downsample=10**7)[run][tag]

    def scalars(self, run, tag):
        """Returns step -> number."""
        found = self._ask(self._provider.read_scalars, "scalars", downsample=10**7)
        return {datum.step: datum.value for datum in found[run][tag]}


@contextlib.contextmanager
def load(logdir, loader, *, until=lambda loaded: bool(loaded.last_steps()), timeout_s=60):
    """Loads a logdir once.

    Args:
      logdir: The directory above the runs.
      loader: One of LOADERS.
      until: What must hold of the `Loaded` before it is handed out; the data server loads in
        the background.
    """
    if loader == "python":
        yield Loaded(_python(logdir))
        return
    with _rust(logdir) as provider:
        loaded = Loaded(provider)
        deadline = time.monotonic() + timeout_s
        while not until(loaded):
            assert time.monotonic() < deadline, loaded.last_steps()
            time.sleep(0.1)
        yield loaded


@contextlib.contextmanager
def _rust(logdir):
    """The data server that `tensorboard` starts, without its ingester's loose ends."""
    from tensorboard.data import grpc_provider, server_ingester
    from tensorboard.util import grpc_util

    try:
        binary = server_ingester.get_server_binary()
    except server_ingester.NoDataServerError as error:
        pytest.skip(f"no data server for this platform: {error}")
    with tempfile.TemporaryDirectory() as folder:
        port_file = pathlib.Path(folder, "port")
        process = subprocess.Popen(
            [
                *(binary.path, f"--logdir={logdir}", "--reload=1", "--port=0"),
                *(f"--port-file={port_file}", "--die-after-stdin"),
                "--samples-per-plugin=" + ",".join(f"{name}=all" for name in KEEP_ALL),
            ],
            stdin=subprocess.PIPE,
        )
        try:
            while not (port_file.exists() and port_file.read_text().endswith("\n")):
                assert process.poll() is None
                time.sleep(0.02)
            credentials, options = grpc_util.ChannelCredsType.LOCAL.channel_config()
            address = f"localhost:{int(port_file.read_text())}"
            with grpc.secure_channel(address, credentials, options=options) as channel:
                yield grpc_provider.GrpcDataProvider(address, grpc_provider.make_stub(channel))
        finally:
            process.stdin.close()  # at whose end the server ends itself
            process.wait(10)


def _python(logdir):
    from tensorboard.backend.event_processing import data_ingester

    flags = argparse.Namespace(
        samples_per_plugin=dict(KEEP_ALL),
        purge_orphaned_data=True,
        max_reload_threads=1,
        reload_multifile=False,
        reload_multifile_inactive_secs=0,
        detect_file_replacement=None,
        logdir=str(logdir),
        logdir_spec="",
        reload_interval=0,
        reload_task="blocking",
    )
    ingester = data_ingester.LocalDataIngester(flags)
    ingester.start()
    return ingester.data_provider


def equal(one, other):
    """Whether two arrays agree, undefined values included."""
    return np.array_equal(one, other, equal_nan=True)
