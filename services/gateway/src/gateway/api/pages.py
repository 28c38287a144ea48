"""Pages without foreign hosts, each under a policy: `/app` (built), `/ui` (plain files), `/docs` (Swagger UI).

`/llms.txt` is for programs; `/widget/proteus-tryon.js` is what other sites' pages load.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from gateway.api import index
from gateway.api.built_pages import FALLBACK, WIDGET, BuiltPages

router = APIRouter(include_in_schema=False)

_HOST: Final = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")

STATIC: Final = Path(__file__).parent.parent / "static"

_DOCS: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Proteus API</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png"><link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script></body></html>
"""
_START: Final = """window.ui = SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true,
  persistAuthorization: true, validatorUrl: null});
"""
_DOCS_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
"""Swagger UI sets style attributes; it runs and fetches nothing from other hosts."""


@router.get("/docs")
async def docs() -> Response:
    """Show the API."""
    return HTMLResponse(_DOCS, headers={"Content-Security-Policy": _DOCS_POLICY})


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Show the icon of every page that names none: browsers ask for it by themselves."""
    return FileResponse(STATIC / "ui" / "icon.svg", headers={"Cache-Control": "max-age=86400"})


@router.get("/docs/start.js")
async def start() -> Response:
    """Start Swagger UI (inline scripts are not allowed)."""
    return Response(_START, media_type="text/javascript")


def install(app: FastAPI, *, storage_endpoint: str, built: Path = STATIC / "app") -> None:
    """Serve the pages; `/` leads to the built ones, or to the plain one while there are none."""
    pages = BuiltPages(built, lambda host: app_policy(storage_endpoint, host))

    async def root() -> Response:
        """Redirect people to the page."""
        return RedirectResponse("/app" if pages.there else FALLBACK)

    async def first_page(request: Request) -> Response:
        """Answer `/app` itself, which a mount does not take."""
        return pages.guarded("", request.scope)

    async def widget(request: Request) -> Response:
        """Answer with the storefront's script."""
        return pages.widget(request.scope)

    async def llms() -> Response:
        """Show the API as a page of plain text."""
        return PlainTextResponse(index.index_of(app.openapi()), headers={"Cache-Control": "max-age=3600"})

    app.include_router(router)
    app.add_api_route(f"/{WIDGET}", widget, include_in_schema=False)
    app.add_api_route(index.PATH, llms, include_in_schema=False)
    app.add_api_route("/", root, include_in_schema=False)
    app.add_api_route("/app", first_page, include_in_schema=False)
    app.mount("/app", pages)
    app.mount("/docs/assets", StaticFiles(directory=Path(str(files("fastapi_swagger"))) / "resources"))
    app.mount("/ui", _Guarded(StaticFiles(directory=STATIC / "ui", html=True), storage_endpoint))


def page_policy(storage_endpoint: str, host: str) -> str:
    """Return the page's Content-Security-Policy: itself, its socket and the object store, nothing else."""
    store = _origin(storage_endpoint)
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'{_sockets(host)} {store}; "
        f"img-src 'self' blob: {store}; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    )


def app_policy(storage_endpoint: str, host: str) -> str:
    """Return the built pages' policy: as the page's, and WebAssembly, workers, camera pictures and own fonts."""
    store = _origin(storage_endpoint)
    return (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self'; "
        f"connect-src 'self'{_sockets(host)} {store}; img-src 'self' blob: {store}; media-src 'self' blob:; "
        "font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _sockets(host: str) -> str:
    """Return a host's sockets as sources: browsers before CSP 3 do not take 'self' for a socket of the same host."""
    return f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""


class _Guarded:
    """Static files with the page's policy on every answer."""

    def __init__(self, app: StaticFiles, storage_endpoint: str) -> None:
        self._app = app
        self._storage_endpoint = storage_endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cache-Control"] = "no-cache"
            await send(message)

        policy = page_policy(self._storage_endpoint, Headers(scope=scope).get("host", ""))
        await self._app(scope, receive, guarded)
