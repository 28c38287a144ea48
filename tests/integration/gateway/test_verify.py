"""`POST /v1/verify`: what a picture's marks say, read by a tailor, and nothing kept."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from hands import Hands, png
from proteus import imaging
from proteus.credentials import Credentials
from proteus.keys import TAILOR
from proteus.marks import Mark
from workbench.stack.certificate import make_certificate

MARK = Mark(source_type="composite", parameters={"engine": "puppet", "engine_version": "3"})


def signed() -> bytes:
    """A picture with both marks, signed by somebody this deployment does not know."""
    picture = imaging.encode(np.full((128, 96, 3), 90, np.uint8), "webp", mark=MARK)
    return Credentials(*make_certificate(now=datetime.now(UTC), name="Somebody")).created(picture, MARK)


async def test_marks_are_told_and_the_picture_is_gone(gateway, hands: Hands) -> None:
    guest = await gateway.guest()
    stated = {"digital_source_type": "composite", "engine": "puppet", "engine_version": "3"}
    async with hands.working(TAILOR):
        answer = await guest.http.post("/v1/verify", files={"image": ("a.webp", signed(), "image/webp")})
        plain = await guest.http.post("/v1/verify", files={"image": ("a.png", png(), "image/png")})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["format"], said["width"], said["height"], said["xmp"]) == ("webp", 96, 128, stated)
    assert {name: said["c2pa"][name] for name in stated} == stated
    assert (said["c2pa"]["state"], said["c2pa"]["signer"]) == ("untrusted", "Somebody")
    assert (plain.json()["xmp"], plain.json()["c2pa"]["state"]) == (None, "none")
    assert [found.key for found in hands.store.list("incoming/")] == []
    assert await hands.queues[TAILOR].count() == 0


REFUSED = [
    (b"", "invalid_request"),
    (b"<svg onload=alert(1)>" * 9, "unsupported_media"),
    (png()[:200], "image_unreadable"),
    (png((8, 8)), "image_too_small"),
]


async def test_what_is_no_picture_is_refused_in_its_own_words(gateway, hands: Hands) -> None:
    guest = await gateway.guest()
    async with hands.working(TAILOR):
        for data, code in REFUSED:
            answer = await guest.http.post("/v1/verify", files={"image": ("a.png", data, "image/png")})
            assert answer.json()["code"] == code, answer.text
    assert [found.key for found in hands.store.list("incoming/")] == []


async def test_strangers_may_not_ask_and_other_bodies_are_refused(gateway) -> None:
    guest = await gateway.guest()
    assert (await guest.http.post("/v1/verify", json={})).status_code == 422
    del guest.http.headers["Authorization"]
    assert (await guest.http.post("/v1/verify", files={"image": ("a.png", png(), "image/png")})).status_code == 401
