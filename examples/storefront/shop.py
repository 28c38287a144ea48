"""A shop in one file: a product page with `<proteus-tryon>` under a strict policy, and the endpoint that mints tokens.

    PROTEUS_API_KEY=pk_… python examples/storefront/shop.py

The key has the scope `tokens` and stays on this server. A browser gets a token of its own, for one shopper, 15 minutes
and this shop's pages alone.
"""

from __future__ import annotations

import json
import os
import secrets
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

HERE: Final = Path(__file__).resolve().parent
GARMENT: Final = HERE.parents[1] / "frontend" / "src" / "features" / "studio" / "samples" / "long-breton.webp"
PORT: Final = int(os.environ.get("SHOP_PORT", "8090"))
ORIGIN: Final = os.environ.get("SHOP_ORIGIN", f"http://127.0.0.1:{PORT}")
"""Where the shop's pages are; tokens are for them alone."""

GATEWAY: Final = os.environ.get("PROTEUS_URL", "http://127.0.0.1:8000")
STORE: Final = os.environ.get("PROTEUS_STORE", "http://127.0.0.1:8333")
"""The origin of the object store, as browsers reach it: signed addresses lead there."""

API_KEY: Final = os.environ.get("PROTEUS_API_KEY", "")
COOKIE: Final = "shopper"
TOKEN_SECONDS: Final = 900
FILES: Final = {"/shop.css": (HERE / "shop.css", "text/css"), "/garment.webp": (GARMENT, "image/webp")}
POLICY: Final = (
    f"default-src 'none'; script-src {GATEWAY}; connect-src 'self' {GATEWAY} {STORE}; img-src 'self' blob: {STORE}; "
    "style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Shop(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_GET(self) -> None:
        """Send the page or one of its files."""
        path = self.path.partition("?")[0]
        if path == "/":
            page = (HERE / "index.html").read_text().replace("{gateway}", GATEWAY)
            # Who comes the first time gets a name: the same name is the same shopper at Proteus.
            name = self._shopper() or secrets.token_urlsafe(18)
            cookie = f"{COOKIE}={name}; Path=/; HttpOnly; SameSite=Lax"
            self._send(200, page.encode(), "text/html; charset=utf-8", **{"Set-Cookie": cookie})
        elif path in FILES:
            file, kind = FILES[path]
            self._send(200, file.read_bytes(), kind)
        else:
            self._send(404, b"There is no such page.", "text/plain")

    def do_POST(self) -> None:
        """Mint a token for the shopper of this cookie."""
        shopper = self._shopper()
        if self.path != "/proteus-token":
            self._send(404, b"{}", "application/json")
        elif shopper is None or self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            self._send(403, b'{"detail": "Tokens are for this shop\'s own pages."}', "application/json")
        else:
            status, body = mint(shopper)
            self._send(status, body, "application/json")

    def _shopper(self) -> str | None:
        found = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        return found.value if found else None

    def _send(self, status: int, body: bytes, kind: str, **more: str) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Content-Security-Policy": POLICY, **more}
        for name, value in {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def mint(shopper: str) -> tuple[int, bytes]:
    """Return Proteus's answer to the wish for a token, as it is; 502 where it does not answer."""
    wish = {"subject": shopper, "allowed_origins": [ORIGIN], "expires_in": TOKEN_SECONDS}
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
    request = Request(f"{GATEWAY}/v1/tokens", json.dumps(wish).encode(), headers)  # noqa: S310 - our own setting
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()
    except (URLError, TimeoutError):
        return 502, b'{"detail": "Proteus does not answer."}'


if __name__ == "__main__":
    print(f"The shop is open: {ORIGIN}", flush=True)
    ThreadingHTTPServer(("127.0.0.1", PORT), Shop).serve_forever()
