"""Which clients are resolvers."""

import pytest

from sensor.attribution import resolvers as bounds
from sensor.attribution.resolvers import Resolvers
from sensor.endpoint.hosts import Owner
from tests.attribution.wishes import DNS_SERVER, HOST, queried


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("10.0.0.53", True),
        ("10.0.0.54", False),
        ("10.1.200.7", True),
        ("2001:db8::53", True),
        ("2001:db8::54", False),
    ],
)
def test_addresses_and_networks_may_be_listed(address: str, listed: bool) -> None:
    """
    Of either family.
    """
    resolvers = Resolvers(("10.0.0.53/32", "10.1.0.0/16", "2001:db8::53/128"))

    assert listed == resolvers.has(address, ())


def test_an_event_3_shows_an_address_and_a_computer() -> None:
    """
    The computer with whatever address it has; the same event again is no news.
    """
    resolvers = Resolvers(())
    shown = queried(0, image=DNS_SERVER, source="10.0.0.53", computer="dc.x")

    assert [True, False] == [resolvers.learn(shown), resolvers.learn(shown)]
    assert resolvers.has("10.0.0.53", ())
    assert resolvers.has("10.0.0.99", (Owner("dc.x", "config", None),))
    assert not resolvers.has("10.0.0.99", (Owner(HOST, "config", None),))


def test_the_server_first_met_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Past the bound, counted.
    """
    monkeypatch.setattr(bounds, "MOST", 2)
    resolvers = Resolvers(())
    for number in range(2):
        shown = queried(0, image=DNS_SERVER, source=f"10.0.0.{number}", computer=f"dc{number}.x")
        resolvers.learn(shown)

    assert [False, True] == [resolvers.has(f"10.0.0.{number}", ()) for number in range(2)]
    assert 2 == resolvers.evicted
