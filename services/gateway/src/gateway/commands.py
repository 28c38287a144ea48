"""What `python -m gateway serve | migrate | openapi | token | key | admin` does: the edge, or one thing beside it.

Each command imports its own parts: a token needs the ledger and a key, not the API, and takes a third of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from functools import partial
from typing import Any, Final

import structlog

from gateway.access_settings import TokenSettings
from gateway.rules.rights import ALL
from gateway.rules.text import email, tenant_name
from gateway.rules.tokens import GUESTS, KEY_SCOPES, SCOPES, tokens_of
from gateway.settings import GatewaySettings
from proteus.clock import SystemClock
from proteus.errors import ProteusError
from proteus.jobs import UserId
from proteus.service.lifecycle import CANNOT_WORK, cannot_work, read_settings

log = structlog.get_logger()

OPERATORS: Final = "operators"
"""The tenant of administrators, where nobody names another."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the arguments name; return the exit status."""
    given = _parser().parse_args(arguments)
    if given.command == "openapi":
        print(json.dumps(openapi(), indent=2, ensure_ascii=False))
        return 0
    # A migration job has the database and the bucket, not the key that signs tokens.
    unsigned = given.command == "migrate"
    read = partial(GatewaySettings, tokens=TokenSettings.model_construct()) if unsigned else GatewaySettings
    settings = read_settings(read, "gateway")
    if settings is None:
        return CANNOT_WORK
    status = 0
    try:
        match given.command:
            case "serve":
                import uvloop

                from gateway.serving import serve

                status = uvloop.run(serve(settings, host=given.host, port=given.port))
            case "migrate":
                prepare(settings)
            case "token":
                print(asyncio.run(token(settings, tenant=given.tenant, scopes=given.scope, seconds=given.seconds)))
            case "key":
                print(asyncio.run(key(settings, tenant=given.tenant, scopes=given.scope, seconds=given.seconds)))
            case "admin":
                print(asyncio.run(admin(settings, email=given.email, tenant=given.tenant)))
    except* ProteusError as group:
        status = cannot_work(group)
    return status


def prepare(settings: GatewaySettings) -> None:
    """Bring the database to this version and make the bucket, with the CORS rules browsers need."""
    from gateway.ledger import migrate
    from proteus.storage import ObjectStore

    migrate.upgrade(settings.database)
    # Browsers reach the store with signed addresses and without credentials: the signature is the right to.
    ObjectStore(settings.storage).ensure_bucket(cors_origins=["*"])
    log.info("migrated", bucket=settings.storage.bucket)


async def token(settings: GatewaySettings, *, tenant: str, scopes: list[str], seconds: int) -> str:
    """Return a token for the tenant's account, which is made if it is missing."""
    from gateway.ledger.engine import Ledger

    ledger = Ledger(settings.database)
    try:
        user_id = UserId(f"user_{tenant}")
        async with ledger.write() as writes:
            await writes.users.add(user_id, kind="account", tenant=tenant)
    finally:
        await ledger.close()
    tokens = tokens_of(settings.tokens, clock=SystemClock())
    return tokens.mint(user_id, tenant=tenant, scopes=scopes, seconds=seconds)


async def key(settings: GatewaySettings, *, tenant: str, scopes: list[str], seconds: int | None) -> str:
    """Make an API key for the tenant; return its text."""
    from gateway.accounts.deeds import CONSOLE, at_console
    from gateway.accounts.keys import ApiKeys, KeyWish
    from gateway.ledger.engine import Ledger

    ledger = Ledger(settings.database)
    wish = KeyWish(
        name=CONSOLE, tenant=tenant, scopes=frozenset(scopes), rights=ALL, limits={}, seconds=seconds
    )  # fmt: skip
    try:
        return (await ApiKeys(ledger).make_at_console(wish, at_console(tenant))).text
    finally:
        await ledger.close()


async def admin(settings: GatewaySettings, *, email: str, tenant: str) -> str:
    """Make an administrator's account; return its password, which is stored nowhere."""
    from gateway.accounts.deeds import at_console
    from gateway.accounts.logins import Logins
    from gateway.ledger.engine import Ledger

    ledger = Ledger(settings.database)
    tokens = tokens_of(settings.tokens, clock=SystemClock())
    try:
        logins = Logins(ledger, tokens, settings.tokens, settings.auth)
        return (await logins.make_by(at_console(tenant), email=email, tenant=tenant, role="admin")).password
    finally:
        await ledger.close()


def openapi() -> dict[str, Any]:
    """Return the API's description; needs no server and no settings."""
    from gateway.app import make_api
    from gateway.realtime.server import SocketServer

    settings = GatewaySettings(tokens=TokenSettings.model_construct())
    return make_api(settings, SocketServer(origins=[]), asyncio.Event()).openapi()


def _tenant(name: str) -> str:
    """Refuse the tenant of guests that no account brought: an account there would be taken for one of them."""
    if name == GUESTS:
        raise argparse.ArgumentTypeError(f"{GUESTS!r} is the tenant of anonymous guests: choose another name")
    try:
        return tenant_name(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{name!r} {error}") from error


def _email(address: str) -> str:
    try:
        return email(address)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway", description="The edge of Proteus.")
    commands = parser.add_subparsers(dest="command", required=True)
    served = commands.add_parser("serve", help="serve HTTP and sockets")
    served.add_argument("--host", default="0.0.0.0")  # noqa: S104 - inside a pod; the Service decides who reaches it
    served.add_argument("--port", type=int, default=8000)
    commands.add_parser("migrate", help="bring database and bucket to this version")
    commands.add_parser("openapi", help="print the API's description as JSON")
    minted = commands.add_parser("token", help="print an access token for a tenant's account")
    minted.add_argument("--tenant", required=True, type=_tenant)
    minted.add_argument("--scope", action="append", default=[], choices=sorted(SCOPES))
    minted.add_argument("--seconds", type=int, default=30 * 86_400, help="life of the token (default: 30 days)")
    keyed = commands.add_parser("key", help="make an API key for a tenant, and print it once")
    keyed.add_argument("--tenant", required=True, type=_tenant)
    keyed.add_argument("--scope", action="append", default=[], choices=sorted(KEY_SCOPES))
    keyed.add_argument("--seconds", type=int, help="life of the key (default: until it is revoked)")
    named = commands.add_parser("admin", help="make an administrator's account, and print its password once")
    named.add_argument("--email", required=True, type=_email)
    named.add_argument("--tenant", default=OPERATORS, type=_tenant)
    return parser
