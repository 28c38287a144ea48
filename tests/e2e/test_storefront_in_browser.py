"""`<proteus-tryon>` on a shop's page in a real Chromium: shop, gateway and store are three origins, the policy is on.

The tests themselves are JavaScript, in `frontend/tests/storefront`; the shop is `examples/storefront`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from proteus_cli import access
from waiting import PATIENCE_SECONDS
from workbench import pages
from workbench.stack.plan import Plan

from .conftest import in_browser

SHOP = pages.ROOT / "examples" / "storefront" / "shop.py"
TENANT = "plain-shop"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def shop(plan: Plan, key: str, *, port: int, tokens_for: str) -> AsyncIterator[str]:
    """Run the example's server; its tokens are for the origin `tokens_for`."""
    given = {
        "SHOP_PORT": str(port),
        "SHOP_ORIGIN": tokens_for,
        "PROTEUS_URL": plan.gateway_url,
        "PROTEUS_STORE": store_of(plan),
        "PROTEUS_API_KEY": key,
    }
    server = await asyncio.create_subprocess_exec(
        sys.executable, str(SHOP), env={**os.environ, **given}, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert b"The shop is open" in await server.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        await server.wait()


def store_of(plan: Plan) -> str:
    gateway = next(one for one in plan.services if one.name == "gateway")
    address = urlsplit(gateway.environment["OBJECT_STORAGE_ENDPOINT"])
    return f"{address.scheme}://{address.netloc}"


@pytest.mark.browser
@pytest.mark.timeout(600)
async def test_a_shopper_tries_on_what_a_shops_page_shows(fleet: Plan, tmp_path: Path) -> None:
    home = tmp_path / "stack"
    operator, ended = [
        await asyncio.to_thread(access.mint, home, tenant=tenant, scopes=scopes, seconds=seconds)
        for tenant, scopes, seconds in ((access.OPERATORS, ["admin"], 1_800), (TENANT, [], 1))
    ]
    key = await asyncio.to_thread(access.beside_gateway, home, "key", "--tenant", TENANT, "--scope", "tokens")
    ports = free_port(), free_port()
    origin = f"http://127.0.0.1:{ports[0]}"
    async with (
        shop(fleet, key, port=ports[0], tokens_for=origin) as own,
        shop(fleet, key, port=ports[1], tokens_for=origin) as other,
    ):
        await in_browser(
            "tests/storefront/*.test.mjs",
            PROTEUS_URL=fleet.gateway_url,
            PROTEUS_STORE=store_of(fleet),
            SHOP_URL=own,
            OTHER_SHOP_URL=other,
            TENANT=TENANT,
            OPERATOR_TOKEN=operator,
            ENDED_TOKEN=ended,
        )
