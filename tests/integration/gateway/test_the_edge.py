"""The edge against strangers: nothing is read of who may not send, nothing is waited for without end."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass

import httpx
import jwt
import pytest

from gateway.api import pages
from gateway.commands import openapi
from gateway.rules.tokens import LIFE_SECONDS_MOST
from gateway.settings import EdgeSettings
from proteus.service.security_headers import SECURITY_HEADERS

SOON_SECONDS = 10.0
"""What a busy machine may take for what should happen at once."""

RNG = random.Random(4)
SIGNING_KEY = "a-key-for-tests-that-is-long-enough-to-sign"


@dataclass
class Line:
    """A raw connection, and what came back on it until the gateway closed it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, url: str) -> Line:
        host, _, port = url.removeprefix("http://").partition(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    async def say(self, *lines: str, body: bytes = b"") -> None:
        self.writer.write("\r\n".join(lines).encode() + (b"\r\n\r\n" if lines else b"") + body)
        await self.writer.drain()

    async def end(self, seconds: float = SOON_SECONDS) -> bytes:
        """Everything until the gateway closed; fails if it does not."""
        try:
            async with asyncio.timeout(seconds):
                return await self.reader.read()
        except ConnectionResetError:
            return b""
        finally:
            await self.close()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


def head(method: str, path: str, *headers: str) -> list[str]:
    return [f"{method} {path} HTTP/1.1", "Host: shop.example", *headers]


UPLOAD = ("Content-Type: multipart/form-data; boundary=x", "Content-Length: 15000000")


async def test_a_stranger_is_refused_before_a_byte_of_his_body_and_the_connection_is_closed(gateway) -> None:
    asked = [
        (verb.upper(), path, next(iter(operation["requestBody"]["content"])))
        for path, verbs in openapi()["paths"].items()
        for verb, operation in verbs.items()
        if "requestBody" in operation and operation.get("security")
    ]
    assert len(asked) > 8
    for verb, path, kind in [*asked, ("POST", "/api/upload/cloth", "multipart/form-data; boundary=x")]:
        token = RNG.choice(("", "Authorization: Bearer forged"))
        line = await Line.to(gateway.url)
        # Not one byte of the body: an answer can only come from one who did not wait for it.
        await line.say(*head(verb, path, f"Content-Type: {kind}", "Content-Length: 60000", *filter(None, [token])))
        answer = await line.end()
        assert answer.startswith(b"HTTP/1.1 401"), (path, answer)
        assert b"connection: close" in answer
        assert b'"code":"unauthorized"' in answer


async def test_a_caller_without_the_scope_is_refused_before_the_body(gateway) -> None:
    guest = await gateway.guest()
    line = await Line.to(gateway.url)
    bearer = f"Authorization: Bearer {guest.token}"
    await line.say(*head("POST", "/v1/queue/jobs/job_1/drop", bearer, "Content-Length: 60000"))
    assert (await line.end()).startswith(b"HTTP/1.1 403")


async def test_an_upload_of_a_stranger_takes_no_place_on_disk_or_in_memory(gateway) -> None:
    lines = [await Line.to(gateway.url) for _ in range(20)]
    for line in lines:
        await line.say(*head("POST", "/api/upload/cloth", *UPLOAD))
    assert {(await line.end())[:12] for line in lines} == {b"HTTP/1.1 401"}
    async with httpx.AsyncClient() as plain:
        metrics = (await plain.get(f"{gateway.inner_url}/metrics")).text
    assert "proteus_gateway_body_bytes 0.0" in metrics


@pytest.fixture
async def hasty(gateway_settings, store, serve):
    """A gateway without patience."""
    edge = EdgeSettings(header_seconds=0.4, body_seconds=0.4, connect_seconds=0.5)
    async with serve(gateway_settings.model_copy(update={"edge": edge})) as found:
        yield found


async def test_headers_that_do_not_end_in_time_end_the_connection(hasty) -> None:
    silent, many, later = [await Line.to(hasty.url) for _ in range(3)]
    started = time.monotonic()
    await many.say(body=b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: ")
    await later.say(*head("GET", "/healthz"))
    assert b"200 OK" in await later.reader.readuntil(b"ok\n")
    await later.say(body=b"GET /healthz HT")
    assert await silent.end() == b""
    for line in (many, later):
        assert (await line.end()).startswith(b"HTTP/1.1 408")
    assert time.monotonic() - started < SOON_SECONDS


async def test_headers_without_end_are_cut_off_by_their_size(gateway) -> None:
    line = await Line.to(gateway.url)
    await line.say(body=b"GET /healthz HTTP/1.1\r\nX-Long: " + b"a" * 70_000)
    assert (await line.end()).startswith(b"HTTP/1.1 431")


async def test_a_body_that_does_not_end_in_time_is_answered_408_and_leaves_nothing(hasty) -> None:
    guest = await hasty.guest()
    bearer = f"Authorization: Bearer {guest.token}"
    asked = (
        head("POST", "/api/snap", bearer, "Content-Type: application/json", "Content-Length: 500"),
        head("POST", "/vtons", bearer, "Content-Type: application/json", "Content-Length: 500"),
        head("POST", "/api/upload/cloth", bearer, *UPLOAD),
    )
    for lines in asked:
        line = await Line.to(hasty.url)
        await line.say(*lines, body=b"--x\r\n" if "upload" in lines[0] else b"{")
        answer = await line.end()
        assert answer.startswith(b"HTTP/1.1 408"), lines[0]
        assert b'"code":"body_too_slow"' in answer
    async with httpx.AsyncClient() as plain:
        metrics = (await plain.get(f"{hasty.inner_url}/metrics")).text
    assert "proteus_gateway_body_bytes 0.0" in metrics


async def test_a_connection_stays_open_between_requests(gateway) -> None:
    line = await Line.to(gateway.url)
    for _ in range(3):
        await line.say(*head("GET", "/healthz"))
        assert b"connection: close" not in await line.reader.readuntil(b"ok\n")
    await line.close()
    assert gateway.settings.edge.keep_alive_seconds > 60


async def test_bodies_beyond_the_budget_of_the_process_are_refused_and_those_within_it_go_on(
    gateway_settings, store, serve, picture
) -> None:
    edge = EdgeSettings(body_bytes_most=100_000)
    async with serve(gateway_settings.model_copy(update={"edge": edge})) as gateway:
        guest = await gateway.guest()
        large = {"file": ("a.png", b"x" * 150_000, "image/png")}
        refused = await guest.http.post("/api/upload/cloth", files=large)
        assert (refused.status_code, refused.json()["retryable"]) == (429, True)
        assert refused.headers["retry-after"]
        small = await guest.http.post("/api/upload/cloth", files={"file": ("a.png", picture(), "image/png")})
        assert small.status_code == 202


async def test_every_answer_carries_security_headers(gateway, ready) -> None:
    guest = ready.guest
    for path in ("/healthz", "/health", "/ui/", "/ui/app.js", "/docs", "/docs/assets/swagger-ui.css", "/openapi.json",
                 "/v1/tryons", "/nowhere", "/", "/updates/?transport=polling", "/v1/tryons?limit=x"):  # fmt: skip
        answer = await guest.http.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "no-referrer", path
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
        assert "camera=()" in answer.headers["permissions-policy"], path
        assert "strict-transport-security" not in answer.headers, path
    async with httpx.AsyncClient() as plain:
        for path in ("/metrics", "/health", "/nowhere"):
            answer = await plain.get(f"{gateway.inner_url}{path}")
            assert [answer.headers.get(name) for name, _ in SECURITY_HEADERS] == [
                value for _, value in SECURITY_HEADERS
            ]
    secure = await guest.http.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["strict-transport-security"].startswith("max-age=")
    assert "camera=(self)" in (await guest.http.get("/app/mirror")).headers["permissions-policy"]


async def test_no_redirect_names_a_host(gateway) -> None:
    guest = await gateway.guest()
    evil = {"Host": "evil.example"}
    for path, to in (
        ("/", "/app" if (pages.STATIC / "app" / "index.html").is_file() else "/ui/"),
        ("/ui", "/ui/"),
        ("/v1/images/", "/v1/images"),
        ("/v1/tryons/?limit=1", "/v1/tryons?limit=1"),
    ):
        answer = await guest.http.get(path, headers=evil)
        assert (answer.status_code, answer.headers["location"]) == (307, to), path


async def test_head_is_answered_wherever_get_is(gateway, ready) -> None:
    guest = ready.guest
    operations = (await guest.http.get("/openapi.json")).json()["paths"]
    for path in [path for path, verbs in operations.items() if "get" in verbs] + ["/ui/", "/docs", "/openapi.json"]:
        url = (
            path.replace("{n}", "1")
            .replace("{user_id}", "me")
            .replace("{job_id}", "job_x")
            .replace("{vton_id}", "vton_x")
        )
        url = url.replace("{image_id}", ready.person.rpartition("/")[2])
        if url == "/v1/events":
            async with guest.http.stream("GET", url) as stream:
                status = stream.status_code
        else:
            status = (await guest.http.get(url)).status_code
        answer = await guest.http.head(url)
        assert (answer.status_code, answer.content) == (status, b""), path
    assert (await guest.http.head("/api/snap")).status_code == 405


@pytest.mark.parametrize("exp", [float("inf"), float("nan"), "tomorrow", True, 10**30, -1e400])
async def test_a_token_that_never_expires_is_refused(gateway, exp) -> None:
    guest = await gateway.guest()
    claims = {"iss": "proteus", "sub": guest.user_id, "tenant": "guests", "exp": exp}
    token = jwt.encode(claims, SIGNING_KEY, algorithm="HS256")
    assert (await gateway.bearer(token).http.get("/users/me")).status_code == 401


async def test_a_token_for_ten_years_is_the_longest(gateway, tokens) -> None:
    guest = await gateway.guest()
    longest = tokens.mint(guest.user_id, tenant="guests", seconds=LIFE_SECONDS_MOST)
    assert (await gateway.bearer(longest).http.get("/users/me")).status_code == 200
    with pytest.raises(ValueError, match="cannot live"):
        tokens.mint(guest.user_id, tenant="guests", seconds=LIFE_SECONDS_MOST + 1)


CODECS = {"punycode": b"auto-", "utf-7": b"+AGEAdQB0AG8-", "unicode_escape": b"\\x61uto"}
"""Codecs of Python, and how each spells `auto`."""


@pytest.mark.parametrize("codec", CODECS)
async def test_no_client_names_the_codec_in_which_its_form_is_read(gateway, picture, codec) -> None:
    """`punycode` takes half a minute of the event loop for a field of a megabyte."""
    guest = await gateway.guest()
    parts = form_of(picture(), CODECS[codec])
    kind = f"multipart/form-data; charset={codec}; boundary=x"
    answer = await guest.http.post("/api/upload/cloth", content=parts, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "/body/category" in answer.json()["detail"]


async def test_a_codec_that_does_not_exist_or_always_fails_changes_nothing(gateway, picture) -> None:
    guest = await gateway.guest()
    for codec in ("undefined", "nothing", "utf-8"):
        kind = f"multipart/form-data; boundary=x; charset={codec}"
        headers = {"Content-Type": kind, "Idempotency-Key": codec}
        answer = await guest.http.post("/api/upload/cloth", content=form_of(picture(), b"auto"), headers=headers)
        assert answer.status_code == 202, (codec, answer.text)


def form_of(picture: bytes, category: bytes) -> bytes:
    field = b'--x\r\nContent-Disposition: form-data; name="category"\r\n\r\n' + category
    file = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: image/png\r\n\r\n' + picture
    )
    return field + b"\r\n" + file + b"\r\n--x--\r\n"
