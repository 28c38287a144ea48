"""A worker with an empty folder fills it from a model hub: a small server speaks the hub's protocol."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

COMMIT = "c" * 40
NOT_NOW = "weights cannot be fetched from owner/name on the model hub now"
FILES = {
    "model.safetensors": b"w" * 5000,
    "config.json": b"{}",
    "pytorch_model.bin": b"pickle",
    "README.md": b"#",
    "catvton/model.safetensors": b"another model's",
}

BRING = """
import sys
from proteus.errors import DependencyUnavailable, ModelUnavailable
from proteus.settings import StorageSettings
from proteus.worker.weights import WeightsOrder, bring
try:
    bring(WeightsOrder(model="fashn", source=sys.argv[1], folder=sys.argv[2], service="weaver"), StorageSettings())
except ModelUnavailable as refused:
    sys.exit(f"no: {refused.message}")
except DependencyUnavailable as away:
    sys.exit(f"away: {away.message}")
"""


class Hub(BaseHTTPRequestHandler):
    trouble: ClassVar[tuple[int, str]] = (0, "")
    """Status and error code that every file is answered with; 0: the file."""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = self.path.split("?")[0]
        status, code = self.trouble
        if status:
            self.send(b"{}", status=status, code=code, body=body)
        elif path.startswith("/api/models/owner/name/revision/"):
            siblings = [{"rfilename": name} for name in FILES]
            self.send(json.dumps({"id": "owner/name", "sha": COMMIT, "siblings": siblings}).encode(), body=body)
        elif path == f"/api/models/owner/name/tree/{COMMIT}":
            tree = [{"type": "file", "path": name, "size": len(c), "oid": "0" * 40} for name, c in FILES.items()]
            self.send(json.dumps(tree).encode(), body=body)
        elif path.startswith(f"/owner/name/resolve/{COMMIT}/"):
            self.send(FILES[path.rsplit("/", 1)[1]], body=body)
        else:
            self.send(b'{"error": "Repository not found"}', status=404, code="RepoNotFound", body=body)

    def send(self, content: bytes, *, body: bool, status: int = 200, code: str = "") -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def bring(hub: str, source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_ENDPOINT": hub, "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-c", BRING, source, str(folder / "weights")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_repository_of_one_engine_arrives_without_its_pickles(hub: str, tmp_path: Path) -> None:
    done = bring(hub, "owner/name@main", tmp_path)
    assert done.returncode == 0, done.stderr
    found = {path.name: path.read_bytes() for path in (tmp_path / "weights/fashn").rglob("*") if path.is_file()}
    assert found == {name: FILES[name] for name in ("model.safetensors", "config.json")}


def test_a_repository_that_is_not_there_is_named_and_leaves_nothing(hub: str, tmp_path: Path) -> None:
    done = bring(hub, "nobody/nothing", tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("no: nobody/nothing could not be fetched from the model hub")
    assert [path.name for path in (tmp_path / "weights").iterdir()] == [".fashn.lock"]


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (503, "", f"away: fashn's {NOT_NOW} (HTTPStatusError, status 503)"),
        (429, "", f"away: fashn's {NOT_NOW} (HTTPStatusError, status 429)"),
        (403, "GatedRepo", "no: owner/name could not be fetched from the model hub: "),
        (401, "RepoNotFound", "no: owner/name could not be fetched from the model hub: "),
    ],
)
def test_a_hub_that_is_away_is_told_from_one_that_says_no(
    hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, code: str, meaning: str
) -> None:
    monkeypatch.setattr(Hub, "trouble", (status, code))
    done = bring(hub, "owner/name", tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(meaning)
    assert [path.name for path in (tmp_path / "weights").iterdir()] == [".fashn.lock"]


def test_a_hub_that_does_not_listen_is_away(tmp_path: Path) -> None:
    done = bring("http://127.0.0.1:1", "owner/name", tmp_path)
    assert done.stderr.splitlines()[-1].startswith("away: fashn's weights cannot be fetched from owner/name")
    assert "ConnectError" in done.stderr.splitlines()[-1]
