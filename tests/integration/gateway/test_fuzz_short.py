"""A short attack with invented requests, frames and pictures on a gateway, real servers and workers' hands."""

from __future__ import annotations

import asyncio

import pytest

from gateway.settings import LimitSettings
from workbench.fuzz.run import Bounds, run
from workbench.fuzz.target import Target

SHORT = Bounds(seconds=60, requests=150, cases=1, senders=3, sockets=6, pictures=4)


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_no_invented_request_frame_or_picture_breaks_the_gateway_or_makes_it_talk(
    gateway_settings, store, serve, hands, capsys
) -> None:
    limits = LimitSettings(
        submits_per_minute=0, uploads_per_minute=0, guests_per_minute=0, guest_requests_per_minute=0,
        guest_requests_at_once=0, guest_waits_at_once=0, guest_streams_at_once=0, guest_sockets_at_once=0,
        logins_per_minute=0, address_logins_per_minute=0, wait_seconds_max=0.2,
    )  # fmt: skip
    lines: list[str] = []
    async with serve(gateway_settings.model_copy(update={"limits": limits})) as gateway, hands.working():
        target = Target(
            url=gateway.url,
            signing_key=gateway_settings.tokens.signing_key.get_secret_value(),
            secrets={
                gateway_settings.tokens.signing_key.get_secret_value(),
                gateway_settings.storage.secret_key.get_secret_value(),
            },
            logs=lambda: capsys.readouterr().out,
        )
        verdict = await asyncio.to_thread(run, target, SHORT, seed=1, say=lines.append)
    assert verdict.missed == [], verdict.samples
    assert verdict.numbers["requests"] >= SHORT.requests, lines
    assert verdict.statuses["2xx"] > 20, "requests that do nothing break nothing"
