"""The committed frontend, judged without node: it is current, and does nothing forbidden."""

import hashlib
import json
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "tb_monitor_plugin" / "static"
INPUTS = ["build", "package-lock.json", "package.json", "src", "tsconfig.json", "vite.config.ts"]


def stamp(root: pathlib.Path) -> str:
    """The recipe of frontend/README.md, "The build stamp"."""
    digest = hashlib.sha256()
    found = [root / name for name in INPUTS]
    files = [path for top in found for path in ([top] if top.is_file() else top.rglob("*"))]
    by_path = {path.relative_to(root).as_posix(): path for path in files if path.is_file()}
    for path in sorted(by_path):
        content = by_path[path].read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def test_the_committed_bundle_was_built_from_these_sources():
    recorded = json.loads((STATIC / "BUILD.json").read_text())["sources_sha256"]
    assert recorded == stamp(FRONTEND), "run 'npm run build' in frontend/ and commit static/"


@pytest.mark.parametrize(
    ("forbidden", "why"),
    [
        (r"\beval\(", "a page of the same origin as TensorBoard must not evaluate text"),
        (r"\bnew Function\b", "the same"),
        (r"https?://(?!www\.w3\.org/)[a-z0-9.-]+", "nothing comes from another origin"),
        (r"\bdocument\.write\b", "text from logs must never become markup"),
    ],
)
def test_the_bundle_holds_nothing_forbidden(forbidden, why):
    scripts = list(STATIC.rglob("*.js"))
    assert len(scripts) >= 4
    for script in scripts:
        found = re.findall(forbidden, script.read_text())
        assert not found, f"{script.name} has {found[:3]}: {why}"


def test_the_lock_file_carries_no_download_addresses():
    assert '"resolved"' not in (FRONTEND / "package-lock.json").read_text()
