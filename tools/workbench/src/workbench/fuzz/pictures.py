"""Pictures with broken bytes, sent as uploads: each must end as a picture or as its sender's own error."""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import requests
from PIL import Image, features

from workbench.fuzz.judge import Asked, Judge
from workbench.fuzz.mutations import mutated
from workbench.fuzz.people import Person, bearer
from workbench.fuzz.sender import Sender
from workbench.fuzz.target import Target

PATIENCE_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.1

OURS: Final = frozenset({"internal", "engine_failed", "worker_lost", "gpu_out_of_memory", "dependency_unavailable"})
"""Codes that say that Proteus failed; a broken picture is its sender's fault and has a code that says so."""


def valid_pictures() -> list[tuple[str, bytes]]:
    """Return small pictures of every format that is taken here: (media type, bytes)."""
    rng = random.Random(1)
    drawn = Image.frombytes("RGB", (48, 64), rng.randbytes(48 * 64 * 3)).resize((96, 128))
    forms: list[tuple[str, str, dict[str, Any]]] = [
        ("image/png", "PNG", {}),
        ("image/jpeg", "JPEG", {"quality": 60, "exif": _exif()}),
        ("image/jpeg", "JPEG", {"progressive": True, "quality": 60}),
        ("image/webp", "WEBP", {"lossless": True}),
        ("image/webp", "WEBP", {"quality": 60}),
    ]
    if features.check("avif"):
        forms.append(("image/avif", "AVIF", {"quality": 50, "speed": 10}))
    made = []
    for media, form, options in forms:
        buffer = io.BytesIO()
        drawn.save(buffer, form, **options)
        made.append((media, buffer.getvalue()))
    for mode in ("RGBA", "P", "L", "I;16", "1"):
        buffer = io.BytesIO()
        (drawn.convert("L").convert("I;16") if mode == "I;16" else drawn.convert(mode)).save(buffer, "PNG")
        made.append(("image/png", buffer.getvalue()))
    return made


def picture_burst(
    target: Target, judge: Judge, sender: Sender, people: Sequence[Person], rng: random.Random, *, pictures: int
) -> None:
    """Upload broken pictures at once, then wait until each has ended."""
    seeds = valid_pictures()
    waiting: list[tuple[str, Person, Asked]] = []
    for _ in range(pictures):
        person = rng.choice(people)
        media, valid = rng.choice(seeds)
        broken = mutated(valid, rng)
        answer = sender.request(
            person,
            method="POST",
            url=f"{target.url}/api/upload/cloth",
            headers={},
            files={"file": ("a.bin", broken, media)},
        )
        if answer is not None and answer.status in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            job_id = json.loads(answer.body)["job_id"]
            waiting.append((job_id, person, Asked("POST", f"{target.url}/api/upload/cloth", f"{media} {broken.hex()}")))
    give_up = time.monotonic() + PATIENCE_SECONDS
    for job_id, person, asked in waiting:
        _wait(target, judge, job_id, person, asked, give_up)


def _wait(target: Target, judge: Judge, job_id: str, person: Person, asked: Asked, give_up: float) -> None:
    while True:
        answer = requests.get(f"{target.url}/v1/segmentations/{job_id}", headers=bearer(person.token), timeout=30)
        if answer.status_code != HTTPStatus.OK:
            return  # Somebody deleted it, or its owner, meanwhile.
        status = answer.json()
        if status["status"] in ("completed", "failed", "canceled", "expired"):
            error = status["error"] or {}
            if error.get("code") in OURS:
                judge.note("server_errors", "a broken picture", f"{error}", asked)
            for one in judge.leaked(answer.text, "", person):
                judge.note("leaks", "a broken picture", one, asked)
            return
        if time.monotonic() > give_up:
            judge.note("server_errors", "a broken picture", f"has not ended: {status}", asked)
            return
        time.sleep(LOOK_SECONDS)


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # It lies on its side.
    exif[0x010E] = "a picture"
    return exif.tobytes()
