"""Where webhooks may be sent, when they come again, and what an answer means."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.webhook_targets import TargetRefused, TargetRules, is_public
from gateway.rules.webhooks import PAUSES_SECONDS, Outcome, outcome_of, pause_before

RULES = TargetRules()
PUBLIC = ("93.184.216.34", "1.1.1.1", "2606:4700:4700::1111")
INNER = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.88.99.1", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:93.184.216.34",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254",
    "ff02::1", "2001:db8::1",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", INNER)
def test_no_address_that_leads_inside_is_public(address: str) -> None:
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(TargetRefused):
        RULES.read(f"https://{host}/hook")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_hidden_in_ipv6_is_never_public(inner: IPv4Address) -> None:
    bits = int(inner)
    for hidden in (0xFFFF << 32 | bits, 0x64FF9B << 96 | bits, 0x2002 << 112 | bits << 80, bits):
        assert not is_public(IPv6Address(hidden))


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook", "https://shop.example:8443/hook", "ftp://shop.example/", "https:///hook",
        "shop.example", "https://user:pw@shop.example/", "https://shop.example/#part", "https://shop.example/a b",
        "https://shöp.example/ä",
        "https://[::1", "https://shop.example:99999/", "javascript:alert(1)", "https://127.0.0.1/", "//shop.example/x",
        "https://shop.example/\r\nHost: other",
    ],
)  # fmt: skip
def test_an_address_that_is_no_public_https_address_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        RULES.read(url)


def test_a_name_that_leads_to_one_inner_address_is_refused_with_all_its_others() -> None:
    target = RULES.read("https://shop.example/hook?x=1")
    assert (target.authority, target.path, target.port) == ("shop.example", "/hook?x=1", 443)
    assert RULES.require(target, map(ip_address, PUBLIC))
    for bad in INNER:
        with pytest.raises(TargetRefused, match="not a public address"):
            RULES.require(target, [ip_address(PUBLIC[0]), ip_address(bad)])
    with pytest.raises(TargetRefused, match="has no address"):
        RULES.require(target, [])


def test_an_operator_allows_networks_on_any_port_and_nothing_else_by_it() -> None:
    rules = TargetRules((ip_network("10.1.0.0/16"),))
    target = rules.read("http://inner.example:8080/hook")
    assert rules.require(target, [ip_address("10.1.2.3")])
    for other in ("10.2.0.1", "::ffff:10.1.2.3"):
        with pytest.raises(TargetRefused):
            rules.require(target, [ip_address(other)])
    with pytest.raises(TargetRefused):  # A public address keeps its rules: https, 443.
        rules.require(target, [ip_address(PUBLIC[0])])
    assert TargetRules(http=True).read("http://shop.example/").port == 80
    with pytest.raises(TargetRefused):
        TargetRules(http=True).read("http://shop.example:8080/")


def test_only_a_2xx_delivers_and_a_410_ends_the_endpoint() -> None:
    expected = {200: Outcome.DELIVERED, 204: Outcome.DELIVERED, 299: Outcome.DELIVERED, 410: Outcome.GONE}
    for status in (None, *range(100, 600)):
        assert outcome_of(status) is expected.get(status, Outcome.DELIVERED if status and 200 <= status < 300 else
                                                  Outcome.FAILED)  # fmt: skip


@given(st.integers(1, 20), st.floats(0, 1))
def test_pauses_grow_by_the_schedule_and_end(attempt: int, chance: float) -> None:
    pause = pause_before(attempt, chance=chance)
    if attempt > 8:
        assert pause is None
        return
    planned = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000)[attempt - 1]
    assert pause is not None
    assert planned <= pause <= planned * 1.1
    assert len(PAUSES_SECONDS) == 8
