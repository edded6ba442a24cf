"""The built frontend: one fixed route per file, found when this module is imported.

No request ever names a path: what is not in the table has no route.
"""

import pathlib

from werkzeug import wrappers

from tb_monitor_plugin.wsgi import WsgiApp, guarded_app, respond

STATIC = pathlib.Path(__file__).parent / "static"

# Named here, because what the system's own table says differs from machine to machine.
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
}

_YEAR_S = 365 * 24 * 60 * 60

_MISSING = """\
export function render() {
  document.body.textContent =
    'The Monitor tab is not built: install the wheel, or run "npm run build" in frontend/.';
}
"""


def asset_apps(static: pathlib.Path = STATIC) -> dict[str, WsgiApp]:
    """Returns an application per built file; without a build, one that says so."""
    files = {path.relative_to(static).as_posix(): path for path in sorted(static.rglob("*"))}
    apps = {
        f"/{name}": _file(path, _TYPES[path.suffix], hashed=name.startswith("assets/"))
        for name, path in files.items()
        if path.suffix in _TYPES and path.is_file()
    }
    if "/index.js" not in apps:
        apps["/index.js"] = guarded_app(lambda request: respond(request, _MISSING, _TYPES[".js"]))
    return apps


def _file(path: pathlib.Path, content_type: str, *, hashed: bool) -> WsgiApp:
    def answer(request: wrappers.Request) -> wrappers.Response:
        # Names under assets/ bear a hash of their content, so they never change.
        expires = _YEAR_S if hashed else 0
        return respond(request, path.read_bytes(), content_type, expires=expires)

    return guarded_app(answer)


ASSETS = asset_apps()
