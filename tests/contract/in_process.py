"""TensorBoard's own application and Python loader, in this process, on a log directory."""

import json
import pathlib
import warnings

with warnings.catch_warnings():  # TensorBoard's own imports warn, of html5lib and others
    warnings.simplefilter("ignore")
    import werkzeug.test
    from tensorboard import program
    from tensorboard.backend import application
    from tensorboard.backend.event_processing import data_ingester
    from tensorboard.plugins.core import core_plugin

from tb_monitor_plugin import frame
from tb_monitor_plugin.loader import MonitorLoader

PREFIX = "/data/plugin/tb_monitor/"


class InProcess:
    """TensorBoard without its server.

    Attributes:
      client: werkzeug's test client of the whole application.
    """

    def __init__(self, logdir: pathlib.Path, *flags: str) -> None:
        loaders = [core_plugin.CorePluginLoader(), MonitorLoader()]
        tensorboard = program.TensorBoard(plugins=loaders)
        tensorboard.configure(
            argv=["tensorboard", "--logdir", str(logdir), "--load_fast=false", *flags]
        )
        ingester = data_ingester.LocalDataIngester(tensorboard.flags)
        self._logdir = str(logdir)
        self._multiplexer = ingester.deprecated_multiplexer
        self._prefix = tensorboard.flags.path_prefix or ""
        self.client = werkzeug.test.Client(
            application.TensorBoardWSGIApp(
                tensorboard.flags,
                loaders,
                ingester.data_provider,
                deprecated_multiplexer=self._multiplexer,
            )
        )
        self.reload()

    def reload(self) -> None:
        """Reads what was written since."""
        self._multiplexer.AddRunsFromDirectory(self._logdir)
        self._multiplexer.Reload()

    def get(self, route: str, query=None, *, experiment: str = "", **options):
        """Asks a route of ours, with query parameters as a dict."""
        before = f"{self._prefix}/experiment/{experiment}" if experiment else self._prefix
        return self.client.get(before + PREFIX + route, query_string=query or {}, **options)

    def json(self, route: str, query=None) -> dict:
        """Asks a JSON route that must be answered with 200."""
        response = self.get(route, query)
        assert response.status_code == 200, (route, response.status_code, response.text)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        return json.loads(response.text)

    def frame(self, route: str, query=None):
        """Asks a frame route that must be answered with 200: its header and its arrays."""
        response = self.get(route, query)
        assert response.status_code == 200, (route, response.status_code, response.text)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        return frame.decode_frame(response.data)
