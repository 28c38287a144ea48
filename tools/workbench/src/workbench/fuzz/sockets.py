"""Frames for `/updates`: what a client may say, broken, in any order, with good, bad and no credentials."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Final

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from workbench.fuzz.judge import Asked, Judge
from workbench.fuzz.mutations import mutated
from workbench.fuzz.people import Person
from workbench.fuzz.target import Target

ANSWER_SECONDS: Final = 0.15
FRAMES_MOST: Final = 6
ACCEPTED: Final = '40{"sid"'
PATH: Final = "/updates/?EIO=4&transport=websocket"

FRAMES: Final = (
    "2", "3", "2probe", "5", "6", "1", "0", "41", "40", "4", "", "42[]", '42["job"]', '42["job",{"a":1}]', '421["job"]',
    "43[]",     '451-["x",{"_placeholder":true,"num":0}]', '459999999-["x",{"_placeholder":true,"num":0}]', "44{}",
    '40/admin,{"token":"x"}',
    "40[]", "40null", '40{"token":{"a":1}}', '40{"token":"x","last_seq":-1}', '40{"last_seq":9999999999999999999999}',
    "42" + "[" * 2_000, "4" + "9" * 5_000, "b4AAAA", "\U0001f469",
)  # fmt: skip


def socket_burst(target: Target, judge: Judge, people: list[Person], rng: random.Random, *, sockets: int) -> None:
    """Open sockets one after the other and send frames over each; judge what comes back."""
    for _ in range(sockets):
        person = rng.choice(people)
        frames = list(_frames(person, rng))
        asked = Asked("WS", f"{target.url}/updates", " ".join(map(repr, frames)) + str(person.token))
        judge.requests += len(frames)
        try:
            with connect(
                target.url.replace("http", "ws", 1) + PATH, open_timeout=10, close_timeout=1, max_size=2**22, proxy=None
            ) as socket:
                _talk(socket, frames, judge, asked, person)
        except (WebSocketException, OSError):
            continue  # The gateway closed it: what clients may not say ends their sockets.


def _talk(socket: ClientConnection, frames: list[str | bytes], judge: Judge, asked: Asked, person: Person) -> None:
    for frame in frames:
        socket.send(frame)
        try:
            answer = socket.recv(timeout=ANSWER_SECONDS)
        except TimeoutError:
            continue
        text = answer if isinstance(answer, str) else answer.decode("utf-8", "replace")
        for one in judge.leaked(text, asked.text, person):
            judge.note("leaks", f"socket of {person.role}", one, asked)
        if text.startswith(ACCEPTED) and person.refused:
            judge.note("leaks", f"socket of {person.role}", "accepted without a valid credential", asked)


def _frames(person: Person, rng: random.Random) -> Iterator[str | bytes]:
    token = person.token if rng.random() < 0.8 else "x"
    hello = json.dumps({"token": token} | ({"last_seq": rng.choice((0, 1, "0", None))} if rng.random() < 0.4 else {}))
    known: list[str | bytes] = [f"40{hello}"] if rng.random() < 0.7 else []
    yield from known
    for _ in range(rng.randrange(1, FRAMES_MOST)):
        frame = rng.choice((*FRAMES, f"40{hello}"))
        if rng.random() < 0.5:
            yield frame
        else:
            data = mutated(frame.encode(), rng)
            yield data if rng.random() < 0.3 else data.decode("utf-8", "ignore")
