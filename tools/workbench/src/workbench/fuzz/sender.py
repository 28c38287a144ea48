"""Sends requests over HTTP as somebody, and reads as much of the answer as is worth judging."""

from __future__ import annotations

import random
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import requests

from workbench.fuzz.cases import Case, Operation, with_known_ids
from workbench.fuzz.judge import Answer, Asked, Judge
from workbench.fuzz.people import People, Person, bearer
from workbench.fuzz.target import Target

CONNECT_SECONDS: Final = 10
READ_SECONDS: Final = 30
STREAM_SECONDS: Final = 0.3
BODY_MOST: Final = 4_000_000
STREAMS: Final = "text/event-stream"


class Sender:
    """Sends what `cases` invents.

    Args:
        target: Where to.
        people: Who sends; somebody whose credential ended is replaced.
        judge: Looks at every answer.
    """

    def __init__(self, target: Target, people: People, judge: Judge) -> None:
        self._target = target
        self._people = people
        self._judge = judge
        self._session = people.session

    def send(self, case: Case, person: Person, rng: random.Random) -> None:
        """Send an invented request with known ids in it."""
        made = with_known_ids(case, person.group, self._judge.memory, rng)
        operation: Operation = case.operation
        sent = operation.Case(
            method=case.method,
            path_parameters=made["path_parameters"],
            query=made["query"],
            headers=made["headers"],
            body=made["body"],
            media_type=case.media_type,
            _meta=case.meta,
        )
        asked = sent.as_transport_kwargs(base_url=self._target.url)
        headers = {str(name): str(value) for name, value in (asked.pop("headers", None) or {}).items()}
        headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        guarded = bool(operation.definition.raw.get("security"))
        self.request(person, **asked, headers=headers, guarded=guarded)

    def request(
        self, person: Person, *, method: str, url: str, headers: Mapping[str, str], guarded: bool = True, **more: Any
    ) -> Answer | None:
        """Send a request and have its answer judged; None: there was none."""
        streams = url.partition("?")[0].endswith("/events")
        try:
            prepared = self._session.prepare_request(
                requests.Request(method, url, headers={**headers, **bearer(person.token)}, **more)
            )
        except (requests.RequestException, UnicodeError, ValueError):
            return None  # HTTP cannot say it.
        try:
            with self._session.send(
                prepared,
                timeout=(CONNECT_SECONDS, STREAM_SECONDS if streams else READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = Answer(
                    response.status_code,
                    {name.lower(): value for name, value in response.headers.items()},
                    _read(response),
                )
        except requests.RequestException as error:
            if not streams:
                sent = Asked(method, url, _text(prepared), guarded=guarded)
                self._judge.note("server_errors", f"{method} {url[:100]}", f"no answer: {error!r}", sent)
            return None
        asked = Asked(method, str(prepared.url), _text(prepared), guarded=guarded)
        self._judge.look(asked, answer, person)
        if answer.status == HTTPStatus.UNAUTHORIZED and person.valid:
            self._people.look_after(person)
        return answer


def _read(response: requests.Response) -> bytes:
    if STREAMS not in response.headers.get("content-type", ""):
        return response.raw.read(BODY_MOST, decode_content=True) or b""
    try:
        return bytes(response.raw.read1(65_536) or b"")
    except Exception:
        return b""


def _text(prepared: requests.PreparedRequest) -> str:
    body = prepared.body or b""
    text = body if isinstance(body, str) else bytes(body).decode("utf-8", "replace") if isinstance(body, bytes) else ""
    return f"{prepared.url} {dict(prepared.headers)} {text}"
