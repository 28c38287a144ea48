"""Tokens, rates, settings and error statuses: what stands at the gateway's door."""

from __future__ import annotations

import jwt
import pytest

from gateway.api.pages import page_policy
from gateway.api.problems import status_of
from gateway.rules.tokens import Caller, TokenExpired, Tokens
from gateway.settings import DatabaseSettings, GatewaySettings, TokenSettings
from proteus import errors
from proteus.checked_settings import SettingRefused
from proteus.clock import ManualClock

KEY = "k" * 32


def test_a_token_speaks_for_its_user_until_it_expires() -> None:
    clock = ManualClock()
    tokens = Tokens(KEY, clock=clock)
    token = tokens.mint("user_1", tenant="acme", scopes=["admin"], seconds=60)
    caller = tokens.verify(token)
    assert (caller.user_id, caller.tenant, caller.scopes) == ("user_1", "acme", {"admin"})
    caller.require("admin")
    with pytest.raises(errors.Forbidden):
        caller.require("priority:high")
    clock.advance(61)
    with pytest.raises(TokenExpired):
        tokens.verify(token)


def test_a_token_of_an_earlier_version_is_a_guests_if_it_is_of_the_guests_tenant() -> None:
    clock = ManualClock()
    tokens = Tokens(KEY, clock=clock)
    claims = {"iss": "proteus", "sub": "user_1", "exp": clock.now() + 3_600}

    def verified(**more: str) -> Caller:
        return tokens.verify(jwt.encode({**claims, **more}, KEY, algorithm="HS256"))

    assert verified(tenant="guests").is_anonymous
    assert verified().is_anonymous
    assert verified(tenant="acme").kind == "account"
    brought = verified(tenant="acme", kind="guest")
    assert (brought.kind, brought.is_anonymous) == ("guest", False)


@pytest.mark.parametrize("exp", [float("inf"), float("nan"), "soon", None])
def test_a_token_that_never_expires_is_no_token(exp: object) -> None:
    tokens = Tokens(KEY, clock=ManualClock())
    with pytest.raises(errors.Unauthorized):
        tokens.verify(jwt.encode({"iss": "proteus", "sub": "user_1", "exp": exp}, KEY, algorithm="HS256"))


def test_tokens_of_others_are_refused() -> None:
    clock = ManualClock()
    tokens = Tokens(KEY, clock=clock)
    claims = {"iss": "proteus", "sub": "user_1", "exp": clock.now() + 3_600}
    for bad in (
        jwt.encode(claims, "o" * 32, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode({**claims, "iss": "else"}, KEY, algorithm="HS256"),
        jwt.encode({"iss": "proteus", "exp": 2**33}, KEY, algorithm="HS256"),
        "",
        "a.b.c",
    ):
        with pytest.raises(errors.Unauthorized):
            tokens.verify(bad)
    with pytest.raises(ValueError, match="unknown scopes"):
        tokens.mint("user_1", tenant="x", scopes=["root"], seconds=1)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.ForeignUrl, 400), (errors.UnsupportedMedia, 415), (errors.ImageTooLarge, 413),
        (errors.NoPersonDetected, 422), (errors.Unauthorized, 401), (TokenExpired, 401), (errors.Forbidden, 403),
        (errors.NotFound, 404), (errors.IdempotencyConflict, 409), (errors.UploadMissing, 409),
        (errors.TenantCap, 429), (errors.RateLimited, 429), (errors.LicenceRefused, 403),
        (errors.DependencyUnavailable, 503), (errors.EngineError, 500), (errors.ProteusError, 500),
    ],
)  # fmt: skip
def test_every_error_has_one_status(error, status) -> None:
    assert status_of(error()) == status


def test_database_urls_of_all_spellings_reach_asyncpg() -> None:
    for url in ("postgres://u@h/d", "postgresql://u@h/d", "postgresql+asyncpg://u@h/d"):
        assert DatabaseSettings(url=url).url == "postgresql+asyncpg://u@h/d"
    with pytest.raises(SettingRefused, match="DATABASE_URL"):
        DatabaseSettings(url="mysql://u@h/d")
    with pytest.raises(SettingRefused, match="at least 32"):
        TokenSettings(signing_key="short")


def test_the_pages_policy_names_itself_and_the_store_only() -> None:
    policy = page_policy("https://objects.example.com:9000/x", "shop.example:8000")
    assert (
        "connect-src 'self' ws://shop.example:8000 wss://shop.example:8000 https://objects.example.com:9000;" in policy
    )
    assert "evil" not in page_policy("https://o.example", "evil; script-src *")


def test_origins_are_a_list() -> None:
    settings = GatewaySettings(
        tokens=TokenSettings(signing_key=KEY), cors_origins="https://a.example, https://b.example"
    )
    assert settings.origins == ["https://a.example", "https://b.example"]
