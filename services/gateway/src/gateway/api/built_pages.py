"""The built pages at `/app`, and the storefront's script: files that `make pages` wrote, compressed beforehand.

A file under `assets/` carries a hash in its name and never changes; everything else is asked for anew each time. An
address that names no file is one of the pages' own, so it gets their document; one under `assets/` gets 404, because a
document in place of a script would be cached and executed as one. Pages come under a policy of their own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

DOCUMENT: Final = "index.html"
ASSETS: Final = "assets/"
FALLBACK: Final = "/ui/"
"""Where people go while no pages are built."""

FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"

WIDGET: Final = "widget/proteus-tryon.js"
A_WHILE: Final = "public, max-age=300"
"""Shops name the widget by one address: what is built anew reaches their pages within minutes."""
OF_ANY_SITE: Final = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Module scripts are fetched by CORS whoever may call the API; isolated pages ask for the other one as well."""

TYPES: Final = {
    ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".json": "application/json",
    ".md": "text/plain", ".svg": "image/svg+xml", ".task": "application/octet-stream",
    ".tflite": "application/octet-stream", ".wasm": "application/wasm", ".webp": "image/webp", ".woff2": "font/woff2",
}  # fmt: skip
"""By ending, not by the machine's own list: browsers compile WebAssembly as it arrives only under its own type."""

_ENDINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Encodings, the smaller first, and the ending of a file compressed so."""

_OFFER: Final = re.compile(r"\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([\d.]+))?\s*")


class BuiltPages(StaticFiles):
    """Serves the folder of built pages, which may appear or change while the gateway runs.

    Args:
        folder: Where `make pages` puts them.
        policy: From the request's host to the Content-Security-Policy.
    """

    def __init__(self, folder: Path, policy: Callable[[str], str]) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._folder = folder
        self._policy = policy

    @property
    def there(self) -> bool:
        """Whether the pages are built."""
        return (self._folder / DOCUMENT).is_file()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request below `/app`."""
        await self.guarded(self.get_path(scope), scope)(scope, receive, send)

    def guarded(self, path: str, scope: Scope) -> Response:
        """Return the answer to a GET of a path below `/app`, under the pages' policy.

        Raises:
            HTTPException: 404 for an unknown asset, 405 for another method.
        """
        if scope["method"] != "GET":  # HEAD is answered as a GET, before it comes here.
            raise HTTPException(405)
        name = path.replace(os.sep, "/")
        lasting = f"{name}/".startswith(ASSETS)
        found = None if name.startswith(".") or name.endswith((".gz", ".br", ".txt")) else self._file(path)
        if found is None:
            if lasting:
                raise HTTPException(404)
            if not self.there:
                return RedirectResponse(FALLBACK)
            found = str(self._folder / DOCUMENT)
        asked = Headers(scope=scope)
        response = self._sent(found, asked, FOR_EVER if lasting else ASK_AGAIN)
        response.headers["Content-Security-Policy"] = self._policy(asked.get("host", ""))
        return response

    def widget(self, scope: Scope) -> Response:
        """Return the answer to a GET of the storefront's script, which pages of every site may run.

        Raises:
            HTTPException: 404, it is not built.
        """
        found = self._file(WIDGET)
        if found is None:
            raise HTTPException(404, "The widget is not built: `make pages` builds it.")
        response = self._sent(found, Headers(scope=scope), A_WHILE)
        response.headers.update(OF_ANY_SITE)
        return response

    def _file(self, path: str) -> str | None:
        full, stat = self.lookup_path(path)
        return full if stat and os.path.isfile(full) else None

    def _sent(self, full: str, asked: Headers, cache_control: str) -> Response:
        encoding, stored = encoded(full, asked.get("accept-encoding", ""))
        headers = {"Cache-Control": cache_control, "Vary": "Accept-Encoding"}
        if encoding:
            headers["Content-Encoding"] = encoding
        kind = TYPES.get(os.path.splitext(full)[1])
        response = FileResponse(stored, stat_result=os.stat(stored), headers=headers, media_type=kind)
        return NotModifiedResponse(response.headers) if self.is_not_modified(response.headers, asked) else response


def encoded(full: str, accepted: str) -> tuple[str, str]:
    """Return the encoding to answer with and the file that holds it; ("", the file itself) for none."""
    wanted = accepted_encodings(accepted)
    for encoding, ending in _ENDINGS:
        if encoding in wanted and os.path.isfile(full + ending):
            return encoding, full + ending
    return "", full


def accepted_encodings(header: str) -> set[str]:
    """Return the encodings that an Accept-Encoding header takes; `*` and `identity` are no reason to encode."""
    taken = set()
    for part in header.lower().split(","):
        offer = _OFFER.fullmatch(part)
        if offer and _quality(offer[2]) > 0:
            taken.add(offer[1])
    return taken


def _quality(text: str | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0
