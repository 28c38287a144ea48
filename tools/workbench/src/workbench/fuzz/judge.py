"""What is wrong with an answer: a server's error, something undocumented, or a leak."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import unquote, urlsplit

from workbench.fuzz.description import differences, openapi
from workbench.fuzz.leaks import leaks
from workbench.fuzz.memory import Memory
from workbench.fuzz.people import Person

Kind = Literal["server_errors", "undocumented", "leaks"]

AWAY: Final = frozenset({"intake_paused"})
"""Codes of a 503 that an operator asked for."""

INNARDS: Final = re.compile(
    r"Traceback \(most|\.py\", line \d|sqlalchemy|asyncpg|redis\.exceptions|site-packages", re.I
)
"""What only shows when a fault's text reaches a client or when it is logged."""

SAMPLES_MOST: Final = 40


@dataclass(frozen=True)
class Asked:
    """A request as it was sent."""

    method: str
    url: str
    text: str
    """Everything that the sender wrote: what an answer repeats of it is no leak."""

    guarded: bool = True
    """Whether the description asks for a credential."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Judge:
    """Counts requests and what was wrong; keeps one sample of each finding."""

    memory: Memory
    tokens: Mapping[str, str]
    secrets: Collection[str]
    requests: int = 0
    found: Counter[Kind] = field(default_factory=Counter)
    samples: dict[str, str] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, asked: Asked, answer: Answer, person: Person) -> None:
        """Judge one answer, and learn from it."""
        path = unquote(urlsplit(asked.url).path)
        where = f"{asked.method} {pattern_of(path)} by {person.role}"
        with self._lock:
            self.requests += 1
            self.statuses[f"{answer.status // 100}xx"] += 1
        text = answer.body.decode("utf-8", "replace")
        content = _json(answer)
        code = content.get("code", "") if isinstance(content, dict) else ""
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and code not in AWAY and not _probe(path):
            self.note("server_errors", where, f"{answer.status} {text[:300]}", asked)
        for one in differences(asked.method, path, answer.status, answer.headers, answer.body):
            self.note("undocumented", where, one, asked)
        if asked.guarded and person.refused and answer.status < HTTPStatus.BAD_REQUEST:
            self.note("leaks", where, f"{answer.status} without a valid credential", asked)
        for one in self.leaked(f"{answer.headers} {text}", asked.text, person):
            self.note("leaks", where, one, asked)
        if answer.status < HTTPStatus.BAD_REQUEST and content is not None:
            self.memory.learn(content, person.group)

    def leaked(self, text: str, asked: str, person: Person) -> list[str]:
        """Return what a text gives away to this person."""
        found = [f"another's id: {one}" for one in self.memory.foreign(text, person.group, asked)]
        for secret in self.secrets:
            if secret in text and secret not in asked:
                found.append(f"a secret of the deployment: {secret[:4]}…")
        for token, group in list(self.tokens.items()):
            if token in text and group != person.group and token not in asked:
                found.append(f"another's token: {token[:12]}…")
        if (inside := INNARDS.search(text)) and inside.group() not in asked:
            found.append(f"innards: {inside.group()}")
        return found

    def look_at_logs(self, text: str) -> None:
        """Judge the logs of all services."""
        for line in text.splitlines():
            if "request_crashed" in line or "Traceback (most recent call last)" in line:
                self.note("server_errors", "a log", line[:2_000])
        for one in leaks(text):
            self.note("leaks", "a log", one)
        for secret in self.secrets:
            if secret in text:
                self.note("leaks", "a log", f"a secret of the deployment: {secret[:4]}…")

    def note(self, kind: Kind, where: str, what: str, asked: Asked | None = None) -> None:
        """Count a finding; keep its first sample."""
        with self._lock:
            self.found[kind] += 1
            place = f"{kind}: {where}: {re.sub(r'[0-9a-f]{8,}', '…', what)[:120]}"
            if len(self.samples) < SAMPLES_MOST:
                self.samples.setdefault(
                    place, f"{what[:1_500]}\n      {asked.url[:300]} {asked.text[:700]}" if asked else what
                )

    def numbers(self) -> dict[str, int]:
        """Return the counts that the bars are about."""
        kinds: tuple[Kind, ...] = ("server_errors", "undocumented", "leaks")
        return {"requests": self.requests, **{kind: self.found[kind] for kind in kinds}}


def pattern_of(path: str) -> str:
    """Return the described path that this one is an instance of."""
    parts = path.split("/")
    for known in sorted(openapi()["paths"], key=lambda path: path.count("{")):
        places = known.split("/")
        if len(places) == len(parts) and all(
            ours == theirs or ours.startswith("{") for ours, theirs in zip(places, parts, strict=True)
        ):
            return str(known)
    return "(no path of ours)"


def _probe(path: str) -> bool:
    return path in ("/healthz", "/readyz")


def _json(answer: Answer) -> Any:
    if "json" not in answer.headers.get("content-type", ""):
        return None
    try:
        return json.loads(answer.body)
    except ValueError:
        return None
