"""Tokens, rates, settings and error statuses: what stands at the gateway's door."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json

import jwt
import pytest

from gateway.api.pages import page_policy
from gateway.api.problems import status_of
from gateway.rules.rights import Rights
from gateway.rules.tokens import SCOPES, TOKEN_CHARACTERS_MOST, Bounds, Caller, TokenExpired, Tokens
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


OLD, NEW = "o" * 40, "n" * 40


def test_signing_keys_are_rotated_without_ending_a_token() -> None:
    clock = ManualClock()
    before = Tokens(OLD, clock=clock)
    told = Tokens(OLD, second_key=NEW, clock=clock)
    turned = Tokens(NEW, second_key=OLD, clock=clock)
    after = Tokens(NEW, clock=clock)
    steps = (before, told, turned, after)
    for one, other in itertools.pairwise(steps):  # While a step rolls out, replicas of both stand side by side.
        for signs, reads in ((one, other), (other, one)):
            token = signs.mint("user_1", tenant="acme", seconds=60)
            assert reads.verify(token).user_id == "user_1"
    with pytest.raises(errors.Unauthorized):
        after.verify(before.mint("user_1", tenant="acme", seconds=60))


def test_a_token_without_kid_is_of_the_keys_we_have_until_it_expires() -> None:
    clock = ManualClock()
    claims = {"iss": "proteus", "sub": "user_1", "tenant": "acme", "exp": clock.now() + 60}
    token = jwt.encode(claims, OLD, algorithm="HS256")
    for tokens in (Tokens(OLD, clock=clock), Tokens(OLD, second_key=NEW, clock=clock)):
        assert tokens.verify(token).user_id == "user_1"
    turned = Tokens(NEW, second_key=OLD, clock=clock)
    assert turned.verify(token).user_id == "user_1"
    clock.advance(61)
    with pytest.raises(TokenExpired):
        turned.verify(token)
    with pytest.raises(errors.Unauthorized):
        Tokens(NEW, clock=clock).verify(token)


@pytest.mark.parametrize(
    "kid", ["", "../../etc/passwd", "/dev/null", "' OR 1=1 --", "\0", "0" * 8, "x" * 10_000, 7, None, ["a"], {"k": 1}]
)
def test_a_kid_that_names_no_key_of_ours_opens_nothing(kid: object) -> None:
    clock = ManualClock()
    tokens = Tokens(OLD, second_key=NEW, clock=clock)
    claims = {"iss": "proteus", "sub": "user_1", "tenant": "acme", "exp": clock.now() + 60}
    head = encoded({"alg": "HS256", "typ": "JWT", "kid": kid})
    for key in (b"", b"x" * 40) if kid is None else (b"", OLD.encode(), NEW.encode()):
        signed = f"{head}.{encoded(claims)}".encode()
        seal = base64.urlsafe_b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode().rstrip("=")
        with pytest.raises(errors.Unauthorized):
            tokens.verify(f"{signed.decode()}.{seal}")


def encoded(part: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def test_forged_and_broken_tokens_of_every_kind_open_nothing() -> None:
    clock = ManualClock()
    tokens = Tokens(OLD, second_key=NEW, clock=clock)
    good = tokens.mint("user_1", tenant="acme", seconds=60)
    head, body, seal = good.split(".")
    kid = jwt.get_unverified_header(good)["kid"]
    claims = {"iss": "proteus", "sub": "user_1", "tenant": "acme", "exp": clock.now() + 60}
    nested = "[" * 100_000
    for bad in (
        f"{encoded({'alg': 'none', 'kid': kid})}.{encoded(claims)}.",
        f"{encoded({'alg': 'none'})}.{body}.{seal}",
        f"{encoded({'alg': 'HS512', 'kid': kid})}.{body}.{seal}",
        f"{encoded({'alg': 'RS256', 'kid': kid})}.{body}.{seal}",
        f"{head}.{encoded({**claims, 'scope': 'admin'})}.{seal}",
        f"{head}.{body}", f"{head}.{body}.", f"{head}..{seal}", f".{body}.{seal}", f"{good}.{seal}", f"{good}=",
        f"{head}.{body}!.{seal}", f"{head}\n.{body}.{seal}", "a" * 3_000, good * 40, "....", "é.é.é",
        f"{base64.urlsafe_b64encode(nested.encode()).decode()}.{body}.{seal}",
        jwt.encode({**claims, "limits": ["x"]}, OLD, algorithm="HS256"),
        jwt.encode({**claims, "engines": 7}, OLD, algorithm="HS256"),
        jwt.encode({**claims, "sites": 7}, OLD, algorithm="HS256"),
    ):  # fmt: skip
        with pytest.raises(errors.Unauthorized):
            tokens.verify(bad)
        assert tokens.look(bad) is None
    assert tokens.verify(good).user_id == "user_1"


def test_a_huge_token_costs_no_signature() -> None:
    tokens = Tokens(OLD, clock=ManualClock())
    longest = tokens.mint(
        "user_" + "a" * 200,
        tenant="t" * 64,
        seconds=60,
        scopes=SCOPES,
        bounds=Bounds(
            key_id="key_abcdefgh",
            rights=Rights.of([f"engine-{n:025}" for n in range(32)], 4),
            sites=frozenset(f"https://{n}.{'a' * 60}.example" for n in range(10)),
            limits={"submits": 1_000_000, "uploads": 1_000_000},
        ),
    )
    assert len(longest) < TOKEN_CHARACTERS_MOST
    assert tokens.verify(longest).rights.samples_most == 4


@pytest.mark.parametrize("exp", [float("inf"), float("nan"), "soon", None])
def test_a_token_that_never_expires_is_no_token(exp: object) -> None:
    tokens = Tokens(KEY, clock=ManualClock())
    with pytest.raises(errors.Unauthorized):
        tokens.verify(jwt.encode({"iss": "proteus", "sub": "user_1", "exp": exp}, KEY, algorithm="HS256"))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("samples", "two"), ("samples", float("nan")), ("samples", 0), ("samples", True), ("engines", ["puppet", 7]),
        ("engines", "puppet"), ("sites", "https://a"), ("limits", {"submits": "many"}), ("limits", {"submits": -1}),
        ("limits", {"submits": float("inf")}), ("limits", {"submits": [1]}),
    ],
)  # fmt: skip
def test_a_token_whose_restrictions_cannot_be_read_opens_nothing(claim: str, value: object) -> None:
    clock = ManualClock()
    claims = {"iss": "proteus", "sub": "user_1", "exp": clock.now() + 60, claim: value}
    with pytest.raises(errors.Unauthorized):
        Tokens(KEY, clock=clock).verify(jwt.encode(claims, KEY, algorithm="HS256"))


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
