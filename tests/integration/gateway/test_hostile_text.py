"""Hostile text and odd values in every place of the API where a client writes: no 5xx, always a problem document.

The places come from the API's own description, so a new route is covered the day it is written. Each request is valid
but for one place: an id in the path, a query parameter, a header, a leaf or a key of the body, a field of a form.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from gateway.commands import openapi
from gateway.settings import GatewaySettings, LimitSettings

RNG = random.Random(20_260_203)


def cursor(at: object, row_id: object = "job_1") -> str:
    return base64.urlsafe_b64encode(json.dumps([at, row_id]).encode()).decode().rstrip("=")


ANYWHERE = {
    "NUL": "a\0b",
    "control": "a\x1b\r\nb\x85",
    "lone surrogate": "a\ud800b",
    "ten kilobytes": "x" * 10_000,
    "right to left, emoji": "\u202e\u05d0\u05d1 \U0001f469\u200d\U0001f9b0",
    "superscript": "\u00b2",
    "many digits": "9" * 5_000,
    **{
        f"any text {n}": "".join(chr(RNG.choice((RNG.randrange(0x110000), RNG.randrange(0x180)))) for _ in range(20))
        for n in range(1)
    },
}
IN_URLS = {
    "broken IPv6": "http://[",
    "open IPv6": "http://[::1/x",
    "NFKC host": "http://\u2100.com/x",
    "encoded NUL": "http://127.0.0.1/%00",
}
IN_QUERIES = {
    "not a number": "NaN",
    "nothing": "",
    "date of year 1": "0001-01-01T00:00:00+14:00",
    "date of year 9999": "9999-12-31T23:59:59-14:00",
    "epoch": "0",
}
IN_CURSORS = {
    "cursor of year 1": cursor("0001-01-01T00:00:00+14:00"),
    "cursor of year 9999": cursor("9999-12-31T23:59:59-14:00"),
    "cursor without zone": cursor("2026-01-01T00:00:00"),
    "cursor with a surrogate": cursor("2026-01-01T00:00:00+00:00", "\ud800"),
    "cursor with a NUL": cursor("2026-01-01T00:00:00+00:00", "job_\0"),
    "cursor of numbers": cursor(0, 0),
    "cursor of nothing": base64.urlsafe_b64encode(b"[]").decode(),
}
ODD_VALUES = {
    "not a number": "NaN", "infinite": "-Infinity", "beyond floats": "1e400", "negative": "-1", "65 bits": str(2**64),
    "many digits": "9" * 5_000, "half": "0.5", "true": "true", "nothing": "null", "empty": '""', "a list": "[[]]",
    "an object": '{"a": {}}', "deep": "[" * 400 + "]" * 400, "a lone surrogate": '"\\ud800"', "two": '1, "again": 2',
}  # fmt: skip
"""JSON in the place of a value, as it goes over the wire."""

ODD_BODIES = {
    "nothing": b"", "half": b'{"a":', "text": b"\xff\xfe{", "UTF-16": "{}".encode("utf-16"), "BOM": b"\xef\xbb\xbf{}",
    "deep": b"[" * 60_000, "deep object": b'{"a":' * 10_000, "list": b"[]", "number": b"1", "many": b'{"a":1,' * 5_000,
}  # fmt: skip
ODD_NUMBERS = ("1e400", "inf", "-1", str(2**64), "9" * 400, "0x10", "1_0", "\u0663", "1e-400", "")
"""In the place of a number of a query or a path."""

HOSTILE = ANYWHERE | IN_URLS | IN_QUERIES | IN_CURSORS


def fits(name: str, place: str) -> bool:
    """Tell whether a text says anything at a place that the general ones do not."""
    if name in IN_URLS:
        return "url" in place or "cloth" in place
    if name in IN_QUERIES:
        return place.startswith("query")
    return name in ANYWHERE or "cursor" in place


@dataclass(frozen=True)
class Operation:
    """One operation of the description, with a valid request to it."""

    verb: str
    path: str
    path_values: dict[str, str]
    queries: dict[str, str]
    headers: tuple[str, ...]
    body: dict[str, Any] | None
    form: dict[str, Any] | None


@dataclass(frozen=True)
class Asked:
    """A request that is valid but for one place."""

    place: str
    url: str
    headers: dict[str, bytes] = field(default_factory=dict)
    content: bytes | None = None
    files: list[tuple[str, tuple[str | None, bytes, str | None]]] | None = None


def operations(described: Mapping[str, Any]) -> Iterator[tuple[Operation, list[str]]]:
    def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
        name = schema.get("$ref", "").rpartition("/")[2]
        return described["components"]["schemas"][name] if name else schema

    for path, verbs in described["paths"].items():
        for verb, operation in verbs.items():
            parameters = operation.get("parameters", [])
            there = {where: [one for one in parameters if one["in"] == where] for where in ("path", "query", "header")}
            body = form = None
            for media, content in operation.get("requestBody", {}).get("content", {}).items():
                schema = resolved(content["schema"])
                if media == "application/json":
                    body = dict(schema["examples"][0])
                    body |= {name: body.get(name, {"a": "b"} if name == "metadata" else "x")
                             for name in schema["properties"]}  # fmt: skip
                else:
                    form = dict(schema["properties"])
            yield (
                Operation(
                    verb=verb.upper(),
                    path=path,
                    path_values={
                        one["name"]: "1" if one["name"] == "n" else f"nobody-{one['name']}" for one in there["path"]
                    },
                    queries={one["name"]: str(example_of(one)) for one in there["query"] if one.get("required")},
                    headers=tuple(one["name"] for one in there["header"]),
                    body=body,
                    form=form,
                ),
                [one["name"] for one in there["query"]],
            )


def example_of(parameter: Mapping[str, Any]) -> object:
    schema = parameter["schema"]
    found = parameter.get("examples") or schema.get("examples") or schema.get("enum") or ["x"]
    return found[0]


def percent(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def leaves(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every leaf of a JSON value, and every mapping (a new key can go there)."""
    if isinstance(value, dict):
        yield way
        for key, item in value.items():
            yield from leaves(item, (*way, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from leaves(item, (*way, at))
    else:
        yield way


def changed(value: Any, way: tuple[str | int, ...], text: str) -> Any:
    if not way:
        return {**value, text: text} if isinstance(value, dict) else text
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = changed(value[way[0]], way[1:], text)
    return copy


def requests(operation: Operation, queries: list[str], text: str) -> Iterator[Asked]:
    """One request per place of the operation, with the text there."""
    body = json.dumps(operation.body).encode() if operation.body is not None else None
    json_type = {"content-type": b"application/json"} if body else {}

    def url(**change: str) -> str:
        asked = operation.queries | {name: value for name, value in change.items() if name in queries}
        path = operation.path
        for name, value in operation.path_values.items():
            path = path.replace("{" + name + "}", percent(change.get(name, value)) or "%20")
        pairs = "&".join(f"{name}={percent(value)}" for name, value in asked.items())
        return f"{path}?{pairs}" if pairs else path

    for name in operation.path_values:
        yield Asked(f"path {name}", url(**{name: text}), json_type, body)
    for name in queries:
        yield Asked(f"query {name}", url(**{name: text}), json_type, body)
    for name in operation.headers:
        # What no header can hold is refused by the HTTP parser and never reaches the application.
        raw = "".join(character for character in text if ord(character) > 0x1F and ord(character) != 0x7F).strip()
        yield Asked(f"header {name}", url(), json_type | {name: raw.encode("utf-8", "surrogatepass")[:8_000]}, body)
    for way in leaves(operation.body) if operation.body is not None else ():
        content = json.dumps(changed(operation.body, way, text)).encode()
        yield Asked(f"body /{'/'.join(map(str, way))}", url(), json_type, content)
    for name in operation.form or ():
        part = ("a.png", b"x" * 100, "image/png")
        fields: list[Any] = [
            (other, part if other == "file" else (None, b"auto", None)) for other in operation.form if other != name
        ]
        content = text.encode("utf-8", "surrogatepass")
        yield Asked(f"form {name}", url(), files=[*fields, (name, (None, content, None))])
        if name == "file":
            yield Asked(f"form {name} type", url(), files=[*fields, (name, ("a.png", content, percent(text) or "x"))])
            yield Asked(
                f"form {name} name", url(), files=[*fields, (name, (percent(text) or "x", content, "image/png"))]
            )


def odd_requests(operation: Operation, queries: list[str]) -> Iterator[tuple[str, Asked]]:
    """Requests with an odd value in one place of the operation, and what is odd."""
    if operation.body is not None:
        json_type = {"content-type": b"application/json"}
        (plain,) = [one for one in requests(operation, [], "x") if one.place == "body /"][:1]
        for name, content in ODD_BODIES.items():
            yield name, Asked("body", plain.url, json_type, content)
        for way in leaves(operation.body):
            text = json.dumps(replaced(operation.body, way, "@odd@"))
            for name, raw in ODD_VALUES.items():
                yield name, Asked(f"body {way}", plain.url, json_type, text.replace('"@odd@"', raw).encode())
    for number in ODD_NUMBERS:
        for one in requests(operation, queries, number):
            if one.place.startswith(("query", "path")):
                yield number, one


def replaced(value: Any, way: tuple[str | int, ...], new: str) -> Any:
    if not way:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = replaced(value[way[0]], way[1:], new)
    return copy


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("one_in", [pytest.param(1, marks=pytest.mark.long), 30])
async def test_no_text_of_a_client_brings_a_5xx(gateway_settings, store, serve, tokens, prepare, one_in) -> None:
    asked = [
        (operation, name, one)
        for operation, queries in operations(openapi())
        for name, text in HOSTILE.items()
        for one in requests(operation, queries, text)
        if fits(name, one.place)
    ]
    some = random.Random(1).sample(asked, len(asked) // one_in)
    found, wrong = await answers(some, gateway_settings, serve, tokens, prepare)
    assert not wrong, "\n".join(wrong[:40])
    assert len(found) > 25, "the places of the API were not found"


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("one_in", [pytest.param(1, marks=pytest.mark.long), 60])
async def test_no_odd_value_of_a_client_brings_a_5xx(gateway_settings, store, serve, tokens, prepare, one_in) -> None:
    asked = [
        (operation, name, one)
        for operation, queries in operations(openapi())
        for name, one in odd_requests(operation, queries)
    ]
    some = random.Random(1).sample(asked, len(asked) // one_in)
    found, wrong = await answers(some, gateway_settings, serve, tokens, prepare)
    assert not wrong, "\n".join(wrong[:40])
    assert len(found) > 40, "the places of the API were not found"


async def answers(
    asked: list[tuple[Operation, str, Asked]], settings: GatewaySettings, serve: Any, tokens: Any, prepare: Any
) -> tuple[dict[str, int], list[str]]:
    """Send these requests as an operator; return how many there were by place, and what went wrong.

    Ids are real but where the request would delete: a refusal of the id would hide what stands behind it.
    """
    limits = LimitSettings(submits_per_minute=0, uploads_per_minute=0, warms_per_minute=0, guests_per_minute=0)
    found: dict[str, int] = {}
    wrong: list[str] = []
    async with serve(settings.model_copy(update={"limits": limits})) as gateway:
        guest = (await prepare(gateway, await gateway.guest())).guest
        operator = gateway.bearer(tokens.mint(guest.user_id, tenant="ops", scopes=["admin"], seconds=600)).http
        tryon = (await guest.http.get("/v1/tryons")).json()["items"][0]
        image = (await guest.http.get("/v1/images")).json()["items"][0]
        real = {"job_id": tryon["job_id"], "vton_id": tryon["vton_id"], "image_id": image["image_id"]}

        async def ask(operation: Operation, name: str, one: Asked) -> None:
            where, url = f"{operation.verb} {operation.path} {one.place} = {name}", one.url
            for place, found_id in real.items() if operation.verb != "DELETE" else ():
                url = url.replace(f"nobody-{place}", found_id)
            async with operator.stream(
                operation.verb, url, headers=one.headers, content=one.content, files=one.files
            ) as answer:
                found[one.place] = found.get(one.place, 0) + 1
                if answer.status_code >= 500:
                    wrong.append(f"{where}: {answer.status_code}")
                elif answer.status_code >= 400:
                    await answer.aread()
                    if answer.headers["content-type"] != "application/problem+json" or not answer.json()["code"]:
                        wrong.append(f"{where}: {answer.text[:200]}")

        for start in range(0, len(asked), 8):
            await asyncio.gather(*(ask(*one) for one in asked[start : start + 8]))
    return found, wrong


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/status/%00", 404), ("/v1/tryons/%00", 404), ("/v1/results/%00/1", 404), ("/vtons/vton_%00", 404),
        ("/v1/images/%C2%85", 404), ("/users/user_%00", 404), ("/images/presignedDownloadUrl?image_id=%00", 422),
        (f"/v1/tryons?cursor={cursor('0001-01-01T00:00:00+14:00')}", 422),
        (f"/v1/tryons?cursor={cursor('2026-01-01T00:00:00+00:00', chr(0))}", 422),
        ("/v1/queue/arrivals?since=0", 422), ("/v1/queue/arrivals?since=0001-01-01T00:00:00%2B14:00", 422),
    ],
)  # fmt: skip
async def test_text_that_cannot_be_ours_is_refused_where_it_stands(gateway, tokens, path, status) -> None:
    guest = await gateway.guest()
    operator = gateway.bearer(tokens.mint(guest.user_id, tenant="ops", scopes=["admin"], seconds=600)).http
    answer = await operator.get(path)
    assert answer.status_code == status, answer.text


async def test_a_refusal_names_the_place_and_the_character(gateway) -> None:
    guest = await gateway.guest()
    body = {"user_photo_url": "http://[", "cloth_clean_url": "x", "metadata": {"a": "b\0c"}}
    answer = await guest.http.post("/api/snap", json=body)
    said = {one["pointer"]: one["detail"] for one in answer.json()["errors"]}
    assert answer.status_code == 422
    assert "is not a URL" in said["/body/user_photo_url"]
    assert "U+0000" in said["/body/metadata/a"]


async def test_every_operation_documents_what_happens_when_a_server_is_away() -> None:
    for path, verbs in openapi()["paths"].items():
        for verb, operation in verbs.items():
            for status in ("500", "503"):
                assert status in operation["responses"], (verb, path)
                assert operation["responses"][status]["content"], (verb, path)


async def test_text_that_people_write_is_welcome(ready) -> None:
    labels = {"מידה": "\u202eגדול", "😀": "café ㎏ e\u0301"}
    made = await ready.snap(metadata=labels)
    assert (await ready.guest.http.get(f"/api/status/{made['job_id']}")).json()["metadata"] == labels
