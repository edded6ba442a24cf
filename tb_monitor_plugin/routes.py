"""Routes: a request is read to a query, records are read for it, a view composes the answer.

docs/http_api.md states each. Every answer goes through TensorBoard's `http_util.Respond`.
"""

import gzip
from collections.abc import Callable, Mapping

import numpy as np
from tensorboard import plugin_util
from werkzeug import wrappers

from tb_monitor_plugin import limits, pages
from tb_monitor_plugin.frame import Frame, encode_frame, encode_json
from tb_monitor_plugin.queries import Refusal
from tb_monitor_plugin.sources.provider import ProviderSource, Reader
from tb_monitor_plugin.wsgi import JSON_TYPE, WsgiApp, guarded_app, respond

Answer = Callable[[Reader, Mapping[str, str]], object]

_FRAME_TYPE = "application/octet-stream"
_GZIP_LEVEL = 1  # 3 takes twice as long for 5 % less


class Routes:
    """The routes that answer with records."""

    def __init__(self, source: ProviderSource, logdir: str) -> None:
        self._source = source
        self._logdir = logdir

    def apps(self) -> dict[str, WsgiApp]:
        """Returns an application per route."""
        answers: dict[str, Answer] = {
            "/runs": lambda reader, _: pages.runs(reader, self._logdir),
            "/overview": pages.overview,
            "/steps": pages.steps,
            "/matrix": pages.matrix,
            "/series": pages.series,
            "/fit": pages.fit,
        }
        return {route: self._app(answer) for route, answer in answers.items()}

    def _app(self, answer: Answer) -> WsgiApp:
        def answer_request(request: wrappers.Request) -> wrappers.Response:
            _check_query(request)
            reader = self._source.reader(
                plugin_util.context(request.environ), plugin_util.experiment_id(request.environ)
            )
            # Logs hold any number, 1e308 and infinity too: what overflows becomes null, and is
            # no news for the server's console.
            with np.errstate(all="ignore"):
                found = answer(reader, request.args)
            if not isinstance(found, Frame):
                return respond(request, encode_json(found), JSON_TYPE)
            body = encode_frame(found)
            if not found.compress:
                return respond(request, body, _FRAME_TYPE)
            packed = gzip.compress(body, _GZIP_LEVEL, mtime=0)
            return respond(request, packed, _FRAME_TYPE, content_encoding="gzip")

        return guarded_app(answer_request)


def _check_query(request: wrappers.Request) -> None:
    size_bytes = len(request.query_string)
    if size_bytes > limits.MAX_QUERY_BYTES:
        raise Refusal(
            414, f"the query must have at most {limits.MAX_QUERY_BYTES} bytes, got {size_bytes}"
        )
    for name, value in request.args.items(multi=True):
        if "\0" in value:
            raise Refusal(400, f"{name!r:.40} must not contain a zero byte")
