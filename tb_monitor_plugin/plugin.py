"""The plugin: its name, its tab and its routes."""

from tensorboard.plugins import base_plugin

from tb_monitor_plugin.assets import ASSETS
from tb_monitor_plugin.routes import Routes
from tb_monitor_plugin.sources.provider import ProviderSource
from tb_monitor_plugin.wsgi import WsgiApp
from tb_monitor_writer.schema import CELLS_PLUGIN_NAME, PLUGIN_NAME


class MonitorPlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """The Monitor tab."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext) -> None:
        # Never context.multiplexer: it is None when the data server reads the logs.
        source = ProviderSource(context.data_provider)
        spec = getattr(context.flags, "logdir_spec", None)
        self._routes = Routes(source, str(context.logdir or spec or ""))

    def get_plugin_apps(self) -> dict[str, WsgiApp]:
        """Returns the routes, without the prefix that TensorBoard adds."""
        return {**ASSETS, **self._routes.apps()}

    def is_active(self) -> bool:
        """Asked only when there is no data of ours, which is what activates the tab."""
        return False

    def data_plugin_names(self) -> tuple[str, ...]:
        """Returns the names under which records of ours are stored."""
        return PLUGIN_NAME, CELLS_PLUGIN_NAME

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """Says what the tab is called and where its script is."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="Monitor")
