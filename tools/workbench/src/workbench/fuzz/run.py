"""One run: everybody arrives with pictures of their own, then rounds of requests, frames and pictures until a bound."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from workbench.fuzz.cases import Case, draw, operations
from workbench.fuzz.judge import Judge
from workbench.fuzz.memory import Memory
from workbench.fuzz.people import People, Person, bearer
from workbench.fuzz.pictures import picture_burst, valid_pictures
from workbench.fuzz.sender import Sender
from workbench.fuzz.sockets import socket_burst
from workbench.fuzz.target import Target

THREADS: Final = 4
VALID_SHARE: Final = 0.75
SAY_SECONDS: Final = 15.0


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """When a run ends, and how it is divided.

    Attributes:
        seconds: No round begins after them.
        requests: No round begins after so many.
        cases: Valid requests that are invented of an operation in a round; as many invalid ones.
        senders: How many people send each of them.
        sockets: Opened in a round.
        pictures: Uploaded in a round.
    """

    seconds: float
    requests: int
    cases: int = 6
    senders: int = 5
    sockets: int = 20
    pictures: int = 12


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a run found: the counts, a sample of each finding, and which operations were asked."""

    numbers: dict[str, int]
    samples: dict[str, str]
    statuses: dict[str, int]

    @property
    def missed(self) -> list[str]:
        """The bars that are missed."""
        return [name for name in ("server_errors", "undocumented", "leaks") if self.numbers[name]]


def run(target: Target, bounds: Bounds, *, seed: int, say: Callable[[str], None]) -> Verdict:
    """Attack a deployment until a bound is reached. Blocks."""
    rng = random.Random(seed)
    memory = Memory()
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_connections=THREADS, pool_maxsize=4 * THREADS))
    people = People(target, session, memory.own)
    people.arrive()
    judge = Judge(memory, people.tokens, target.secrets)
    sender = Sender(target, people, judge)
    asked = operations()
    _settle_in(target, people, judge, sender)
    say(f"{len(people.valid)} people and {len(people.thieves)} thieves against {len(asked)} operations, seed {seed}")

    start = said = time.monotonic()

    def over() -> bool:
        return time.monotonic() - start > bounds.seconds or judge.requests >= bounds.requests

    with ThreadPoolExecutor(THREADS) as pool:
        number = 0
        while not over():
            number += 1
            rng.shuffle(asked)
            for operation in asked:
                if over():
                    break
                cases = draw(operation, bounds.cases, number=rng.randrange(2**31))
                sent = [
                    pool.submit(sender.send, case, _anybody(people, rng), random.Random(rng.random()))
                    for case in cases
                    for _ in range(bounds.senders)
                ]
                for one in sent:
                    one.result()
                if time.monotonic() - said > SAY_SECONDS:
                    said = time.monotonic()
                    say(f"round {number}: {judge.numbers()}")
            _undo(target, people)
            everybody = [*people.valid.values(), *people.thieves]
            socket_burst(target, judge, everybody, rng, sockets=bounds.sockets)
            guests = [people.valid[role] for role in ("guest", "other guest")]
            picture_burst(target, judge, sender, guests, rng, pictures=bounds.pictures)
    judge.look_at_logs(target.logs())
    numbers = {**judge.numbers(), "operations": len(asked)}
    return Verdict(numbers=numbers, samples=dict(judge.samples), statuses=dict(judge.statuses))


def _settle_in(target: Target, people: People, judge: Judge, sender: Sender) -> None:
    """Give everybody a photo, a cut-out and try-ons: without them nobody has anything that could leak."""
    picture = valid_pictures()[0][1]
    for person in list(people.valid.values()):
        header = bearer(person.token)
        for kind in ("person", "garment"):
            wish = {"kind": kind, "content_type": "image/png", "size_bytes": len(picture)}
            ticket = people.session.post(f"{target.url}/v1/uploads", json=wish, headers=header, timeout=30).json()
            put = people.session.put(ticket["upload_url"], data=picture, headers=ticket["headers"], timeout=30)
            put.raise_for_status()
            judge.memory.learn(ticket, person.group)
            if kind == "person":
                pair = {"user_photo_url": ticket["image_url"]}
            else:
                pair["cloth_clean_url"] = ticket["image_url"]
        for path in ("/v1/tryons", "/vtons"):
            answer = sender.request(person, method="POST", url=f"{target.url}{path}", headers={}, json=pair)
            assert answer is not None, "the gateway answers"


def _anybody(people: People, rng: random.Random) -> Person:
    if rng.random() < VALID_SHARE:
        return rng.choice(list(people.valid.values()))
    return rng.choice(people.thieves)


def _undo(target: Target, people: People) -> None:
    """Undo what an operator's invented requests did to everybody: a fleet that takes nothing tests nothing."""
    header = bearer(people.valid["operator"].token)

    def ask(method: str, path: str, body: Any = None) -> None:
        people.session.request(method, f"{target.url}{path}", json=body, headers=header, timeout=30)

    ask("PUT", "/v1/queue/intake", {"paused": False})
    ask("DELETE", "/v1/tenants/guests/consent")
    ask("PUT", "/v1/tenants/guests", {})
    workers = people.session.get(f"{target.url}/v1/fleet", headers=header, timeout=30).json().get("workers", [])
    for worker in workers if isinstance(workers, list) else []:
        ask("DELETE", f"/v1/fleet/workers/{worker.get('worker_id', '')}/drain")


__all__ = ["Bounds", "Case", "Verdict", "run"]
