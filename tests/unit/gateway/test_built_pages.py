"""Files of the built pages: kept or asked for anew, compressed or not, and never a document in place of a script."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gateway.api import pages
from gateway.api.built_pages import accepted_encodings

DOCUMENT = "<!doctype html><title>Studio</title>"
SCRIPT = "console.log(1);" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "app"
    (built / "assets").mkdir(parents=True)
    (built / ".vite").mkdir()
    (built / "index.html").write_text(DOCUMENT)
    (built / "favicon.svg").write_text("<svg/>")
    (built / ".vite" / "manifest.json").write_text("{}")
    (built / "assets" / "index-1.js").write_text(SCRIPT)
    (built / "assets" / "index-1.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (built / "assets" / "pose-1.wasm").write_bytes(b"\0asm")
    (built / "widget").mkdir()
    (built / "widget" / "proteus-tryon.js").write_text(SCRIPT)
    (built / "widget" / "proteus-tryon.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    return built


@pytest.fixture
def page(folder: Path) -> httpx.AsyncClient:
    app = FastAPI(docs_url=None)
    pages.install(app, storage_endpoint="https://s3.example:9000/bucket", built=folder)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://here", headers={"Accept-Encoding": ""}
    )


def hide(folder: Path) -> Path:
    return folder.rename(folder.with_name("elsewhere"))


def show(aside: Path, folder: Path) -> None:
    aside.rename(folder)


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/mirror", "/app/tryons/job_1", "/app/nothing.png"])
async def test_an_address_of_the_pages_gets_their_document_which_is_asked_for_anew(page, path: str) -> None:
    answer = await page.get(path)
    assert (answer.status_code, answer.text) == (200, DOCUMENT)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    again = await page.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_hashed_file_is_kept_for_ever(page) -> None:
    answer = await page.get("/app/assets/index-1.js")
    assert (answer.status_code, answer.text) == (200, SCRIPT)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    [
        "/app/assets/index-0.js",
        "/app/assets/",
        "/app/assets/../assets/none.js",
        "/app/assets/index-1.js.gz",
        "/app/assets",
    ],
)
async def test_an_unknown_asset_is_never_answered_by_a_document(page, path: str) -> None:
    assert (await page.get(f"/app/assets/{path}")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/app/.vite/manifest.json", "/app/%2e%2e/secret.txt", "/app/..%2f..%2fsecret.txt", "/app/built-from.txt"]
)
async def test_nothing_but_the_pages_is_served(page, folder: Path, path: str) -> None:
    folder.parent.joinpath("secret.txt").write_text("secret")
    folder.joinpath("built-from.txt").write_text("hash")
    answer = await page.get(path)
    assert answer.text == DOCUMENT or answer.status_code == 404


async def test_a_file_goes_out_compressed_where_the_client_takes_it(page) -> None:
    plain = await page.get("/app/assets/index-1.js")
    packed = await page.get("/app/assets/index-1.js", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    refused = await page.get("/app/assets/index-1.js", headers={"Accept-Encoding": "gzip;q=0, br;q=0"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == SCRIPT
    assert int(packed.headers["content-length"]) < len(SCRIPT)
    assert packed.headers["content-type"].startswith("text/javascript")
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refused.headers
    assert [answer.headers["vary"] for answer in (plain, packed, refused)] == ["Accept-Encoding"] * 3
    assert plain.headers["etag"] != packed.headers["etag"]


async def test_webassembly_has_the_type_that_browsers_compile_while_it_arrives(page) -> None:
    assert (await page.get("/app/assets/pose-1.wasm")).headers["content-type"] == "application/wasm"


async def test_the_policy_lets_the_pages_reach_themselves_their_socket_and_the_store_alone(page) -> None:
    policy = (await page.get("/app/mirror", headers={"Host": "shop.example"})).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert rules["style-src"] == rules["worker-src"] == "'self'"
    assert rules["connect-src"] == "'self' ws://shop.example wss://shop.example https://s3.example:9000"
    assert rules["img-src"] == "'self' blob: https://s3.example:9000"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"


async def test_a_host_that_is_none_stays_out_of_the_policy(page) -> None:
    policy = (await page.get("/app", headers={"Host": "x;script-src *"})).headers["content-security-policy"]
    assert "*" not in policy


async def test_the_root_leads_to_the_built_pages(page) -> None:
    assert (await page.get("/")).headers["location"] == "/app"


async def test_without_built_pages_people_get_the_plain_page_and_assets_are_missing(page, folder: Path) -> None:
    hide(folder)
    for path in ("/", "/app", "/app/mirror"):
        answer = await page.get(path)
        assert (answer.status_code, answer.headers["location"]) == (307, "/ui/"), path
    assert (await page.get("/app/assets/index-1.js")).status_code == 404
    assert "make pages" in (await page.get("/ui/")).text


async def test_pages_that_are_built_while_the_gateway_runs_are_served(page, folder: Path) -> None:
    aside = hide(folder)
    assert (await page.get("/")).headers["location"] == "/ui/"
    show(aside, folder)
    assert (await page.get("/")).headers["location"] == "/app"


async def test_the_widget_is_a_script_that_pages_of_every_site_may_run(page) -> None:
    answer = await page.get("/widget/proteus-tryon.js", headers={"Origin": "https://shop.example"})
    assert (answer.status_code, answer.text) == (200, SCRIPT)
    again = await page.get("/widget/proteus-tryon.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for one in (answer, again):
        assert one.headers["access-control-allow-origin"] == "*"
        assert one.headers["cross-origin-resource-policy"] == "cross-origin"
        assert one.headers["cache-control"] == "public, max-age=300"
        assert one.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")
    packed = await page.get("/widget/proteus-tryon.js", headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.text) == ("gzip", SCRIPT)


async def test_the_rest_of_the_pages_is_for_their_own_site(page) -> None:
    for path in ("/app", "/app/assets/index-1.js"):
        assert "access-control-allow-origin" not in (await page.get(path)).headers


async def test_without_a_build_there_is_no_widget(page, folder: Path) -> None:
    hide(folder)
    answer = await page.get("/widget/proteus-tryon.js")
    assert answer.status_code == 404
    assert "make pages" in answer.text


async def test_pages_are_read_and_nothing_else(page) -> None:
    for path in ("/app", "/app/mirror", "/app/assets/index-1.js"):
        assert (await page.post(path)).status_code == 405, path


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip, deflate, br", {"gzip", "deflate", "br"}),
        ("GZIP;q=0.2", {"gzip"}),
        ("br;q=0, gzip ; q=1.0", {"gzip"}),
        ("br;q=x, ;;, q=1", set()),
        ("br;q=1.2.3", set()),
        ("*", {"*"}),
        ("", set()),
    ],
)
def test_the_header_of_encodings_is_read_as_written(header: str, taken: set[str]) -> None:
    assert accepted_encodings(header) == taken
