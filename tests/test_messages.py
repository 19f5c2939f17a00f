"""Which packets carry a DNS message, and what is kept of them."""

from typing import Any

import msgspec
import pytest

from sensor.anomalies import Anomaly
from sensor.messages import COUSINS, Reader
from sensor.packet import Packet
from tests.dns.messages import ASKED, QUERY, header

MESSAGE = header(flags=QUERY) + ASKED


def packet(payload: bytes = MESSAGE, *, sport: int = 50001, dport: int = 53, **more: Any) -> Packet:
    plain = Packet(
        at=5,
        src="192.0.2.1",
        sport=sport,
        dst="198.51.100.2",
        dport=dport,
        transport="udp",
        path=("ethernet", "vlan:10", "ipv4", "udp"),
        payload=payload,
        identification=7,
        vlans=(10,),
        interface="span0",
        anomalies=(Anomaly.LENGTH_MISMATCH,),
    )
    return msgspec.structs.replace(plain, **more)


def reader(*ports: int, any_port: bool = True) -> Reader:
    return Reader(frozenset(ports or {53}), any_port=any_port)


def test_message_says_which_packet_carried_it() -> None:
    """
    Time, flow, path, tags, capture point and anomalies of the packet go along.
    """
    carrying = packet()

    message = reader()(carrying)

    assert message is not None
    kept = ("at", "src", "sport", "dst", "dport", "transport", "path", "identification")
    for field in (*kept, "vlans", "interface", "anomalies"):
        assert getattr(carrying, field) == getattr(message, field)
    assert ["www.example.com"] == [question.qname for question in message.dns.questions]


def test_digest_tells_payloads_apart() -> None:
    """
    It is the same for the same octets and another for others, and far shorter than they.
    """
    digests = [
        message.digest
        for payload in (MESSAGE, MESSAGE, MESSAGE + b"\0")
        if (message := reader()(packet(payload))) is not None
    ]

    assert digests[0] == digests[1] != digests[2]
    assert [16, 16, 16] == [len(digest) for digest in digests]


@pytest.mark.parametrize(("sport", "dport"), [(50001, 53), (53, 50001), (53, 53)])
def test_on_a_configured_port_everything_is_dns(sport: int, dport: int) -> None:
    """
    Either end may have the port; even octets in no shape are read, as far as they can be.
    """
    damaged = reader()(packet(b"\xff" * 40, sport=sport, dport=dport))

    assert damaged is not None
    assert Anomaly.NONSTANDARD_PORT not in damaged.anomalies


def test_elsewhere_only_what_has_the_shape() -> None:
    """
    A whole message off the ports is read and marked; other octets are not DNS.
    """
    found = reader()(packet(dport=4444))

    assert found is not None
    assert (Anomaly.LENGTH_MISMATCH, Anomaly.NONSTANDARD_PORT) == found.anomalies
    assert reader()(packet(MESSAGE + b"\0", dport=4444)) is None
    assert reader(any_port=False)(packet(dport=4444)) is None


@pytest.mark.parametrize("port", sorted(COUSINS))
def test_cousins_are_passed_over(port: int) -> None:
    """
    NBNS, mDNS and LLMNR look alike and are something else, unless the port is configured.
    """
    assert reader()(packet(dport=port)) is None
    assert reader()(packet(sport=port, dport=50001)) is None
    assert reader(53, port)(packet(dport=port)) is not None


def test_tcp_is_not_read_yet() -> None:
    """
    A segment is no message: only a stream can be cut at its length prefixes.
    """
    assert reader()(packet(transport="tcp")) is None


def test_octets_short_of_a_header_are_damage() -> None:
    """
    Fewer than 12 octets on a DNS port are no message, but are noted; elsewhere they mean nothing.
    """
    cut = packet(MESSAGE[:11])

    assert reader()(cut) is None
    assert (Anomaly.LENGTH_MISMATCH, Anomaly.MESSAGE_TRUNCATED) == reader().damage(cut)
    assert (Anomaly.LENGTH_MISMATCH,) == reader().damage(packet(b""))
    assert (Anomaly.LENGTH_MISMATCH,) == reader().damage(packet(MESSAGE[:11], dport=4444))
    assert (Anomaly.LENGTH_MISMATCH,) == reader().damage(packet(transport="tcp"))
