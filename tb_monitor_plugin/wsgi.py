"""How requests are answered, whatever they ask: methods, errors, headers."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from tensorboard.backend import http_util
from werkzeug import wrappers

from tb_monitor_plugin.frame import encode_json
from tb_monitor_plugin.queries import Refusal

WsgiApp: TypeAlias = Callable[..., Iterable[bytes]]

JSON_TYPE = "application/json"

_logger = logging.getLogger(__name__)


def respond(
    request: wrappers.Request,
    body: bytes | str,
    content_type: str,
    *,
    code: int = 200,
    expires: int = 0,
    content_encoding: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> wrappers.Response:
    """Answers through TensorBoard, which adds nosniff, gzip for text and cache headers."""
    response: wrappers.Response = http_util.Respond(
        request,
        body,
        content_type,
        code=code,
        expires=expires,
        content_encoding=content_encoding,
        headers=list(headers),
    )
    return response


def guarded_app(answer: Callable[[wrappers.Request], wrappers.Response]) -> WsgiApp:
    """Makes an application that answers GET and HEAD, and every error as JSON.

    The last boundary: damaged data and senseless queries never get here as exceptions, so
    what does is a defect of ours. It is logged with its traceback and answered with 500, as
    anything else would tell the page that it has data.
    """

    @wrappers.Request.application
    def application(request: wrappers.Request) -> wrappers.Response:
        try:
            if request.method not in ("GET", "HEAD"):
                raise Refusal(405, f"only GET and HEAD are answered, got {request.method}")
            return answer(request)
        except Refusal as refusal:
            return _error(request, refusal.code, refusal.sentence)
        except Exception:
            _logger.exception("TB Monitor has a defect: it could not answer %r", request.path)
            sentence = "TB Monitor has a defect: TensorBoard's log has the traceback"
            return _error(request, 500, sentence)

    return application


def _error(request: wrappers.Request, code: int, sentence: str) -> wrappers.Response:
    headers = [("Allow", "GET, HEAD")] if code == 405 else []
    body = encode_json({"version": 1, "error": sentence})
    return respond(request, body, JSON_TYPE, code=code, headers=headers)
