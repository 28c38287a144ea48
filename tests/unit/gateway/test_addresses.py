"""Whose address a request comes from: proxies, forged headers, private peers, IPv6."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses import Addresses, networks
from gateway.settings import EdgeSettings
from proteus.checked_settings import SettingRefused

PROXIES = "10.0.0.0/8, 2001:db8:1::/48"
KEY = "k" * 32


def tell(peer: str | None, *forwarded: str, trusted: str = PROXIES) -> str | None:
    return Addresses(networks(trusted), key=KEY).of(peer, forwarded)


def same(left: str | None, right: str | None) -> bool:
    return left is not None and left == right


def alone(address: str) -> str | None:
    """The client with this address, met without a proxy."""
    return tell(address, trusted="192.0.2.1/32")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", (), "198.51.100.7"),
        ("198.51.100.7", ("203.0.113.5",), "198.51.100.7"),  # a stranger says what he likes
        ("10.1.2.3", ("203.0.113.5",), "203.0.113.5"),
        ("10.1.2.3", ("1.1.1.1, 203.0.113.5",), "203.0.113.5"),  # what stands left was written by the client
        ("10.1.2.3", ("1.1.1.1", "203.0.113.5, 10.9.9.9"), "203.0.113.5"),  # two headers, two proxies
        ("10.1.2.3", ("203.0.113.5:4711",), "203.0.113.5"),
        ("10.1.2.3", ("::ffff:203.0.113.5",), "203.0.113.5"),
        ("::ffff:10.1.2.3", ("203.0.113.5",), "203.0.113.5"),
        ("2001:db8:1::9", ('"[2001:db8:2:3:4::5]:4711"',), "2001:db8:2:3::1"),  # a /64 is one client
        ("10.1.2.3", ("192.168.7.7",), "192.168.7.7"),  # inside the house clients are told apart, too
    ],
)
def test_the_rightmost_address_that_is_no_proxy_is_the_client(
    peer: str, forwarded: tuple[str, ...], client: str
) -> None:
    assert same(tell(peer, *forwarded), alone(client))


@pytest.mark.parametrize(
    ("peer", "forwarded"),
    [
        ("10.1.2.3", ()),
        ("10.1.2.3", ("10.4.4.4",)),
        ("10.1.2.3", ("unknown",)),
        ("10.1.2.3", ("203.0.113.5, nonsense",)),
        ("", ("203.0.113.5",)),
        (None, ()),
    ],
)
def test_where_the_proxies_do_not_tell_there_is_no_address(peer: str | None, forwarded: tuple[str, ...]) -> None:
    assert tell(peer, *forwarded) is None


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.17.0.1", "100.64.0.1", "::1", "fd00::1"])
def test_without_trusted_proxies_a_private_peer_is_nobody_in_particular(peer: str) -> None:
    assert tell(peer, "203.0.113.5", trusted="") is None


def test_without_trusted_proxies_a_public_peer_is_himself() -> None:
    assert same(tell("8.8.8.8", "1.1.1.1", trusted=""), alone("8.8.8.8"))


def test_two_clients_are_told_apart_and_neither_can_be_read_back() -> None:
    first, second = alone("203.0.113.5"), alone("203.0.113.6")
    assert first != second
    assert "203" not in str(first)[:3]
    assert Addresses((), key="another" * 5).of("8.8.8.8", ()) != Addresses((), key=KEY).of("8.8.8.8", ())
    assert alone("2001:db8:2:3::1") != alone("2001:db8:2:4::1")


@given(st.lists(st.text(max_size=60), max_size=5), st.sampled_from(["10.1.2.3", "8.8.8.8", "::1", "nonsense"]))
def test_no_header_makes_it_fail(forwarded: list[str], peer: str) -> None:
    found = tell(peer, *forwarded)
    assert found is None or len(found) == 24


def test_a_setting_that_names_no_network_is_refused() -> None:
    with pytest.raises(SettingRefused, match="nonsense"):
        EdgeSettings(trusted_proxies="10.0.0.0/8, nonsense")
