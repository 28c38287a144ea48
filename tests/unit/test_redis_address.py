"""Addresses of Redis: servers, and primaries that Sentinels name."""

from __future__ import annotations

import pytest

from proteus.redis_address import Sentinels, sentinels_of
from proteus.redis_client import blocking_client, client
from proteus.settings import RedisSettings

SERVERS = ("redis://u:p@host:6380/1", "rediss://host", "unix:///run/redis.sock")
FULL = "redis+sentinel://weaver:p%40w@one:1,two,[::1]:3/shop/2?sentinel_username=s&sentinel_password=x%26y&ssl_ca_certs=/ca"


def test_an_address_of_sentinels_is_read_whole() -> None:
    assert sentinels_of(FULL) == Sentinels(
        addresses=(("one", 1), ("two", 26379), ("::1", 3)),
        primary="shop",
        primary_url="redis://weaver:p%40w@primary/2?ssl_ca_certs=%2Fca",
        account={"username": "s", "password": "x&y"},
    )
    assert RedisSettings(url=FULL).url == FULL


@pytest.mark.parametrize("url", SERVERS)
def test_an_address_of_a_server_is_no_address_of_sentinels(url: str) -> None:
    assert sentinels_of(url) is None
    assert RedisSettings(url=url).url == url


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("redis+sentinel://one:26379", "must name the primary"),
        ("redis+sentinel://one/", "must name the primary"),
        ("redis+sentinel:///shop", "must name the Sentinels' hosts"),
        ("redis+sentinel://one,,two/shop", "must name the Sentinels' hosts"),
        ("redis+sentinel://one:secret/shop", "a Sentinel's port, if any, must be a number"),
        ("redis+sentinel://one:70000/shop", "a Sentinel's port, if any, must be a number"),
        ("redis+sentinel://one/shop/first", "must be the number of a database"),
    ],
)
def test_an_address_that_names_no_primary_is_refused_without_being_quoted(url: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule) as raised:
        sentinels_of(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("make", [client, blocking_client])
def test_a_client_of_sentinels_has_both_accounts_and_the_callers_patience(make) -> None:
    made = make(FULL.replace("redis+", "rediss+"), socket_timeout=7, decode_responses=True)
    pool = made.connection_pool
    (sentinel, *_), primary = pool.sentinel_manager.sentinels, pool.connection_kwargs
    own = sentinel.connection_pool.connection_kwargs
    assert (primary["username"], primary["password"], primary["db"]) == ("weaver", "p@w", 2)
    assert (own["username"], own["password"], own["port"]) == ("s", "x&y", 1)
    assert primary["decode_responses"]
    for words in (primary, own):
        assert (words["socket_timeout"], words["ssl_ca_certs"]) == (7, "/ca")
    assert "SSL" in pool.connection_class.__name__
    assert "SSL" in sentinel.connection_pool.connection_class.__name__
